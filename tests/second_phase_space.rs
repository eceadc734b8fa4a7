//! The second phase spaces: their results hang neither on what else a case holds, nor on where their cells and bins fall.

use ndarray::{Array2, s};
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::case::Case;
use smatrix2d::phantom::Phantom;
use smatrix2d::transport::{self, Outcome};
use std::path::Path;

const PHANTOM: &str = r#"
[phantom]
material = "water"
x_mm = [-40.0, 40.0]
z_mm = [0.0, 90.0]
spacing_mm = [1.0, 1.0]
[physics]
nuclear = "transport"
[output]
quantities = ["dose", "let_d", "fluence"]
"#;

fn run(beams: &str, overrides: &[(&str, &str)]) -> Outcome {
    let overrides: Vec<(String, String)> = overrides
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    let text = format!("{PHANTOM}{beams}");
    let case = Case::parse(&text, Path::new("second.toml"), &overrides).unwrap();
    let phantom = Phantom::build(&case, Path::new(".")).unwrap();
    transport::run(&case, &phantom, &Cpu::new(case.run.precision), &mut |_| ()).unwrap()
}

fn beam(energy_mev: f64) -> String {
    format!("[[beam]]\nenergy_mev = {energy_mev:?}\n")
}

fn deposit(outcome: &Outcome) -> &Array2<f64> {
    &outcome.results.energy_deposit_mev
}

fn let_d(outcome: &Outcome) -> &Array2<f64> {
    let found = outcome.results.let_d_kev_per_um.as_ref();
    found.expect("asked for")
}

#[test]
fn a_case_is_the_mean_of_its_spots() {
    let alone = run(&beam(70.0), &[]);
    let other = run(&beam(110.0), &[]);
    let both = run(&format!("{}{}", beam(70.0), beam(110.0)), &[]);
    let mean = 0.5 * (deposit(&alone) + deposit(&other));
    let largest = mean.iter().copied().fold(0.0, f64::max);
    let difference = (deposit(&both) - &mean).mapv(f64::abs);
    let worst = difference.iter().copied().fold(0.0, f64::max);
    // Pruning is relative to a spot's weight: what half the weight loses in the tails is below 1e-4 of the maximum.
    assert!(worst < 1e-4 * largest, "{worst} of {largest}");
}

#[test]
fn let_d_falls_as_energies_rise() {
    // Cells of the second phase space grow from 2 to 3 mm between 119 and 120 MeV; ranges end anywhere in them.
    let entrance = |energy_mev: f64| {
        let outcome = run(&beam(energy_mev), &[]);
        let mean = let_d(&outcome).slice(s![..5, 39..41]).mean();
        mean.unwrap()
    };
    let found = [112.0, 115.0, 118.0, 121.0, 123.5, 126.0].map(entrance);
    assert!(
        found.windows(2).all(|two| two[1] < two[0]),
        "keV/um: {found:?}"
    );
}

#[test]
fn protons_set_free_by_an_oblique_beam_travel_as_those_of_a_straight_one() {
    let stay = |angle_deg: f64| {
        let angle = format!("{angle_deg:?}");
        let overrides = [
            ("beam.0.angle_deg", angle.as_str()),
            ("grid.angle_max_deg", "60.0"),
            ("phantom.x_mm", "[-120.0, 120.0]"),
        ];
        let reactions = run(&beam(90.0), &overrides).ledger.reactions;
        reactions.protons_mev / (reactions.protons_mev + reactions.emitted_mev)
    };
    let straight = stay(0.0);
    // Beyond 60 or 45 degrees from the beam they go backward, where depth stepping has no bins: a quarter, and two thirds more stay than of a
    // straight beam. With axes about +z it were twice and eight times as many.
    for (angle_deg, most) in [(-30.0, 0.25), (30.0, 0.25), (45.0, 0.7)] {
        let oblique = stay(angle_deg);
        assert!(
            (oblique / straight - 1.0).abs() < most,
            "{angle_deg}: {oblique} for {straight}"
        );
    }
}

#[test]
fn cells_that_end_outside_the_phantom_hold_no_more_than_others() {
    // Blocks of 2 mm: the last holds one plane, and one column on the right.
    let outcome = run(
        &beam(100.0),
        &[
            ("phantom.x_mm", "[-20.5, 20.5]"),
            ("phantom.z_mm", "[0.0, 41.0]"),
        ],
    );
    let deeper = run(&beam(100.0), &[("phantom.x_mm", "[-20.5, 20.5]")]);
    let side = |column: usize| deposit(&outcome).slice(s![10..40, column]).sum();
    let ratio = side(40) / side(0);
    // The last block on the right is half as wide: it has its mean where the others have half of theirs.
    assert!((ratio - 1.0).abs() < 0.2, "right for left: {ratio}");
    let halo = |map: &Array2<f64>| map.slice(s![40, 28..36]).sum();
    let ratio = halo(deposit(&outcome)) / halo(deposit(&deeper));
    assert!((ratio - 1.0).abs() < 0.1, "last plane: {ratio}");
    let path = |outcome: &Outcome| {
        let found = outcome.results.fluence_per_mm.as_ref();
        halo(found.expect("asked for"))
    };
    let ratio = path(&outcome) / path(&deeper);
    assert!((ratio - 1.0).abs() < 0.1, "fluence: {ratio}");
    let mean = |outcome: &Outcome| let_d(outcome).slice(s![40, 28..36]).mean().unwrap();
    let ratio = mean(&outcome) / mean(&deeper);
    assert!((ratio - 1.0).abs() < 0.05, "LET_d: {ratio}");
}
