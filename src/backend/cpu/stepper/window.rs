//! The active window's rims: what a march finds there, and drops.

use super::CpuStepper;
use crate::backend::cpu::simd::Chunk;
use crate::backend::cpu::sweeps::{Largest, Total};
use crate::ledger::Amount;
use crate::phase_space::{Dimension, End, LANES, Layout, Span, Window};
use crate::real::Real;

/// A cell of psi holds about this share of the cell summed over energy that it belongs to (the spectrum is some ten bins wide).
const ENERGY_RIM_SHARE: f64 = 0.1;
impl<T: Real> CpuStepper<'_, T> {
    /// Drops layers at the window's rim in which no cell reaches the threshold: cells summed over energy at the rims of angle,
    /// x and z, cells of psi at the rims of energy.
    pub(super) fn trim(&mut self) {
        let threshold = self.march.case.transport.prune;
        let mut rims = vec![];
        for dimension in [
            Dimension::Angle,
            Dimension::X,
            Dimension::Z,
            Dimension::Energy,
        ] {
            let fixed = dimension == Dimension::Z && self.layout.planes == 1;
            if threshold > 0.0 && !fixed {
                rims.extend([(dimension, End::Low), (dimension, End::High)]);
            }
        }
        for (dimension, end) in rims {
            while !self.window.is_empty() && self.largest_in(dimension, end) < threshold {
                let dropped = self.sum_in(dimension, end);
                self.entry.pruned.add(dropped);
                if dimension == Dimension::X {
                    self.clear_column(self.window.rim(dimension, end));
                }
                self.window = self.window.without_rim(dimension, end);
            }
        }
        self.trim_angles(threshold);
    }

    /// Empties a column that leaves the window: its chunk may stay.
    fn clear_column(&mut self, rim: Window) {
        let layout = self.layout;
        clear(&mut self.remaining_weight, layout, without_energy(rim));
        clear(&mut self.remaining_energy, layout, without_energy(rim));
        clear(&mut self.psi, layout, rim);
    }

    fn largest_in(&self, dimension: Dimension, end: End) -> f64 {
        let rim = self.window.rim(dimension, end);
        match dimension {
            Dimension::Energy => self.largest(&self.psi, rim) / ENERGY_RIM_SHARE,
            _ => self.largest(&self.remaining_weight, without_energy(rim)),
        }
    }

    fn sum_in(&self, dimension: Dimension, end: End) -> Amount {
        let rim = self.window.rim(dimension, end);
        if dimension == Dimension::Energy {
            return self.amount_at_energy(rim.energy.first);
        }
        let sum_of = |cells| self.sum(cells, without_energy(rim));
        Amount::new(
            sum_of(&self.remaining_weight),
            sum_of(&self.remaining_energy),
        )
    }

    fn amount_at_energy(&self, energy: usize) -> Amount {
        let window = Window {
            energy: Span::new(energy, energy + 1),
            ..self.window
        };
        let weight = self.sum(&self.psi, window);
        Amount::new(
            weight,
            weight * self.march.phase_space.energy.centers_mev[energy],
        )
    }

    fn largest(&self, cells: &[Chunk<T>], window: Window) -> f64 {
        let mut most = Chunk::ZERO;
        self.instructions.run(Largest {
            cells,
            layout: self.layout,
            window,
            largest: &mut most,
        });
        lanes(window.x)
            .fold(T::ZERO, |all, lane| all.larger(most.0[lane]))
            .to_f64()
    }

    /// Lanes first, in f64.
    pub(super) fn sum(&self, cells: &[Chunk<T>], window: Window) -> f64 {
        let mut sums = Chunk::ZERO;
        self.instructions.run(Total {
            cells,
            layout: self.layout,
            window,
            total: &mut sums,
        });
        lanes(window.x).map(|lane| sums.0[lane]).sum()
    }

    /// Weight and energy of psi in the window.
    pub(super) fn alive(&self) -> Amount {
        let mut sum = Amount::default();
        self.window
            .energy
            .range()
            .for_each(|energy| sum.add(self.amount_at_energy(energy)));
        sum
    }
}

/// Empties a window's first column.
fn clear<T: Real>(cells: &mut [Chunk<T>], layout: Layout, window: Window) {
    let (chunk, lane) = (window.x.first / LANES, window.x.first % LANES);
    for energy in window.energy.range() {
        for angle in window.angle.range() {
            for z in window.z.range() {
                cells[layout.index(energy, angle, z) / LANES + chunk].0[lane] = T::ZERO;
            }
        }
    }
}

/// The window on arrays that were summed over energy.
fn without_energy(window: Window) -> Window {
    Window {
        energy: Span::new(0, 1),
        ..window
    }
}

/// The lanes of a window's cells. Cells of the window's own chunks outside the window are zeros, so that only a single column needs to
/// be told from its neighbours.
fn lanes(x: Span) -> impl Iterator<Item = usize> {
    let single = x.len() == 1;
    (0..LANES).filter(move |&lane| !single || lane == x.first % LANES)
}
