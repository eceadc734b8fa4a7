//! The interactions of protons with the nuclei of one material, and which of them a mode counts.

use super::population::Population;
use crate::case::Nuclear;
use crate::error::Result;
use crate::physics::Material;
use crate::physics::elastic_protons::{ElasticProtons, Turns};
use crate::physics::nuclear::NuclearReactions;
use crate::physics::secondary_protons::SecondaryProtons;

/// Elastic scattering fades in between these energies: a proton of 60 MeV has 3 cm of water left, of 30 MeV 9 mm, and a turn by
/// 15 degrees so near the end of the range displaces it by less than the beam's own width.
const ELASTIC_FROM_MEV: f64 = 30.0;
const ELASTIC_WHOLE_MEV: f64 = 60.0;

#[derive(Clone, Debug)]
pub struct Interactions {
    pub reactions: NuclearReactions,
    pub elastic: ElasticProtons,
    pub spectra: SecondaryProtons,
    mode: Nuclear,
}

impl Interactions {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn of(material: &Material, mode: Nuclear) -> Result<Interactions> {
        Ok(Interactions {
            reactions: NuclearReactions::of(material)?,
            elastic: ElasticProtons::of(material)?,
            spectra: SecondaryProtons::of(material)?,
            mode,
        })
    }

    /// Share of elastic scatterings that take a proton out of its phase space.
    pub fn elastic_share(&self, energy_mev: f64) -> f64 {
        let rise = (energy_mev - ELASTIC_FROM_MEV) / (ELASTIC_WHOLE_MEV - ELASTIC_FROM_MEV);
        match self.mode {
            Nuclear::Transport => rise.clamp(0.0, 1.0),
            Nuclear::None | Nuclear::Local => 0.0,
        }
    }

    /// What takes a proton out of its phase space and into a population, cm2/g.
    pub fn cm2_per_g(&self, population: Population, energy_mev: f64) -> f64 {
        let share = self.elastic_share(energy_mev);
        match population {
            Population::Scattered => {
                share * self.elastic.on_nuclei_cm2_per_g(energy_mev, Turns::Small)
            }
            Population::SetFree => {
                let elastic = self.elastic.on_hydrogen_cm2_per_g(energy_mev)
                    + self.elastic.on_nuclei_cm2_per_g(energy_mev, Turns::Large);
                self.reactions.nonelastic_cm2_per_g(energy_mev) + share * elastic
            }
        }
    }

    /// Share of the removed protons that a population takes; all of nothing is none.
    pub fn share(&self, population: Population, energy_mev: f64) -> f64 {
        let of = |population| self.cm2_per_g(population, energy_mev);
        let whole = of(Population::Scattered) + of(Population::SetFree);
        if whole > 0.0 {
            of(population) / whole
        } else {
            0.0
        }
    }
}
