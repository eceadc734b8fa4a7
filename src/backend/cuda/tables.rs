//! The operators' tables as the kernels read them: one block of bytes, and the addresses in it.

use super::memory::Sizing;
use super::twins::{self, Address, FOUR, RangeMax};
use crate::backend::Stride;
use crate::march::{March, Tables};
use crate::operators::energy_loss::{EnergyLossTable, SCORES};
use crate::operators::scattering::ScatteringTable;
use crate::operators::streaming::Displacement;
use crate::phase_space::{AngleAxis, LANES, PhaseSpace};
use crate::real::Real;
use crate::scoring::mirror_pairs;
use bytemuck::NoUninit;

/// Where a table lies from the beginning of the block on.
type Offset = u64;

/// Gathers tables into one block of bytes.
#[derive(Default)]
struct Packer {
    sizing: Sizing,
    bytes: Vec<u8>,
}

impl Packer {
    fn put<T: NoUninit>(&mut self, list: &[T]) -> Offset {
        let offset = self
            .sizing
            .add(size_of_val(list).max(size_of::<T>()) as u64);
        self.bytes
            .extend_from_slice(bytemuck::cast_slice::<T, u8>(list));
        self.bytes.resize(self.sizing.bytes as usize, 0);
        offset
    }

    /// Largest entries of all stretches of 2^level entries, level by level.
    fn put_range_max(&mut self, list: &[i32]) -> RangeMax {
        let (mut levels, mut last) = (list.to_vec(), list.to_vec());
        let mut width = 1;
        while 2 * width <= list.len() {
            last = (0..list.len())
                .map(|i| last[i].max(*last.get(i + width).unwrap_or(&0)))
                .collect();
            levels.extend(&last);
            width *= 2;
        }
        RangeMax {
            table: self.put(&levels),
            count: list.len() as i32,
            unused: 0,
        }
    }

    fn put_displacements<T: Real>(&mut self, list: &[Displacement<T>]) -> twins::Displacements {
        let mut bytes = Vec::new();
        for by in list {
            bytes.extend_from_slice(bytemuck::bytes_of(&[by.direction as i32, by.whole as i32]));
            bytes.extend_from_slice(bytemuck::bytes_of(&by.fraction));
            bytes.extend_from_slice(bytemuck::bytes_of(&by.weights));
        }
        let towards = |direction: isize| -> Vec<i32> {
            let reach = |by: &Displacement<T>| {
                if by.direction == direction {
                    by.reach() as i32
                } else {
                    0
                }
            };
            list.iter().map(reach).collect()
        };
        twins::Displacements {
            by_angle: self.put(&bytes),
            below: self.put_range_max(&towards(-1)),
            above: self.put_range_max(&towards(1)),
        }
    }
}

/// Which steps take the kernels with long jumps.
struct LongJumps {
    every: usize,
    first: Option<usize>,
}

/// All tables of a march, addresses counted from the block's beginning.
pub struct Packed {
    pub bytes: Vec<u8>,
    /// All but the scattering, which depends on the step.
    pub march: twins::March,
    scattering: [twins::ScatteringTable; 2],
    long_jumps: LongJumps,
    /// Energies that a walk up in energy has to keep.
    pub ring: usize,
    x: [twins::Displacements; Stride::ALL.len()],
    z: [twins::Displacements; Stride::ALL.len()],
}

impl Packed {
    pub fn new<T: Real>(march: &March) -> Packed {
        let tables = march.tables::<T>();
        let mut packer = Packer::default();
        let x = Stride::ALL.map(|stride| packer.put_displacements(tables.displacements_x(stride)));
        let z = Stride::ALL.map(|stride| packer.put_displacements(tables.displacements_z(stride)));
        let (of_most_steps, with_long_jumps) = tables.scattering_tables();
        let short = scattering(&mut packer, of_most_steps, &march.phase_space);
        let long = with_long_jumps.map(|table| scattering(&mut packer, table, &march.phase_space));
        Packed {
            march: constants(&mut packer, march, &tables),
            scattering: [short, long.unwrap_or(short)],
            long_jumps: LongJumps {
                every: tables.steps_together(),
                first: (0..tables.steps_together()).find(|&step| tables.takes_long_jumps(step)),
            },
            bytes: packer.bytes,
            ring: ring(&tables.energy_loss),
            x,
            z,
        }
    }

