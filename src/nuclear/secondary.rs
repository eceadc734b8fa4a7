//! The second phase space: secondary protons (and deuterons) of all spots of one direction, marched by the operators of the primary beam on
//! coarser axes, depth by depth, with what was born at each plane injected before its energy loss.

use super::coarse::Blocks;
use super::emission::EmissionTable;
use super::even_table::EvenTable;
use super::frame::{Axes, Frame};
use super::further_turns::FurtherTurns;
use super::interactions::Interactions;
use super::leaning::Leaning;
use super::population::Population;
use super::production::{Emissions, Production};
use super::range_variance::RangeVariance;
use super::removal::Removal;
use crate::backend::{Machine, Stepper, Stride, Tally};
use crate::case::{BeamSpec, Case};
use crate::error::Result;
use crate::ledger::Reactions;
use crate::march::March;
use crate::media::Media;
use crate::memory::Bytes;
use crate::phantom::Phantom;
use crate::phase_space::EnergyAxis;
use crate::physics::Material;
use crate::scoring::Scores;

/// What the march of a population left: scores on the phantom's cells, and its ledger.
pub struct Marched {
    pub population: Population,
    pub scores: Scores,
    /// What its reactions left in addition, where they are settled on the spot: no primary is in it.
    pub of_reactions: Option<Scores>,
    pub tally: Tally,
}

/// Everything that secondary protons of one direction are marched with.
pub struct SecondaryProtons {
    case: Case,
    phantom: Phantom,
    media: Media,
    blocks: Blocks,
    population: Population,
    tables: Vec<EmissionTable>,
    /// Per material: share of the beam's absorbed protons, and of absorbed scattered protons, that become parents of this population.
    shares_of_beam: Vec<EvenTable>,
    shares_of_scattered: Vec<EvenTable>,
    /// What takes these protons in turn.
    removal: Removal,
    /// Of the scattered ones.
    turns: FurtherTurns,
    leaning: Leaning,
    variance: RangeVariance,
    axis: EnergyAxis,
    production: Production,
    /// Secondary protons that stayed where they were born, on the phantom's cells.
    born: Scores,
}

impl SecondaryProtons {
    /// For spots that go as `axes`' spot, none of higher energy than it; `tables` and `interactions` of every material, and `removal` by
    /// those that take these protons in turn.
    pub fn new(
        population: Population,
        axes: &Axes,
        tables: Vec<EmissionTable>,
        fine: &Phantom,
        water: &Material,
        interactions: &[Interactions],
        removal: Removal,
    ) -> SecondaryProtons {
        let (frame, axis) = (&axes.frame, &axes.energy);
        SecondaryProtons {
            media: Media::new(&frame.phantom),
            production: Production::new(frame.blocks, &frame.phantom, axis.bins()),
            born: Scores::of_cells(fine.material_index.dim()),
            variance: RangeVariance::of(water, frame.straggles),
            turns: match population {
                Population::Scattered => {
                    let highest_mev = frame.case.beams[0].energy_mev;
                    FurtherTurns::of(&fine.materials, interactions, &axes.angle, highest_mev)
                }
                _ => FurtherTurns::default(),
            },
            leaning: leaning(population, &tables),
            population,
            shares_of_beam: shares(interactions, population, &Population::OF_PROTONS),
            shares_of_scattered: shares(interactions, population, &Population::OF_SCATTERED),
            removal,
            blocks: frame.blocks,
            tables,
            axis: axis.clone(),
            phantom: frame.phantom.clone(),
            case: frame.case.clone(),
        }
    }

    /// Enters what a march absorbed, `factor` of it, as parents of this population; `scores` keep the fragments' deposit.
    pub fn absorb(
        &mut self,
        scores: &mut Scores,
        fine: &Phantom,
        parents: Parents,
        factor: f64,
    ) -> Reactions {
        let population = self.population;
        let shares = match parents {
            Parents::Beam(_) => &self.shares_of_beam,
            Parents::Scattered => &self.shares_of_scattered,
        };
        let own_variance_mev2 = |mean_mev| match parents {
            Parents::Beam(beam) => self.variance.mev2(beam, mean_mev),
            Parents::Scattered => 0.0,
        };
        let emissions = Emissions {
            tables: &self.tables,
            axis: &self.axis,
            share: &|material, mev| shares[material].at(mev),
            own_variance_mev2: &own_variance_mev2,
            keeps_variance: population == Population::Scattered,
        };
        self.production
            .add(scores, &mut self.born, fine, &emissions, factor)
    }

