//! A Gaussian on bins, with its weight, mean and variance.

/// Weights on neighbouring bins, starting at `first`.
#[derive(Clone, Debug, PartialEq)]
pub struct BinWeights {
    pub first: usize,
    pub weights: Vec<f64>,
    /// Variance that the bins added beyond the one asked for, in the axis coordinate squared.
    pub excess_variance: f64,
}

/// Standard deviations of a Gaussian that are integrated; 6e-7 of the weight lies beyond.
const REACH_SIGMAS: f64 = 5.0;
/// Below this width in bins the cell integrals of a Gaussian cannot have its variance; three points can.
const NARROW_BINS: f64 = 0.7;

/// Weights of a Gaussian on bins about `centers` (uniform, or smoothly varying): cell integrals, then tilted by a quadratic so
/// that sum, mean and variance are exact; for narrow ones the two or three points that have them.
///
/// The mean of the weights read upwards and downwards: a mirrored beam gets the mirrored weights bit for bit.
pub fn gaussian_on_bins(centers: &[f64], mean: f64, sigma: f64) -> BinWeights {
    let upwards = gaussian_read_upwards(centers, mean, sigma);
    let mirrored: Vec<f64> = centers.iter().rev().map(|c| -c).collect();
    let downwards = gaussian_read_upwards(&mirrored, -mean, sigma);
    if upwards.weights.is_empty() || downwards.weights.is_empty() {
        return upwards;
    }
    let last = |bins: &BinWeights| bins.first + bins.weights.len();
    let below = centers.len() - last(&downwards);
    let first = upwards.first.min(below);
    let end = last(&upwards).max(centers.len() - downwards.first);
    let at = |bins: &BinWeights, i: Option<usize>| -> f64 {
        i.and_then(|i| bins.weights.get(i)).copied().unwrap_or(0.0)
    };
    let weights = (first..end).map(|bin| {
        let up = at(&upwards, bin.checked_sub(upwards.first));
        let down = at(
            &downwards,
            (centers.len() - 1 - bin).checked_sub(downwards.first),
        );
        0.5 * (up + down)
    });
    BinWeights {
        first,
        weights: weights.collect(),
        excess_variance: upwards.excess_variance,
    }
}

fn gaussian_read_upwards(centers: &[f64], mean: f64, sigma: f64) -> BinWeights {
    let nearest = nearest_bin(centers, mean);
    let bin = bin_width(centers, nearest);
    if sigma < NARROW_BINS * bin {
        return few_points(centers, nearest, mean, sigma);
    }
    // A cell integral placed at the cell's centre adds bin^2/12 (Sheppard); take it off beforehand.
    let core = (sigma * sigma - bin * bin / 12.0).sqrt();
    let first = centers.partition_point(|&c| c < mean - REACH_SIGMAS * sigma - 0.5 * bin);
    let last = centers.partition_point(|&c| c <= mean + REACH_SIGMAS * sigma + 0.5 * bin);
    let edge = |i: usize| match i {
        0 => centers[0] - 0.5 * bin,
        i if i == centers.len() => centers[i - 1] + 0.5 * bin,
        i => 0.5 * (centers[i - 1] + centers[i]),
    };
    let integral = |x: f64| 0.5 * erfc(-(x - mean) / (core * std::f64::consts::SQRT_2));
    let weights: Vec<f64> = (first..last)
        .map(|i| integral(edge(i + 1)) - integral(edge(i)))
        .collect();
    let cut = 1.0 - weights.iter().sum::<f64>();
    let exact = if cut < 1e-5 {
        with_moments(&centers[first..last], &weights, mean, sigma)
    } else {
        None
    };
    BinWeights {
        first,
        weights: exact.unwrap_or(weights),
        excess_variance: 0.0,
    }
}

fn nearest_bin(centers: &[f64], value: f64) -> usize {
    let above = centers
        .partition_point(|&c| c < value)
        .min(centers.len() - 1);
    if above > 0 && value - centers[above - 1] < centers[above] - value {
        above - 1
    } else {
        above
    }
}

fn bin_width(centers: &[f64], bin: usize) -> f64 {
    match centers.len() {
        1 => 1.0,
        n => {
            let i = bin.clamp(1, n - 1);
            centers[i] - centers[i - 1]
        }
    }
}

/// Three points about the nearest centre with the exact sum, mean and variance, or two points where the variance is too small.
fn few_points(centers: &[f64], nearest: usize, mean: f64, sigma: f64) -> BinWeights {
    let bin = bin_width(centers, nearest);
    let f = (mean - centers[nearest]) / bin;
    if f.abs() > 0.5 + 1e-9 {
        return BinWeights {
            first: 0,
            weights: vec![],
            excess_variance: 0.0,
        };
    }
    let smallest = f.abs() * (1.0 - f.abs());
    let variance = (sigma / bin).powi(2).max(smallest);
    let second = variance + f * f;
    let weights = [0.5 * (second - f), 1.0 - second, 0.5 * (second + f)];
    let (first, from) = if nearest == 0 {
        (0, 1)
    } else {
        (nearest - 1, 0)
    };
    let kept = (3 - from).min(centers.len() - first);
    let excess = (variance * bin * bin - sigma * sigma).max(0.0);
    trimmed(BinWeights {
        first,
        weights: weights[from..from + kept].to_vec(),
        excess_variance: excess,
    })
}

