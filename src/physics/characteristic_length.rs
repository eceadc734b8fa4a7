//! Radiation length X_0 and Gottschalk's scattering length X_S of elements and compounds, g/cm2.
//!
//! Both add as inverses weighted by mass fraction.
//! - `1/X_0 = 4 alpha r_e^2 N_A / A {Z^2 [L_rad - f(Z)] + Z L'_rad}`, Tsai 1974; PDG 2022 eq. 34.25-34.26, Table 34.2.
//! - `1/X_S = alpha N_A r_e^2 Z^2/A [2 ln(33219 (A Z)^(-1/3)) - 1]`, Gottschalk, Med. Phys. 37 (2010) 352.

use super::element::Element;
use crate::constants::{
    AVOGADRO_PER_MOL, CLASSICAL_ELECTRON_RADIUS_CM, FINE_STRUCTURE,
    RADIATION_LENGTH_SCALE_G_PER_CM2,
};

/// X_0, g/cm2.
pub fn radiation_length_g_per_cm2(constituents: &[(Element, f64)]) -> f64 {
    1.0 / constituents
        .iter()
        .map(|(element, fraction)| fraction * inverse_radiation_length(element))
        .sum::<f64>()
}

/// X_S, g/cm2.
pub fn scattering_length_g_per_cm2(constituents: &[(Element, f64)]) -> f64 {
    1.0 / constituents
        .iter()
        .map(|(element, fraction)| fraction * inverse_scattering_length(element))
        .sum::<f64>()
}

fn inverse_radiation_length(element: &Element) -> f64 {
    let z = element.atomic_number;
    let (elastic, inelastic) = radiation_logarithms(z);
    let per_atom = z * z * (elastic - coulomb_correction(z)) + z * inelastic;
    per_atom / (RADIATION_LENGTH_SCALE_G_PER_CM2 * element.atomic_mass_g_per_mol)
}

/// L_rad and L'_rad.
fn radiation_logarithms(z: f64) -> (f64, f64) {
    match z as u32 {
        1 => (5.31, 6.144),
        2 => (4.79, 5.621),
        3 => (4.74, 5.805),
        4 => (4.71, 5.924),
        _ => (
            (184.15 * z.powf(-1.0 / 3.0)).ln(),
            (1194.0 * z.powf(-2.0 / 3.0)).ln(),
        ),
    }
}

/// f(Z) for Z up to U: Davies, Bethe, Maximon.
fn coulomb_correction(z: f64) -> f64 {
    let a2 = (FINE_STRUCTURE * z).powi(2);
    a2 * (1.0 / (1.0 + a2) + 0.20206 - 0.0369 * a2 + 0.0083 * a2.powi(2) - 0.002 * a2.powi(3))
}

fn inverse_scattering_length(element: &Element) -> f64 {
    let (z, a) = (element.atomic_number, element.atomic_mass_g_per_mol);
    let logarithm = 2.0 * (33219.0 * (a * z).powf(-1.0 / 3.0)).ln() - 1.0;
    FINE_STRUCTURE * AVOGADRO_PER_MOL * CLASSICAL_ELECTRON_RADIUS_CM.powi(2) * z * z / a * logarithm
}
