//! Injection: psi[energy, angle, x] += sum over terms of emission[energy, angle] row[x]; the window grows to hold it.

use super::CpuStepper;
use crate::backend::born::{Born, cells_x, enclosing, enclosing_all};
use crate::backend::cpu::simd::{Chunk, Sweep};
use crate::backend::cpu::sweeps::chunk_span;
use crate::nuclear::Term;
use crate::phase_space::{LANES, Layout, Span, Window};
use crate::real::Real;

impl<T: Real> CpuStepper<'_, T> {
    /// Adds what is born at the plane, and enters it.
    pub(super) fn add_born(&mut self, terms: &[Term]) {
        if self.window.is_empty() {
            let cells = terms.iter().map(cells_x).reduce(Span::enclosing);
            self.lay_rows(cells.unwrap_or_default());
        }
        let list: Vec<Born<T>> = terms
            .iter()
            .map(|term| Born::new(term, self.layout, self.lead))
            .collect();
        let born = enclosing_all(&list);
        if born.is_empty() {
            return;
        }
        let window = if self.window.is_empty() {
            born
        } else {
            enclosing(self.window, born)
        };
        self.empty_between(window);
        self.grow_angles(window.energy, &list);
        self.window = window;
        for born in &list {
            let amount = born.amount(&self.march.phase_space.energy.centers_mev);
            self.entry.born.add(amount);
            self.instructions.run(Inject {
                layout: self.layout,
                born,
                row: &in_chunks(&born.row),
                psi: &mut self.psi,
            });
        }
        self.cell_updates += born.cells() as u64;
    }

    /// Empties the chunks of a larger window that the present one does not hold.
    fn empty_between(&mut self, window: Window) {
        let (old, new) = (chunk_span(self.window.x), chunk_span(window.x));
        for energy in window.energy.range() {
            for angle in window.angle.range() {
                let start = self.layout.index(energy, angle, 0) / LANES;
                let held = self.window.energy.contains(energy) && self.window.angle.contains(angle);
                for chunk in new.range().filter(|&chunk| !(held && old.contains(chunk))) {
                    self.psi[start + chunk] = Chunk::ZERO;
                }
            }
        }
    }
}

fn in_chunks<T: Real>(row: &[T]) -> Vec<Chunk<T>> {
    let chunk = |cells: &[T]| Chunk(std::array::from_fn(|lane| cells[lane]));
    row.chunks_exact(LANES).map(chunk).collect()
}

struct Inject<'a, T> {
    layout: Layout,
    born: &'a Born<T>,
    row: &'a [Chunk<T>],
    psi: &'a mut [Chunk<T>],
}

impl<T: Real> Sweep for Inject<'_, T> {
    #[inline(always)]
    fn run(self) {
        let window = self.born.window;
        let chunks = chunk_span(window.x);
        for energy in window.energy.range() {
            let emission = self.born.emission_at(energy);
            for angle in self.born.angles_at(energy).range() {
                let weight = emission[angle];
                let start = self.layout.index(energy, angle, 0) / LANES;
                for chunk in chunks.range() {
                    self.psi[start + chunk].add_scaled(weight, &self.row[chunk]);
                }
            }
        }
    }
}
