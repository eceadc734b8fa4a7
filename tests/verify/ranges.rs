//! Ranges, range straggling and the distal edge in water.

use crate::reference::{
    depth_dose, detour_mm, pstar_projected_range_mm, range_skewness, range_straggling_mm, water,
    water_range_mm,
};
use crate::set;
use crate::support::{
    Overrides, WATER, audit_by_step, claim, depth_mm, known_difference, moments, run, worst,
};
use smatrix2d::curves;
use smatrix2d::results::{Axis, Summary};
use smatrix2d::transport::Outcome;

const ENERGIES_MEV: [f64; 5] = [70.0, 100.0, 150.0, 200.0, 230.0];

/// A beam on the default range bins.
fn beam(energy_mev: f64, spacing_mm: f64, scattering: &str) -> Outcome {
    beam_with(energy_mev, spacing_mm, scattering, &[])
}

fn beam_with(energy_mev: f64, spacing_mm: f64, scattering: &str, more: Overrides) -> Outcome {
    let own = set![
        "beam.0.energy_mev" => format!("{energy_mev:.1}"),
        "phantom.z_mm" => format!("[0.0, {:.1}]", depth_mm(energy_mev)),
        "phantom.spacing_mm" => format!("[1.0, {spacing_mm:?}]"),
        "physics.scattering" => format!("\"{scattering}\""),
    ];
    run(WATER, &[&own[..], more].concat())
}

/// The curve that E(r) and the straggling integrals give on the same cells.
fn convolved(energy_mev: f64, mean_range_mm: f64, spacing_mm: f64, z: &Axis) -> Summary {
    let moments = [
        mean_range_mm,
        range_straggling_mm(energy_mev, 0.01),
        range_skewness(energy_mev, 0.01),
    ];
    let curve = depth_dose(moments, spacing_mm, z.len());
    curves::summarise(z, &curve, &vec![0.0; z.len()])
}

fn mean_depth_mm(energy_mev: f64) -> f64 {
    water_range_mm(energy_mev) - detour_mm(energy_mev)
}

#[test]
fn the_detour_is_pstars() {
    // PSTAR prints the factor to four digits, half of the last is 0.02 mm at 230 MeV; and its detour is 3 to 9 % longer.
    let differences =
        ENERGIES_MEV.map(|energy| mean_depth_mm(energy) - pstar_projected_range_mm(energy));
    claim("detour-pstar", worst(differences), 0.03, "mm");
}

#[test]
fn r80_is_pstars_projected_range_and_what_straggling_adds() {
    // PSTAR's projected range is a mean depth (ICRU 49). R80 of a straggled curve of that mean lies elsewhere: beyond it by up
    // to 0.17 mm (230 MeV), short of it by a part of the cell on cells as wide as the edge.
    for spacing_mm in [1.0, 0.5] {
        let differences = ENERGIES_MEV.map(|energy| {
            let outcome = beam(energy, spacing_mm, "gaussian");
            let mean = pstar_projected_range_mm(energy);
            let found = outcome.results.summary.r80_mm;
            let expected = convolved(energy, mean, spacing_mm, &outcome.results.z_mm).r80_mm;
            println!("{energy} MeV: R80 {found:.3} mm, projected range {mean:.3}, with straggling {expected:.3}");
            (found - expected, found - mean)
        });
        let (with_straggling, without) = (differences.map(|d| d.0), differences.map(|d| d.1));
        claim(
            &format!("r80-{spacing_mm}mm-pstar"),
            worst(with_straggling),
            0.1,
            "mm",
        );
        known_difference(
            &format!("r80-{spacing_mm}mm-mean-depth"),
            worst(without),
            0.1,
            0.24,
            "mm",
        );
    }
}

#[test]
fn with_range_bins_of_half_a_millimetre_the_falloff_misses() {
    // What is known of it: a tenth more than is found.
    for (spacing, energy, at_most) in [(1.0, 70.0, 0.034), (0.5, 70.0, 0.165), (0.5, 100.0, 0.031)]
    {
        let outcome = beam_with(
            energy,
            spacing,
            "gaussian",
            &set!["grid.range_bin_mm" => "0.5"],
        );
        let mean = mean_depth_mm(energy);
        let curve = convolved(energy, mean, spacing, &outcome.results.z_mm);
        let falloff = outcome.results.summary.falloff_80_20_mm / curve.falloff_80_20_mm - 1.0;
        println!("0.5 mm bins {energy} MeV {spacing} mm: falloff {falloff:+.4}");
        let id = format!("falloff-halfmm-bins-{energy}-{spacing}mm");
        known_difference(&id, falloff, 0.02, at_most, "1");
    }
}

