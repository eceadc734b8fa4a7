//! Moments of the energy loss per areal length (Bohr 1915, relativistic).
//!
//! With the collision spectrum `K/2 Z/A / beta^2 (1 - beta^2 T/T_max) / T^2`: second moment `K m c^2 Z/A (1 - beta^2/2) / (1 - beta^2)`
//! (T_max in it by its leading term 2 m c^2 beta^2 gamma^2), third moment the second times
//! `T_max (1/2 - beta^2/3) / (1 - beta^2/2)`. Source of the spectrum: PDG 2022 section 34.2; its moments are elementary.

use super::kinematics::{beta_squared, largest_energy_transfer_mev};
use crate::constants::{BETHE_K_MEV_CM2_PER_MOL, ELECTRON_MASS_MEV};

/// Variance of the energy loss per areal length, MeV2 cm2/g.
pub fn variance_mev2_cm2_per_g(z_over_a: f64, energy_mev: f64) -> f64 {
    let beta2 = beta_squared(energy_mev);
    BETHE_K_MEV_CM2_PER_MOL * ELECTRON_MASS_MEV * z_over_a * (1.0 - 0.5 * beta2) / (1.0 - beta2)
}

/// Standard deviation of the range of protons that stop after `range_cm`, mm: 0.012 R^0.935, both in cm.
/// Bortfeld, Med. Phys. 24 (1997) 2024, eq. 18.
pub fn range_sigma_mm(range_cm: f64) -> f64 {
    0.12 * range_cm.powf(0.935)
}

/// Third central moment of the energy loss per areal length, MeV3 cm2/g.
pub fn third_moment_mev3_cm2_per_g(z_over_a: f64, energy_mev: f64) -> f64 {
    let beta2 = beta_squared(energy_mev);
    let shape = (0.5 - beta2 / 3.0) / (1.0 - 0.5 * beta2);
    variance_mev2_cm2_per_g(z_over_a, energy_mev) * largest_energy_transfer_mev(energy_mev) * shape
}
