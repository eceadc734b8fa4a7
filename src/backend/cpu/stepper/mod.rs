//! One spot's march on the CPU: which sweep runs on what, and what it enters.

mod angles;
mod collected;
mod inject;
mod state;
mod window;

use super::simd::{Chunk, InstructionSet};
use super::sweeps::{LoseEnergy, Scatter, Stream, StreamScratch};
use super::{Cpu, Extent, layout};
use crate::backend::{ALIVE_AT_LEAST, PlaneSpectra, Stepper, Stride, Tally};
use crate::beam::Source;
use crate::case::Stepping;
use crate::error::{Error, Result};
use crate::ledger::{Amount, Ledger, StepEntry};
use crate::march::{March, Tables};
use crate::media::Run;
use crate::memory::Buffer;
use crate::nuclear::Term;
use crate::operators::energy_loss::{MOMENTS, SCORES};
use crate::operators::streaming::{Displacement, Limit};
use crate::phase_space::{Layout, Span, Window};
use crate::real::Real;
use crate::scoring::{Scores, mirror_pairs};

/// psi, and where one spot's march stands.
pub(super) struct CpuStepper<'a, T> {
    march: &'a March<'a>,
    tables: Tables<T>,
    instructions: InstructionSet,
    cached_bytes: usize,
    layout: Layout,
    /// Place in a row that the grid's first cell has: windows count places.
    lead: usize,
    /// The phantom's planes, by places.
    planes: Vec<Vec<Run>>,
    psi: Buffer<Chunk<T>>,
    next: Buffer<Chunk<T>>,
    window: Window,
    /// By energy: the angles of the window that are not empty, and those of `next`. At the others the window holds zeros.
    angles: Vec<Span>,
    next_angles: Vec<Span>,
    scratch: StreamScratch<T>,
    /// [angle, z, chunk] scores of the step in work, summed over energy.
    partial: Buffer<[Chunk<T>; SCORES]>,
    /// [angle, z, chunk] likewise, of what reactions take.
    absorbed: Buffer<[Chunk<T>; MOMENTS]>,
    /// [angle, z, chunk] weight and energy that the energy loss will leave, summed over energy: the window is trimmed by them.
    remaining_weight: Buffer<Chunk<T>>,
    remaining_energy: Buffer<Chunk<T>>,
    /// [chunk] scores of the plane in work, summed over angle.
    sums: Buffer<[Chunk<f64>; SCORES]>,
    absorbed_sums: Buffer<[Chunk<f64>; MOMENTS]>,
    mirror_pairs: Vec<(usize, usize)>,
    scores: Scores,
    ledger: Ledger,
    entry: StepEntry,
    cell_updates: u64,
    largest_window: u64,
    /// No march is over before so many steps are done.
    steps_at_least: usize,
}

impl<'a, T: Real> CpuStepper<'a, T> {
    /// # Errors
    /// Out of memory.
    pub(super) fn new(march: &'a March<'a>, cpu: &Cpu) -> Result<Self> {
        let tables = march.tables::<T>();
        let layout = layout(march);
        let space = &march.phase_space.space;
        let extent = Extent::of(layout);
        // Zeroed pages that the beam never visits are never touched.
        let zeroed = |chunks: usize| Buffer::<Chunk<T>>::zeroed(chunks, "the phase space");
        Ok(CpuStepper {
            march,
            instructions: cpu.instructions,
            cached_bytes: cpu.cached_bytes,
            layout,
            lead: 0,
            planes: march.media.planes(0),
            psi: zeroed(extent.psi)?,
            next: zeroed(extent.psi)?,
            window: Window::default(),
            angles: vec![Span::default(); layout.energies],
            next_angles: vec![Span::default(); layout.energies],
            scratch: StreamScratch::new(layout)?,
            partial: Buffer::zeroed(extent.summed, "the scores of a step")?,
            absorbed: Buffer::zeroed(extent.summed, "the scores of a step")?,
            remaining_weight: zeroed(extent.summed)?,
            remaining_energy: zeroed(extent.summed)?,
            sums: Buffer::zeroed(extent.row, "the scores of a plane")?,
            absorbed_sums: Buffer::zeroed(extent.row, "the scores of a plane")?,
            mirror_pairs: mirror_pairs(&march.phase_space.angle),
            scores: Scores::new(space),
            ledger: Ledger::default(),
            entry: StepEntry::default(),
            cell_updates: 0,
            largest_window: 0,
            steps_at_least: 0,
            tables,
        })
    }