    /// Marches what was produced; the scores stand on the phantom's cells.
    ///
    /// # Errors
    /// Whatever the machine reports.
    pub fn march(
        &self,
        fine: &Phantom,
        water: &Material,
        machine: &dyn Machine,
    ) -> Result<Marched> {
        let march = self.march_in(water)?;
        let mut stepper = machine.stepper(&march)?;
        self.advance(stepper.as_mut(), march.most_steps())?;
        let mut sum = self.born.clone();
        let mut tallies = stepper.unload(&[1.0], &mut |scores| {
            let scores = self.leaning.corrected(self.blocks.refined(&scores, fine));
            let scores = match self.population {
                Population::Deuterons => scores.without_protons(),
                Population::Scattered | Population::Turned | Population::SetFree => scores,
            };
            sum.add_scaled(&scores, 1.0);
            Ok(())
        })?;
        Ok(Marched {
            population: self.population,
            scores: sum,
            of_reactions: None,
            tally: tallies.swap_remove(0),
        })
    }

    /// The march of this population; range axes are in `water`.
    fn march_in<'a>(&'a self, water: &'a Material) -> Result<March<'a>> {
        let mut march = March::new(&self.case, &self.phantom, &self.media, water, 0)?;
        march.removal = self.removal.clone();
        march.turns = self.turns.clone();
        Ok(march)
    }

    pub fn emission_table_bytes(&self) -> usize {
        self.tables.iter().map(EmissionTable::bytes).sum()
    }

    /// Bytes of the operators' tables, which are made for it.
    ///
    /// # Errors
    /// Bad data: a grid that no march fits on.
    pub fn operator_table_bytes(&self, water: &Material, machine: &dyn Machine) -> Result<Bytes> {
        let march = self.march_in(water)?;
        Ok(Bytes {
            host: march.table_bytes().0,
            device: machine.device_table_bytes(&march),
        })
    }

    pub fn removal(&self) -> &Removal {
        &self.removal
    }

    fn advance(&self, stepper: &mut dyn Stepper, steps: usize) -> Result<()> {
        let scatters = self.population == Population::Scattered;
        stepper.clear(self.production.faces())?;
        for step in 0..steps {
            // psi stands at the face before the plane.
            stepper.inject(&self.production.terms(step, &self.tables))?;
            stepper.stream(Stride::Half)?;
            if scatters {
                stepper.scatter(step)?;
            }
            stepper.lose_energy(step)?;
            if stepper.is_empty() {
                break;
            }
            stepper.stream(Stride::Half)?;
        }
        Ok(())
    }
}

/// Per material: share of the protons absorbed into the populations `of` that become parents of this one.
fn shares(
    interactions: &[Interactions],
    population: Population,
    of: &[Population],
) -> Vec<EvenTable> {
    let among = population.among_protons();
    let of_material = |one: &Interactions| EvenTable::of(|mev| one.share(among, of, mev));
    interactions.iter().map(of_material).collect()
}

/// Of all materials. Not of scattered protons: they lean little (0.3 % of LET on average), and those that come as far as their peak less.
fn leaning(population: Population, tables: &[EmissionTable]) -> Leaning {
    let mut sum = Leaning::default();
    if population != Population::Scattered {
        tables.iter().for_each(|table| sum.add(&table.leaning));
    }
    sum
}

/// Bytes that the stepper of a population allocates, without the operators' tables.
///
/// # Errors
/// Bad data: a grid that no march fits on.
pub fn buffer_bytes(
    case: &Case,
    fine: &Phantom,
    water: &Material,
    beam: usize,
    population: Population,
    machine: &dyn Machine,
) -> Result<Bytes> {
    let frame = Frame::new(case, fine, water, beam, population);
    let media = Media::new(&frame.phantom);
    let march = March::new(&frame.case, &frame.phantom, &media, water, 0)?;
    Ok(machine.buffer_bytes(&march))
}

/// Whose absorbed protons become parents.
#[derive(Clone, Copy, Debug)]
pub enum Parents<'a> {
    Beam(&'a BeamSpec),
    Scattered,
}
