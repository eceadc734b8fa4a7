//! The gamma index of two distributions (D. A. Low et al., Med. Phys. 25 (1998) 656).
//!
//! For every point of the reference above a threshold that lies inside the evaluated grid,
//!
//! `gamma = min over r of sqrt(r^2 / distance^2 + (D_evaluated(r) - D_reference)^2 / tolerance^2)`,
//!
//! `tolerance` being a share of the reference's maximum (global) or of its value at the point (local). The evaluated
//! distribution is interpolated linearly between its centres. The minimum is taken along lines parallel to z and to x
//! that lie a twentieth of the distance criterion apart: on each segment of a line the dose is linear, so the minimum is
//! found in closed form. A search over points alone misses the dose in a distal edge, where it falls by several
//! per cent from point to point. What is left: gamma^2 too large by at most `2 (1/40)^2`, where an isodose line runs at
//! 45 degrees and the nearest crossing lies half way between two lines.

use super::grid::Grid;
use crate::error::{Error, Kind, Result};
use ndarray::{Array2, Axis as Dimension, Zip, concatenate};
use std::str::FromStr;

/// Lines per distance criterion.
const LINES_PER_DISTANCE: f64 = 20.0;

/// How far the search goes, in distance criteria: also the largest gamma that is told apart.
pub const LARGEST_GAMMA: f64 = 2.0;

/// A dose tolerance in per cent and a distance in mm, written `2%/2mm`.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Criterion {
    pub dose_percent: f64,
    pub distance_mm: f64,
}

impl FromStr for Criterion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parse = || {
            let (dose, distance) = text.split_once('/')?;
            let dose_percent = dose.trim().strip_suffix('%')?.trim().parse().ok()?;
            let distance_mm = distance.trim().strip_suffix("mm")?.trim().parse().ok()?;
            Some(Self {
                dose_percent,
                distance_mm,
            })
        };
        let positive = |value: f64| value > 0.0 && value.is_finite();
        parse()
            .filter(|found| positive(found.dose_percent) && positive(found.distance_mm))
            .ok_or_else(|| {
                Error::new(Kind::Usage, format!("`{text}` is no gamma criterion"))
                    .key("gamma")
                    .hint("write dose and distance as in `2%/2mm`")
            })
    }
}

/// What the dose tolerance is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Normalisation {
    /// The reference's maximum.
    Global,
    /// The reference's value at the point.
    Local,
}

/// Gamma at every point of `reference` that reaches `threshold` (a share of its maximum) and lies inside `evaluated`; NaN elsewhere.
/// Values of `LARGEST_GAMMA` mean that or more.
pub fn gamma(
    reference: &Grid,
    evaluated: &Grid,
    criterion: Criterion,
    normalisation: Normalisation,
    threshold: f64,
) -> Array2<f64> {
    let maximum = reference.maximum();
    let lines = Lines::of(evaluated);
    let there = evaluated.resampled_on(reference);
    let x_centers = reference
        .x_mm
        .as_ref()
        .map_or(vec![0.0], |x| x.centers.clone());
    let mut found = Array2::from_elem(reference.values.raw_dim(), f64::NAN);
    Zip::indexed(&mut found)
        .and(&reference.values)
        .and(&there)
        .for_each(|(i, j), gamma, &dose, &there| {
            if counts(dose, threshold * maximum) && !there.is_nan() {
                let scale = match normalisation {
                    Normalisation::Global => maximum,
                    Normalisation::Local => dose,
                };
                let search = Search {
                    dose,
                    tolerance: 0.01 * criterion.dose_percent * scale,
                    distance_mm: criterion.distance_mm,
                };
                let point = [reference.z_mm.centers[i], x_centers[j]];
                let closest = lines.iter().fold(LARGEST_GAMMA.powi(2), |best, lines| {
                    search.along(lines, point, best)
                });
                *gamma = closest.sqrt();
            }
        });
    found
}

/// True for a dose of the region that gamma is taken over.
pub fn counts(dose: f64, least: f64) -> bool {
    dose >= least && dose > 0.0
}

/// The evaluated distribution as lines parallel to one of the axes: `values[along, across]`.
struct Lines {
    along: Vec<f64>,
    across: Vec<f64>,
    values: Array2<f64>,
    /// Which coordinate of a point [z, x] runs along the lines.
    dimension: usize,
}

