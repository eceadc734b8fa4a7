//! A stopping-power table of total powers, a user's or Geant4's: CSV with the columns `energy_mev, mass_stopping_power_mev_cm2_per_g`, `#` comments.

use crate::error::{Error, Result};
use crate::text_file;
use std::path::Path;

const HEADING: [&str; 2] = ["energy_mev", "mass_stopping_power_mev_cm2_per_g"];
const ROWS_MIN: usize = 8;
/// The energies that a table must cover, MeV.
const COVERED_MEV: [f64; 2] = [0.1, 300.0];

/// Geant4's water of I = 78 eV.
const GEANT4_WATER: &str = include_str!("../../data/geant4/water_78ev.csv");

/// Energies, MeV, increasing, and total mass stopping powers, MeV cm2/g.
pub struct TotalPowers {
    pub energy_mev: Vec<f64>,
    pub total_mev_cm2_per_g: Vec<f64>,
}

/// The embedded table of `water_geant4`.
pub fn geant4_water() -> Result<TotalPowers> {
    parse(GEANT4_WATER)
}

/// The table in a user's file.
///
/// # Errors
/// Input missing, or bad data with file, line and hint: heading, numbers, order, too few rows, energies not covered.
pub fn read(path: &Path) -> Result<TotalPowers> {
    let text = text_file::read(path, "the stopping-power table")
        .map_err(|error| error.hint("paths are taken relative to the case file"))?;
    parse(&text).map_err(|error| error.at(path))
}

fn parse(text: &str) -> Result<TotalPowers> {
    let mut lines = text_file::lines(text);
    check_heading(lines.next())?;
    let mut rows: Vec<(f64, f64)> = Vec::new();
    for (number, line) in lines {
        let row = parse_row(line).map_err(|error| error.line(number))?;
        check_order(rows.last(), row).map_err(|error| error.line(number))?;
        rows.push(row);
    }
    check_coverage(&rows)?;
    let (energy_mev, total_mev_cm2_per_g) = rows.into_iter().unzip();
    Ok(TotalPowers {
        energy_mev,
        total_mev_cm2_per_g,
    })
}

fn check_heading(first: Option<(usize, &str)>) -> Result<()> {
    let (number, line) = first.unwrap_or((1, ""));
    let names: Vec<&str> = line.split(',').map(str::trim).collect();
    if names == HEADING {
        return Ok(());
    }
    Err(Error::bad_data(format!(
        "the heading is `{line}`, not `{}`",
        HEADING.join(",")
    ))
    .line(number)
    .hint("name the two columns; energies in MeV, powers in MeV cm2/g (not per cm)"))
}

fn parse_row(line: &str) -> Result<(f64, f64)> {
    let numbers: Vec<Option<f64>> = line
        .split(',')
        .map(|field| field.trim().parse().ok())
        .collect();
    match numbers[..] {
        [Some(energy), Some(power)] if is_positive(energy) && is_positive(power) => {
            Ok((energy, power))
        }
        _ => Err(
            Error::bad_data(format!("`{line}` is not two positive finite numbers"))
                .hint("write: energy, power"),
        ),
    }
}

fn is_positive(value: f64) -> bool {
    value.is_finite() && value > 0.0
}

fn check_order(previous: Option<&(f64, f64)>, row: (f64, f64)) -> Result<()> {
    match previous {
        Some((energy, _)) if row.0 <= *energy => Err(Error::bad_data(format!(
            "energy {} MeV does not lie above the row before ({energy} MeV)",
            row.0
        ))
        .hint("sort the rows by increasing energy")),
        _ => Ok(()),
    }
}

fn check_coverage(rows: &[(f64, f64)]) -> Result<()> {
    if rows.len() < ROWS_MIN {
        return Err(
            Error::bad_data(format!("{} rows are too few for a curve", rows.len()))
                .hint(format!("give at least {ROWS_MIN} rows")),
        );
    }
    let (first, last) = (rows[0].0, rows[rows.len() - 1].0);
    if first <= COVERED_MEV[0] && last >= COVERED_MEV[1] {
        return Ok(());
    }
    Err(Error::bad_data(format!(
        "the table covers {first} to {last} MeV, not {} to {} MeV",
        COVERED_MEV[0], COVERED_MEV[1]
    ))
    .hint("nothing is extrapolated: add rows, from PSTAR say"))
}
