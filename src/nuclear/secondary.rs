//! The second phase space: secondary protons of all spots of one direction, marched by the operators of the primary beam on
//! coarser axes, depth by depth, with what was born at each plane injected before its energy loss.

use super::coarse::{Blocks, LARGEST_Z_MM};
use super::emission::EmissionTable;
use super::interactions::Interactions;
use super::local::settle_on_the_spot;
use super::production::{Emissions, Production};
use super::projection::{POLAR_CELLS, Projection};
use crate::backend::{Machine, Stepper, Stride, Tally};
use crate::case::{AngleBins, Backward, Case, EnergyAxisSpec, Nuclear, Splitting, Stepping};
use crate::error::Result;
use crate::ledger::Reactions;
use crate::march::{March, PathFactors};
use crate::media::Media;
use crate::phantom::Phantom;
use crate::phase_space::{AngleAxis, EnergyAxis};
use crate::physics::Material;
use crate::scoring::Scores;

/// Widest plane angle, and the width of a bin. Ranges step by two depths of a coarse cell of 1 mm, so that forward protons move
/// by whole bins in water and do not diffuse.
const ANGLE_MAX_DEG: f64 = 75.0;
const ANGLE_BIN_DEG: f64 = 3.0;
const RANGE_BIN_MM: f64 = LARGEST_Z_MM;
/// Below this range a secondary proton stays in the cell where it is born.
const SHORTEST_RANGE_MM: f64 = 0.5 * RANGE_BIN_MM;

/// Everything that secondary protons of one direction are marched with.
pub struct SecondaryProtons {
    case: Case,
    phantom: Phantom,
    media: Media,
    blocks: Blocks,
    tables: Vec<EmissionTable>,
    path_factors: PathFactors,
    axis: EnergyAxis,
    production: Production,
    /// Secondary protons that stayed where they were born, on the phantom's cells.
    born: Scores,
}

