//! A measured Bragg curve: 62 MeV protons of the CATANA eye line in water, Markus chamber (tests/data/measured_catana_62mev.csv).
//!
//! What the beam line leaves of the 62 MeV is not part of the measurement. Energy and spread at the water's surface are fitted: the
//! energy to the distal 80 % depth, the spread to the width at half maximum; the dose is scaled on the plateau. They are
//! [`ENERGY_MEV`] and [`SPREAD_MEV`]; that they fit is asserted, so that they cannot grow stale.

use crate::set;
use crate::support::{WATER, claim, run};
use smatrix2d::compare::files::{Distribution, load};
use smatrix2d::compare::gamma::{Criterion, Normalisation};
use smatrix2d::compare::grid::Grid;
use smatrix2d::compare::{Settings, compare};
use std::path::Path;

const ENERGY_MEV: f64 = 59.77;
const SPREAD_MEV: f64 = 0.43;
/// The plateau that the dose is scaled on ends here.
const PLATEAU_MM: f64 = 25.0;

fn measured() -> Grid {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/measured_catana_62mev.csv");
    load(&path).unwrap().relative.unwrap()
}

/// Depth dose of the fitted beam with secondary protons.
fn solved() -> Grid {
    let overrides = set![
        "beam.0.energy_mev" => ENERGY_MEV,
        "beam.0.energy_spread_mev" => SPREAD_MEV,
        "phantom.z_mm" => "[0.0, 36.0]",
        "phantom.spacing_mm" => "[2.0, 0.1]",
        "physics.nuclear" => "\"transport\"",
    ];
    let results = run(WATER, &overrides).results;
    Grid {
        values: results.energy_deposit_mev.clone(),
        z_mm: results.z_mm,
        x_mm: Some(results.x_mm),
    }
    .depth_curve()
}

/// Depths at which a curve passes `share` of its maximum before and behind it.
fn passes(curve: &Grid, share: f64) -> [f64; 2] {
    let (depths, dose) = (&curve.z_mm.centers, curve.column());
    let level = share * curve.maximum();
    let crossing = |[i, j]: [usize; 2]| {
        let t = (level - dose[i]) / (dose[j] - dose[i]);
        depths[i] + t * (depths[j] - depths[i])
    };
    let above = |i: &usize| dose[*i] >= level;
    let first = (0..dose.len()).find(above).unwrap();
    let last = (0..dose.len()).rfind(above).unwrap();
    [crossing([first - 1, first]), crossing([last, last + 1])]
}

/// Least squares on the plateau.
fn scale(measured: &Grid, solved: &Grid) -> f64 {
    let ours = solved.resampled_on(measured);
    let plateau = measured
        .z_mm
        .centers
        .iter()
        .filter(|z| **z < PLATEAU_MM)
        .count();
    let sums = (0..plateau).fold([0.0; 2], |[products, squares], i| {
        let (m, s) = (measured.values[[i, 0]], ours[[i, 0]]);
        [products + m * s, squares + s * s]
    });
    sums[0] / sums[1]
}

#[test]
fn a_measured_bragg_curve_is_followed() {
    let (measured, solved) = (measured(), solved());
    let solved = solved.scaled(scale(&measured, &solved));
    let width = |curve: &Grid| passes(curve, 0.5)[1] - passes(curve, 0.5)[0];
    // Two decimals of the fitted energy and spread are 0.01 mm and 0.05 mm.
    claim(
        "measured-fit-r80",
        passes(&solved, 0.8)[1] - passes(&measured, 0.8)[1],
        0.02,
        "mm",
    );
    claim(
        "measured-fit-width",
        width(&solved) - width(&measured),
        0.06,
        "mm",
    );
    let settings = Settings {
        criteria: vec![Criterion {
            dose_percent: 2.0,
            distance_mm: 0.5,
        }],
        normalisation: Normalisation::Global,
        threshold: 0.01,
    };
    // As energies: curves of relative dose would each be scaled to their own maximum.
    let [reference, found] = [measured.clone(), solved.clone()].map(|curve| Distribution {
        energy: Some(curve),
        dose: None,
        relative: None,
    });
    let report = compare(&reference, &found, &settings).unwrap().report;
    let gamma = &report.gamma_depth_dose[0];
    claim(
        "measured-gamma-2%-0.5mm",
        1.0 - 0.01 * gamma.pass_rate_percent,
        0.05,
        "1",
    );
    println!(
        "row\tmeasured\t{ENERGY_MEV}\t{SPREAD_MEV}\t{:.2}\t{:.2}\t{:.3}\t{:.2}",
        gamma.pass_rate_percent,
        gamma.largest,
        report.depth_dose.rms,
        solved.maximum() / measured.maximum()
    );
}
