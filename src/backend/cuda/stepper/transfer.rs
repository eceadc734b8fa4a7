//! psi and maps on their way to the device and back.

use super::CudaStepper;
use crate::backend::cuda::kernel::Kernel;
use crate::backend::cuda::launcher::Argument;
use crate::backend::cuda::memory::Memory;
use crate::backend::cuda::stored::Stored;
use crate::backend::cuda::tally::{download, scores_of, window_of};
use crate::backend::cuda::twins;
use crate::beam::Source;
use crate::error::Result;
use crate::ledger::Amount;
use crate::phase_space::Layout;
use crate::real::Real;
use crate::scoring::Scores;

/// Blocks that sum maps.
const MAP_BLOCKS: i32 = 128;
/// Rows of psi that go to or from the device at once in benchmarks and tests.
const ROWS_AT_ONCE: usize = 1 << 14;

impl<S: Stored> CudaStepper<'_, S> {
    /// Uploads the sources' boxes and lets a kernel place them.
    pub(super) fn place(&mut self, sources: &[Source]) -> Result<()> {
        let (mut cells, mut starts, mut windows) = (Vec::<S>::new(), Vec::new(), Vec::new());
        for source in sources {
            let window = window_of(source);
            starts.push(cells.len() as i64);
            let (stored, rounding) =
                fill_box::<S>(source, &window, self.energies_mev(), &mut cells);
            let mut placed = stored;
            placed.add(rounding);
            let not_stored = placed.lacking_to_one();
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
            return self.launch(Kernel::Place, 1, &arguments);
        }
        self.batch()?.clear_psi::<S>(self.launcher)?;
        self.launch(Kernel::Place, 1, &arguments)?;
        self.launcher.upload(
            self.twin.windows,
            bytemuck::cast_slice(&vec![self.limits(); sources.len()]),
        )
    }

    /// The maps of so many spots times their weights; `first`: of the first of them.
    pub(super) fn sum_maps(&self, weights: &[f64], first: usize) -> Result<Scores> {
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
        self.launch_for(&of_spots, Kernel::SumMaps, [MAP_BLOCKS, 1], 0, &arguments)?;
        let maps = download::<f64>(self.launcher, sum.address, cells)?;
        Ok(scores_of(&maps, &self.twin, self.march))
    }

    /// psi of the first spot's plane and its sums by (energy, angle).
    pub(super) fn copy_plane(&self) -> Result<(Vec<f32>, Vec<f64>)> {
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
        self.launch_for(&self.twin, Kernel::CopyPlane, grid, 0, &arguments)?;
        self.launcher
            .download(device_cells.address, bytemuck::cast_slice_mut(&mut cells))?;
        self.launcher
            .download(device_sums.address, bytemuck::cast_slice_mut(&mut sums))?;
        Ok((cells, sums))
    }

    /// Fills psi of one spot row by row; the window is the whole grid.
    pub(super) fn put_psi(&mut self, fill: &dyn Fn(usize, &mut [f64])) -> Result<()> {
        let window = self.limits();
        self.launcher
            .upload(self.twin.windows, bytemuck::bytes_of(&window))?;
        let layout = self.march.phase_space.layout();
        let mut weights = vec![0.0; self.march.phase_space.space.cells_x];
        let rows = layout.len() / layout.row;
        let mut to = self.psi()?;
        let mut put = Amount::default();
        for first in (0..rows).step_by(ROWS_AT_ONCE) {
            let mut cells = vec![S::zeroed(); ROWS_AT_ONCE.min(rows - first) * layout.row];
            for (i, row) in cells.chunks_mut(layout.row).enumerate() {
                fill(first + i, &mut weights);
                for (cell, &weight) in row.iter_mut().zip(&weights) {
                    *cell = S::stored(weight);
                }
                let energy_mev = self.energies_mev()[(first + i) / (rows / layout.energies)];
                let weight = row.iter().map(|cell| cell.loaded()).sum();
                put.add(Amount::new(weight, weight * energy_mev));
            }
            self.launcher.upload(to, bytemuck::cast_slice(&cells))?;
            to += size_of_val(&cells[..]) as u64;
        }
        self.gathered.load(put, Amount::default());
        Ok(())
    }

    /// psi of the first spot as a dense [energy, angle, z, x] array, zeros outside the window.
    pub(super) fn dense_psi(&self) -> Result<Vec<f64>> {
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

    fn window_of_first(&self) -> Result<twins::Window> {
        let mut window = twins::Window::default();
        let slot = u64::from(self.slot) * self.twin.spots as u64;
        let from = self.twin.windows + slot * size_of::<twins::Window>() as u64;
        self.launcher
            .download(from, bytemuck::bytes_of_mut(&mut window))?;
        Ok(window)
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

/// Appends a source's cells [energy, angle, x] of its window; returns what is stored, and what rounding took.
fn fill_box<S: Stored>(
    source: &Source,
    window: &twins::Window,
    energies_mev: &[f64],
    cells: &mut Vec<S>,
) -> (Amount, Amount) {
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
