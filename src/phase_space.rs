//! Phase space: the axes, the index order `psi[energy, angle, z, x]` (x fastest), and the active window.
//!
//! psi is the expected number of protons per cell and per beam proton. Twin: kernels/phase_space.cuh.

mod angle_axis;
mod energy_axis;
mod window;

pub use angle_axis::AngleAxis;
pub use energy_axis::{EnergyAxis, EnergyCoordinate};
pub use window::{Dimension, End, Span, Window};

/// Cells of a row are stored and computed in chunks of this many; rows are padded to a whole number of chunks.
pub const LANES: usize = 16;

/// The spatial cells. Index order [z, x].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpatialGrid {
    pub x_min_mm: f64,
    pub z_min_mm: f64,
    pub spacing_x_mm: f64,
    pub spacing_z_mm: f64,
    pub cells_x: usize,
    pub cells_z: usize,
}

/// The discretised phase space of one group of spots.
#[derive(Clone, Debug)]
pub struct PhaseSpace {
    pub energy: EnergyAxis,
    pub angle: AngleAxis,
    pub space: SpatialGrid,
    /// z planes that psi holds: 1 in depth stepping (the plane that moves with the beam), all of them in path stepping.
    pub stored_z: usize,
    /// Angle bins `[first, last)` that may hold weight; what scatters beyond is rejected.
    pub angles_allowed: (usize, usize),
}

impl PhaseSpace {
    /// Cells of a stored row: `cells_x` padded to whole chunks.
    pub fn row(&self) -> usize {
        self.space.cells_x.next_multiple_of(LANES)
    }

    pub fn layout(&self) -> Layout {
        Layout {
            energies: self.energy.bins(),
            angles: self.angle.bins(),
            planes: self.stored_z,
            row: self.row(),
        }
    }
}

/// Sizes and strides of a stored psi.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub energies: usize,
    pub angles: usize,
    pub planes: usize,
    pub row: usize,
}

impl Layout {
    #[inline(always)]
    pub fn index(&self, energy: usize, angle: usize, z: usize) -> usize {
        ((energy * self.angles + angle) * self.planes + z) * self.row
    }

    /// Cells of psi, padding included.
    pub fn len(&self) -> usize {
        self.energies * self.angles * self.planes * self.row
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
