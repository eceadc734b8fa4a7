//! A march: everything fixed about how one group of spots crosses the phantom. Built once on the host, read by every backend.

mod axes;
mod range_bin;
mod table_size;

use crate::backend::Stride;
use crate::case::{BeamSpec, Case, Precision, Splitting, Stepping};
use crate::central_axis::CentralAxis;
use crate::error::Result;
use crate::ledger::{Amount, Ledger};
use crate::media::Media;
use crate::nuclear::{FurtherTurns, Removal};
use crate::operators::Setting;
use crate::operators::energy_loss::{EnergyLossTable, excess_along_axis_mm2};
use crate::operators::scattering::{Jumps, ScatteringTable, steps_together};
use crate::operators::streaming::{Displacement, Limit};
use crate::phantom::Phantom;
use crate::phase_space::PhaseSpace;
use crate::physics::Material;
use crate::real::Real;
use crate::results::BinWidths;
pub use axes::spatial_grid;
use axes::{path_per_class, phase_space};
use range_bin::default_range_bin_mm;
use std::cmp::Ordering;
pub use table_size::TableSize;

/// Spots that share an entry energy and central axis: one phase space, one set of tables.
pub struct March<'a> {
    pub case: &'a Case,
    pub media: &'a Media,
    pub phantom: &'a Phantom,
    pub water: &'a Material,
    pub phase_space: PhaseSpace,
    pub axis: CentralAxis,
    pub removal: Removal,
    /// None but of protons that nuclei have turned.
    pub turns: FurtherTurns,
    /// Class of |angle| that the central axis is in.
    axis_class: usize,
    /// Direction of the spots.
    beam_angle_rad: f64,
    /// Path length of one step in the plane per class of |angle|, mm.
    pub path_mm: Vec<f64>,
}

/// The operators' tables in the arithmetic of the run.
pub struct Tables<T> {
    scattering: ScatteringTable<T>,
    /// Of one step in `steps_together`: it takes the long jumps of all of them.
    scattering_with_long_jumps: Option<ScatteringTable<T>>,
    steps_together: usize,
    pub energy_loss: EnergyLossTable<T>,
    /// Per stride and angle bin, in cells.
    along_x: [Vec<Displacement<T>>; Stride::ALL.len()],
    /// Likewise along z; empty in depth stepping.
    along_z: [Vec<Displacement<T>>; Stride::ALL.len()],
}

impl<T: Real> Tables<T> {
    /// Bytes kept, and bytes that building them took beside these.
    pub fn bytes(&self) -> (u64, u64) {
        let streams = self.along_x.iter().chain(&self.along_z);
        let displacements: usize = streams.map(|list| size_of_val(&list[..])).sum();
        let long_jumps = self.scattering_with_long_jumps.as_ref();
        let scattering = self.scattering.bytes() + long_jumps.map_or(0, ScatteringTable::bytes);
        let kept = scattering + self.energy_loss.bytes() + displacements;
        (kept as u64, self.energy_loss.building_bytes() as u64)
    }

    /// The kernels of a step.
    pub fn scattering(&self, step: usize) -> &ScatteringTable<T> {
        match &self.scattering_with_long_jumps {
            Some(table) if self.takes_long_jumps(step) => table,
            _ => &self.scattering,
        }
    }

    /// True where a step has kernels of its own: `scattering_tables().1`.
    pub fn takes_long_jumps(&self, step: usize) -> bool {
        let of_its_own = self.scattering_with_long_jumps.is_some();
        of_its_own && step % self.steps_together == self.steps_together / 2
    }

    /// The kernels of most steps, and those of the steps that take long jumps, where there are any.
    pub fn scattering_tables(&self) -> (&ScatteringTable<T>, Option<&ScatteringTable<T>>) {
        (&self.scattering, self.scattering_with_long_jumps.as_ref())
    }

    pub fn steps_together(&self) -> usize {
        self.steps_together
    }

    pub fn displacements_x(&self, stride: Stride) -> &[Displacement<T>] {
        &self.along_x[stride as usize]
    }

    pub fn displacements_z(&self, stride: Stride) -> &[Displacement<T>] {
        &self.along_z[stride as usize]
    }
}