    /// Counts all addresses from `block` on.
    pub fn moved_to(&mut self, block: Address) {
        let move_range = |range: &mut RangeMax| range.table += block;
        for displacements in self.x.iter_mut().chain(&mut self.z) {
            displacements.by_angle += block;
            move_range(&mut displacements.below);
            move_range(&mut displacements.above);
        }
        for scattering in &mut self.scattering {
            scattering.half_width += block;
            scattering.pair_start += block;
            scattering.pairs += block;
            scattering.rejected += block;
            move_range(&mut scattering.reach);
        }
        let march = &mut self.march;
        let loss = &mut march.loss;
        let addresses = [
            &mut march.medium,
            &mut march.energies_mev,
            &mut march.mirror_class,
            &mut march.mirror_pairs,
            &mut loss.base,
            &mut loss.complete,
            &mut loss.weights,
            &mut loss.scores,
        ];
        addresses.into_iter().for_each(|address| *address += block);
    }

    /// The kernels of a step.
    pub fn scattering(&self, step: usize) -> twins::ScatteringTable {
        let long = self.long_jumps.first == Some(step % self.long_jumps.every);
        self.scattering[usize::from(long)]
    }

    pub fn displacements_x(&self, stride: Stride) -> twins::Displacements {
        self.x[stride as usize]
    }

    pub fn displacements_z(&self, stride: Stride) -> twins::Displacements {
        self.z[stride as usize]
    }
}

fn constants<T: Real>(packer: &mut Packer, march: &March, tables: &Tables<T>) -> twins::March {
    let phase_space = &march.phase_space;
    let loss = &tables.energy_loss;
    let pairs: Vec<[i32; 2]> = mirror_pairs(&phase_space.angle)
        .iter()
        .map(|&(a, b)| [a as i32, b as i32])
        .collect();
    let (first, last) = phase_space.angles_allowed;
    twins::March {
        layout: phase_space.layout().into(),
        allowed_angles: twins::Span {
            first: first as i32,
            last: last as i32,
        },
        cells_x: phase_space.space.cells_x as i32,
        periodic: i32::from(phase_space.angle.periodic),
        phantom_planes: phase_space.space.cells_z as i32,
        reacts: i32::from(loss.absorbs()),
        prune: march.case.transport.prune,
        medium: packer.put(&media_by_cell(march)),
        energies_mev: packer.put(&phase_space.energy.centers_mev),
        mirror_class: packer.put(&phase_space.angle.mirror_class),
        mirror_pairs: packer.put(&pairs),
        loss: twins::EnergyLossTable {
            base: packer.put(&of_entries(loss, |list, m, e, c| {
                list.push(loss.gather(m, e, c).0 as u32);
            })),
            complete: packer.put(&loss.complete),
            weights: packer.put(&of_entries(loss, |list, m, e, c| {
                extend_padded(list, loss.gather(m, e, c).1, loss.sources);
            })),
            // Where anything reacts, a four of moments behind the scores.
            scores: packer.put(&of_entries(loss, |list, m, e, c| {
                extend_padded(list, loss.scores_of(m, e, c), SCORES);
                if loss.absorbs() {
                    list.extend_from_slice(loss.absorbed_of(m, e, c));
                }
            })),
            fours: loss.sources.div_ceil(FOUR) as i32,
            reach_down: loss.reach_down as i32,
            reach_up: loss.reach_up as i32,
            classes: loss.classes as i32,
        },
        ..Default::default()
    }
}

/// What `extend` adds to a list for every [medium, energy, class].
fn of_entries<T: Real, N>(
    table: &EnergyLossTable<T>,
    extend: impl Fn(&mut Vec<N>, usize, usize, usize),
) -> Vec<N> {
    let mut list = Vec::new();
    for medium in 0..table.media() {
        for energy in 0..table.energies {
            for class in 0..table.classes {
                extend(&mut list, medium, energy, class);
            }
        }
    }
    list
}

