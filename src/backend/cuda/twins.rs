//! The structs that kernels take, byte for byte as kernels/phase_space.cuh declares them; device addresses are `u64`.

use crate::operators::energy_loss::{MOMENTS, SCORES};
use crate::phase_space;
use bytemuck::{Pod, Zeroable};

/// Threads of a block: lanes along x, and rows, fewer in kernels that hold many numbers.
pub const LANES: u32 = 32;
pub const ROWS: u32 = 8;
pub const FEW_ROWS: u32 = 4;
/// Score maps on the device: deposit, deposit times LET, path, and the moments of what reactions take.
pub const MAPS: usize = 3 + MOMENTS;
/// Numbers of a block's slot of losses: leaked (weight, MeV) by side, rejected, rounding before and after the energy loss.
pub const LOSSES: usize = 14;
/// Numbers of a step's entry: the losses, alive (2), stopped, deposited, pruned (2), absorbed (2).
pub const ENTRIES: usize = LOSSES + 8;
/// Sums of a block of `collect`: the scores, what pruning angles drops, and the moments of what reactions take.
pub const COLLECTED: usize = SCORES + 2 + MOMENTS;
/// Spans per spot in `March::kept`: energy, angle, z, x.
pub const DIMENSIONS: usize = 4;

/// Numbers that kernels read at once; tables' rows are filled up to whole fours.
pub const FOUR: usize = 4;

/// A device address.
pub type Address = u64;

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Span {
    pub first: i32,
    pub last: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
pub struct Window {
    pub energy: Span,
    pub angle: Span,
    pub z: Span,
    pub x: Span,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct Layout {
    pub energies: i32,
    pub angles: i32,
    pub planes: i32,
    pub row: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct RangeMax {
    pub table: Address,
    pub count: i32,
    pub unused: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct ScatteringTable {
    pub half_width: Address,
    pub pair_start: Address,
    pub pairs: Address,
    pub rejected: Address,
    pub reach: RangeMax,
    pub padded_angles: i32,
    pub unused: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct EnergyLossTable {
    pub base: Address,
    pub complete: Address,
    pub weights: Address,
    pub scores: Address,
    pub fours: i32,
    pub reach_down: i32,
    pub reach_up: i32,
    pub classes: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct Displacements {
    pub by_angle: Address,
    pub below: RangeMax,
    pub above: RangeMax,
}

/// What is born at a plane: in kernels/inject.cu.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct Term {
    pub emission: Address,
    pub row: Address,
    pub energy: Span,
    pub x: Span,
}

#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
pub struct March {
    pub layout: Layout,
    pub allowed_angles: Span,
    pub cells_x: i32,
    pub periodic: i32,
    pub spots: i32,
    pub phantom_planes: i32,
    pub blocks: i32,
    pub collect_blocks: i32,
    pub steps_kept: i32,
    pub reacts: i32,
    pub prune: f64,
    pub medium: Address,
    pub energies_mev: Address,
    pub mirror_class: Address,
    pub mirror_pairs: Address,
    pub scattering: ScatteringTable,
    pub loss: EnergyLossTable,
    pub windows: Address,
    pub kept: Address,
    pub partial: Address,
    pub maps: Address,
    pub columns: Address,
    pub column_most: Address,
    pub layers: Address,
    pub outside: Address,
    pub collected: Address,
    pub losses: Address,
    pub any_loss: Address,
    pub entries: Address,
    pub counts: Address,
    pub rest: Address,
    pub steps_done: Address,
}

impl From<phase_space::Span> for Span {
    fn from(span: phase_space::Span) -> Span {
        Span {
            first: span.first as i32,
            last: span.last as i32,
        }
    }
}

impl From<phase_space::Window> for Window {
    fn from(window: phase_space::Window) -> Window {
        Window {
            energy: window.energy.into(),
            angle: window.angle.into(),
            z: window.z.into(),
            x: window.x.into(),
        }
    }
}

impl From<phase_space::Layout> for Layout {
    fn from(layout: phase_space::Layout) -> Layout {
        Layout {
            energies: layout.energies as i32,
            angles: layout.angles as i32,
            planes: layout.planes as i32,
            row: layout.row as i32,
        }
    }
}

impl Window {
    pub fn is_empty(&self) -> bool {
        [self.energy, self.angle, self.z, self.x]
            .iter()
            .any(|span| span.last <= span.first)
    }
}
