//! The operators' passes over the active window, serial, a chunk of `LANES` cells of x at a time.
//!
//! Every pass reads `psi` in the window `from` and writes `next` in the window `to`, whole chunks at a time: cells of a
//! written chunk outside the window are zeros, cells of unwritten chunks are never read.

use super::simd::{Chunk, Sweep};
use crate::media::ChunkMedium;
use crate::operators::energy_loss::{DEPOSIT, ENERGY, EnergyLossTable, SCORES, STOPPED, WEIGHT};
use crate::operators::scattering::{Kernels, ScatteringTable};
use crate::operators::streaming::{Displacement, advance_line};
use crate::phase_space::{LANES, Layout, Span, Window};
use crate::real::Real;

/// First and one-past-last chunk that a span of cells touches.
#[inline(always)]
pub fn chunk_span(x: Span) -> Span {
    Span::new(x.first / LANES, x.last.div_ceil(LANES))
}

/// A line of cells with room for what streams over its ends.
pub struct LineScratch<T> {
    pub margin: usize,
    pub line: Vec<T>,
    pub flux: Vec<T>,
    pub advanced: Vec<T>,
}

impl<T: Real> LineScratch<T> {
    /// `cells` per line, `reach` the farthest displacement.
    pub fn new(cells: usize, reach: usize) -> LineScratch<T> {
        let margin = (reach + 4).next_multiple_of(LANES);
        let zeros = vec![T::ZERO; cells + 2 * margin];
        LineScratch {
            margin,
            line: zeros.clone(),
            flux: zeros.clone(),
            advanced: zeros,
        }
    }
}

/// Streaming along x: rows of `psi` in `from` to rows of `next` in `to`. Leaks are (weight, energy) by side.
pub struct StreamX<'a, T> {
    pub layout: Layout,
    pub cells_x: usize,
    pub from: Window,
    pub to: Window,
    /// Per angle bin.
    pub displacements: &'a [Displacement<T>],
    pub energies_mev: &'a [f64],
    pub psi: &'a [Chunk<T>],
    pub next: &'a mut [Chunk<T>],
    pub scratch: &'a mut LineScratch<T>,
    /// [left, right] (weight, energy MeV)
    pub leaked: &'a mut [(f64, f64); 2],
}

impl<T: Real> Sweep for StreamX<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        for energy in self.from.energy.range() {
            for angle in self.from.angle.range() {
                for z in self.from.z.range() {
                    self.row(energy, angle, z);
                }
            }
        }
    }
}

impl<T: Real> StreamX<'_, T> {
    #[inline(always)]
    fn row(&mut self, energy: usize, angle: usize, z: usize) {
        let by = self.displacements[angle];
        let row = self.layout.index(energy, angle, z) / LANES;
        let margin = self.scratch.margin;
        // Where the row lands: `first` is its first chunk's place in the line.
        let chunks = chunk_span(self.from.x);
        let shift = by.direction * by.whole as isize;
        let first = (margin as isize + (chunks.first * LANES) as isize + shift) as usize;
        let last = first + chunks.len() * LANES;
        let out = chunk_span(self.to.x);
        let low = first.min(margin + out.first * LANES) - 3;
        let high = last.max(margin + out.last * LANES) + 3;
        self.scratch.line[low..first].fill(T::ZERO);
        self.scratch.line[last..high].fill(T::ZERO);
        for (i, chunk) in self.psi[row + chunks.first..row + chunks.last]
            .iter()
            .enumerate()
        {
            self.scratch.line[first + i * LANES..first + (i + 1) * LANES].copy_from_slice(&chunk.0);
        }
        let scratch = &mut *self.scratch;
        let arrived = if by.is_whole() {
            &mut scratch.line
        } else {
            advance_line(
                &by,
                &scratch.line[low..high],
                &mut scratch.flux[low..high],
                &mut scratch.advanced[low..high],
            );
            &mut scratch.advanced
        };
        let (left, right) = (margin, margin + self.cells_x);
        if low + 1 < left {
            leak(
                &mut arrived[low + 1..left],
                self.energies_mev[energy],
                &mut self.leaked[0],
            );
        }
        if right < high - 1 {
            leak(
                &mut arrived[right..high - 1],
                self.energies_mev[energy],
                &mut self.leaked[1],
            );
        }
        for (i, chunk) in self.next[row + out.first..row + out.last]
            .iter_mut()
            .enumerate()
        {
            let at = margin + (out.first + i) * LANES;
            chunk.0.copy_from_slice(&arrived[at..at + LANES]);
        }
    }
}

/// Takes what lies beyond a side into the ledger.
#[inline(always)]
fn leak<T: Real>(beyond: &mut [T], energy_mev: f64, leaked: &mut (f64, f64)) {
    let weight: f64 = beyond.iter().map(|w| w.to_f64()).sum();
    leaked.0 += weight;
    leaked.1 += weight * energy_mev;
    beyond.fill(T::ZERO);
}

