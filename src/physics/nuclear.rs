//! Nuclear reactions of protons: removal from the beam, and where the energy of the removed goes.
//!
//! `Sigma(E) = N_A sum_i (w_i / A_i) sigma_i(E)`, cm2/g, with sigma_i the nonelastic cross-section per atom of one of two sources,
//! Barashenkov or ICRU Report 63 (nuclear_tables.rs). Hydrogen has none: p p -> p p pi0 opens at 280 MeV.
//!
//! Energy of a reaction, as shares of the incident energy: secondary protons; deuterons and what is heavier; what is left is neutrons,
//! gammas and binding: it leaves. So do the tritons, He-3 and recoils that ICRU 63 leaves out (about 2 % at 150 MeV). Elements without
//! data take the nearest that has them.

use super::element::Element;
use super::material::Material;
use super::nuclear_tables::{self, Table};
use crate::case::NuclearSources;
use crate::error::Result;

/// Charged secondaries that the data give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secondary {
    Proton,
    Deuteron,
    /// Alphas; of the Binary cascade also tritons, He-3 and recoils.
    Heavier,
}

/// Reactions of protons with the nuclei of one material.
#[derive(Clone, Debug)]
pub struct NuclearReactions {
    elements: Vec<ElementReactions>,
}

#[derive(Clone, Debug)]
struct ElementReactions {
    nonelastic_cm2_per_g: Table,
    /// By `Secondary`.
    multiplicity: [Table; 3],
    energy_fraction: [Table; 3],
}

impl NuclearReactions {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn of(material: &Material, sources: NuclearSources) -> Result<Self> {
        let heavier_than_hydrogen = material
            .constituents()
            .iter()
            .filter(|(element, _)| element.atomic_number > 1.0);
        let elements = heavier_than_hydrogen
            .map(|(element, fraction)| ElementReactions::read(element, *fraction, sources))
            .collect::<Result<_>>()?;
        Ok(Self { elements })
    }

    /// Reactions with one element alone, present with a mass fraction.
    pub(super) fn of_element(
        element: &Element,
        fraction: f64,
        sources: NuclearSources,
    ) -> Result<Self> {
        Ok(Self {
            elements: vec![ElementReactions::read(element, fraction, sources)?],
        })
    }

    /// Macroscopic nonelastic (removal) cross-section, cm2/g.
    pub fn nonelastic_cm2_per_g(&self, energy_mev: f64) -> f64 {
        self.elements
            .iter()
            .map(|element| element.nonelastic_cm2_per_g.or_zero_below(energy_mev))
            .sum()
    }

    /// Mean number of a secondary per nonelastic reaction.
    pub fn multiplicity(&self, secondary: Secondary, energy_mev: f64) -> f64 {
        self.mean_over_reactions(energy_mev, |element| {
            &element.multiplicity[secondary as usize]
        })
    }

    /// Share of the incident energy that a secondary takes, per nonelastic reaction.
    pub fn energy_fraction(&self, secondary: Secondary, energy_mev: f64) -> f64 {
        self.mean_over_reactions(energy_mev, |element| {
            &element.energy_fraction[secondary as usize]
        })
    }

    /// Share of the incident energy in secondary protons.
    pub fn energy_fraction_protons(&self, energy_mev: f64) -> f64 {
        self.energy_fraction(Secondary::Proton, energy_mev)
    }

    /// Share of the incident energy in deuterons and what is heavier.
    pub fn energy_fraction_heavy_charged(&self, energy_mev: f64) -> f64 {
        self.energy_fraction(Secondary::Deuteron, energy_mev)
            + self.energy_fraction(Secondary::Heavier, energy_mev)
    }

    /// Mean over the elements, weighted by how often each reacts; 0 where nothing reacts.
    fn mean_over_reactions(
        &self,
        energy_mev: f64,
        table: impl Fn(&ElementReactions) -> &Table,
    ) -> f64 {
        let removal = self.nonelastic_cm2_per_g(energy_mev);
        if removal <= 0.0 {
            return 0.0;
        }
        let share = |element: &ElementReactions| {
            element.nonelastic_cm2_per_g.or_zero_below(energy_mev)
                * table(element).or_end(energy_mev)
        };
        self.elements.iter().map(share).sum::<f64>() / removal
    }
}

impl ElementReactions {
    fn read(element: &Element, fraction: f64, sources: NuclearSources) -> Result<Self> {
        Ok(Self {
            nonelastic_cm2_per_g: nuclear_tables::nonelastic_cm2_per_g(
                element,
                fraction,
                sources.cross_sections,
            )?,
            multiplicity: nuclear_tables::multiplicity(element, sources.secondaries)?,
            energy_fraction: nuclear_tables::energy_fraction(element, sources.secondaries)?,
        })
    }
}
