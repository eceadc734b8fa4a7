//! What a batch of spots needs on the device besides the tables: psi twice, and what the kernels keep between launches.

use super::launcher::Launcher;
use super::memory::{Memory, Sizing};
use super::stored::Stored;
use super::twins::{self, Address, COLLECTED, DIMENSIONS, ENTRIES, LOSSES, MAPS};
use crate::error::Result;
use crate::operators::energy_loss::{MOMENTS, SCORES};
use crate::phase_space::Layout;

/// Windows that are kept at once: an operator reads one and writes the next.
pub const WINDOW_SLOTS: u32 = 4;
/// Steps whose ledger entries are kept on the device.
const STEPS_KEPT: usize = 2048;
/// Blocks of one launch over all spots: eight for each of the 132 multiprocessors of an H100.
const BLOCKS: usize = 1056;
/// Fewest blocks of one spot.
const BLOCKS_PER_SPOT: usize = 8;
/// Most blocks that collect scores.
const COLLECT_BLOCKS: usize = 128;

/// How large everything is.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    pub layout: Layout,
    pub phantom_planes: usize,
    pub most_steps: usize,
    pub spots: usize,
}

impl Extent {
    pub fn steps_kept(&self) -> usize {
        self.most_steps.clamp(1, STEPS_KEPT)
    }

    fn plane_cells(&self) -> usize {
        self.layout.planes * self.layout.row
    }

    pub fn map_cells(&self) -> usize {
        MAPS * self.phantom_planes * self.layout.row
    }

    /// Blocks per spot: enough to fill the device, no more than there are rows.
    fn blocks(&self) -> usize {
        let rows = self.layout.len() / self.layout.row;
        let wanted = (BLOCKS / self.spots.max(1)).max(BLOCKS_PER_SPOT);
        wanted.min(rows.div_ceil(twins::ROWS as usize)).max(1)
    }

    fn collect_blocks(&self) -> usize {
        self.plane_cells()
            .div_ceil(twins::LANES as usize)
            .clamp(1, COLLECT_BLOCKS)
    }

    pub fn psi_bytes<S: Stored>(&self) -> u64 {
        (self.spots * self.layout.len() * size_of::<S>()) as u64
    }

    /// Bytes of everything: psi twice and the rest.
    pub fn bytes<S: Stored>(&self) -> u64 {
        2 * self.psi_bytes::<S>() + Places::new::<S>(self).all
    }
}

/// Offsets of the arrays that are kept between launches; the first `cleared` bytes begin as zeros.
struct Places {
    maps: u64,
    losses: u64,
    any_loss: u64,
    counts: u64,
    rest: u64,
    steps_done: u64,
    last: u64,
    layers: u64,
    entries: u64,
    cleared: u64,
    windows: u64,
    snapshot: u64,
    kept: u64,
    partial: u64,
    columns: u64,
    column_most: u64,
    outside: u64,
    collected: u64,
    all: u64,
}

impl Places {
    fn new<S: Stored>(extent: &Extent) -> Places {
        let mut sizing = Sizing::default();
        let mut each =
            |count: usize, bytes: usize| sizing.add((extent.spots * count * bytes) as u64);
        let (real, plane) = (size_of::<S::Arithmetic>(), extent.plane_cells());
        let mut places = Places {
            maps: each(extent.map_cells(), 8),
            losses: each(extent.blocks() * LOSSES, 8),
            any_loss: each(1, 4),
            counts: each(2, 8),
            rest: each(2, 8),
            steps_done: each(1, 4),
            last: each(LOSSES, 8),
            // Not every step and energy of every spot is written; all are fetched.
            layers: each(extent.layout.energies, 8),
            entries: each(extent.steps_kept() * ENTRIES, 8),
            windows: each(WINDOW_SLOTS as usize, size_of::<twins::Window>()),
            snapshot: each(1, size_of::<twins::Window>()),
            kept: each(2 * DIMENSIONS, 4),
            partial: each((SCORES + MOMENTS) * extent.layout.angles * plane, real),
            columns: each(2 * plane, 8),
            column_most: each(plane, real),
            outside: each(extent.layout.energies, 8),
            collected: each(extent.collect_blocks() * COLLECTED, 8),
            cleared: 0,
            all: 0,
        };
        places.cleared = places.windows;
        places.all = sizing.bytes;
        places
    }
}

/// The memory of a batch.
pub struct Batch<'a> {
    pub extent: Extent,
    psi: [Memory<'a>; 2],
    kept: Memory<'a>,
    /// Bytes from `kept` on that are zeros at the start of a march.
    cleared: u64,
    /// One window per spot, for the host to read while the march goes on.
    pub snapshot: Address,
    /// Losses after the last step.
    pub last: Address,
}

impl<'a> Batch<'a> {
    /// Allocates; completes `march` with the addresses.
    ///
    /// # Errors
    /// `Kind::OutOfMemory`.
    pub fn new<S: Stored>(
        launcher: &'a dyn Launcher,
        extent: Extent,
        march: &mut twins::March,
    ) -> Result<Batch<'a>> {
        let places = Places::new::<S>(&extent);
        let psi = [
            Memory::new(launcher, extent.psi_bytes::<S>(), "psi")?,
            Memory::new(launcher, extent.psi_bytes::<S>(), "the next psi")?,
        ];
        let kept = Memory::new(launcher, places.all, "scores and ledger")?;
        march.spots = extent.spots as i32;
        march.blocks = extent.blocks() as i32;
        march.collect_blocks = extent.collect_blocks() as i32;
        march.steps_kept = extent.steps_kept() as i32;
        places.enter(kept.address, march);
        Ok(Batch {
            extent,
            psi,
            cleared: places.cleared,
            snapshot: kept.address + places.snapshot,
            last: kept.address + places.last,
            kept,
        })
    }

    pub fn psi(&self, turn: usize) -> Address {
        self.psi[turn % 2].address
    }

    /// The sums that a march adds to and what it fetches, and how many bytes they are.
    pub fn sums(&self) -> Address {
        self.kept.address
    }

    pub fn sums_bytes(&self) -> u64 {
        self.cleared
    }

    /// Empties psi: a dense march has the whole grid as its window from the start.
    pub fn clear_psi<S: Stored>(&self, launcher: &dyn Launcher) -> Result<()> {
        launcher.clear(self.psi(0), self.extent.psi_bytes::<S>())
    }

    pub fn clear(&self, launcher: &dyn Launcher) -> Result<()> {
        launcher.clear(self.kept.address, self.cleared)
    }
}

impl Places {
    fn enter(&self, from: Address, march: &mut twins::March) {
        march.maps = from + self.maps;
        march.losses = from + self.losses;
        march.any_loss = from + self.any_loss;
        march.counts = from + self.counts;
        march.rest = from + self.rest;
        march.steps_done = from + self.steps_done;
        march.windows = from + self.windows;
        march.kept = from + self.kept;
        march.partial = from + self.partial;
        march.columns = from + self.columns;
        march.column_most = from + self.column_most;
        march.layers = from + self.layers;
        march.outside = from + self.outside;
        march.collected = from + self.collected;
        march.entries = from + self.entries;
    }
}
