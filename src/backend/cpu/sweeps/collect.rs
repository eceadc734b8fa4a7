//! What the scores of a step sum to over angle, and what the energy loss leaves.

use super::chunk_span;
use crate::backend::cpu::simd::{Chunk, Sweep};
use crate::operators::energy_loss::{DEPOSIT, ENERGY, MOMENTS, SCORES, STOPPED, WEIGHT};
use crate::phase_space::{LANES, Layout, Window};
use crate::real::Real;

/// Sums a plane's partial scores over angle, mirror images together, and notes what the energy loss will leave.
pub struct Collect<'a, T> {
    pub layout: Layout,
    pub window: Window,
    pub z: usize,
    pub mirror_pairs: &'a [(usize, usize)],
    /// [angle, z, chunk][score]
    pub partial: &'a [[Chunk<T>; SCORES]],
    /// [angle, z, chunk][moment]; not looked at where nothing reacts.
    pub absorbed: &'a [[Chunk<T>; MOMENTS]],
    pub absorbs: bool,
    /// [angle, z, chunk]
    pub remaining_weight: &'a mut [Chunk<T>],
    pub remaining_energy: &'a mut [Chunk<T>],
    /// [chunk][score]
    pub sums: &'a mut [[Chunk<f64>; SCORES]],
    /// [chunk][moment]
    pub absorbed_sums: &'a mut [[Chunk<f64>; MOMENTS]],
}

impl<T: Real> Sweep for Collect<'_, T> {
    #[inline(always)]
    fn run(self) {
        for chunk in chunk_span(self.window.x).range() {
            for q in 0..SCORES {
                self.sums[chunk][q] = self.over_angles(self.partial, chunk, q);
            }
            if self.absorbs {
                for n in 0..MOMENTS {
                    self.absorbed_sums[chunk][n] = self.over_angles(self.absorbed, chunk, n);
                }
            }
            for angle in self.window.angle.range() {
                let at = self.at(angle, chunk);
                let partial = &self.partial[at];
                let mut weight = partial[WEIGHT].less(&partial[STOPPED]);
                let mut energy = partial[ENERGY].less(&partial[DEPOSIT]);
                if self.absorbs {
                    weight = weight.less(&self.absorbed[at][0]);
                    energy = energy.less(&self.absorbed[at][1]);
                }
                self.remaining_weight[at] = weight;
                self.remaining_energy[at] = energy;
            }
        }
    }
}

impl<T: Real> Collect<'_, T> {
    #[inline(always)]
    fn at(&self, angle: usize, chunk: usize) -> usize {
        self.layout.index(0, angle, self.z) / LANES + chunk
    }

    /// Sum of a score over the window's angles.
    #[inline(always)]
    fn over_angles<const COUNT: usize>(
        &self,
        partial: &[[Chunk<T>; COUNT]],
        chunk: usize,
        score: usize,
    ) -> Chunk<f64> {
        let angles = self.window.angle;
        let mut sum = Chunk::<f64>::ZERO;
        for &(a, b) in self.mirror_pairs {
            let of = |angle: usize| &partial[self.at(angle, chunk)][score];
            let paired = a != b && angles.contains(b);
            match (angles.contains(a), paired) {
                (true, true) => sum.add_pair(of(a), of(b)),
                (true, false) => sum.add(of(a)),
                (false, true) => sum.add(of(b)),
                (false, false) => {}
            }
        }
        sum
    }
}
