//! The three energy axes: what their bins add to the beam's energy spread, and that the audit tells it.

use crate::reference::range_straggling_mm;
use crate::set;
use crate::support::{
    Overrides, WATER, audit, audit_by_step, claim, known_difference, moments, run,
};
use smatrix2d::results::Results;

/// Standard deviation of the depths at which protons stop, mm.
fn stopping_sigma_mm(results: &Results, range_bin_mm: f64) -> f64 {
    // What a cell of 1 mm adds to depths on a lattice of that spacing (Sheppard).
    let cell = (1.0 - range_bin_mm * range_bin_mm) / 12.0;
    let stopped = audit_by_step(results, "weight_stopped");
    let depths: Vec<f64> = (0..stopped.len())
        .map(|i| results.z_mm.centers[i])
        .collect();
    (moments(&depths, stopped).2 - cell).sqrt()
}

fn on_range_bins(bin_mm: f64, straggling: &str) -> Results {
    run(WATER, &set!["physics.scattering" => "\"none\"", "grid.range_bin_mm" => format!("{bin_mm:?}"), "physics.straggling" => straggling, "transport.prune" => "1e-10"]).results
}

#[test]
fn range_bins_that_divide_the_cells_add_nothing() {
    for bin in [0.25, 0.5, 1.0] {
        let results = on_range_bins(bin, "true");
        claim(
            &format!("excess-range-{bin}mm"),
            audit(&results, "energy_axis_excess_sigma_mm"),
            0.1,
            "mm",
        );
        claim(
            &format!("stopping-sigma-{bin}mm"),
            stopping_sigma_mm(&results, bin) / range_straggling_mm(150.0, 2.0) - 1.0,
            0.01,
            "1",
        );
    }
}

/// A Gaussian of energies is no Gaussian of ranges.
#[test]
fn a_wide_spectrum_has_the_beams_mean_energy_on_every_axis() {
    for axis in ["range", "uniform", "log"] {
        let results = run(
            WATER,
            &set![
                "beam.0.energy_mev" => "70.0",
                "beam.0.energy_spread_mev" => "5.0",
                "grid.energy_axis" => format!("{axis:?}"),
            ],
        )
        .results;
        let mean_mev = audit(&results, "energy_in_mev") / audit(&results, "weight_in");
        // Third order in the spread is left out: 70 MeV (5/70)^3.
        claim(
            &format!("mean-energy-{axis}-axis"),
            mean_mev - 70.0,
            0.025,
            "MeV",
        );
    }
}

#[test]
fn the_audit_tells_what_range_bins_out_of_step_add() {
    for (bin, straggling) in [
        (0.4, "false"),
        (0.7, "false"),
        (0.4, "true"),
        (0.7, "true"),
        (1.5, "true"),
    ] {
        let results = on_range_bins(bin, straggling);
        let own = if straggling == "true" {
            range_straggling_mm(150.0, 2.0)
        } else {
            0.0
        };
        // Depths are in cells of 1 mm here, out of step with the bins: a cell's own width is in their spread.
        let found = (stopping_sigma_mm(&results, 0.0).powi(2) - own * own).sqrt();
        let told = audit(&results, "energy_axis_excess_sigma_mm");
        println!("row\texcess\t{bin}\t{straggling}\t{told:.3}\t{found:.3}");
        claim(
            &format!("excess-told-{bin}mm-{straggling}"),
            told / found - 1.0,
            0.05,
            "1",
        );
    }
}

fn on_energy_bins(axis: &str, bins: usize) -> Results {
    run(WATER, &set!["physics.scattering" => "\"none\"", "grid.energy_axis" => format!("\"{axis}\""), "grid.energy_bins" => bins, "transport.prune" => "1e-10"]).results
}

#[test]
fn energy_axes_come_to_the_range_of_the_range_axis_and_the_audit_tells_their_widening() {
    let reference = on_range_bins(0.5, "true").summary.r80_mm;
    for axis in ["uniform", "log"] {
        for bins in [150, 300, 600, 1200] {
            let results = on_energy_bins(axis, bins);
            let told = audit(&results, "energy_axis_excess_sigma_mm");
            let found = (stopping_sigma_mm(&results, 0.0).powi(2)
                - range_straggling_mm(150.0, 2.0).powi(2))
            .max(0.0)
            .sqrt();
            println!(
                "row\taxes\t{axis}\t{bins}\t{told:.3}\t{found:.3}\t{:.3}\t{:.3}",
                results.summary.r80_mm - reference,
                results.summary.falloff_80_20_mm
            );
            // Where the axis adds more than straggling itself, the last cells' spread is no longer a sum of small parts.
            if (0.1..4.0).contains(&told) {
                claim(
                    &format!("axes-told-{axis}-{bins}"),
                    told / found - 1.0,
                    0.05,
                    "1",
                );
            }
        }
        let finest = on_energy_bins(axis, 1200).summary.r80_mm;
        claim(&format!("axes-r80-{axis}"), finest - reference, 0.1, "mm");
    }
}

/// Bins far finer than the straggling: hard knock-ons would need a node farther down than eight bins, and are left out.
#[test]
fn bins_a_fifth_of_the_default_lose_the_third_moment() {
    let summary = |more: Overrides| {
        let beam = set!["beam.0.energy_mev" => "230.0", "phantom.z_mm" => "[0.0, 360.0]"];
        run(WATER, &[&beam[..], more].concat()).results.summary
    };
    let (own, fine) = (summary(&[]), summary(&set!["grid.range_bin_mm" => "0.1"]));
    // R80 in water is within 0.05 mm of PSTAR with default bins.
    known_difference("r80-fine-bins", fine.r80_mm - own.r80_mm, 0.02, 0.06, "mm");
}