    fn depth_stepping(&self) -> bool {
        self.march.case.transport.stepping == Stepping::Depth
    }

    /// Nothing in psi, and no tallies.
    fn empty(&mut self) {
        self.scores = Scores::new(&self.march.phase_space.space);
        self.ledger = Ledger::default();
        self.entry = StepEntry::default();
        (self.cell_updates, self.largest_window) = (0, 0);
        self.steps_at_least = 0;
        self.fill_window(Window::default());
    }

    /// A window that may hold something everywhere.
    fn fill_window(&mut self, window: Window) {
        self.window = window;
        self.angles.fill(window.angle);
    }

    /// The phantom's plane that stored plane 0 is.
    fn plane(&self, step: usize) -> usize {
        if self.depth_stepping() { step } else { 0 }
    }

    fn limits(&self) -> Window {
        let (allowed, space) = (
            self.march.phase_space.angles_allowed,
            &self.march.phase_space.space,
        );
        Window {
            energy: Span::new(0, self.layout.energies),
            angle: Span::new(allowed.0, allowed.1),
            z: Span::new(0, self.layout.planes),
            x: Span::new(self.lead, self.lead + space.cells_x),
        }
    }

    /// True where psi in a window does not stay in the caches until the next operator reads it.
    fn past_caches(&self, window: &Window) -> bool {
        window.cells() * size_of::<T>() > self.cached_bytes
    }

    /// `next` becomes psi, in the window it was written in.
    fn turn(&mut self, window: Window) {
        std::mem::swap(&mut self.psi, &mut self.next);
        std::mem::swap(&mut self.angles, &mut self.next_angles);
        self.window = window;
        self.cell_updates += window.cells() as u64;
        self.largest_window = self.largest_window.max(window.cells() as u64);
    }
}

/// Cells that displacements reach beyond a window: towards lower and higher indices.
fn reach<T: Real>(displacements: &[Displacement<T>]) -> (usize, usize) {
    let towards = |direction: isize| {
        displacements
            .iter()
            .filter(move |d| d.direction == direction)
    };
    let most = |direction: isize| {
        towards(direction)
            .map(Displacement::reach)
            .max()
            .unwrap_or(0)
    };
    (most(-1), most(1))
}

