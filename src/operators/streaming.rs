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

// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use crate::case::{Stepping, Streaming};
use crate::phase_space::Span;
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

    /// True where nothing is regained of what the donor-cell step spreads.
    #[inline(always)]
    pub fn spreads(&self) -> bool {
        self.regain == [T::ZERO; 4]
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

/// What is left of a cell that its neighbours took from, with what it took itself. Never negative: neither neighbour takes more
/// than half, and the sum of both rounds to the whole at most.
#[inline(always)]
fn taken<T: Real>(left: T, below: T, own: T, above: T) -> T {
    left - (below + above) + (own + own)
}

#[inline(always)]
fn missed_share<T: Real>() -> T {
    T::from_f64(MISSED_SHARE)
}

/// Cells that are advanced side by side: what registers hold of them fits the narrower instruction sets too.
pub const ABREAST: usize = 8;

/// Neighbouring cells on their way.
pub type Cells<T> = [T; ABREAST];

/// Lists of cells that a `Line` holds.
pub const LINES: usize = 5;

/// Cells of a line on their way, with room for what a step computes between.
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

    /// Advances `cells` in `span` by the fraction of a displacement. The span holds all that arrives; two cells beyond its ends are
    /// empty.
    #[inline(always)]
    pub fn advance(&mut self, by: &Displacement<T>, regain: Regain, span: Span) {
        self.donor_cells(by, span);
        if by.spreads() {
            std::mem::swap(&mut self.left, &mut self.advanced);
            return;
        }
        for list in [&mut self.left, &mut self.regained, &mut self.missed] {
            empty_beside(list, span);
        }
        match regain {
            Regain::Smooth => self.ask(by, span),
            Regain::Thin => {
                self.ask_of_six(by, span);
                self.take(span);
                std::mem::swap(&mut self.left, &mut self.advanced);
                empty_beside(&mut self.left, span);
                self.ask_again(span);
            }
        }
        self.take(span);
    }

    #[inline(always)]
    fn donor_cells(&mut self, by: &Displacement<T>, span: Span) {
        let upstream = beside(&self.cells, span, -by.direction);
        let here = beside(&self.cells, span, 0);
        let left = &mut self.left[span.range()];
        for i in 0..left.len() {
            left[i] = by.donor_cell(upstream[i], here[i]);
        }
    }

    #[inline(always)]
    fn ask(&mut self, by: &Displacement<T>, span: Span) {
        let upstream = beside(&self.cells, span, -by.direction);
        let here = beside(&self.cells, span, 0);
        let (below, above) = (beside(&self.left, span, -1), beside(&self.left, span, 1));
        let regained = &mut self.regained[span.range()];
        for i in 0..regained.len() {
            regained[i] = limited(by.wanted(upstream[i], here[i]), below[i], above[i]);
        }
    }

    #[inline(always)]
    fn ask_of_six(&mut self, by: &Displacement<T>, span: Span) {
        let far = beside(&self.cells, span, -2 * by.direction);
        let upstream = beside(&self.cells, span, -by.direction);
        let here = beside(&self.cells, span, 0);
        let ahead = beside(&self.cells, span, by.direction);
        let (below, above) = (beside(&self.left, span, -1), beside(&self.left, span, 1));
        let regained = &mut self.regained[span.range()];
        let missed = &mut self.missed[span.range()];
        for i in 0..regained.len() {
            let wanted = by.wanted_of_six(far[i], upstream[i], here[i], ahead[i]);
            regained[i] = limited(wanted, below[i], above[i]);
            missed[i] = missed_share::<T>() * (wanted - regained[i]);
        }
    }

    /// Asks for what both neighbours missed.
    #[inline(always)]
    fn ask_again(&mut self, span: Span) {
        let (before, after) = (
            beside(&self.missed, span, -1),
            beside(&self.missed, span, 1),
        );
        let (below, above) = (beside(&self.left, span, -1), beside(&self.left, span, 1));
        let regained = &mut self.regained[span.range()];
        for i in 0..regained.len() {
            regained[i] = limited(before[i] + after[i], below[i], above[i]);
        }
    }

    #[inline(always)]
    fn take(&mut self, span: Span) {
        let (left, own) = (beside(&self.left, span, 0), beside(&self.regained, span, 0));
        let below = beside(&self.regained, span, -1);
        let above = beside(&self.regained, span, 1);
        let advanced = &mut self.advanced[span.range()];
        for i in 0..advanced.len() {
            advanced[i] = taken(left[i], below[i], own[i], above[i]);
        }
    }
}

/// The cells `steps` beside those of a span.
#[inline(always)]
fn beside<T>(cells: &[T], span: Span, steps: isize) -> &[T] {
    let first = span.first.wrapping_add_signed(steps);
    &cells[first..first + span.len()]
}

#[inline(always)]
fn empty_beside<T: Real>(cells: &mut [T], span: Span) {
    cells[span.first - 1] = T::ZERO;
    cells[span.last] = T::ZERO;
}

/// Cells that a column's cells arrive later than they enter.
pub const DELAY: usize = 4;

