//! Figures of depth-dose curves and lateral profiles: ranges, peak, falloff, widths.
//!
//! - Peak: the parabola through the largest value and its two neighbours; its vertex is the peak's depth and height.
//! - `R_p` (R80 for p = 0.8): the deepest depth at which the curve falls through `p` times the peak, by linear
//!   interpolation between cell centres. R80 is close to the mean range whatever the energy spread
//!   (T. Bortfeld, Med. Phys. 24 (1997) 2024); falloff is `R20 - R80`; the peak's width is taken at half its height.
//! - Lateral sigma by moment: `sqrt(sum p (x - mean)^2 / sum p)`, tails included. A cell's own width enters with
//!   `spacing^2 / 12`; it is not taken off.
//! - Core sigma: the Gaussian fitted by least squares to the samples above a fifth of the maximum. `ln p` is a
//!   parabola in x, fitted with weights `p_fit^2` and iterated (H. Guo, IEEE Signal Process. Mag. 28 (2011) 134).
//!
//! A figure that a curve does not have is NaN: no distal edge inside the phantom, no signal, no proximal half height.

use crate::results::{Axis, Summary};

/// Share of the maximum above which samples belong to a profile's core.
pub const CORE_FRACTION: f64 = 0.2;

/// Rounds of reweighting of the core fit; the weights settle within five on profiles with single-scattering tails.
const CORE_FIT_ROUNDS: usize = 10;

/// The largest value of a curve, between the samples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Peak {
    /// The sample that is largest.
    pub index: usize,
    pub position: f64,
    pub height: f64,
}

/// The figures of a depth dose (MeV/mm, one value a z cell) and of the lateral sigma (mm, one value a z cell).
pub fn summarise(z_mm: &Axis, depth_dose: &[f64], sigma_x_mm: &[f64]) -> Summary {
    let depths = &z_mm.centers[..];
    let Some(peak) = find_peak(depths, depth_dose) else {
        return Summary::without_curve();
    };
    let range = |fraction| distal_position(depths, depth_dose, fraction * peak.height);
    let (r80_mm, r20_mm) = (range(0.8), range(0.2));
    Summary {
        r90_mm: range(0.9),
        r80_mm,
        r50_mm: range(0.5),
        r20_mm,
        falloff_80_20_mm: r20_mm - r80_mm,
        peak_depth_mm: peak.position,
        peak_width_mm: width_at(depths, depth_dose, &peak, 0.5 * peak.height),
        peak_mev_per_mm: peak.height,
        peak_to_entrance: peak.height / depth_dose[0],
        sigma_at_peak_mm: interpolate(depths, sigma_x_mm, peak.position),
    }
}

/// The peak of `values` over rising `positions`; none where no value is above zero or the lengths differ.
pub fn find_peak(positions: &[f64], values: &[f64]) -> Option<Peak> {
    if positions.len() != values.len() {
        return None;
    }
    let index =
        (0..values.len()).max_by(|&i, &j| values[i].total_cmp(&values[j]).then(j.cmp(&i)))?;
    if !values[index].is_finite() || values[index] <= 0.0 {
        return None;
    }
    let (position, height) =
        vertex(positions, values, index).unwrap_or((positions[index], values[index]));
    Some(Peak {
        index,
        position,
        height,
    })
}

/// Vertex of the parabola through the samples `index - 1`, `index`, `index + 1`; none at an end or on a plateau.
fn vertex(x: &[f64], y: &[f64], index: usize) -> Option<(f64, f64)> {
    if index == 0 || index + 1 >= x.len() {
        return None;
    }
    let (x0, x1, x2) = (x[index - 1], x[index], x[index + 1]);
    let slope = (y[index] - y[index - 1]) / (x1 - x0);
    let next_slope = (y[index + 1] - y[index]) / (x2 - x1);
    let curvature = (next_slope - slope) / (x2 - x0);
    if !curvature.is_finite() || curvature >= 0.0 {
        return None;
    }
    let top = 0.5 * (x0 + x1) - slope / (2.0 * curvature);
    Some((
        top,
        y[index - 1] + slope * (top - x0) + curvature * (top - x0) * (top - x1),
    ))
}

/// The deepest position at which the curve falls through `level`; NaN where it never does.
pub fn distal_position(positions: &[f64], values: &[f64], level: f64) -> f64 {
    match values.iter().rposition(|&value| value >= level) {
        Some(index) if index + 1 < positions.len() => {
            crossing(positions, values, index, index + 1, level)
        }
        _ => f64::NAN,
    }
}

