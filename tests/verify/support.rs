//! Cases, runs and claims.

use ndarray::Array2;
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::case::Case;
use smatrix2d::error::Result;
use smatrix2d::phantom::Phantom;
use smatrix2d::results::Results;
use smatrix2d::transport::{self, Outcome};
use std::path::Path;

/// A 150 MeV pencil beam on water, 1 mm cells, everything else by default.
pub const WATER: &str = r#"
[phantom]
material = "water"
x_mm = [-40.0, 40.0]
z_mm = [0.0, 180.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 150.0
sigma_x_mm = 3.0
"#;

/// `geant4_water`: water with the stopping powers of the Geant4 runs that took a mean excitation energy of 75 eV.
pub const GEANT4_WATER_75_EV: &str = r#"
[materials.geant4_water]
density_g_per_cm3 = 1.0
mean_excitation_energy_ev = 75.0
composition = { H = 0.111894, O = 0.888106 }
stopping_power_file = "tests/data/geant4_water_75ev_stopping_power.csv"
"#;

pub type Overrides<'a> = &'a [(&'a str, String)];

/// `set!["physics.scattering" => "\"none\"", "beam.0.energy_mev" => 70.0]`
#[macro_export]
macro_rules! set {
    ($($key:expr => $value:expr),* $(,)?) => { [$(($key, ($value).to_string())),*] };
}

pub fn try_run(text: &str, overrides: Overrides) -> Result<Outcome> {
    let overrides: Vec<(String, String)> = overrides
        .iter()
        .map(|(key, value)| ((*key).to_string(), value.clone()))
        .collect();
    let case = Case::parse(text, Path::new("verify.toml"), &overrides)?;
    let phantom = Phantom::build(&case, Path::new("."))?;
    transport::run(&case, &phantom, &Cpu::new(case.run.precision), &mut |_| ())
}

pub fn run(text: &str, overrides: Overrides) -> Outcome {
    try_run(text, overrides).unwrap_or_else(|error| panic!("{error}\n{overrides:?}"))
}

/// Phantom depth that holds a beam of this energy in water, mm.
pub fn depth_mm(energy_mev: f64) -> f64 {
    (crate::reference::water_range_mm(energy_mev) * 1.08 + 3.0).ceil()
}

/// Asserts that |measured| <= tolerance and prints the claim's line, in `unit`.
pub fn claim(id: &str, measured: f64, tolerance: f64, unit: &str) {
    println!("claim\t{id}\t{measured:.3e}\t{tolerance:e}\t{unit}");
    assert!(
        measured.abs() <= tolerance,
        "{id}: {measured:.4e} {unit}, tolerance {tolerance:e}"
    );
}

/// A tolerance that is not met, for a reason that docs/verification/known-differences.md gives. Fails once it is met: then it is a
/// claim; and once the difference is larger than `at_most`, a tenth above what was found: then it is another one.
pub fn known_difference(id: &str, measured: f64, tolerance: f64, at_most: f64, unit: &str) {
    println!("differs\t{id}\t{measured:.3e}\t{tolerance:e}\t{unit}");
    assert!(
        measured.abs() > tolerance,
        "{id}: {measured:.4e} {unit} is within {tolerance:e} now: make it a claim"
    );
    assert!(
        measured.abs() <= at_most,
        "{id}: {measured:.4e} {unit} is more than the {at_most:e} that is known"
    );
}

/// The value of largest magnitude; NaN where one is.
pub fn worst(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |worst: f64, v| {
        if v.abs() <= worst.abs() || worst.is_nan() {
            worst
        } else {
            v
        }
    })
}

pub fn audit(results: &Results, channel: &str) -> f64 {
    let found = results.audit.iter().find(|(name, _)| name == channel);
    found.unwrap_or_else(|| panic!("no channel {channel}")).1
}

pub fn audit_by_step<'r>(results: &'r Results, channel: &str) -> &'r [f64] {
    let found = results
        .audit_by_step
        .iter()
        .find(|(name, _)| name == channel);
    &found.unwrap_or_else(|| panic!("no channel {channel}")).1
}

/// (sum, mean, variance) of weights at positions.
pub fn moments(positions: &[f64], weights: &[f64]) -> (f64, f64, f64) {
    let of = |f: &dyn Fn(f64) -> f64| -> f64 {
        positions.iter().zip(weights).map(|(&x, &w)| w * f(x)).sum()
    };
    let sum = of(&|_| 1.0);
    let mean = of(&|x| x) / sum;
    (sum, mean, of(&|x| (x - mean).powi(2)) / sum)
}

/// Largest difference of two maps, relative to the largest value of the second.
pub fn largest_difference(map: &Array2<f64>, reference: &Array2<f64>) -> f64 {
    let largest = reference.iter().fold(0.0_f64, |m, v| m.max(v.abs()));
    let difference = map
        .iter()
        .zip(reference)
        .fold(0.0_f64, |m, (a, b)| m.max((a - b).abs()));
    difference / largest
}
