//! The second phase spaces of a run: all populations, one set for each direction of the beams and size of cells (set by the range), shared by
//! all spots alike in both.

use super::emission::EmissionTable;
use super::frame::{Axes, Frame, Resolutions, resolutions};
use super::interactions::Interactions;
use super::local::on_the_spot;
use super::population::Population;
use super::removal::Removal;
use super::secondary::{self, Marched, Parents, SecondaryProtons};
use crate::backend::Machine;
use crate::case::{BeamSpec, Case, Nuclear};
use crate::error::Result;
use crate::ledger::Reactions;
use crate::march::March;
use crate::memory::Bytes;
use crate::phantom::Phantom;
use crate::physics::Material;
use crate::scoring::Scores;

#[derive(Default)]
pub struct SecondBeams {
    groups: Vec<Group>,
}

/// The populations of spots that are alike, in the order of `Population::ALL`.
struct Group {
    alike: Alike,
    populations: Vec<SecondaryProtons>,
}

impl Group {
    /// The populations of spots like a beam, for protons of at most its energy.
    fn new(case: &Case, phantom: &Phantom, water: &Material, beam: usize) -> Result<Group> {
        let (nuclear, sources) = (case.physics.nuclear, case.physics.nuclear_sources);
        let materials = phantom.materials.iter();
        let interactions = materials
            .map(|material| Interactions::of(material, nuclear, sources))
            .collect::<Result<Vec<_>>>()?;
        // Of one frame: each population, and what takes its protons in turn.
        let of_frame = |members: Vec<(Population, Removal)>| -> Vec<SecondaryProtons> {
            let frame = Frame::new(case, phantom, water, beam, members[0].0);
            let axes = Axes::new(frame, water);
            let mut tables = vec![Vec::new(); members.len()];
            for (material, interactions) in phantom.materials.iter().zip(&interactions) {
                let ways = axes.ways(material);
                for ((population, _), tables) in members.iter().zip(&mut tables) {
                    let energy = &axes.energy;
                    let table =
                        EmissionTable::new(material, interactions, energy, &ways, *population);
                    tables.push(table);
                }
            }
            let new = |((population, removal), tables)| {
                let all = &interactions;
                SecondaryProtons::new(population, &axes, tables, phantom, water, all, removal)
            };
            members.into_iter().zip(tables).map(new).collect()
        };
        let again = Removal::into_populations(&Population::OF_SCATTERED, &interactions);
        // Settled on the spot.
        let nonelastic = Removal::nonelastic(&interactions, &phantom.materials);
        let mut populations = of_frame(vec![(Population::Scattered, again)]);
        populations.extend(of_frame(vec![
            (Population::Turned, nonelastic.clone()),
            (Population::SetFree, nonelastic),
            (Population::Deuterons, Removal::default()),
        ]));
        Ok(Group {
            alike: Alike::of(phantom, water, &case.beams[beam]),
            populations,
        })
    }
}

impl SecondBeams {
    /// Settles the nuclear reactions of a batch's weighted scores: all on the spot, or what does not travel.
    ///
    /// # Errors
    /// Internal, where embedded data are damaged.
    pub fn settle(&mut self, scores: &mut Scores, march: &March, beam: usize) -> Result<Reactions> {
        Ok(match march.case.physics.nuclear {
            Nuclear::None => Reactions::default(),
            Nuclear::Local => {
                let (left, reactions) = on_the_spot(scores, &march.removal, march.phantom);
                scores.add_scaled(&left, 1.0);
                reactions
            }
            Nuclear::Transport => {
                let group = self.of_spots_like(march, beam)?;
                let parents = Parents::Beam(&march.case.beams[beam]);
                let mut sum = Reactions::default();
                for population in &mut group.populations {
                    sum.add_scaled(&population.absorb(scores, march.phantom, parents, 1.0), 1.0);
                }
                sum
            }
        })
    }

    /// The second phase spaces of spots like a beam, made for the highest energy that the case has among them.
    fn of_spots_like(&mut self, march: &March, beam: usize) -> Result<&mut Group> {
        let (case, phantom, water) = (march.case, march.phantom, march.water);
        let alike = Alike::of(phantom, water, &case.beams[beam]);
        if let Some(known) = self.groups.iter().position(|group| group.alike == alike) {
            return Ok(&mut self.groups[known]);
        }
        let spots = Alike::of_all(case, phantom, water);
        let made = Group::new(case, phantom, water, highest_like(case, &spots, beam))?;
        self.groups.push(made);
        let last = self.groups.len() - 1;
        Ok(&mut self.groups[last])
    }

