//! Weight and energy: every run closes, and psi never is negative.

use crate::set;
use crate::support::{Overrides, WATER, audit, claim, known_difference, run, worst};
use smatrix2d::results::Results;

/// Runs that differ in what may lose weight.
fn variants() -> Vec<(&'static str, Vec<(&'static str, String)>)> {
    vec![
        ("as it is", set![].to_vec()),
        ("dense", set!["transport.prune" => "0.0", "phantom.spacing_mm" => "[2.0, 2.0]"].to_vec()),
        ("lie", set!["transport.splitting" => "\"lie\""].to_vec()),
        ("linear", set!["transport.streaming" => "\"linear\""].to_vec()),
        ("narrow phantom", set!["phantom.x_mm" => "[-10.0, 10.0]"].to_vec()),
        ("thin phantom", set!["phantom.z_mm" => "[0.0, 100.0]"].to_vec()),
        ("narrow angles", set!["grid.angle_max_deg" => "4.0"].to_vec()),
        ("log axis", set!["grid.energy_axis" => "\"log\"", "grid.energy_bins" => "300"].to_vec()),
        ("oblique", set!["beam.0.angle_deg" => "10.0", "beam.0.divergence_mrad" => "3.0"].to_vec()),
        (
            "path",
            set![
                "transport.stepping" => "\"path\"", "beam.0.energy_mev" => "60.0", "phantom.z_mm" => "[0.0, 34.0]",
                "phantom.x_mm" => "[-16.0, 16.0]", "grid.angle_max_deg" => "30.0", "grid.angle_bin_deg" => "1.0",
                "transport.prune" => "1e-6",
            ]
            .to_vec(),
        ),
    ]
}

fn residuals(results: &Results) -> [f64; 4] {
    [
        "weight_residual",
        "energy_residual",
        "weight_residual_worst_step",
        "energy_residual_worst_step",
    ]
    .map(|c| audit(results, c))
}

/// What the channels say, added up here and not by the ledger.
fn channel_sums(results: &Results) -> [f64; 2] {
    let sum = |names: &[&str]| -> f64 { names.iter().map(|name| audit(results, name)).sum() };
    let weight = sum(&[
        "weight_alive",
        "weight_stopped",
        "weight_rejected",
        "weight_pruned",
        "weight_leaked_x_min",
        "weight_leaked_x_max",
        "weight_leaked_z_min",
        "weight_leaked_z_max",
    ]);
    let energy = sum(&[
        "energy_alive_mev",
        "energy_rejected_mev",
        "energy_pruned_mev",
        "energy_leaked_x_min_mev",
        "energy_leaked_x_max_mev",
        "energy_leaked_z_min_mev",
        "energy_leaked_z_max_mev",
    ]);
    // Deposited energy from the map itself.
    let deposited = results.energy_deposit_mev.sum();
    [
        weight / audit(results, "weight_in") - 1.0,
        (energy + deposited) / audit(results, "energy_in_mev") - 1.0,
    ]
}

fn all_close(precision: &str, tolerance: f64) {
    let mut all = [vec![], vec![]];
    for (name, overrides) in variants() {
        let with_precision: Vec<(&str, String)> = overrides
            .iter()
            .cloned()
            .chain([("run.precision", format!("\"{precision}\""))])
            .collect();
        let results = run(WATER, &with_precision as Overrides).results;
        println!(
            "{name}: {:?} {:?}; pruned {:.1e} rejected {:.1e}",
            residuals(&results),
            channel_sums(&results),
            audit(&results, "weight_pruned"),
            audit(&results, "weight_rejected")
        );
        let [weight, energy] = channel_sums(&results);
        all[0].extend([weight, residuals(&results)[0], residuals(&results)[2]]);
        all[1].extend([energy, residuals(&results)[1], residuals(&results)[3]]);
    }
    let [weight, energy] = all;
    claim(
        &format!("weight-{precision}"),
        worst(weight),
        tolerance,
        "1",
    );
    claim(
        &format!("energy-{precision}"),
        worst(energy),
        tolerance,
        "1",
    );
}

#[test]
fn weight_and_energy_close_in_single_precision() {
    all_close("single", 1e-6);
}

#[test]
fn weight_and_energy_close_in_double_precision() {
    all_close("double", 1e-12);
}

