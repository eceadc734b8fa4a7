//! The operators' passes over the active window, serial, a chunk of `LANES` cells of x at a time; streaming takes whole rows.
//!
//! Every pass reads `psi` in the window `from` and writes `next` in the window `to`, whole chunks at a time: cells of a
//! written chunk outside the window are zeros, cells of unwritten chunks are never read.

mod collect;
mod energy_loss;
mod rims;
mod scattering;
mod streaming;

use super::simd::Chunk;
use crate::phase_space::Layout;
use crate::real::Real;
pub use collect::Collect;
pub use energy_loss::LoseEnergy;
pub use rims::{Largest, Total, TrimAngles};
pub use scattering::Scatter;
pub use streaming::{Stream, StreamScratch};

use crate::phase_space::{LANES, Span};

/// First and one-past-last chunk that a span of cells touches.
#[inline(always)]
pub fn chunk_span(x: Span) -> Span {
    Span::new(x.first / LANES, x.last.div_ceil(LANES))
}

/// From the first to the last of the window's energies whose own angles hold `angle`.
#[inline(always)]
fn at_angle(angles: &[Span], window: Span, angle: usize) -> Span {
    let (mut first, mut last) = (window.first, window.last);
    while first < last && !angles[first].contains(angle) {
        first += 1;
    }
    while first < last && !angles[last - 1].contains(angle) {
        last -= 1;
    }
    Span::new(first, last)
}

/// Empties chunks of the rows of some planes.
#[inline(always)]
fn empty_rows<T: Real>(
    psi: &mut [Chunk<T>],
    layout: Layout,
    energy: usize,
    angle: usize,
    z: Span,
    chunks: Span,
) {
    for z in z.range() {
        let row = layout.index(energy, angle, z) / LANES;
        for chunk in chunks.range() {
            psi[row + chunk] = Chunk::ZERO;
        }
    }
}
