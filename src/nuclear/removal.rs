//! What removes protons from a phase space, per material: tables that the stencils are built from.

use super::even_table::EvenTable;
use super::interactions::Interactions;
use super::population::Population;
use crate::case::{Nuclear, NuclearSources};
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
    /// Integral of S dE of the protons that a reaction sets free, MeV2 cm2/g; none where their LET does not count.
    pub protons_let: Option<EvenTable>,
}

impl Removal {
    /// What a beam loses.
    ///
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn new(
        nuclear: Nuclear,
        sources: NuclearSources,
        materials: &[Material],
    ) -> Result<Removal> {
        if nuclear == Nuclear::None {
            return Ok(Removal::default());
        }
        let of_one = |material| Interactions::of(material, nuclear, sources);
        let interactions = materials.iter().map(of_one).collect::<Result<Vec<_>>>()?;
        Ok(Self::into_populations(
            &Population::OF_PROTONS,
            &interactions,
        ))
    }

    /// By the interactions that lead into some populations; `interactions` of every material.
    pub fn into_populations(populations: &[Population], interactions: &[Interactions]) -> Removal {
        let of_one = |one: &Interactions| {
            let cm2_per_g = |mev| one.cm2_per_g_into(populations, mev);
            MaterialRemoval::of(one, cm2_per_g)
        };
        Removal {
            materials: interactions.iter().map(of_one).collect(),
        }
    }

    /// By nonelastic reactions, with the LET of the protons that these set free; `interactions` of every material.
    pub fn nonelastic(interactions: &[Interactions], materials: &[Material]) -> Removal {
        let of_one = |(one, material): (&Interactions, &Material)| {
            let nonelastic = |mev| one.reactions.nonelastic_cm2_per_g(mev);
            MaterialRemoval {
                protons_let: Some(protons_let(material, one)),
                ..MaterialRemoval::of(one, nonelastic)
            }
        };
        Removal {
            materials: interactions.iter().zip(materials).map(of_one).collect(),
        }
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
    fn of(interactions: &Interactions, cm2_per_g: impl Fn(f64) -> f64) -> MaterialRemoval {
        let reactions = &interactions.reactions;
        MaterialRemoval {
            cm2_per_g: EvenTable::of(cm2_per_g),
            fragments: EvenTable::of(|mev| reactions.energy_fraction_heavy_charged(mev)),
            protons: EvenTable::of(|mev| reactions.energy_fraction_protons(mev)),
            protons_let: None,
        }
    }
}

/// Per reaction, MeV2 cm2/g: smooth over the 10 MeV between which spectra are tabulated.
fn protons_let(material: &Material, interactions: &Interactions) -> EvenTable {
    EvenTable::of_every(10.0, |mev| {
        let removal = interactions.reactions.nonelastic_cm2_per_g(mev);
        if removal <= 0.0 {
            return 0.0;
        }
        let let_integral = |energy_mev| material.let_integral_mev2_cm2_per_g(energy_mev);
        interactions.protons.spectrum(mev).sum_of(let_integral) / removal
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{CrossSections, Secondaries};
    use crate::physics::builtin;

    #[test]
    fn the_let_of_protons_set_free_is_that_of_their_energies() {
        let water = builtin("water").expect("water is built in");
        let sources = NuclearSources {
            cross_sections: CrossSections::Barashenkov,
            secondaries: Secondaries::BinaryCascade,
        };
        let of = |mode| Interactions::of(&water, mode, sources).expect("data are embedded");
        let materials = [water.clone()];
        let removal = Removal::new(Nuclear::Local, sources, &materials).expect("the same");
        assert!(removal.of(0).expect("water").protons_let.is_none());
        let removal = Removal::nonelastic(&[of(Nuclear::Local)], &materials);
        let reactions = removal.of(0).expect("water");
        let integral = reactions.protons_let.as_ref().expect("asked for");
        for mev in [60.0, 105.0, 200.0] {
            // Per MeV that the protons carry: more than any of them begins with, less than protons of 2 MeV have.
            let mean = integral.at(mev) / (mev * reactions.protons.at(mev));
            let stopping_power = |mev| water.mass_stopping_power_mev_cm2_per_g(mev);
            assert!(
                (stopping_power(mev)..stopping_power(2.0)).contains(&mean),
                "{mev}: {mean}"
            );
        }
        // As `Spectrum` has it where it is tabulated.
        let spectrum = of(Nuclear::Local).protons.spectrum(60.0);
        let sum = spectrum.sum_of(|mev| water.let_integral_mev2_cm2_per_g(mev));
        let expected = sum / reactions.cm2_per_g.at(60.0);
        assert!((integral.at(60.0) / expected - 1.0).abs() < 1e-6);
    }
}
