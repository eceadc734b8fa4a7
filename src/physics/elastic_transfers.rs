//! Elastic scattering on one kind of nucleus heavier than hydrogen: how often, and which momentum transfers t.
//!
//! Barashenkov's cross-section, with two exponentials of t as Ranft has them (Particle Accelerators 3 (1972) 129), of which the second goes on
//! beyond the first minimum of the diffraction; the slope of the first and the share of the second are those of Geant4 11.3's elastic model
//! (CHIPS), by element and energy (data/elastic_transfers.csv).
//!
//! Or ICRU Report 63's cross-sections by angle, from 5 degrees on, for nuclei up to iron: linear in the angle, scaled to their whole. Where
//! these are larger than Barashenkov's, below 42 (carbon) to 78 MeV (iron), they hold the Coulomb amplitude, which is multiple
//! scattering here; there, and for heavier nuclei, the former are taken.
//!
//! The nucleus takes t / (2 M_A).

use super::element::Element;
use super::kinematics::momentum_squared_mev2;
use super::nuclear_tables::{self, Differential, ELASTIC_WIDE_SLOPE_PER_GEV2, Table, Transfers};
use crate::case::CrossSections;
use crate::constants::{ATOMIC_MASS_UNIT_MEV, PROTON_MASS_MEV};
use crate::error::Result;

/// Samples of a reaction's momentum transfers, evenly likely.
const SAMPLES: usize = 64;
/// The same of the second exponential, which is rare and wide.
const WIDE_SAMPLES: usize = 16;
/// A kind of nucleus in a material.
#[derive(Clone, Debug)]
pub(super) struct Nucleus {
    mass_mev: f64,
    transfers: Transfers,
    barashenkov: Table,
    icru63: Vec<ByAngle>,
}

/// Ranges of the angle by which nuclei turn protons: up to, or beyond, the angle of this cosine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turns {
    UpTo(f64),
    Beyond(f64),
}

impl Nucleus {
    pub(super) fn of(element: &Element, fraction: f64, source: CrossSections) -> Result<Nucleus> {
        let mass_mev = element.atomic_mass_g_per_mol * ATOMIC_MASS_UNIT_MEV;
        let by_angle = |one| ByAngle::new(one, mass_mev);
        Ok(Nucleus {
            mass_mev,
            transfers: nuclear_tables::elastic_transfers(element)?,
            barashenkov: nuclear_tables::elastic_cm2_per_g(element, fraction)?,
            icru63: match source {
                CrossSections::Barashenkov => Vec::new(),
                CrossSections::Icru63 => {
                    let energies = nuclear_tables::elastic_by_angle(element, fraction)?;
                    energies.into_iter().map(by_angle).collect()
                }
            },
        })
    }

