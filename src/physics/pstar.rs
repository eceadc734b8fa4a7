//! NIST PSTAR tables (SRD 124): electronic and nuclear mass stopping power and CSDA range of protons, 1 keV to 10 GeV.
//!
//! Files in data/pstar: two source lines, a heading, 132 rows on the same energies in every file. Read when asked for.

use crate::error::{Error, Result};

/// Rows of one stopping-power table. Energies MeV, powers MeV cm2/g, range g/cm2.
#[derive(Clone, Debug)]
pub struct StoppingPowerRows {
    pub energy_mev: Vec<f64>,
    pub electronic_mev_cm2_per_g: Vec<f64>,
    pub total_mev_cm2_per_g: Vec<f64>,
    /// CSDA range at the first energy.
    pub first_range_g_per_cm2: f64,
}

macro_rules! embedded {
    ($($stem:literal),+ $(,)?) => {
        const EMBEDDED: &[(&str, &str)] = &[$(($stem, include_str!(concat!("../../data/pstar/", $stem, ".csv")))),+];
    };
}

embedded!(
    "a150",
    "adipose",
    "air",
    "aluminium",
    "argon",
    "b100",
    "beryllium",
    "bone_compact",
    "bone_cortical",
    "carbon",
    "copper",
    "gadolinium",
    "germanium",
    "glass_pyrex",
    "gold",
    "graphite",
    "helium",
    "hydrogen",
    "iron",
    "kapton",
    "krypton",
    "lead",
    "lithium_fluoride",
    "molybdenum",
    "muscle_skeletal",
    "muscle_striated",
    "mylar",
    "neon",
    "nitrogen",
    "nylon",
    "oxygen",
    "plastic_scintillator",
    "platinum",
    "pmma",
    "polycarbonate",
    "polyethylene",
    "polystyrene",
    "silicon",
    "silver",
    "teflon",
    "tin",
    "titanium",
    "tungsten",
    "uranium",
    "water",
    "xenon",
);

/// The embedded table of that name (a file's stem in data/pstar).
pub fn rows(stem: &str) -> Result<StoppingPowerRows> {
    let found = EMBEDDED.iter().find(|(name, _)| *name == stem);
    let (_, text) =
        found.ok_or_else(|| Error::internal(format!("no PSTAR table `{stem}` is embedded")))?;
    parse(text)
        .ok_or_else(|| Error::internal(format!("the embedded PSTAR table `{stem}` is damaged")))
}

/// Columns: energy, electronic, nuclear, total, CSDA range, projected range, detour factor.
fn parse(text: &str) -> Option<StoppingPowerRows> {
    let data_lines = text
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
    let rows = data_lines
        .map(parse_row)
        .collect::<Option<Vec<[f64; 5]>>>()?;
    let first_range_g_per_cm2 = rows.first()?[4];
    Some(StoppingPowerRows {
        energy_mev: rows.iter().map(|row| row[0]).collect(),
        electronic_mev_cm2_per_g: rows.iter().map(|row| row[1]).collect(),
        // The sum, not the total column: that one is rounded once more.
        total_mev_cm2_per_g: rows.iter().map(|row| row[1] + row[2]).collect(),
        first_range_g_per_cm2,
    })
}

fn parse_row(line: &str) -> Option<[f64; 5]> {
    let mut fields = line.split(',').map(|field| field.trim().parse::<f64>());
    let mut row = [0.0; 5];
    for value in &mut row {
        *value = fields.next()?.ok()?;
    }
    Some(row)
}
