//! What a march finds at the rims of the window: largest cells and sums, of psi or of what is summed over energy.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use super::{chunk_span, empty_rows};
use crate::backend::cpu::simd::{Chunk, Sweep};
use crate::phase_space::{LANES, Layout, Span, Window};
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

/// Drops an energy's outermost angles in which no cell reaches the threshold, and empties them.
pub struct TrimAngles<'a, T> {
    pub layout: Layout,
    pub window: Window,
    pub threshold: T,
    pub energies_mev: &'a [f64],
    /// By energy.
    pub angles: &'a mut [Span],
    pub psi: &'a mut [Chunk<T>],
    /// (weight, energy MeV)
    pub dropped: &'a mut (f64, f64),
}

impl<T: Real> Sweep for TrimAngles<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        for energy in self.window.energy.range() {
            let mut kept = self.angles[energy];
            while !kept.is_empty() && self.drops(energy, kept.first) {
                kept.first += 1;
            }
            while !kept.is_empty() && self.drops(energy, kept.last - 1) {
                kept.last -= 1;
            }
            self.angles[energy] = kept;
        }
    }
}

impl<T: Real> TrimAngles<'_, T> {
    /// Empties the rows of an angle if none of their cells reaches the threshold.
    #[inline(always)]
    fn drops(&mut self, energy: usize, angle: usize) -> bool {
        let mut largest = Chunk::ZERO;
        for z in self.window.z.range() {
            for cells in row(self.psi, self.layout, self.window, energy, angle, z) {
                largest.keep_larger(cells);
            }
        }
        let mut reaches = false;
        for l in 0..LANES {
            reaches |= largest.0[l] >= self.threshold;
        }
        if !reaches {
            self.drop(energy, angle);
        }
        !reaches
    }

    #[inline(always)]
    fn drop(&mut self, energy: usize, angle: usize) {
        let mut sum = Chunk::<f64>::ZERO;
        for z in self.window.z.range() {
            for cells in row(self.psi, self.layout, self.window, energy, angle, z) {
                sum.add(cells);
            }
        }
        let mut weight = 0.0;
        for l in 0..LANES {
            weight += sum.0[l];
        }
        self.dropped.0 += weight;
        self.dropped.1 += weight * self.energies_mev[energy];
        let (z, chunks) = (self.window.z, chunk_span(self.window.x));
        empty_rows(self.psi, self.layout, energy, angle, z, chunks);
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
