//! A_stream: free flight along x and z, at fixed E and theta; the displacement is a constant of the angle.
//!
//! A displacement of `whole + fraction` cells: the whole part is an index offset, the fraction c in [0, 1) a step of an
//! advection scheme. The donor-cell step leaves (1-c) psi_i + c psi_{i-1} (`linear`: area weights, first order), which adds the
//! variance c(1-c). `cubic` takes it back: cell i regains g_i from each of its neighbours,
//!
//!   psi'_i = (1-c) psi_i + c psi_{i-1} + 2 g_i - g_{i-1} - g_{i+1}
//!   depth stepping   g_i = c(1-c)/6 [(2-c) psi_i + (1+c) psi_{i-1}]                                  4-point Lagrange
//!   path stepping    g_i = c(1-c)/120 [(3-c)(2-c)(8+3c) psi_i + (1+c)(2+c)(11-3c) psi_{i-1}          6-point Lagrange
//!                                      - (3-c)(2-c)(1+c) psi_{i+1} - (2-c)(1+c)(2+c) psi_{i-2}]
//!
//! Whatever g is, weight and mean are exact. A cell gives either neighbour at most half of what the donor-cell step left in it,
//! so that psi stays >= 0. In path stepping a front is as thin as a cell, and the limit acts at every step: there
//! `MISSED_SHARE` of what a cell misses is asked for again by each of its neighbours, under the same limit. A packet of one cell
//! then never becomes wider than some 0.7 cells^2 of variance; without, 3 cells^2 in 200 steps. Directions of opposite sign mirror
//! each other bit for bit.
//!
//! Source: Leonard, Comput. Methods Appl. Mech. Eng. 19 (1979) 59 (4-point step in flux form); the 6-point one likewise from its
//! Lagrange polynomial; Boris & Book, J. Comput. Phys. 11 (1973) 38 (limited antidiffusion); Zalesak, J. Comput. Phys. 31 (1979)
//! 335 (what limits it: the cell that gives). Twin: kernels/streaming.cu.

use crate::case::{Stepping, Streaming};
use crate::phase_space::{LANES, Span};
use crate::real::Real;

/// Share of what a cell could not regain that each of its neighbours asks for. 1 keeps a one-cell packet at 0.4 cells^2 but sharpens
/// Gaussians of a cell's width to half; 0.7 leaves either at some 0.8.
const MISSED_SHARE: f64 = 0.8;

/// How thin the lines of a march may be, and so how they regain what the donor-cell step spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Regain {
    /// Smooth over cells: 4 points, asked once.
    Smooth,
    /// As thin as a cell: 6 points, asked twice.
    Thin,
}

impl Regain {
    pub fn of(stepping: Stepping) -> Regain {
        match stepping {
            Stepping::Depth => Regain::Smooth,
            Stepping::Path => Regain::Thin,
        }
    }
}

/// A displacement along one axis, in cells: `direction * (whole + fraction)`, fraction in [0, 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Displacement<T> {
    /// +1 or -1.
    pub direction: isize,
    pub whole: usize,
    pub fraction: T,
    /// g_i's weights of psi_{i+1} to psi_{i-2}; zeros for `linear`.
    pub regain: [T; 4],
}

impl<T: Real> Displacement<T> {
    pub fn new(cells: f64, scheme: Streaming, regain: Regain) -> Displacement<T> {
        // A displacement within rounding of a whole number of cells is that number: at theta = 0 nothing may diffuse.
        let nearest = cells.abs().round();
        let distance = if (cells.abs() - nearest).abs() < 1e-12 {
            nearest
        } else {
            cells.abs()
        };
        let (whole, c) = (distance.floor(), distance.fract());
        let weights = match (scheme, regain) {
            (Streaming::Linear, _) => [0.0; 4],
            (Streaming::Cubic, Regain::Smooth) => four_points(c),
            (Streaming::Cubic, Regain::Thin) => six_points(c),
        };
        Displacement {
            direction: if cells < 0.0 { -1 } else { 1 },
            whole: whole as usize,
            fraction: T::from_f64(c),
            regain: weights.map(T::from_f64),
        }
    }

    pub fn is_whole(&self) -> bool {
        self.fraction == T::ZERO
    }

