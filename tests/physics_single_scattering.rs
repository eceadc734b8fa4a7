//! Single scattering against Moliere's theory, its fit, and Geant4.

#[path = "support/along_the_range.rs"]
mod along_the_range;
#[path = "support/physics.rs"]
mod physics;

use along_the_range::along_the_range;
use physics::{assert_within, material};
use smatrix2d::case::SingleScatteringModel::{Moliere, WentzelVi};
use smatrix2d::physics::scattering_power::{differential_moliere_rad2_cm2_per_g, moliere_log_term};
use smatrix2d::physics::single_scattering::{SingleScattering, UpperEnd};

/// Moliere's projected width (Hanson's Gaussian) of matter passed: b from the accumulated targets.
#[derive(Default)]
struct MolierePath {
    nuclei: f64,
    nuclei_times_ln_screening: f64,
    electrons: f64,
}

impl MolierePath {
    fn pass(&mut self, scattering: &SingleScattering, energy: f64, step: f64) {
        for pair in scattering.targets(energy).chunks(2) {
            let strength = pair[0].chi_squared_rad2_cm2_per_g * step;
            self.nuclei += strength;
            self.nuclei_times_ln_screening += strength * pair[0].chi_a_squared_rad2.ln();
            // Electrons deflect by less than the width: they add to the exponent's Gaussian part (Fano).
            self.electrons +=
                2.0 * step * pair[1].second_moment_below_rad2_cm2_per_g(pair[1].cut_rad);
        }
    }

    /// chi_c sqrt((B - 1.2)/2), B - ln B = ln(chi_c^2 / (1.167 chi_a^2)) + electrons' share. Hanson et al. 1951.
    fn theta0_rad(&self) -> f64 {
        let ln_screening = self.nuclei_times_ln_screening / self.nuclei;
        let b = (self.nuclei / 1.167).ln() - ln_screening + self.electrons / self.nuclei;
        let big_b = (0..100).fold(10.0_f64, |big_b, _| b + big_b.ln());
        (self.nuclei * (big_b - 1.2) / 2.0).sqrt()
    }
}

#[test]
fn moliere_theory_from_single_scattering_agrees_with_the_differential_moliere_fit() {
    // Gottschalk's formula is a fit to this theory over all materials and thicknesses, good to about 3 % in the angle.
    for (name, energy) in [
        ("water", 70.0),
        ("water", 158.6),
        ("water", 230.0),
        ("pmma", 158.6),
        ("aluminium", 158.6),
        ("lead", 158.6),
    ] {
        let material = material(name);
        let scattering = SingleScattering::of(&material, Moliere);
        let range = material.csda_range_g_per_cm2(energy);
        let (mut path, mut fit) = (MolierePath::default(), 0.0);
        along_the_range(&material, energy, |left, e, step| {
            if left < 0.1 * range {
                return;
            }
            path.pass(&scattering, e, step);
            let log_term = moliere_log_term(e, energy, -8.0);
            fit += step
                * differential_moliere_rad2_cm2_per_g(
                    material.scattering_length_g_per_cm2,
                    e,
                    log_term,
                );
        });
        assert_within(
            path.theta0_rad(),
            fit.sqrt(),
            0.03,
            &format!("theta_0 in {name} at {energy} MeV"),
        );
    }
}

#[test]
fn single_scattering_rates_have_the_stated_moments() {
    let scattering = SingleScattering::of(&material("water"), Moliere);
    for target in scattering.targets(150.0) {
        let steps = 200_000;
        // From far below the screening angle to the cut, in equal steps of asinh(theta / chi_a).
        let chi_a = target.chi_a_squared_rad2.sqrt();
        let end = (target.cut_rad / chi_a).asinh();
        let edge = |i: i32| chi_a * (end * f64::from(i) / f64::from(steps)).sinh();
        let (mut rate, mut moment) = (0.0, 0.0);
        for i in 0..steps {
            let share = 2.0 * target.rate_cm2_per_g(edge(i), edge(i + 1));
            rate += share;
            moment += share * (0.5 * (edge(i) + edge(i + 1))).powi(2);
        }
        assert_within(target.rate_cm2_per_g(-1.0, 1.0), rate, 1e-9, "collisions");
        assert_within(
            target.second_moment_below_rad2_cm2_per_g(1.0),
            moment,
            1e-6,
            "second moment",
        );
    }
}

#[test]
fn mean_square_angle_with_tails_follows_geant4() {
    // Root mean square projected angle of 150 MeV protons in water with multiple scattering alone (Geant4 11.3.2, Wentzel-VI with
    // single scattering, mean of both planes, rad): at depths in mm. Its noise is 0.5 %: rare wide angles carry the square.
    let table = [
        (20.0, 0.01227),
        (60.0, 0.02329),
        (80.0, 0.02831),
        (100.0, 0.03386),
        (120.0, 0.04054),
        (140.0, 0.05055),
    ];
    let water = material("water");
    let scattering = SingleScattering::of(&water, Moliere);
    let range = water.csda_range_g_per_cm2(150.0);
    for (depth_mm, angle) in table {
        let (mut with_tails, mut core) = (0.0, 0.0);
        along_the_range(&water, 150.0, |left, e, step| {
            if range - left < 0.1 * depth_mm {
                let log_term = moliere_log_term(e, 150.0, -8.0);
                core += step
                    * differential_moliere_rad2_cm2_per_g(
                        water.scattering_length_g_per_cm2,
                        e,
                        log_term,
                    );
                with_tails += step * scattering.second_moment_rad2_cm2_per_g(e);
            }
        });
        assert_within(
            with_tails.sqrt(),
            angle,
            0.015,
            &format!("rms angle at {depth_mm} mm"),
        );
        // The Gaussian is the core of the distribution: 5 to 15 % narrower than the rms with tails.
        assert!(
            (0.85..0.95).contains(&(core / with_tails).sqrt()),
            "core over rms at {depth_mm} mm"
        );
    }
}

#[test]
fn form_factor_cut_lies_at_the_size_of_the_nucleus() {
    let scattering = SingleScattering::of(&material("oxygen"), Moliere);
    let momentum_mev = (150.0_f64 * (150.0 + 2.0 * 938.272_088_16)).sqrt();
    let cut = scattering.targets(150.0)[0].cut_rad;
    // Charge radius of O-16: 2.70 fm (rms).
    assert_within(
        cut,
        1.142 * 197.327 / (momentum_mev * 2.70),
        0.02,
        "theta_cut",
    );
}

#[test]
fn form_factor_rates_keep_the_second_moment_of_the_sharp_cut() {
    // The sharp cut is defined by it. Bins of 0.005 of the form factor's angle, from the 20th (the form factor is 0.5 % below 1
    // there) on; 6 of that angle leave 1e-3 of the moment with F to the first power.
    for model in [Moliere, WentzelVi] {
        for target in SingleScattering::of(&material("water"), model)
            .targets(150.0)
            .iter()
            .step_by(2)
        {
            let UpperEnd::FormFactor { angle_rad, .. } = target.end else {
                panic!("nuclei have a form factor")
            };
            let edge = |i: i32| 0.005 * angle_rad * (f64::from(i) + 0.5);
            let share = |i: i32| {
                2.0 * target.rate_with_form_factor_cm2_per_g(edge(i - 1), edge(i))
                    * edge(i - 1)
                    * edge(i)
            };
            let far: f64 = (21..1200).map(share).sum();
            let near = target.second_moment_below_rad2_cm2_per_g(edge(20));
            let whole = target.second_moment_below_rad2_cm2_per_g(1e9);
            assert_within(near + far, whole, 5e-3, "second moment");
        }
    }
}
