//! Scores and energy loss over the active window: columns of the energy axis.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use super::{at_angle, chunk_span, empty_rows};
use crate::backend::cpu::simd::{ByGroup, Chunk, Group, Sweep, by_groups};
use crate::media::Run;
use crate::operators::energy_loss::{
    DEPOSIT, ENERGY, EnergyLossTable, LET_DEPOSIT, MOMENTS, PATH, SCORES, STOPPED, WEIGHT,
};
use crate::phase_space::{LANES, Layout, Span, Window};
use crate::real::Real;

/// Scores and energy loss, angle by angle and a few energies at a time: every energy is scored when it comes in, and a target
/// bin is gathered as soon as its sources have come, so that psi comes from memory once.
pub struct LoseEnergy<'a, T> {
    pub layout: Layout,
    pub from: Window,
    pub to: Window,
    /// By energy: the angles that psi is read at, and those that something comes to.
    pub from_angles: &'a [Span],
    pub to_angles: &'a [Span],
    pub mirror_class: &'a [u32],
    pub table: &'a EnergyLossTable<T>,
    pub planes: &'a [Vec<Run>],
    /// Plane of the phantom that stored plane 0 is.
    pub plane: usize,
    pub psi: &'a [Chunk<T>],
    pub next: &'a mut [Chunk<T>],
    /// [angle, z, chunk][score]: sums over energy of psi times each coefficient.
    pub partial: &'a mut [[Chunk<T>; SCORES]],
    /// [angle, z, chunk][moment]: likewise, of what reactions take.
    pub absorbed: &'a mut [[Chunk<T>; MOMENTS]],
    /// True where psi does not stay in the caches until it is read again.
    pub past_caches: bool,
}

/// Energies that come in together, at least: their scores are summed in registers.
const ENERGIES_TOGETHER: usize = 8;

/// Chunks of psi that come in together: few enough for the nearest cache.
const CHUNKS_TOGETHER: usize = 256;

impl<T: Real> Sweep for LoseEnergy<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        let of_an_energy = self.from.z.len() * chunk_span(self.from.x).len();
        let together = (CHUNKS_TOGETHER / of_an_energy).max(ENERGIES_TOGETHER);
        for angle in self.from.angle.range() {
            let energies = at_angle(self.from_angles, self.from.energy, angle);
            let mut target = self.to.energy.first;
            let mut first = energies.first;
            loop {
                let last = (first + together).min(energies.last);
                match self.table.absorbs() {
                    true => self.score::<true>(angle, energies, Span::new(first, last)),
                    false => self.score::<false>(angle, energies, Span::new(first, last)),
                }
                while target < self.to.energy.last
                    && (last == energies.last || self.table.complete[target] as usize <= last)
                {
                    self.arrive(angle, energies, target);
                    target += 1;
                }
                first = last;
                if first == energies.last {
                    break;
                }
            }
        }
    }
}

impl<T: Real> LoseEnergy<'_, T> {
    /// `ABSORBS`: true where reactions take from the beam, and so are scored.
    #[inline(always)]
    fn score<const ABSORBS: bool>(&mut self, angle: usize, all: Span, energies: Span) {
        let (chunks, planes) = (chunk_span(self.from.x), self.planes);
        let class = self.mirror_class[angle] as usize;
        for z in self.from.z.range() {
            let row = self.layout.index(0, angle, z) / LANES;
            for run in &planes[self.plane + z] {
                by_groups::<2, _>(
                    &mut ScoreRow::<_, ABSORBS> {
                        sweep: self,
                        begins: energies.first == all.first,
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

    /// A target energy: gathered, or emptied where nothing comes to the angle.
    #[inline(always)]
    fn arrive(&mut self, angle: usize, energies: Span, target: usize) {
        if self.to_angles[target].contains(angle) {
            return self.lose(angle, energies, target);
        }
        let (z, chunks) = (self.to.z, chunk_span(self.to.x));
        empty_rows(self.next, self.layout, target, angle, z, chunks);
    }

    #[inline(always)]
    fn lose(&mut self, angle: usize, energies: Span, target: usize) {
        let (chunks, planes) = (chunk_span(self.from.x), self.planes);
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
                by_groups::<4, _>(&mut work, run.chunks.shared(chunks));
            }
        }
    }
}

/// Some energies of a run's row, scored.
struct ScoreRow<'r, 'a, T, const ABSORBS: bool> {
    sweep: &'r mut LoseEnergy<'a, T>,
    energies: Span,
    /// True where sums begin.
    begins: bool,
    class: usize,
    /// First chunk of the row at energy bin 0.
    row: usize,
    run: &'r Run,
}

impl<T: Real, const ABSORBS: bool> ByGroup for ScoreRow<'_, '_, T, ABSORBS> {
    #[inline(always)]
    fn group<const N: usize>(&mut self, first: usize) {
        self.score::<N>(first);
        if ABSORBS {
            self.absorb::<N>(first);
        }
    }
}

impl<T: Real, const ABSORBS: bool> ScoreRow<'_, '_, T, ABSORBS> {
    /// The first chunk at energy bin 0, and chunks from one energy to the next.
    #[inline(always)]
    fn place(&self, first: usize) -> (usize, usize) {
        let pitch = self.sweep.layout.index(1, 0, 0) / LANES;
        (self.row + first, pitch)
    }

    /// The scores are written out one by one, or the compiler vectorises over them instead of over x.
    #[inline(always)]
    fn score<const N: usize>(&mut self, first: usize) {
        let (start, pitch) = self.place(first);
        let sweep = &mut *self.sweep;
        let mut sums = [Group::<T, N>::ZERO; SCORES];
        if !self.begins {
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
        }
        for i in 0..N {
            let target = &mut sweep.partial[start + i];
            target[WEIGHT].take_lanes(weight.0[i], &self.run.lanes);
            target[ENERGY].take_lanes(energy_mev.0[i], &self.run.lanes);
            target[DEPOSIT].take_lanes(deposit.0[i], &self.run.lanes);
            target[STOPPED].take_lanes(stopped.0[i], &self.run.lanes);
            target[LET_DEPOSIT].take_lanes(let_deposit.0[i], &self.run.lanes);
            target[PATH].take_lanes(path.0[i], &self.run.lanes);
        }
    }

    /// What reactions take.
    #[inline(always)]
    fn absorb<const N: usize>(&mut self, first: usize) {
        let (start, pitch) = self.place(first);
        let sweep = &mut *self.sweep;
        let mut sums = [Group::<T, N>::ZERO; MOMENTS];
        if !self.begins {
            for i in 0..N {
                for n in 0..MOMENTS {
                    sums[n].0[i] = sweep.absorbed[start + i][n];
                }
            }
        }
        let [mut weight, mut first, mut second, mut third] = sums;
        for energy in self.energies.range() {
            let at = start + energy * pitch;
            let cells = &sweep.psi[at..at + N];
            let c = sweep.table.absorbed_of(self.run.medium, energy, self.class);
            weight.add_scaled(c[0], cells);
            first.add_scaled(c[1], cells);
            second.add_scaled(c[2], cells);
            third.add_scaled(c[3], cells);
        }
        for i in 0..N {
            let target = &mut sweep.absorbed[start + i];
            target[0].take_lanes(weight.0[i], &self.run.lanes);
            target[1].take_lanes(first.0[i], &self.run.lanes);
            target[2].take_lanes(second.0[i], &self.run.lanes);
            target[3].take_lanes(third.0[i], &self.run.lanes);
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
        sum.without_negligible().store(
            &mut self.sweep.next[target..target + N],
            &self.run.lanes,
            self.sweep.past_caches,
        );
    }
}
