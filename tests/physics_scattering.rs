//! Characteristic lengths, straggling and scattering powers.

#[path = "support/along_the_range.rs"]
mod along_the_range;
#[path = "support/physics.rs"]
mod physics;

use along_the_range::along_the_range;
use physics::{assert_within, material};
use smatrix2d::physics::Material;
use smatrix2d::physics::scattering_power::{
    differential_moliere_rad2_cm2_per_g, highland_theta0_squared_rad2, moliere_correction,
    moliere_log_term, pv_mev,
};

/// (name, X_0, X_S and Z/A, composition).
type ReferenceMaterial = (String, [f64; 3], Vec<(String, f64)>);

/// Rows of tests/data/materials_reference.csv.
fn reference_materials() -> Vec<ReferenceMaterial> {
    let text = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/materials_reference.csv"
    ))
    .unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(reference_material)
        .collect()
}

/// Names may hold a comma: the figures are counted from the right.
fn reference_material(line: &str) -> ReferenceMaterial {
    let fields: Vec<&str> = line.rsplitn(7, ',').collect();
    let number = |i: usize| fields[i].parse::<f64>().unwrap();
    let part = |part: &str| {
        let (symbol, fraction) = part.split_once(':').unwrap();
        (symbol.to_string(), fraction.parse().unwrap())
    };
    (
        fields[6].to_string(),
        [number(3), number(2), number(1)],
        fields[0].split(';').map(part).collect(),
    )
}

#[test]
fn radiation_and_scattering_lengths_follow_the_reference() {
    for (name, [radiation, scattering, z_over_a], composition) in reference_materials() {
        let made = Material::from_composition(&name, 1.0, &composition, None).unwrap();
        // Geant4's X_0 uses the same formula with other logarithms for the lightest elements.
        assert_within(
            made.radiation_length_g_per_cm2,
            radiation,
            5e-3,
            &format!("X_0 of {name}"),
        );
        assert_within(
            made.scattering_length_g_per_cm2,
            scattering,
            2e-3,
            &format!("X_S of {name}"),
        );
        assert_within(made.z_over_a(), z_over_a, 5e-4, &format!("Z/A of {name}"));
    }
}

#[test]
fn radiation_length_of_water_is_36_grams_and_not_36_millimetres() {
    let water = material("water");
    assert_within(
        water.radiation_length_g_per_cm2,
        36.08,
        1e-3,
        "X_0 (PDG), g/cm2",
    );
    let length_mm = 10.0 * water.radiation_length_g_per_cm2 / water.density_g_per_cm3;
    assert_within(length_mm, 360.8, 1e-3, "X_0, mm");
    assert_within(
        water.scattering_length_g_per_cm2,
        46.88,
        1e-3,
        "X_S (Gottschalk 2010), g/cm2",
    );
}

#[test]
fn straggling_is_bohrs_with_the_relativistic_factor() {
    let water = material("water");
    // K m c^2 Z/A of water, MeV2 cm2/g, in the limit of slow protons.
    assert_within(water.straggling_mev2_cm2_per_g(1e-3), 0.08710, 1e-3, "slow");
    let beta2: f64 = 0.25611; // 150 MeV
    assert_within(
        water.straggling_mev2_cm2_per_g(150.0),
        0.08710 * (1.0 - beta2 / 2.0) / (1.0 - beta2),
        1e-3,
        "150 MeV",
    );
    assert_within(
        material("lead").straggling_mev2_cm2_per_g(1e-3),
        0.15691 * 82.0 / 207.2,
        1e-3,
        "lead",
    );
}

#[test]
fn range_straggling_in_water_is_about_one_per_cent() {
    let water = material("water");
    // Relative width of the range, integral of T / S^3 (constants of the reference: 1.16 % at 60 to 1.03 % at 230 MeV).
    for (energy, percent) in [(60.0, 1.16), (230.0, 1.03)] {
        let steps = 20_000;
        let width = energy / f64::from(steps);
        let variance: f64 = (0..steps)
            .map(|i| (f64::from(i) + 0.5) * width)
            .map(|e| {
                width * water.straggling_mev2_cm2_per_g(e)
                    / water.mass_stopping_power_mev_cm2_per_g(e).powi(3)
            })
            .sum();
        let relative = 100.0 * variance.sqrt() / water.csda_range_g_per_cm2(energy);
        assert!(
            (relative - percent).abs() < 0.02,
            "{relative} % of the range at {energy} MeV, not {percent} %"
        );
    }
}

#[test]
fn skewness_of_the_loss_is_that_of_the_collision_spectrum() {
    let water = material("water");
    for energy in [10.0, 70.0, 150.0, 250.0] {
        let beta2 = smatrix2d::physics::beta_squared(energy);
        let gamma = 1.0 + energy / 938.272_088_16;
        let ratio = 0.510_998_95 / 938.272_088_16;
        let largest = 2.0 * 0.510_998_95 * beta2 * gamma * gamma
            / (1.0 + 2.0 * gamma * ratio + ratio * ratio);
        // Moments of (1 - beta^2 T/T_max)/T^2 by the midpoint rule: second and third.
        let steps = 10_000;
        let moment = |power: i32| -> f64 {
            (0..steps)
                .map(|i| (f64::from(i) + 0.5) * largest / f64::from(steps))
                .map(|t| {
                    (1.0 - beta2 * t / largest) * t.powi(power - 2) * largest / f64::from(steps)
                })
                .sum()
        };
        let found = water.straggling_skewness_mev3_cm2_per_g(energy)
            / water.straggling_mev2_cm2_per_g(energy);
        assert_within(found, moment(3) / moment(2), 1e-6, &format!("{energy} MeV"));
    }
}

