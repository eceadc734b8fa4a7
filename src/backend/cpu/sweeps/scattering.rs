//! Scattering over the active window: rows of the angle axis.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use super::{chunk_span, empty_rows};
use crate::backend::cpu::simd::{ByGroup, Chunk, Group, Sweep, by_groups, prefetch};
use crate::media::Run;
use crate::operators::scattering::{Kernels, ScatteringTable};
use crate::phase_space::{LANES, Layout, Span, Window};
use crate::real::Real;

/// Scattering: at each energy, the rows of all angles, some planes at a time. Rejected is (weight, energy) beyond the allowed
/// angles.
pub struct Scatter<'a, T> {
    pub layout: Layout,
    pub from: Window,
    pub to: Window,
    /// By energy: the angles that psi is read at, and those that something comes to.
    pub from_angles: &'a [Span],
    pub to_angles: &'a [Span],
    pub periodic: bool,
    pub mirror_class: &'a [u32],
    pub table: &'a ScatteringTable<T>,
    pub planes: &'a [Vec<Run>],
    /// Plane of the phantom that stored plane 0 is.
    pub plane: usize,
    pub energies_mev: &'a [f64],
    pub psi: &'a [Chunk<T>],
    pub next: &'a mut [Chunk<T>],
    pub rejected: &'a mut (f64, f64),
    /// True where psi does not stay in the caches until it is read again.
    pub past_caches: bool,
}

/// Chunks of an angle that are scattered together: few enough that the rows within a kernel's reach stay in the nearest cache.
const CHUNKS_TOGETHER: usize = 32;

impl<T: Real> Sweep for Scatter<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let chunks = chunk_span(self.from.x);
        let together = (CHUNKS_TOGETHER / chunks.len()).max(1);
        for energy in self.from.energy.range() {
            for first in self.from.z.range().step_by(together) {
                let last = (first + together).min(self.from.z.last);
                let (z, coming) = (Span::new(first, last), self.to_angles[energy]);
                for angle in self.to.angle.range() {
                    match coming.contains(angle) {
                        true => self.rows(energy, angle, z),
                        false => empty_rows(self.next, self.layout, energy, angle, z, chunks),
                    }
                }
            }
        }
    }
}

impl<T: Real> Scatter<'_, T> {
    /// The rows of some planes at one angle.
    #[inline(always)]
    fn rows(&mut self, energy: usize, angle: usize, z: Span) {
        let (chunks, planes) = (chunk_span(self.from.x), self.planes);
        for z in z.range() {
            for run in &planes[self.plane + z] {
                let kernels = self.table.kernels(run.medium, energy);
                let row = self.layout.index(energy, 0, z) / LANES;
                by_groups::<4, _>(
                    &mut ScatterRow {
                        from: self.from_angles[energy],
                        sweep: self,
                        kernels,
                        angle,
                        row,
                        run,
                    },
                    run.chunks.shared(chunks),
                );
                self.reject(energy, angle, row, run);
            }
        }
    }
}

/// One output row of a run.
struct ScatterRow<'r, 'a, T> {
    sweep: &'r mut Scatter<'a, T>,
    /// The angles that psi is read at.
    from: Span,
    kernels: Kernels<'r, T>,
    angle: usize,
    /// First chunk of the row at angle bin 0.
    row: usize,
    run: &'r Run,
}

impl<T: Real> ByGroup for ScatterRow<'_, '_, T> {
    #[inline(always)]
    fn group<const N: usize>(&mut self, first: usize) {
        let start = self.row + first;
        let coming = self.angle + self.kernels.half_width + 1;
        prefetch(self.sweep.psi, start + coming * self.pitch(), N);
        let sum: Group<T, N> = match self.sweep.periodic {
            true => self.round_the_circle(start),
            false => self.between_ends(start),
        };
        let target = start + self.angle * self.pitch();
        sum.store(
            &mut self.sweep.next[target..target + N],
            &self.run.lanes,
            self.sweep.past_caches,
        );
    }
}

/// psi'[theta]: from the farthest source (smallest) to the own bin. The other order rounds a beam away, 1e-8 of it a step in f32.
impl<T: Real> ScatterRow<'_, '_, T> {
    #[inline(always)]
    fn pitch(&self) -> usize {
        self.sweep.layout.planes * self.sweep.layout.row / LANES
    }

