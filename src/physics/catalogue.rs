//! The built-in materials: data/materials.csv.

use super::material::Material;
use crate::error::{Error, Result};

const MATERIALS_CSV: &str = include_str!("../../data/materials.csv");

/// One row of data/materials.csv, as text that is parsed when the material is asked for.
pub struct CatalogueRow {
    pub name: &'static str,
    pub density_g_per_cm3: f64,
    pub mean_excitation_energy_ev: f64,
    /// Stopping powers: a file of data/ without its extension; empty: Bragg additivity.
    pub table: &'static str,
    /// I that the table was computed for.
    pub table_mean_excitation_energy_ev: Option<f64>,
    pub composition: Vec<(String, f64)>,
    pub source: &'static str,
}

/// The material of that name; `None` where there is none.
///
/// The embedded tables are checked by tests; a damaged one reads as no material.
pub fn builtin(name: &str) -> Option<Material> {
    let line = data_lines().find(|line| line.split(',').next() == Some(name))?;
    parse(line).and_then(Material::from_catalogue).ok()
}

/// Names of the built-in materials, in the catalogue's order.
pub fn builtin_names() -> Vec<&'static str> {
    data_lines()
        .filter_map(|line| line.split(',').next())
        .collect()
}

fn data_lines() -> impl Iterator<Item = &'static str> {
    MATERIALS_CSV
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
}

fn parse(line: &'static str) -> Result<CatalogueRow> {
    let damaged = || Error::internal(format!("data/materials.csv is damaged at `{line}`"));
    let fields: Vec<&str> = line.splitn(7, ',').collect();
    let [name, density, i_ev, table, table_i_ev, composition, source] = fields[..] else {
        return Err(damaged());
    };
    Ok(CatalogueRow {
        name,
        density_g_per_cm3: density.parse().map_err(|_| damaged())?,
        mean_excitation_energy_ev: i_ev.parse().map_err(|_| damaged())?,
        table,
        table_mean_excitation_energy_ev: table_i_ev.parse().ok(),
        composition: parse_composition(composition).ok_or_else(damaged)?,
        source: source.trim_matches('"'),
    })
}

/// `H:0.111898;O:0.888102`
fn parse_composition(text: &str) -> Option<Vec<(String, f64)>> {
    let part = |part: &str| {
        let (symbol, fraction) = part.split_once(':')?;
        Some((symbol.to_string(), fraction.parse().ok()?))
    };
    text.split(';').map(part).collect()
}