/// Streaming along z (path stepping): planes of `psi` in `from` to planes of `next` in `to`.
pub struct StreamZ<'a, T> {
    pub layout: Layout,
    pub cells_z: usize,
    pub from: Window,
    pub to: Window,
    pub displacements: &'a [Displacement<T>],
    pub energies_mev: &'a [f64],
    pub psi: &'a [Chunk<T>],
    pub next: &'a mut [Chunk<T>],
    /// [towards z_min, towards z_max] (weight, energy MeV)
    pub leaked: &'a mut [(f64, f64); 2],
}

impl<T: Real> Sweep for StreamZ<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        for energy in self.from.energy.range() {
            for angle in self.from.angle.range() {
                for chunk in chunk_span(self.from.x).range() {
                    self.column(energy, angle, chunk);
                }
            }
        }
    }
}

impl<T: Real> StreamZ<'_, T> {
    /// One chunk of columns: flux by flux along the direction of flight.
    #[inline(always)]
    fn column(&mut self, energy: usize, angle: usize, chunk: usize) {
        let by = self.displacements[angle];
        let start = self.layout.index(energy, angle, 0) / LANES + chunk;
        let pitch = self.layout.row / LANES;
        let shift = by.direction * by.whole as isize;
        let from = self.from.z;
        let psi = self.psi;
        // Cell `z` of the plane after the whole part of the displacement.
        let at = |z: isize| -> Chunk<T> {
            let source = z - shift;
            let inside = source >= from.first as isize && source < from.last as isize;
            if inside {
                psi[start + source as usize * pitch]
            } else {
                Chunk::ZERO
            }
        };
        // The arrival range, one cell longer downstream for the fraction.
        let (first, last) = (from.first as isize + shift, from.last as isize + shift);
        let (low, high) = if by.direction > 0 {
            (first, last + 1)
        } else {
            (first - 1, last)
        };
        let to = self.to.z;
        for z in to
            .range()
            .filter(|&z| (z as isize) < low || z as isize >= high)
        {
            self.next[start + z * pitch] = Chunk::ZERO;
        }
        let d = by.direction;
        let (begin, steps) = (if d > 0 { low } else { high - 1 }, high - low);
        let mut inflow = Chunk::ZERO;
        for i in 0..steps {
            let z = begin + d * i;
            let (up, here, down) = (at(z - d), at(z), at(z + d));
            let mut arrived = Chunk::ZERO;
            for l in 0..LANES {
                let outflow = by.antidiffusive_flux(up.0[l], here.0[l], down.0[l]);
                arrived.0[l] = by.donor_cell(up.0[l], here.0[l]) - outflow + inflow.0[l];
                inflow.0[l] = outflow;
            }
            self.arrive(start, pitch, z, arrived, energy);
        }
    }

    #[inline(always)]
    fn arrive(
        &mut self,
        start: usize,
        pitch: usize,
        z: isize,
        mut arrived: Chunk<T>,
        energy: usize,
    ) {
        let mev = self.energies_mev[energy];
        if z < 0 {
            leak(&mut arrived.0, mev, &mut self.leaked[0]);
        } else if z >= self.cells_z as isize {
            leak(&mut arrived.0, mev, &mut self.leaked[1]);
        } else {
            self.next[start + z as usize * pitch] = arrived;
        }
    }
}

/// Scattering: at each energy, the rows of all angles. Rejected is (weight, energy) beyond the allowed angles.
pub struct Scatter<'a, T> {
    pub layout: Layout,
    pub from: Window,
    pub to: Window,
    pub allowed: Span,
    pub periodic: bool,
    pub mirror_class: &'a [u32],
    pub table: &'a ScatteringTable<T>,
    pub planes: &'a [Vec<ChunkMedium>],
    /// Plane of the phantom that stored plane 0 is.
    pub plane: usize,
    pub energies_mev: &'a [f64],
    pub psi: &'a [Chunk<T>],
    pub next: &'a mut [Chunk<T>],
    pub rejected: &'a mut (f64, f64),
}

impl<T: Real> Sweep for Scatter<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let chunks = chunk_span(self.from.x);
        let planes = self.planes;
        for energy in self.from.energy.range() {
            for z in self.from.z.range() {
                for item in &planes[self.plane + z] {
                    if chunks.contains(item.x / LANES) {
                        self.chunk(energy, z, item);
                    }
                }
            }
        }
    }
}