    /// Adds what jumps of `n` bins bring from one bin.
    #[inline(always)]
    fn add<const N: usize>(&self, sum: &mut Group<T, N>, start: usize, bin: usize, n: usize) {
        let cells = start + bin * self.pitch();
        let weight = self.weight(bin, n);
        sum.add_scaled(weight, &self.sweep.psi[cells..cells + N]);
    }

    /// Adds what jumps of `n` bins bring from two bins.
    #[inline(always)]
    fn add_pair<const N: usize>(
        &self,
        sum: &mut Group<T, N>,
        start: usize,
        below: usize,
        above: usize,
        n: usize,
    ) {
        let psi = self.sweep.psi;
        let (a, b) = (start + below * self.pitch(), start + above * self.pitch());
        let (low, high) = (self.weight(below, n), self.weight(above, n));
        sum.add_scaled_pair(low, &psi[a..a + N], high, &psi[b..b + N]);
    }

    #[inline(always)]
    fn weight(&self, bin: usize, jump: usize) -> T {
        self.kernels
            .weight(self.sweep.mirror_class[bin] as usize, jump)
    }

    /// Pairs up to the nearer end of the window, singles beyond it.
    #[inline(always)]
    fn between_ends<const N: usize>(&self, start: usize) -> Group<T, N> {
        let (from, angle, reach) = (self.from, self.angle, self.kernels.half_width);
        let top = from.last - 1;
        let (below, above) = (angle.saturating_sub(from.first), top.saturating_sub(angle));
        let outside = from.first.saturating_sub(angle) + angle.saturating_sub(top);
        let paired = if outside > 0 {
            0
        } else {
            below.min(above).min(reach)
        };
        let singles = outside.max(paired + 1)..below.max(above).min(reach) + 1;
        let mut sum = Group::ZERO;
        for n in singles.rev() {
            let bin = if below > above { angle - n } else { angle + n };
            self.add(&mut sum, start, bin, n);
        }
        for n in (1..=paired).rev() {
            self.add_pair(&mut sum, start, angle - n, angle + n, n);
        }
        if outside == 0 {
            self.add(&mut sum, start, angle, 0);
        }
        sum
    }

    /// Every jump on both sides, as far as the window holds its source.
    #[inline(always)]
    fn round_the_circle<const N: usize>(&self, start: usize) -> Group<T, N> {
        let (mut sum, angle, from) = (Group::ZERO, self.angle, self.from);
        let bins = self.sweep.layout.angles;
        for n in (1..=self.kernels.half_width).rev() {
            let below = if angle >= n {
                angle - n
            } else {
                angle + bins - n
            };
            let above = if angle + n < bins {
                angle + n
            } else {
                angle + n - bins
            };
            if from.contains(below) && from.contains(above) {
                self.add_pair(&mut sum, start, below, above, n);
            } else if from.contains(below) {
                self.add(&mut sum, start, below, n);
            } else if from.contains(above) {
                self.add(&mut sum, start, above, n);
            }
        }
        if from.contains(angle) {
            self.add(&mut sum, start, angle, 0);
        }
        sum
    }
}

impl<T: Real> Scatter<'_, T> {
    /// What the kernel carries beyond the allowed angles from one source row.
    #[inline(always)]
    fn reject(&mut self, energy: usize, angle: usize, row: usize, run: &Run) {
        if !self.from_angles[energy].contains(angle) {
            return;
        }
        let entry = run.medium * self.table.energies + energy;
        let fraction = self.table.rejected[entry * self.layout.angles + angle];
        if fraction == 0.0 {
            return;
        }
        let start = row + angle * self.layout.planes * self.layout.row / LANES;
        let mut weights = [0.0; LANES];
        for chunk in run.chunks.shared(chunk_span(self.from.x)).range() {
            let cells = &self.psi[start + chunk].0;
            for l in 0..LANES {
                weights[l] += cells[l].to_f64();
            }
        }
        let mut weight = 0.0;
        for l in 0..LANES {
            let mine = run.lanes.is_none_or(|lanes| lanes[l]);
            weight += if mine { weights[l] } else { 0.0 };
        }
        self.rejected.0 += fraction * weight;
        self.rejected.1 += fraction * weight * self.energies_mev[energy];
    }
}