    /// Cells that a row reaches beyond its ends, in its direction.
    pub fn reach(&self) -> usize {
        self.whole + usize::from(!self.is_whole())
    }

    /// Index of the cell upstream.
    #[inline(always)]
    fn upstream(&self, at: usize, neighbour: usize) -> usize {
        if self.direction > 0 {
            at - neighbour
        } else {
            at + neighbour
        }
    }

    /// What the donor-cell step leaves in a cell: psi - c psi + c psi_upstream.
    #[inline(always)]
    fn donor_cell(&self, upstream: T, here: T) -> T {
        here - self.fraction * here + self.fraction * upstream
    }

    /// g of four points.
    #[inline(always)]
    fn wanted(&self, upstream: T, here: T) -> T {
        self.regain[1] * here + self.regain[2] * upstream
    }

    /// g of six points: never negative, which would spread.
    #[inline(always)]
    fn wanted_of_six(&self, far: T, upstream: T, here: T, ahead: T) -> T {
        let outer = self.regain[0] * ahead + self.regain[3] * far;
        (self.wanted(upstream, here) + outer).larger(T::ZERO)
    }
}

fn four_points(c: f64) -> [f64; 4] {
    let k = c * (1.0 - c) / 6.0;
    [0.0, k * (2.0 - c), k * (1.0 + c), 0.0]
}

fn six_points(c: f64) -> [f64; 4] {
    let k = c * (1.0 - c) / 120.0;
    [
        -k * (3.0 - c) * (2.0 - c) * (1.0 + c),
        k * (3.0 - c) * (2.0 - c) * (8.0 + 3.0 * c),
        k * (1.0 + c) * (2.0 + c) * (11.0 - 3.0 * c),
        -k * (2.0 - c) * (1.0 + c) * (2.0 + c),
    ]
}

/// What a cell takes from either neighbour: half of what it holds at most.
#[inline(always)]
fn limited<T: Real>(wanted: T, below: T, above: T) -> T {
    wanted.smaller(T::HALF * below.smaller(above))
}

/// Empty cells, in neighbours, that a line needs on either side of what it carries to be advanced: two are read beyond one that
/// may be reached.
pub const ROOM: usize = 3;

/// Cells of a line on their way, with room for what a step computes between. A cell's neighbours lie `neighbour` cells before
/// and after it: 1, or a chunk where `LANES` lines lie side by side.
pub struct Line<T> {
    pub cells: Vec<T>,
    pub advanced: Vec<T>,
    left: Vec<T>,
    regained: Vec<T>,
    missed: Vec<T>,
}

impl<T: Real> Line<T> {
    pub fn new(length: usize) -> Line<T> {
        let zeros = || vec![T::ZERO; length];
        Line {
            cells: zeros(),
            advanced: zeros(),
            left: zeros(),
            regained: zeros(),
            missed: zeros(),
        }
    }

    /// Advances `cells` in `span` (whole chunks) by the fraction of a displacement. The span holds all that arrives; two neighbours
    /// beyond its ends are empty.
    #[inline(always)]
    pub fn advance(&mut self, by: &Displacement<T>, regain: Regain, neighbour: usize, span: Span) {
        for list in [&mut self.left, &mut self.regained, &mut self.missed] {
            empty_beside(list, neighbour, span);
        }
        self.donor_cells(by, neighbour, span);
        match regain {
            Regain::Smooth => self.ask(by, neighbour, span),
            Regain::Thin => {
                self.ask_of_six(by, neighbour, span);
                self.take(neighbour, span);
                std::mem::swap(&mut self.left, &mut self.advanced);
                empty_beside(&mut self.left, neighbour, span);
                self.ask_again(neighbour, span);
            }
        }
        self.take(neighbour, span);
    }

    #[inline(always)]
    fn donor_cells(&mut self, by: &Displacement<T>, neighbour: usize, span: Span) {
        for at in span.range().step_by(LANES) {
            let upstream = chunk(&self.cells, by.upstream(at, neighbour));
            let (here, mut left) = (chunk(&self.cells, at), [T::ZERO; LANES]);
            for l in 0..LANES {
                left[l] = by.donor_cell(upstream[l], here[l]);
            }
            self.left[at..at + LANES].copy_from_slice(&left);
        }
    }

