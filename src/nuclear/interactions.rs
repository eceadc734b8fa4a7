//! The interactions of protons with the nuclei of one material, and which of them a mode counts.

use super::even_table::EvenTable;
use super::population::Population;
use crate::case::{Nuclear, NuclearSources};
use crate::error::Result;
use crate::physics::Material;
use crate::physics::elastic_protons::{ElasticProtons, Turns};
use crate::physics::nuclear::NuclearReactions;
use crate::physics::secondary_spectra::{SecondarySpectra, Traveller};
use std::cell::OnceCell;

/// Elastic scattering fades in between these energies: a proton of 20 MeV has 4 mm of water left, of 10 MeV 1 mm.
const ELASTIC_FROM_MEV: f64 = 10.0;
const ELASTIC_WHOLE_MEV: f64 = 20.0;
/// A turn is small where it costs less of the depth that a proton reaches, g/cm2, and is within the axis of scattered protons.
const SMALL_TURN_COSTS_G_PER_CM2: f64 = 0.8;
const LARGEST_SMALL_TURN_DEG: f64 = 40.0;
/// Of the scatterings on hydrogen, those of the turned protons, and as many of the protons set free.
pub const HYDROGEN_SHARE: f64 = 0.5;

#[derive(Clone, Debug)]
pub struct Interactions {
    pub reactions: NuclearReactions,
    pub elastic: ElasticProtons,
    pub protons: SecondarySpectra,
    pub deuterons: SecondarySpectra,
    mode: Nuclear,
    /// Cosine of the largest small turn.
    turn_cosine: EvenTable,
    /// What takes protons into the populations of protons, cm2/g; made when it is first needed.
    into: OnceCell<[EvenTable; Population::OF_PROTONS.len()]>,
}

impl Interactions {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn of(material: &Material, mode: Nuclear, sources: NuclearSources) -> Result<Interactions> {
        Ok(Interactions {
            reactions: NuclearReactions::of(material, sources)?,
            elastic: ElasticProtons::of(material, sources.cross_sections)?,
            protons: SecondarySpectra::of(material, sources, Traveller::Proton)?,
            deuterons: SecondarySpectra::of(material, sources, Traveller::Deuteron)?,
            mode,
            turn_cosine: EvenTable::of(|mev| turn_cosine(material, mev)),
            into: OnceCell::new(),
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

    /// Turns by nuclei after which protons are of the scattered population, or of the turned.
    pub fn small_turns(&self, energy_mev: f64) -> Turns {
        Turns::UpTo(self.turn_cosine.at(energy_mev))
    }

    pub fn large_turns(&self, energy_mev: f64) -> Turns {
        Turns::Beyond(self.turn_cosine.at(energy_mev))
    }

    /// What takes a proton out of its phase space and into a population, cm2/g.
    pub fn cm2_per_g(&self, population: Population, energy_mev: f64) -> f64 {
        let share = self.elastic_share(energy_mev);
        match population {
            Population::Scattered => {
                share
                    * self
                        .elastic
                        .on_nuclei_cm2_per_g(energy_mev, self.small_turns(energy_mev))
            }
            Population::Turned => {
                let turned = self
                    .elastic
                    .on_nuclei_cm2_per_g(energy_mev, self.large_turns(energy_mev));
                share * (turned + HYDROGEN_SHARE * self.elastic.on_hydrogen_cm2_per_g(energy_mev))
            }
            Population::SetFree | Population::Deuterons => {
                self.reactions.nonelastic_cm2_per_g(energy_mev)
                    + share * HYDROGEN_SHARE * self.elastic.on_hydrogen_cm2_per_g(energy_mev)
            }
        }
    }

    /// What takes protons into some populations of protons, cm2/g, read from tables.
    pub fn cm2_per_g_into(&self, populations: &[Population], energy_mev: f64) -> f64 {
        let table = |of| EvenTable::of(|mev| self.cm2_per_g(of, mev));
        let tables = self.into.get_or_init(|| Population::OF_PROTONS.map(table));
        let of_protons = Population::OF_PROTONS.iter().zip(tables);
        let asked = of_protons.filter(|(population, _)| populations.contains(population));
        asked.map(|(_, table)| table.at(energy_mev)).sum()
    }

    /// Share of the protons removed into some populations that come into one of them.
    pub fn share(&self, one: Population, of: &[Population], energy_mev: f64) -> f64 {
        if !of.contains(&one) {
            return 0.0;
        }
        let whole = self.cm2_per_g_into(of, energy_mev);
        match whole > 0.0 {
            true => self.cm2_per_g_into(&[one], energy_mev) / whole,
            // Nothing to share, but shares add up to one everywhere.
            false => f64::from(u8::from(one == Population::SetFree)),
        }
    }
}

/// Cosine of the turn after which a proton, r being its range, comes less far by the cost: 1 - cost / r.
fn turn_cosine(material: &Material, energy_mev: f64) -> f64 {
    let range = material.csda_range_g_per_cm2(energy_mev.max(ELASTIC_FROM_MEV));
    let widest = LARGEST_SMALL_TURN_DEG.to_radians().cos();
    (1.0 - SMALL_TURN_COSTS_G_PER_CM2 / range).max(widest)
}
