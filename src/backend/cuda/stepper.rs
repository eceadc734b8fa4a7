//! A batch of spots marching in lockstep on a device: which kernels run, in which order, on which copy of psi and which window.
//!
//! Nothing here waits for the device between `load` and `unload`: the spots' windows live on the device, where the kernels
//! grow and trim them; a kernel's grid is fixed and strides over the window that it finds.

use super::batch::{Batch, Extent, WINDOW_SLOTS};
use super::births::Births;
use super::launcher::{Argument, Launcher, Ticket};
use super::memory::Memory;
use super::stored::Stored;
use super::tables::Packed;
use super::tally::{Gathered, download, scores_of, window_of};
use super::twins::{self, Address, BLOCK, DIMENSIONS, FOUR};
use crate::backend::born::{Born, enclosing_all};
use crate::backend::{PlaneSpectra, Stepper, Stride, Tally};
use crate::beam::Source;
use crate::case::Stepping;
use crate::error::{Error, Result};
use crate::ledger::Amount;
use crate::march::March;
use crate::nuclear::Term;
use crate::phase_space::Layout;
use crate::scoring::Scores;
use std::marker::PhantomData;

/// The host asks for the spots' windows every so many steps, and never is more than twice as many steps ahead of the answer.
const STEPS_PER_LOOK: usize = 16;
/// Share of the free memory that a batch may take: the driver needs some for itself.
const MEMORY_SHARE: f64 = 0.9;
/// Blocks that sum maps.
const MAP_BLOCKS: i32 = 128;
/// Rows of psi that go to or from the device at once in benchmarks and tests.
const ROWS_AT_ONCE: usize = 1 << 16;
/// Spots from which on depth stepping walks up in energy: fewer do not fill the device (docs/design/cuda.md).
const SPOTS_TO_WALK: i32 = 16;
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

    /// A kernel that scores: where reactions take something, the one that scores them too.
    fn scoring(&self, kernel: &'static str) -> String {
        match self.twin.reacts {
            0 => kernel.into(),
            _ => format!("{kernel}_reacting"),
        }
    }

    /// Queues `kernel` with `blocks` blocks a spot; the march comes first among its arguments.
    fn launch(&self, kernel: &str, blocks: i32, arguments: &[Argument]) -> Result<()> {
        self.launch_for(&self.twin, kernel, [blocks, self.twin.spots], 0, arguments)
    }

    fn launch_for(
        &self,
        march: &twins::March,
        kernel: &str,
        grid: [i32; 2],
        shared_bytes: u32,
        arguments: &[Argument],
    ) -> Result<()> {
        let name = format!("{kernel}_{}", S::SUFFIX);
        let all: Vec<Argument> = std::iter::once(Argument::of(march))
            .chain(arguments.iter().copied())
            .collect();
        // SAFETY: every caller passes the parameters that the kernel of this name declares; `march` holds live addresses.
        unsafe {
            self.launcher.launch(
                &name,
                [grid[0] as u32, grid[1] as u32, 1],
                shared_bytes,
                &all,
            )
        }
    }

    /// Lets the kernels see the scattering of a step.
    fn take_scattering_of(&mut self, step: usize) {
        self.twin.scattering = self.packed.scattering(step);
    }

    /// An operator that reads media: psi to the next psi.
    fn operate(&mut self, kernel: &str, step: usize) -> Result<()> {
        let (psi, next, to, plane) = (
            self.psi()?,
            self.next()?,
            self.next_slot(),
            self.plane(step),
        );
        let arguments = [
            Argument::of(&psi),
            Argument::of(&next),
            Argument::of(&self.slot),
            Argument::of(&to),
            Argument::of(&plane),
        ];
        self.launch(kernel, self.twin.blocks, &arguments)?;
        self.advance();
        Ok(())
    }

    /// Bytes of shared memory that a walk up in energy needs in a block.
    fn walk_bytes(&self) -> u32 {
        let threads = BLOCK.iter().product::<u32>() as usize;
        (self.packed.ring * FOUR * threads * size_of::<S::Arithmetic>()) as u32
    }

    /// True where scattering and energy loss go in one pass: enough cells to fill the device by (z, x, angle) alone.
    fn walks(&self) -> bool {
        let many = !self.depth_stepping() || self.twin.spots >= SPOTS_TO_WALK;
        many && self.walk_bytes() <= self.launcher.shared_bytes_max()
    }

    /// Does a scattering that waited for an energy loss and got something else.
    fn finish_scattering(&mut self) -> Result<()> {
        match self.pending.take() {
            Some(step) => self.scatter_now(step),
            None => Ok(()),
        }
    }

    fn scatter_now(&mut self, step: usize) -> Result<()> {
        self.take_scattering_of(step);
        self.operate("scattering", step)
    }

    /// Both operators and the scores in one pass; returns the slot of the window between them.
    fn scatter_and_lose_energy(&mut self, step: usize) -> Result<u32> {
        self.take_scattering_of(step);
        let (psi, next, plane) = (self.psi()?, self.next()?, self.plane(step));
        let middle = self.next_slot();
        let to = (middle + 1) % WINDOW_SLOTS;
        let ring = self.packed.ring as i32;
        let arguments = [
            Argument::of(&psi),
            Argument::of(&next),
            Argument::of(&self.slot),
            Argument::of(&middle),
            Argument::of(&to),
            Argument::of(&plane),
            Argument::of(&ring),
        ];
        let grid = [self.twin.blocks, self.twin.spots];
        let kernel = self.scoring("transport");
        self.launch_for(&self.twin, &kernel, grid, self.walk_bytes(), &arguments)?;
        self.turn += 1;
        self.slot = to;
        self.collect(middle, step)?;
        Ok(middle)
    }

    /// Scores, then the energy loss; returns the slot of the window before it.
    fn score_and_lose_energy(&mut self, step: usize) -> Result<u32> {
        let (psi, plane, before) = (self.psi()?, self.plane(step), self.slot);
        let arguments = [
            Argument::of(&psi),
            Argument::of(&before),
            Argument::of(&plane),
        ];
        let kernel = self.scoring("score");
        self.launch(&kernel, self.twin.blocks, &arguments)?;
        self.collect(before, step)?;
        self.operate("energy_loss", step)?;
        Ok(before)
    }

    fn collect(&self, slot: u32, step: usize) -> Result<()> {
        let plane = self.plane(step);
        let arguments = [Argument::of(&slot), Argument::of(&plane)];
        self.launch("collect", self.twin.collect_blocks, &arguments)
    }

    /// Trims the window and enters the step; `before` is the slot of the window that lost energy.
    fn close_step(&mut self, before: u32, step: usize) -> Result<()> {
        if self.twin.prune > 0.0 {
            if self.twin.layout.planes > 1 {
                self.launch(
                    "trim_z",
                    self.twin.collect_blocks,
                    &[Argument::of(&self.slot)],
                )?;
            }
            self.sum_layers(&self.twin)?;
        }
        let (psi, to, step) = (self.psi()?, self.next_slot(), step as i32);
        let births_end = self.births_end.unwrap_or(-1);
        let arguments = [
            Argument::of(&psi),
            Argument::of(&before),
            Argument::of(&self.slot),
            Argument::of(&to),
            Argument::of(&step),
            Argument::of(&births_end),
        ];
        self.launch("close_step", 1, &arguments)?;
        self.slot = to;
        Ok(())
    }

    fn sum_layers(&self, march: &twins::March) -> Result<()> {
        let psi = self.psi()?;
        let arguments = [Argument::of(&psi), Argument::of(&self.slot)];
        let layers_of_a_block = if march.layout.planes > 1 { 1 } else { BLOCK[1] };
        let blocks = (march.layout.energies as u32).div_ceil(layers_of_a_block);
        let grid = [blocks as i32, march.spots];
        self.launch_for(march, "sum_layers", grid, 0, &arguments)
    }

    /// Fetches the ledger's entries before the device writes over them.
    fn keep_entries(&mut self) -> Result<()> {
        let kept = self.twin.steps_kept as usize;
        if self.steps % kept == 0 {
            self.gathered
                .fetch_entries(self.launcher, &self.twin, kept)?;
        }
        Ok(())
    }

    /// Asks now and then whether any spot has weight left.
    fn look_ahead(&mut self) -> Result<()> {
        let all_born = self.births_end.is_none_or(|end| self.steps as i32 > end);
        if self.steps % STEPS_PER_LOOK != 0 || !all_born {
            return Ok(());
        }
        if let Some(ticket) = self.look.take() {
            self.empty = all_empty(&self.launcher.fetched(ticket)?);
        }
        let (bytes, snapshot) = (
            (self.twin.spots as usize * size_of::<twins::Window>()) as u64,
            self.batch()?.snapshot,
        );
        let windows = self.twin.windows + u64::from(self.slot) * bytes;
        self.launcher.copy(windows, snapshot, bytes)?;
        self.look = Some(self.launcher.start_fetch(snapshot, bytes)?);
        Ok(())
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
        (self.look, self.empty, self.pending) = (None, false, None);
        self.births_end = None;
        self.edges = Edges::Zeros;
        self.gathered = Gathered::default();
        self.batch()?.clear(self.launcher)?;
        // Nothing is kept yet: first index above every last one.
        let kept = vec![[i32::MAX, -1]; DIMENSIONS * spots];
        self.launcher
            .upload(self.twin.kept, bytemuck::cast_slice(&kept))
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

    fn window_of_first(&self) -> Result<twins::Window> {
        let mut window = twins::Window::default();
        let slot = u64::from(self.slot) * self.twin.spots as u64;
        let from = self.twin.windows + slot * size_of::<twins::Window>() as u64;
        self.launcher
            .download(from, bytemuck::bytes_of_mut(&mut window))?;
        Ok(window)
    }

    /// Uploads the sources' boxes and lets a kernel place them.
    fn place(&mut self, sources: &[Source]) -> Result<()> {
        let (mut cells, mut starts, mut windows) = (Vec::<S>::new(), Vec::new(), Vec::new());
        for source in sources {
            let window = window_of(source);
            starts.push(cells.len() as i64);
            let (stored, rounding) =
                fill_box::<S>(source, &window, self.energies_mev(), &mut cells);
            let not_stored = Amount::new(1.0 - stored.weight - rounding.weight, 0.0);
            self.gathered.load(stored, not_stored);
            windows.push(window);
        }
        self.launcher
            .upload(self.twin.windows, bytemuck::cast_slice(&windows))?;
        let source = Memory::new(self.launcher, size_of_val(&cells[..]) as u64, "the sources")?;
        let start = Memory::new(
            self.launcher,
            size_of_val(&starts[..]) as u64,
            "the sources",
        )?;
        self.launcher
            .upload(source.address, bytemuck::cast_slice(&cells))?;
        self.launcher
            .upload(start.address, bytemuck::cast_slice(&starts))?;
        let psi = self.psi()?;
        let arguments = [
            Argument::of(&psi),
            Argument::of(&source.address),
            Argument::of(&start.address),
            Argument::of(&self.slot),
        ];
        if self.twin.prune > 0.0 {
            return self.launch("place", 1, &arguments);
        }
        self.batch()?.clear_psi::<S>(self.launcher)?;
        self.launch("place", 1, &arguments)?;
        self.launcher.upload(
            self.twin.windows,
            bytemuck::cast_slice(&vec![self.limits(); sources.len()]),
        )
    }

    /// The maps of so many spots times their weights; `first`: of the first of them.
    fn sum_maps(&self, weights: &[f64], first: usize) -> Result<Scores> {
        let cells = self.batch()?.extent.map_cells();
        let device_weights = Memory::new(self.launcher, 8 * weights.len() as u64, "weights")?;
        let sum = Memory::new(self.launcher, 8 * cells as u64, "the sum of the maps")?;
        self.launcher
            .upload(device_weights.address, bytemuck::cast_slice(weights))?;
        let arguments = [
            Argument::of(&device_weights.address),
            Argument::of(&sum.address),
        ];
        let of_spots = twins::March {
            spots: weights.len() as i32,
            maps: self.twin.maps + (8 * first * cells) as u64,
            ..self.twin
        };
        self.launch_for(&of_spots, "sum_maps", [MAP_BLOCKS, 1], 0, &arguments)?;
        let maps = download::<f64>(self.launcher, sum.address, cells)?;
        Ok(scores_of(&maps, &self.twin, self.march))
    }

    fn energies_mev(&self) -> &'a [f64] {
        &self.march.phase_space.energy.centers_mev
    }

    /// psi of the first spot's plane and its sums by (energy, angle).
    fn copy_plane(&self) -> Result<(Vec<f32>, Vec<f64>)> {
        let layout = self.march.phase_space.layout();
        let rows = layout.energies * layout.angles;
        let mut cells = vec![0.0f32; rows * self.march.phase_space.space.cells_x];
        let mut sums = vec![0.0f64; rows];
        let (cell_bytes, sum_bytes) = (
            size_of_val(&cells[..]) as u64,
            size_of_val(&sums[..]) as u64,
        );
        let device_cells = Memory::new(self.launcher, cell_bytes, "a plane's phase space")?;
        let device_sums = Memory::new(self.launcher, sum_bytes, "a plane's spectra")?;
        let psi = self.psi()?;
        let arguments = [
            Argument::of(&psi),
            Argument::of(&device_cells.address),
            Argument::of(&device_sums.address),
            Argument::of(&self.slot),
        ];
        let grid = [self.twin.blocks, 1];
        self.launch_for(&self.twin, "copy_plane", grid, 0, &arguments)?;
        self.launcher
            .download(device_cells.address, bytemuck::cast_slice_mut(&mut cells))?;
        self.launcher
            .download(device_sums.address, bytemuck::cast_slice_mut(&mut sums))?;
        Ok((cells, sums))
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

/// Cells of row number `row` (energy, angle, z) that the window holds.
fn line_of(layout: Layout, row: usize, window: &twins::Window) -> std::ops::Range<usize> {
    let inside = |span: twins::Span, i: usize| (span.first..span.last).contains(&(i as i32));
    let (z, angle) = (row % layout.planes, row / layout.planes % layout.angles);
    let energy = row / layout.planes / layout.angles;
    match inside(window.z, z) && inside(window.angle, angle) && inside(window.energy, energy) {
        true => window.x.first as usize..window.x.last as usize,
        false => 0..0,
    }
}

fn all_empty(windows: &[u8]) -> bool {
    bytemuck::pod_collect_to_vec::<u8, twins::Window>(windows)
        .iter()
        .all(twins::Window::is_empty)
}

/// Appends a source's cells [energy, angle, x] of its window; returns what is stored, and what rounding took.
fn fill_box<S: Stored>(
    source: &Source,
    window: &twins::Window,
    energies_mev: &[f64],
    cells: &mut Vec<S>,
) -> (Amount, Amount) {
    use crate::real::Real;
    let (width, first) = (
        (window.x.last - window.x.first) as usize,
        window.x.first as usize,
    );
    let (mut stored, mut rounding) = (Amount::default(), Amount::default());
    for (i, energy_weight) in source.energy.weights.iter().enumerate() {
        let energy_mev = energies_mev[source.energy.first + i];
        for (k, angle_weight) in source.angle.weights.iter().enumerate() {
            let row = &source.x_by_angle[k];
            let start = cells.len();
            cells.resize(start + width, S::stored(0.0));
            for (l, share) in row.weights.iter().enumerate() {
                let wanted = S::Arithmetic::from_f64(energy_weight * angle_weight * share).to_f64();
                let cell = S::stored(wanted);
                cells[start + row.first - first + l] = cell;
                let gone = wanted - cell.loaded();
                stored.add(Amount::new(cell.loaded(), cell.loaded() * energy_mev));
                rounding.add(Amount::new(gone, gone * energy_mev));
            }
        }
    }
    (stored, rounding)
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
            .map(|term| Born::new(term, self.march.phase_space.layout()))
            .collect();
        for one in &born {
            let amount = one.amount(self.energies_mev());
            self.gathered.inject(self.steps, amount);
        }
        let list = self.births.upload(&born)?;
        let window: twins::Window = enclosing_all(&born).into();
        let (psi, to, count) = (self.psi()?, self.next_slot(), born.len() as i32);
        let arguments = [
            Argument::of(&psi),
            Argument::of(&list),
            Argument::of(&count),
            Argument::of(&window),
            Argument::of(&self.slot),
            Argument::of(&to),
        ];
        self.launch("inject", self.twin.blocks, &arguments)?;
        self.slot = to;
        Ok(())
    }

    fn stream(&mut self, stride: Stride) -> Result<()> {
        self.finish_scattering()?;
        let (psi, next, to) = (self.psi()?, self.next()?, self.next_slot());
        let (along_x, along_z) = (
            self.packed.displacements_x(stride),
            self.packed.displacements_z(stride),
        );
        let arguments = [
            Argument::of(&along_x),
            Argument::of(&along_z),
            Argument::of(&psi),
            Argument::of(&next),
            Argument::of(&self.slot),
            Argument::of(&to),
        ];
        match self.depth_stepping() {
            // One plane: nothing streams along z.
            true => {
                let without_z = [&arguments[..1], &arguments[2..]].concat();
                self.launch("streaming_x", self.twin.blocks, &without_z)?;
            }
            false => self.launch("streaming_xz", self.twin.blocks, &arguments)?,
        }
        self.edges = Edges::Zeros;
        self.advance();
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
        let last = self.batch()?.last;
        self.launch("close_march", 1, &[Argument::of(&last)])?;
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

    fn put_state(&mut self, psi: &[f64]) -> Result<()> {
        self.begin(1)?;
        let window = self.limits();
        self.launcher
            .upload(self.twin.windows, bytemuck::bytes_of(&window))?;
        let layout = self.march.phase_space.layout();
        let cells_x = self.march.phase_space.space.cells_x;
        let mut to = self.psi()?;
        for rows in psi.chunks(cells_x * ROWS_AT_ONCE) {
            let mut cells = vec![S::zeroed(); rows.len() / cells_x * layout.row];
            for (row, weights) in cells.chunks_mut(layout.row).zip(rows.chunks(cells_x)) {
                for (cell, &weight) in row.iter_mut().zip(weights) {
                    *cell = S::stored(weight);
                }
            }
            self.launcher.upload(to, bytemuck::cast_slice(&cells))?;
            to += size_of_val(&cells[..]) as u64;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<f64>> {
        self.finish_scattering()?;
        let layout = self.march.phase_space.layout();
        let cells_x = self.march.phase_space.space.cells_x;
        let rows = layout.len() / layout.row;
        let window = self.window_of_first()?;
        let mut state = Vec::with_capacity(rows * cells_x);
        let mut from = self.psi()?;
        for first in (0..rows).step_by(ROWS_AT_ONCE) {
            let mut cells = vec![S::zeroed(); ROWS_AT_ONCE.min(rows - first) * layout.row];
            self.launcher
                .download(from, bytemuck::cast_slice_mut(&mut cells))?;
            from += size_of_val(&cells[..]) as u64;
            for (i, row) in cells.chunks(layout.row).enumerate() {
                let line = line_of(layout, first + i, &window);
                state.extend((0..cells_x).map(|x| {
                    if line.contains(&x) {
                        row[x].loaded()
                    } else {
                        0.0
                    }
                }));
            }
        }
        Ok(state)
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

impl<S: Stored> CudaStepper<'_, S> {
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
