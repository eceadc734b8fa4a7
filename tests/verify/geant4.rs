//! Against Geant4: depth doses of whole runs, and moments with one process at a time.

use crate::reference::{columns, water};
use crate::set;
use crate::support::{WATER, claim, run, worst};
use smatrix2d::curves;
use smatrix2d::results::{Axis, Spectra};
use smatrix2d::transport::Outcome;

fn on_half_millimetres(energy_mev: f64, depth_mm: f64, range_bin_mm: f64) -> Outcome {
    run(
        WATER,
        &set![
            "beam.0.energy_mev" => format!("{energy_mev:.1}"),
            "phantom.x_mm" => "[-60.0, 60.0]",
            "phantom.z_mm" => format!("[0.0, {depth_mm:.1}]"),
            "phantom.spacing_mm" => "[0.5, 0.5]",
            "grid.range_bin_mm" => format!("{range_bin_mm:?}"),
        ],
    )
}

#[test]
fn depth_doses_are_those_of_geant4() {
    // At 70 MeV the default range bins are too coarse for the falloff: docs/verification/known-differences.md.
    for (energy, depth, range_bin) in [(70.0, 60.0, 0.1), (150.0, 190.0, 0.5)] {
        let reference = columns(&format!("geant4_water_{energy}mev.csv"));
        let outcome = on_half_millimetres(energy, depth, range_bin);
        let (z, dose) = (
            &outcome.results.z_mm,
            outcome.results.depth_dose_mev_per_mm.to_vec(),
        );
        let expected = curves::summarise(z, &reference[1], &vec![0.0; z.len()]);
        let found = &outcome.results.summary;
        let mean_square = dose
            .iter()
            .zip(&reference[1])
            .map(|(a, b)| (a - b).powi(2))
            .sum::<f64>()
            / dose.len() as f64;
        println!(
            "{energy} MeV: R80 {:.3} {:.3}, falloff {:.3} {:.3}, peak {:.3} {:.3}",
            found.r80_mm,
            expected.r80_mm,
            found.falloff_80_20_mm,
            expected.falloff_80_20_mm,
            found.peak_mev_per_mm,
            expected.peak_mev_per_mm
        );
        // 0.15 mm of range, 5 % of falloff: Geant4's statistics (0.3 % of the peak) and Bohr against its straggling model.
        claim(
            &format!("geant4-r80-{energy}"),
            found.r80_mm - expected.r80_mm,
            0.15,
            "mm",
        );
        claim(
            &format!("geant4-rms-{energy}"),
            mean_square.sqrt() / expected.peak_mev_per_mm,
            0.01,
            "of the peak",
        );
        claim(
            &format!("geant4-falloff-{energy}"),
            found.falloff_80_20_mm / expected.falloff_80_20_mm - 1.0,
            0.05,
            "1",
        );
    }
}

