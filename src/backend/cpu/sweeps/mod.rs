//! The operators' passes over the active window, serial, a chunk of `LANES` cells of x at a time; streaming takes whole rows.
//!
//! Every pass reads `psi` in the window `from` and writes `next` in the window `to`, whole chunks at a time: cells of a
//! written chunk outside the window are zeros, cells of unwritten chunks are never read.

mod collect;
mod energy_loss;
mod rims;
mod scattering;
mod streaming;

pub use collect::Collect;
pub use energy_loss::LoseEnergy;
pub use rims::{Largest, Total};
pub use scattering::Scatter;
pub use streaming::{Stream, StreamScratch};

use crate::phase_space::{LANES, Span};

/// First and one-past-last chunk that a span of cells touches.
#[inline(always)]
pub fn chunk_span(x: Span) -> Span {
    Span::new(x.first / LANES, x.last.div_ceil(LANES))
}
