//! Injection: psi[energy, angle, x] += sum over terms of emission[energy, angle] row[x]; the window grows to hold it.

use super::simd::{Chunk, Sweep};
use super::sweeps::chunk_span;
use super::{Amount, CpuStepper};
use crate::nuclear::Term;
use crate::phase_space::{LANES, Layout, Span, Window};
use crate::real::Real;

impl<T: Real> CpuStepper<'_, T>
where
    Chunk<T>: bytemuck::Zeroable,
{
    /// Adds what is born at the plane, and enters it.
    pub(super) fn add_born(&mut self, terms: &[Term]) {
        self.drop_negligible();
        let lines: Vec<Line<T>> = terms
            .iter()
            .map(|term| Line::new(term, self.layout))
            .collect();
        let box_of_all = lines.iter().map(|line| line.window).reduce(enclosing);
        let Some(born) = box_of_all.filter(|window| !window.is_empty()) else {
            return;
        };
        let window = if self.window.is_empty() {
            born
        } else {
            enclosing(self.window, born)
        };
        self.empty_between(window);
        self.window = window;
        for line in &lines {
            self.entry
                .born
                .add(line.amount(&self.march.phase_space.energy.centers_mev));
            self.instructions.run(Inject {
                layout: self.layout,
                line,
                psi: &mut self.psi,
            });
        }
        self.cell_updates += born.cells() as u64;
    }

    /// Zeros where next to nothing is left: a wide window far from its sources would fill with subnormal numbers.
    fn drop_negligible(&mut self) {
        self.instructions.run(DropNegligible {
            layout: self.layout,
            window: self.window,
            psi: &mut self.psi,
        });
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

fn enclosing(a: Window, b: Window) -> Window {
    let span = |a: Span, b: Span| Span::new(a.first.min(b.first), a.last.max(b.last));
    Window {
        energy: span(a.energy, b.energy),
        angle: span(a.angle, b.angle),
        z: span(a.z, b.z),
        x: span(a.x, b.x),
    }
}

/// A term in the run's arithmetic.
struct Line<'a, T> {
    term: &'a Term<'a>,
    window: Window,
    row: Vec<Chunk<T>>,
}

impl<'a, T: Real> Line<'a, T> {
    fn new(term: &'a Term<'a>, layout: Layout) -> Line<'a, T> {
        let mut row = vec![Chunk::<T>::ZERO; layout.row / LANES];
        for (x, &weight) in term.row.iter().enumerate() {
            row[x / LANES].0[x % LANES] = T::from_f64(weight);
        }
        let held = |&x: &usize| term.row[x] != 0.0;
        let first = (0..term.row.len()).find(held).unwrap_or(0);
        let last = (0..term.row.len()).rev().find(held).map_or(0, |x| x + 1);
        Line {
            term,
            window: Window {
                energy: term.emission.energies(),
                angle: Span::new(0, layout.angles),
                z: Span::new(0, 1),
                x: Span::new(first, last),
            },
            row,
        }
    }

    fn coefficient(&self, energy: usize, angle: usize) -> T {
        T::from_f64(self.term.emission.weight(energy, angle))
    }

    fn amount(&self, energies_mev: &[f64]) -> Amount {
        let row: f64 = self
            .row
            .iter()
            .flat_map(|chunk| chunk.0)
            .map(T::to_f64)
            .sum();
        let mut sum = Amount::default();
        for energy in self.window.energy.range() {
            let angles = self.window.angle.range();
            let weight: f64 = angles.map(|a| self.coefficient(energy, a).to_f64()).sum();
            sum.add(Amount::new(
                weight * row,
                weight * row * energies_mev[energy],
            ));
        }
        sum
    }
}

struct Inject<'a, T> {
    layout: Layout,
    line: &'a Line<'a, T>,
    psi: &'a mut [Chunk<T>],
}

impl<T: Real> Sweep for Inject<'_, T> {
    #[inline(always)]
    fn run(self) {
        let window = self.line.window;
        let (energies, angles, chunks) = (window.energy, window.angle, chunk_span(window.x));
        for energy in energies.range() {
            for angle in angles.range() {
                let weight = T::from_f64(self.line.term.emission.weight(energy, angle));
                let start = self.layout.index(energy, angle, 0) / LANES;
                for chunk in chunks.range() {
                    self.psi[start + chunk].add_scaled(weight, &self.line.row[chunk]);
                }
            }
        }
    }
}

struct DropNegligible<'a, T> {
    layout: Layout,
    window: Window,
    psi: &'a mut [Chunk<T>],
}

impl<T: Real> Sweep for DropNegligible<'_, T> {
    #[inline(always)]
    fn run(self) {
        let chunks = chunk_span(self.window.x);
        for energy in self.window.energy.range() {
            for angle in self.window.angle.range() {
                let start = self.layout.index(energy, angle, 0) / LANES;
                for chunk in chunks.range() {
                    let cells = &mut self.psi[start + chunk].0;
                    for l in 0..LANES {
                        let cell = cells[l];
                        cells[l] = if cell < T::NEGLIGIBLE { T::ZERO } else { cell };
                    }
                }
            }
        }
    }
}
