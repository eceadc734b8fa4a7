//! The three operators and what their tables are built from. Each operator is a positive, conservative Markov kernel along one
//! axis; tables of stencils are the only thing that the backends read, so that the CPU loop and the CUDA kernel are the same
//! few multiply-adds.

mod classes;
pub mod energy_loss;
pub mod jump_kernel;
pub mod scattering;
pub mod streaming;

use crate::case::{PhysicsSpec, Scattering, TransportSpec};
use crate::central_axis::CentralAxis;
use crate::media::Media;
use crate::nuclear::{FurtherTurns, Removal};
use crate::phase_space::PhaseSpace;
use crate::physics::Material;

/// Everything that the stencil tables of one group of spots are built from.
pub struct Setting<'a> {
    pub phase_space: &'a PhaseSpace,
    pub media: &'a Media,
    pub materials: &'a [Material],
    pub water: &'a Material,
    pub axis: &'a CentralAxis,
    pub removal: &'a Removal,
    pub turns: &'a FurtherTurns,
    pub physics: PhysicsSpec,
    pub transport: TransportSpec,
    /// Path length of one step in the plane, per class of |angle|, mm.
    pub path_mm: &'a [f64],
}

impl Setting<'_> {
    /// Factor by which paths of protons slowed to E are longer than their projection on the plane.
    pub fn path_factor(&self, medium: usize, energy_mev: f64) -> f64 {
        let material = self.media.list[medium].material;
        self.axis.path_factor(energy_mev) + self.turns.lengthening(material, energy_mev)
    }

    /// Areal length of one step, g/cm2, `detour` times as long as in the plane.
    pub fn areal_g_per_cm2(&self, medium: usize, class: usize, detour: f64) -> f64 {
        0.1 * self.media.list[medium].density_g_per_cm3 * self.path_mm[class] * detour
    }

    /// True where protons jump by many bins of the angle at a time.
    pub fn has_long_jumps(&self) -> bool {
        self.physics.scattering == Scattering::Moliere || !self.turns.is_empty()
    }

    pub fn material(&self, medium: usize) -> &Material {
        &self.materials[self.media.list[medium].material]
    }
}
