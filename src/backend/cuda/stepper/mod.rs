//! A batch of spots marching in lockstep on a device: which kernels run, in which order, on which copy of psi and which window.
//!
//! Nothing here waits for the device between `load` and `unload`: the spots' windows live on the device, where the kernels
//! grow and trim them; a kernel's grid is fixed and strides over the window that it finds.

mod operators;
mod transfer;

use super::batch::{Batch, Extent, WINDOW_SLOTS};
use super::births::Births;
use super::kernel::Kernel;
use super::launcher::{Argument, Launcher, Ticket};
use super::memory::Memory;
use super::stored::Stored;
use super::tables::Packed;
use super::tally::Gathered;
use super::twins::{self, Address, DIMENSIONS};
use crate::backend::born::Born;
use crate::backend::{PlaneSpectra, Stepper, Stride, Tally};
use crate::beam::Source;
use crate::case::Stepping;
use crate::error::{Error, Result};
use crate::ledger::Amount;
use crate::march::March;
use crate::nuclear::Term;
use crate::scoring::Scores;
use std::marker::PhantomData;

/// The host asks for the spots' windows every so many steps, and never is more than twice as many steps ahead of the answer.
const STEPS_PER_LOOK: usize = 16;
/// Share of the free memory that a batch may take: the driver needs some for itself.
const MEMORY_SHARE: f64 = 0.9;
/// CUDA's limit on the second extent of a grid.
const SPOTS_AT_MOST: u64 = 65_535;

/// What fours of cells at the window's ends along x hold outside of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edges {
    Zeros,
    /// The window was trimmed.
    Anything,
}

pub struct CudaStepper<'a, S> {
    launcher: &'a dyn Launcher,
    march: &'a March<'a>,
    packed: Packed,
    _tables: Memory<'a>,
    capacity: usize,
    batch: Option<Batch<'a>>,
    births: Births<'a>,
    /// The kernels' view: tables and the batch's arrays.
    twin: twins::March,
    /// psi lies in the batch's copy number `turn` modulo 2, its window in slot number `slot` modulo `WINDOW_SLOTS`.
    turn: usize,
    slot: u32,
    gathered: Gathered,
    look: Option<Ticket>,
    steps: usize,
    /// The step from which on nothing is injected; no march is over before it. None where the beam is loaded.
    births_end: Option<i32>,
    empty: bool,
    edges: Edges,
    /// The step of a scattering that waits for the energy loss, to be done in one pass with it.
    pending: Option<usize>,
    stored: PhantomData<S>,
}

impl<'a, S: Stored> CudaStepper<'a, S> {
    /// Builds the tables and puts them on the device.
    ///
    /// # Errors
    /// `Kind::OutOfMemory`, or what the device reports.
    pub fn new(launcher: &'a dyn Launcher, march: &'a March<'a>) -> Result<CudaStepper<'a, S>> {
        let mut packed = Packed::new::<S::Arithmetic>(march);
        let tables = Memory::new(launcher, packed.bytes.len() as u64, "stencil tables")?;
        launcher.upload(tables.address, &packed.bytes)?;
        packed.moved_to(tables.address);
        let free = launcher.memory_free_bytes()? as f64 * MEMORY_SHARE;
        let fitting = free as u64 / extent(march, 1).bytes::<S>().max(1);
        Ok(CudaStepper {
            launcher,
            march,
            twin: packed.march,
            packed,
            _tables: tables,
            capacity: fitting.clamp(1, SPOTS_AT_MOST) as usize,
            batch: None,
            births: Births::new(launcher),
            turn: 0,
            slot: 0,
            gathered: Gathered::default(),
            look: None,
            steps: 0,
            births_end: None,
            empty: false,
            edges: Edges::Zeros,
            pending: None,
            stored: PhantomData,
        })
    }

    fn depth_stepping(&self) -> bool {
        self.march.case.transport.stepping == Stepping::Depth
    }

    /// The phantom's plane that stored plane 0 is.
    fn plane(&self, step: usize) -> i32 {
        if self.depth_stepping() {
            step as i32
        } else {
            0
        }
    }

    fn batch(&self) -> Result<&Batch<'a>> {
        self.batch
            .as_ref()
            .ok_or_else(|| Error::internal("no sources are loaded"))
    }

    fn psi(&self) -> Result<Address> {
        Ok(self.batch()?.psi(self.turn))
    }

