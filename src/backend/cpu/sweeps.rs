//! The operators' passes over the active window, serial, a chunk of `LANES` cells of x at a time.
//!
//! Every pass reads `psi` in the window `from` and writes `next` in the window `to`, whole chunks at a time: cells of a
//! written chunk outside the window are zeros, cells of unwritten chunks are never read.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use super::simd::{ByGroup, Chunk, Group, Sweep, by_groups};
use crate::error::Result;
use crate::media::Run;
use crate::memory;
use crate::operators::energy_loss::{
    ABSORBED, ABSORBED_ENERGY, DEPOSIT, ENERGY, EnergyLossTable, LET_DEPOSIT, PATH, SCORES,
    STOPPED, WEIGHT,
};
use crate::operators::scattering::{Kernels, ScatteringTable};
use crate::operators::streaming::{Displacement, Line, ROOM, Regain};
use crate::phase_space::{LANES, Layout, Span, Window};
use crate::real::Real;
use bytemuck::Zeroable;

/// First and one-past-last chunk that a span of cells touches.
#[inline(always)]
pub fn chunk_span(x: Span) -> Span {
    Span::new(x.first / LANES, x.last.div_ceil(LANES))
}

/// Room for streaming: a line of cells with space at both ends, and a plane of rows between the x and the z pass.
pub struct StreamScratch<T> {
    margin: usize,
    line: Line<T>,
    plane: Vec<Chunk<T>>,
}

impl<T: Real> StreamScratch<T> {
    /// For rows and planes of `layout`; `reach` is the farthest displacement in x, in cells.
    ///
    /// # Errors
    /// Out of memory.
    pub fn new(layout: Layout, reach: usize) -> Result<StreamScratch<T>>
    where
        Chunk<T>: Zeroable,
    {
        let margin = reach.next_multiple_of(LANES) + 3 * LANES;
        let along_z = (layout.planes + 2 * ROOM) * LANES;
        Ok(StreamScratch {
            margin,
            line: Line::new(along_z.max(layout.row + 2 * margin)),
            plane: memory::zeroed(Self::plane_chunks(layout), "streaming")?,
        })
    }

    /// Chunks of the rows between the x and the z pass; depth stepping has no z pass.
    pub fn plane_chunks(layout: Layout) -> usize {
        match layout.planes {
            1 => 0,
            planes => planes * layout.row / LANES,
        }
    }