    /// Marches them and hands out what each left: what the scattered protons' reactions set free joins the rest.
    ///
    /// # Errors
    /// Whatever the machine or `take` reports.
    pub fn march(
        &mut self,
        phantom: &Phantom,
        water: &Material,
        machine: &dyn Machine,
        take: &mut dyn FnMut(Marched) -> Result<()>,
    ) -> Result<()> {
        for group in &mut self.groups {
            let Some((scattered, others)) = group.populations.split_first_mut() else {
                continue;
            };
            let mut marched = scattered.march(phantom, water, machine)?;
            for other in &mut *others {
                let parents = Parents::Scattered;
                let reactions = other.absorb(&mut marched.scores, phantom, parents, 1.0);
                marched.tally.ledger.reactions.add_scaled(&reactions, 1.0);
            }
            take(marched)?;
            for other in others {
                let mut marched = other.march(phantom, water, machine)?;
                let (left, reactions) = on_the_spot(&marched.scores, other.removal(), phantom);
                marched.tally.ledger.reactions = reactions;
                marched.of_reactions = Some(left);
                take(marched)?;
            }
        }
        Ok(())
    }
}

/// What spots that share their second phase spaces have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Alike {
    angle_deg: f64,
    resolutions: Resolutions,
}

impl Alike {
    fn of(phantom: &Phantom, water: &Material, spot: &BeamSpec) -> Alike {
        Alike {
            angle_deg: spot.angle_deg,
            resolutions: resolutions(phantom, water, spot),
        }
    }

    fn of_all(case: &Case, phantom: &Phantom, water: &Material) -> Vec<Alike> {
        let beams = case.beams.iter();
        beams.map(|spot| Alike::of(phantom, water, spot)).collect()
    }
}

/// The beam of the highest energy among those that are like `beam`.
fn highest_like(case: &Case, spots: &[Alike], beam: usize) -> usize {
    let beams = &case.beams;
    let alike = (0..beams.len()).filter(|&i| spots[i] == spots[beam]);
    let top_mev = |i: usize| beams[i].highest_mev();
    alike
        .max_by(|&a, &b| top_mev(a).total_cmp(&top_mev(b)))
        .unwrap_or(beam)
}

/// The beam of the highest energy in each group of spots that are alike; none where nothing is transported.
fn highest_of_groups(case: &Case, phantom: &Phantom, water: &Material) -> Vec<usize> {
    if case.physics.nuclear != Nuclear::Transport {
        return Vec::new();
    }
    let spots = Alike::of_all(case, phantom, water);
    let is_highest = |&beam: &usize| highest_like(case, &spots, beam) == beam;
    (0..spots.len()).filter(is_highest).collect()
}

/// Sets of score maps that the second phase spaces keep from the first reactions on: one a population.
pub fn second_sets_of_scores(case: &Case, phantom: &Phantom, water: &Material) -> u64 {
    (highest_of_groups(case, phantom, water).len() * Population::ALL.len()) as u64
}

/// Bytes of the second phase spaces' tables.
#[derive(Clone, Copy, Debug, Default)]
pub struct SecondTables {
    /// Of what reactions set free, of all of them.
    pub emissions: u64,
    /// The operators', of the march that has the largest.
    pub operators: Bytes,
}

impl SecondTables {
    /// The tables are made for it. None where the data are damaged or no march fits: the run ends with the reason.
    pub fn of(
        case: &Case,
        phantom: &Phantom,
        water: &Material,
        machine: &dyn Machine,
    ) -> SecondTables {
        let mut tables = SecondTables::default();
        for beam in highest_of_groups(case, phantom, water) {
            let Ok(group) = Group::new(case, phantom, water, beam) else {
                continue;
            };
            for population in &group.populations {
                let operators = population.operator_table_bytes(water, machine);
                let operators = operators.unwrap_or_default();
                tables.operators = tables.operators.most(operators);
                tables.emissions += population.emission_table_bytes() as u64;
            }
        }
        tables
    }
}

/// Bytes of the largest stepper of a case's second phase spaces, without the operators' tables. A grid that no march fits on takes
/// none: its run ends with the reason.
pub fn second_buffer_bytes(
    case: &Case,
    phantom: &Phantom,
    water: &Material,
    machine: &dyn Machine,
) -> Bytes {
    let mut most = Bytes::default();
    for beam in highest_of_groups(case, phantom, water) {
        for population in Population::OF_FRAMES {
            let bytes = secondary::buffer_bytes(case, phantom, water, beam, population, machine);
            let bytes = bytes.unwrap_or_default();
            most = most.most(bytes);
        }
    }
    most
}
