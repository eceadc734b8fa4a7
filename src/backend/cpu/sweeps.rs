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

/// Room for streaming: a line of cells with space at both ends, and a plane of rows between the x and the z pass.
pub struct StreamScratch<T> {
    margin: usize,
    line: Vec<T>,
    flux: Vec<T>,
    advanced: Vec<T>,
    plane: Vec<Chunk<T>>,
}

impl<T: Real> StreamScratch<T> {
    /// For rows and planes of `layout`; `reach` is the farthest displacement in x, in cells.
    pub fn new(layout: Layout, reach: usize) -> StreamScratch<T> {
        let margin = reach.next_multiple_of(LANES) + 3 * LANES;
        let zeros = vec![T::ZERO; layout.row + 2 * margin];
        let plane = if layout.planes > 1 { layout.planes * layout.row / LANES } else { 0 };
        StreamScratch {
            margin,
            line: zeros.clone(),
            flux: zeros.clone(),
            advanced: zeros,
            plane: vec![Chunk::ZERO; plane],
        }
    }

    /// Copies chunks of the row that was advanced last.
    #[inline(always)]
    fn copy_row(&self, row: &mut [Chunk<T>], chunks: Span) {
        for chunk in chunks.range() {
            let at = self.margin + chunk * LANES;
            row[chunk].0.copy_from_slice(&self.advanced[at..at + LANES]);
        }
    }
}

/// Streaming, of each energy and angle on its own: rows along x, then (path stepping) columns along z.
pub struct Stream<'a, T> {
    pub layout: Layout,
    pub cells_x: usize,
    pub from: Window,
    pub to: Window,
    /// Per angle bin; none along z in depth stepping.
    pub along_x: &'a [Displacement<T>],
    pub along_z: &'a [Displacement<T>],
    pub energies_mev: &'a [f64],
    pub psi: &'a [Chunk<T>],
    pub next: &'a mut [Chunk<T>],
    pub scratch: &'a mut StreamScratch<T>,
    /// (weight, energy MeV) by side: x_min, x_max, z_min, z_max.
    pub leaked: &'a mut [(f64, f64); 4],
}

impl<T: Real> Sweep for Stream<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let pitch = self.layout.row / LANES;
        let mut plane = std::mem::take(&mut self.scratch.plane);
        for energy in self.from.energy.range() {
            for angle in self.from.angle.range() {
                let start = self.layout.index(energy, angle, 0) / LANES;
                if self.along_z.is_empty() {
                    self.row(start, &self.along_x[angle], energy);
                    self.scratch.copy_row(&mut self.next[start..start + pitch], chunk_span(self.to.x));
                    continue;
                }
                for z in self.from.z.range() {
                    self.row(start + z * pitch, &self.along_x[angle], energy);
                    self.scratch.copy_row(&mut plane[z * pitch..(z + 1) * pitch], chunk_span(self.to.x));
                }
                for chunk in chunk_span(self.to.x).range() {
                    self.column(&plane, chunk, start, &self.along_z[angle], energy);
                }
            }
        }
        self.scratch.plane = plane;
    }
}

