//! Stopping powers that no table holds: Bethe's logarithm moved to another mean excitation energy I, elements between
//! tabulated neighbours, and Bragg's additivity for compounds.
//!
//! Stopping number: `L(E) = S_el beta^2 / (K Z/A)`; in Bethe's formula `L = ln(2 m c^2 beta^2 gamma^2 / I) - beta^2 - corrections`,
//! so a table for I becomes one for I' by `L' = L + w(E) ln(I / I')`, shell and density corrections unchanged to first order.
//! Below 1 MeV Bethe's formula fades: w goes from 1 at 1 MeV to 0 at 0.1 MeV (smooth step in ln E; the range above does not feel it).
//!
//! An element without a table (F, Na, Mg, P, S, Cl, K, Ca, Zn, Ta, ...): `L` of the two nearest elements in Z that have one,
//! each moved to the element's own I, interpolated linearly in Z. Error: < 0.3 % above 3 MeV (2 % at 2 MeV) against PSTAR's compounds of
//! such elements (tests/physics_bragg.rs).
//!
//! Sources: ICRU Report 49 (1993) sections 2 and 3; I of constituents of compounds: ICRU Report 37 (1984), Table 5.1.

use super::element::Element;
use super::kinematics::beta_squared;
use super::pstar::{self, StoppingPowerRows};
use crate::constants::BETHE_K_MEV_CM2_PER_MOL;
use crate::error::{Error, Result};

/// Where the Bethe logarithm counts in full, and where not at all, MeV.
const BETHE_FULL_MEV: f64 = 1.0;
const BETHE_NONE_MEV: f64 = 0.1;

/// An I this far from Bragg's rule (factor) is taken for a slip: no known substance is beyond 1.5.
const I_FACTOR_MAX: f64 = 2.0;

/// Below this density, g/cm3, a material is taken for a gas when its I is made up from its elements.
const GAS_DENSITY_G_PER_CM3: f64 = 0.05;

/// (element, mass fraction), sum 1.
pub type Constituents = [(Element, f64)];

/// Electrons per mass, mol/g.
pub fn z_over_a(constituents: &Constituents) -> f64 {
    constituents
        .iter()
        .map(|(element, fraction)| fraction * element.z_over_a())
        .sum()
}

/// Bragg's I of the elemental tables: mean of ln I weighted by electrons, eV.
pub fn additive_mean_excitation_energy_ev(constituents: &Constituents) -> f64 {
    mean_of_logarithm(constituents, |element| element.mean_excitation_energy_ev)
}

/// I of a material that nobody gave one for: ICRU 37's rule (I of the constituents by phase), eV.
pub fn recommended_mean_excitation_energy_ev(
    constituents: &Constituents,
    density_g_per_cm3: f64,
) -> f64 {
    if constituents.len() == 1 {
        return constituents[0].0.mean_excitation_energy_ev;
    }
    let is_gas = density_g_per_cm3 < GAS_DENSITY_G_PER_CM3;
    let of_constituent = if is_gas {
        constituent_of_gas_ev
    } else {
        constituent_of_condensed_ev
    };
    mean_of_logarithm(constituents, of_constituent)
}

fn mean_of_logarithm(constituents: &Constituents, i_ev: impl Fn(&Element) -> f64) -> f64 {
    let weighted =
        |(element, fraction): &(Element, f64)| fraction * element.z_over_a() * i_ev(element).ln();
    (constituents.iter().map(weighted).sum::<f64>() / z_over_a(constituents)).exp()
}

/// ICRU 37, liquids and solids: H, C, N, O, F, Cl by name, others 1.13 times the element's.
fn constituent_of_condensed_ev(element: &Element) -> f64 {
    match element.symbol {
        "H" => 19.2,
        "C" => 81.0,
        "N" => 82.0,
        "O" => 106.0,
        "F" => 112.0,
        "Cl" => 180.0,
        _ => 1.13 * element.mean_excitation_energy_ev,
    }
}

/// ICRU 37, gases: H, C, N, O by name, others the element's.
fn constituent_of_gas_ev(element: &Element) -> f64 {
    match element.symbol {
        "C" => 70.0,
        "O" => 97.0,
        _ => element.mean_excitation_energy_ev,
    }
}

