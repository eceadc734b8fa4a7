//! What the scores of a step sum to over angle, and what the energy loss leaves.

use super::chunk_span;
use crate::backend::cpu::simd::{Chunk, Sweep};
use crate::operators::energy_loss::{
    ABSORBED, ABSORBED_ENERGY, DEPOSIT, ENERGY, SCORES, STOPPED, WEIGHT,
};
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
            for q in 0..SCORES {
                let mut sum = Chunk::<f64>::ZERO;
                for &(a, b) in self.mirror_pairs {
                    let paired = a != b && angles.contains(b);
                    match (angles.contains(a), paired) {
                        (true, true) => {
                            sum.add_pair(&self.partial[at(a)][q], &self.partial[at(b)][q])
                        }
                        (true, false) => sum.add(&self.partial[at(a)][q]),
                        (false, true) => sum.add(&self.partial[at(b)][q]),
                        (false, false) => {}
                    }
                }
                self.sums[chunk][q] = sum;
            }
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
