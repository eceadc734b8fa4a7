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

mod columns;
mod line;

pub use columns::{ABREAST, Cells, DELAY, advance_plane};
pub use line::{LINES, Line};

use crate::case::{Stepping, Streaming};
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
