//! Reads `[materials.NAME]`.

use super::MaterialSpec;
use super::allowed::Allowed;
use super::media::density;
use super::names::nearest;
use super::section::Section;
use crate::error::Result;
use crate::physics::{self, Element, Material};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::PathBuf;

const MATERIAL_KEYS: &[&str] = &[
    "base",
    "density_g_per_cm3",
    "mean_excitation_energy_ev",
    "composition",
    "stopping_power_file",
];

const FRACTION: Allowed = Allowed::new(Bound::Excluded(0.0), Bound::Included(1.0));
const FRACTION_SUM_TOLERANCE: f64 = 1e-3;
/// A sum this near to 1 is rounding: dividing by it would only move the last digit.
const FRACTION_SUM_ROUNDING: f64 = 1e-12;

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
    let base = base(table)?;
    let composition = composition(table)?;
    let stopping_power_file = table
        .text("stopping_power_file", "table.csv")?
        .map(PathBuf::from);
    if composition.is_empty() && base.is_none() {
        return Err(table
            .error(
                "composition",
                "missing, and there is no base either; scattering, straggling and nuclear reactions need the elements, beside a stopping_power_file too",
            )
            .hint("add for example `composition = { H = 0.1119, O = 0.8881 }` (mass fractions), or `base = \"water\"`"));
    }
    let of_base = base.as_ref().map(|base| base.density_g_per_cm3);
    let density_g_per_cm3 = density(table)?.or(of_base);
    Ok(MaterialSpec {
        base: base.map(|material| material.name),
        density_g_per_cm3: table.required("density_g_per_cm3", density_g_per_cm3, "1.0")?,
        mean_excitation_energy_ev: table.number(
            "mean_excitation_energy_ev",
            Allowed::ABOVE_ZERO,
            75.0,
        )?,
        composition,
        stopping_power_file,
    })
}

/// The built-in material that `base` names.
fn base(table: &Section) -> Result<Option<Material>> {
    let Some(name) = table.text("base", "water")? else {
        return Ok(None);
    };
    if let Some(key) = ["composition", "stopping_power_file"]
        .into_iter()
        .find(|key| table.has(key))
    {
        return Err(table
            .error(key, "found beside base; allowed: one or the other")
            .hint("base brings its composition and stopping power: remove this key or base"));
    }
    let unknown = || {
        let error = table.error(
            "base",
            format!("found \"{name}\"; allowed: a built-in material"),
        );
        match nearest(&name, physics::builtin_names()) {
            Some(near) => error.hint(format!("did you mean \"{near}\"?")),
            None => error.hint("`smatrix2d materials` lists them"),
        }
    };
    physics::builtin(&name).map(Some).ok_or_else(unknown)
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
    if Element::symbols().any(|known| known == symbol) {
        return Ok(());
    }
    let same_letters = Element::symbols().find(|known| known.eq_ignore_ascii_case(symbol));
    let hint = match same_letters.or_else(|| nearest(symbol, Element::symbols())) {
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
