//! The active window's rims: what a march finds there, and drops.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use super::CpuStepper;
use crate::backend::cpu::simd::Chunk;
use crate::backend::cpu::sweeps::chunk_span;
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
    }

    /// Empties a column that leaves the window: its chunk may stay.
    fn clear_column(&mut self, rim: Window) {
        for angle in rim.angle.range() {
            for z in rim.z.range() {
                let cell = self.layout.index(0, angle, z) + rim.x.first;
                self.remaining_weight[cell / LANES].0[cell % LANES] = T::ZERO;
                self.remaining_energy[cell / LANES].0[cell % LANES] = T::ZERO;
            }
        }
        for energy in rim.energy.range() {
            for angle in rim.angle.range() {
                for z in rim.z.range() {
                    let cell = self.layout.index(energy, angle, z) + rim.x.first;
                    self.psi[cell / LANES].0[cell % LANES] = T::ZERO;
                }
            }
        }
    }

    fn largest_in(&self, dimension: Dimension, end: End) -> f64 {
        let rim = self.window.rim(dimension, end);
        match dimension {
            Dimension::Energy => {
                largest(rows(&self.psi, self.layout, rim), rim.x) / ENERGY_RIM_SHARE
            }
            _ => largest(
                rows(&self.remaining_weight, self.layout, without_energy(rim)),
                rim.x,
            ),
        }
    }

    fn sum_in(&self, dimension: Dimension, end: End) -> Amount {
        let rim = self.window.rim(dimension, end);
        if dimension == Dimension::Energy {
            return self.amount_at_energy(rim.energy.first);
        }
        let sum_of = |cells: &[Chunk<T>]| sum(rows(cells, self.layout, without_energy(rim)), rim.x);
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
        let weight = sum(rows(&self.psi, self.layout, window), window.x);
        Amount::new(
            weight,
            weight * self.march.phase_space.energy.centers_mev[energy],
        )
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

/// The window on arrays that were summed over energy.
fn without_energy(window: Window) -> Window {
    Window {
        energy: Span::new(0, 1),
        ..window
    }
}

/// The rows of a window, whole chunks of them.
pub(super) fn rows<T>(
    cells: &[Chunk<T>],
    layout: Layout,
    window: Window,
) -> impl Iterator<Item = &[Chunk<T>]> {
    let columns = window
        .energy
        .range()
        .flat_map(move |e| window.angle.range().map(move |a| (e, a)));
    let starts = columns
        .flat_map(move |(e, a)| window.z.range().map(move |z| layout.index(e, a, z) / LANES));
    let chunks = chunk_span(window.x);
    starts.map(move |start| &cells[start + chunks.first..start + chunks.last])
}

/// Largest cell of rows of chunks within `x`. Cells of the window's own chunks outside the window are zeros, so that only a
/// single column needs to be told from its neighbours.
fn largest<'c, T: Real>(rows: impl Iterator<Item = &'c [Chunk<T>]>, x: Span) -> f64 {
    let mut most = Chunk::<T>::ZERO;
    for row in rows {
        for chunk in row {
            most.keep_larger(chunk);
        }
    }
    let single = x.len() == 1;
    let lanes = (0..LANES).filter(|&l| !single || l == x.first % LANES);
    lanes.fold(T::ZERO, |all, l| all.larger(most.0[l])).to_f64()
}

/// Sum of rows of chunks within `x`, lanes first, in f64.
pub(super) fn sum<'c, T: Real>(rows: impl Iterator<Item = &'c [Chunk<T>]>, x: Span) -> f64 {
    let mut sums = [0.0; LANES];
    for row in rows {
        for chunk in row {
            for l in 0..LANES {
                sums[l] += chunk.0[l].to_f64();
            }
        }
    }
    let single = x.len() == 1;
    (0..LANES)
        .filter(|&l| !single || l == x.first % LANES)
        .map(|l| sums[l])
        .sum()
}