    #[inline(always)]
    fn ask(&mut self, by: &Displacement<T>, neighbour: usize, span: Span) {
        for at in span.range().step_by(LANES) {
            let upstream = chunk(&self.cells, by.upstream(at, neighbour));
            let (here, mut regained) = (chunk(&self.cells, at), [T::ZERO; LANES]);
            let (below, above) = both_sides(&self.left, at, neighbour);
            for l in 0..LANES {
                regained[l] = limited(by.wanted(upstream[l], here[l]), below[l], above[l]);
            }
            self.regained[at..at + LANES].copy_from_slice(&regained);
        }
    }

    #[inline(always)]
    fn ask_of_six(&mut self, by: &Displacement<T>, neighbour: usize, span: Span) {
        let share = T::from_f64(MISSED_SHARE);
        for at in span.range().step_by(LANES) {
            let near = by.upstream(at, neighbour);
            let (far, upstream) = (
                chunk(&self.cells, by.upstream(near, neighbour)),
                chunk(&self.cells, near),
            );
            let (here, ahead) = (chunk(&self.cells, at), chunk(&self.cells, 2 * at - near));
            let (below, above) = both_sides(&self.left, at, neighbour);
            let (mut regained, mut missed) = ([T::ZERO; LANES], [T::ZERO; LANES]);
            for l in 0..LANES {
                let wanted = by.wanted_of_six(far[l], upstream[l], here[l], ahead[l]);
                regained[l] = limited(wanted, below[l], above[l]);
                missed[l] = share * (wanted - regained[l]);
            }
            self.regained[at..at + LANES].copy_from_slice(&regained);
            self.missed[at..at + LANES].copy_from_slice(&missed);
        }
    }

    /// Asks for what both neighbours missed.
    #[inline(always)]
    fn ask_again(&mut self, neighbour: usize, span: Span) {
        for at in span.range().step_by(LANES) {
            let (before, after) = both_sides(&self.missed, at, neighbour);
            let (below, above) = both_sides(&self.left, at, neighbour);
            let mut regained = [T::ZERO; LANES];
            for l in 0..LANES {
                regained[l] = limited(before[l] + after[l], below[l], above[l]);
            }
            self.regained[at..at + LANES].copy_from_slice(&regained);
        }
    }

    /// Never negative: neither neighbour takes more than half, and the sum of both rounds to the whole at most.
    #[inline(always)]
    fn take(&mut self, neighbour: usize, span: Span) {
        for at in span.range().step_by(LANES) {
            let (left, own) = (chunk(&self.left, at), chunk(&self.regained, at));
            let (below, above) = both_sides(&self.regained, at, neighbour);
            let mut arrived = [T::ZERO; LANES];
            for l in 0..LANES {
                arrived[l] = left[l] - (below[l] + above[l]) + (own[l] + own[l]);
            }
            self.advanced[at..at + LANES].copy_from_slice(&arrived);
        }
    }
}

/// Cells from `first` on.
#[inline(always)]
fn chunk<T: Real>(cells: &[T], first: usize) -> [T; LANES] {
    let mut chunk = [T::ZERO; LANES];
    chunk.copy_from_slice(&cells[first..first + LANES]);
    chunk
}

#[inline(always)]
fn both_sides<T: Real>(cells: &[T], at: usize, neighbour: usize) -> ([T; LANES], [T; LANES]) {
    (chunk(cells, at - neighbour), chunk(cells, at + neighbour))
}

