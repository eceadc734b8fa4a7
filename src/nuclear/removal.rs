//! What removes protons from a phase space, per material: tables that the stencils are built from.

use super::even_table::EvenTable;
use super::interactions::Interactions;
use super::population::Population;
use crate::case::{CrossSections, Nuclear};
use crate::error::Result;
use crate::physics::Material;

/// Reactions per material of the phantom; none where the case has no nuclear interactions.
#[derive(Clone, Debug, Default)]
pub struct Removal {
    materials: Vec<MaterialRemoval>,
}

/// Macroscopic cross-section of one material, and the shares of a reaction's energy, over the proton's energy.
#[derive(Clone, Debug)]
pub struct MaterialRemoval {
    pub cm2_per_g: EvenTable,
    pub fragments: EvenTable,
    pub protons: EvenTable,
}

impl Removal {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn new(nuclear: Nuclear, source: CrossSections, materials: &[Material]) -> Result<Removal> {
        Self::into_populations(nuclear, source, &Population::OF_PROTONS, materials)
    }

    /// Removal by some of the interactions only.
    ///
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn into_populations(
        nuclear: Nuclear,
        source: CrossSections,
        populations: &[Population],
        materials: &[Material],
    ) -> Result<Removal> {
        let materials = match nuclear {
            Nuclear::None => Vec::new(),
            Nuclear::Local | Nuclear::Transport => materials
                .iter()
                .map(|material| MaterialRemoval::of(material, nuclear, source, populations))
                .collect::<Result<_>>()?,
        };
        Ok(Removal { materials })
    }

    /// The reactions of a material; none where nothing reacts.
    pub fn of(&self, material: usize) -> Option<&MaterialRemoval> {
        self.materials.get(material)
    }

    /// Macroscopic cross-section of a material, cm2/g.
    pub fn cm2_per_g(&self, material: usize, energy_mev: f64) -> f64 {
        self.of(material)
            .map_or(0.0, |removal| removal.cm2_per_g.at(energy_mev))
    }
}

impl MaterialRemoval {
    fn of(
        material: &Material,
        nuclear: Nuclear,
        source: CrossSections,
        populations: &[Population],
    ) -> Result<MaterialRemoval> {
        let interactions = Interactions::of(material, nuclear, source)?;
        let reactions = &interactions.reactions;
        Ok(MaterialRemoval {
            cm2_per_g: EvenTable::of(|mev| {
                let all = populations.iter();
                all.map(|population| interactions.cm2_per_g(*population, mev))
                    .sum()
            }),
            fragments: EvenTable::of(|mev| reactions.energy_fraction_heavy_charged(mev)),
            protons: EvenTable::of(|mev| reactions.energy_fraction_protons(mev)),
        })
    }
}