    /// Where the next operator writes.
    fn next(&self) -> Result<Address> {
        Ok(self.batch()?.psi(self.turn + 1))
    }

    fn next_slot(&self) -> u32 {
        (self.slot + 1) % WINDOW_SLOTS
    }

    /// What an operator wrote becomes psi.
    fn advance(&mut self) {
        self.turn += 1;
        self.slot = self.next_slot();
    }

    fn energies_mev(&self) -> &'a [f64] {
        &self.march.phase_space.energy.centers_mev
    }

    /// The whole grid, as far as weight may go.
    fn limits(&self) -> twins::Window {
        let layout = self.twin.layout;
        let all = |last: i32| twins::Span { first: 0, last };
        twins::Window {
            energy: all(layout.energies),
            angle: self.twin.allowed_angles,
            z: all(layout.planes),
            x: all(self.twin.cells_x),
        }
    }

    /// The batch's memory for so many spots: the one at hand where it fits exactly.
    fn make_room(&mut self, spots: usize) -> Result<()> {
        if self
            .batch
            .as_ref()
            .is_some_and(|batch| batch.extent.spots == spots)
        {
            return Ok(());
        }
        self.batch = None;
        let extent = extent(self.march, spots);
        self.batch = Some(Batch::new::<S>(self.launcher, extent, &mut self.twin)?);
        Ok(())
    }

    /// Readies everything but psi for a march of so many spots.
    fn begin(&mut self, spots: usize) -> Result<()> {
        self.make_room(spots)?;
        (self.turn, self.slot, self.steps) = (0, 0, 0);
        self.end_look()?;
        (self.empty, self.pending) = (false, None);
        self.births_end = None;
        self.edges = Edges::Zeros;
        self.gathered = Gathered::default();
        self.batch()?.clear(self.launcher)?;
        // Nothing is kept yet: first index above every last one.
        let kept = vec![[i32::MAX, -1]; DIMENSIONS * spots];
        self.launcher
            .upload(self.twin.kept, bytemuck::cast_slice(&kept))
    }

    /// Fetches the ledger's entries before the device writes over them.
    fn keep_entries(&mut self) -> Result<()> {
        let kept = self.twin.steps_kept as usize;
        if self.steps.is_multiple_of(kept) {
            self.gathered.fetch_entries(self.launcher, &self.twin)?;
        }
        Ok(())
    }

    /// Asks now and then whether any spot has weight left.
    fn look_ahead(&mut self) -> Result<()> {
        let all_born = self.births_end.is_none_or(|end| self.steps as i32 > end);
        if !self.steps.is_multiple_of(STEPS_PER_LOOK) || !all_born {
            return Ok(());
        }
        self.end_look()?;
        let (bytes, snapshot) = (
            (self.twin.spots as usize * size_of::<twins::Window>()) as u64,
            self.batch()?.snapshot,
        );
        let windows = self.twin.windows + u64::from(self.slot) * bytes;
        self.launcher.copy(windows, snapshot, bytes)?;
        self.look = Some(self.launcher.start_fetch(snapshot, bytes)?);
        Ok(())
    }

    /// Takes the answer to the last question.
    fn end_look(&mut self) -> Result<()> {
        if let Some(ticket) = self.look.take() {
            self.empty = all_empty(&self.launcher.fetched(ticket)?);
        }
        Ok(())
    }

    /// Does something with psi that leaves no trace: window, losses and counts are as before.
    fn aside<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let kept = (self.turn, self.slot);
        let sums = self.batch()?.sums_bytes();
        let copy = Memory::new(self.launcher, sums, "the ledger aside")?;
        let original = self.batch()?.sums();
        self.launcher.copy(original, copy.address, sums)?;
        let result = work(self);
        self.launcher.copy(copy.address, original, sums)?;
        (self.turn, self.slot) = kept;
        result
    }
}

/// What a batch of `spots` needs on the device besides the tables.
pub fn extent(march: &March, spots: usize) -> Extent {
    Extent {
        layout: march.phase_space.layout(),
        phantom_planes: march.phase_space.space.cells_z,
        most_steps: march.most_steps(),
        spots,
    }
}

fn all_empty(windows: &[u8]) -> bool {
    bytemuck::pod_collect_to_vec::<u8, twins::Window>(windows)
        .iter()
        .all(twins::Window::is_empty)
}

