//! What the picture shows: scaled values, their names and units, the curves' figures.

use crate::compare::grid::Grid;
use crate::curves;
use crate::dose_file::DoseMap;
use crate::error::{Error, Result};
use crate::results::{Axis, Summary};
use ndarray::{Array2, s};
use std::ops::Range;

pub struct Content {
    pub title: String,
    /// The map around the beam, scaled to a factor that `unit` names.
    pub map: Grid,
    /// The x axis of `map`, which a map always has.
    pub x_mm: Axis,
    pub quantity: &'static str,
    pub unit: String,
    /// MeV/mm per proton, over `map.z_mm`; empty where the file holds no energy.
    pub depth_dose: Vec<f64>,
    pub summary: Summary,
    pub profiles: Vec<Profile>,
}

/// A lateral profile in the unit of the map.
pub struct Profile {
    pub name: String,
    pub values: Vec<f64>,
}

impl Content {
    pub fn of(found: &DoseMap) -> Result<Self> {
        let (quantity, unit, values) = map_of(found)?;
        let maximum = values.iter().copied().fold(0.0, f64::max);
        if maximum <= 0.0 {
            return Err(Error::bad_data("the map has no value above zero"));
        }
        let exponent = power_of_thousand(maximum);
        let columns = shown_columns(&values, &found.x_mm);
        let x_mm = Axis {
            centers: found.x_mm.centers[columns.clone()].to_vec(),
            edges: found.x_mm.edges[columns.start..=columns.end].to_vec(),
        };
        let map = Grid {
            z_mm: found.z_mm.clone(),
            x_mm: Some(x_mm.clone()),
            values: values
                .slice(s![.., columns])
                .mapv(|value| value * 10f64.powi(-exponent)),
        };
        let depth_dose = found
            .depth_dose_mev_per_mm
            .as_ref()
            .map_or(Vec::new(), |curve| curve.to_vec());
        let summary = curves::summarise(&found.z_mm, &depth_dose, &[]);
        Ok(Self {
            title: found.title.clone(),
            profiles: profiles(&map, &summary),
            map,
            x_mm,
            quantity,
            unit: format!("{}{unit}", power_text(exponent)),
            depth_dose,
            summary,
        })
    }
}

/// Dose where the file has it, else energy per area.
fn map_of(found: &DoseMap) -> Result<(&'static str, &'static str, Array2<f64>)> {
    if let Some(dose) = &found.maps.dose_gy_mm {
        return Ok(("dose", "Gy mm", dose.clone()));
    }
    let energy = found
        .maps
        .energy_deposit_mev
        .as_ref()
        .ok_or_else(|| Error::bad_data("no map in the file"))?;
    let mut density = energy.clone();
    for ((i, j), value) in density.indexed_iter_mut() {
        *value /= found.z_mm.width(i) * found.x_mm.width(j);
    }
    Ok(("energy deposit", "MeV/mm²", density))
}

/// The columns that reach half a per cent of the maximum, and half their number on either side.
fn shown_columns(values: &Array2<f64>, x_mm: &Axis) -> Range<usize> {
    let floor = 0.005 * values.iter().copied().fold(0.0, f64::max);
    let reached = |j: &usize| values.column(*j).iter().any(|&value| value >= floor);
    let first = (0..x_mm.len()).find(reached).unwrap_or(0);
    let last = (0..x_mm.len()).rfind(reached).unwrap_or(x_mm.len() - 1);
    let room = (last + 1 - first).div_ceil(2);
    first.saturating_sub(room)..(last + 1 + room).min(x_mm.len())
}

fn profiles(map: &Grid, summary: &Summary) -> Vec<Profile> {
    let entrance = map.z_mm.centers[0];
    let depths = [
        ("entrance", entrance),
        ("half range", 0.5 * summary.r80_mm),
        ("peak", summary.peak_depth_mm),
    ];
    let profile = |(place, depth_mm): (&str, f64)| {
        let [_, core] = map.sigmas_at(depth_mm);
        Some(Profile {
            name: format!("{place}, {depth_mm:.1} mm: core σ {core:.2} mm"),
            values: map.profile_at(depth_mm)?,
        })
    };
    depths.into_iter().filter_map(profile).collect()
}

/// The power of ten, a multiple of three, that leaves `value` between 1 and 1000; 0 for values that read well as is.
fn power_of_thousand(value: f64) -> i32 {
    let exponent = 3 * (value.log10() / 3.0).floor() as i32;
    if (-3..=3).contains(&exponent) && value >= 0.1 {
        0
    } else {
        exponent
    }
}

fn power_text(exponent: i32) -> String {
    if exponent == 0 {
        return String::new();
    }
    let raised = |digit: char| match digit {
        '-' => '⁻',
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        _ => '⁹',
    };
    format!(
        "10{} ",
        exponent.to_string().chars().map(raised).collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::{power_of_thousand, power_text};

    #[test]
    fn units_are_scaled_by_powers_of_a_thousand() {
        for (value, expected) in [
            (3.4e-11, "10⁻¹² "),
            (2.0e-9, "10⁻⁹ "),
            (0.5, ""),
            (120.0, ""),
            (5e6, "10⁶ "),
        ] {
            assert_eq!(power_text(power_of_thousand(value)), expected);
        }
    }
}
