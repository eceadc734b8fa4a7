//! How far the energies of a beam's protons have spread where they react, by straggling alone. Those that nuclei scatter elastically
//! keep the spread, and their Bragg peak is as wide as the beam's.
//!
//! `sigma_E(E)^2 = S(E)^2 ( (sigma_0 / S(E_0))^2 + integral_E^E_0 T_s / S^3 dE' )`, with T_s Bohr's variance per areal length and
//! everything in water: an energy loss early on is a difference in range that lasts (Bortfeld, Med. Phys. 24 (1997) 2024, eq. 17).

use super::even_table::EvenTable;
use crate::case::BeamSpec;
use crate::physics::Material;

#[derive(Clone, Debug)]
pub struct RangeVariance {
    /// From rest to each energy, (g/cm2)^2.
    accumulated: EvenTable,
    stopping_power_mev_cm2_per_g: EvenTable,
}

impl RangeVariance {
    /// None accumulates where protons slow down without straggling.
    pub fn of(water: &Material, straggles: bool) -> RangeVariance {
        let stopping = |mev: f64| water.mass_stopping_power_mev_cm2_per_g(mev);
        let straggling = |mev: f64| match straggles {
            true => water.straggling_mev2_cm2_per_g(mev),
            false => 0.0,
        };
        RangeVariance {
            accumulated: EvenTable::integral_of(|mev| straggling(mev) / stopping(mev).powi(3)),
            stopping_power_mev_cm2_per_g: EvenTable::of(stopping),
        }
    }

    /// Variance of the energies of a beam's protons about their mean, MeV2.
    pub fn mev2(&self, beam: &BeamSpec, mean_mev: f64) -> f64 {
        let stopping = |mev: f64| self.stopping_power_mev_cm2_per_g.at(mev);
        let at_entry = (beam.energy_spread_mev / stopping(beam.energy_mev)).powi(2);
        let straggled = self.accumulated.at(beam.energy_mev) - self.accumulated.at(mean_mev);
        (at_entry + straggled.max(0.0)) * stopping(mean_mev).powi(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physics::builtin;

    #[test]
    fn without_straggling_a_beam_keeps_the_spread_of_its_ranges() {
        let water = builtin("water").expect("water is built in");
        let beam = BeamSpec {
            energy_mev: 150.0,
            energy_spread_mev: 0.0,
            x_mm: 0.0,
            angle_deg: 0.0,
            sigma_x_mm: 3.0,
            divergence_mrad: 0.0,
            correlation: 0.0,
            weight: 1.0,
        };
        assert_eq!(RangeVariance::of(&water, false).mev2(&beam, 100.0), 0.0);
        assert!(RangeVariance::of(&water, true).mev2(&beam, 100.0) > 0.5);
    }
}
