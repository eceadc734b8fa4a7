//! How large the operators' tables are, by bins alone: what is told before they are built.

use super::March;
use crate::case::Scattering;

/// Bins and media that the tables of a march are built for.
#[derive(Clone, Copy, Debug)]
pub struct TableSize {
    pub energies: usize,
    pub angles: usize,
    pub media: usize,
    /// Building them keeps a user waiting.
    pub large: bool,
}

/// Weights of energy loss: medium, energy, class of |angle|, and bins that a step goes; a microsecond each, several seconds (measured).
const MANY_WEIGHTS: f64 = 5e6;
/// Energy times angle squared with Moliere's kernels, which take a hundredth of that each.
const MANY_JUMPS: f64 = 5e8;

impl March<'_> {
    pub fn table_size(&self) -> TableSize {
        let axis = &self.phase_space.energy;
        let (energies, angles) = (axis.bins(), self.phase_space.angle.bins());
        let media = self.media.list.len();
        let highest_mm = 10.0 * self.water.csda_range_g_per_cm2(axis.edges_mev[energies]);
        let bins_a_step = (energies as f64 * self.path_mm[0] / highest_mm).max(1.0);
        let weights = (media * energies * self.path_mm.len()) as f64 * bins_a_step;
        let jumps = match self.case.physics.scattering {
            Scattering::Moliere => energies as f64 * (angles as f64).powi(2),
            _ => 0.0,
        };
        TableSize {
            energies,
            angles,
            media,
            large: weights > MANY_WEIGHTS || jumps > MANY_JUMPS,
        }
    }
}
