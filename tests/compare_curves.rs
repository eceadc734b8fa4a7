//! Figures of curves against closed forms.

use smatrix2d::curves::{core_sigma, find_peak, interpolate, moment_sigma, summarise};
use smatrix2d::results::Axis;

fn gaussian(x: f64, sigma: f64) -> f64 {
    (-0.5 * (x / sigma).powi(2)).exp()
}

/// A plateau of 1, a Gaussian rise of sigma 5 mm to 4 at 100 mm and a Gaussian fall of sigma 2 mm behind it.
fn bragg_like(z: f64) -> f64 {
    match z < 100.0 {
        true => 1.0 + 3.0 * gaussian(z - 100.0, 5.0),
        false => 4.0 * gaussian(z - 100.0, 2.0),
    }
}

#[test]
fn distal_figures_follow_the_closed_form() {
    let z_mm = Axis::uniform(0.0, 0.1, 1500);
    let dose: Vec<f64> = z_mm.centers.iter().map(|&z| bragg_like(z)).collect();
    let summary = summarise(&z_mm, &dose, &z_mm.centers);
    let depth_at = |level: f64| 100.0 + 2.0 * (2.0 * (1.0 / level).ln()).sqrt();
    let half_rise = 100.0 - 5.0 * (2.0 * 3f64.ln()).sqrt();
    // Linear interpolation over 0.1 mm errs by spacing^2 / 8 times the curvature over the slope: 2e-3 mm at R90.
    for (name, found, expected) in [
        ("R90", summary.r90_mm, depth_at(0.9)),
        ("R80", summary.r80_mm, depth_at(0.8)),
        ("R50", summary.r50_mm, depth_at(0.5)),
        ("R20", summary.r20_mm, depth_at(0.2)),
        (
            "falloff",
            summary.falloff_80_20_mm,
            depth_at(0.2) - depth_at(0.8),
        ),
        ("peak depth", summary.peak_depth_mm, 100.0),
        ("width", summary.peak_width_mm, depth_at(0.5) - half_rise),
        ("peak", summary.peak_mev_per_mm, 4.0),
        ("peak to entrance", summary.peak_to_entrance, 4.0),
        ("sigma", summary.sigma_at_peak_mm, 100.0),
    ] {
        // The two sides' different curvature moves the vertex by up to half a cell.
        let tolerance = if name == "peak depth" || name == "sigma" {
            0.051
        } else {
            3e-3
        };
        assert!(
            (found - expected).abs() < tolerance,
            "{name}: {found} for {expected}"
        );
    }
}

#[test]
fn a_peak_between_samples_is_found_exactly_on_a_parabola() {
    let x = [0.0, 1.0, 2.5, 3.0, 4.0];
    let y = x.map(|x: f64| 7.0 - (x - 2.2).powi(2));
    let peak = find_peak(&x, &y).unwrap();
    assert!(
        (peak.position - 2.2).abs() < 1e-12 && (peak.height - 7.0).abs() < 1e-12,
        "{peak:?}"
    );
}

#[test]
fn curves_without_a_distal_edge_give_nan() {
    let z_mm = Axis::uniform(0.0, 1.0, 50);
    for (name, dose) in [
        ("beam leaves the phantom", z_mm.centers.clone()),
        ("no signal", vec![0.0; 50]),
        ("not a number", vec![f64::NAN; 50]),
        ("too short", vec![1.0; 3]),
        ("empty", vec![]),
    ] {
        let summary = summarise(&z_mm, &dose, &[]);
        assert!(
            summary.r80_mm.is_nan() && summary.peak_width_mm.is_nan(),
            "{name}: {summary:?}"
        );
    }
}

#[test]
fn range_is_that_of_the_deepest_edge_where_a_curve_has_two_peaks() {
    let z_mm = Axis::uniform(0.0, 0.5, 200);
    let two = |z: f64| gaussian(z - 40.0, 2.0) + 0.9 * gaussian(z - 60.0, 2.0);
    let dose: Vec<f64> = z_mm.centers.iter().map(|&z| two(z)).collect();
    let expected = 60.0 + 2.0 * (2.0 * (0.9f64 / 0.8).ln()).sqrt();
    // 0.5 mm cells at the rounded top of the second peak.
    assert!((summarise(&z_mm, &dose, &[]).r80_mm - expected).abs() < 0.05);
}

#[test]
fn both_sigmas_of_a_gaussian_are_its_own() {
    for sigma in [1.0, 3.0, 7.5] {
        let x = Axis::uniform(-60.0, 0.5, 240).centers;
        let profile: Vec<f64> = x.iter().map(|&x| gaussian(x - 0.3, sigma)).collect();
        assert!((moment_sigma(&x, &profile) - sigma).abs() < 1e-9);
        assert!((core_sigma(&x, &profile) - sigma).abs() < 1e-9);
    }
}

#[test]
fn a_tail_moves_the_moment_and_leaves_the_core() {
    let x = Axis::uniform(-100.0, 0.5, 400).centers;
    let profile: Vec<f64> = x
        .iter()
        .map(|&x| gaussian(x, 3.0) + 0.005 * gaussian(x, 20.0))
        .collect();
    // The tail adds 0.5 % of the height at the centre and more of the core's foot: below 2 % of the width.
    assert!((core_sigma(&x, &profile) / 3.0 - 1.0).abs() < 0.02);
    assert!(moment_sigma(&x, &profile) > 4.0);
}

#[test]
fn interpolation_is_nan_outside_its_samples() {
    let (x, y) = ([0.0, 1.0, 3.0], [0.0, 2.0, 4.0]);
    assert_eq!(
        [0.0, 0.5, 2.0, 3.0].map(|at| interpolate(&x, &y, at)),
        [0.0, 1.0, 3.0, 4.0]
    );
    assert!(interpolate(&x, &y, 3.1).is_nan() && interpolate(&x, &y, -0.1).is_nan());
}
