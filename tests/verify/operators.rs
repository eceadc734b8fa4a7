//! Each operator alone against its analytic moments, by switching the others off.

use crate::reference::{fermi_eyges, water, water_range_mm};
use crate::set;
use crate::support::{claim, moments, run, worst};
use smatrix2d::operators::jump_kernel::unit_jump_kernel;
use smatrix2d::results::{Axis, Results};

const PLANES: &str = r#"
[phantom]
material = "water"
x_mm = [-40.0, 40.0]
z_mm = [0.0, 100.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 150.0
sigma_x_mm = 4.0
[output]
quantities = ["dose", "energy_spectrum", "angle_spectrum", "phase_space"]
planes_mm = [10.0, 30.0, 60.0, 90.0]
[run]
precision = "double"
"#;

/// (sum, mean, variance) of a plane's spectrum density on its axis.
fn spectrum_moments(axis: &Axis, density: impl Iterator<Item = f64>) -> (f64, f64, f64) {
    let weights: Vec<f64> = density
        .enumerate()
        .map(|(i, d)| d * axis.width(i))
        .collect();
    moments(&axis.centers, &weights)
}

/// (sum, mean, variance) of a plane's x, mm.
fn x_moments(results: &Results, plane: usize) -> (f64, f64, f64) {
    let psi = results
        .spectra
        .as_ref()
        .unwrap()
        .phase_space
        .as_ref()
        .unwrap();
    let by_x = psi
        .index_axis(ndarray::Axis(0), plane)
        .mapv(f64::from)
        .sum_axis(ndarray::Axis(0))
        .sum_axis(ndarray::Axis(0));
    moments(&results.x_mm.centers, &by_x.to_vec())
}

#[test]
fn scattering_alone_adds_the_integral_of_the_scattering_power_whatever_the_bin_width() {
    // No energy loss: T is that of Highland's or Moliere's entry energy, singular at the entry; so a beam that has lost a little
    // would be needed. With energy loss on, streaming along x does not change angles: the angle's moments are scattering's.
    for bin in [0.1, 0.25, 0.5, 1.0, 2.0] {
        let results = run(PLANES, &set!["grid.angle_bin_deg" => format!("{bin:?}"), "physics.straggling" => "false", "transport.prune" => "1e-12"]).results;
        let spectra = results.spectra.as_ref().unwrap();
        let differences = (0..4).map(|plane| {
            let density = spectra
                .angle_spectrum_per_degree
                .as_ref()
                .unwrap()
                .row(plane)
                .to_vec();
            let (_, mean, variance) = spectrum_moments(&spectra.angle_deg, density.into_iter());
            assert!(mean.abs() < 1e-9, "{mean}");
            let [angle2, _, _] = fermi_eyges(
                150.0,
                spectra.plane_mm[plane],
                &crate::reference::gaussian_power,
            );
            variance * 1f64.to_radians().powi(2) / angle2 - 1.0
        });
        // 1 %: at 10 mm the mid-step energies of ten steps stand for an integral with a logarithm at its start.
        claim(
            &format!("angle-variance-{bin}deg"),
            worst(differences),
            0.01,
            "1",
        );
    }
}

#[test]
fn two_half_steps_of_scattering_equal_one() {
    for a in [0.01, 0.35, 2.0, 30.0, 300.0] {
        let (half, whole) = (unit_jump_kernel(0.5 * a, 400), unit_jump_kernel(a, 400));
        let at = |kernel: &[f64], n: i64| {
            kernel
                .get(n.unsigned_abs() as usize)
                .copied()
                .unwrap_or(0.0)
        };
        let twice = |n: i64| {
            (-200..=200)
                .map(|m| at(&half, m) * at(&half, n - m))
                .sum::<f64>()
        };
        let difference = worst((0..30).map(|n| twice(n) - at(&whole, n)));
        // Kernels are cut at 1e-8, a few times in a row.
        claim(&format!("half-steps-{a}"), difference, 1e-6, "weight");
    }
}

#[test]
fn scattering_kernels_are_positive_on_any_axis_however_narrow() {
    for a in [0.1, 5.0, 40.0, 900.0] {
        for reach in [2, 17, 40, 2000] {
            let kernel = unit_jump_kernel(a, reach);
            let sum = kernel[0] + 2.0 * kernel[1..].iter().sum::<f64>();
            assert!(
                kernel.iter().all(|w| *w >= 0.0) && (sum - 1.0).abs() < 1e-12,
                "{a} {reach}: {sum}"
            );
        }
    }
}

#[test]
fn streaming_alone_moves_the_mean_and_keeps_the_width() {
    for (streaming, widening) in [("cubic", 0.0), ("linear", 1.0)] {
        let angle = 7.5_f64;
        let results = run(PLANES, &set![
            "beam.0.angle_deg" => format!("{angle:?}"), "beam.0.x_mm" => "-6.0", "transport.streaming" => format!("\"{streaming}\""), "transport.prune" => "0.0",
            "physics.energy_loss" => "false", "physics.straggling" => "false", "physics.scattering" => "\"none\"", "phantom.spacing_mm" => "[0.5, 1.0]",
        ]).results;
        let planes = results.spectra.as_ref().unwrap().plane_mm.clone();
        for (plane, z) in planes.into_iter().enumerate() {
            let (sum, mean, variance) = x_moments(&results, plane);
            assert!((sum - 1.0).abs() < 1e-6, "{sum}");
            // f32 storage of the phase space.
            assert!(
                (mean + 6.0 - z * angle.to_radians().tan()).abs() < 1e-5,
                "{streaming} {z}: {mean}"
            );
            let fraction = (2.0 * angle.to_radians().tan()).fract();
            // Area weights add f(1-f) cells^2 a step; two half steps at the ends of a Strang march are within one step of it.
            let added = widening * z * fraction * (1.0 - fraction) * 0.25;
            assert!(
                (variance - 16.0 - added).abs() < 0.01 + 0.12 * widening,
                "{streaming} {z}: {variance} {added}"
            );
        }
    }
}

/// Per plane: the mean range of a beam at an angle, less what its path leaves, mm; and its standard deviation over the integral's.
fn range_moments(range_bin_mm: f64, angle_deg: f64) -> (Vec<f64>, Vec<f64>) {
    let results = run(PLANES, &set!["physics.scattering" => "\"none\"", "grid.range_bin_mm" => format!("{range_bin_mm:?}"), "beam.0.angle_deg" => format!("{angle_deg:?}"), "beam.0.x_mm" => if angle_deg > 0.0 { "-15.0" } else { "0.0" }, "transport.prune" => "1e-12"]).results;
    let spectra = results.spectra.as_ref().unwrap();
    let energies = spectra.energy_mev.centers.iter();
    let ranges: Vec<f64> = energies.map(|&e| water_range_mm(e)).collect();
    let densities = spectra.energy_spectrum_per_mev.as_ref().unwrap();
    let of_plane = |(plane, &z): (usize, &f64)| {
        let density = densities.row(plane).to_vec().into_iter().enumerate();
        let weights: Vec<f64> = density
            .map(|(i, d)| d * spectra.energy_mev.width(i))
            .collect();
        let (_, mean, variance) = moments(&ranges, &weights);
        let left_mm = water_range_mm(150.0) - z / angle_deg.to_radians().cos();
        let left_mev = water().energy_mev(0.1 * left_mm);
        let straggling_mm = crate::reference::range_straggling_mm(150.0, left_mev);
        (mean - left_mm, variance.sqrt() / straggling_mm - 1.0)
    };
    spectra.plane_mm.iter().enumerate().map(of_plane).unzip()
}

#[test]
fn between_directions_that_are_made_mean_and_straggling_are_as_exact() {
    // Paths within 0.5 % of each other are mixed: of bins of half a degree every second or third is made at these angles. Tolerances as
    // for a beam that goes straight.
    for angle_deg in [7.5, 9.0, 9.5, 10.0, 13.0] {
        let (means, variances) = range_moments(0.5, angle_deg);
        assert!(worst(means).abs() < 2e-4, "{angle_deg}");
        assert!(worst(variances).abs() < 0.005, "{angle_deg}");
    }
}

#[test]
fn energy_loss_alone_keeps_the_mean_range_and_the_straggling_integral() {
    for range_bin in [0.2, 0.5, 1.0] {
        let (means, variances) = range_moments(range_bin, 0.0);
        // Means are exact but for pruning; variances for their rate at mid-step energy of each step.
        claim(
            &format!("mean-range-{range_bin}mm"),
            worst(means),
            2e-4,
            "mm",
        );
        claim(
            &format!("straggling-{range_bin}mm"),
            worst(variances),
            0.005,
            "1",
        );
    }
}

#[test]
fn psi_holds_no_subnormal_numbers() {
    // Far corners of the window would fill with them, and some processors take a hundred times as long for each.
    for scattering in ["\"gaussian\"", "\"moliere\""] {
        let results = run(PLANES, &set!["run.precision" => "\"single\"", "physics.scattering" => scattering, "transport.prune" => "1e-12"]).results;
        let psi = results
            .spectra
            .as_ref()
            .unwrap()
            .phase_space
            .as_ref()
            .unwrap();
        let smallest = psi
            .iter()
            .filter(|&&weight| weight != 0.0)
            .fold(f32::INFINITY, |least, weight| least.min(weight.abs()));
        assert!(smallest >= f32::MIN_POSITIVE, "{scattering}: {smallest:e}");
    }
}

#[test]
fn csda_adds_no_width_on_the_range_axis() {
    let results = run(
        PLANES,
        &set!["physics.scattering" => "\"none\"", "physics.straggling" => "false"],
    )
    .results;
    let spectra = results.spectra.as_ref().unwrap();
    for plane in 0..4 {
        let filled = spectra
            .energy_spectrum_per_mev
            .as_ref()
            .unwrap()
            .row(plane)
            .iter()
            .filter(|d| **d > 1e-9)
            .count();
        assert_eq!(filled, 1);
    }
}
