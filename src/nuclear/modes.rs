//! The energies at which the protons of a cell react, from four moments. Where media meet along the beam, protons that came through
//! either react in one cell, and their mean energy is that of few of them.
//!
//! Two modes, each with the variance V_0 that a beam has by itself (`range_variance.rs`), carry the mean m, the variance V and the
//! third central moment T of what was taken:
//!
//!   B = V - V_0,    s = T / B^(3/2),    h = (s + sqrt(s^2 + 4)) / 2
//!   E_1 = m + h sqrt(B), of share 1 / (1 + h^2);    E_2 = m - sqrt(B) / h, of the rest
//!
//! (the law of two points with given mean, variance and skewness; elementary). Modes nearer to each other than they are wide, B < V_0,
//! are one of variance V.

use crate::operators::energy_loss::MOMENTS;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mode {
    /// Share of the protons.
    pub share: f64,
    pub energy_mev: f64,
    pub variance_mev2: f64,
}

/// Variances below this share of the mean's square are rounding of single precision: sums of E^2 are good to some 1e-7.
const ROUNDING: f64 = 1e-6;

/// The modes of protons with the given moments of energy, 0 to 3, about zero; `own_mev2`: V_0 at a mean energy.
pub fn modes(moments: [f64; MOMENTS], own_mev2: &dyn Fn(f64) -> f64) -> [Mode; 2] {
    let [weight, first, second, third] = moments;
    let (mean, second, third) = (first / weight, second / weight, third / weight);
    let variance = (second - mean * mean).max(0.0);
    let (own, rounding) = (own_mev2(mean), ROUNDING * mean * mean);
    let between = variance - own;
    let mode = |share: f64, energy_mev: f64, variance_mev2: f64| Mode {
        share,
        energy_mev,
        variance_mev2,
    };
    if between <= own.max(rounding) {
        let known = if variance > rounding { variance } else { own };
        return [mode(1.0, mean, known), mode(0.0, mean, known)];
    }
    let central = third - 3.0 * mean * second + 2.0 * mean.powi(3);
    let skewness = central / between.powf(1.5);
    let distance = between.sqrt();
    // No energy below zero.
    let h = (0.5 * (skewness + skewness.hypot(2.0))).max(distance / mean);
    let share = 1.0 / (1.0 + h * h);
    [
        mode(share, mean + h * distance, own),
        mode(1.0 - share, mean - distance / h, own),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(protons: &[(f64, f64)]) -> [f64; MOMENTS] {
        std::array::from_fn(|n| {
            let moment = |(weight, mev): &(f64, f64)| weight * mev.powi(n as i32);
            protons.iter().map(moment).sum()
        })
    }

    #[test]
    fn protons_of_two_energies_are_told_apart() {
        let found = modes(moments(&[(0.6, 120.0), (0.2, 60.0)]), &|_| 0.0);
        for (mode, (share, energy_mev)) in found.iter().zip([(0.75, 120.0), (0.25, 60.0)]) {
            assert!((mode.share - share).abs() < 1e-9, "{mode:?}");
            assert!((mode.energy_mev - energy_mev).abs() < 1e-7, "{mode:?}");
        }
    }

    #[test]
    fn mean_and_variance_stay_whatever_the_moments() {
        for protons in [
            vec![(1.0, 100.0)],
            vec![(1.0, 2.0), (1e-3, 150.0)],
            vec![(1e-3, 2.0), (1.0, 150.0)],
            vec![(0.2, 40.0), (0.5, 90.0), (0.3, 140.0)],
        ] {
            let given = moments(&protons);
            let found = modes(given, &|_| 0.0);
            let [weight, first, second, _] =
                moments(&found.map(|mode| (mode.share, mode.energy_mev)));
            assert!((weight - 1.0).abs() < 1e-12);
            assert!(
                (first - given[1] / given[0]).abs() < 1e-9 * first,
                "{found:?}"
            );
            assert!(
                (second - given[2] / given[0]).abs() < 1e-9 * second,
                "{found:?}"
            );
            assert!(
                found
                    .iter()
                    .all(|mode| mode.energy_mev >= 0.0 && mode.share >= 0.0)
            );
        }
    }

    #[test]
    fn a_beam_little_wider_than_it_is_by_itself_is_one_mode() {
        let found = modes(moments(&[(0.5, 99.0), (0.5, 101.0)]), &|_| 0.6);
        assert_eq!(
            found[0],
            Mode {
                share: 1.0,
                energy_mev: 100.0,
                variance_mev2: 1.0
            }
        );
        assert_eq!(found[1].share, 0.0);
    }
}