impl<T: Real> Stream<'_, T> {
    /// Advances the row that begins at chunk `row` of psi into the scratch, leaks taken off.
    #[inline(always)]
    fn row(&mut self, row: usize, by: &Displacement<T>, energy: usize) {
        let StreamScratch { margin, line, flux, advanced, .. } = &mut *self.scratch;
        let margin = *margin;
        let chunks = chunk_span(self.from.x);
        let out = chunk_span(self.to.x);
        // Where the row lands: the whole part of the displacement is an offset.
        let landed = (margin + chunks.first * LANES).wrapping_add_signed(by.direction * by.whole as isize);
        let (before, after) = if by.direction > 0 { (0, 1) } else { (1, 0) };
        let low = (landed - before).min(margin + out.first * LANES) / LANES * LANES;
        let high = (landed + chunks.len() * LANES + after).max(margin + out.last * LANES).next_multiple_of(LANES);
        line[low - 1..landed].fill(T::ZERO);
        line[landed + chunks.len() * LANES..high + 1].fill(T::ZERO);
        for i in 0..chunks.len() {
            let at = landed + i * LANES;
            line[at..at + LANES].copy_from_slice(&self.psi[row + chunks.first + i].0);
        }
        if by.is_whole() {
            std::mem::swap(line, advanced);
        } else {
            advance_line(by, line, flux, advanced, Span::new(low, high));
        }
        // Only these cells can hold weight.
        let first = (margin + self.from.x.first - before).wrapping_add_signed(by.direction * by.whole as isize);
        let last = (margin + self.from.x.last + after).wrapping_add_signed(by.direction * by.whole as isize);
        let (left, right) = (margin, margin + self.cells_x);
        leak(&mut advanced[first.min(left)..left.min(last)], self.energies_mev[energy], &mut self.leaked[0]);
        leak(&mut advanced[first.max(right)..last.max(right)], self.energies_mev[energy], &mut self.leaked[1]);
    }

    /// Advances one chunk of columns of `plane` into psi's plane that begins at chunk `start`, flux by flux along the flight.
    #[inline(always)]
    fn column(&mut self, plane: &[Chunk<T>], chunk: usize, start: usize, by: &Displacement<T>, energy: usize) {
        let pitch = self.layout.row / LANES;
        let from = self.from.z;
        let shift = by.direction * by.whole as isize;
        // The plane's row at `z` after the whole part of the displacement.
        let (first, last) = (from.first as isize + shift, from.last as isize + shift);
        let direction = by.direction;
        let (low, high) = if direction > 0 { (first, last + 1) } else { (first - 1, last) };
        for z in self.to.z.range() {
            if (z as isize) < low || z as isize >= high {
                self.next[start + z * pitch + chunk] = Chunk::ZERO;
            }
        }
        let at = |z: isize| if z >= first && z < last { plane[(z - shift) as usize * pitch + chunk] } else { Chunk::ZERO };
        let mut z = if direction > 0 { low } else { high - 1 };
        let (mut up, mut here, mut inflow) = (at(z - direction), at(z), Chunk::ZERO);
        for _ in low..high {
            let down = at(z + direction);
            let mut arrived = Chunk::ZERO;
            for l in 0..LANES {
                let outflow = by.antidiffusive_flux(up.0[l], here.0[l], down.0[l]);
                arrived.0[l] = by.donor_cell(up.0[l], here.0[l]) - outflow + inflow.0[l];
                inflow.0[l] = outflow;
            }
            self.arrive(start + chunk, z, arrived, energy);
            (up, here) = (here, down);
            z += direction;
        }
    }

    #[inline(always)]
    fn arrive(&mut self, start: usize, z: isize, mut arrived: Chunk<T>, energy: usize) {
        let mev = self.energies_mev[energy];
        if z < 0 {
            leak(&mut arrived.0, mev, &mut self.leaked[2]);
        } else if z >= self.layout.planes as isize {
            leak(&mut arrived.0, mev, &mut self.leaked[3]);
        } else {
            self.next[start + z as usize * self.layout.row / LANES] = arrived;
        }
    }
}

/// Takes what lies beyond a side into the ledger.
#[inline(always)]
fn leak<T: Real>(beyond: &mut [T], energy_mev: f64, leaked: &mut (f64, f64)) {
    let mut weight = 0.0;
    for cell in beyond {
        weight += cell.to_f64();
        *cell = T::ZERO;
    }
    leaked.0 += weight;
    leaked.1 += weight * energy_mev;
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
            for angle in self.to.angle.range() {
                for z in self.from.z.range() {
                    for item in &planes[self.plane + z] {
                        if chunks.contains(item.x / LANES) {
                            self.chunk(energy, angle, z, item);
                        }
                    }
                }
            }
        }
    }
}