impl<T: Real> Stepper for CpuStepper<'_, T> {
    fn load(&mut self, sources: &[Source]) -> Result<()> {
        let [source] = sources else {
            return Err(Error::internal("the CPU marches one spot at a time"));
        };
        self.empty();
        self.place(source);
        if self.march.case.transport.prune == 0.0 {
            // Dense: the window is the whole grid, and stays it.
            self.fill_window(self.limits());
        }
        self.ledger.injected = self.alive();
        self.ledger.not_injected = self.ledger.injected.lacking_to_one();
        Ok(())
    }

    fn clear(&mut self, births_end: usize) -> Result<()> {
        self.empty();
        self.steps_at_least = births_end + 1;
        Ok(())
    }

    fn inject(&mut self, terms: &[Term]) -> Result<()> {
        self.add_born(terms);
        Ok(())
    }

    fn stream(&mut self, stride: Stride) -> Result<()> {
        if self.window.is_empty() {
            return Ok(());
        }
        let limits = self.limits();
        let (along_x, along_z) = (
            self.tables.displacements_x(stride),
            self.tables.displacements_z(stride),
        );
        let angles = self.window.angle.range();
        let (left, right) = reach(&along_x[angles.clone()]);
        let (back, ahead) = if along_z.is_empty() {
            (0, 0)
        } else {
            reach(&along_z[angles])
        };
        let to = Window {
            x: self.window.x.grown(left, right, limits.x),
            z: self.window.z.grown(back, ahead, limits.z),
            ..self.window
        };
        let mut leaked = [(0.0, 0.0); 4];
        let past_caches = self.past_caches(&to);
        self.instructions.run(Stream {
            layout: self.layout,
            cells_x: limits.x,
            from: self.window,
            to,
            angles: &self.angles,
            along_x,
            along_z,
            limit: Limit::of(self.march.case.transport.stepping),
            energies_mev: &self.march.phase_space.energy.centers_mev,
            psi: bytemuck::cast_slice(&self.psi),
            next: bytemuck::cast_slice_mut(&mut self.next),
            scratch: &mut self.scratch,
            past_caches,
            leaked: &mut leaked,
        });
        for (side, (weight, energy)) in leaked.into_iter().enumerate() {
            self.entry.leaked[side].add(Amount::new(weight, energy));
        }
        self.keep_angles();
        self.turn(to);
        Ok(())
    }

    fn scatter(&mut self, step: usize) -> Result<()> {
        if self.window.is_empty() {
            return Ok(());
        }
        let phase_space = &self.march.phase_space;
        let to = Window {
            angle: self.scatter_angles(step),
            ..self.window
        };
        let mut rejected = (0.0, 0.0);
        let past_caches = self.past_caches(&to);
        self.instructions.run(Scatter {
            layout: self.layout,
            from: self.window,
            to,
            from_angles: &self.angles,
            to_angles: &self.next_angles,
            periodic: phase_space.angle.periodic,
            mirror_class: &phase_space.angle.mirror_class,
            table: self.tables.scattering(step),
            planes: &self.planes,
            plane: self.plane(step),
            energies_mev: &phase_space.energy.centers_mev,
            psi: &self.psi,
            next: &mut self.next,
            rejected: &mut rejected,
            past_caches,
        });
        self.entry.rejected.add(Amount::new(rejected.0, rejected.1));
        self.turn(to);
        Ok(())
    }

    fn lose_energy(&mut self, step: usize) -> Result<()> {
        if !self.window.is_empty() {
            let (table, limits) = (&self.tables.energy_loss, self.limits());
            let from = self.window.energy;
            let to = Window {
                energy: from.grown(table.reach_down, table.reach_up, limits.energy),
                ..self.window
            };
            let past_caches = self.past_caches(&to);
            self.slow_angles(to.energy);
            self.instructions.run(LoseEnergy {
                layout: self.layout,
                from: self.window,
                to,
                from_angles: &self.angles,
                to_angles: &self.next_angles,
                mirror_class: &self.march.phase_space.angle.mirror_class,
                table: &self.tables.energy_loss,
                planes: &self.planes,
                plane: self.plane(step),
                psi: &self.psi,
                next: &mut self.next,
                partial: &mut self.partial,
                absorbed: &mut self.absorbed,
                past_caches,
            });
            self.collect(step);
            self.turn(to);
            self.trim();
        }
        self.ledger.steps.push(std::mem::take(&mut self.entry));
        Ok(())
    }

    fn is_empty(&self) -> bool {
        let alive = self.ledger.steps.last().map_or(f64::INFINITY, |step| {
            step.alive.weight - step.stopped_weight - step.absorbed.weight
        });
        let over = self.window.is_empty() || alive < ALIVE_AT_LEAST;
        over && self.ledger.steps.len() >= self.steps_at_least
    }

    fn plane_spectra(&mut self, half_stride: Option<Stride>) -> Result<PlaneSpectra> {
        let kept = (self.window, self.entry, self.cell_updates);
        let mut spectra = PlaneSpectra {
            by_energy: vec![0.0; self.layout.energies],
            by_angle: vec![0.0; self.layout.angles],
            phase_space: Vec::new(),
        };
        if !self.window.is_empty() {
            self.sum_spectra(&mut spectra);
            if let Some(stride) = half_stride {
                self.stream(stride)?;
            }
            spectra.phase_space = self.copy_psi();
            if half_stride.is_some() {
                std::mem::swap(&mut self.psi, &mut self.next);
                std::mem::swap(&mut self.angles, &mut self.next_angles);
            }
        }
        (self.window, self.entry, self.cell_updates) = kept;
        Ok(spectra)
    }

    fn unload(
        &mut self,
        weights: &[f64],
        take: &mut dyn FnMut(Scores) -> Result<()>,
    ) -> Result<Vec<Tally>> {
        let left = self.alive();
        self.ledger.last_leaked = self.entry.leaked;
        self.march.enter_left(&mut self.ledger, left);
        let fresh = Scores::new(&self.march.phase_space.space);
        let scores = std::mem::replace(&mut self.scores, fresh);
        take(scores.scaled(weights.iter().sum()))?;
        Ok(vec![Tally {
            ledger: std::mem::take(&mut self.ledger),
            cell_updates: self.cell_updates,
            largest_window: self.largest_window,
        }])
    }

    fn put_state(&mut self, row: &dyn Fn(usize, &mut [f64])) -> Result<()> {
        self.empty();
        self.put_psi(row);
        self.ledger.injected = self.alive();
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<f64>> {
        Ok(self.dense_psi())
    }

    fn copy_state(&mut self) -> Result<()> {
        self.next.copy_from_slice(&self.psi);
        Ok(())
    }

    fn synchronize(&mut self) -> Result<()> {
        Ok(())
    }

    fn batch_capacity(&self) -> usize {
        1
    }
}