/// Energies between the lowest source of a target and the energy at which it is made: a target waits for the sources of all
/// media and classes, and for the targets below it. A power of two.
fn ring<T: Real>(table: &EnergyLossTable<T>) -> usize {
    let (mut made_at, mut most) = (0, 1);
    let entries = || (0..table.media()).flat_map(|m| (0..table.classes).map(move |c| (m, c)));
    for target in 0..table.energies {
        made_at = made_at.max(table.complete[target] as usize);
        let gathers = entries().map(|(medium, class)| table.gather(medium, target, class));
        let reached = gathers.filter(|(_, weights)| !weights.is_empty());
        let lowest = reached.map(|(base, _)| base).min();
        most = most.max(made_at - lowest.unwrap_or(made_at).min(made_at));
    }
    most.next_power_of_two()
}

/// [plane, x] with rows padded as psi's.
fn media_by_cell(march: &March) -> Vec<u16> {
    let rows = march.media.index.rows().into_iter();
    let padded = |row: ndarray::ArrayView1<u16>| {
        let padding = row.len().next_multiple_of(LANES) - row.len();
        let mut cells = row.to_vec();
        cells.extend(std::iter::repeat_n(0, padding));
        cells
    };
    rows.flat_map(padded).collect()
}

/// Adds a row, filled up with zeros to whole fours of the longest, which has `length`.
fn extend_padded<T: Real>(list: &mut Vec<T>, row: &[T], length: usize) {
    let end = list.len() + length.next_multiple_of(FOUR);
    list.extend_from_slice(row);
    list.resize(end, T::ZERO);
}

fn scattering<T: Real>(
    packer: &mut Packer,
    table: &ScatteringTable<T>,
    phase_space: &PhaseSpace,
) -> twins::ScatteringTable {
    let angle = &phase_space.angle;
    let reach: Vec<i32> = (0..table.energies)
        .map(|energy| table.reach(energy) as i32)
        .collect();
    let padded_angles = angle.bins().next_multiple_of(FOUR);
    let (pair_start, pairs) = pairs(table, angle, padded_angles);
    twins::ScatteringTable {
        half_width: packer.put(&table.half_width),
        pair_start: packer.put(&pair_start),
        pairs: packer.put(&pairs),
        rejected: packer.put(&table.rejected),
        reach: packer.put_range_max(&reach),
        padded_angles: padded_angles as i32,
        unused: 0,
    }
}

/// The weights as a target needs them: for jump n and angle, those of the sources n bins below and above; and where each
/// (medium, energy) begins, in pairs.
fn pairs<T: Real>(
    table: &ScatteringTable<T>,
    angle: &AngleAxis,
    padded_angles: usize,
) -> (Vec<u32>, Vec<T>) {
    let (mut start, mut pairs) = (Vec::new(), Vec::new());
    let bins = angle.bins() as isize;
    for entry in 0..table.start.len() {
        let kernels = table.kernels(entry / table.energies, entry % table.energies);
        start.push((pairs.len() / 2) as u32);
        let row = 2 * padded_angles;
        let begin = pairs.len();
        pairs.resize(begin + (kernels.half_width + 1) * row, T::ZERO);
        for n in 0..=kernels.half_width {
            let targets = &mut pairs[begin + n * row..][..2 * angle.bins()];
            for (bin, &class) in angle.mirror_class.iter().enumerate() {
                // From this source up: the target's source lies below.
                let weight = kernels.weight(class as usize, n);
                for (side, target) in [
                    (0, bin as isize + n as isize),
                    (1, bin as isize - n as isize),
                ] {
                    let target = if angle.periodic {
                        target.rem_euclid(bins)
                    } else {
                        target
                    };
                    if let Some(pair) = usize::try_from(target)
                        .ok()
                        .and_then(|t| targets.get_mut(2 * t + side))
                    {
                        *pair = weight;
                    }
                }
            }
        }
    }
    (start, pairs)
}