const PLANE_CASE: &str = r#"
[phantom]
material = "water"
x_mm = [-40.0, 40.0]
z_mm = [0.0, 180.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 150.0
sigma_x_mm = 0.0
x_mm = 0.5
[output]
quantities = ["dose", "energy_spectrum", "angle_spectrum", "phase_space"]
"#;

/// Marginals at the reference's planes, one process at a time.
fn planes(depths_mm: &[f64], scattering: &str, straggling: &str) -> Spectra {
    run(
        PLANE_CASE,
        &set![
            "output.planes_mm" => format!("{depths_mm:?}"),
            "physics.scattering" => format!("\"{scattering}\""),
            "physics.straggling" => straggling,
        ],
    )
    .results
    .spectra
    .expect("spectra were asked for")
}

/// Mean and standard deviation of a spectrum given as a density on an axis.
fn mean_and_sigma(axis: &Axis, density: impl Iterator<Item = f64>) -> (f64, f64) {
    let weights: Vec<f64> = density
        .enumerate()
        .map(|(i, d)| d * axis.width(i))
        .collect();
    let (_, mean, variance) = crate::support::moments(&axis.centers, &weights);
    (mean, variance.sqrt())
}

#[test]
fn energies_at_planes_are_those_of_geant4_without_straggling_and_with_it() {
    for (process, straggling) in [("csda", "false"), ("stragg", "true")] {
        let reference = columns(&format!("geant4_process_{process}_150mev.csv"));
        let spectra = planes(&reference[0], "none", straggling);
        let spectrum = spectra.energy_spectrum_per_mev.as_ref().expect("asked for");
        let (mut means, mut sigmas) = (vec![], vec![]);
        for (i, &depth) in reference[0].iter().enumerate() {
            let (mean, sigma) =
                mean_and_sigma(&spectra.energy_mev, spectrum.row(i).iter().copied());
            println!(
                "{process} {depth} mm: mean {mean:.3} ({:.3}), sd {sigma:.4} ({:.4}) MeV, Geant4's in brackets; fraction {}",
                reference[2][i], reference[3][i], reference[1][i]
            );
            // Beyond 99.9 % transmission the moments hang on which protons already stopped.
            if reference[1][i] > 0.999 {
                // Geant4's stopping powers here differ from PSTAR's by up to 0.04 %: that share of the depth, as energy.
                let moved = 0.0004 * depth * 0.1 * water().mass_stopping_power_mev_cm2_per_g(mean);
                let difference = mean - reference[2][i];
                let beyond = (difference.abs() - moved).max(0.0) * difference.signum();
                means.push(beyond / reference[2][i]);
                sigmas.push(sigma / reference[3][i] - 1.0);
            }
        }
        claim(
            &format!("geant4-mean-energy-{process}"),
            worst(means),
            0.002,
            "1",
        );
        if process == "stragg" {
            claim("geant4-sd-energy-stragg", worst(sigmas), 0.03, "1");
        }
    }
}

/// (<x^2>, <x theta>, <theta^2>) of each plane's phase space, mm and rad.
fn second_moments(spectra: &Spectra, cells: &Axis, plane: usize) -> [f64; 3] {
    let psi = spectra
        .phase_space
        .as_ref()
        .expect("asked for")
        .index_axis(ndarray::Axis(0), plane);
    let mut sums = [0.0; 4];
    for ((_, angle, x), &weight) in psi.indexed_iter() {
        let (weight, x, theta) = (
            f64::from(weight),
            cells.centers[x] - 0.5,
            spectra.angle_deg.centers[angle].to_radians(),
        );
        assert!(weight >= 0.0);
        [1.0, x * x, x * theta, theta * theta]
            .iter()
            .zip(&mut sums)
            .for_each(|(m, s)| *s += weight * m);
    }
    [sums[1] / sums[0], sums[2] / sums[0], sums[3] / sums[0]]
}

#[test]
fn widths_by_scattering_alone_lie_between_geant4s_core_and_its_root_mean_square() {
    let reference = columns("geant4_process_mcs_150mev.csv");
    let outcome_axis = Axis::uniform(-40.0, 1.0, 80);
    let spectra = planes(&reference[0], "gaussian", "false");
    for (i, &depth) in reference[0].iter().enumerate() {
        let [x2, x_angle, angle2] = second_moments(&spectra, &outcome_axis, i);
        let (rms, core) = (reference[6][i].sqrt(), reference[7][i]);
        println!(
            "row\t{depth}\t{:.3}\t{:.3}\t{:.3}\t{:.3}\t{:.3}\t{:.3}\t{x_angle:.4}\t{:.4}",
            1e3 * core,
            1e3 * angle2.sqrt(),
            1e3 * rms,
            reference[8][i],
            x2.sqrt(),
            reference[4][i].sqrt(),
            reference[5][i]
        );
        if depth >= 10.0 && reference[1][i] > 0.999 {
            assert!(
                core < angle2.sqrt() && angle2.sqrt() < rms,
                "angle at {depth} mm"
            );
        }
        if reference[8][i].is_finite() && reference[1][i] > 0.999 {
            assert!(
                reference[8][i] < x2.sqrt() && x2 < reference[4][i],
                "x at {depth} mm"
            );
        }
    }
}
