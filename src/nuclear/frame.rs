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
    /// Of the beam: its protons' energies spread on their way.
    pub straggles: bool,
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
        let range_mm = longest_range_mm(water, spot);
        let resolution = population.resolution(range_mm, spot.angle_deg);
        let blocks = Blocks::of(fine, &resolution);
        let phantom = blocks.phantom(fine);
        let bin_mm = phantom.spacing_z_mm;
        let energy_at = |range_mm: f64| water.energy_mev(0.1 * range_mm);
        let cutoff_mev = energy_at(0.5 * bin_mm).max(case.grid.cutoff_mev);
        let spot = BeamSpec {
            energy_mev: energy_at(population.highest_center(range_mm / bin_mm) * bin_mm),
            energy_spread_mev: 0.0,
            ..*spot
        };
        Frame {
            case: secondary_case(case, spot, &resolution, bin_mm, cutoff_mev, population),
            phantom,
            blocks,
            straggles: case.physics.straggling,
        }
    }
}

/// The longest range in water that a spot's protons have.
fn longest_range_mm(water: &Material, spot: &BeamSpec) -> f64 {
    10.0 * water.csda_range_g_per_cm2(spot.highest_mev())
}

/// What frames of spots in one direction differ in.
pub type Resolutions = [Blocks; Population::OF_FRAMES.len()];

/// Of a spot.
pub fn resolutions(fine: &Phantom, water: &Material, spot: &BeamSpec) -> Resolutions {
    let range_mm = longest_range_mm(water, spot);
    Population::OF_FRAMES
        .map(|population| Blocks::of(fine, &population.resolution(range_mm, spot.angle_deg)))
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

    pub fn ways(&self, material: &Material) -> Ways<'_> {
        Ways::of(material, &self.energy, &self.projection)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::physics::builtin;
    use std::path::Path;

    #[test]
    fn broad_spectra_have_the_same_lowest_bins_whatever_the_beam() {
        let water = builtin("water").expect("water is built in");
        let lowest = |energy_mev: f64| {
            let text = format!(
                "[phantom]\nmaterial = \"water\"\nx_mm = [0.0, 20.0]\nz_mm = [0.0, 180.0]\nspacing_mm = [1.0, 1.0]
[[beam]]\nenergy_mev = {energy_mev:?}\nx_mm = 10.0\n[physics]\nnuclear = \"transport\"\n"
            );
            let case = Case::parse(&text, Path::new("frame.toml"), &[]).expect("a good case");
            let phantom = Phantom::build(&case, Path::new(".")).expect("a phantom");
            let frame = Frame::new(&case, &phantom, &water, 0, Population::SetFree);
            let axis = Axes::new(frame, &water).energy;
            assert_eq!(axis.range_bin_mm, Some(3.0));
            (axis.first_moving, axis.centers_mev[0])
        };
        let (moving, first_mev) = lowest(131.0);
        for energy_mev in [133.7, 139.2, 144.4, 149.9] {
            let (also_moving, mev) = lowest(energy_mev);
            assert_eq!(also_moving, moving, "{energy_mev}");
            assert!((mev / first_mev - 1.0).abs() < 1e-6, "{energy_mev}: {mev}");
        }
    }
}