    /// Scattering at an energy, as a sum of distributions of t.
    pub(super) fn terms(&self, energy_mev: f64) -> Vec<Term<'_>> {
        let cm2_per_g = self.barashenkov.or_zero_below(energy_mev);
        if cm2_per_g == 0.0 {
            return Vec::new();
        }
        let tabulated = self.tabulated(energy_mev);
        let whole: f64 = tabulated.iter().map(|(_, cm2_per_g)| cm2_per_g).sum();
        if tabulated.is_empty() || whole > cm2_per_g {
            return self.falling(energy_mev, cm2_per_g).into();
        }
        let samples = SAMPLES / tabulated.len();
        let term =
            |(table, cm2_per_g)| self.term(energy_mev, cm2_per_g, samples, Shape::Tabulated(table));
        tabulated.into_iter().map(term).collect()
    }

    fn falling(&self, energy_mev: f64, cm2_per_g: f64) -> [Term<'_>; 2] {
        let slope_per_gev2 = self.transfers.slope_per_gev2.or_end(energy_mev);
        let wide_share = self.transfers.wide_share.or_end(energy_mev);
        let term = |share: f64, slope_per_gev2: f64, samples: usize| {
            let shape = Shape::Falling { slope_per_gev2 };
            self.term(energy_mev, share * cm2_per_g, samples, shape)
        };
        [
            term(1.0 - wide_share, slope_per_gev2, SAMPLES),
            term(wide_share, ELASTIC_WIDE_SLOPE_PER_GEV2, WIDE_SAMPLES),
        ]
    }

    fn term<'a>(
        &self,
        energy_mev: f64,
        cm2_per_g: f64,
        samples: usize,
        shape: Shape<'a>,
    ) -> Term<'a> {
        Term {
            cm2_per_g,
            samples,
            mass_mev: self.mass_mev,
            momentum_squared_mev2: momentum_squared_mev2(energy_mev),
            largest_gev2: largest_transfer_gev2(self.mass_mev, energy_mev),
            shape,
        }
    }

    /// The tables on both sides of an energy, each with its part of the cross-section there; none below the first.
    fn tabulated(&self, energy_mev: f64) -> Vec<(&ByAngle, f64)> {
        let after = self
            .icru63
            .partition_point(|table| table.energy_mev <= energy_mev);
        match (after.checked_sub(1), self.icru63.get(after)) {
            (None, _) => Vec::new(),
            (Some(last), None) => vec![(&self.icru63[last], self.icru63[last].cm2_per_g)],
            (Some(below), Some(above)) => {
                let below = &self.icru63[below];
                let share = (energy_mev - below.energy_mev) / (above.energy_mev - below.energy_mev);
                vec![
                    (below, (1.0 - share) * below.cm2_per_g),
                    (above, share * above.cm2_per_g),
                ]
            }
        }
    }
}

/// One distribution of the momentum transfer t of one kind of nucleus.
pub(super) struct Term<'a> {
    pub(super) cm2_per_g: f64,
    pub(super) samples: usize,
    pub(super) mass_mev: f64,
    momentum_squared_mev2: f64,
    largest_gev2: f64,
    shape: Shape<'a>,
}

enum Shape<'a> {
    /// exp(-slope t).
    Falling {
        slope_per_gev2: f64,
    },
    Tabulated(&'a ByAngle),
}

impl Term<'_> {
    /// Chance that a scattering turns by an angle of a range.
    pub(super) fn chance(&self, turns: Turns) -> f64 {
        let [low, high] = self.between(turns);
        high - low
    }

    /// Evenly likely transfers among those that turn by an angle of a range, MeV2.
    pub(super) fn sampled_mev2(&self, turns: Turns) -> impl Iterator<Item = f64> {
        let [low, high] = self.between(turns);
        (0..self.samples).map(move |i| {
            let share = (i as f64 + 0.5) / self.samples as f64;
            1e6 * self.with_share_below_gev2(low + share * (high - low))
        })
    }

    /// Share of the transfers that are below t.
    fn share_below(&self, t_gev2: f64) -> f64 {
        match &self.shape {
            Shape::Falling { slope_per_gev2 } => {
                (-slope_per_gev2 * t_gev2).exp_m1() / (-slope_per_gev2 * self.largest_gev2).exp_m1()
            }
            Shape::Tabulated(table) => table.share_below(t_gev2),
        }
    }

    /// The inverse of `share_below`.
    fn with_share_below_gev2(&self, share: f64) -> f64 {
        match &self.shape {
            Shape::Falling { slope_per_gev2 } => {
                let all = (-slope_per_gev2 * self.largest_gev2).exp_m1();
                -(share * all).ln_1p() / slope_per_gev2
            }
            Shape::Tabulated(table) => table.with_share_below_gev2(share).min(self.largest_gev2),
        }
    }

    /// Shares below the ends of a range of angles: t = 2 p^2 (1 - cos), the recoil being small.
    fn between(&self, turns: Turns) -> [f64; 2] {
        let at = |cosine: f64| {
            let t = 2e-6 * self.momentum_squared_mev2 * (1.0 - cosine);
            if t < self.largest_gev2 {
                self.share_below(t)
            } else {
                1.0
            }
        };
        match turns {
            Turns::UpTo(cosine) => [0.0, at(cosine)],
            Turns::Beyond(cosine) => [at(cosine), 1.0],
        }
    }
}

