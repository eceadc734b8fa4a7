//! Further turns: protons that a nucleus has turned by a small angle are turned again, by the same cross-sections. They stay in their
//! population, and jump along its angle axis (operators/scattering.rs). What a turn costs besides, on average: the way out of the plane,
//! `sin(theta)^2 / 4` of what is left to go, and the nucleus' recoil; both shorten ranges as a longer path does.

use super::even_table::EvenTable;
use super::interactions::Interactions;
use super::projection::{Projection, polar_cells};
use crate::phase_space::AngleAxis;
use crate::physics::Material;

/// Cross-sections and momentum transfers change little between energies so far apart.
const SPACING_MEV: f64 = 5.0;
/// Protons are turned anywhere on their way: of the further turns up to some depth, half came before their first.
const BEHIND_THE_FIRST: f64 = 0.5;

/// Per material of the phantom; none where nothing turns.
#[derive(Clone, Debug, Default)]
pub struct FurtherTurns {
    materials: Vec<OfMaterial>,
}

#[derive(Clone, Debug)]
struct OfMaterial {
    /// Every `SPACING_MEV` from 0 on.
    points: Vec<Turned>,
    /// By how much paths are longer, relative.
    lengthening: EvenTable,
}

impl FurtherTurns {
    /// For protons of at most an energy; `interactions` of every material.
    pub fn of(
        materials: &[Material],
        interactions: &[Interactions],
        angles: &AngleAxis,
        highest_mev: f64,
    ) -> FurtherTurns {
        let projection = Projection::new(angles, 0.0);
        let of_materials = materials.iter().zip(interactions);
        let of_one = |(material, one): (&Material, &Interactions)| {
            OfMaterial::new(material, one, &projection, highest_mev)
        };
        FurtherTurns {
            materials: of_materials.map(of_one).collect(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.materials.is_empty()
    }

    /// Rates of jumps by n = 1, 2, ... bins (one way), cm2/g.
    pub fn jumps_cm2_per_g(&self, material: usize, energy_mev: f64) -> Vec<f64> {
        let of_one = |one: &OfMaterial| one.jumps_cm2_per_g(energy_mev);
        self.materials.get(material).map_or_else(Vec::new, of_one)
    }

    /// By how much paths of protons of an energy are longer, relative.
    pub fn lengthening(&self, material: usize, energy_mev: f64) -> f64 {
        let of_one = |one: &OfMaterial| one.lengthening.at(energy_mev);
        self.materials.get(material).map_or(0.0, of_one)
    }
}

impl OfMaterial {
    fn new(
        material: &Material,
        interactions: &Interactions,
        projection: &Projection,
        highest_mev: f64,
    ) -> OfMaterial {
        let last = (highest_mev / SPACING_MEV).ceil() as usize + 1;
        let points: Vec<Turned> = (0..=last)
            .map(|i| Turned::at(interactions, projection, i as f64 * SPACING_MEV))
            .collect();
        let stopping_power = |mev| material.mass_stopping_power_mev_cm2_per_g(mev);
        let at = |mev: f64, of: &dyn Fn(&Turned) -> f64| {
            let (low, high, share) = enclosing(&points, mev);
            (1.0 - share) * of(low) + share * of(high)
        };
        let leaning = |mev: f64| at(mev, &|turned| turned.out_of_plane_cm2_per_g);
        let gone = EvenTable::integral_of(|mev| leaning(mev) / stopping_power(mev));
        let lengthening = EvenTable::of(|mev| {
            let leaning = gone.at(highest_mev) - gone.at(mev.min(highest_mev));
            let recoil_mev = at(mev, &|turned| turned.recoil_mev_cm2_per_g);
            BEHIND_THE_FIRST * leaning + recoil_mev / stopping_power(mev)
        });
        OfMaterial {
            lengthening,
            points,
        }
    }

    fn jumps_cm2_per_g(&self, energy_mev: f64) -> Vec<f64> {
        let (low, high, share) = enclosing(&self.points, energy_mev);
        let jumps = low.jumps_cm2_per_g.iter().zip(&high.jumps_cm2_per_g);
        jumps
            .map(|(low, high)| (1.0 - share) * low + share * high)
            .collect()
    }
}

/// The points on both sides of an energy, and the share of the second; the last two above them.
fn enclosing(points: &[Turned], energy_mev: f64) -> (&Turned, &Turned, f64) {
    let place = (energy_mev / SPACING_MEV).min((points.len() - 1) as f64);
    let below = (place as usize).min(points.len() - 2);
    (&points[below], &points[below + 1], place - below as f64)
}

/// What small turns do to protons of one energy, per areal length.
#[derive(Clone, Debug)]
struct Turned {
    /// By n = 1, 2, ... bins, one way.
    jumps_cm2_per_g: Vec<f64>,
    /// Sum of sin(theta)^2 / 4.
    out_of_plane_cm2_per_g: f64,
    recoil_mev_cm2_per_g: f64,
}

impl Turned {
    fn at(interactions: &Interactions, projection: &Projection, energy_mev: f64) -> Turned {
        let share = interactions.elastic_share(energy_mev);
        let mut turned = Turned {
            jumps_cm2_per_g: vec![0.0; projection.bins / 2],
            out_of_plane_cm2_per_g: 0.0,
            recoil_mev_cm2_per_g: 0.0,
        };
        if share <= 0.0 {
            return turned;
        }
        let turns = interactions.small_turns(energy_mev);
        for proton in interactions.elastic.from_nuclei(energy_mev, turns) {
            let cm2_per_g = share * proton.cm2_per_g;
            turned.recoil_mev_cm2_per_g += cm2_per_g * (energy_mev - proton.energy_mev);
            turned.out_of_plane_cm2_per_g += 0.25 * cm2_per_g * (1.0 - proton.cosine.powi(2));
            for (cell, part) in polar_cells(proton.cosine).into_iter().flatten() {
                turned.jump(part * cm2_per_g, projection.share(cell));
            }
        }
        turned
    }

    fn jump(&mut self, cm2_per_g: f64, shares: &[f64]) {
        let ahead = &shares[shares.len() / 2 + 1..];
        for (rate, share) in self.jumps_cm2_per_g.iter_mut().zip(ahead) {
            *rate += cm2_per_g * share;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{AngleBins, CrossSections, Nuclear, NuclearSources, Secondaries};
    use crate::physics::builtin;

    fn of_water(test: impl Fn(&Interactions, &FurtherTurns, f64)) {
        let water = builtin("water").expect("water is built in");
        let sources = NuclearSources {
            cross_sections: CrossSections::Barashenkov,
            secondaries: Secondaries::BinaryCascade,
        };
        let one = Interactions::of(&water, Nuclear::Transport, sources).expect("data are embedded");
        let angles = AngleAxis::new(48.0, AngleBins::WidthDeg(3.0));
        let turns = FurtherTurns::of(&[water], std::slice::from_ref(&one), &angles, 200.0);
        test(&one, &turns, angles.bin_deg);
    }

    #[test]
    fn jumps_have_the_mean_square_of_the_turns() {
        of_water(|interactions, turns, bin_deg| {
            for mev in [60.0, 100.0, 200.0] {
                let small = interactions.small_turns(mev);
                let turned = interactions.elastic.from_nuclei(mev, small);
                let in_plane = |cosine: f64| 0.5 * cosine.acos().to_degrees().powi(2);
                let expected: f64 = turned
                    .iter()
                    .map(|proton| proton.cm2_per_g * in_plane(proton.cosine))
                    .sum();
                let jumps = turns.jumps_cm2_per_g(0, mev).into_iter().zip(1..);
                let square = |(rate, n): (f64, i32)| 2.0 * rate * (f64::from(n) * bin_deg).powi(2);
                let found: f64 = jumps.map(square).sum();
                // Bins of 3 degrees add 0.75 degree2 to 30 or more, polar cells of 2.5 degrees up to 0.5; plane angles of what leans are wider.
                let ratio = found / expected;
                assert!((1.0..1.08).contains(&ratio), "{mev}: {ratio}");
            }
        });
    }

    #[test]
    fn paths_are_longer_by_the_recoil_and_by_half_of_what_turns_out_of_the_plane() {
        of_water(|_, turns, _| {
            // 0.3 MeV at each of 0.0034 cm2/g (0.102 barn), of 4.5 MeV cm2/g; nothing has turned yet.
            let at_first = turns.lengthening(0, 200.0);
            assert!((1.5e-4..5e-4).contains(&at_first), "{at_first}");
            // Turns of 0.04 rad2 each on 12 % of all protons, a quarter and half of it: 6e-4, and the recoils.
            let at_last = turns.lengthening(0, 20.0);
            assert!((5e-4..3e-3).contains(&at_last), "{at_last}");
            assert!(FurtherTurns::default().lengthening(0, 20.0) == 0.0);
        });
    }
}
