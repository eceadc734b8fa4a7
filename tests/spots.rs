//! Spots: what several have in common, and what bins make of one.

use smatrix2d::backend::cpu::Cpu;
use smatrix2d::case::Case;
use smatrix2d::phantom::Phantom;
use smatrix2d::transport::{self, Outcome};
use std::path::Path;

const PHANTOM: &str = r#"
[phantom]
material = "water"
x_mm = [-60.0, 60.0]
z_mm = [0.0, 90.0]
spacing_mm = [1.0, 1.0]
"#;

fn run(text: &str) -> Outcome {
    let case = Case::parse(text, Path::new("spots.toml"), &[]).unwrap();
    let phantom = Phantom::build(&case, Path::new(".")).unwrap();
    transport::run(&case, &phantom, &Cpu::new(case.run.precision), &mut |_| ()).unwrap()
}

fn audit(outcome: &Outcome, channel: &str) -> f64 {
    let found = outcome
        .results
        .audit
        .iter()
        .find(|(name, _)| name == channel);
    found.expect("a channel").1
}

#[test]
fn the_order_of_spots_does_not_matter_where_the_axis_of_one_leaves_sideways() {
    let spot = |x_mm: f64, weight: f64| {
        format!(
            "[[beam]]\nenergy_mev = 100.0\nangle_deg = 25.0\nx_mm = {x_mm:?}\nweight = {weight:?}\n"
        )
    };
    let (leaves, stays) = (spot(50.0, 1e-6), spot(-30.0, 1.0));
    let found = [[&leaves, &stays], [&stays, &leaves]].map(|[first, second]| {
        run(&format!(
            "{PHANTOM}{first}{second}[grid]\nangle_max_deg = 45.0\n"
        ))
        .results
        .energy_deposit_mev
    });
    let largest = found[0].iter().copied().fold(0.0, f64::max);
    let worst = (&found[0] - &found[1])
        .iter()
        .fold(0.0_f64, |worst, d| worst.max(d.abs()));
    assert!(worst < 1e-6 * largest, "{worst} of {largest}");
}

#[test]
fn spectra_take_spots_of_lower_energy_and_larger_spread() {
    let outcome = run(&format!(
        "{PHANTOM}[output]\nquantities = [\"energy_spectrum\"]\nplanes_mm = [0.0]
[[beam]]\nenergy_mev = 100.0\n[[beam]]\nenergy_mev = 98.0\nenergy_spread_mev = 5.0\n"
    ));
    let spectra = outcome.results.spectra.expect("asked for");
    let spectrum = spectra.energy_spectrum_per_mev.expect("asked for");
    let (last, largest) = (
        spectrum[[0, spectrum.ncols() - 1]],
        spectrum.iter().copied().fold(0.0, f64::max),
    );
    assert!(
        last < 1e-3 * largest,
        "{last} in the last bin, {largest} at most"
    );
}

#[test]
fn a_single_column_holds_a_beam() {
    let outcome = run(
        "[phantom]\nmaterial = \"water\"\nx_mm = [-500.0, 500.0]\nz_mm = [0.0, 90.0]\nspacing_mm = [1000.0, 1.0]
[[beam]]\nenergy_mev = 100.0\n",
    );
    assert!((audit(&outcome, "weight_in") - 1.0).abs() < 1e-6);
}

#[test]
fn what_is_not_injected_has_its_energy() {
    let outcome = run(&format!(
        "{PHANTOM}[[beam]]\nenergy_mev = 100.0\nx_mm = 20.0\nsigma_x_mm = 12.5\n"
    ));
    let weight = audit(&outcome, "weight_not_injected");
    assert!(weight > 1e-4, "{weight}");
    let energy_mev = audit(&outcome, "energy_not_injected_mev");
    assert!(
        (energy_mev / weight - 100.0).abs() < 1e-3,
        "{energy_mev} of {weight}"
    );
}

#[test]
fn cells_too_wide_for_a_beam_tell_what_they_add() {
    let outcome = run(
        "[phantom]\nmaterial = \"water\"\nx_mm = [-60.0, 60.0]\nz_mm = [0.0, 90.0]\nspacing_mm = [2.0, 1.0]
[[beam]]\nenergy_mev = 100.0\nsigma_x_mm = 0.3\n",
    );
    let added_mm = audit(&outcome, "x_axis_excess_sigma_mm");
    // Half of it in either of two cells: a standard deviation of 1 mm.
    assert!(
        (added_mm - (1.0_f64 - 0.09).sqrt()).abs() < 1e-6,
        "{added_mm}"
    );
}

#[test]
fn range_axes_are_in_the_water_that_cells_hold() {
    let region = "[[phantom.region]]\nmaterial = \"water\"\nz_mm = [0.0, 90.0]\n";
    let beam = "[[beam]]\nenergy_mev = 100.0\n";
    let covered = PHANTOM.replace("\"water\"", "\"water_icru90\"");
    let covered = run(&format!("{covered}{region}{beam}"));
    let plain = run(&format!("{PHANTOM}{beam}"));
    let bins = |outcome: &Outcome| audit(outcome, "energy_axis_excess_sigma_mm");
    assert_eq!(bins(&covered), bins(&plain));
    assert_eq!(
        covered.results.energy_deposit_mev,
        plain.results.energy_deposit_mev
    );
}

#[test]
fn a_spread_about_a_mean_that_stops_in_the_first_cell_scatters_by_highland_too() {
    let outcome = run(&format!(
        "{PHANTOM}[[beam]]\nenergy_mev = 8.6\nenergy_spread_mev = 0.5\n[physics]\nscattering = \"highland\"\n"
    ));
    assert!((audit(&outcome, "weight_stopped") - 1.0).abs() < 1e-4);
}

#[test]
fn bins_fit_the_steps_of_water_of_another_density() {
    let falloff_mm = |lines: &str| {
        let found = run(&format!(
            "[phantom]\n{lines}[[beam]]\nenergy_mev = 100.0\n[physics]\nscattering = \"none\"\n"
        ));
        found.results.summary.falloff_80_20_mm
    };
    let grid = "x_mm = [-20.0, 20.0]\nz_mm = [0.0, 120.0]\nspacing_mm = [1.0, 1.0]\n";
    let named = falloff_mm(&format!(
        "material = \"ice\"\n{grid}[materials.ice]\nbase = \"water\"\ndensity_g_per_cm3 = 0.917\n"
    ));
    let set = falloff_mm(&format!(
        "material = \"water\"\n{grid}density_g_per_cm3 = 0.917\n"
    ));
    // The same water either way: the same bins, steps and tables.
    assert!((named / set - 1.0).abs() < 1e-3, "{named} mm for {set}");
}
