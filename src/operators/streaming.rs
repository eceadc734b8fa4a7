//! A_stream: free flight along x and z, at fixed E and theta; the displacement is a constant of the angle.
//!
//! A displacement of `whole + fraction` cells: the whole part is an index offset, the fraction c in [0, 1) a step of an
//! advection scheme. The donor-cell step leaves (1-c) psi_i + c psi_{i-1} (`linear`: area weights, first order), which adds the
//! variance c(1-c). `cubic` takes it back, each way of stepping under the limit that its beams need.
//!
//! Depth stepping: what flows out of cell i is F_i, so that psi'_i = psi_i - F_i + F_{i-1},
//!
//!   F_i = c psi_i + minmod( c(1-c)/6 [(2-c) d_{i+1} + (1+c) d_i],  c d_{i+1},  (1-c) d_i ),   d_i = psi_i - psi_{i-1}
//!
//! the first of the three being 4-point Lagrange, the others what keeps psi' between its neighbours. Only differences are
//! limited: the step of a + b psi is a + b times that of psi. Energies that meet at an edge along the beam are one front and what
//! is left of it from one, and their sum stays even; under a limit on psi itself it ripples.
//!
//! Path stepping: cell i regains g_i from each of its neighbours,
//!
//!   psi'_i = (1-c) psi_i + c psi_{i-1} + 2 g_i - g_{i-1} - g_{i+1}
//!   g_i = c(1-c)/120 [(3-c)(2-c)(8+3c) psi_i + (1+c)(2+c)(11-3c) psi_{i-1}                           6-point Lagrange
//!                     - (3-c)(2-c)(1+c) psi_{i+1} - (2-c)(1+c)(2+c) psi_{i-2}]
//!
//! Whatever g is, weight and mean are exact. A cell gives either neighbour at most half of what the donor-cell step left in it,
//! so that psi stays >= 0. The train of protons is as thin as a cell, and the limit acts at every step: `MISSED_SHARE` of what a
//! cell misses is asked for again by each of its neighbours, under the same limit. A packet of one cell then never becomes wider
//! than some 0.7 cells^2 of variance; without, 3 cells^2 in 200 steps. Directions of opposite sign mirror each other bit for bit.
//!
//! Source: Leonard, Comput. Methods Appl. Mech. Eng. 19 (1979) 59 (4-point step in flux form) and 88 (1991) 17 (its limit,
//! ULTIMATE); the 6-point one likewise from its Lagrange polynomial; Boris & Book, J. Comput. Phys. 11 (1973) 38 (limited
//! antidiffusion); Zalesak, J. Comput. Phys. 31 (1979) 335 (what limits it: the cell that gives). Twin: kernels/streaming.cu.

mod columns;
mod line;

pub use columns::{ABREAST, Cells, DELAY, advance_plane};
pub use line::{LINES, Line};

use crate::case::{Stepping, Streaming};
use crate::real::Real;

/// Share of what a cell could not regain that each of its neighbours asks for. 1 keeps a one-cell packet at 0.4 cells^2 but sharpens
/// Gaussians of a cell's width to half; 0.7 leaves either at some 0.8.
const MISSED_SHARE: f64 = 0.8;

/// What `cubic` limits, so that psi stays positive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The flow between cells, of 4 points: sums of energies stay even across fronts.
    Flow,
    /// What cells regain, of 6 points and asked for twice: packets stay as thin as a cell.
    Regain,
}

impl Limit {
    pub fn of(stepping: Stepping) -> Limit {
        match stepping {
            Stepping::Depth => Limit::Flow,
            Stepping::Path => Limit::Regain,
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
    /// Weights of what `cubic` adds: of d_{i+1} and d_i in the second and third place, or g_i's of psi_{i+1} to psi_{i-2}; zeros for
    /// `linear`.
    pub weights: [T; 4],
}

impl<T: Real> Displacement<T> {
    pub fn new(cells: f64, scheme: Streaming, limit: Limit) -> Displacement<T> {
        // A displacement within rounding of a whole number of cells is that number: at theta = 0 nothing may diffuse.
        let nearest = cells.abs().round();
        let distance = if (cells.abs() - nearest).abs() < 1e-12 {
            nearest
        } else {
            cells.abs()
        };
        let (whole, c) = (distance.floor(), distance.fract());
        let weights = match (scheme, limit) {
            (Streaming::Linear, _) => [0.0; 4],
            (Streaming::Cubic, Limit::Flow) => four_points(c),
            (Streaming::Cubic, Limit::Regain) => six_points(c),
        };
        Displacement {
            direction: if cells < 0.0 { -1 } else { 1 },
            whole: whole as usize,
            fraction: T::from_f64(c),
            weights: weights.map(T::from_f64),
        }
    }

    pub fn is_whole(&self) -> bool {
        self.fraction == T::ZERO
    }

    /// Cells that a row reaches beyond its ends, in its direction.
    pub fn reach(&self) -> usize {
        self.whole + usize::from(!self.is_whole())
    }

    /// True where nothing is taken back of what the donor-cell step spreads.
    #[inline(always)]
    pub fn spreads(&self) -> bool {
        self.weights == [T::ZERO; 4]
    }

    /// What the donor-cell step leaves in a cell: psi - c psi + c psi_upstream.
    #[inline(always)]
    fn donor_cell(&self, upstream: T, here: T) -> T {
        here - self.fraction * here + self.fraction * upstream
    }

    /// F: what flows from a cell to the one ahead of it, at most all that it holds.
    #[inline(always)]
    fn flow(&self, upstream: T, here: T, ahead: T) -> T {
        let (behind, before) = (here - upstream, ahead - here);
        let smooth = self.weights[1] * before + self.weights[2] * behind;
        let least = minmod(
            smooth,
            self.fraction * before,
            behind - self.fraction * behind,
        );
        (self.fraction * here + least).larger(T::ZERO).smaller(here)
    }

    /// g: never negative, which would spread.
    #[inline(always)]
    fn wanted(&self, far: T, upstream: T, here: T, ahead: T) -> T {
        let inner = self.weights[1] * here + self.weights[2] * upstream;
        let outer = self.weights[0] * ahead + self.weights[3] * far;
        (inner + outer).larger(T::ZERO)
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

/// The least of three numbers of one sign; zero where signs differ.
#[inline(always)]
fn minmod<T: Real>(a: T, b: T, c: T) -> T {
    let least = a.smaller(b).smaller(c).larger(T::ZERO);
    let greatest = a.larger(b).larger(c).smaller(T::ZERO);
    least + greatest
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
