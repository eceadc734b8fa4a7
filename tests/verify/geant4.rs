//! Against Geant4: depth doses of whole runs, and moments with one process at a time.

use crate::reference::columns;
use crate::set;
use crate::support::{GEANT4_WATER_75_EV, Overrides, WATER, claim, known_difference, run, worst};
use smatrix2d::curves;
use smatrix2d::results::{Axis, Spectra};
use smatrix2d::transport::Outcome;

fn on_half_millimetres(energy_mev: f64, depth_mm: f64, more: Overrides) -> Outcome {
    let own = set![
        "beam.0.energy_mev" => format!("{energy_mev:.1}"),
        "phantom.x_mm" => "[-60.0, 60.0]",
        "phantom.z_mm" => format!("[0.0, {depth_mm:.1}]"),
        "phantom.spacing_mm" => "[0.5, 0.5]",
    ];
    run(WATER, &[&own[..], more].concat())
}

/// (R80 in mm, root mean square in shares of the peak, falloff relative) against Geant4's depth dose on the same cells.
fn differences(energy_mev: f64, depth_mm: f64, more: Overrides) -> [f64; 3] {
    let reference = columns(&format!("geant4_water_{energy_mev}mev.csv"));
    let outcome = on_half_millimetres(energy_mev, depth_mm, more);
    let (results, found) = (&outcome.results, &outcome.results.summary);
    let zeros = vec![0.0; results.z_mm.len()];
    let expected = curves::summarise(&results.z_mm, &reference[1], &zeros);
    // Empty cells behind the range would only dilute the mean.
    let cells = results.depth_dose_mev_per_mm.iter().zip(&reference[1]);
    let squares: Vec<f64> = cells
        .filter(|(_, dose)| **dose > 1e-3 * expected.peak_mev_per_mm)
        .map(|(a, b)| (a - b).powi(2))
        .collect();
    let mean_square = squares.iter().sum::<f64>() / squares.len() as f64;
    [
        found.r80_mm - expected.r80_mm,
        mean_square.sqrt() / expected.peak_mev_per_mm,
        found.falloff_80_20_mm / expected.falloff_80_20_mm - 1.0,
    ]
}

#[test]
fn depth_doses_are_those_of_geant4() {
    // 0.1 mm of range, 3 % of falloff: Geant4's statistics (0.3 % of the peak) and Bohr against its straggling model.
    for (name, energy, depth) in [("70", 70.0, 60.0), ("150", 150.0, 190.0)] {
        let [r80, rms, falloff] = differences(energy, depth, &[]);
        claim(&format!("geant4-r80-{name}"), r80, 0.1, "mm");
        claim(&format!("geant4-rms-{name}"), rms, 0.005, "of the peak");
        claim(&format!("geant4-falloff-{name}"), falloff, 0.03, "1");
    }
}

#[test]
fn range_bins_of_half_a_millimetre_miss_geant4s_distal_edge_at_70_mev() {
    let [r80, rms, falloff] = differences(70.0, 60.0, &set!["grid.range_bin_mm" => "0.5"]);
    claim("geant4-r80-70-halfmm-bins", r80, 0.15, "mm");
    claim("geant4-rms-70-halfmm-bins", rms, 0.01, "of the peak");
    known_difference("geant4-falloff-70-halfmm-bins", falloff, 0.05, 0.15, "1");
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
fn planes(depths_mm: &[f64], material: &str, scattering: &str, straggling: &str) -> Spectra {
    planes_on(
        depths_mm,
        &set![
            "phantom.material" => format!("\"{material}\""),
            "physics.scattering" => format!("\"{scattering}\""),
            "physics.straggling" => straggling,
        ],
    )
}

fn planes_on(depths_mm: &[f64], more: Overrides) -> Spectra {
    let depths = set!["output.planes_mm" => format!("{depths_mm:?}")];
    let case = format!("{PLANE_CASE}{GEANT4_WATER_75_EV}");
    let outcome = run(&case, &[&depths[..], more].concat());
    outcome.results.spectra.expect("spectra were asked for")
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

/// Worst relative differences of mean energy and of its standard deviation, over all planes that 99.9 % of the protons reach:
/// beyond, the moments hang on which protons have stopped.
fn energy_differences(process: &str, material: &str, straggling: &str) -> (f64, f64) {
    let reference = columns(&format!("geant4_process_{process}_150mev.csv"));
    let spectra = planes(&reference[0], material, "none", straggling);
    let spectrum = spectra.energy_spectrum_per_mev.as_ref().expect("asked for");
    let reached = (0..reference[0].len()).filter(|&i| reference[1][i] > 0.999);
    let (means, sigmas): (Vec<f64>, Vec<f64>) = reached
        .map(|i| {
            let row = spectrum.row(i).to_vec();
            let (mean, sigma) = mean_and_sigma(&spectra.energy_mev, row.into_iter());
            (mean / reference[2][i] - 1.0, sigma / reference[3][i] - 1.0)
        })
        .unzip();
    (worst(means), worst(sigmas))
}

#[test]
fn energies_at_planes_are_those_of_geant4_with_geant4s_stopping_powers() {
    for (process, straggling) in [("csda", "false"), ("stragg", "true")] {
        let (mean, sigma) = energy_differences(process, "geant4_water", straggling);
        claim(&format!("geant4-mean-energy-{process}"), mean, 0.002, "1");
        if process == "stragg" {
            claim("geant4-sd-energy-stragg", sigma, 0.03, "1");
        }
    }
}

#[test]
fn with_pstars_stopping_powers_the_energies_differ_at_the_end_of_the_range() {
    let (mean, _) = energy_differences("csda", "water", "false");
    known_difference("geant4-mean-energy-csda-pstar", mean, 0.002, 0.0074, "1");
    let (mean, sigma) = energy_differences("stragg", "water", "true");
    claim("geant4-mean-energy-stragg-pstar", mean, 0.002, "1");
    claim("geant4-sd-energy-stragg-pstar", sigma, 0.03, "1");
}

/// (<x^2>, <x theta>, <theta^2>) of each plane's phase space, mm and rad.
fn second_moments(spectra: &Spectra, cells: &Axis, beam_mm: f64, plane: usize) -> [f64; 3] {
    let psi = spectra
        .phase_space
        .as_ref()
        .expect("asked for")
        .index_axis(ndarray::Axis(0), plane);
    let mut sums = [0.0; 4];
    for ((_, angle, x), &weight) in psi.indexed_iter() {
        let (weight, x, theta) = (
            f64::from(weight),
            cells.centers[x] - beam_mm,
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
    // Cells of 1 mm would make a beam without width as wide as they are.
    let cells = Axis::uniform(-40.0, 0.25, 320);
    let spectra = planes_on(
        &reference[0],
        &set![
            "phantom.spacing_mm" => "[0.25, 1.0]",
            "beam.0.x_mm" => "0.125",
            "physics.scattering" => "\"gaussian\"",
            "physics.straggling" => "false",
        ],
    );
    for (i, &depth) in reference[0].iter().enumerate() {
        let [x2, x_angle, angle2] = second_moments(&spectra, &cells, 0.125, i);
        let (rms, core) = (reference[6][i].sqrt(), reference[7][i]);
        println!(
            "row\tmcs\t{depth}\t{:.3}\t{:.3}\t{:.3}\t{:.3}\t{:.3}\t{:.3}\t{x_angle:.4}\t{:.4}",
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
