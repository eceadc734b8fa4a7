//! Multiple Coulomb scattering in Gaussian approximation: mean square projected angle per areal length, rad2 cm2/g.
//!
//! Differential Moliere (Gottschalk, Med. Phys. 37 (2010) 352; arXiv:0908.1413):
//!
//! ```text
//! T = f_dM (E_s / pv)^2 / X_S,   E_s = 15.0 MeV
//! f_dM = 0.5244 + 0.1975 lg(1 - (pv/p1v1)^2) + 0.2320 lg(pv) - 0.0098 lg(pv) lg(1 - (pv/p1v1)^2)
//! ```
//!
//! pv in MeV, p1v1 at the entry plane: T knows how far scattering has gone. Generalised Highland (Gottschalk et al., NIM B 74
//! (1993) 467): `theta0^2 = (14.1 MeV)^2 [1 + lg(L)/9]^2 integral dx / (X_0 pv^2)`, L = integral dx / X_0; its logarithm
//! is not additive, so a step's share is the difference of theta0^2 at the step's ends. Both angles are projected already:
//! no further factor of 1/sqrt(2).

pub use super::kinematics::pv_mev;
use crate::constants::{HIGHLAND_ENERGY_MEV, SCATTERING_ENERGY_MEV};

/// lg(1 - (pv/p1v1)^2), no lower than `floor`.
///
/// The term falls to minus infinity where no energy is lost yet (an integrable singularity: T goes to 0 there). Energies at
/// or above the entry energy get the floor.
pub fn moliere_log_term(energy_mev: f64, entry_energy_mev: f64, floor: f64) -> f64 {
    let ratio = pv_mev(energy_mev) / pv_mev(entry_energy_mev);
    let remainder = 1.0 - ratio * ratio;
    if remainder <= 0.0 {
        floor
    } else {
        remainder.log10().max(floor)
    }
}

/// Gottschalk's single-scattering correction f_dM, not below 0.
pub fn moliere_correction(pv_mev: f64, log_term: f64) -> f64 {
    let lg_pv = pv_mev.log10();
    (0.5244 + 0.1975 * log_term + 0.2320 * lg_pv - 0.0098 * lg_pv * log_term).max(0.0)
}

/// Scattering power T, rad2 cm2/g; X_S from the material, `log_term` from [`moliere_log_term`].
pub fn differential_moliere_rad2_cm2_per_g(
    scattering_length_g_per_cm2: f64,
    energy_mev: f64,
    log_term: f64,
) -> f64 {
    let pv = pv_mev(energy_mev);
    let angle = SCATTERING_ENERGY_MEV / pv;
    moliere_correction(pv, log_term) * angle * angle / scattering_length_g_per_cm2
}

/// theta0^2 (projected), rad2, of all matter passed: `radiation_lengths` = integral dx/X_0, `integral_per_mev2` =
/// integral dx/(X_0 pv^2). Increasing in both; 0 below 1e-9 radiation lengths, where the logarithm has no meaning.
pub fn highland_theta0_squared_rad2(radiation_lengths: f64, integral_per_mev2: f64) -> f64 {
    if radiation_lengths <= 0.0 {
        return 0.0;
    }
    let thickness = (1.0 + radiation_lengths.log10() / 9.0).max(0.0);
    (HIGHLAND_ENERGY_MEV * thickness).powi(2) * integral_per_mev2
}