/// Advances the columns of a plane [place, x] by the fraction of a displacement along z. Places lie in the order of flight, `width`
/// apart; what arrives lies `DELAY` places after where it would. So many places and one more, the last, are empty to begin with.
#[inline(always)]
pub fn advance_plane<T: Real>(plane: &mut [Cells<T>], width: usize, by: &Displacement<T>) {
    if by.spreads() {
        return spread_plane(plane, width, by);
    }
    for x in 0..width {
        let (mut columns, mut at) = (Columns::new(), x);
        while at < plane.len() {
            plane[at] = columns.enter(by, plane[at]);
            at += width;
        }
    }
}

#[inline(always)]
fn spread_plane<T: Real>(plane: &mut [Cells<T>], width: usize, by: &Displacement<T>) {
    let delay = DELAY * width;
    for at in (delay..plane.len()).rev() {
        let here = plane[at - delay];
        let upstream = match at < delay + width {
            true => [T::ZERO; ABREAST],
            false => plane[at - delay - width],
        };
        for l in 0..ABREAST {
            plane[at][l] = by.donor_cell(upstream[l], here[l]);
        }
    }
}

/// Columns on their way: cells enter in the order of flight, and arrive `DELAY` cells later. Indices count from the cell that
/// entered last.
struct Columns<T> {
    cells: [Cells<T>; 3],
    left: [Cells<T>; 2],
    regained: [Cells<T>; 2],
    missed: [Cells<T>; 3],
    held: [Cells<T>; 2],
    again: [Cells<T>; 2],
}

impl<T: Real> Columns<T> {
    #[inline(always)]
    fn new() -> Columns<T> {
        let empty = [T::ZERO; ABREAST];
        Columns {
            cells: [empty; 3],
            left: [empty; 2],
            regained: [empty; 2],
            missed: [empty; 3],
            held: [empty; 2],
            again: [empty; 2],
        }
    }

    /// The next cells of every column enter; those before them by `DELAY` arrive.
    #[inline(always)]
    fn enter(&mut self, by: &Displacement<T>, cells: Cells<T>) -> Cells<T> {
        let empty = [T::ZERO; ABREAST];
        let (mut left, mut regained, mut missed) = (empty, empty, empty);
        let (mut held, mut again, mut arrived) = (empty, empty, empty);
        for l in 0..ABREAST {
            left[l] = by.donor_cell(self.cells[0][l], cells[l]);
            let [here, upstream, far] = [0, 1, 2].map(|i| self.cells[i][l]);
            let all = by.wanted_of_six(far, upstream, here, cells[l]);
            regained[l] = limited(all, self.left[1][l], left[l]);
            missed[l] = missed_share::<T>() * (all - regained[l]);
            held[l] = taken(
                self.left[1][l],
                self.regained[1][l],
                self.regained[0][l],
                regained[l],
            );
            let owed = self.missed[2][l] + self.missed[0][l];
            again[l] = limited(owed, self.held[1][l], held[l]);
            arrived[l] = taken(
                self.held[1][l],
                self.again[1][l],
                self.again[0][l],
                again[l],
            );
        }
        shift(&mut self.cells, cells);
        shift(&mut self.left, left);
        shift(&mut self.regained, regained);
        shift(&mut self.missed, missed);
        shift(&mut self.held, held);
        shift(&mut self.again, again);
        arrived
    }
}

#[inline(always)]
fn shift<T: Real, const COUNT: usize>(list: &mut [Cells<T>; COUNT], cells: Cells<T>) {
    for i in (1..COUNT).rev() {
        list[i] = list[i - 1];
    }
    list[0] = cells;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::phase_space::LANES;

    fn advance(line: &[f64], cells: f64, scheme: Streaming, regain: Regain) -> Vec<f64> {
        let by = Displacement::new(cells, scheme, regain);
        let length = line.len().next_multiple_of(LANES);
        let mut lines = Line::new(length + 2 * LANES);
        lines.cells[LANES..LANES + line.len()].copy_from_slice(line);
        lines.advance(&by, regain, Span::new(LANES, LANES + length));
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

    #[test]
    fn columns_are_advanced_as_lines_are_bit_for_bit() {
        const WIDTH: usize = 2;
        let value = |i: usize, column: usize| match (i * 31 + column * 17) % 5 {
            0 => 0.0,
            _ => ((i * 7919 + column * 104_729) % 101) as f64 / 7.0,
        };
        for (cells, scheme) in [
            (0.0, Streaming::Cubic),
            (0.03, Streaming::Cubic),
            (0.5, Streaming::Cubic),
            (0.71, Streaming::Linear),
        ] {
            let by = Displacement::new(cells, scheme, Regain::Thin);
            let empty = [0.0; ABREAST];
            let mut plane = vec![empty; (30 + 1 + DELAY) * WIDTH];
            for (at, cells) in plane.iter_mut().take(30 * WIDTH).enumerate() {
                let column = |l: usize| at % WIDTH * ABREAST + l;
                *cells = std::array::from_fn(|l| value(at / WIDTH, column(l)));
            }
            advance_plane(&mut plane, WIDTH, &by);
            for column in 0..WIDTH * ABREAST {
                let mut line: Vec<f64> = (0..30).map(|i| value(i, column)).collect();
                line.push(0.0);
                let expected = advance(&line, cells, scheme, Regain::Thin);
                for (i, expected) in expected.iter().enumerate() {
                    let found = plane[(i + DELAY) * WIDTH + column / ABREAST][column % ABREAST];
                    assert_eq!(found, *expected, "{cells} {scheme:?} {i} {column}");
                }
            }
        }
    }
}