/// Table of a compound: elemental tables added by mass fraction, then moved to the compound's I.
pub fn rows_of_compound(constituents: &Constituents, i_ev: f64) -> Result<StoppingPowerRows> {
    let tables = constituents
        .iter()
        .map(|(element, fraction)| Ok((rows_of_element(element)?, *fraction)))
        .collect::<Result<Vec<_>>>()?;
    let sum = weighted_sum(&tables);
    move_mean_excitation_energy(
        sum,
        z_over_a(constituents),
        additive_mean_excitation_energy_ev(constituents),
        i_ev,
    )
}

/// Sum of tables on the same energies; the first range adds as its inverse (Bragg and Kleeman).
fn weighted_sum(tables: &[(StoppingPowerRows, f64)]) -> StoppingPowerRows {
    let add = |column: fn(&StoppingPowerRows) -> &Vec<f64>| -> Vec<f64> {
        let value = |i: usize| {
            tables
                .iter()
                .map(|(rows, weight)| weight * column(rows)[i])
                .sum()
        };
        (0..tables[0].0.energy_mev.len()).map(value).collect()
    };
    let inverse_range: f64 = tables
        .iter()
        .map(|(rows, weight)| weight / rows.first_range_g_per_cm2)
        .sum();
    StoppingPowerRows {
        energy_mev: tables[0].0.energy_mev.clone(),
        electronic_mev_cm2_per_g: add(|rows| &rows.electronic_mev_cm2_per_g),
        total_mev_cm2_per_g: add(|rows| &rows.total_mev_cm2_per_g),
        first_range_g_per_cm2: 1.0 / inverse_range,
    }
}

/// Table of an element: PSTAR's where there is one, else from the neighbours in Z.
fn rows_of_element(element: &Element) -> Result<StoppingPowerRows> {
    if let Some(stem) = element.pstar {
        return pstar::rows(stem);
    }
    let below = Element::tabulated_below(element.atomic_number)?;
    let above = Element::tabulated_above(element.atomic_number)?;
    let share =
        (element.atomic_number - below.atomic_number) / (above.atomic_number - below.atomic_number);
    Ok(weighted_sum(&[
        (rows_as_if(&below, element)?, 1.0 - share),
        (rows_as_if(&above, element)?, share),
    ]))
}

/// The neighbour's table per electron, moved to the element's I and electrons per mass.
fn rows_as_if(neighbour: &Element, element: &Element) -> Result<StoppingPowerRows> {
    let table = rows_of_element(neighbour)?;
    let from_ev = neighbour.mean_excitation_energy_ev;
    let mut rows = move_mean_excitation_energy(
        table,
        neighbour.z_over_a(),
        from_ev,
        element.mean_excitation_energy_ev,
    )?;
    let electrons = element.z_over_a() / neighbour.z_over_a();
    rows.electronic_mev_cm2_per_g
        .iter_mut()
        .for_each(|power| *power *= electrons);
    rows.total_mev_cm2_per_g
        .iter_mut()
        .for_each(|power| *power *= electrons);
    rows.first_range_g_per_cm2 /= electrons;
    Ok(rows)
}

/// The table for another I (module doc).
///
/// # Errors
/// Bad data where the two I differ by more than a factor of 2.
pub fn move_mean_excitation_energy(
    mut rows: StoppingPowerRows,
    z_over_a: f64,
    from_ev: f64,
    to_ev: f64,
) -> Result<StoppingPowerRows> {
    let logarithm = (from_ev / to_ev).ln();
    let is_plausible = logarithm.abs() <= I_FACTOR_MAX.ln();
    if !is_plausible {
        return Err(implausible(from_ev, to_ev));
    }
    for i in 0..rows.energy_mev.len() {
        let energy_mev = rows.energy_mev[i];
        let per_stopping_number = BETHE_K_MEV_CM2_PER_MOL * z_over_a / beta_squared(energy_mev);
        let change = per_stopping_number * logarithm * bethe_weight(energy_mev);
        rows.electronic_mev_cm2_per_g[i] += change;
        rows.total_mev_cm2_per_g[i] += change;
    }
    Ok(rows)
}

fn implausible(expected_ev: f64, found_ev: f64) -> Error {
    Error::bad_data(format!(
        "mean excitation energy {found_ev} eV is implausible: the composition gives {expected_ev:.1} eV by Bragg's rule"
    ))
    .key("mean_excitation_energy_ev")
    .hint("give it in eV, within a factor of 2 of Bragg's value, or leave it out")
}

fn bethe_weight(energy_mev: f64) -> f64 {
    let position = (energy_mev / BETHE_NONE_MEV).ln() / (BETHE_FULL_MEV / BETHE_NONE_MEV).ln();
    let t = position.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