#[test]
fn psi_is_never_negative() {
    for streaming in ["cubic", "linear"] {
        let results = run(WATER, &set![
            "transport.streaming" => format!("\"{streaming}\""), "beam.0.sigma_x_mm" => "0.0", "beam.0.x_mm" => "0.5",
            "output.quantities" => "[\"dose\", \"phase_space\"]", "output.planes_mm" => "[1.0, 20.0, 80.0, 120.0, 150.0, 157.0]",
        ]).results;
        let psi = results
            .spectra
            .expect("asked for")
            .phase_space
            .expect("asked for");
        assert!(psi.iter().all(|weight| *weight >= 0.0));
        assert!(
            results
                .energy_deposit_mev
                .iter()
                .all(|deposit| *deposit >= 0.0)
        );
    }
}

#[test]
fn dose_converges_as_less_is_pruned_and_what_is_pruned_is_told() {
    let dose = |prune: f64| {
        let results = run(
            WATER,
            &set!["transport.prune" => format!("{prune:e}"), "run.precision" => "\"double\""],
        )
        .results;
        (
            results.energy_deposit_mev.clone(),
            audit(&results, "weight_pruned"),
        )
    };
    let (reference, none) = dose(1e-11);
    let mut before = (f64::MAX, f64::MAX);
    for prune in [1e-6, 1e-7, 1e-8, 1e-9] {
        let (map, pruned) = dose(prune);
        let difference = crate::support::largest_difference(&map, &reference);
        println!("row\tprune\t{prune:e}\t{pruned:.2e}\t{difference:.2e}");
        assert!(pruned < 0.5 * before.0 && difference < 0.5 * before.1 && pruned > none);
        // The dose that a cell misses is a share of what was pruned.
        assert!(difference <= pruned);
        before = (pruned, difference);
    }
    claim(
        "prune-default",
        {
            let (map, _) = dose(1e-7);
            crate::support::largest_difference(&map, &reference)
        },
        1e-3,
        "of the maximum",
    );
}

#[test]
fn fine_range_bins_close_in_single_precision() {
    // All of the beam in one angle: nothing averages the rounding of the sums over energy.
    for bin_mm in [0.1, 0.05] {
        let outcome = run(
            WATER,
            &set![
                "phantom.material" => "\"water_icru90\"", "physics.scattering" => "\"none\"",
                "grid.range_bin_mm" => bin_mm, "run.precision" => "\"single\"",
            ],
        );
        let [weight, energy, ..] = residuals(&outcome.results);
        claim(&format!("weight-single-{bin_mm}mm-bins"), weight, 1e-6, "1");
        claim(&format!("energy-single-{bin_mm}mm-bins"), energy, 1e-6, "1");
    }
}

#[test]
fn a_step_longer_than_the_range_stops_all_of_the_beam_in_it() {
    let found = run(
        WATER,
        &set!["beam.0.energy_mev" => "20.0", "phantom.spacing_mm" => "[1.0, 60.0]"],
    );
    assert!(worst(residuals(&found.results)).abs() < 1e-6);
    assert!((audit(&found.results, "weight_stopped") - 1.0).abs() < 1e-6);
}

#[test]
fn a_beam_that_is_out_of_steps_is_still_alive_and_has_not_leaked() {
    let found = run(WATER, &set!["transport.max_steps" => "3"]).results;
    assert!((audit(&found, "weight_alive") - 1.0).abs() < 1e-6);
    assert_eq!(audit(&found, "weight_leaked_z_max"), 0.0);
    assert!(worst(residuals(&found)).abs() < 1e-6);
}

/// A thousand steps that lose little each round to the same side in each: a quarter of the last place on average, at most 2^-25 of a number, is what
/// a run may leave open by step. Double precision closes.
#[test]
fn a_metre_of_helium_closes_to_the_rounding_of_its_steps() {
    let helium = set![
        "beam.0.energy_mev" => "70.0",
        "phantom.material" => "\"helium\"",
        "phantom.x_mm" => "[-100.0, 100.0]",
        "phantom.z_mm" => "[0.0, 1000.0]",
    ];
    let residual = worst(residuals(&run(WATER, &helium).results));
    known_difference("helium-single", residual, 1e-6, 1e-5, "1");
    let double = [&helium[..], &set!["run.precision" => "\"double\""]].concat();
    let residual = worst(residuals(&run(WATER, &double).results));
    claim("helium-double", residual, 1e-12, "1");
}
