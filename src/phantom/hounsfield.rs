//! Hounsfield numbers to materials and densities, by a curve: density linear between the curve's points, material stepwise.
//!
//! Built in: W. Schneider, T. Bortfeld, W. Schlegel, Phys. Med. Biol. 45 (2000) 459 (data/hounsfield_schneider2000.csv).

use super::curve_file::{self, Row, Substance};
use super::position;
use crate::case::{Conversion, HounsfieldSpec, Outside};
use crate::error::{Error, Result};
use crate::physics::Material;
use ndarray::Array2;
use std::path::Path;

const SCHNEIDER_2000_CSV: &str = include_str!("../../data/hounsfield_schneider2000.csv");

/// Points by rising Hounsfield number; neither list is empty, and both begin at the curve's lower end.
pub struct Curve {
    /// (Hounsfield number, density in g/cm3)
    densities: Vec<(f64, f64)>,
    /// From this number up to the next entry's: index into `materials`.
    steps: Vec<(f64, u16)>,
    materials: Vec<Material>,
}

/// Cells as a phantom holds them: indices (nz, nx) into `materials`, densities (nz, nx) in g/cm3.
pub struct Converted {
    pub materials: Vec<Material>,
    pub material_index: Array2<u16>,
    pub density_g_per_cm3: Array2<f64>,
}

/// The rows that a case asks for. Errors: as `curve_file::read`.
pub fn rows(spec: &HounsfieldSpec, base_dir: &Path) -> Result<Vec<Row>> {
    match (&spec.file, spec.conversion) {
        (Some(file), _) => curve_file::read(&base_dir.join(file)),
        (None, Conversion::Schneider2000) => curve_file::parse(SCHNEIDER_2000_CSV),
    }
}

impl Curve {
    /// A curve from its rows; `make` makes a row's material, given the density half way to the next one's.
    pub fn new(rows: &[Row], make: impl Fn(&Substance, f64) -> Result<Material>) -> Result<Self> {
        let density = |row: &Row| Some((row.hounsfield, row.density_g_per_cm3?));
        let mut curve = Self {
            densities: rows.iter().filter_map(density).collect(),
            steps: Vec::new(),
            materials: Vec::new(),
        };
        let substance = |row: &Row| Some((row.hounsfield, row.substance.clone()?));
        let steps: Vec<(f64, Substance)> = rows.iter().filter_map(substance).collect();
        for (i, (from, substance)) in steps.iter().enumerate() {
            let to = steps.get(i + 1).map_or(curve.range().1, |next| next.0);
            let density = curve.density_g_per_cm3(0.5 * (from + to));
            let index = position(&mut curve.materials, &substance.name, || {
                make(substance, density)
            })?;
            curve.steps.push((*from, index as u16));
        }
        Ok(curve)
    }

    /// First and last Hounsfield number.
    pub fn range(&self) -> (f64, f64) {
        (
            self.densities[0].0,
            self.densities[self.densities.len() - 1].0,
        )
    }

    /// Density within the range, g/cm3; beyond it that of the end.
    pub fn density_g_per_cm3(&self, hounsfield: f64) -> f64 {
        let points = &self.densities;
        match points.partition_point(|point| point.0 <= hounsfield) {
            0 => points[0].1,
            above if above == points.len() => points[above - 1].1,
            above => {
                let (low, high) = (points[above - 1], points[above]);
                low.1 + (hounsfield - low.0) / (high.0 - low.0) * (high.1 - low.1)
            }
        }
    }

    /// Index of the material at a Hounsfield number.
    pub fn material(&self, hounsfield: f64) -> u16 {
        let above = self.steps.partition_point(|step| step.0 <= hounsfield);
        self.steps[above.saturating_sub(1)].1
    }

    /// Every cell's material and density; only materials that occur are kept.
    ///
    /// # Errors
    /// Bad data, with the cell and its number, where one is NaN or, unless clamping, beyond the curve.
    pub fn convert(self, hounsfield: &Array2<f64>, outside: Outside) -> Result<Converted> {
        let (first, last) = self.range();
        let refused = |number: f64| match outside {
            Outside::Refuse => !(first..=last).contains(&number),
            Outside::Clamp => number.is_nan(),
        };
        if let Some(((z, x), number)) = hounsfield.indexed_iter().find(|(_, n)| refused(**n)) {
            let hint = match number.is_nan() {
                true => "give cells without a number one, for example -1000 (air)",
                false => {
                    "set outside = \"clamp\" in [phantom.hounsfield] to take such cells for the curve's end, or give a longer curve (file = \"curve.csv\")"
                }
            };
            return Err(Error::bad_data(format!(
                "/hounsfield[{z}, {x}] is {number}; allowed: {first} to {last}, where the conversion ends"
            ))
            .hint(hint));
        }
        let indices = hounsfield.mapv(|number| self.material(number));
        let density_g_per_cm3 = hounsfield.mapv(|number| self.density_g_per_cm3(number));
        let (materials, material_index) = only_present(self.materials, indices);
        Ok(Converted {
            materials,
            material_index,
            density_g_per_cm3,
        })
    }
}

/// Drops the materials that no cell holds, and renumbers the cells.
fn only_present(
    materials: Vec<Material>,
    mut indices: Array2<u16>,
) -> (Vec<Material>, Array2<u16>) {
    let mut present = vec![false; materials.len()];
    indices
        .iter()
        .for_each(|&index| present[usize::from(index)] = true);
    let mut count = 0;
    let renumbered: Vec<u16> = present
        .iter()
        .map(|&is_present| {
            count += u16::from(is_present);
            count.saturating_sub(1)
        })
        .collect();
    indices.mapv_inplace(|index| renumbered[usize::from(index)]);
    let kept = materials
        .into_iter()
        .zip(present)
        .filter_map(|(material, is_present)| is_present.then_some(material));
    (kept.collect(), indices)
}
