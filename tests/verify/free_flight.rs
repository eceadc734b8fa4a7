//! Free flight and rotation: path stepping against straight lines and against itself at another angle.

use crate::set;
use crate::support::{claim, known_difference, moments, run};
use ndarray::Array2;
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::case::Case;
use smatrix2d::phantom::Phantom;
use smatrix2d::results::{Axis, Results};
use smatrix2d::transport;
use std::path::Path;

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

/// What is under way in the last of `steps` steps: path length by cell.
fn under_way(angle_deg: f64, steps: usize) -> (Array2<f64>, Results) {
    let until = |steps: usize| {
        run(
            VACUUM,
            &set!["beam.0.angle_deg" => format!("{angle_deg:?}"), "transport.max_steps" => steps],
        )
        .results
    };
    let last = until(steps);
    let map =
        last.fluence_per_mm.as_ref().unwrap() - until(steps - 1).fluence_per_mm.as_ref().unwrap();
    (map, last)
}

/// (mean x, variance of x, mean z), mm.
fn place(map: &Array2<f64>, results: &Results) -> (f64, f64, f64) {
    let by = |axis| map.sum_axis(ndarray::Axis(axis)).to_vec();
    let (_, x, variance) = moments(&results.x_mm.centers, &by(0));
    let (_, z, _) = moments(&results.z_mm.centers, &by(1));
    (x, variance, z)
}

#[test]
fn a_beam_in_vacuum_flies_straight_sideways_and_keeps_its_width() {
    for angle in [0.0_f64, 15.0, 30.0, 45.0] {
        let ((early, results), (late, _)) = (under_way(angle, 2), under_way(angle, 100));
        let (first, last) = (place(&early, &results), place(&late, &results));
        let (sin, cos) = angle.to_radians().sin_cos();
        // 98 steps of 1 mm.
        claim(
            &format!("vacuum-x-{angle}"),
            last.0 - first.0 - 98.0 * sin,
            0.01,
            "mm",
        );
        claim(
            &format!("vacuum-sigma-{angle}"),
            (last.1 / first.1).sqrt() - 1.0,
            1e-3,
            "1",
        );
        let too_far = last.2 - first.2 - 98.0 * cos;
        claim(&format!("vacuum-z-{angle}"), too_far, 0.01, "mm");
    }
}