/// R80 (mm) and the 80-20 falloff (relative) against the curve with three moments of the range.
fn difference(energy: f64, spacing_mm: f64) -> (f64, f64) {
    let outcome = beam(energy, spacing_mm, "gaussian");
    let found = &outcome.results.summary;
    let curve = convolved(
        energy,
        mean_depth_mm(energy),
        spacing_mm,
        &outcome.results.z_mm,
    );
    let (r80, falloff) = (
        found.r80_mm - curve.r80_mm,
        found.falloff_80_20_mm / curve.falloff_80_20_mm - 1.0,
    );
    println!("{energy} MeV, {spacing_mm} mm: R80 {r80:+.3} mm, falloff {falloff:+.4}");
    (r80, falloff)
}

#[test]
fn r80_and_falloff_are_those_of_the_convolved_curve_on_the_same_cells() {
    // 0.1 mm: a fifth of the smaller cell; 2 %: what Bohr's variance itself is good for.
    for spacing in [1.0, 0.5] {
        let (r80, falloff): (Vec<f64>, Vec<f64>) = ENERGIES_MEV
            .iter()
            .map(|&energy| difference(energy, spacing))
            .unzip();
        claim(&format!("r80-convolved-{spacing}mm"), worst(r80), 0.1, "mm");
        claim(
            &format!("falloff-convolved-{spacing}mm"),
            worst(falloff),
            0.02,
            "1",
        );
    }
}

#[test]
fn the_falloff_does_not_depend_on_where_range_zero_lies_between_the_bins() {
    // From 62 to 93 MeV range zero lies at any tenth of a bin.
    let falloffs = [62.0, 66.0, 74.0, 78.0, 85.0, 93.0].map(|energy| difference(energy, 0.5).1);
    claim("falloff-bin-phase", worst(falloffs), 0.02, "1");
}

#[test]
fn the_csda_ranges_compared_with_are_those_that_pstar_prints() {
    // PSTAR prints four digits: half a unit of the last one.
    for (energy, printed_mm, digit) in [
        (70.0, 40.80, 0.005),
        (100.0, 77.18, 0.005),
        (150.0, 157.7, 0.05),
        (200.0, 259.6, 0.05),
    ] {
        let found = water_range_mm(energy);
        assert!(
            (found - printed_mm).abs() <= digit + 1e-3 * printed_mm * 0.1,
            "{energy}: {found}"
        );
    }
}

/// Standard deviation of the depths at which protons stop, mm. Cells and bins of range are in step, so that the depths are
/// points of a lattice: no width of a cell is to be taken off.
fn stopping_sigma_mm(outcome: &Outcome, spacing_mm: f64) -> f64 {
    let stopped = audit_by_step(&outcome.results, "weight_stopped");
    let depths: Vec<f64> = (0..stopped.len())
        .map(|i| (i as f64 + 0.5) * spacing_mm)
        .collect();
    moments(&depths, stopped).2.sqrt()
}

#[test]
fn range_straggling_is_the_integral_of_bohr_over_the_stopping_power_cubed() {
    // 1 %: Bohr's own figure is good to about 2 %; the numbers here are the same on both sides.
    let differences = ENERGIES_MEV.map(|energy| {
        let found = stopping_sigma_mm(
            &beam_with(energy, 0.5, "none", &set!["grid.range_bin_mm" => "0.5"]),
            0.5,
        );
        let expected = range_straggling_mm(energy, 2.0);
        println!("{energy} MeV: sigma_R {found:.4} mm, integral {expected:.4} mm");
        found / expected - 1.0
    });
    claim("range-straggling", worst(differences), 0.01, "1");
}

#[test]
fn the_peak_rises_where_the_stopping_power_does() {
    // Peak over entrance above 5 tells a Bragg peak from a flat curve; S(1)/S(70) is what makes it.
    let ratio = water().mass_stopping_power_mev_cm2_per_g(1.0)
        / water().mass_stopping_power_mev_cm2_per_g(70.0);
    assert!((ratio - 27.3).abs() < 0.3, "{ratio}");
    for energy in ENERGIES_MEV {
        assert!(
            beam(energy, 1.0, "gaussian")
                .results
                .summary
                .peak_to_entrance
                > 5.0,
            "{energy}"
        );
    }
}