impl<T: Real> Scatter<'_, T> {
    #[inline(always)]
    fn chunk(&mut self, energy: usize, angle: usize, z: usize, item: &ChunkMedium) {
        let kernels = self.table.kernels(item.medium, energy);
        let reach = kernels.half_width;
        let start = self.layout.index(energy, 0, z) / LANES + item.x / LANES;
        let pitch = self.layout.planes * self.layout.row / LANES;
        let from = self.from.angle;
        let sum = if angle >= from.first + reach && angle + reach < from.last {
            self.inside(&kernels, angle, start, pitch)
        } else {
            self.at_the_rim(&kernels, angle, start, pitch)
        };
        self.next[start + angle * pitch].take_lanes(sum, &item.lanes);
        let near_the_end = angle < self.allowed.first + reach || angle + reach >= self.allowed.last;
        if near_the_end && !self.periodic && from.contains(angle) {
            self.reject(&kernels, energy, angle, item, start + angle * pitch);
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

    /// What the kernel carries beyond the allowed angles from one source bin.
    #[inline(always)]
    fn reject(&mut self, kernels: &Kernels<T>, energy: usize, angle: usize, item: &ChunkMedium, at: usize) {
        let class = self.mirror_class[angle] as usize;
        let mut fraction = 0.0;
        for n in 1..=kernels.half_width {
            let outside = u8::from(n + self.allowed.first > angle) + u8::from(angle + n >= self.allowed.last);
            fraction += f64::from(outside) * kernels.weight(class, n).to_f64();
        }
        let mut weight = 0.0;
        for l in 0..LANES {
            let mine = item.lanes.is_none_or(|lanes| lanes[l]);
            weight += if mine { self.psi[at].0[l].to_f64() } else { 0.0 };
        }
        self.rejected.0 += fraction * weight;
        self.rejected.1 += fraction * weight * self.energies_mev[energy];
    }
}

/// Scores and energy loss, angle by angle and a few energies at a time: every energy is scored when it comes in, and a target
/// bin is gathered as soon as its sources have come, so that psi comes from memory once.
pub struct LoseEnergy<'a, T> {
    pub layout: Layout,
    pub from: Window,
    pub to: Window,
    pub mirror_class: &'a [u32],
    pub table: &'a EnergyLossTable<T>,
    pub planes: &'a [Vec<ChunkMedium>],
    /// Plane of the phantom that stored plane 0 is.
    pub plane: usize,
    pub psi: &'a [Chunk<T>],
    pub next: &'a mut [Chunk<T>],
    /// [angle, z, chunk][score]: sums over energy of psi times each coefficient.
    pub partial: &'a mut [[Chunk<T>; SCORES]],
}

/// Energies that come in together: their scores are summed in registers.
const ENERGIES_TOGETHER: usize = 8;

impl<T: Real> Sweep for LoseEnergy<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let energies = self.from.energy;
        for angle in self.from.angle.range() {
            let mut target = self.to.energy.first;
            let mut first = energies.first;
            while first < energies.last {
                let last = (first + ENERGIES_TOGETHER).min(energies.last);
                self.score(angle, Span::new(first, last));
                while target < self.to.energy.last && (last == energies.last || self.table.complete[target] as usize <= last)
                {
                    self.lose(angle, target);
                    target += 1;
                }
                first = last;
            }
        }
    }
}

