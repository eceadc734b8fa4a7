//! The second phase spaces of a run: all populations for every direction of the beams, whatever their energies and places.

use super::frame::{Axes, Frame};
use super::interactions::Interactions;
use super::local::on_the_spot;
use super::population::Population;
use super::removal::Removal;
use super::secondary::{self, Marched, Parents, SecondaryProtons};
use crate::backend::Machine;
use crate::case::{Case, Nuclear};
use crate::error::Result;
use crate::ledger::Reactions;
use crate::march::March;
use crate::memory::Bytes;
use crate::phantom::Phantom;
use crate::physics::Material;
use crate::scoring::Scores;

#[derive(Default)]
pub struct SecondBeams {
    by_angle: Vec<Direction>,
}

struct Direction {
    angle_deg: f64,
    scattered: SecondaryProtons,
    turned: SecondaryProtons,
    set_free: SecondaryProtons,
    deuterons: SecondaryProtons,
}

impl Direction {
    /// The populations of a beam's direction, for protons of at most its energy.
    fn new(case: &Case, phantom: &Phantom, water: &Material, beam: usize) -> Result<Direction> {
        let (nuclear, sources) = (case.physics.nuclear, case.physics.nuclear_sources);
        let materials = phantom.materials.iter();
        let interactions = materials
            .map(|material| Interactions::of(material, nuclear, sources))
            .collect::<Result<Vec<_>>>()?;
        let axes =
            |population| Axes::new(Frame::new(case, phantom, water, beam, population), water);
        let (narrow, broad) = (axes(Population::Scattered), axes(Population::SetFree));
        let narrow_ways = narrow.ways(&phantom.materials);
        let broad_ways = broad.ways(&phantom.materials);
        let of = |population, removal| {
            let (axes, ways) = match population {
                Population::Scattered => (&narrow, &narrow_ways),
                Population::Turned | Population::SetFree | Population::Deuterons => {
                    (&broad, &broad_ways)
                }
            };
            let all = &interactions;
            SecondaryProtons::new(population, axes, ways, phantom, water, all, removal)
        };
        let again = Removal::into_populations(&Population::OF_SCATTERED, &interactions);
        // Settled on the spot.
        let nonelastic = Removal::nonelastic(&interactions, &phantom.materials);
        Ok(Direction {
            angle_deg: case.beams[beam].angle_deg,
            scattered: of(Population::Scattered, again),
            turned: of(Population::Turned, nonelastic.clone()),
            set_free: of(Population::SetFree, nonelastic),
            deuterons: of(Population::Deuterons, Removal::default()),
        })
    }

    fn populations(&mut self) -> [&mut SecondaryProtons; 4] {
        [
            &mut self.scattered,
            &mut self.turned,
            &mut self.set_free,
            &mut self.deuterons,
        ]
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
                let direction = self.of_direction(march, beam)?;
                let parents = Parents::Beam(&march.case.beams[beam]);
                let mut sum = Reactions::default();
                for population in direction.populations() {
                    sum.add_scaled(&population.absorb(scores, march.phantom, parents, 1.0), 1.0);
                }
                sum
            }
        })
    }

    /// The second phase spaces of a beam's direction, made for the highest energy that the case has in it.
    fn of_direction(&mut self, march: &March, beam: usize) -> Result<&mut Direction> {
        let angle_deg = march.case.beams[beam].angle_deg;
        if let Some(known) = self.by_angle.iter().position(|d| d.angle_deg == angle_deg) {
            return Ok(&mut self.by_angle[known]);
        }
        let highest = highest_like(march.case, beam);
        let made = Direction::new(march.case, march.phantom, march.water, highest)?;
        self.by_angle.push(made);
        let last = self.by_angle.len() - 1;
        Ok(&mut self.by_angle[last])
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
        for direction in &mut self.by_angle {
            let [scattered, mut others @ ..] = direction.populations();
            let mut marched = scattered.march(phantom, water, machine)?;
            for other in &mut others {
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

/// The beam of the highest energy among those in the direction of `beam`.
fn highest_like(case: &Case, beam: usize) -> usize {
    let beams = &case.beams;
    let alike = (0..beams.len()).filter(|&i| beams[i].angle_deg == beams[beam].angle_deg);
    let top_mev = |i: usize| beams[i].energy_mev + 5.0 * beams[i].energy_spread_mev;
    alike
        .max_by(|&a, &b| top_mev(a).total_cmp(&top_mev(b)))
        .unwrap_or(beam)
}

/// The beam of the highest energy in each direction; none where nothing is transported.
fn directions(case: &Case) -> impl Iterator<Item = usize> {
    let all = match case.physics.nuclear {
        Nuclear::Transport => case.beams.len(),
        Nuclear::None | Nuclear::Local => 0,
    };
    (0..all).filter(|&beam| highest_like(case, beam) == beam)
}

/// Sets of score maps that the second phase spaces keep from the first reactions on: one a population.
pub fn second_sets_of_scores(case: &Case) -> u64 {
    (directions(case).count() * Population::ALL.len()) as u64
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
        for beam in directions(case) {
            let Ok(mut direction) = Direction::new(case, phantom, water, beam) else {
                continue;
            };
            for population in direction.populations() {
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
    for beam in directions(case) {
        for population in Population::OF_FRAMES {
            let bytes = secondary::buffer_bytes(case, phantom, water, beam, population, machine);
            let bytes = bytes.unwrap_or_default();
            most = most.most(bytes);
        }
    }
    most
}