impl SecondaryProtons {
    /// For spots in the direction of `beam`, none of higher energy than it.
    ///
    /// # Errors
    /// Internal, where embedded data are damaged.
    pub fn new(
        case: &Case,
        fine: &Phantom,
        water: &Material,
        beam: usize,
    ) -> Result<SecondaryProtons> {
        let blocks = Blocks::of(fine);
        let phantom = blocks.phantom(fine);
        let case = secondary_case(case, water, beam);
        let highest_mev = case.beams[0].energy_mev;
        let axis = EnergyAxis::new(
            case.grid.energy_axis,
            case.grid.cutoff_mev,
            highest_mev,
            highest_mev,
            water,
        );
        let angles = AngleAxis::new(case.grid.angle_max_deg, case.grid.angle_bins);
        let projection = Projection::new(&angles, case.beams[0].angle_deg.to_radians());
        let tables = fine
            .materials
            .iter()
            .map(|material| {
                let interactions = Interactions::of(material, Nuclear::Transport)?;
                Ok(EmissionTable::new(
                    material,
                    &interactions,
                    &axis,
                    &projection,
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(SecondaryProtons {
            media: Media::new(&phantom),
            production: Production::new(blocks, &phantom),
            born: Scores::of_cells(fine.material_index.dim()),
            path_factors: path_factors(&tables, &projection, &angles, &axis),
            blocks,
            tables,
            axis,
            phantom,
            case,
        })
    }

    /// Enters a primary march's absorbed protons, `factor` of it; its own scores keep the fragments' deposit.
    pub fn absorb(&mut self, scores: &mut Scores, fine: &Phantom, factor: f64) -> Reactions {
        let emissions = Emissions {
            tables: &self.tables,
            axis: &self.axis,
        };
        self.production
            .add(scores, &mut self.born, fine, &emissions, factor)
    }

    /// Marches what was produced; the tally's scores stand on the phantom's cells.
    ///
    /// # Errors
    /// Whatever the machine reports.
    pub fn march(&self, fine: &Phantom, water: &Material, machine: &dyn Machine) -> Result<Tally> {
        let mut march = March::new(&self.case, &self.phantom, &self.media, water, 0)?;
        march.path_factors = Some(self.path_factors.clone());
        let mut stepper = machine.stepper(&march)?;
        self.advance(stepper.as_mut(), march.most_steps())?;
        let mut tally = stepper.unload()?.swap_remove(0);
        tally.ledger.reactions = settle_on_the_spot(&mut tally.scores, &march.removal, &self.media);
        tally.scores = self.blocks.refined(&tally.scores, fine);
        tally.scores.add_scaled(&self.born, 1.0);
        Ok(tally)
    }

    fn advance(&self, stepper: &mut dyn Stepper, steps: usize) -> Result<()> {
        let emissions = Emissions {
            tables: &self.tables,
            axis: &self.axis,
        };
        let last_source = self.production.planes() + 1;
        stepper.clear()?;
        for step in 0..steps {
            stepper.inject(&self.production.terms(step, &emissions))?;
            stepper.scatter(step)?;
            stepper.lose_energy(step)?;
            stepper.stream(if step + 1 < steps {
                Stride::Whole
            } else {
                Stride::Half
            })?;
            if step >= last_source && stepper.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

/// The case of the second phase space: its axes, depth stepping, nonelastic removal settled on the spot.
fn secondary_case(case: &Case, water: &Material, beam: usize) -> Case {
    let mut second = case.clone();
    let energy_at = |range_mm: f64| water.energy_mev(0.1 * range_mm);
    let spot = &case.beams[beam];
    let highest_mev = spot.energy_mev + 5.0 * spot.energy_spread_mev;
    let range_mm = 10.0 * water.csda_range_g_per_cm2(highest_mev);
    second.beams = vec![*spot];
    // Protons are born, on average, half a cell behind a face.
    second.beams[0].energy_mev = energy_at(range_mm - 0.5 * RANGE_BIN_MM);
    second.beams[0].energy_spread_mev = 0.0;
    second.grid.energy_axis = EnergyAxisSpec::Range {
        range_bin_mm: RANGE_BIN_MM,
    };
    second.grid.cutoff_mev = energy_at(SHORTEST_RANGE_MM).max(case.grid.cutoff_mev);
    second.grid.angle_max_deg = ANGLE_MAX_DEG;
    second.grid.angle_bins = AngleBins::WidthDeg(ANGLE_BIN_DEG);
    second.transport.stepping = Stepping::Depth;
    second.transport.splitting = Splitting::Strang;
    second.transport.backward = Backward::Reject;
    second.transport.max_steps = usize::MAX;
    second.physics.nuclear = Nuclear::Local;
    second
}

/// Mean path factors of protons slowed to each energy bin, per class of |angle|: of all that were born at that energy or above,
/// by the mean inverse, which keeps how deep they come.
fn path_factors(
    tables: &[EmissionTable],
    projection: &Projection,
    angles: &AngleAxis,
    axis: &EnergyAxis,
) -> PathFactors {
    let classes = angles.class_angles_rad.len();
    let mut values = vec![1.0; axis.bins() * classes];
    let mut above = vec![(0.0, 0.0); classes];
    for energy in (0..axis.bins()).rev() {
        for cell in 0..POLAR_CELLS {
            let born: f64 = tables
                .iter()
                .map(|t| t.births()[energy * POLAR_CELLS + cell])
                .sum();
            for bin in 0..projection.bins {
                let sums = &mut above[angles.mirror_class[bin] as usize];
                sums.0 += born * projection.share(cell)[bin];
                sums.1 += born * projection.inverse_path(cell)[bin];
            }
        }
        for (class, (share, inverse)) in above.iter().enumerate() {
            if *inverse > 0.0 {
                values[energy * classes + class] = share / inverse;
            }
        }
    }
    PathFactors {
        edges_mev: axis.edges_mev.clone(),
        classes,
        values,
    }
}