#[test]
fn momentum_times_speed_is_exact() {
    // pv = E (E + 2 M) / (E + M): 150 MeV -> 279.31 MeV, twice E when slow.
    assert_within(
        pv_mev(150.0),
        150.0 * (150.0 + 2.0 * 938.272_088_16) / (150.0 + 938.272_088_16),
        1e-15,
        "150 MeV",
    );
    assert_within(pv_mev(1e-3), 2e-3, 1e-6, "slow");
}

#[test]
fn differential_moliere_is_gottschalks_formula() {
    // f_dM by hand at pv = 100 MeV, p1v1 = 300 MeV: lg(1 - 1/9) = -0.0511525.
    let by_hand = 0.5244 - 0.1975 * 0.0511525 + 0.2320 * 2.0 + 0.0098 * 2.0 * 0.0511525;
    assert_within(
        moliere_correction(100.0, (1.0_f64 - 1.0 / 9.0).log10()),
        by_hand,
        1e-6,
        "f_dM",
    );
    let power = differential_moliere_rad2_cm2_per_g(46.88, 60.0, -0.1);
    let pv = pv_mev(60.0);
    assert_within(
        power,
        moliere_correction(pv, -0.1) * (15.0 / pv).powi(2) / 46.88,
        1e-12,
        "T_dM",
    );
}

#[test]
fn log_term_has_a_floor_where_nothing_is_lost_yet() {
    for energy in [149.999_999_999, 150.0, 151.0, 300.0] {
        assert_eq!(moliere_log_term(energy, 150.0, -4.0), -4.0, "{energy} MeV");
    }
    assert!(moliere_log_term(1.0, 150.0, -4.0).abs() < 1e-4);
    // Far below any floor that is of use, f_dM would turn negative: it is held at 0.
    assert_eq!(moliere_correction(280.0, -20.0), 0.0);
}

#[test]
fn lateral_width_at_the_end_of_range_is_two_per_cent_of_it() {
    let water = material("water");
    for energy in [70.0, 150.0, 230.0] {
        let range = water.csda_range_g_per_cm2(energy);
        let mut moliere = 0.0;
        along_the_range(&water, energy, |left, e, step| {
            let log_term = moliere_log_term(e, energy, -8.0);
            moliere += left
                * left
                * step
                * differential_moliere_rad2_cm2_per_g(
                    water.scattering_length_g_per_cm2,
                    e,
                    log_term,
                );
        });
        let relative = 100.0 * moliere.sqrt() / range;
        // Fermi-Eyges: sigma_x^2 = integral (R - x)^2 T dx. Gottschalk: close to 2 % of the range in water.
        assert!(
            (1.9..2.3).contains(&relative),
            "{relative} % of the range at {energy} MeV"
        );
    }
}

/// 1/(X_0 pv^2), whose integral over what is passed is Highland's.
fn highland_integrand_cm2_per_g_mev2(material: &Material, energy_mev: f64) -> f64 {
    1.0 / (material.radiation_length_g_per_cm2 * pv_mev(energy_mev).powi(2))
}

#[test]
fn highland_of_two_slabs_is_highland_of_their_sum() {
    let water = material("water");
    let (mut lengths, mut integral, mut differences) = (0.0, 0.0, 0.0);
    along_the_range(&water, 150.0, |left, e, step| {
        if left < 2.0 {
            return;
        }
        let before = highland_theta0_squared_rad2(lengths, integral);
        lengths += step / water.radiation_length_g_per_cm2;
        integral += step * highland_integrand_cm2_per_g_mev2(&water, e);
        let share = highland_theta0_squared_rad2(lengths, integral) - before;
        assert!(share >= 0.0, "a step takes scattering away");
        differences += share;
    });
    assert_within(
        differences,
        highland_theta0_squared_rad2(lengths, integral),
        1e-9,
        "sum of the steps' shares",
    );
}

#[test]
fn highland_and_differential_moliere_agree_in_water() {
    let water = material("water");
    let (mut lengths, mut integral, mut moliere) = (0.0, 0.0, 0.0);
    along_the_range(&water, 150.0, |left, e, step| {
        if left > 5.0 {
            lengths += step / water.radiation_length_g_per_cm2;
            integral += step * highland_integrand_cm2_per_g_mev2(&water, e);
            let log_term = moliere_log_term(e, 150.0, -8.0);
            moliere += step
                * differential_moliere_rad2_cm2_per_g(
                    water.scattering_length_g_per_cm2,
                    e,
                    log_term,
                );
        }
    });
    // Two fits to the same theory; each is good to a few per cent in the angle.
    assert_within(
        highland_theta0_squared_rad2(lengths, integral).sqrt(),
        moliere.sqrt(),
        0.04,
        "theta0 after 10.8 cm",
    );
}