/// Without the zeros at both ends.
fn trimmed(bins: BinWeights) -> BinWeights {
    let negligible = |w: &f64| w.abs() < 1e-15;
    let lead = bins.weights.iter().take_while(|w| negligible(w)).count();
    let trail = bins
        .weights
        .iter()
        .rev()
        .take_while(|w| negligible(w))
        .count();
    let last = (bins.weights.len() - trail).max(lead);
    BinWeights {
        first: bins.first + lead,
        weights: bins.weights[lead..last].to_vec(),
        ..bins
    }
}

/// `weights` times (a + b u + c u^2), u = (x - mean) / sigma, so that sum 1, mean and variance are exact; None if not positive.
pub fn with_moments(centers: &[f64], weights: &[f64], mean: f64, sigma: f64) -> Option<Vec<f64>> {
    let u: Vec<f64> = centers.iter().map(|c| (c - mean) / sigma).collect();
    let moment = |k: i32| -> f64 { weights.iter().zip(&u).map(|(w, u)| w * u.powi(k)).sum() };
    let m: Vec<f64> = (0..5).map(moment).collect();
    let [a, b, c] = solve3(
        [[m[0], m[1], m[2]], [m[1], m[2], m[3]], [m[2], m[3], m[4]]],
        [1.0, 0.0, 1.0],
    )?;
    let tilted: Vec<f64> = weights
        .iter()
        .zip(&u)
        .map(|(w, u)| w * (a + b * u + c * u * u))
        .collect();
    tilted.iter().all(|w| *w >= 0.0).then_some(tilted)
}

/// Cramer's rule; None for a singular matrix.
fn solve3(m: [[f64; 3]; 3], right: [f64; 3]) -> Option<[f64; 3]> {
    let det = |m: &[[f64; 3]; 3]| -> f64 {
        (0..3)
            .map(|i| {
                m[0][i]
                    * (m[1][(i + 1) % 3] * m[2][(i + 2) % 3]
                        - m[1][(i + 2) % 3] * m[2][(i + 1) % 3])
            })
            .sum()
    };
    let whole = det(&m);
    let with_column = |j: usize| {
        let mut n = m;
        (0..3).for_each(|i| n[i][j] = right[i]);
        det(&n) / whole
    };
    (whole.abs() > 1e-300).then(|| [with_column(0), with_column(1), with_column(2)])
}

/// Weight of a Gaussian between two limits.
pub fn gaussian_between(low: f64, high: f64, mean: f64, sigma: f64) -> f64 {
    if sigma == 0.0 {
        return f64::from(u8::from((low..=high).contains(&mean)));
    }
    let below = |x: f64| 0.5 * erfc(-(x - mean) / (sigma * std::f64::consts::SQRT_2));
    below(high) - below(low)
}

/// Complementary error function, relative error below 1.2e-7 (W. J. Cody's rational form is not needed: the moments are
/// restored exactly afterwards). Numerical Recipes, 3rd ed., eq. 6.2.6 family: Chebyshev fit in t = 2 / (2 + |x|).
fn erfc(x: f64) -> f64 {
    let z = x.abs();
    let t = 2.0 / (2.0 + z);
    const C: [f64; 10] = [
        -1.26551223,
        1.00002368,
        0.37409196,
        0.09678418,
        -0.18628806,
        0.27886807,
        -1.13520398,
        1.48851587,
        -0.82215223,
        0.17087277,
    ];
    let polynomial = C.iter().rev().fold(0.0, |sum, c| sum * t + c);
    let value = t * (-z * z + polynomial).exp();
    if x >= 0.0 { value } else { 2.0 - value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(centers: &[f64], bins: &BinWeights) -> (f64, f64, f64) {
        let at = |i: usize| centers[bins.first + i];
        let sum: f64 = bins.weights.iter().sum();
        let mean: f64 = bins
            .weights
            .iter()
            .enumerate()
            .map(|(i, w)| w * at(i))
            .sum::<f64>()
            / sum;
        let variance = bins
            .weights
            .iter()
            .enumerate()
            .map(|(i, w)| w * (at(i) - mean).powi(2))
            .sum::<f64>()
            / sum;
        (sum, mean, variance)
    }

    #[test]
    fn binned_gaussian_has_exact_moments_at_any_width_and_offset() {
        let centers: Vec<f64> = (0..200).map(|i| -50.0 + 0.5 * f64::from(i)).collect();
        for sigma in [0.2501, 0.3, 0.34, 0.36, 0.5, 1.0, 3.0] {
            for mean in [0.0, 0.1, 0.25, -7.77] {
                let bins = gaussian_on_bins(&centers, mean, sigma);
                let (sum, found_mean, variance) = moments(&centers, &bins);
                assert!(
                    (sum - 1.0).abs() < 1e-12 && (found_mean - mean).abs() < 1e-12,
                    "{sigma} {mean}"
                );
                assert!(
                    (variance - bins.excess_variance - sigma * sigma).abs() < 1e-11,
                    "{sigma} {mean} {variance}"
                );
                assert!(bins.weights.iter().all(|w| *w >= 0.0));
            }
        }
    }

    #[test]
    fn parallel_beam_on_a_centre_has_no_width_and_between_centres_reports_its_excess() {
        let centers = [-1.0, 0.0, 1.0];
        assert_eq!(gaussian_on_bins(&centers, 0.0, 0.0).weights, [1.0]);
        let between = gaussian_on_bins(&centers, 0.25, 0.0);
        assert!(
            (between.excess_variance - 0.1875).abs() < 1e-12,
            "{between:?}"
        );
    }
}
