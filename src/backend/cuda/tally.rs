//! What comes back from the device at the end of a march, as each spot's scores and ledger.

use super::launcher::Launcher;
use super::twins::{self, Address, ENTRIES, LOSSES};
use crate::backend::Tally;
use crate::beam::{BinWeights, Source};
use crate::error::Result;
use crate::ledger::{Amount, Ledger, StepEntry};
use crate::march::March;
use crate::scoring::Scores;
use bytemuck::Pod;
use ndarray::{Array2, s};

/// The box that a source fills.
pub fn window_of(source: &Source) -> twins::Window {
    let span = |bins: &BinWeights| twins::Span {
        first: bins.first as i32,
        last: (bins.first + bins.weights.len()) as i32,
    };
    let rows = source.x_by_angle.iter().map(span);
    let x = rows.reduce(|all, row| twins::Span {
        first: all.first.min(row.first),
        last: all.last.max(row.last),
    });
    twins::Window {
        energy: span(&source.energy),
        angle: span(&source.angle),
        z: twins::Span { first: 0, last: 1 },
        x: x.unwrap_or_default(),
    }
}

/// What the host knows of a march before its end.
#[derive(Default)]
pub struct Gathered {
    /// Per spot: what was stored at the entry plane, and what was not.
    loaded: Vec<(Amount, Amount)>,
    /// By step: what was injected before it (of one spot).
    born: Vec<Amount>,
    /// Blocks of ledger entries [spot, step kept, ENTRIES], as they were filled.
    entries: Vec<Vec<f64>>,
}

pub fn download<T: Pod>(launcher: &dyn Launcher, from: Address, count: usize) -> Result<Vec<T>> {
    let mut list = vec![T::zeroed(); count];
    launcher.download(from, bytemuck::cast_slice_mut(&mut list))?;
    Ok(list)
}

impl Gathered {
    pub fn load(&mut self, stored: Amount, not_stored: Amount) {
        self.loaded.push((stored, not_stored));
    }

    /// Enters what is born before a step.
    pub fn inject(&mut self, step: usize, born: Amount) {
        self.born
            .resize(self.born.len().max(step + 1), Amount::default());
        self.born[step].add(born);
    }

    /// Fetches the entries of all steps that the device keeps.
    pub fn fetch_entries(&mut self, launcher: &dyn Launcher, march: &twins::March) -> Result<()> {
        let count = march.spots as usize * march.steps_kept as usize * ENTRIES;
        self.entries.push(download(launcher, march.entries, count)?);
        Ok(())
    }

    /// `steps`: how many were marched; `last`: losses after the last of them.
    pub fn tallies(
        mut self,
        launcher: &dyn Launcher,
        twin: &twins::March,
        slot: u32,
        last: Address,
        march: &March,
        steps: usize,
    ) -> Result<Vec<Tally>> {
        let (spots, kept) = (twin.spots as usize, twin.steps_kept as usize);
        if !steps.is_multiple_of(kept) {
            self.fetch_entries(launcher, twin)?;
        }
        let left = Left {
            windows: download(
                launcher,
                twin.windows + (slot as usize * spots * size_of::<twins::Window>()) as u64,
                spots,
            )?,
            layers: download(launcher, twin.layers, spots * twin.layout.energies as usize)?,
            last: download(launcher, last, spots * LOSSES)?,
            counts: download(launcher, twin.counts, 2 * spots)?,
            rest: download(launcher, twin.rest, 2 * spots)?,
            steps_done: download(launcher, twin.steps_done, spots)?,
        };
        Ok((0..spots)
            .map(|spot| Tally {
                ledger: self.ledger(spot, twin, march, &left),
                cell_updates: left.counts[2 * spot],
                largest_window: left.counts[2 * spot + 1],
            })
            .collect())
    }

    fn ledger(&self, spot: usize, twin: &twins::March, march: &March, left: &Left) -> Ledger {
        let (injected, not_injected) = self.loaded[spot];
        let last = &left.last[spot * LOSSES..][..LOSSES];
        let alive = left.alive(spot, &march.phase_space.energy.centers_mev);
        let mut ledger = Ledger {
            injected,
            not_injected,
            last_leaked: leaks(last),
            last_rounding: amount(last, 10),
            ..Default::default()
        };
        let kept = twin.steps_kept as usize;
        for step in 0..left.steps_done[spot] as usize {
            let entry = &self.entries[step / kept][(spot * kept + step % kept) * ENTRIES..];
            ledger.steps.push(StepEntry {
                born: self.born.get(step).copied().unwrap_or_default(),
                ..step_entry(&entry[..ENTRIES])
            });
        }
        march.enter_left(&mut ledger, alive);
        ledger
    }
}

/// What the device holds at the end, spot by spot.
struct Left {
    windows: Vec<twins::Window>,
    layers: Vec<f64>,
    last: Vec<f64>,
    counts: Vec<u64>,
    rest: Vec<f64>,
    steps_done: Vec<i32>,
}

impl Left {
    /// Weight and energy in the last window, or in the one in which the march was over.
    fn alive(&self, spot: usize, energies_mev: &[f64]) -> Amount {
        let (window, mut sum) = (self.windows[spot], amount(&self.rest, 2 * spot));
        if window.is_empty() {
            return sum;
        }
        for energy in window.energy.first as usize..window.energy.last as usize {
            let weight = self.layers[spot * energies_mev.len() + energy];
            sum.add(Amount::new(weight, weight * energies_mev[energy]));
        }
        sum
    }
}

/// Maps [map, plane, x] with padded rows as scores.
pub fn scores_of(maps: &[f64], twin: &twins::March, march: &March) -> Scores {
    let (planes, row) = (twin.phantom_planes as usize, twin.layout.row as usize);
    let cells_x = march.phase_space.space.cells_x;
    let map = |map: usize| -> Array2<f64> {
        let padded = ndarray::ArrayView2::from_shape(
            (planes, row),
            &maps[map * planes * row..][..planes * row],
        );
        padded.map_or_else(
            |_| Array2::zeros((planes, cells_x)),
            |all| all.slice(s![.., ..cells_x]).to_owned(),
        )
    };
    Scores {
        deposit_mev: map(0),
        let_deposit: map(1),
        path_mm: map(2),
        absorbed: std::array::from_fn(|moment| map(3 + moment)),
        ..Scores::of_cells((planes, cells_x))
    }
}

fn amount(numbers: &[f64], at: usize) -> Amount {
    Amount::new(numbers[at], numbers[at + 1])
}

fn leaks(numbers: &[f64]) -> [Amount; 4] {
    std::array::from_fn(|side| amount(numbers, 2 * side))
}

/// An entry in the order of `Entry` in kernels/phase_space.cuh.
fn step_entry(numbers: &[f64]) -> StepEntry {
    StepEntry {
        leaked: leaks(numbers),
        rejected: amount(numbers, 8),
        rounding_before: amount(numbers, 10),
        rounding_after: amount(numbers, 12),
        alive: amount(numbers, LOSSES),
        stopped_weight: numbers[LOSSES + 2],
        deposited_mev: numbers[LOSSES + 3],
        pruned: amount(numbers, LOSSES + 4),
        absorbed: amount(numbers, LOSSES + 6),
        ..StepEntry::default()
    }
}