impl<S: Stored> Stepper for CudaStepper<'_, S> {
    fn load(&mut self, sources: &[Source]) -> Result<()> {
        self.begin(sources.len())?;
        self.place(sources)
    }

    fn clear(&mut self, births_end: usize) -> Result<()> {
        self.begin(1)?;
        self.births_end = Some(births_end.min(i32::MAX as usize) as i32);
        self.gathered.load(Amount::default(), Amount::default());
        let nothing = twins::Window::default();
        self.launcher
            .upload(self.twin.windows, bytemuck::bytes_of(&nothing))
    }

    fn inject(&mut self, terms: &[Term]) -> Result<()> {
        self.finish_scattering()?;
        let born: Vec<Born<S::Arithmetic>> = terms
            .iter()
            .map(|term| Born::new(term, self.march.phase_space.layout(), 0))
            .collect();
        for one in &born {
            let amount = one.amount(self.energies_mev());
            self.gathered.inject(self.steps, amount);
        }
        self.inject_now(&born)
    }

    fn stream(&mut self, stride: Stride) -> Result<()> {
        self.finish_scattering()?;
        self.stream_now(stride)?;
        self.edges = Edges::Zeros;
        Ok(())
    }

    fn scatter(&mut self, step: usize) -> Result<()> {
        self.finish_scattering()?;
        match self.walks() && self.edges == Edges::Zeros {
            true => self.pending = Some(step),
            false => self.scatter_now(step)?,
        }
        Ok(())
    }

    fn lose_energy(&mut self, step: usize) -> Result<()> {
        let before = match self.pending.take() {
            Some(scattering) => self.scatter_and_lose_energy(scattering)?,
            None => self.score_and_lose_energy(step)?,
        };
        self.close_step(before, step)?;
        self.edges = Edges::Anything;
        self.steps = step + 1;
        self.keep_entries()?;
        self.look_ahead()
    }

    fn is_empty(&self) -> bool {
        self.empty
    }

    fn plane_spectra(&mut self, half_stride: Option<Stride>) -> Result<PlaneSpectra> {
        self.finish_scattering()?;
        let (cells, sums) = self.copy_plane()?;
        let layout = self.march.phase_space.layout();
        let mut spectra = PlaneSpectra {
            by_energy: vec![0.0; layout.energies],
            by_angle: vec![0.0; layout.angles],
            phase_space: cells,
        };
        for (i, sum) in sums.iter().enumerate() {
            spectra.by_energy[i / layout.angles] += sum;
            spectra.by_angle[i % layout.angles] += sum;
        }
        if let Some(stride) = half_stride {
            spectra.phase_space = self.aside(|stepper| {
                stepper.stream(stride)?;
                Ok(stepper.copy_plane()?.0)
            })?;
        }
        Ok(spectra)
    }

    fn unload(
        &mut self,
        weights: &[f64],
        take: &mut dyn FnMut(Scores) -> Result<()>,
    ) -> Result<Vec<Tally>> {
        self.finish_scattering()?;
        self.end_look()?;
        let last = self.batch()?.last;
        self.launch(Kernel::CloseMarch, 1, &[Argument::of(&last)])?;
        // Nothing is trimmed here: every layer of the window counts.
        let untrimmed = twins::March {
            prune: 0.0,
            ..self.twin
        };
        self.sum_layers(&untrimmed)?;
        match self.twin.reacts {
            0 => take(self.sum_maps(weights, 0)?)?,
            _ => {
                for (spot, weight) in weights.iter().enumerate() {
                    take(self.sum_maps(&[*weight], spot)?)?;
                }
            }
        }
        let gathered = std::mem::take(&mut self.gathered);
        gathered.tallies(
            self.launcher,
            &self.twin,
            self.slot,
            last,
            self.march,
            self.steps,
        )
    }

    fn put_state(&mut self, row: &dyn Fn(usize, &mut [f64])) -> Result<()> {
        self.begin(1)?;
        self.put_psi(row)
    }

    fn state(&mut self) -> Result<Vec<f64>> {
        self.finish_scattering()?;
        self.dense_psi()
    }

    fn copy_state(&mut self) -> Result<()> {
        self.finish_scattering()?;
        let bytes = self.batch()?.extent.psi_bytes::<S>();
        self.launcher.copy(self.psi()?, self.next()?, bytes)
    }

    fn synchronize(&mut self) -> Result<()> {
        self.finish_scattering()?;
        self.launcher.synchronize()
    }

    fn batch_capacity(&self) -> usize {
        self.capacity
    }
}