impl<T: Real> LoseEnergy<'_, T> {
    #[inline(always)]
    fn score(&mut self, angle: usize, energies: Span) {
        let (chunks, planes) = (chunk_span(self.from.x), self.planes);
        let class = self.mirror_class[angle] as usize;
        for z in self.from.z.range() {
            let row = self.layout.index(0, angle, z) / LANES;
            for item in &planes[self.plane + z] {
                let chunk = item.x / LANES;
                if !chunks.contains(chunk) {
                    continue;
                }
                let begins = energies.first == self.from.energy.first;
                let before = if begins { [Chunk::ZERO; SCORES] } else { self.partial[row + chunk] };
                let after = self.score_chunk(before, energies, self.layout.index(0, angle, z) / LANES + chunk, |energy| {
                    self.table.scores_of(item.medium, energy, class)
                });
                for (sum, after) in self.partial[row + chunk].iter_mut().zip(after) {
                    sum.take_lanes(after, &item.lanes);
                }
            }
        }
    }

    /// The scores of some energies of a chunk on top of `before`. Written out, or the compiler vectorises over the scores.
    #[inline(always)]
    fn score_chunk<'t>(
        &self,
        before: [Chunk<T>; SCORES],
        energies: Span,
        column: usize,
        coefficients: impl Fn(usize) -> &'t [T],
    ) -> [Chunk<T>; SCORES]
    where
        T: 't,
    {
        let pitch = self.layout.index(1, 0, 0) / LANES;
        let [mut weight, mut energy_mev, mut deposit, mut stopped, mut let_deposit, mut path] = before;
        for energy in energies.range() {
            let cells = &self.psi[column + energy * pitch];
            let c = coefficients(energy);
            weight.add_scaled(c[0], cells);
            energy_mev.add_scaled(c[1], cells);
            deposit.add_scaled(c[2], cells);
            stopped.add_scaled(c[3], cells);
            let_deposit.add_scaled(c[4], cells);
            path.add_scaled(c[5], cells);
        }
        [weight, energy_mev, deposit, stopped, let_deposit, path]
    }

    #[inline(always)]
    fn lose(&mut self, angle: usize, target: usize) {
        let (chunks, planes, energies) = (chunk_span(self.from.x), self.planes, self.from.energy);
        let class = self.mirror_class[angle] as usize;
        let pitch = self.layout.index(1, 0, 0) / LANES;
        for z in self.from.z.range() {
            let row = self.layout.index(0, angle, z) / LANES;
            for item in &planes[self.plane + z] {
                let chunk = item.x / LANES;
                if !chunks.contains(chunk) {
                    continue;
                }
                let (base, weights) = self.table.gather(item.medium, target, class);
                let (first, last) = (energies.first.max(base), energies.last.min(base + weights.len()));
                let mut sum = Chunk::ZERO;
                for source in first..last {
                    sum.add_scaled(weights[source - base], &self.psi[row + source * pitch + chunk]);
                }
                self.next[row + target * pitch + chunk].take_lanes(sum, &item.lanes);
            }
        }
    }
}

/// Sums a plane's partial scores over angle, mirror images together, and notes what the energy loss will leave.
pub struct Collect<'a, T> {
    pub layout: Layout,
    pub window: Window,
    pub z: usize,
    pub mirror_pairs: &'a [(usize, usize)],
    /// [angle, z, chunk][score]
    pub partial: &'a [[Chunk<T>; SCORES]],
    /// [angle, z, chunk]
    pub remaining_weight: &'a mut [Chunk<T>],
    pub remaining_energy: &'a mut [Chunk<T>],
    /// [chunk][score]
    pub sums: &'a mut [[Chunk<f64>; SCORES]],
}

impl<T: Real> Sweep for Collect<'_, T> {
    #[inline(always)]
    fn run(self) {
        let angles = self.window.angle;
        for chunk in chunk_span(self.window.x).range() {
            let at = |angle: usize| self.layout.index(0, angle, self.z) / LANES + chunk;
            let (zeros, mut sums) = ([Chunk::<T>::ZERO; SCORES], [Chunk::<f64>::ZERO; SCORES]);
            for &(a, b) in self.mirror_pairs {
                let first = if angles.contains(a) {
                    &self.partial[at(a)]
                } else {
                    &zeros
                };
                let second = if angles.contains(b) && a != b {
                    &self.partial[at(b)]
                } else {
                    &zeros
                };
                for ((sum, first), second) in sums.iter_mut().zip(first).zip(second) {
                    sum.add_pair(first, second);
                }
            }
            self.sums[chunk] = sums;
            for angle in angles.range() {
                let at = at(angle);
                let partial = &self.partial[at];
                self.remaining_weight[at] = partial[WEIGHT].less(&partial[STOPPED]);
                self.remaining_energy[at] = partial[ENERGY].less(&partial[DEPOSIT]);
            }
        }
    }
}
