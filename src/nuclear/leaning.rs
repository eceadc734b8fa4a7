//! Protons that fly out of the plane: what they go as in it, and what that makes of their scores.
//!
//! A proton that leans out by psi, and comes R cos(psi) far, goes as `E / E'` protons of this range. Depth and energy are exact, the
//! deposit on the way as far as R is a power of E, `R ~ E^p`. LET would be high by cos(psi)^(1/p - 1), and paths short by as much: the
//! scores of both are scaled, each by one factor for all protons of a population, so that their sums over the whole ways are exact.

use super::projection::{POLAR_CELLS, Projection};
use crate::phase_space::EnergyAxis;
use crate::physics::Material;
use crate::scoring::Scores;
use std::cell::OnceCell;

/// The ways of protons of one material, by energy bin and polar cell.
pub struct Ways<'a> {
    projection: &'a Projection,
    centers_mev: &'a [f64],
    ranges_g_per_cm2: Vec<f64>,
    /// Integrals of S dE, MeV2 cm2/g.
    let_integrals: Vec<f64>,
    /// [energy, polar cell], made when they are first needed.
    ways: Vec<OnceCell<Way>>,
}

/// What one proton of an energy bin and polar cell goes as in the plane.
#[derive(Debug, Default)]
pub struct Way {
    /// Shares of it, as protons of two neighbouring energy bins: the place of the lower one in rows of angles, and both numbers.
    pub directions: Vec<(usize, [f64; 2])>,
    /// The sum of the shares: what has no place stays where it is born.
    pub leaves: f64,
    pub leaning: Leaning,
}

impl<'a> Ways<'a> {
    pub fn of(material: &Material, axis: &'a EnergyAxis, projection: &'a Projection) -> Ways<'a> {
        let at_centers =
            |of: &dyn Fn(f64) -> f64| axis.centers_mev.iter().map(|&e| of(e)).collect();
        Ways {
            projection,
            centers_mev: &axis.centers_mev,
            ranges_g_per_cm2: at_centers(&|e| material.csda_range_g_per_cm2(e)),
            let_integrals: at_centers(&|e| material.let_integral_mev2_cm2_per_g(e)),
            ways: (0..axis.bins() * POLAR_CELLS)
                .map(|_| OnceCell::new())
                .collect(),
        }
    }

    /// Angle bins of the axis.
    pub fn angles(&self) -> usize {
        self.projection.bins
    }

    /// Integral of S dE of a proton of an energy bin, MeV2 cm2/g.
    pub fn let_integral(&self, energy: usize) -> f64 {
        self.let_integrals[energy]
    }

    pub fn way(&self, energy: usize, cell: usize) -> &Way {
        self.ways[energy * POLAR_CELLS + cell].get_or_init(|| self.new_way(energy, cell))
    }

    fn new_way(&self, energy: usize, cell: usize) -> Way {
        let directions = self.projection.share(cell).iter();
        let directions = directions.zip(self.projection.inverse_path(cell));
        let mut way = Way::default();
        for (angle, (&share, inverse_path)) in directions.enumerate() {
            if share == 0.0 {
                continue;
            }
            if let Some((bin, protons)) = self.in_plane(energy, inverse_path / share) {
                let protons = protons.map(|number| share * number);
                way.directions.push((bin * self.angles() + angle, protons));
                way.leaves += share;
                way.leaning.add(&self.leaning(energy, share, bin, protons));
            }
        }
        way
    }

    /// What a proton that comes `cosine` of its range far goes as: numbers in a bin and the next. None where that is below the axis, or
    /// the axis is one bin.
    fn in_plane(&self, energy: usize, cosine: f64) -> Option<(usize, [f64; 2])> {
        let (ranges, centers_mev) = (&self.ranges_g_per_cm2, self.centers_mev);
        let range = cosine * ranges[energy];
        let highest = ranges.len().checked_sub(2)?;
        let bin = ranges[..=energy]
            .partition_point(|one| *one <= range)
            .checked_sub(1)?;
        let bin = bin.min(highest);
        let above = (range - ranges[bin]) / (ranges[bin + 1] - ranges[bin]);
        let mean_mev = (1.0 - above) * centers_mev[bin] + above * centers_mev[bin + 1];
        let number = centers_mev[energy] / mean_mev;
        Some((bin, [(1.0 - above) * number, above * number]))
    }

    fn leaning(&self, energy: usize, share: f64, bin: usize, protons: [f64; 2]) -> Leaning {
        let both = |of: &[f64]| {
            let in_plane = protons[0] * of[bin] + protons[1] * of[bin + 1];
            [share * of[energy], in_plane]
        };
        Leaning {
            let_integral: both(&self.let_integrals),
            path: both(&self.ranges_g_per_cm2),
        }
    }
}

