//! The lateral width: Fermi-Eyges moments of the same scattering power.

use crate::reference::{fermi_eyges, gaussian_power, water_range_mm};
use crate::set;
use crate::support::{
    WATER, audit, claim, depth_mm, known_difference, largest_difference, run, worst,
};
use smatrix2d::transport::Outcome;

fn beam(energy_mev: f64, streaming: &str, spacing_mm: f64) -> Outcome {
    run(
        WATER,
        &set![
            "beam.0.energy_mev" => format!("{energy_mev:.1}"),
            "phantom.x_mm" => "[-60.0, 60.0]",
            "phantom.z_mm" => format!("[0.0, {:.1}]", depth_mm(energy_mev)),
            "phantom.spacing_mm" => format!("[{spacing_mm:?}, {spacing_mm:?}]"),
            "transport.streaming" => format!("\"{streaming}\""),
            "physics.straggling" => "false",
        ],
    )
}

/// (depth over range, sigma over Fermi-Eyges' less 1) at every cell between 5 and 95 % of the range.
fn differences(energy_mev: f64, streaming: &str, spacing_mm: f64) -> Vec<(f64, f64)> {
    let results = beam(energy_mev, streaming, spacing_mm).results;
    let range = water_range_mm(energy_mev);
    let cells = results.z_mm.centers.iter().zip(&results.sigma_x_mm);
    cells
        .filter(|(z, _)| (0.05..=0.95).contains(&(*z / range)))
        .map(|(&z, &sigma)| {
            let [_, _, x2] = fermi_eyges(energy_mev, z, &gaussian_power);
            (z / range, sigma / (9.0 + x2).sqrt() - 1.0)
        })
        .collect()
}

#[test]
fn lateral_sigma_is_the_fermi_eyges_integral() {
    // 0.3 %: what the small-angle form leaves out (tan against theta, longer paths) is 0.2 % at 95 % of the range.
    for energy in [70.0, 150.0, 230.0] {
        let found = differences(energy, "cubic", 1.0);
        claim(
            &format!("fermi-eyges-{energy}"),
            worst(found.iter().map(|d| d.1)),
            0.003,
            "1",
        );
    }
}

#[test]
fn linear_streaming_widens_the_beam_and_finer_cells_make_it_less() {
    for spacing in [2.0, 1.0, 0.5] {
        let (linear, cubic) = (
            differences(150.0, "linear", spacing),
            differences(150.0, "cubic", spacing),
        );
        let at = |found: &[(f64, f64)]| found[found.len() - 1].1;
        println!(
            "row\tlinear\t{spacing}\t{:+.2}\t{:+.2}",
            100.0 * at(&linear),
            100.0 * at(&cubic)
        );
        assert!(at(&linear) > 10.0 * at(&cubic).abs());
        // Area weights add f(1 - f) dx^2 a step, at most a quarter of a cell squared: one step a cell, z / dx steps.
        let most = 0.25 * spacing * water_range_mm(150.0);
        assert!(at(&linear) < (1.0 + most / 9.0).sqrt() - 1.0);
    }
}

/// What the limit on flows costs lines of few cells: growth of a 150 MeV beam at half its range.
#[test]
fn beams_of_few_cells_grow_by_what_the_limit_cuts() {
    let growth = |sigma_x_mm: f64| {
        let overrides =
            set!["beam.0.sigma_x_mm" => format!("{sigma_x_mm:?}"), "physics.straggling" => "false"];
        let results = run(WATER, &overrides).results;
        let half = 78; // cell; R80 is 157.6 mm
        let [_, _, x2] = fermi_eyges(150.0, results.z_mm.centers[half], &gaussian_power);
        results.sigma_x_mm[half] / (sigma_x_mm * sigma_x_mm + x2).sqrt() - 1.0
    };
    // 0.3 %: that of a beam of three cells, above.
    claim("narrow-beam-2-cells", growth(2.0), 0.003, "1");
    known_difference("narrow-beam-1.5-cells", growth(1.5), 0.003, 0.0072, "1");
    known_difference("narrow-beam-1-cell", growth(1.0), 0.003, 0.035, "1");
}

/// A converging or spreading beam that is narrower in angle than the default bins.
#[test]
fn a_correlated_beam_on_wide_angle_bins_is_that_on_fine_ones() {
    // 1 %: with 0.8 of correlation and 3 mrad the angles at one x (1.8 mrad) are a fifth of a bin, and the divergence takes the excess.
    for correlation in [-0.8, 0.5, 0.8] {
        let deposit = |more: &[(&str, String)]| {
            let beam = set![
                "beam.0.sigma_x_mm" => "4.0",
                "beam.0.divergence_mrad" => "3.0",
                "beam.0.correlation" => correlation,
            ];
            run(WATER, &[&beam[..], more].concat())
                .results
                .energy_deposit_mev
        };
        let fine = set!["grid.angle_bin_deg" => "0.05"];
        let found = largest_difference(&deposit(&[]), &deposit(&fine));
        claim(
            &format!("correlated-beam-{correlation}"),
            found,
            0.01,
            "of the maximum",
        );
    }
}

/// A parallel beam between two angle bins is wider than it was asked for: by sqrt(f (1 - f)) bins, f its place between them.
#[test]
fn the_audit_tells_what_angle_bins_add_to_a_beam() {
    for (angle_deg, told_mrad) in [
        (2.0_f64, 0.0),
        (2.2, (0.4_f64 * 0.6).sqrt() * 0.5_f64.to_radians() * 1e3),
    ] {
        let results = run(WATER, &set!["beam.0.angle_deg" => format!("{angle_deg:?}")]).results;
        let found = audit(&results, "angle_axis_excess_sigma_mrad");
        // Bins are halves of a degree to rounding.
        assert!((found - told_mrad).abs() < 1e-6, "{found} {told_mrad}");
    }
}