impl<'a> March<'a> {
    /// The march of a beam (its energy and direction) through a phantom.
    ///
    /// # Errors
    /// Internal, where embedded data are damaged.
    pub fn new(
        case: &'a Case,
        phantom: &'a Phantom,
        media: &'a Media,
        water: &'a Material,
        beam: usize,
    ) -> Result<March<'a>> {
        let spot = &case.beams[beam];
        let range_bin_mm = default_range_bin_mm(case, spot, phantom, media, water);
        let phase_space = phase_space(case, spot, phantom, water, range_bin_mm);
        let path_mm = path_per_class(&case.transport, &phase_space);
        let axis = central_axis(case, spot, phantom, media);
        let axis_class = phase_space.angle.class_nearest(spot.angle_deg.to_radians());
        let removal = Removal::new(
            case.physics.nuclear,
            case.physics.nuclear_sources,
            &phantom.materials,
        )?;
        Ok(March {
            case,
            media,
            phantom,
            water,
            phase_space,
            axis,
            removal,
            turns: FurtherTurns::default(),
            axis_class,
            beam_angle_rad: spot.angle_deg.to_radians(),
            path_mm,
        })
    }

    pub fn setting(&self) -> Setting<'_> {
        Setting {
            phase_space: &self.phase_space,
            media: self.media,
            materials: &self.phantom.materials,
            water: self.water,
            axis: &self.axis,
            removal: &self.removal,
            turns: &self.turns,
            physics: self.case.physics,
            transport: self.case.transport,
            path_mm: &self.path_mm,
        }
    }

    pub fn tables<T: Real>(&self) -> Tables<T> {
        let setting = self.setting();
        let together = steps_together(&setting);
        let kinds = match together {
            1 => vec![Jumps::LongOf(1)],
            _ => vec![Jumps::Short, Jumps::LongOf(together)],
        };
        let mut scattering = ScatteringTable::of_steps(&setting, &kinds);
        Tables {
            scattering_with_long_jumps: scattering.split_off(1).pop(),
            scattering: scattering.swap_remove(0),
            steps_together: together,
            energy_loss: EnergyLossTable::new(&setting),
            along_x: Stride::ALL.map(|stride| self.displacements_x(stride)),
            along_z: Stride::ALL.map(|stride| self.displacements_z(stride)),
        }
    }

    /// Bytes of the tables in the run's arithmetic, which are made for it: kept, and taken beside these while building.
    pub fn table_bytes(&self) -> (u64, u64) {
        match self.case.run.precision {
            Precision::Double => self.tables::<f64>().bytes(),
            Precision::Single | Precision::Half => self.tables::<f32>().bytes(),
        }
    }

    /// Sideways by dz tan(theta) (depth) or ds sin(theta) (path).
    fn displacements_x<T: Real>(&self, stride: Stride) -> Vec<Displacement<T>> {
        let transport = &self.case.transport;
        let space = &self.phase_space.space;
        let share = match (stride, transport.stepping) {
            (Stride::Half, _) => 0.5,
            (Stride::Hold | Stride::Entry, Stepping::Depth) => return Vec::new(),
            (Stride::Entry, Stepping::Path) if self.entry_step() == 0 => 0.0,
            _ => 1.0,
        };
        let sideways_mm = |theta: f64| match transport.stepping {
            Stepping::Depth => space.spacing_z_mm * theta.tan(),
            Stepping::Path => transport.step_mm * theta.sin(),
        };
        let angles = self.phase_space.angle.centers_rad.iter();
        angles
            .map(|&t| self.displacement(share * sideways_mm(t) / space.spacing_x_mm))
            .collect()
    }

    fn displacements_z<T: Real>(&self, stride: Stride) -> Vec<Displacement<T>> {
        if self.case.transport.stepping == Stepping::Depth {
            // The plane moves with the beam: nothing streams along z.
            return Vec::new();
        }
        let entry_step = self.entry_step();
        let cells = |theta: f64| {
            let whole = self.step_along_z(theta);
            match stride {
                Stride::Half => 0.5 * whole,
                Stride::Whole => whole,
                Stride::Hold => whole.min(0.0),
                Stride::Entry if whole > 0.0 => middle_of_step(entry_step, whole).max(0.0),
                Stride::Entry if entry_step == 0 => 0.0,
                Stride::Entry => whole,
            }
        };
        let angles = self.phase_space.angle.centers_rad.iter();
        angles.map(|&t| self.displacement(cells(t))).collect()
    }

    fn displacement<T: Real>(&self, cells: f64) -> Displacement<T> {
        let transport = &self.case.transport;
        Displacement::new(cells, transport.streaming, Limit::of(transport.stepping))
    }

    /// Cells of z that a path step goes.
    fn step_along_z(&self, theta: f64) -> f64 {
        let space = &self.phase_space.space;
        self.case.transport.step_mm * theta.cos() / space.spacing_z_mm
    }

    /// The first step whose middle does not lie before the centre of the first cell, where psi stands until then: there is no
    /// cell before it to hold a mean depth together with it.
    fn entry_step(&self) -> usize {
        let along_z = self.step_along_z(self.beam_angle_rad);
        if along_z < SLANTING_AT_MOST {
            return 0;
        }
        (0.5 / along_z - 0.5 - ROUNDING).ceil().max(0.0) as usize
    }

    /// The stride that leads to a step's middle. Path stepping: the source stands in the middle of the first step.
    pub fn stride_before(&self, step: usize) -> Option<Stride> {
        let transport = &self.case.transport;
        match (transport.stepping, transport.splitting) {
            (Stepping::Depth, Splitting::Strang) if step == 0 => Some(Stride::Half),
            (Stepping::Depth, _) => Some(Stride::Whole),
            (Stepping::Path, _) => match step.cmp(&self.entry_step()) {
                Ordering::Less => (step > 0).then_some(Stride::Hold),
                Ordering::Equal => Some(Stride::Entry),
                Ordering::Greater => Some(Stride::Whole),
            },
        }
    }

    /// Path from the entry plane to where the source is put: half a step in path stepping.
    pub fn source_path_mm(&self) -> f64 {
        match self.case.transport.stepping {
            Stepping::Depth => 0.0,
            Stepping::Path => 0.5 * self.case.transport.step_mm,
        }
    }

    pub fn bin_widths(&self) -> BinWidths {
        let range_bin_mm = self.phase_space.energy.range_bin_mm.unwrap_or(f64::NAN);
        BinWidths {
            range_bin_mm,
            range_bin_widest_mm: range_bin_mm,
            angle_bin_deg: self.phase_space.angle.bin_deg,
        }
    }

    /// Steps that the march may take.
    pub fn most_steps(&self) -> usize {
        match self.case.transport.stepping {
            Stepping::Depth => self
                .phase_space
                .space
                .cells_z
                .min(self.case.transport.max_steps),
            Stepping::Path => self.case.transport.max_steps,
        }
    }

    /// Where what is left after so many steps goes: through the far end behind the last plane, else it is still under way.
    pub fn enter_left(&self, ledger: &mut Ledger, left: Amount) {
        let depth_stepping = self.case.transport.stepping == Stepping::Depth;
        match depth_stepping && ledger.steps.len() >= self.phase_space.space.cells_z {
            true => ledger.last_leaked[3].add(left),
            false => ledger.alive = left,
        }
    }

    /// Standard deviation that the energy axis adds to the beam at the end of its range, mm of water.
    pub fn energy_axis_excess_sigma_mm(&self) -> f64 {
        excess_along_axis_mm2(&self.setting(), self.axis_class).sqrt()
    }
}

/// Cells of z that a step goes, below which a beam runs along the surface rather than into it.
const SLANTING_AT_MOST: f64 = 1e-3;
const ROUNDING: f64 = 1e-12;

/// Where a step's middle lies after the centre of the first cell, in cells.
fn middle_of_step(step: usize, cells_per_step: f64) -> f64 {
    (step as f64 + 0.5) * cells_per_step - 0.5
}

/// What a spot's axis crosses, a step at a time.
fn central_axis(case: &Case, spot: &BeamSpec, phantom: &Phantom, media: &Media) -> CentralAxis {
    let step_mm = match case.transport.stepping {
        Stepping::Depth => phantom.spacing_z_mm / spot.angle_deg.to_radians().cos(),
        Stepping::Path => case.transport.step_mm,
    };
    CentralAxis::new(spot, case.physics, phantom, media, step_mm)
}
