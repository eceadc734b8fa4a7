//! Emission: the protons that one absorbed proton of a material sets free, by energy and plane angle of the second phase space,
//! and where the rest of its energy goes. One matrix per energy bin of that phase space as the parent's energy; what a parent sets
//! free is in births.rs.
//!
//! What is below the energy axis, backward, or beyond the angle axis stays where it is born.

use super::births::Births;
use super::interactions::Interactions;
use super::leaning::{Leaning, Ways};
use super::population::Population;
use crate::ledger::Reactions;
use crate::phase_space::{EnergyAxis, Span};
use crate::physics::Material;

/// What a parent of one energy sets free, per absorbed parent.
#[derive(Clone, Debug, Default)]
pub struct Emission {
    /// Energy bins `first_energy..` that hold protons, times `angles` angle bins, angle fastest.
    pub first_energy: usize,
    pub weights: Vec<f64>,
    pub angles: usize,
    pub shares: Shares,
}

impl Emission {
    /// Energy bins that hold protons.
    pub fn energies(&self) -> Span {
        let bins = self.weights.len() / self.angles.max(1);
        Span::new(self.first_energy, self.first_energy + bins)
    }

    #[inline(always)]
    pub fn weight(&self, energy: usize, angle: usize) -> f64 {
        self.weights[(energy - self.first_energy) * self.angles + angle]
    }
}

/// Energy of one absorbed proton, MeV, by what becomes of it; their sum is its energy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// In the emission matrix.
    pub emitted_mev: f64,
    /// Protons that stay where they are born, and their integral of S dE, MeV2 cm2/g.
    pub protons_mev: f64,
    pub protons_let: f64,
    pub fragments_mev: f64,
    pub neutral_mev: f64,
}

/// Emission of one material: one entry per energy bin, the parent's energy being the bin's.
#[derive(Clone, Debug)]
pub struct EmissionTable {
    pub parents: Vec<Emission>,
    /// Of what all parents set free, each as often as it is absorbed per path.
    pub leaning: Leaning,
}

impl EmissionTable {
    pub fn new(
        material: &Material,
        interactions: &Interactions,
        axis: &EnergyAxis,
        ways: &Ways,
        population: Population,
    ) -> EmissionTable {
        let mut table = EmissionTable {
            parents: Vec::new(),
            leaning: Leaning::default(),
        };
        for &parent_mev in &axis.centers_mev {
            let mut births = Births::new(material, axis, ways, population);
            births.of_parent(interactions, parent_mev);
            let removal = interactions.cm2_per_g(population, parent_mev);
            table.parents.push(if removal > 0.0 {
                let whole_mev = whole_mev(interactions, population, parent_mev, removal);
                let (emission, leaning) = births.emission(whole_mev, removal);
                table.leaning.add(&leaning);
                emission
            } else {
                births.nothing(parent_mev)
            });
        }
        table
    }

    pub fn bytes(&self) -> usize {
        let weights: usize = self.parents.iter().map(|p| p.weights.capacity()).sum();
        let parents = self.parents.capacity() * size_of::<Emission>();
        parents + weights * size_of::<f64>()
    }
}

impl Shares {
    pub fn add_scaled(&mut self, other: &Shares, factor: f64) {
        self.emitted_mev += factor * other.emitted_mev;
        self.protons_mev += factor * other.protons_mev;
        self.protons_let += factor * other.protons_let;
        self.fragments_mev += factor * other.fragments_mev;
        self.neutral_mev += factor * other.neutral_mev;
    }

    /// As the ledger has them.
    pub fn reactions(&self) -> Reactions {
        Reactions {
            fragments_mev: self.fragments_mev,
            protons_mev: self.protons_mev,
            emitted_mev: self.emitted_mev,
            neutral_mev: self.neutral_mev,
        }
    }

    /// Times `factor`, closed to a sum: by what is neutral, or by deuterons that stay.
    pub fn closed(self, factor: f64, whole_mev: f64, population: Population) -> Shares {
        let emitted_mev = factor * self.emitted_mev;
        if population == Population::Deuterons {
            return Shares {
                emitted_mev,
                fragments_mev: whole_mev - emitted_mev,
                ..Shares::default()
            };
        }
        let (protons_mev, fragments_mev) = (factor * self.protons_mev, factor * self.fragments_mev);
        Shares {
            emitted_mev,
            protons_mev,
            protons_let: factor * self.protons_let,
            fragments_mev,
            neutral_mev: whole_mev - emitted_mev - protons_mev - fragments_mev,
        }
    }
}

/// What of a parent's energy is the population's to share out: deuterons are one of their own.
fn whole_mev(
    interactions: &Interactions,
    population: Population,
    parent_mev: f64,
    removal: f64,
) -> f64 {
    let deuterons_mev = || {
        let spectrum = interactions.deuterons.spectrum(parent_mev);
        spectrum.energy_mev_cm2_per_g() / removal
    };
    match population {
        Population::Scattered | Population::Turned => parent_mev,
        Population::SetFree => parent_mev - deuterons_mev(),
        Population::Deuterons => deuterons_mev(),
    }
}

/// The bin at or below a value within rising centres, and the share of the next that keeps the mean; the last bin takes what is
/// above it.
pub fn enclosing(centers: &[f64], value: f64) -> (usize, f64) {
    let below = centers.partition_point(|&c| c <= value).max(1) - 1;
    if below + 1 >= centers.len() {
        return (centers.len() - 1, 0.0);
    }
    (
        below,
        (value - centers[below]) / (centers[below + 1] - centers[below]),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{
        AngleBins, CrossSections, EnergyAxisSpec, Nuclear, NuclearSources, Secondaries,
    };
    use crate::nuclear::projection::Projection;
    use crate::phase_space::AngleAxis;
    use crate::physics::builtin;

    #[test]
    fn protons_that_scatter_elastically_and_their_recoils_keep_all_of_the_energy() {
        let water = builtin("water").expect("water is built in");
        let sources = NuclearSources {
            cross_sections: CrossSections::Barashenkov,
            secondaries: Secondaries::BinaryCascade,
        };
        let interactions = Interactions::of(&water, Nuclear::Transport, sources);
        let interactions = interactions.expect("data are embedded");
        let spec = EnergyAxisSpec::Range {
            range_bin_mm: Some(3.0),
        };
        let axis = EnergyAxis::new(spec, 3.0, 5.0, 150.0, 150.0, &water);
        let angles = AngleAxis::new(78.0, AngleBins::WidthDeg(6.0));
        let projection = Projection::new(&angles, 0.0);
        let ways = Ways::of(&water, &axis, &projection);
        for population in [Population::Scattered, Population::Turned] {
            let table = EmissionTable::new(&water, &interactions, &axis, &ways, population);
            for (parent, mev) in table.parents.iter().zip(&axis.centers_mev) {
                let neutral = parent.shares.neutral_mev;
                assert!(
                    neutral.abs() < 1e-9 * mev,
                    "{population:?} {mev}: {neutral}"
                );
            }
        }
    }
}
