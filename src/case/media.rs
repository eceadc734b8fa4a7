//! Reads `[phantom]`, `[[phantom.region]]` and `[materials.NAME]`.

use super::names::nearest;
use super::section::{Allowed, Section};
use super::{MaterialSpec, PhantomSpec, RegionSpec};
use crate::error::Result;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;

const PHANTOM_KEYS: &[&str] = &[
    "material",
    "x_mm",
    "z_mm",
    "spacing_mm",
    "density_g_per_cm3",
    "file",
    "region",
];
const REGION_KEYS: &[&str] = &["material", "z_mm", "x_mm", "density_g_per_cm3"];
const MATERIAL_KEYS: &[&str] = &[
    "density_g_per_cm3",
    "mean_excitation_energy_ev",
    "composition",
    "stopping_power_file",
];

/// Above 0 and below 30 g/cm3: osmium, the densest element, has 22.6; a density in kg/m3 is caught.
const DENSITY: Allowed = Allowed::new(Bound::Excluded(0.0), Bound::Excluded(30.0));
const FRACTION: Allowed = Allowed::new(Bound::Excluded(0.0), Bound::Included(1.0));
const FRACTION_SUM_TOLERANCE: f64 = 1e-3;
/// A sum this near to 1 is rounding: dividing by it would only move the last digit.
const FRACTION_SUM_ROUNDING: f64 = 1e-12;

/// Element symbols by atomic number, hydrogen to uranium (IUPAC).
const ELEMENTS: &[&str] = &[
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl",
    "Ar", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As",
    "Se", "Br", "Kr", "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In",
    "Sn", "Sb", "Te", "I", "Xe", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb",
    "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl",
    "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa", "U",
];

pub fn phantom(root: &Section) -> Result<PhantomSpec> {
    let phantom = root.child("phantom", PHANTOM_KEYS)?;
    let file = phantom.text("file", "slice.h5")?.map(PathBuf::from);
    let x_mm = phantom.extent("x_mm", [-40.0, 40.0])?;
    let x_mm = phantom.required("x_mm", x_mm, "[-40.0, 40.0]")?;
    let z_mm = phantom.extent("z_mm", [0.0, 180.0])?;
    let spacing_mm = phantom.pair("spacing_mm", Allowed::ABOVE_ZERO, [1.0, 1.0])?;
    refuse_boxes_beside_file(&phantom, file.is_some())?;
    Ok(PhantomSpec {
        material: background(&phantom, file.is_some())?,
        x_mm,
        z_mm: phantom.required("z_mm", z_mm, "[0.0, 180.0]")?,
        spacing_mm: phantom.required("spacing_mm", spacing_mm, "[1.0, 1.0]")?,
        density_g_per_cm3: phantom.number("density_g_per_cm3", DENSITY, 1.0)?,
        file,
        regions: regions(&phantom, x_mm)?,
    })
}

/// A phantom file names its own materials, so the background may be left out beside one.
fn background(phantom: &Section, has_file: bool) -> Result<String> {
    match phantom.text("material", "water")? {
        None if has_file => Ok("water".into()),
        material => phantom.required("material", material, "\"water\""),
    }
}

fn refuse_boxes_beside_file(phantom: &Section, has_file: bool) -> Result<()> {
    let clash = ["region", "density_g_per_cm3"]
        .into_iter()
        .find(|key| phantom.has(key));
    match clash.filter(|_| has_file) {
        None => Ok(()),
        Some(key) => Err(phantom
            .error(key, "found beside phantom.file; allowed: one or the other")
            .hint(
                "the file holds every cell's material and density: remove this key or phantom.file",
            )),
    }
}

fn regions(phantom: &Section, whole_width_mm: [f64; 2]) -> Result<Vec<RegionSpec>> {
    let tables = phantom.tables("region", REGION_KEYS)?;
    tables
        .iter()
        .map(|table| region(table, whole_width_mm))
        .collect()
}