/// Sums over the whole ways of some protons, and of what these go as.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leaning {
    let_integral: [f64; 2],
    path: [f64; 2],
}

impl Leaning {
    pub fn add(&mut self, other: &Leaning) {
        self.add_scaled(other, 1.0);
    }

    pub fn add_scaled(&mut self, other: &Leaning, factor: f64) {
        for which in 0..2 {
            self.let_integral[which] += factor * other.let_integral[which];
            self.path[which] += factor * other.path[which];
        }
    }

    /// Of births whose integral of S dE is the first of two, where the second is that of the protons that they are shared between.
    pub fn of_births(mut self, let_integrals: [f64; 2]) -> Leaning {
        self.let_integral[0] *= ratio(let_integrals);
        self
    }

    /// Scores of the protons themselves.
    pub fn corrected(&self, mut scores: Scores) -> Scores {
        scores.let_deposit *= ratio(self.let_integral);
        scores.path_mm *= ratio(self.path);
        scores
    }
}

fn ratio([itself, in_plane]: [f64; 2]) -> f64 {
    if in_plane > 0.0 {
        itself / in_plane
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{AngleBins, EnergyAxisSpec};
    use crate::phase_space::AngleAxis;
    use crate::physics::builtin;

    fn ways_of_water(test: impl Fn(&EnergyAxis, &Projection, &Ways)) {
        let water = builtin("water").expect("water is built in");
        let spec = EnergyAxisSpec::Range {
            range_bin_mm: Some(1.0),
        };
        let axis = EnergyAxis::new(spec, 1.0, 5.0, 150.0, 150.0, &water);
        let angles = AngleAxis::new(48.0, AngleBins::WidthDeg(3.0));
        let projection = Projection::new(&angles, 0.0);
        test(&axis, &projection, &Ways::of(&water, &axis, &projection));
    }

    #[test]
    fn directions_out_of_the_plane_come_as_far_as_their_depth_and_keep_their_energy() {
        ways_of_water(|axis, projection, ways| {
            let (energy, cell, angles) = (axis.bins() - 20, 6, projection.bins);
            let way = ways.way(energy, cell);
            let (share, inverse) = (projection.share(cell), projection.inverse_path(cell));
            let all: f64 = share.iter().sum();
            assert!((way.leaves - all).abs() < 1e-12);
            for (place, protons) in &way.directions {
                let (bin, angle) = (place / angles, place % angles);
                let sum = |of: &[f64]| protons[0] * of[bin] + protons[1] * of[bin + 1];
                let born_mev = share[angle] * axis.centers_mev[energy];
                let carried_mev = sum(&axis.centers_mev);
                assert!((carried_mev / born_mev - 1.0).abs() < 1e-12, "{angle}");
                let depth = ways.ranges_g_per_cm2[energy] * inverse[angle] / share[angle];
                let mean_range = sum(&ways.ranges_g_per_cm2) / (protons[0] + protons[1]);
                assert!((mean_range / depth - 1.0).abs() < 1e-9, "{angle}");
            }
        });
    }

    #[test]
    fn let_and_paths_are_scaled_to_those_of_the_protons_themselves() {
        ways_of_water(|axis, _, ways| {
            // 25 to 27.5 degrees from the beam, a mean square of 18 degrees out of the plane: cos(18)^(1 - 1/p) is 0.978, p = 1.77.
            let leaning = ways.way(axis.bins() - 1, 10).leaning;
            let (let_d, path) = (ratio(leaning.let_integral), ratio(leaning.path));
            assert!((0.97..0.99).contains(&let_d), "{let_d}");
            assert!((let_d * path - 1.0).abs() < 2e-3, "{let_d} {path}");
            let mut none = Scores::of_cells((1, 1));
            (none.let_deposit[[0, 0]], none.path_mm[[0, 0]]) = (2.0, 3.0);
            let corrected = leaning.corrected(none);
            assert!((corrected.let_deposit[[0, 0]] - 2.0 * let_d).abs() < 1e-12);
            assert!((corrected.path_mm[[0, 0]] - 3.0 * path).abs() < 1e-12);
        });
    }
}