impl<T: Real> Scatter<'_, T> {
    #[inline(always)]
    fn chunk(&mut self, energy: usize, z: usize, item: &ChunkMedium) {
        let kernels = self.table.kernels(item.medium, energy);
        let reach = kernels.half_width;
        let start = self.layout.index(energy, 0, z) / LANES + item.x / LANES;
        let pitch = self.layout.planes * self.layout.row / LANES;
        let from = self.from.angle;
        for angle in self.to.angle.range() {
            let sum = if angle >= from.first + reach && angle + reach < from.last {
                self.inside(&kernels, angle, start, pitch)
            } else {
                self.at_the_rim(&kernels, angle, start, pitch)
            };
            self.next[start + angle * pitch].take_lanes(sum, &item.lanes);
        }
        if !self.periodic {
            self.reject(energy, item, start, pitch);
        }
    }

    /// psi'[theta] where every source is in the window. From the farthest (smallest) to the own bin: the other order rounds a
    /// beam away, 1e-8 of it a step in f32.
    #[inline(always)]
    fn inside(&self, kernels: &Kernels<T>, angle: usize, start: usize, pitch: usize) -> Chunk<T> {
        let (psi, class) = (self.psi, self.mirror_class);
        let mut sum = Chunk::ZERO;
        for n in (1..=kernels.half_width).rev() {
            let (below, above) = (angle - n, angle + n);
            sum.add_scaled_pair(
                kernels.weight(class[below] as usize, n),
                &psi[start + below * pitch],
                kernels.weight(class[above] as usize, n),
                &psi[start + above * pitch],
            );
        }
        sum.add_scaled(
            kernels.weight(class[angle] as usize, 0),
            &psi[start + angle * pitch],
        );
        sum
    }

    /// The same where some sources are outside the window, or round the circle.
    #[inline(always)]
    fn at_the_rim(
        &self,
        kernels: &Kernels<T>,
        angle: usize,
        start: usize,
        pitch: usize,
    ) -> Chunk<T> {
        let mut sum = Chunk::ZERO;
        for n in (1..=kernels.half_width).rev() {
            match (
                self.source(angle as isize - n as isize),
                self.source((angle + n) as isize),
            ) {
                (Some(below), Some(above)) => sum.add_scaled_pair(
                    kernels.weight(self.mirror_class[below] as usize, n),
                    &self.psi[start + below * pitch],
                    kernels.weight(self.mirror_class[above] as usize, n),
                    &self.psi[start + above * pitch],
                ),
                (Some(bin), None) | (None, Some(bin)) => {
                    sum.add_scaled(
                        kernels.weight(self.mirror_class[bin] as usize, n),
                        &self.psi[start + bin * pitch],
                    );
                }
                (None, None) => {}
            }
        }
        if let Some(bin) = self.source(angle as isize) {
            sum.add_scaled(
                kernels.weight(self.mirror_class[bin] as usize, 0),
                &self.psi[start + bin * pitch],
            );
        }
        sum
    }

    /// The bin that an index names, if the window holds it.
    #[inline(always)]
    fn source(&self, angle: isize) -> Option<usize> {
        let bins = self.layout.angles as isize;
        let bin = if self.periodic {
            angle.rem_euclid(bins)
        } else {
            angle
        };
        let inside = bin >= self.from.angle.first as isize && bin < self.from.angle.last as isize;
        if inside { Some(bin as usize) } else { None }
    }

    /// What the kernel carries beyond the allowed angles.
    #[inline(always)]
    fn reject(&mut self, energy: usize, item: &ChunkMedium, start: usize, pitch: usize) {
        let kernels = self.table.kernels(item.medium, energy);
        let (allowed, reach) = (self.allowed, kernels.half_width);
        for angle in self.from.angle.range() {
            if angle >= allowed.first + reach && angle + reach < allowed.last {
                continue;
            }
            let class = self.mirror_class[angle] as usize;
            let mut fraction = 0.0;
            for n in 1..=reach {
                let outside =
                    u8::from(n + allowed.first > angle) + u8::from(angle + n >= allowed.last);
                fraction += f64::from(outside) * kernels.weight(class, n).to_f64();
            }
            let mut weight = 0.0;
            for l in 0..LANES {
                let mine = item.lanes.is_none_or(|lanes| lanes[l]);
                weight += if mine {
                    self.psi[start + angle * pitch].0[l].to_f64()
                } else {
                    0.0
                };
            }
            self.rejected.0 += fraction * weight;
            self.rejected.1 += fraction * weight * self.energies_mev[energy];
        }
    }
}

/// Scores one stored plane before the energy loss: per angle and x, the sums over energy of psi times each coefficient.
pub struct Score<'a, T> {
    pub layout: Layout,
    pub window: Window,
    pub z: usize,
    pub mirror_class: &'a [u32],
    pub table: &'a EnergyLossTable<T>,
    pub media: &'a [ChunkMedium],
    pub psi: &'a [Chunk<T>],
    /// [angle, chunk][score]
    pub partial: &'a mut [[Chunk<T>; SCORES]],
}

