//! The angles of every energy that are not empty: operators look at no others, and leave zeros there.

use super::CpuStepper;
use crate::backend::born::Born;
use crate::backend::cpu::sweeps::TrimAngles;
use crate::ledger::Amount;
use crate::phase_space::Span;
use crate::real::Real;

/// Share of the threshold for cells of psi at the rims of an energy's angles. Every energy has its own, so that they drop more often:
/// all that is pruned grows by a twentieth by them (`moliere`: a tenth); with 0.03, by a sixth and two fifths.
const ANGLE_RIM_SHARE: f64 = 0.01;

impl<T: Real> CpuStepper<'_, T> {
    /// Streaming changes no angle.
    pub(super) fn keep_angles(&mut self) {
        let energies = self.window.energy.range();
        self.next_angles[energies.clone()].copy_from_slice(&self.angles[energies]);
    }

    /// Notes the angles that a step's scattering may fill; returns those of the window.
    pub(super) fn scatter_angles(&mut self, step: usize) -> Span {
        let mut most = 0;
        for energy in self.window.energy.range() {
            let reach = self.tables.scattering(step).reach(energy);
            self.next_angles[energy] = self.reached(self.angles[energy], reach);
            most = most.max(reach);
        }
        self.reached(self.window.angle, most)
    }

    /// Angles that a scattering of `reach` bins may fill.
    fn reached(&self, from: Span, reach: usize) -> Span {
        if from.is_empty() {
            return from;
        }
        let grown = from.grown(reach, reach, self.limits().angle);
        let over = from.first < reach || from.last + reach > self.layout.angles;
        if self.march.phase_space.angle.periodic && over {
            self.limits().angle
        } else {
            grown
        }
    }

    /// Notes the angles of the energies that something slows down to: those of all that may come there.
    pub(super) fn slow_angles(&mut self, targets: Span) {
        let table = &self.tables.energy_loss;
        for target in targets.range() {
            let own = Span::new(target, target + 1);
            let sources = own.grown(table.reach_up, table.reach_down, self.window.energy);
            let angles = self.angles[sources.range()].iter().copied();
            self.next_angles[target] = angles.reduce(Span::enclosing).unwrap_or_default();
        }
    }

    /// Takes what is born into the angles of the window's energies.
    pub(super) fn grow_angles(&mut self, energies: Span, list: &[Born<T>]) {
        for energy in energies.range() {
            let held = self.window.energy.contains(energy);
            let mut angles = if held {
                self.angles[energy]
            } else {
                Span::default()
            };
            for born in list {
                angles = angles.enclosing(born.angles_at(energy));
            }
            self.angles[energy] = angles;
        }
    }

    /// Drops the outermost angles of each energy in which no cell of psi reaches the threshold.
    pub(super) fn trim_angles(&mut self, threshold: f64) {
        for energy in self.window.energy.range() {
            self.angles[energy] = self.angles[energy].shared(self.window.angle);
        }
        if threshold == 0.0 {
            return;
        }
        let mut dropped = (0.0, 0.0);
        self.instructions.run(TrimAngles {
            layout: self.layout,
            window: self.window,
            threshold: T::from_f64(threshold * ANGLE_RIM_SHARE),
            energies_mev: &self.march.phase_space.energy.centers_mev,
            angles: &mut self.angles,
            psi: &mut self.psi,
            dropped: &mut dropped,
        });
        self.entry.pruned.add(Amount::new(dropped.0, dropped.1));
    }
}