impl Lines {
    /// Lines along z, and along x where there is one. The outermost values are drawn on to the grid's edges.
    fn of(grid: &Grid) -> Vec<Self> {
        let z = with_edges(&grid.z_mm);
        let values = padded(&grid.values, 0);
        let Some(x_mm) = &grid.x_mm else {
            return vec![Self {
                along: z,
                across: vec![0.0],
                values,
                dimension: 0,
            }];
        };
        let (x, values) = (with_edges(x_mm), padded(&values, 1));
        let turned = values.t().as_standard_layout().into_owned();
        let along_x = Self {
            along: x.clone(),
            across: z.clone(),
            values: turned,
            dimension: 1,
        };
        let along_z = Self {
            along: z,
            across: x,
            values,
            dimension: 0,
        };
        vec![along_z, along_x]
    }

    /// The line at `position` across: the nodes left and right of it and the share of the right one.
    fn line_at(&self, position: f64) -> Option<(usize, usize, f64)> {
        let last = self.across.len() - 1;
        if last == 0 {
            return Some((0, 0, 0.0));
        }
        if !(self.across[0]..=self.across[last]).contains(&position) {
            return None;
        }
        let right = self
            .across
            .partition_point(|&node| node <= position)
            .clamp(1, last);
        let left = right - 1;
        Some((
            left,
            right,
            (position - self.across[left]) / (self.across[right] - self.across[left]),
        ))
    }
}

fn with_edges(axis: &crate::results::Axis) -> Vec<f64> {
    let first = axis.edges.first().copied();
    first
        .into_iter()
        .chain(axis.centers.iter().copied())
        .chain(axis.edges.last().copied())
        .collect()
}

/// `values` with the first and last slice along `dimension` doubled.
fn padded(values: &Array2<f64>, dimension: usize) -> Array2<f64> {
    let dimension = Dimension(dimension);
    let last = values.len_of(dimension) - 1;
    let slice = |i: usize| values.index_axis(dimension, i).insert_axis(dimension);
    concatenate(dimension, &[slice(0), values.view(), slice(last)]).unwrap_or_default()
}

/// The search around one point of the reference.
struct Search {
    dose: f64,
    tolerance: f64,
    distance_mm: f64,
}

impl Search {
    /// The smallest gamma^2 on these lines, or `best` where that is smaller.
    fn along(&self, lines: &Lines, point: [f64; 2], mut best: f64) -> f64 {
        let (along, across) = (point[lines.dimension], point[1 - lines.dimension]);
        let line_count = if lines.across.len() == 1 {
            0
        } else {
            (LARGEST_GAMMA * LINES_PER_DISTANCE) as i32
        };
        for number in 0..=line_count {
            let offset = f64::from(number) / LINES_PER_DISTANCE;
            if offset * offset >= best {
                break;
            }
            for side in [-offset, offset] {
                if let Some(line) = lines.line_at(across + side * self.distance_mm) {
                    best = self.along_line(lines, line, along, offset * offset, best);
                }
            }
        }
        best
    }

    fn along_line(
        &self,
        lines: &Lines,
        line: (usize, usize, f64),
        along: f64,
        offset: f64,
        mut best: f64,
    ) -> f64 {
        let (left, right, share) = line;
        let reach = LARGEST_GAMMA * self.distance_mm;
        let first = lines
            .along
            .partition_point(|&node| node < along - reach)
            .saturating_sub(1);
        let node = |i: usize| {
            let value = lines.values[[i, left]];
            let value = value + share * (lines.values[[i, right]] - value);
            (
                (lines.along[i] - along) / self.distance_mm,
                (value - self.dose) / self.tolerance,
            )
        };
        let mut start = node(first);
        for i in first + 1..lines.along.len() {
            let end = node(i);
            best = best.min(offset + closest_on_segment(start, end));
            if end.0 > LARGEST_GAMMA {
                break;
            }
            start = end;
        }
        best
    }
}

/// Squared distance from the origin to the segment between two points of the plane (distance, dose difference).
fn closest_on_segment(start: (f64, f64), end: (f64, f64)) -> f64 {
    let (du, de) = (end.0 - start.0, end.1 - start.1);
    let length = du * du + de * de;
    let share = if length > 0.0 {
        (-(start.0 * du + start.1 * de) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let (u, e) = (start.0 + share * du, start.1 + share * de);
    u * u + e * e
}
