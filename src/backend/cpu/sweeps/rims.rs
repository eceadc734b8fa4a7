//! The largest cell and the sum of a part of psi, or of what is summed over energy.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use super::chunk_span;
use crate::backend::cpu::simd::{Chunk, Sweep};
use crate::phase_space::{LANES, Layout, Window};
use crate::real::Real;

/// Lane by lane, the largest cell of a window's whole chunks.
pub struct Largest<'a, T> {
    pub cells: &'a [Chunk<T>],
    pub layout: Layout,
    pub window: Window,
    pub largest: &'a mut Chunk<T>,
}

/// Lane by lane, the sum of a window's whole chunks.
pub struct Total<'a, T> {
    pub cells: &'a [Chunk<T>],
    pub layout: Layout,
    pub window: Window,
    pub total: &'a mut Chunk<f64>,
}

impl<T: Real> Sweep for Largest<'_, T> {
    #[inline(always)]
    fn run(self) {
        let mut largest = *self.largest;
        for energy in self.window.energy.range() {
            for angle in self.window.angle.range() {
                for z in self.window.z.range() {
                    for cells in row(self.cells, self.layout, self.window, energy, angle, z) {
                        largest.keep_larger(cells);
                    }
                }
            }
        }
        *self.largest = largest;
    }
}

impl<T: Real> Sweep for Total<'_, T> {
    #[inline(always)]
    fn run(self) {
        let mut total = *self.total;
        for energy in self.window.energy.range() {
            for angle in self.window.angle.range() {
                for z in self.window.z.range() {
                    for cells in row(self.cells, self.layout, self.window, energy, angle, z) {
                        total.add(cells);
                    }
                }
            }
        }
        *self.total = total;
    }
}

/// The chunks of a window's row.
#[inline(always)]
fn row<T>(
    cells: &[Chunk<T>],
    layout: Layout,
    window: Window,
    energy: usize,
    angle: usize,
    z: usize,
) -> &[Chunk<T>] {
    let (start, chunks) = (layout.index(energy, angle, z) / LANES, chunk_span(window.x));
    &cells[start + chunks.first..start + chunks.last]
}
