//! The second phase spaces of a run: all populations for every direction of the beams, whatever their energies and places.

use super::local::settle_on_the_spot;
use super::population::Population;
use super::secondary::{Parents, SecondaryProtons};
use crate::backend::{Machine, Tally};
use crate::case::Nuclear;
use crate::error::Result;
use crate::ledger::Reactions;
use crate::march::March;
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
    set_free: SecondaryProtons,
    deuterons: SecondaryProtons,
}

impl Direction {
    fn populations(&mut self) -> [&mut SecondaryProtons; 3] {
        [&mut self.scattered, &mut self.set_free, &mut self.deuterons]
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
        let beams = &march.case.beams;
        let angle_deg = beams[beam].angle_deg;
        if let Some(known) = self.by_angle.iter().position(|d| d.angle_deg == angle_deg) {
            return Ok(&mut self.by_angle[known]);
        }
        let alike = (0..beams.len()).filter(|&i| beams[i].angle_deg == angle_deg);
        let top_mev = |i: usize| beams[i].energy_mev + 5.0 * beams[i].energy_spread_mev;
        let highest = alike.max_by(|&a, &b| top_mev(a).total_cmp(&top_mev(b)));
        let of = |population| {
            let beam = highest.unwrap_or(beam);
            SecondaryProtons::new(march.case, march.phantom, march.water, beam, population)
        };
        let made = Direction {
            angle_deg,
            scattered: of(Population::Scattered)?,
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
            for set_free in [&mut direction.set_free, &mut direction.deuterons] {
                let reactions = set_free.absorb(&mut scores, phantom, Parents::Scattered, 1.0);
                tally.ledger.reactions.add_scaled(&reactions, 1.0);
            }
            marches.push(Marched {
                population: Population::Scattered,
                scores,
                tally,
            });
            let set_free = &direction.set_free;
            let (mut scores, mut tally) = set_free.march(phantom, water, machine)?;
            tally.ledger.reactions = settle_on_the_spot(&mut scores, set_free.removal(), phantom);
            marches.push(Marched {
                population: Population::SetFree,
                scores,
                tally,
            });
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
