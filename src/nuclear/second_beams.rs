//! The second phase spaces of a run: all populations for every direction of the beams, whatever their energies and places.

use super::interactions::Interactions;
use super::local::settle_on_the_spot;
use super::population::Population;
use super::secondary::{self, Parents, SecondaryProtons};
use crate::backend::{Machine, Tally};
use crate::case::{Case, Nuclear};
use crate::error::Result;
use crate::ledger::Reactions;
use crate::march::March;
use crate::memory::Bytes;
use crate::phantom::Phantom;
use crate::physics::Material;
use crate::scoring::Scores;

/// What the march of a population left: scores on the phantom's cells, and its ledger.
pub struct Marched {
    pub population: Population,
    pub scores: Scores,
    pub tally: Tally,
}

#[derive(Default)]
pub struct SecondBeams {
    by_angle: Vec<Direction>,
}

struct Direction {
    angle_deg: f64,
    scattered: SecondaryProtons,
    hydrogen: SecondaryProtons,
    set_free: SecondaryProtons,
    deuterons: SecondaryProtons,
}

impl Direction {
    fn populations(&mut self) -> [&mut SecondaryProtons; 4] {
        [
            &mut self.scattered,
            &mut self.hydrogen,
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
            Nuclear::Local => settle_on_the_spot(scores, &march.removal, march.phantom),
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
        let physics = march.case.physics;
        let materials = march.phantom.materials.iter();
        let interactions = materials
            .map(|material| Interactions::of(material, physics.nuclear, physics.cross_sections))
            .collect::<Result<Vec<_>>>()?;
        let of = |population| {
            let (case, phantom) = (march.case, march.phantom);
            SecondaryProtons::new(
                case,
                phantom,
                march.water,
                highest,
                population,
                &interactions,
            )
        };
        let made = Direction {
            angle_deg,
            scattered: of(Population::Scattered)?,
            hydrogen: of(Population::Hydrogen)?,
            set_free: of(Population::SetFree)?,
            deuterons: of(Population::Deuterons)?,
        };
        self.by_angle.push(made);
        let last = self.by_angle.len() - 1;
        Ok(&mut self.by_angle[last])
    }

    /// Marches them: what the scattered protons' reactions set free joins the rest.
    ///
    /// # Errors
    /// Whatever the machine reports.
    pub fn march(
        &mut self,
        phantom: &Phantom,
        water: &Material,
        machine: &dyn Machine,
    ) -> Result<Vec<Marched>> {
        let mut marches = Vec::new();
        for direction in &mut self.by_angle {
            let (mut scores, mut tally) = direction.scattered.march(phantom, water, machine)?;
            let [_, others @ ..] = direction.populations();
            for population in others {
                let reactions = population.absorb(&mut scores, phantom, Parents::Scattered, 1.0);
                tally.ledger.reactions.add_scaled(&reactions, 1.0);
            }
            marches.push(Marched {
                population: Population::Scattered,
                scores,
                tally,
            });
            for (population, protons) in [
                (Population::Hydrogen, &direction.hydrogen),
                (Population::SetFree, &direction.set_free),
            ] {
                let (mut scores, mut tally) = protons.march(phantom, water, machine)?;
                let removal = protons.removal();
                tally.ledger.reactions = settle_on_the_spot(&mut scores, removal, phantom);
                marches.push(Marched {
                    population,
                    scores,
                    tally,
                });
            }
            let (scores, tally) = direction.deuterons.march(phantom, water, machine)?;
            marches.push(Marched {
                population: Population::Deuterons,
                scores,
                tally,
            });
        }
        Ok(marches)
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

/// Bytes of the largest stepper of a case's second phase spaces, without the operators' tables. A grid that no march fits on takes
/// none: its run ends with the reason.
pub fn second_buffer_bytes(
    case: &Case,
    phantom: &Phantom,
    water: &Material,
    machine: &dyn Machine,
) -> Bytes {
    let mut most = Bytes::default();
    if case.physics.nuclear != Nuclear::Transport {
        return most;
    }
    for beam in (0..case.beams.len()).filter(|&beam| highest_like(case, beam) == beam) {
        for population in Population::ALL {
            let bytes = secondary::buffer_bytes(case, phantom, water, beam, population, machine);
            let bytes = bytes.unwrap_or_default();
            most.host = most.host.max(bytes.host);
            most.device = most.device.max(bytes.device);
        }
    }
    most
}