/// Range bins of a whole fraction of the step, a third of the straggling or less.
const TURNED: &str = r#"
[phantom]
material = "water"
x_mm = [-30.0, 30.0]
z_mm = [0.0, 180.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 150.0
sigma_x_mm = 5.0
[grid]
range_bin_mm = 0.5
angle_max_deg = 75.0
angle_bin_deg = 1.5
[transport]
stepping = "path"
step_mm = 1.0
prune = 1e-8
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

/// 10 mm of next to nothing, then water, with the surface at right angles to the beam; cells on it have their share of water.
fn behind_a_gap(angle_deg: f64, overrides: &[(&str, String)]) -> Results {
    let overrides: Vec<(String, String)> = overrides
        .iter()
        .map(|(key, value)| ((*key).to_string(), value.clone()))
        .collect();
    let case = Case::parse(TURNED, Path::new("turned.toml"), &overrides).unwrap();
    let mut phantom = Phantom::build(&case, Path::new(".")).unwrap();
    let (sin, cos) = angle_deg.to_radians().sin_cos();
    let (cell, x_min) = (phantom.spacing_z_mm, phantom.x_min_mm);
    for ((k, i), density) in phantom.density_g_per_cm3.indexed_iter_mut() {
        let (z, x) = (cell * (k as f64 + 0.5), x_min + cell * (i as f64 + 0.5));
        let share = share_behind(z * cos + x * sin - GAP_MM, cell * cos, cell * sin);
        *density *= share.max(1e-4);
    }
    transport::run(&case, &phantom, &Cpu::new(case.run.precision), &mut |_| ())
        .unwrap()
        .results
}

const GAP_MM: f64 = 10.0;

/// Share of a cell that lies behind a plane: its centre does by `depth`, and its sides reach over `a` and `b` along the plane's normal.
fn share_behind(depth: f64, a: f64, b: f64) -> f64 {
    if b < 1e-9 {
        return (depth / a + 0.5).clamp(0.0, 1.0);
    }
    // The integral of a trapezium.
    let ramp = |t: f64| 0.5 * t.max(0.0).powi(2);
    let (sum, difference) = (0.5 * (a + b), 0.5 * (a - b));
    let above = ramp(depth + sum) - ramp(depth + difference);
    let below = ramp(depth - difference) - ramp(depth - sum);
    ((above - below) / (a * b)).clamp(0.0, 1.0)
}

/// Differences of a turned map and an upright one where that is above 10 % of its maximum: L2 relative to it, largest relative to
/// the maximum. The turned map is read bilinearly.
fn differences(upright: &Results, turned: &Results) -> (f64, f64) {
    let c = 0.5f64.sqrt();
    let (mut sum2, mut all2, mut largest) = (0.0, 0.0, 0.0_f64);
    let dose = &upright.energy_deposit_mev;
    let peak = dose.iter().fold(0.0_f64, |m, &v| m.max(v));
    for (k, &z) in upright.z_mm.centers.iter().enumerate() {
        for (i, &x) in upright.x_mm.centers.iter().enumerate() {
            let own = dose[[k, i]];
            // The cells of the turned surface are mixtures.
            if own < 0.1 * peak || z < GAP_MM + 1.0 {
                continue;
            }
            let (map, axes) = (&turned.energy_deposit_mev, (&turned.z_mm, &turned.x_mm));
            let other = value(map, axes.0, axes.1, c * (z - x), c * (z + x));
            sum2 += (own - other).powi(2);
            all2 += own * own;
            largest = largest.max((own - other).abs());
        }
    }
    ((sum2 / all2).sqrt(), largest / peak)
}

#[test]
fn a_beam_at_45_degrees_is_the_beam_at_0_degrees_turned() {
    let upright = behind_a_gap(0.0, &[]);
    let turned = behind_a_gap(
        45.0,
        &set![
            "beam.0.angle_deg" => "45.0", "beam.0.sigma_x_mm" => format!("{:?}", 5.0 * 2f64.sqrt()),
            "phantom.x_mm" => "[-27.0, 140.0]", "phantom.z_mm" => "[0.0, 135.0]",
        ],
    );
    let (l2, largest) = differences(&upright, &turned);
    claim("rotation-l2", l2, 0.02, "1");
    claim("rotation-linf", largest, 0.05, "of the maximum");
}

#[test]
fn a_turned_beam_of_70_mev_blurs_its_peak_by_half_a_cell() {
    // The straggling is 0.47 mm wide, the cells are 0.5 mm.
    let upright = set![
        "beam.0.energy_mev" => "70.0", "phantom.spacing_mm" => "[0.5, 0.5]", "transport.step_mm" => "0.5",
        "grid.range_bin_mm" => "0.125", "beam.0.sigma_x_mm" => "3.0", "phantom.x_mm" => "[-12.0, 12.0]",
        "phantom.z_mm" => "[0.0, 60.0]",
    ];
    let mut turned = upright.to_vec();
    turned.extend(set![
        "beam.0.angle_deg" => "45.0", "beam.0.sigma_x_mm" => format!("{:?}", 3.0 * 2f64.sqrt()),
        "phantom.x_mm" => "[-16.0, 60.0]",
    ]);
    let (l2, largest) = differences(&behind_a_gap(0.0, &upright), &behind_a_gap(45.0, &turned));
    known_difference("rotation-70mev-l2", l2, 0.02, 0.044, "1");
    known_difference(
        "rotation-70mev-linf",
        largest,
        0.05,
        0.095,
        "of the maximum",
    );
}

const POLICIES: &str = r#"
[phantom]
material = "water"
x_mm = [-10.0, 10.0]
z_mm = [0.0, 20.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 30.0
sigma_x_mm = 1.5
[grid]
range_bin_mm = 1.0
angle_bin_deg = 5.0
[transport]
stepping = "path"
step_mm = 1.0
prune = 0.0
max_steps = 40
[run]
precision = "double"
"#;

/// Weight rejected by a policy, for a beam that enters at an angle.
fn rejected(policy: &str, cap_deg: f64, angle_max_deg: f64, angle_deg: f64) -> f64 {
    let results = run(
        POLICIES,
        &set![
            "transport.backward" => format!("\"{policy}\""), "transport.angle_cap_deg" => format!("{cap_deg:?}"),
            "grid.angle_max_deg" => format!("{angle_max_deg:?}"), "beam.0.angle_deg" => format!("{angle_deg:?}"),
        ],
    )
    .results;
    let residual = crate::support::audit(&results, "weight_residual");
    assert!(residual.abs() < 1e-12, "{policy}: {residual}");
    crate::support::audit(&results, "weight_rejected")
}

#[test]
fn backward_policies_let_through_more_in_their_order() {
    // A grazing beam: what scatters past 90, 95.7 and 120 degrees leaves to the ledger.
    let at = |policy: &str, cap: f64| rejected(policy, cap, 180.0, 80.0);
    let (reject, allowance, cap) = (
        at("reject", 120.0),
        at("allowance", 120.0),
        at("angular-cap", 120.0),
    );
    println!("row\tpolicies\t{reject:.3e}\t{allowance:.3e}\t{cap:.3e}");
    assert!(
        reject > allowance && allowance > cap && cap > 0.0,
        "{reject} {allowance} {cap}"
    );
    assert!(at("angular-cap", 100.0) > cap);
    // On the full circle with no cap nothing can be rejected.
    assert_eq!(at("angular-cap", 180.0), 0.0);
}

#[test]
fn a_periodic_angle_axis_rejects_nothing_and_agrees_with_a_wide_one() {
    let dose = |angle_max: f64| {
        run(POLICIES, &set!["transport.backward" => "\"angular-cap\"", "transport.angle_cap_deg" => "180.0", "grid.angle_max_deg" => format!("{angle_max:?}"), "grid.angle_bin_deg" => "4.0"]).results.energy_deposit_mev
    };
    let difference = crate::support::largest_difference(&dose(180.0), &dose(152.0));
    // A forward beam: what scatters past 150 degrees is nothing.
    claim("periodic-axis", difference, 1e-6, "of the maximum");
}

/// Cells so flat that a beam at 75 degrees flies past the whole phantom, 75 cells of x, in one step; bins of several energies.
const FLAT_CELLS: &str = r#"
[phantom]
material = "water"
x_mm = [-20.0, 20.0]
z_mm = [0.0, 40.0]
spacing_mm = [1.0, 20.0]
[[beam]]
energy_mev = 150.0
energy_spread_mev = 5.0
sigma_x_mm = 1.0
[grid]
angle_max_deg = 80.0
angle_bin_deg = 5.0
[physics]
scattering = "none"
energy_loss = false
straggling = false
[run]
precision = "double"
"#;

#[test]
fn what_flies_past_a_side_in_one_step_leaks_there_with_its_energy() {
    for (angle, side) in [(-75.0, 0), (75.0, 1)] {
        for (x, prune) in [(-14.0, "1e-12"), (0.0, "0.0"), (14.0, "1e-12")] {
            let overrides = set![
                "beam.0.angle_deg" => format!("{angle:?}"),
                "beam.0.x_mm" => format!("{x:?}"),
                "transport.prune" => prune,
            ];
            let ledger = run(FLAT_CELLS, &overrides).ledger;
            let (leaked, injected) = (ledger.leaked(side), ledger.injected);
            let what = format!("{angle} {x}: {leaked:?} {injected:?}");
            // 1e-10: what is pruned, and rounding.
            assert!((leaked.weight - injected.weight).abs() < 1e-10, "{what}");
            let energy = leaked.energy_mev / injected.energy_mev;
            assert!((energy - 1.0).abs() < 1e-10, "{what}");
        }
    }
}

#[test]
fn a_phantom_of_one_plane_can_be_stepped_along_the_path() {
    let text = VACUUM.replace("z_mm = [0.0, 110.0]", "z_mm = [0.0, 1.0]");
    let ledger = run(&text, &set!["transport.step_mm" => "0.5"]).ledger;
    let (leaked, injected) = (ledger.leaked(3), ledger.injected);
    assert!(
        (leaked.weight - injected.weight).abs() < 1e-9,
        "{leaked:?} {injected:?}"
    );
}
