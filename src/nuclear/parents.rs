//! Parent energies: bins of the second phase space's energy axis that stand for protons of a mean energy and a variance.
//!
//! Where the variance is a bin's or more, a Gaussian: in fewer parents the Bragg peak of scattered protons would be as many
//! peaks. Its weight, mean and variance are exact.

use super::emission::enclosing;
use crate::beam::with_moments;

/// Standard deviations of a Gaussian that are sampled; its moments make up for the rest. With 5 the outermost terms are so small that
/// single precision loses them beside what a cell holds: a ledger closed to 1.3e-6.
const REACH_SIGMAS: f64 = 3.0;
/// Least standard deviation, in bins, that samples of a Gaussian can have.
const NARROWEST_BINS: f64 = 0.7;
/// Farthest of three parents from the mean, in bins.
const FARTHEST: usize = 8;

/// A weight at a mean energy, on the parents that have this variance as well: bins, and their weights.
pub fn with_variance(
    centers_mev: &[f64],
    mean_mev: f64,
    variance_mev2: f64,
    weight: f64,
) -> Vec<(usize, f64)> {
    let mut parents = gaussian(centers_mev, mean_mev, variance_mev2.sqrt())
        .or_else(|| three(centers_mev, mean_mev, variance_mev2))
        .unwrap_or_else(|| on_two(centers_mev, mean_mev, 1.0).to_vec());
    parents.iter_mut().for_each(|(_, share)| *share *= weight);
    parents
}

/// A weight at an energy on the two parent energies about it, with its weight and energy kept; below the first and above the last
/// there is one, and the energy is kept.
pub fn on_two(centers_mev: &[f64], energy_mev: f64, weight: f64) -> [(usize, f64); 2] {
    let last = centers_mev.len() - 1;
    let (parent, share) = enclosing(centers_mev, energy_mev);
    if energy_mev < centers_mev[0] || parent == last {
        return [
            (parent, weight * energy_mev / centers_mev[parent]),
            (last, 0.0),
        ];
    }
    [
        (parent, (1.0 - share) * weight),
        (parent + 1, share * weight),
    ]
}

/// From the centre at or below an energy to the next; 0 at the axis' end.
pub fn bin_width(centers_mev: &[f64], energy_mev: f64) -> f64 {
    let (below, _) = enclosing(centers_mev, energy_mev);
    centers_mev
        .get(below + 1)
        .map_or(0.0, |above| above - centers_mev[below])
}

/// A Gaussian sampled at the centres, tilted to its moments; None where bins are too wide for it, or the axis ends within.
fn gaussian(centers_mev: &[f64], mean_mev: f64, sigma_mev: f64) -> Option<Vec<(usize, f64)>> {
    let bin_mev = bin_width(centers_mev, mean_mev);
    let reach_mev = REACH_SIGMAS * sigma_mev;
    let inside =
        mean_mev - reach_mev > centers_mev[0] && mean_mev + reach_mev < *centers_mev.last()?;
    if sigma_mev < NARROWEST_BINS * bin_mev || !inside {
        return None;
    }
    let first = centers_mev.partition_point(|&c| c < mean_mev - reach_mev);
    let last = centers_mev.partition_point(|&c| c <= mean_mev + reach_mev);
    let sample = |bin: usize| {
        let off = (centers_mev[bin] - mean_mev) / sigma_mev;
        (centers_mev[bin + 1] - centers_mev[bin - 1]) * (-0.5 * off * off).exp()
    };
    let samples: Vec<f64> = (first..last).map(sample).collect();
    let shares = with_moments(&centers_mev[first..last], &samples, mean_mev, sigma_mev)?;
    Some((first..last).zip(shares).collect())
}

/// Three evenly placed parents (Lagrange), as near as they can be; None where two about the mean have more variance.
fn three(centers_mev: &[f64], mean_mev: f64, variance_mev2: f64) -> Option<Vec<(usize, f64)>> {
    let (below, share) = enclosing(centers_mev, mean_mev);
    let nearest = if share > 0.5 { below + 1 } else { below };
    let farthest = FARTHEST.min(nearest).min(centers_mev.len() - 1 - nearest);
    (1..=farthest).find_map(|far| {
        let parents = [nearest - far, nearest, nearest + far];
        let off = parents.map(|parent| centers_mev[parent] - mean_mev);
        let shares = [(0, 1, 2), (1, 0, 2), (2, 0, 1)].map(|(i, j, k)| {
            (off[j] * off[k] + variance_mev2) / ((off[i] - off[j]) * (off[i] - off[k]))
        });
        let positive = shares.iter().all(|share| *share >= 0.0);
        positive.then(|| parents.into_iter().zip(shares).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sum, mean and variance.
    fn moments(centers: &[f64], parents: &[(usize, f64)]) -> (f64, f64, f64) {
        let sum: f64 = parents.iter().map(|(_, w)| w).sum();
        let mean = parents.iter().map(|(i, w)| w * centers[*i]).sum::<f64>() / sum;
        let square = |(i, w): &(usize, f64)| w * (centers[*i] - mean).powi(2);
        (sum, mean, parents.iter().map(square).sum::<f64>() / sum)
    }

    /// Energies whose ranges (E^1.77) lie evenly.
    fn centers() -> Vec<f64> {
        (1..160)
            .map(|i| 150.0 * (f64::from(i) / 158.0).powf(1.0 / 1.77))
            .collect()
    }

    #[test]
    fn weight_mean_and_variance_are_kept_whatever_the_width() {
        let centers = centers();
        for (mean, sigma) in [
            (100.3, 0.6),
            (100.3, 1.2),
            (60.0, 4.0),
            (40.0, 0.9),
            (140.1, 1.0),
        ] {
            let (sum, found, variance) = moments(
                &centers,
                &with_variance(&centers, mean, sigma * sigma, 0.25),
            );
            assert!((sum - 0.25).abs() < 1e-12, "{mean} {sigma}: {sum}");
            assert!((found - mean).abs() < 1e-9, "{mean} {sigma}: {found}");
            assert!(
                (variance / sigma.powi(2) - 1.0).abs() < 1e-9,
                "{mean} {sigma}: {variance}"
            );
        }
    }

    #[test]
    fn a_wide_spread_is_one_hill() {
        let centers = centers();
        let parents = with_variance(&centers, 60.0, 16.0, 1.0);
        let top = parents.iter().map(|(_, w)| *w).fold(0.0, f64::max);
        let peak = parents.iter().position(|(_, w)| *w == top).expect("a top");
        assert!(parents[..=peak].windows(2).all(|two| two[0].1 <= two[1].1));
        assert!(parents[peak..].windows(2).all(|two| two[0].1 >= two[1].1));
        assert!(parents.len() > 8);
    }

    #[test]
    fn outside_the_axis_weight_times_energy_is_kept() {
        let centers = centers();
        for energy in [0.5 * centers[0], 151.0] {
            let parents = with_variance(&centers, energy, 0.0, 2.0);
            let carried: f64 = parents.iter().map(|(i, w)| w * centers[*i]).sum();
            assert!((carried - 2.0 * energy).abs() < 1e-9, "{energy}: {carried}");
        }
    }
}
