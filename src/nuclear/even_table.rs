//! A function of energy sampled evenly, so that reading it is one multiply-add.

/// Half of the finest spacing of ICRU 63's tables, MeV.
const SPACING_MEV: f64 = 0.5;
/// Above the highest energy of a case, 300 MeV with five standard deviations.
const POINTS: usize = 641;

/// Linear between its points; the end's value outside.
#[derive(Clone, Debug)]
pub struct EvenTable {
    values: Vec<f64>,
}

impl EvenTable {
    pub fn of(function: impl Fn(f64) -> f64) -> EvenTable {
        EvenTable {
            values: (0..POINTS)
                .map(|i| function(SPACING_MEV * i as f64))
                .collect(),
        }
    }

    /// Of a function that is linear enough between multiples of a wider spacing.
    pub fn of_every(spacing_mev: f64, function: impl Fn(f64) -> f64) -> EvenTable {
        let points = (POINTS as f64 * SPACING_MEV / spacing_mev).ceil() as usize + 1;
        let values: Vec<f64> = (0..points)
            .map(|i| function(spacing_mev * i as f64))
            .collect();
        EvenTable::of(|mev| {
            let place = mev / spacing_mev;
            let (below, share) = (place as usize, place.fract());
            (1.0 - share) * values[below] + share * values[below + 1]
        })
    }

    /// The integral from 0, by the middle of each interval.
    pub fn integral_of(function: impl Fn(f64) -> f64) -> EvenTable {
        let mut sum = 0.0;
        let later = (1..POINTS).map(|i| {
            sum += SPACING_MEV * function(SPACING_MEV * (i as f64 - 0.5));
            sum
        });
        EvenTable {
            values: std::iter::once(0.0).chain(later).collect(),
        }
    }

    #[inline]
    pub fn at(&self, energy_mev: f64) -> f64 {
        let place = (energy_mev / SPACING_MEV).clamp(0.0, (POINTS - 1) as f64);
        let below = (place as usize).min(POINTS - 2);
        let share = place - below as f64;
        (1.0 - share) * self.values[below] + share * self.values[below + 1]
    }
}
