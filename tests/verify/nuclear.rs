//! `nuclear = "transport"` against Geant4 with all physics (Binary cascade): 150 MeV in water of I = 78 eV.
//!
//! With the stopping powers of that run (`water_geant4`). Geant4 joins Bethe's formula to PSTAR's at 2 MeV and lets the difference
//! fade with 1/E: its range at 150 MeV is 0.08 mm shorter than with Bethe's logarithm (`water_icru90`), which is that of ICRU 90's
//! own table.

use crate::depth_doses::DepthDoses;
use crate::let_d::{self, Over, Protons};
use crate::reference::columns;
use crate::set;
use crate::support::{Overrides, claim, known_difference, run, worst};
use ndarray::{Array2, Axis as Along, s};
use smatrix2d::compare::gamma::{Criterion, Normalisation, gamma};
use smatrix2d::compare::grid::Grid;
use smatrix2d::results::{Axis, Results};
use std::ops::Range;

const CASE: &str = r#"
[phantom]
material = "water_geant4"
x_mm = [-60.0, 60.0]
z_mm = [0.0, 190.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 150.0
sigma_x_mm = 3.0
[physics]
scattering = "moliere"
nuclear = "transport"
"#;

/// Cells across, the first of x > 0, and the depth in mm of 80 % behind Geant4's peak.
const ACROSS: usize = 120;
const MIDDLE: usize = 60;
const DISTAL_80_MM: usize = 158;

fn depth_doses(case: &str, overrides: Overrides) -> DepthDoses {
    let theirs = columns("geant4_nuclear_water_150mev_depth.csv").swap_remove(1);
    DepthDoses::of(case, overrides, theirs)
}

#[test]
fn with_the_data_of_icru63_depth_doses_stay_within_the_tolerances() {
    let icru63 = set![
        "physics.cross_sections" => "icru63",
        "physics.secondaries" => "icru63",
    ];
    let found = depth_doses(CASE, &icru63);
    let largest = found.largest();
    claim("nuclear-depth-largest-icru63", largest, 0.02, "of the peak");
    let ratio = found.peak_to_entrance();
    claim("nuclear-peak-to-entrance-icru63", ratio, 0.03, "1");
}

#[test]
fn with_bethes_logarithm_alone_the_range_is_a_little_longer() {
    let own = CASE.replace("water_geant4", "water_icru90");
    let found = depth_doses(&own, &[]);
    claim("nuclear-r80-icru90", found.r80_mm(), 0.15, "mm");
    let largest = found.largest();
    claim("nuclear-depth-largest-icru90", largest, 0.02, "of the peak");
}

#[test]
fn depth_doses_with_nuclear_interactions_are_those_of_geant4() {
    let found = depth_doses(CASE, &[]);
    claim("nuclear-r80", found.r80_mm(), 0.15, "mm");
    claim("nuclear-depth-rms", found.rms(), 0.007, "of the peak");
    let largest = found.largest();
    claim("nuclear-depth-largest", largest, 0.02, "of the peak");
    claim(
        "nuclear-peak-to-entrance",
        found.peak_to_entrance(),
        0.03,
        "1",
    );
    // Without deuterons that travel the first centimetre is 4 to 2 % too high; Geant4's noise is 0.3 %.
    let cells = found.mine.iter().zip(&found.theirs);
    let entrance = worst(cells.take(10).map(|(a, b)| a / b - 1.0));
    claim("nuclear-build-up", entrance, 0.02, "1");
}

/// Geant4's map: both halves from their mean, 0 where the file ends.
fn geant4_map() -> Grid {
    let text = include_str!("../data/geant4_nuclear_water_150mev_map.csv");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let mut values = Array2::zeros((190, ACROSS));
    for (z, line) in lines.enumerate() {
        for (i, field) in line
            .split(',')
            .filter(|field| !field.is_empty())
            .enumerate()
        {
            let deposit = field.parse().expect("a number");
            values[[z, MIDDLE + i]] = deposit;
            values[[z, MIDDLE - 1 - i]] = deposit;
        }
    }
    Grid {
        z_mm: Axis::uniform(0.0, 1.0, 190),
        x_mm: Some(Axis::uniform(-60.0, 1.0, ACROSS)),
        values,
    }
}

#[test]
fn maps_with_nuclear_interactions_are_those_of_geant4() {
    // The file's unit: 1e-5 of 0.236127 MeV per proton.
    let mine = Grid {
        values: run(CASE, &[]).results.energy_deposit_mev / 0.236_127e-5,
        ..geant4_map()
    };
    for (name, dose_percent, distance_mm, failing) in
        [("2-2", 2.0, 2.0, 0.005), ("1-1", 1.0, 1.0, 0.03)]
    {
        let criterion = Criterion {
            dose_percent,
            distance_mm,
        };
        let map = gamma(&geant4_map(), &mine, criterion, Normalisation::Global, 0.01);
        let points = map.iter().filter(|gamma| !gamma.is_nan()).count();
        let beyond = map.iter().filter(|gamma| **gamma > 1.0).count();
        let share = beyond as f64 / points as f64;
        claim(
            &format!("nuclear-gamma-{name}"),
            share,
            failing,
            "of the points",
        );
    }
}

#[test]
fn halo_at_half_range_is_geant4s_down_to_a_thousandth() {
    let map = run(CASE, &[]).results.energy_deposit_mev;
    let rows = map.slice(s![77..81, ..]).mean_axis(Along(0)).expect("rows");
    let expected = &columns("geant4_nuclear_water_150mev_half_range.csv")[1];
    let found = |i: usize| (rows[MIDDLE + i] + rows[MIDDLE - 1 - i]) / (2.0 * rows[MIDDLE]);
    // Means of five cells: Geant4's noise at 1e-3 is 9 % a cell.
    let ratio = |from: usize| {
        let cells = from..from + 5;
        let sum: f64 = cells.clone().map(found).sum();
        sum / expected[cells].iter().sum::<f64>() - 1.0
    };
    let reached = expected.iter().position(|e| *e < 1e-3).unwrap_or(40);
    claim("nuclear-halo", worst((0..reached - 4).map(ratio)), 0.2, "1");
}

/// LET_d over some depths, and Geant4's, as a ratio less 1.
fn let_difference(results: &Results, depths: Range<usize>, protons: Protons, over: Over) -> f64 {
    let column = match (over, protons) {
        (Over::Axis, Protons::All) => 3,
        (Over::Axis, Protons::Primary) => 4,
        (Over::Plane, Protons::All) => 5,
        (Over::Plane, Protons::Primary) => 6,
    };
    let theirs = columns("geant4_nuclear_water_150mev_depth.csv").swap_remove(column);
    let_d::difference(results, &theirs, depths, protons, over)
}

#[test]
fn let_d_is_that_of_geant4_on_the_axis_and_over_the_plane() {
    let case = format!("{CASE}[output]\nquantities = [\"dose\", \"let_d\"]\n");
    let results = run(&case, &[]).results;
    // Means over 10 mm: Geant4's noise on the axis is 1 % a millimetre for primaries, 3 % for all protons.
    let blocks = |depths: Range<usize>, protons: Protons, over: Over| {
        let block = |z: usize| z..(z + 10).min(depths.end);
        let depths = depths.clone().step_by(10);
        worst(depths.map(|z| let_difference(&results, block(z), protons, over)))
    };
    let halves = run(&case, &set!["phantom.spacing_mm" => "[0.5, 0.5]"]).results;
    let on_halves = |depths| let_difference(&halves, depths, Protons::All, Over::Axis);
    let id = "nuclear-let-all-halfmm-cells";
    known_difference(id, on_halves(0..10), 0.03, 0.0345, "1");
    // Geant4's scorer takes less for the end of a proton's way (known-differences.md): 1.3 to 1.9 % of LET_d in the plateau.
    let on_axis = blocks(0..150, Protons::All, Over::Axis);
    known_difference("nuclear-let-all", on_axis, 0.03, 0.043, "1");
    let peak = 150..DISTAL_80_MM;
    let id = "nuclear-let-all-peak-halfmm-cells";
    claim(id, on_halves(peak.clone()), 0.03, "1");
    let on_axis = blocks(peak, Protons::All, Over::Axis);
    known_difference("nuclear-let-all-peak", on_axis, 0.03, 0.0337, "1");
    let distal = 140..DISTAL_80_MM;
    // More protons stop there than in the plateau; with the integral along the step it is 0.9 % at most (geant4_nuclear.rs).
    for (id, over, at_most) in [
        ("nuclear-let-primary-peak", Over::Axis, 0.0353),
        ("nuclear-let-primary-plane-peak", Over::Plane, 0.0331),
    ] {
        let difference = blocks(distal.clone(), Protons::Primary, over);
        known_difference(id, difference, 0.03, at_most, "1");
    }
    for (id, depths, protons, over) in [
        ("nuclear-let-primary", 0..140, Protons::Primary, Over::Axis),
        (
            "nuclear-let-primary-plane",
            0..140,
            Protons::Primary,
            Over::Plane,
        ),
        ("nuclear-let-all-plane", 0..150, Protons::All, Over::Plane),
    ] {
        claim(id, blocks(depths, protons, over), 0.03, "1");
    }
}