/// A tabulated distribution of the angle in the centre of mass, which is one of t.
#[derive(Clone, Debug)]
struct ByAngle {
    energy_mev: f64,
    cm2_per_g: f64,
    largest_gev2: f64,
    /// Share of the scatterings below each whole degree, from `FIRST_DEG` on.
    below: Vec<f64>,
}

const FIRST_DEG: usize = nuclear_tables::ELASTIC_ANGLE_STEP_DEG;

impl ByAngle {
    fn new(one: Differential, mass_mev: f64) -> ByAngle {
        let density = |degree: f64| {
            let place = degree / FIRST_DEG as f64 - 1.0;
            let low = (place as usize).min(one.relative_per_sr.len() - 2);
            let (below, above) = (one.relative_per_sr[low], one.relative_per_sr[low + 1]);
            (below + (above - below) * (place - low as f64)) * degree.to_radians().sin()
        };
        let mut below = vec![0.0];
        let mut sum = 0.0;
        for degree in FIRST_DEG..180 {
            sum += density(degree as f64 + 0.5);
            below.push(sum);
        }
        below.iter_mut().for_each(|share| *share /= sum);
        ByAngle {
            energy_mev: one.energy_mev,
            cm2_per_g: one.cm2_per_g,
            largest_gev2: largest_transfer_gev2(mass_mev, one.energy_mev),
            below,
        }
    }

    fn share_below(&self, t_gev2: f64) -> f64 {
        let cosine = (1.0 - 2.0 * t_gev2 / self.largest_gev2).max(-1.0);
        let place = (cosine.acos().to_degrees() - FIRST_DEG as f64).max(0.0);
        let low = (place as usize).min(self.below.len() - 2);
        self.below[low] + (self.below[low + 1] - self.below[low]) * (place - low as f64)
    }

    fn with_share_below_gev2(&self, share: f64) -> f64 {
        let above = self.below.partition_point(|below| *below <= share);
        let above = above.clamp(1, self.below.len() - 1);
        let (low, high) = (self.below[above - 1], self.below[above]);
        let degree =
            (FIRST_DEG + above - 1) as f64 + (share - low) / (high - low).max(f64::MIN_POSITIVE);
        0.5 * self.largest_gev2 * (1.0 - degree.to_radians().cos())
    }
}

/// 4 p*^2, p* the momentum in the centre of mass.
fn largest_transfer_gev2(mass_mev: f64, energy_mev: f64) -> f64 {
    let invariant = (PROTON_MASS_MEV + mass_mev).powi(2) + 2.0 * mass_mev * energy_mev;
    4e-6 * momentum_squared_mev2(energy_mev) * mass_mev * mass_mev / invariant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_transfers_are_those_that_the_exponentials_were_fitted_to() {
        let fitted = include_str!("../../data/elastic_transfers.csv");
        let rows: Vec<Vec<&str>> = fitted
            .lines()
            .skip(3)
            .map(|line| line.split(',').collect())
            .collect();
        assert_eq!(rows.len(), 91 * 6, "helium to uranium, six energies");
        for row in rows {
            let number = |index: usize| row[index].parse::<f64>().expect("a number");
            let element = Element::by_symbol(row[0]).expect("an element");
            let nucleus = Nucleus::of(&element, 1.0, CrossSections::Barashenkov);
            let nucleus = nucleus.expect("data are embedded");
            let (mut sum, mut whole) = (0.0, 0.0);
            for term in nucleus.terms(number(1)) {
                let samples = term.sampled_mev2(Turns::Beyond(1.0)).sum::<f64>();
                sum += 1e-6 * term.cm2_per_g * samples / term.samples as f64;
                whole += term.cm2_per_g;
            }
            // The middles of evenly likely parts: 0.5 % of 64, 2 % of 16 are missing.
            let ratio = sum / whole / number(4);
            assert!((0.985..1.005).contains(&ratio), "{row:?}: {ratio}");
        }
    }
}
