//! Protons from elastic nuclear scattering: on hydrogen, which shares the energy between two protons, and on heavier nuclei.
//!
//! Hydrogen, above 10 MeV: Geant4's cross-section (data/hydrogen_elastic.csv; 24 mb at 150 MeV), or with ICRU 63's nonelastic ones
//! that of MCsquare, `Sigma = (0.315 E^-1.126 + 3.78e-6 E) / 0.1119` cm2 per g of hydrogen (Fippel & Soukup, Med. Phys. 31 (2004) 2263;
//! 25 mb). Isotropic in the centre of mass, so that both protons' energies T are even
//! between 0 and E, and `cos^2 = T (E + 2 M) / (E (T + 2 M))` (equal masses, exact).
//!
//! Heavier nuclei: elastic_transfers.rs.

use super::elastic_transfers::Nucleus;
pub use super::elastic_transfers::Turns;
use super::element::Element;
use super::kinematics::momentum_squared_mev2;
use super::material::Material;
use super::nuclear_tables::{self, Table};
use crate::case::CrossSections;
use crate::constants::PROTON_MASS_MEV;
use crate::error::Result;

/// Elastic nuclear scattering in one material.
#[derive(Clone, Debug)]
pub struct ElasticProtons {
    hydrogen: Hydrogen,
    heavier: Vec<Nucleus>,
}

/// Scattering on the hydrogen of a material.
#[derive(Clone, Debug)]
enum Hydrogen {
    /// One table for each hydrogen among the constituents.
    Tables(Vec<Table>),
    /// Fippel and Soukup's formula, for a mass fraction.
    Fippel(f64),
}

impl Hydrogen {
    fn of(constituents: &[&(Element, f64)], source: CrossSections) -> Result<Hydrogen> {
        let table = |(element, fraction): &&(Element, f64)| {
            nuclear_tables::elastic_cm2_per_g(element, *fraction)
        };
        Ok(match source {
            CrossSections::Barashenkov => {
                Hydrogen::Tables(constituents.iter().map(table).collect::<Result<_>>()?)
            }
            CrossSections::Icru63 => {
                Hydrogen::Fippel(constituents.iter().map(|(_, fraction)| fraction).sum())
            }
        })
    }
}

/// Some of the protons that leave a reaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emitted {
    /// Protons per areal length, cm2/g.
    pub cm2_per_g: f64,
    pub energy_mev: f64,
    /// Cosine of the angle against the incident direction.
    pub cosine: f64,
}

/// Below this the fit of the cross-section on hydrogen does not hold; nothing is scattered there.
const HYDROGEN_FROM_MEV: f64 = 10.0;
/// Samples of a reaction's energies, evenly likely.
const SAMPLES: usize = 64;

impl ElasticProtons {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn of(material: &Material, source: CrossSections) -> Result<Self> {
        let is_hydrogen = |element: &Element| element.atomic_number <= 1.0;
        let (hydrogen, heavier): (Vec<_>, Vec<_>) = material
            .constituents()
            .iter()
            .partition(|(element, _)| is_hydrogen(element));
        let heavier = heavier
            .into_iter()
            .map(|(element, fraction)| Nucleus::of(element, *fraction, source));
        Ok(Self {
            hydrogen: Hydrogen::of(&hydrogen, source)?,
            heavier: heavier.collect::<Result<_>>()?,
        })
    }

    /// Macroscopic cross-section of scattering on hydrogen, cm2 per g of the material.
    pub fn on_hydrogen_cm2_per_g(&self, energy_mev: f64) -> f64 {
        if energy_mev < HYDROGEN_FROM_MEV {
            return 0.0;
        }
        match &self.hydrogen {
            Hydrogen::Tables(tables) => tables.iter().map(|table| table.or_end(energy_mev)).sum(),
            Hydrogen::Fippel(fraction) => {
                fraction * (0.315 * energy_mev.powf(-1.126) + 3.78e-6 * energy_mev) / 0.1119
            }
        }
    }

    /// Macroscopic cross-section of scattering on all other nuclei by angles of a range, cm2/g.
    pub fn on_nuclei_cm2_per_g(&self, energy_mev: f64, turns: Turns) -> f64 {
        let terms = self.heavier.iter().flat_map(|one| one.terms(energy_mev));
        terms.map(|term| term.cm2_per_g * term.chance(turns)).sum()
    }

    /// The two protons of scatterings on hydrogen.
    pub fn from_hydrogen(&self, energy_mev: f64) -> Vec<Emitted> {
        let each = 2.0 * self.on_hydrogen_cm2_per_g(energy_mev) / SAMPLES as f64;
        let mass = 2.0 * PROTON_MASS_MEV;
        (0..SAMPLES)
            .map(|i| (i as f64 + 0.5) / SAMPLES as f64 * energy_mev)
            .map(|t| Emitted {
                cm2_per_g: each,
                energy_mev: t,
                cosine: (t * (energy_mev + mass) / (energy_mev * (t + mass))).sqrt(),
            })
            .collect()
    }

    /// The protons of scatterings on all other nuclei by angles of a range; what they lack of E is the nucleus' recoil.
    pub fn from_nuclei(&self, energy_mev: f64, turns: Turns) -> Vec<Emitted> {
        let mut protons = Vec::new();
        for term in self.heavier.iter().flat_map(|one| one.terms(energy_mev)) {
            let each = term.cm2_per_g * term.chance(turns) / term.samples as f64;
            let of_term = |t_mev2| scattered(energy_mev, term.mass_mev, t_mev2, each);
            protons.extend(term.sampled_mev2(turns).map(of_term));
        }
        protons
    }
}

/// A proton that handed the momentum transfer t (MeV2, positive) to a nucleus.
fn scattered(energy_mev: f64, mass_mev: f64, transfer_mev2: f64, cm2_per_g: f64) -> Emitted {
    let recoil_mev = transfer_mev2 / (2.0 * mass_mev);
    let left_mev = energy_mev - recoil_mev;
    let (before, after) = (
        momentum_squared_mev2(energy_mev),
        momentum_squared_mev2(left_mev),
    );
    let cosine = (before + after - recoil_mev * recoil_mev - transfer_mev2)
        / (2.0 * (before * after).sqrt());
    Emitted {
        cm2_per_g,
        energy_mev: left_mev,
        cosine: cosine.clamp(-1.0, 1.0),
    }
}
