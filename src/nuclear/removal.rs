//! What removes protons from a phase space, per material: tables that the stencils are built from.

use super::even_table::EvenTable;
use super::interactions::Interactions;
use super::population::Population;
use crate::case::{Nuclear, NuclearSources};
use crate::error::Result;
use crate::physics::Material;
use crate::physics::nuclear::NuclearReactions;
use crate::physics::secondary_spectra::{SecondarySpectra, Traveller};

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
    /// Integral of S dE of the protons that a reaction sets free, MeV2 cm2/g; none where their LET does not count.
    pub protons_let: Option<EvenTable>,
}

impl Removal {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn new(
        nuclear: Nuclear,
        sources: NuclearSources,
        materials: &[Material],
    ) -> Result<Removal> {
        Self::into_populations(nuclear, sources, &Population::OF_PROTONS, materials)
    }

    /// Removal by some of the interactions only.
    ///
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn into_populations(
        nuclear: Nuclear,
        sources: NuclearSources,
        populations: &[Population],
        materials: &[Material],
    ) -> Result<Removal> {
        let materials = match nuclear {
            Nuclear::None => Vec::new(),
            Nuclear::Local | Nuclear::Transport => materials
                .iter()
                .map(|material| MaterialRemoval::of(material, nuclear, sources, populations))
                .collect::<Result<_>>()?,
        };
        Ok(Removal { materials })
    }

    /// The same, with the LET of the protons that are set free.
    ///
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn with_let(mut self, sources: NuclearSources, materials: &[Material]) -> Result<Removal> {
        for (removal, material) in self.materials.iter_mut().zip(materials) {
            removal.protons_let = Some(protons_let(material, sources)?);
        }
        Ok(self)
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
        sources: NuclearSources,
        populations: &[Population],
    ) -> Result<MaterialRemoval> {
        let interactions = Interactions::of(material, nuclear, sources)?;
        let reactions = &interactions.reactions;
        Ok(MaterialRemoval {
            cm2_per_g: EvenTable::of(|mev| {
                let all = populations.iter();
                all.map(|population| interactions.cm2_per_g(*population, mev))
                    .sum()
            }),
            fragments: EvenTable::of(|mev| reactions.energy_fraction_heavy_charged(mev)),
            protons: EvenTable::of(|mev| reactions.energy_fraction_protons(mev)),
            protons_let: None,
        })
    }
}

/// Per reaction, MeV2 cm2/g: smooth over the 10 MeV between which spectra are tabulated.
fn protons_let(material: &Material, sources: NuclearSources) -> Result<EvenTable> {
    let reactions = NuclearReactions::of(material, sources)?;
    let protons = SecondarySpectra::of(material, sources, Traveller::Proton)?;
    Ok(EvenTable::of_every(10.0, |mev| {
        let removal = reactions.nonelastic_cm2_per_g(mev);
        if removal <= 0.0 {
            return 0.0;
        }
        let let_integral = |energy_mev| material.let_integral_mev2_cm2_per_g(energy_mev);
        protons.spectrum(mev).sum_of(let_integral) / removal
    }))
}
