//! Free flight and rotation: path stepping against straight lines and against itself at another angle.

use crate::set;
use crate::support::{claim, moments, run, try_run};
use ndarray::Array2;
use smatrix2d::results::{Axis, Results};

const VACUUM: &str = r#"
[phantom]
material = "water"
x_mm = [-20.0, 100.0]
z_mm = [0.0, 110.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 150.0
sigma_x_mm = 5.0
[grid]
range_bin_mm = 10.0
angle_max_deg = 60.0
angle_bin_deg = 5.0
[transport]
stepping = "path"
step_mm = 1.0
max_steps = 100
prune = 1e-12
[physics]
scattering = "none"
energy_loss = false
straggling = false
[output]
quantities = ["dose", "fluence"]
[run]
precision = "double"
"#;

/// (fluence weight, centroid, variance) of each row of cells, along x.
fn rows(results: &Results) -> Vec<(f64, f64, f64)> {
    let fluence = results.fluence_per_mm.as_ref().unwrap();
    fluence
        .rows()
        .into_iter()
        .map(|row| moments(&results.x_mm.centers, &row.to_vec()))
        .collect()
}

#[test]
fn a_beam_in_vacuum_flies_straight_at_any_angle_and_keeps_its_width() {
    for angle in [0.0_f64, 15.0, 30.0, 45.0] {
        let results = run(VACUUM, &set!["beam.0.angle_deg" => format!("{angle:?}")]).results;
        let deepest = (90.0 * angle.to_radians().cos()) as usize;
        let rows = rows(&results);
        let on_line = (5..deepest).map(|k| {
            let line = results.z_mm.centers[k] * angle.to_radians().tan();
            rows[k].1 - line
        });
        let centroid = crate::support::worst(on_line);
        // Widths at two depths, both far from where the train of steps begins and ends.
        let (first, last) = (rows[12].2.sqrt(), rows[deepest - 12].2.sqrt());
        println!("{angle}: centroid {centroid:+.4} mm, sigma {first:.5} to {last:.5} mm");
        claim(&format!("vacuum-centroid-{angle}"), centroid, 0.02, "mm");
        claim(
            &format!("vacuum-sigma-{angle}"),
            last / first - 1.0,
            1e-3,
            "1",
        );
    }
}

const WATER_70: &str = r#"
[phantom]
material = "water"
x_mm = [-16.0, 48.0]
z_mm = [0.0, 48.0]
spacing_mm = [0.5, 0.5]
[[beam]]
energy_mev = 70.0
sigma_x_mm = 3.0
[grid]
range_bin_mm = 0.5
angle_max_deg = 75.0
angle_bin_deg = 1.0
[transport]
stepping = "path"
step_mm = 0.5
prune = 1e-6
[physics]
straggling = true
"#;

/// Bilinear value of a map at (z, x) mm; 0 outside.
fn value(map: &Array2<f64>, z_axis: &Axis, x_axis: &Axis, z: f64, x: f64) -> f64 {
    let place = |axis: &Axis, v: f64| (v - axis.centers[0]) / (axis.centers[1] - axis.centers[0]);
    let (k, i) = (place(z_axis, z), place(x_axis, x));
    let at = |k: f64, i: f64| {
        let inside =
            k >= 0.0 && i >= 0.0 && (k as usize) < map.nrows() && (i as usize) < map.ncols();
        if inside {
            map[[k as usize, i as usize]]
        } else {
            0.0
        }
    };
    let (a, b) = (k - k.floor(), i - i.floor());
    (1.0 - a) * ((1.0 - b) * at(k.floor(), i.floor()) + b * at(k.floor(), i.floor() + 1.0))
        + a * ((1.0 - b) * at(k.floor() + 1.0, i.floor())
            + b * at(k.floor() + 1.0, i.floor() + 1.0))
}

#[test]
fn a_beam_at_45_degrees_is_the_beam_at_0_degrees_turned() {
    // The turned beam enters through a plane that is not at right angles to it: its entry line is where the upright one's is
    // after sigma_x / cos(45), and compared is what lies a few sigma inside.
    let upright = run(WATER_70, &set!["phantom.x_mm" => "[-16.0, 16.0]"]).results;
    let turned = run(WATER_70, &set!["beam.0.angle_deg" => "45.0", "beam.0.sigma_x_mm" => format!("{:?}", 3.0 * 2f64.sqrt())]).results;
    let c = 0.5f64.sqrt();
    let (mut sum2, mut all2, mut largest, mut most, mut count) = (0.0, 0.0, 0.0_f64, 0.0_f64, 0);
    let peak = upright
        .energy_deposit_mev
        .iter()
        .fold(0.0_f64, |m, &v| m.max(v));
    for (k, &z) in upright.z_mm.centers.iter().enumerate() {
        for (i, &x) in upright.x_mm.centers.iter().enumerate() {
            let own = upright.energy_deposit_mev[[k, i]];
            // Depth of this point in the turned phantom: inside it by more than the entry's wedge.
            let (tz, tx) = (c * z - c * x, c * z + c * x);
            if own < 0.1 * peak || tz < 3.0 {
                continue;
            }
            let other = value(
                &turned.energy_deposit_mev,
                &turned.z_mm,
                &turned.x_mm,
                tz,
                tx,
            );
            sum2 += (own - other).powi(2);
            all2 += own * own;
            if (own - other).abs() > largest {
                largest = (own - other).abs();
                most = z;
            }
            count += 1;
        }
    }
    println!(
        "{count} points, worst at {most} mm; R80 upright {:.3}",
        upright.summary.r80_mm
    );
    claim("rotation-l2", (sum2 / all2).sqrt(), 0.02, "1");
    claim("rotation-linf", largest / peak, 0.05, "of the maximum");
}

#[test]
fn explore_policies() {
    let _ = try_run;
}