impl<T: Real> Sweep for Score<'_, T> {
    #[inline(always)]
    fn run(self) {
        let chunks = chunk_span(self.window.x);
        let pitch = self.layout.row / LANES;
        for item in self.media {
            if !chunks.contains(item.x / LANES) {
                continue;
            }
            for angle in self.window.angle.range() {
                let sums = self.sums(angle, item);
                let target = &mut self.partial[angle * pitch + item.x / LANES];
                for q in 0..SCORES {
                    target[q].take_lanes(sums[q], &item.lanes);
                }
            }
        }
    }
}

impl<T: Real> Score<'_, T> {
    #[inline(always)]
    fn sums(&self, angle: usize, item: &ChunkMedium) -> [Chunk<T>; SCORES] {
        let class = self.mirror_class[angle] as usize;
        let mut sums = [Chunk::ZERO; SCORES];
        for energy in self.window.energy.range() {
            let coefficients = self.table.scores_of(item.medium, energy, class);
            let cells = &self.psi[(self.layout.index(energy, angle, self.z) + item.x) / LANES];
            for q in 0..SCORES {
                sums[q].add_scaled(coefficients[q], cells);
            }
        }
        sums
    }
}

/// Sums a plane's partial scores over angle, mirror images together, and notes what the energy loss will leave.
pub struct Collect<'a, T> {
    pub layout: Layout,
    pub window: Window,
    pub z: usize,
    pub mirror_pairs: &'a [(usize, usize)],
    pub partial: &'a [[Chunk<T>; SCORES]],
    /// [z, angle, chunk]
    pub remaining_weight: &'a mut [Chunk<T>],
    pub remaining_energy: &'a mut [Chunk<T>],
    /// [chunk][score]
    pub sums: &'a mut [[Chunk<f64>; SCORES]],
}

impl<T: Real> Sweep for Collect<'_, T> {
    #[inline(always)]
    fn run(self) {
        let pitch = self.layout.row / LANES;
        let angles = self.window.angle;
        for chunk in chunk_span(self.window.x).range() {
            let (zeros, mut sums) = ([Chunk::<T>::ZERO; SCORES], [Chunk::<f64>::ZERO; SCORES]);
            for &(a, b) in self.mirror_pairs {
                let first = if angles.contains(a) {
                    &self.partial[a * pitch + chunk]
                } else {
                    &zeros
                };
                let second = if angles.contains(b) && a != b {
                    &self.partial[b * pitch + chunk]
                } else {
                    &zeros
                };
                for q in 0..SCORES {
                    for l in 0..LANES {
                        sums[q].0[l] += first[q].0[l].to_f64() + second[q].0[l].to_f64();
                    }
                }
            }
            self.sums[chunk] = sums;
            for angle in angles.range() {
                let partial = &self.partial[angle * pitch + chunk];
                let at = self.layout.index(0, angle, self.z) / LANES + chunk;
                for l in 0..LANES {
                    self.remaining_weight[at].0[l] = partial[WEIGHT].0[l] - partial[STOPPED].0[l];
                    self.remaining_energy[at].0[l] = partial[ENERGY].0[l] - partial[DEPOSIT].0[l];
                }
            }
        }
    }
}

/// Energy loss: gathers every target row from its source rows.
pub struct LoseEnergy<'a, T> {
    pub layout: Layout,
    pub from: Window,
    pub to: Window,
    pub mirror_class: &'a [u32],
    pub table: &'a EnergyLossTable<T>,
    pub planes: &'a [Vec<ChunkMedium>],
    pub plane: usize,
    pub psi: &'a [Chunk<T>],
    pub next: &'a mut [Chunk<T>],
}

impl<T: Real> Sweep for LoseEnergy<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let chunks = chunk_span(self.from.x);
        let planes = self.planes;
        for target in self.to.energy.range() {
            for angle in self.from.angle.range() {
                for z in self.from.z.range() {
                    for item in &planes[self.plane + z] {
                        if chunks.contains(item.x / LANES) {
                            self.chunk(target, angle, z, item);
                        }
                    }
                }
            }
        }
    }
}

impl<T: Real> LoseEnergy<'_, T> {
    #[inline(always)]
    fn chunk(&mut self, target: usize, angle: usize, z: usize, item: &ChunkMedium) {
        let (base, weights) =
            self.table
                .gather(item.medium, target, self.mirror_class[angle] as usize);
        let pitch = self.layout.angles * self.layout.planes * self.layout.row / LANES;
        let column = (self.layout.index(0, angle, z) + item.x) / LANES;
        let (first, last) = (
            self.from.energy.first.max(base),
            self.from.energy.last.min(base + weights.len()),
        );
        let mut sum = Chunk::ZERO;
        for source in first..last {
            sum.add_scaled(weights[source - base], &self.psi[column + source * pitch]);
        }
        self.next[column + target * pitch].take_lanes(sum, &item.lanes);
    }
}
