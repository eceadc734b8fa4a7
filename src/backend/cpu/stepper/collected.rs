//! What a step's energy loss scored, summed over angle into the maps and the ledger.

use super::CpuStepper;
use crate::backend::cpu::sweeps::Collect;
use crate::ledger::Amount;
use crate::operators::energy_loss::{DEPOSIT, ENERGY, LET_DEPOSIT, MOMENTS, PATH, STOPPED, WEIGHT};
use crate::phase_space::LANES;
use crate::real::Real;

impl<T: Real> CpuStepper<'_, T> {
    /// Sums the scores of every plane over angle into the maps and the step's entry.
    pub(super) fn collect(&mut self, step: usize) {
        for z in self.window.z.range() {
            self.instructions.run(Collect {
                layout: self.layout,
                window: self.window,
                z,
                mirror_pairs: &self.mirror_pairs,
                partial: &self.partial,
                absorbed: &self.absorbed,
                absorbs: self.tables.energy_loss.absorbs(),
                remaining_weight: &mut self.remaining_weight,
                remaining_energy: &mut self.remaining_energy,
                sums: &mut self.sums,
                absorbed_sums: &mut self.absorbed_sums,
            });
            self.enter_scores(self.plane(step) + z);
        }
    }

    /// Adds a plane's sums to the maps and to the step's entry.
    fn enter_scores(&mut self, plane: usize) {
        for x in self.window.x.range() {
            let sum = |q: usize| self.sums[x / LANES][q].0[x % LANES];
            let cell = [plane, x - self.lead];
            self.scores.deposit_mev[cell] += sum(DEPOSIT);
            self.scores.let_deposit[cell] += sum(LET_DEPOSIT);
            self.scores.path_mm[cell] += sum(PATH);
            self.entry.alive.add(Amount::new(sum(WEIGHT), sum(ENERGY)));
            self.entry.stopped_weight += sum(STOPPED);
            self.entry.deposited_mev += sum(DEPOSIT);
        }
        if self.tables.energy_loss.absorbs() {
            self.enter_absorbed(plane);
        }
    }

    fn enter_absorbed(&mut self, plane: usize) {
        for x in self.window.x.range() {
            let sums = &self.absorbed_sums[x / LANES];
            let moments: [f64; MOMENTS] = std::array::from_fn(|n| sums[n].0[x % LANES]);
            for (map, moment) in self.scores.absorbed.iter_mut().zip(moments) {
                map[[plane, x - self.lead]] += moment;
            }
            let [weight, energy_mev, ..] = moments;
            self.entry.absorbed.add(Amount::new(weight, energy_mev));
        }
    }
}
