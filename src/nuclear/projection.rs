//! Directions in space, projected on the plane: polar angle about the parent's direction, azimuth even, to plane angle bins.
//!
//! A direction (vx, vy, vz) has the plane angle atan(vx / vz), and its path is longer than its projection by
//! 1 / sqrt(1 - vy^2). Backward directions and those beyond the axis have no bin.

use crate::phase_space::AngleAxis;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// Polar angles 0 to 90 degrees in cells of 2.5 degrees.
pub const POLAR_CELLS: usize = 36;
const POLAR_CELL_RAD: f64 = FRAC_PI_2 / POLAR_CELLS as f64;
/// Samples of a cell's polar angle, and of the azimuth on one side of the plane: the other side is its mirror image.
const POLAR_SAMPLES: usize = 5;
const AZIMUTHS: usize = 72;

/// Per polar cell and angle bin: the share of directions, and the same times 1 / path factor.
#[derive(Clone, Debug)]
pub struct Projection {
    pub bins: usize,
    share: Vec<f64>,
    inverse_path: Vec<f64>,
}

impl Projection {
    /// About a parent that flies at `parent_rad` from +z towards +x. Parents that mirror each other give mirrored shares.
    pub fn new(axis: &AngleAxis, parent_rad: f64) -> Projection {
        let bins = axis.bins();
        let mut projection = Projection {
            bins,
            share: vec![0.0; POLAR_CELLS * bins],
            inverse_path: vec![0.0; POLAR_CELLS * bins],
        };
        let edges = edges(axis);
        for cell in 0..POLAR_CELLS {
            projection.fill(cell, &edges, parent_rad.abs());
        }
        if parent_rad == 0.0 {
            let mirrored = projection.mirrored();
            let mean = |a: &mut Vec<f64>, b: &[f64]| {
                a.iter_mut().zip(b).for_each(|(a, b)| *a = 0.5 * (*a + b));
            };
            mean(&mut projection.share, &mirrored.share);
            mean(&mut projection.inverse_path, &mirrored.inverse_path);
        }
        if parent_rad < 0.0 {
            projection.mirrored()
        } else {
            projection
        }
    }

    /// Share of a cell's directions in every angle bin.
    pub fn share(&self, cell: usize) -> &[f64] {
        &self.share[cell * self.bins..(cell + 1) * self.bins]
    }

    /// The same, times the mean inverse path factor.
    pub fn inverse_path(&self, cell: usize) -> &[f64] {
        &self.inverse_path[cell * self.bins..(cell + 1) * self.bins]
    }

    fn fill(&mut self, cell: usize, edges: &[f64], parent_rad: f64) {
        let polar =
            |i: usize| (cell as f64 + (i as f64 + 0.5) / POLAR_SAMPLES as f64) * POLAR_CELL_RAD;
        let solid: f64 = (0..POLAR_SAMPLES).map(|i| polar(i).sin()).sum();
        let azimuths: [(f64, f64); AZIMUTHS] =
            std::array::from_fn(|k| ((k as f64 + 0.5) / AZIMUTHS as f64 * PI).sin_cos());
        let parent = parent_rad.sin_cos();
        for i in 0..POLAR_SAMPLES {
            let weight = polar(i).sin() / (solid * AZIMUTHS as f64);
            let polar = polar(i).sin_cos();
            for azimuth in azimuths {
                let (x, y, z) = direction(polar, azimuth, parent);
                if let Some(bin) = bin_of(edges, x, z) {
                    self.share[cell * self.bins + bin] += weight;
                    self.inverse_path[cell * self.bins + bin] += weight * (1.0 - y * y).sqrt();
                }
            }
        }
    }

    fn mirrored(&self) -> Projection {
        let mirror = |values: &[f64]| -> Vec<f64> {
            let rows = values.chunks(self.bins);
            rows.flat_map(|row| row.iter().rev().copied()).collect()
        };
        Projection {
            bins: self.bins,
            share: mirror(&self.share),
            inverse_path: mirror(&self.inverse_path),
        }
    }
}

/// Unit vector at a polar angle and azimuth about a parent in the plane; angles by sine and cosine.
fn direction(polar: (f64, f64), azimuth: (f64, f64), parent: (f64, f64)) -> (f64, f64, f64) {
    let (x, z) = (polar.0 * azimuth.1, polar.1);
    let (sin, cos) = parent;
    (x * cos + z * sin, polar.0 * azimuth.0, z * cos - x * sin)
}

/// Tangents of the bins' edges: an axis of less than 90 degrees to either side.
fn edges(axis: &AngleAxis) -> Vec<f64> {
    let lower = axis
        .centers_rad
        .iter()
        .map(|center| center - 0.5 * axis.bin_rad);
    let last = axis.centers_rad[axis.bins() - 1] + 0.5 * axis.bin_rad;
    lower.chain([last]).map(f64::tan).collect()
}

fn bin_of(edges: &[f64], x: f64, z: f64) -> Option<usize> {
    if z <= 0.0 {
        return None;
    }
    let above = edges.partition_point(|&edge| edge * z <= x);
    (above < edges.len()).then(|| above.checked_sub(1))?
}

/// The two polar cells whose centres enclose an angle, and their shares; None where it points backward.
pub fn polar_cells(cosine: f64) -> Option<[(usize, f64); 2]> {
    if cosine <= 0.0 {
        return None;
    }
    let place =
        (cosine.min(1.0).acos() / POLAR_CELL_RAD - 0.5).clamp(0.0, POLAR_CELLS as f64 - 1.0);
    let below = (place as usize).min(POLAR_CELLS - 2);
    let share = place - below as f64;
    Some([(below, 1.0 - share), (below + 1, share)])
}

/// Centre of a polar cell, degree, and its solid angle, sr.
pub fn polar_cell(cell: usize) -> (f64, f64) {
    let edge = |i: usize| i as f64 * POLAR_CELL_RAD;
    let center = (edge(cell) + 0.5 * POLAR_CELL_RAD).to_degrees();
    (center, TAU * (edge(cell).cos() - edge(cell + 1).cos()))
}