/// Width of the peak at `level`: from the first crossing on its near side to the first on its far side.
pub fn width_at(positions: &[f64], values: &[f64], peak: &Peak, level: f64) -> f64 {
    let near = values[..peak.index]
        .iter()
        .rposition(|&value| value < level);
    let far = values[peak.index..].iter().position(|&value| value < level);
    match (near, far) {
        (Some(near), Some(far)) if far > 0 => {
            let far = peak.index + far;
            crossing(positions, values, far - 1, far, level)
                - crossing(positions, values, near, near + 1, level)
        }
        _ => f64::NAN,
    }
}

fn crossing(x: &[f64], y: &[f64], i: usize, j: usize, level: f64) -> f64 {
    x[i] + (level - y[i]) / (y[j] - y[i]) * (x[j] - x[i])
}

/// Linear interpolation over rising `positions`; NaN outside them or where the lengths differ.
pub fn interpolate(positions: &[f64], values: &[f64], at: f64) -> f64 {
    let count = positions.len();
    if count == 0 || count != values.len() || !(positions[0]..=positions[count - 1]).contains(&at) {
        return f64::NAN;
    }
    let above = positions.partition_point(|&position| position <= at);
    if above == count {
        return values[count - 1];
    }
    let share = (at - positions[above - 1]) / (positions[above] - positions[above - 1]);
    values[above - 1] + share * (values[above] - values[above - 1])
}

/// Standard deviation of a profile by its moments, in the unit of `positions`; NaN without signal.
pub fn moment_sigma(positions: &[f64], profile: &[f64]) -> f64 {
    let weight: f64 = profile.iter().sum();
    let mean = weighted_sum(positions, profile, |x| x) / weight;
    let variance = weighted_sum(positions, profile, |x| (x - mean) * (x - mean)) / weight;
    if weight > 0.0 {
        variance.sqrt()
    } else {
        f64::NAN
    }
}

fn weighted_sum(positions: &[f64], profile: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    positions
        .iter()
        .zip(profile)
        .map(|(&x, &p)| of(x) * p)
        .sum()
}

/// Standard deviation of the Gaussian core of a profile; NaN where fewer than three samples stand in the core.
pub fn core_sigma(positions: &[f64], profile: &[f64]) -> f64 {
    let Some(peak) = find_peak(positions, profile) else {
        return f64::NAN;
    };
    let core: Vec<(f64, f64)> = (positions.iter().zip(profile))
        .filter(|&(_, &p)| p >= CORE_FRACTION * peak.height)
        .map(|(&x, &p)| (x - peak.position, p / peak.height))
        .collect();
    if core.len() < 3 {
        return f64::NAN;
    }
    let mut parabola = fit_log_parabola(&core, |_, p| p);
    for _ in 1..CORE_FIT_ROUNDS {
        let [a, b, c] = parabola;
        parabola = fit_log_parabola(&core, |x, _| (a + b * x + c * x * x).exp());
    }
    (-0.5 / parabola[2]).sqrt()
}

/// Least squares of `ln p = a + b x + c x^2` with weights `height(x, p)^2`.
fn fit_log_parabola(core: &[(f64, f64)], height: impl Fn(f64, f64) -> f64) -> [f64; 3] {
    let mut moments = [0.0; 5];
    let mut right = [0.0; 3];
    for &(x, p) in core {
        let weight = height(x, p).powi(2);
        for (power, moment) in moments.iter_mut().enumerate() {
            *moment += weight * x.powi(power as i32);
        }
        for (power, side) in right.iter_mut().enumerate() {
            *side += weight * x.powi(power as i32) * p.ln();
        }
    }
    let [m0, m1, m2, m3, m4] = moments;
    solve_3x3([[m0, m1, m2], [m1, m2, m3], [m2, m3, m4]], right)
}

/// Cramer's rule; NaN or infinite where the matrix is singular.
fn solve_3x3(matrix: [[f64; 3]; 3], right: [f64; 3]) -> [f64; 3] {
    let determinant = |m: &[[f64; 3]; 3]| -> f64 {
        (0..3)
            .map(|i| {
                m[0][i]
                    * (m[1][(i + 1) % 3] * m[2][(i + 2) % 3]
                        - m[1][(i + 2) % 3] * m[2][(i + 1) % 3])
            })
            .sum()
    };
    let whole = determinant(&matrix);
    std::array::from_fn(|column| {
        let mut replaced = matrix;
        for (row, value) in replaced.iter_mut().zip(right) {
            row[column] = value;
        }
        determinant(&replaced) / whole
    })
}
