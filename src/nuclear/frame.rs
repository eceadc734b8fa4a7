//! The frame of the second phase spaces: coarser cells and axes, in the direction of the spots whose protons react.

use super::coarse::Blocks;
use super::leaning::Ways;
use super::population::{Population, Resolution};
use super::projection::Projection;
use crate::case::{
    AngleBins, Backward, BeamSpec, Case, EnergyAxisSpec, Nuclear, Scattering, Splitting, Stepping,
};
use crate::phantom::Phantom;
use crate::phase_space::{AngleAxis, EnergyAxis};
use crate::physics::Material;

/// The grid of populations that have the same axes: these as a case, and the phantom in blocks.
pub struct Frame {
    pub case: Case,
    pub phantom: Phantom,
    pub blocks: Blocks,
}

impl Frame {
    pub fn new(
        case: &Case,
        fine: &Phantom,
        water: &Material,
        beam: usize,
        population: Population,
    ) -> Frame {
        let spot = &case.beams[beam];
        let highest_mev = spot.energy_mev + 5.0 * spot.energy_spread_mev;
        let range_mm = 10.0 * water.csda_range_g_per_cm2(highest_mev);
        let resolution = population.resolution(range_mm);
        let blocks = Blocks::of(fine, &resolution);
        let phantom = blocks.phantom(fine);
        let bin_mm = phantom.spacing_z_mm;
        let energy_at = |range_mm: f64| water.energy_mev(0.1 * range_mm);
        let cutoff_mev = energy_at(0.5 * bin_mm).max(case.grid.cutoff_mev);
        let spot = BeamSpec {
            // Parents react, on average, half a cell behind a face.
            energy_mev: energy_at(range_mm - 0.5 * bin_mm),
            energy_spread_mev: 0.0,
            ..*spot
        };
        Frame {
            case: secondary_case(case, spot, &resolution, bin_mm, cutoff_mev, population),
            phantom,
            blocks,
        }
    }
}

/// The axes of a frame, and how directions in space come onto them.
pub struct Axes {
    pub frame: Frame,
    pub energy: EnergyAxis,
    pub angle: AngleAxis,
    projection: Projection,
}

impl Axes {
    pub fn new(frame: Frame, water: &Material) -> Axes {
        let (grid, spot) = (&frame.case.grid, &frame.case.beams[0]);
        let energy = EnergyAxis::new(
            grid.energy_axis,
            frame.phantom.spacing_z_mm,
            grid.cutoff_mev,
            spot.energy_mev,
            spot.energy_mev,
            water,
        );
        let angle = AngleAxis::new(grid.angle_max_deg, grid.angle_bins);
        Axes {
            projection: Projection::new(&angle, spot.angle_deg.to_radians()),
            energy,
            angle,
            frame,
        }
    }

    /// Of every material.
    pub fn ways(&self, materials: &[Material]) -> Vec<Ways<'_>> {
        let of_one = |material| Ways::of(material, &self.energy, &self.projection);
        materials.iter().map(of_one).collect()
    }
}

/// The case of a population: its axes and depth stepping. Broad spectra and wide angles need neither straggling nor scattering.
fn secondary_case(
    case: &Case,
    spot: BeamSpec,
    resolution: &Resolution,
    range_bin_mm: f64,
    cutoff_mev: f64,
    population: Population,
) -> Case {
    let mut second = case.clone();
    second.beams = vec![spot];
    second.grid.energy_axis = EnergyAxisSpec::Range {
        range_bin_mm: Some(range_bin_mm),
    };
    second.grid.cutoff_mev = cutoff_mev;
    second.grid.angle_max_deg = resolution.angle_max_deg;
    second.grid.angle_bins = AngleBins::WidthDeg(resolution.angle_bin_deg);
    second.transport.stepping = Stepping::Depth;
    second.transport.splitting = Splitting::Strang;
    second.transport.backward = Backward::Reject;
    second.transport.max_steps = usize::MAX;
    match population {
        Population::Scattered if case.physics.scattering == Scattering::Moliere => {
            second.physics.scattering = Scattering::Gaussian;
        }
        Population::Scattered => {}
        Population::Turned | Population::SetFree | Population::Deuterons => {
            second.physics.straggling = false;
            second.physics.scattering = Scattering::None;
        }
    }
    second.physics.nuclear = Nuclear::None;
    second
}
