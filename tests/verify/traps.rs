//! Mistakes of earlier codes of this method that no other test here would show: docs/verification/traps.md has all of them.

use crate::set;
use crate::support::{WATER, audit, audit_by_step, claim, moments, run, worst};
use smatrix2d::results::Results;

fn by_path(step_mm: f64) -> Results {
    run(
        WATER,
        &set![
            "beam.0.energy_mev" => "70.0", "phantom.z_mm" => "[0.0, 48.0]", "phantom.x_mm" => "[-16.0, 16.0]", "transport.stepping" => "\"path\"",
            "transport.step_mm" => format!("{step_mm:?}"), "physics.scattering" => "\"none\"", "physics.straggling" => "false", "grid.range_bin_mm" => "0.125",
        ],
    )
    .results
}

#[test]
fn depth_doses_do_not_alternate_between_neighbouring_cells() {
    // Far before the peak a smooth curve's second difference is its curvature; alternation would be of the order of the dose.
    let depth = run(WATER, &[]).results;
    for (name, results, last) in [
        ("depth", depth, 120),
        ("path-1", by_path(1.0), 30),
        ("path-0.5", by_path(0.5), 30),
    ] {
        let dose = results.depth_dose_mev_per_mm.to_vec();
        let second = dose[3..last]
            .windows(3)
            .map(|d| (d[0] - 2.0 * d[1] + d[2]) / d[1]);
        claim(&format!("alternation-{name}"), worst(second), 0.01, "1");
    }
}

/// Mean depth of the deposited energy.
fn depth_of_deposit_mm(results: &Results) -> f64 {
    moments(
        &results.z_mm.centers,
        &results.depth_dose_mev_per_mm.to_vec(),
    )
    .1
}

#[test]
fn in_path_stepping_the_dose_stays_where_it_is_with_a_step_shorter_than_a_cell() {
    // 0.1 mm, as for R80.
    let depth_mm = depth_of_deposit_mm(&by_path(1.0));
    for step_mm in [0.5, 0.25, 0.4, 1.5] {
        let moved = depth_of_deposit_mm(&by_path(step_mm)) - depth_mm;
        claim(&format!("path-step-{step_mm}mm"), moved, 0.1, "mm");
    }
}

#[test]
fn below_the_cutoff_the_rest_of_the_energy_stays_in_the_cell() {
    for cutoff_mev in [0.5, 2.0, 5.0, 10.0] {
        let results = run(WATER, &set!["grid.cutoff_mev" => format!("{cutoff_mev:?}"), "transport.prune" => "0.0", "phantom.spacing_mm" => "[2.0, 1.0]", "run.precision" => "\"double\""]).results;
        let rejected = (
            audit(&results, "weight_rejected"),
            audit(&results, "energy_rejected_mev"),
        );
        let stopped: f64 = audit_by_step(&results, "weight_stopped").iter().sum();
        claim(
            &format!("stopped-{cutoff_mev}"),
            stopped + rejected.0 - audit(&results, "weight_in"),
            1e-9,
            "protons",
        );
        claim(
            &format!("cutoff-{cutoff_mev}"),
            results.energy_deposit_mev.sum() + rejected.1 - audit(&results, "energy_in_mev"),
            1e-6,
            "MeV",
        );
    }
}

#[test]
fn the_source_has_the_beams_weight_centre_and_width() {
    for (x_mm, sigma_mm) in [(0.0, 3.0), (0.37, 3.0), (-12.81, 1.2)] {
        let results = run(WATER, &set!["beam.0.x_mm" => format!("{x_mm:?}"), "beam.0.sigma_x_mm" => format!("{sigma_mm:?}"), "physics.scattering" => "\"none\"", "transport.prune" => "1e-12"]).results;
        let fluence = results.fluence_per_mm.as_ref().unwrap();
        let (_, mean, variance) = moments(&results.x_mm.centers, &fluence.row(0).to_vec());
        claim(&format!("source-centre-{x_mm}"), mean - x_mm, 1e-5, "mm");
        claim(
            &format!("source-width-{x_mm}"),
            variance.sqrt() / sigma_mm - 1.0,
            1e-4,
            "1",
        );
        claim(
            &format!("source-weight-{x_mm}"),
            audit(&results, "weight_in") - 1.0,
            1e-6,
            "1",
        );
    }
}