fn empty_beside<T: Real>(cells: &mut [T], neighbour: usize, span: Span) {
    cells[span.first - neighbour..span.first].fill(T::ZERO);
    cells[span.last..span.last + neighbour].fill(T::ZERO);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advance(line: &[f64], cells: f64, scheme: Streaming, regain: Regain) -> Vec<f64> {
        let by = Displacement::new(cells, scheme, regain);
        let length = line.len().next_multiple_of(LANES);
        let mut lines = Line::new(length + 2 * LANES);
        lines.cells[LANES..LANES + line.len()].copy_from_slice(line);
        lines.advance(&by, regain, 1, Span::new(LANES, LANES + length));
        lines.advanced[LANES..LANES + line.len()].to_vec()
    }

    fn gaussian(sigma: f64) -> Vec<f64> {
        (0..120)
            .map(|i| (-0.5 * ((f64::from(i) - 60.0) / sigma).powi(2)).exp())
            .collect()
    }

    fn moment(line: &[f64], about: f64, k: i32) -> f64 {
        let sum: f64 = line.iter().sum();
        line.iter()
            .enumerate()
            .map(|(i, p)| p * (i as f64 - about).powi(k))
            .sum::<f64>()
            / sum
    }

    #[test]
    fn cubic_keeps_weight_mean_variance_and_third_moment_of_a_smooth_line() {
        let line = gaussian(4.0);
        for c in [0.01, 0.25, 0.5, 0.9, -0.3] {
            let advanced = advance(&line, c, Streaming::Cubic, Regain::Smooth);
            assert!((advanced.iter().sum::<f64>() / line.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            // The limiter acts beyond 6 sigma only, below 1e-8 of the maximum.
            assert!((moment(&advanced, 60.0, 1) - c).abs() < 1e-11, "{c}");
            assert!((moment(&advanced, 60.0 + c, 2) - 16.0).abs() < 1e-7, "{c}");
            assert!(moment(&advanced, 60.0 + c, 3).abs() < 1e-5, "{c}");
        }
    }

    #[test]
    fn six_points_keep_five_moments_of_a_smooth_line() {
        for c in [0.01, 0.25, 0.5, 0.9, -0.3] {
            let advanced = advance(&gaussian(4.0), c, Streaming::Cubic, Regain::Thin);
            let about = |k: i32| moment(&advanced, 60.0 + c, k);
            // In units of the moments' own size; the limit acts beyond 6 sigma only.
            assert!(about(1).abs() < 1e-11 && about(3).abs() < 1e-5, "{c}");
            assert!((about(2) - 16.0).abs() < 1e-6, "{c} {}", about(2));
            assert!((about(4) / 768.0 - 1.0).abs() < 1e-5, "{c} {}", about(4));
            assert!(about(5).abs() / 1024.0 < 1e-5, "{c} {}", about(5));
        }
    }

    #[test]
    fn a_single_cell_on_its_way_keeps_its_mean_and_stays_thin() {
        for c in [0.02_f64, 0.2, 0.37, 0.5, 0.71, 0.87, -0.97] {
            let (mut line, start) = (vec![0.0; 160], if c > 0.0 { 20 } else { 140 });
            line[start] = 1.0;
            let steps = (100.0 / c.abs().max(0.25)) as usize;
            for _ in 0..steps {
                line = advance(&line, c, Streaming::Cubic, Regain::Thin);
            }
            let mean = start as f64 + c * steps as f64;
            assert!((moment(&line, mean, 1)).abs() < 1e-10, "{c}");
            // c(1-c), at most 0.25, cannot be less; asked once it is 1.5 to 3.
            let variance = moment(&line, mean, 2);
            assert!(variance < 0.8, "{c}: {variance} cells^2");
        }
    }

    #[test]
    fn linear_adds_the_variance_of_area_weights() {
        let advanced = advance(&gaussian(4.0), 0.3, Streaming::Linear, Regain::Thin);
        assert!((moment(&advanced, 60.3, 2) - 16.0 - 0.3 * 0.7).abs() < 1e-9);
    }

    #[test]
    fn a_single_cell_never_turns_negative_and_loses_nothing() {
        let mut line = vec![0.0; 81];
        line[20] = 1.0;
        for _ in 0..30 {
            line = advance(&line, 0.37, Streaming::Cubic, Regain::Thin);
            assert!(line.iter().all(|p| *p >= 0.0));
        }
        assert!((line.iter().sum::<f64>() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn opposite_directions_mirror_each_other_bit_for_bit() {
        let line: Vec<f64> = (0..64)
            .map(|i| {
                if (4..60).contains(&i) {
                    ((i * 7919) % 101) as f64 / 7.0
                } else {
                    0.0
                }
            })
            .collect();
        let mirrored: Vec<f64> = line.iter().rev().copied().collect();
        let forth = advance(&line, 0.41, Streaming::Cubic, Regain::Thin);
        let back: Vec<f64> = advance(&mirrored, -0.41, Streaming::Cubic, Regain::Thin)
            .into_iter()
            .rev()
            .collect();
        assert_eq!(forth, back);
    }
}
