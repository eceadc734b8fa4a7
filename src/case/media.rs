//! Reads `[phantom]`, `[[phantom.region]]` and `[phantom.hounsfield]`.

use super::allowed::Allowed;
use super::section::Section;
use super::{Conversion, HounsfieldSpec, Outside, PhantomSpec, RegionSpec};
use crate::constants::DENSITIES_G_PER_CM3;
use crate::error::Result;
use crate::phantom::DENSITY_HINT;
use std::ops::Bound;
use std::path::PathBuf;

const PHANTOM_KEYS: &[&str] = &[
    "material",
    "x_mm",
    "z_mm",
    "spacing_mm",
    "density_g_per_cm3",
    "file",
    "hounsfield",
    "region",
];
const REGION_KEYS: &[&str] = &["material", "z_mm", "x_mm", "density_g_per_cm3"];
const DENSITY: Allowed = Allowed::new(
    Bound::Included(DENSITIES_G_PER_CM3.start),
    Bound::Excluded(DENSITIES_G_PER_CM3.end),
);

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
        density_g_per_cm3: density(&phantom)?,
        hounsfield: hounsfield(&phantom, file.is_some())?,
        file,
        regions: regions(&phantom, x_mm)?,
    })
}

fn hounsfield(phantom: &Section, has_file: bool) -> Result<Option<HounsfieldSpec>> {
    if !phantom.has("hounsfield") {
        return Ok(None);
    }
    if !has_file {
        return Err(phantom
            .error(
                "hounsfield",
                "found without phantom.file; allowed beside it only",
            )
            .hint("name the HDF5 file that holds /hounsfield: file = \"slice.h5\""));
    }
    let table = phantom.child("hounsfield", &["conversion", "file", "outside"])?;
    let file = table.text("file", "curve.csv")?.map(PathBuf::from);
    if file.is_some() && table.has("conversion") {
        return Err(table
            .error("conversion", "found beside file; allowed: one or the other")
            .hint("conversion names a built-in curve, file is your own: remove one of them"));
    }
    Ok(Some(HounsfieldSpec {
        conversion: table.choice_or("conversion", Conversion::Schneider2000)?,
        file,
        outside: table.choice_or("outside", Outside::Refuse)?,
    }))
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
        density_g_per_cm3: density(table)?,
    })
}

/// The key `density_g_per_cm3` of a table.
pub fn density(table: &Section) -> Result<Option<f64>> {
    let found = table.number("density_g_per_cm3", DENSITY, 1.0);
    found.map_err(|error| error.hint(DENSITY_HINT))
}
