//! Kinematics of a proton of kinetic energy E (MeV): speed, momentum times speed, largest energy transfer.

use crate::constants::{ELECTRON_MASS_MEV, PROTON_MASS_MEV};

/// (v/c)^2 = E (E + 2 M) / (E + M)^2.
pub fn beta_squared(energy_mev: f64) -> f64 {
    let total = energy_mev + PROTON_MASS_MEV;
    energy_mev * (energy_mev + 2.0 * PROTON_MASS_MEV) / (total * total)
}

/// (p c)^2 = E (E + 2 M), MeV2.
pub fn momentum_squared_mev2(energy_mev: f64) -> f64 {
    energy_mev * (energy_mev + 2.0 * PROTON_MASS_MEV)
}

/// Momentum times speed, MeV: pv = E (E + 2 M) / (E + M).
pub fn pv_mev(energy_mev: f64) -> f64 {
    energy_mev * (energy_mev + 2.0 * PROTON_MASS_MEV) / (energy_mev + PROTON_MASS_MEV)
}

/// Largest energy transfer to a free electron, MeV (exact; PDG 2022, eq. 34.4).
pub fn largest_energy_transfer_mev(energy_mev: f64) -> f64 {
    let mass_ratio = ELECTRON_MASS_MEV / PROTON_MASS_MEV;
    let gamma = 1.0 + energy_mev / PROTON_MASS_MEV;
    let beta_gamma_squared = gamma * gamma * beta_squared(energy_mev);
    2.0 * ELECTRON_MASS_MEV * beta_gamma_squared
        / (1.0 + 2.0 * gamma * mass_ratio + mass_ratio * mass_ratio)
}
