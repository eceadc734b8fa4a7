//! A material: composition, density, and the tables that the operators' stencils are made from.
//!
//! Energies MeV (kinetic); ranges and path lengths g/cm2; powers per (g/cm2).

/// A material with its physics tables.
#[derive(Clone, Debug)]
pub struct Material {
    pub name: String,
    pub density_g_per_cm3: f64,
    pub mean_excitation_energy_ev: f64,
    /// (element symbol, mass fraction), sum 1.
    pub composition: Vec<(String, f64)>,
    pub radiation_length_g_per_cm2: f64,
    /// Gottschalk's X_S.
    pub scattering_length_g_per_cm2: f64,
    /// Where the figures are from, for the `materials` command and the dose file.
    pub source: String,
}

impl Material {
    /// Total (electronic + nuclear) mass stopping power, MeV cm2/g.
    pub fn mass_stopping_power_mev_cm2_per_g(&self, _energy_mev: f64) -> f64 {
        todo!()
    }

    /// Electronic (unrestricted) mass stopping power, MeV cm2/g: what LET is made of.
    pub fn electronic_mass_stopping_power_mev_cm2_per_g(&self, _energy_mev: f64) -> f64 {
        todo!()
    }

    /// Integral of the electronic mass stopping power over energy from 0 to E, MeV2 cm2/g (numerator of dose-averaged LET).
    pub fn let_integral_mev2_cm2_per_g(&self, _energy_mev: f64) -> f64 {
        todo!()
    }

    /// CSDA range, g/cm2; strictly increasing in E; 0 at E = 0.
    pub fn csda_range_g_per_cm2(&self, _energy_mev: f64) -> f64 {
        0.0022 * _energy_mev.powf(1.77)
    }

    /// Inverse of `csda_range_g_per_cm2`; 0 for a range <= 0.
    pub fn energy_mev(&self, _csda_range_g_per_cm2: f64) -> f64 {
        todo!()
    }

    /// Bohr's relativistic variance of the energy loss per areal length, MeV2 cm2/g.
    pub fn straggling_mev2_cm2_per_g(&self, _energy_mev: f64) -> f64 {
        todo!()
    }

    /// Third central moment of the energy loss per areal length, MeV3 cm2/g.
    pub fn straggling_skewness_mev3_cm2_per_g(&self, _energy_mev: f64) -> f64 {
        todo!()
    }
}
