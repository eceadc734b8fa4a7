//! psi from a source, as sums, and as a dense array.

use super::CpuStepper;
use crate::backend::PlaneSpectra;
use crate::backend::cpu::simd::Chunk;
use crate::backend::cpu::sweeps::chunk_span;
use crate::beam::{BinWeights, Source};
use crate::phase_space::{LANES, Span, Window};
use crate::real::Real;

impl<T: Real> CpuStepper<'_, T> {
    /// Lays the rows so that a beam's middle lies between two chunks; psi must be empty.
    pub(super) fn lay_rows(&mut self, cells_x: Span) {
        let shifts = self.layout.row > self.march.phase_space.row();
        let middle = (cells_x.first + cells_x.last) / 2;
        let lead = if shifts {
            (LANES - middle % LANES) % LANES
        } else {
            0
        };
        if lead != self.lead {
            self.lead = lead;
            self.planes = self.march.media.planes(lead);
        }
    }

    /// Fills psi from a source; the window is the source's box.
    pub(super) fn place(&mut self, source: &Source) {
        let span = |bins: &BinWeights| Span::new(bins.first, bins.first + bins.weights.len());
        let x_first = source.x_by_angle.iter().map(|x| x.first).min().unwrap_or(0);
        let x_last = source
            .x_by_angle
            .iter()
            .map(|x| x.first + x.weights.len())
            .max()
            .unwrap_or(0);
        self.lay_rows(Span::new(x_first, x_last));
        self.fill_window(Window {
            energy: span(&source.energy),
            angle: span(&source.angle),
            z: Span::new(0, 1),
            x: Span::new(self.lead + x_first, self.lead + x_last),
        });
        for (i, energy) in self.window.energy.range().enumerate() {
            for (k, angle) in self.window.angle.range().enumerate() {
                let start = self.layout.index(energy, angle, 0);
                let chunks = chunk_span(self.window.x);
                self.psi[start / LANES + chunks.first..start / LANES + chunks.last]
                    .fill(Chunk::ZERO);
                let row = &source.x_by_angle[k];
                let weight = source.energy.weights[i] * source.angle.weights[k];
                for (l, share) in row.weights.iter().enumerate() {
                    let x = self.lead + row.first + l;
                    self.psi[(start + x) / LANES].0[x % LANES] = T::from_f64(weight * share);
                }
            }
        }
    }

    /// Adds psi up by energy and by angle.
    pub(super) fn sum_spectra(&self, spectra: &mut PlaneSpectra) {
        for energy in self.window.energy.range() {
            for angle in self.window.angle.range() {
                let at = |span: usize| Span::new(span, span + 1);
                let row = Window {
                    energy: at(energy),
                    angle: at(angle),
                    ..self.window
                };
                let weight = self.sum(&self.psi, row);
                spectra.by_energy[energy] += weight;
                spectra.by_angle[angle] += weight;
            }
        }
    }

    /// psi as a dense [energy, angle, x] array (one stored plane).
    pub(super) fn copy_psi(&self) -> Vec<f32> {
        let cells_x = self.march.phase_space.space.cells_x;
        let mut copy = vec![0.0; self.layout.energies * self.layout.angles * cells_x];
        for energy in self.window.energy.range() {
            for angle in self.window.angle.range() {
                let (from, to) = (
                    self.layout.index(energy, angle, 0),
                    (energy * self.layout.angles + angle) * cells_x,
                );
                for x in self.window.x.range() {
                    copy[to + x - self.lead] =
                        self.psi[(from + x) / LANES].0[x % LANES].to_f64() as f32;
                }
            }
        }
        copy
    }

    /// Fills psi row by row; the window is the whole grid.
    pub(super) fn put_psi(&mut self, fill: &dyn Fn(usize, &mut [f64])) {
        self.fill_window(self.limits());
        let mut weights = vec![0.0; self.march.phase_space.space.cells_x];
        for (i, row) in self.psi.chunks_mut(self.layout.row / LANES).enumerate() {
            fill(i, &mut weights);
            row.fill(Chunk::ZERO);
            for (x, &weight) in weights.iter().enumerate() {
                let place = self.lead + x;
                row[place / LANES].0[place % LANES] = T::from_f64(weight);
            }
        }
    }

    /// psi as a dense [energy, angle, z, x] array, zeros outside the window.
    pub(super) fn dense_psi(&self) -> Vec<f64> {
        let (layout, window) = (self.layout, self.window);
        let cells_x = self.march.phase_space.space.cells_x;
        let mut state = vec![0.0; layout.energies * layout.angles * layout.planes * cells_x];
        for energy in window.energy.range() {
            for angle in window.angle.range() {
                for z in window.z.range() {
                    let from = layout.index(energy, angle, z);
                    for x in window.x.range() {
                        state[from / layout.row * cells_x + x - self.lead] =
                            self.psi[(from + x) / LANES].0[x % LANES].to_f64();
                    }
                }
            }
        }
        state
    }
}