    /// Copies chunks of the row that was advanced last.
    #[inline(always)]
    fn copy_row(&self, row: &mut [Chunk<T>], chunks: Span) {
        for chunk in chunks.range() {
            let at = self.margin + chunk * LANES;
            row[chunk]
                .0
                .copy_from_slice(&self.line.advanced[at..at + LANES]);
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
    pub regain: Regain,
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
                    self.scratch
                        .copy_row(&mut self.next[start..start + pitch], chunk_span(self.to.x));
                    continue;
                }
                for z in self.from.z.range() {
                    self.row(start + z * pitch, &self.along_x[angle], energy);
                    self.scratch.copy_row(
                        &mut plane[z * pitch..(z + 1) * pitch],
                        chunk_span(self.to.x),
                    );
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
        let StreamScratch { margin, line, .. } = &mut *self.scratch;
        let margin = *margin;
        let chunks = chunk_span(self.from.x);
        let out = chunk_span(self.to.x);
        // Where the row lands: the whole part of the displacement is an offset.
        let landed =
            (margin + chunks.first * LANES).wrapping_add_signed(by.direction * by.whole as isize);
        let (before, after) = if by.direction > 0 { (0, 1) } else { (1, 0) };
        let low = (landed - before).min(margin + out.first * LANES) / LANES * LANES;
        let high = (landed + chunks.len() * LANES + after)
            .max(margin + out.last * LANES)
            .next_multiple_of(LANES);
        let cells = &mut line.cells;
        cells[low - 2..landed].fill(T::ZERO);
        cells[landed + chunks.len() * LANES..high + 2].fill(T::ZERO);
        for i in 0..chunks.len() {
            let at = landed + i * LANES;
            cells[at..at + LANES].copy_from_slice(&self.psi[row + chunks.first + i].0);
        }
        if by.is_whole() {
            std::mem::swap(&mut line.cells, &mut line.advanced);
        } else {
            line.advance(by, self.regain, 1, Span::new(low, high));
        }
        // Only these cells can hold weight.
        let first = (margin + self.from.x.first - before)
            .wrapping_add_signed(by.direction * by.whole as isize);
        let last = (margin + self.from.x.last + after)
            .wrapping_add_signed(by.direction * by.whole as isize);
        let (left, right) = (margin, margin + self.cells_x);
        leak(
            &mut line.advanced[first.min(left)..left.min(last)],
            self.energies_mev[energy],
            &mut self.leaked[0],
        );
        leak(
            &mut line.advanced[first.max(right)..last.max(right)],
            self.energies_mev[energy],
            &mut self.leaked[1],
        );
    }

    /// Advances one chunk of columns of `plane` into psi's plane that begins at chunk `start`, across the whole window.
    #[inline(always)]
    fn column(
        &mut self,
        plane: &[Chunk<T>],
        chunk: usize,
        start: usize,
        by: &Displacement<T>,
        energy: usize,
    ) {
        let pitch = self.layout.row / LANES;
        let from = self.from.z;
        let shift = by.direction * by.whole as isize;
        // The plane's row at `z` after the whole part of the displacement.
        let (first, last) = (from.first as isize + shift, from.last as isize + shift);
        let direction = by.direction;
        let (low, high) = if direction > 0 {
            (first, last + 1)
        } else {
            (first - 1, last)
        };
        for z in self.to.z.range() {
            if (z as isize) < low || z as isize >= high {
                self.next[start + z * pitch + chunk] = Chunk::ZERO;
            }
        }
        let cells = from.len() * LANES;
        let (begin, end) = (ROOM * LANES, ROOM * LANES + cells);
        let line = &mut self.scratch.line;
        for (z, place) in from.range().zip((begin..end).step_by(LANES)) {
            line.cells[place..place + LANES].copy_from_slice(&plane[z * pitch + chunk].0);
        }
        for empty in [begin - ROOM * LANES..begin, end..end + ROOM * LANES] {
            line.cells[empty].fill(T::ZERO);
        }
        line.advance(
            by,
            self.regain,
            LANES,
            Span::new(begin - LANES, end + LANES),
        );
        for z in low..high {
            let place = begin.wrapping_add_signed((z - first) * LANES as isize);
            let mut arrived = Chunk::ZERO;
            arrived
                .0
                .copy_from_slice(&self.scratch.line.advanced[place..place + LANES]);
            self.arrive(start + chunk, z, arrived, energy);
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
}

impl<T: Real> Sweep for Scatter<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let chunks = chunk_span(self.from.x);
        let planes = self.planes;
        for energy in self.from.energy.range() {
            for angle in self.to.angle.range() {
                for z in self.from.z.range() {
                    for run in &planes[self.plane + z] {
                        let kernels = self.table.kernels(run.medium, energy);
                        let row = self.layout.index(energy, 0, z) / LANES;
                        by_groups(
                            &mut ScatterRow {
                                sweep: &mut self,
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
    }
}

/// One output row of a run.
struct ScatterRow<'r, 'a, T> {
    sweep: &'r mut Scatter<'a, T>,
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
        let sum: Group<T, N> = match self.sweep.periodic {
            true => self.round_the_circle(start),
            false => self.between_ends(start),
        };
        let target = start + self.angle * self.pitch();
        sum.store(&mut self.sweep.next[target..target + N], &self.run.lanes);
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
        let (from, angle, reach) = (self.sweep.from.angle, self.angle, self.kernels.half_width);
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
        let mut sum = Group::ZERO;
        let angle = self.angle as isize;
        for n in (1..=self.kernels.half_width).rev() {
            match (
                self.source(angle - n as isize),
                self.source(angle + n as isize),
            ) {
                (Some(below), Some(above)) => self.add_pair(&mut sum, start, below, above, n),
                (Some(bin), None) | (None, Some(bin)) => self.add(&mut sum, start, bin, n),
                (None, None) => {}
            }
        }
        if let Some(bin) = self.source(angle) {
            self.add(&mut sum, start, bin, 0);
        }
        sum
    }

    /// The bin that an index on the circle names, if the window holds it.
    #[inline(always)]
    fn source(&self, angle: isize) -> Option<usize> {
        let bin = angle.rem_euclid(self.sweep.layout.angles as isize) as usize;
        let from = self.sweep.from.angle;
        let inside = bin >= from.first && bin < from.last;
        if inside { Some(bin) } else { None }
    }
}

impl<T: Real> Scatter<'_, T> {
    /// What the kernel carries beyond the allowed angles from one source row.
    #[inline(always)]
    fn reject(&mut self, energy: usize, angle: usize, row: usize, run: &Run) {
        if !self.from.angle.contains(angle) {
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

/// Scores and energy loss, angle by angle and a few energies at a time: every energy is scored when it comes in, and a target
/// bin is gathered as soon as its sources have come, so that psi comes from memory once.
pub struct LoseEnergy<'a, T> {
    pub layout: Layout,
    pub from: Window,
    pub to: Window,
    pub mirror_class: &'a [u32],
    pub table: &'a EnergyLossTable<T>,
    pub planes: &'a [Vec<Run>],
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
                while target < self.to.energy.last
                    && (last == energies.last || self.table.complete[target] as usize <= last)
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
            for run in &planes[self.plane + z] {
                by_groups(
                    &mut ScoreRow {
                        sweep: self,
                        energies,
                        class,
                        row,
                        run,
                    },
                    run.chunks.shared(chunks),
                );
            }
        }
    }

    #[inline(always)]
    fn lose(&mut self, angle: usize, target: usize) {
        let (chunks, planes, energies) = (chunk_span(self.from.x), self.planes, self.from.energy);
        let class = self.mirror_class[angle] as usize;
        for z in self.from.z.range() {
            let row = self.layout.index(0, angle, z) / LANES;
            for run in &planes[self.plane + z] {
                let (base, weights) = self.table.gather(run.medium, target, class);
                let sources = Span::new(base, base + weights.len()).shared(energies);
                // Sources all outside the window: the target is emptied.
                let (first, last) = match sources.is_empty() {
                    true => (0, 0),
                    false => (sources.first - base, sources.last - base),
                };
                let mut work = LoseRow {
                    sweep: self,
                    base,
                    weights,
                    sources: Span::new(first, last),
                    target,
                    row,
                    run,
                };
                by_groups(&mut work, run.chunks.shared(chunks));
            }
        }
    }
}

/// Some energies of a run's row, scored.
struct ScoreRow<'r, 'a, T> {
    sweep: &'r mut LoseEnergy<'a, T>,
    energies: Span,
    class: usize,
    /// First chunk of the row at energy bin 0.
    row: usize,
    run: &'r Run,
}

impl<T: Real> ByGroup for ScoreRow<'_, '_, T> {
    /// The scores are written out one by one, or the compiler vectorises over them instead of over x.
    #[inline(always)]
    fn group<const N: usize>(&mut self, first: usize) {
        let sweep = &mut *self.sweep;
        let (start, pitch) = (self.row + first, sweep.layout.index(1, 0, 0) / LANES);
        let begins = self.energies.first == sweep.from.energy.first;
        let mut sums = [Group::<T, N>::ZERO; SCORES];
        if !begins {
            for i in 0..N {
                for q in 0..SCORES {
                    sums[q].0[i] = sweep.partial[start + i][q];
                }
            }
        }
        let [
            mut weight,
            mut energy_mev,
            mut deposit,
            mut stopped,
            mut let_deposit,
            mut path,
            mut absorbed,
            mut absorbed_mev,
        ] = sums;
        for energy in self.energies.range() {
            let at = start + energy * pitch;
            let cells = &sweep.psi[at..at + N];
            let c = sweep.table.scores_of(self.run.medium, energy, self.class);
            weight.add_scaled(c[WEIGHT], cells);
            energy_mev.add_scaled(c[ENERGY], cells);
            deposit.add_scaled(c[DEPOSIT], cells);
            stopped.add_scaled(c[STOPPED], cells);
            let_deposit.add_scaled(c[LET_DEPOSIT], cells);
            path.add_scaled(c[PATH], cells);
            absorbed.add_scaled(c[ABSORBED], cells);
            absorbed_mev.add_scaled(c[ABSORBED_ENERGY], cells);
        }
        for i in 0..N {
            let target = &mut sweep.partial[start + i];
            target[WEIGHT].take_lanes(weight.0[i], &self.run.lanes);
            target[ENERGY].take_lanes(energy_mev.0[i], &self.run.lanes);
            target[DEPOSIT].take_lanes(deposit.0[i], &self.run.lanes);
            target[STOPPED].take_lanes(stopped.0[i], &self.run.lanes);
            target[LET_DEPOSIT].take_lanes(let_deposit.0[i], &self.run.lanes);
            target[PATH].take_lanes(path.0[i], &self.run.lanes);
            target[ABSORBED].take_lanes(absorbed.0[i], &self.run.lanes);
            target[ABSORBED_ENERGY].take_lanes(absorbed_mev.0[i], &self.run.lanes);
        }
    }
}

/// One target energy of a run's row, gathered.
struct LoseRow<'r, 'a, T> {
    sweep: &'r mut LoseEnergy<'a, T>,
    /// Source bin of the first weight, and the weights whose sources are in the window.
    base: usize,
    weights: &'r [T],
    sources: Span,
    target: usize,
    row: usize,
    run: &'r Run,
}

/// Sources that are summed before they are added.
const SOURCES_TOGETHER: usize = 4;

impl<T: Real> ByGroup for LoseRow<'_, '_, T> {
    /// Four by four, from the highest source down: the highest give least (hard knock-ons), and one by one, or from the lowest
    /// up, rounding takes 1e-6 of a beam in f32 over 157 steps of 20 bins.
    #[inline(always)]
    fn group<const N: usize>(&mut self, first: usize) {
        let (start, pitch) = (self.row + first, self.sweep.layout.index(1, 0, 0) / LANES);
        let mut sum = Group::<T, N>::ZERO;
        let mut end = self.sources.last;
        while end > self.sources.first {
            let four = (end - 1) / SOURCES_TOGETHER * SOURCES_TOGETHER;
            let from = four.max(self.sources.first);
            let mut together = Group::ZERO;
            for source in (from..end).rev() {
                let at = start + (self.base + source) * pitch;
                together.add_scaled(self.weights[source], &self.sweep.psi[at..at + N]);
            }
            sum.add(&together);
            end = from;
        }
        let target = start + self.target * pitch;
        sum.store(&mut self.sweep.next[target..target + N], &self.run.lanes);
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
                self.remaining_weight[at] = partial[WEIGHT]
                    .less(&partial[STOPPED])
                    .less(&partial[ABSORBED]);
                self.remaining_energy[at] = partial[ENERGY]
                    .less(&partial[DEPOSIT])
                    .less(&partial[ABSORBED_ENERGY]);
            }
        }
    }
}