fn region(table: &Section, whole_width_mm: [f64; 2]) -> Result<RegionSpec> {
    let z_mm = table.extent("z_mm", [20.0, 50.0])?;
    Ok(RegionSpec {
        material: table.required_text("material", "bone_cortical")?,
        z_mm: table.required("z_mm", z_mm, "[20.0, 50.0]")?,
        x_mm: table.extent("x_mm", [0.0, 40.0])?.unwrap_or(whole_width_mm),
        density_g_per_cm3: table.number("density_g_per_cm3", DENSITY, 1.92)?,
    })
}

pub fn materials(root: &Section) -> Result<BTreeMap<String, MaterialSpec>> {
    let materials = root.named_child("materials")?;
    let read = |name: &str| {
        check_name(&materials, name)?;
        Ok((
            name.to_string(),
            material(&materials.child(name, MATERIAL_KEYS)?)?,
        ))
    };
    materials.keys().map(read).collect()
}

/// Names stand in key paths and in the dose file's text.
fn check_name(materials: &Section, name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(plain) {
        return Ok(());
    }
    let message = "found as a material's name; allowed: letters A-Z a-z, digits, _ and -";
    Err(materials
        .error(name, message)
        .hint("for example [materials.bone_phantom]"))
}

fn material(table: &Section) -> Result<MaterialSpec> {
    let composition = composition(table)?;
    let stopping_power_file = table
        .text("stopping_power_file", "table.csv")?
        .map(PathBuf::from);
    if composition.is_empty() && stopping_power_file.is_none() {
        return Err(table
            .error(
                "composition",
                "missing, and no stopping_power_file either; one of them is needed",
            )
            .hint("add for example `composition = { H = 0.1119, O = 0.8881 }` (mass fractions)"));
    }
    Ok(MaterialSpec {
        density_g_per_cm3: table.required_number("density_g_per_cm3", DENSITY, 1.0)?,
        mean_excitation_energy_ev: table.number(
            "mean_excitation_energy_ev",
            Allowed::ABOVE_ZERO,
            75.0,
        )?,
        composition,
        stopping_power_file,
    })
}

/// Mass fractions by element, normalised; empty where the key is absent.
fn composition(table: &Section) -> Result<Vec<(String, f64)>> {
    if !table.has("composition") {
        return Ok(Vec::new());
    }
    let elements = table.named_child("composition")?;
    let mut fractions = Vec::new();
    for symbol in elements.keys() {
        check_element(&elements, symbol)?;
        fractions.push((
            symbol.to_string(),
            elements.required_number(symbol, FRACTION, 0.1)?,
        ));
    }
    normalise(table, fractions)
}

fn check_element(elements: &Section, symbol: &str) -> Result<()> {
    if ELEMENTS.contains(&symbol) {
        return Ok(());
    }
    let same_letters = ELEMENTS
        .iter()
        .copied()
        .find(|known| known.eq_ignore_ascii_case(symbol));
    let hint = match same_letters.or_else(|| nearest(symbol, ELEMENTS.iter().copied())) {
        Some(known) => format!("did you mean `{known}`? Case counts: Ca is calcium"),
        None => "element symbols are those of the periodic table: H, C, N, O, Ca".to_string(),
    };
    let message = "found as an element; allowed: symbols from H to U";
    Err(elements.error(symbol, message).hint(hint))
}

fn normalise(table: &Section, fractions: Vec<(String, f64)>) -> Result<Vec<(String, f64)>> {
    let sum: f64 = fractions.iter().map(|(_, fraction)| fraction).sum();
    if (sum - 1.0).abs() > FRACTION_SUM_TOLERANCE {
        let message = format!(
            "the mass fractions sum to {sum:.6}; allowed: 1 within {FRACTION_SUM_TOLERANCE}"
        );
        return Err(table
            .error("composition", message)
            .hint("mass fractions (not numbers of atoms) sum to 1: check for a missing element"));
    }
    let divisor = if (sum - 1.0).abs() < FRACTION_SUM_ROUNDING {
        1.0
    } else {
        sum
    };
    let scaled = fractions
        .into_iter()
        .map(|(symbol, fraction)| (symbol, fraction / divisor));
    Ok(scaled.collect())
}
