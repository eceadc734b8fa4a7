//! A march: everything fixed about how one group of spots crosses the phantom. Built once on the host, read by every backend.

use crate::backend::Stride;
use crate::case::{Backward, Case, Stepping, TransportSpec};
use crate::central_axis::CentralAxis;
use crate::error::Result;
use crate::media::Media;
use crate::nuclear::Removal;
use crate::operators::Setting;
use crate::operators::energy_loss::{EnergyLossTable, excess_along_axis_mm2};
use crate::operators::scattering::{Jumps, ScatteringTable, steps_together};
use crate::operators::streaming::{Displacement, Regain};
use crate::phantom::Phantom;
use crate::phase_space::{AngleAxis, EnergyAxis, PhaseSpace, SpatialGrid};
use crate::physics::Material;
use crate::real::Real;

/// Spots that share an entry energy and central axis: one phase space, one set of tables.
pub struct March<'a> {
    pub case: &'a Case,
    pub media: &'a Media,
    pub phantom: &'a Phantom,
    pub water: &'a Material,
    pub phase_space: PhaseSpace,
    pub axis: CentralAxis,
    pub removal: Removal,
    /// Class of |angle| that the central axis is in.
    axis_class: usize,
    /// Path factors out of the plane, where they are not those of the central axis.
    pub path_factors: Option<PathFactors>,
    /// Path length of one step in the plane per class of |angle|, mm.
    pub path_mm: Vec<f64>,
}

/// Factors by which paths are longer than their projection on the plane, by energy bin and class of |angle|.
#[derive(Clone, Debug)]
pub struct PathFactors {
    pub edges_mev: Vec<f64>,
    pub classes: usize,
    /// [energy, class]
    pub values: Vec<f64>,
}

impl PathFactors {
    pub fn at(&self, energy_mev: f64, class: usize) -> f64 {
        let bins = self.edges_mev.len() - 1;
        let bin = self
            .edges_mev
            .partition_point(|&e| e <= energy_mev)
            .clamp(1, bins)
            - 1;
        self.values[bin * self.classes + class]
    }
}

/// The operators' tables in the arithmetic of the run.
pub struct Tables<T> {
    scattering: ScatteringTable<T>,
    /// Of one step in `steps_together`: it takes the long jumps of all of them.
    scattering_with_long_jumps: Option<ScatteringTable<T>>,
    steps_together: usize,
    pub energy_loss: EnergyLossTable<T>,
    /// Per angle bin, in cells of x, for half and whole strides.
    pub half_x: Vec<Displacement<T>>,
    pub whole_x: Vec<Displacement<T>>,
    /// Likewise along z; empty in depth stepping.
    pub half_z: Vec<Displacement<T>>,
    pub whole_z: Vec<Displacement<T>>,
}

impl<T: Real> Tables<T> {
    /// Bytes kept, and bytes that building them took beside these.
    pub fn bytes(&self) -> (u64, u64) {
        let streams = [&self.half_x, &self.whole_x, &self.half_z, &self.whole_z];
        let displacements: usize = streams.iter().map(|list| size_of_val(&list[..])).sum();
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
        match stride {
            Stride::Half => &self.half_x,
            Stride::Whole => &self.whole_x,
        }
    }

    pub fn displacements_z(&self, stride: Stride) -> &[Displacement<T>] {
        match stride {
            Stride::Half => &self.half_z,
            Stride::Whole => &self.whole_z,
        }
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
        let highest = spot.energy_mev + 5.0 * spot.energy_spread_mev;
        let angle = AngleAxis::new(case.grid.angle_max_deg, case.grid.angle_bins);
        let space = spatial_grid(phantom);
        let phase_space = PhaseSpace {
            energy: EnergyAxis::new(
                case.grid.energy_axis,
                default_range_bin_mm(case, phantom, media, water, spot.energy_mev),
                case.grid.cutoff_mev,
                spot.energy_mev,
                highest,
                water,
            ),
            angles_allowed: angles_allowed(&case.transport, &angle),
            stored_z: if case.transport.stepping == Stepping::Depth {
                1
            } else {
                space.cells_z
            },
            space,
            angle,
        };
        let path_mm = path_per_class(&case.transport, &phase_space);
        let step_mm = match case.transport.stepping {
            Stepping::Depth => phantom.spacing_z_mm / spot.angle_deg.to_radians().cos(),
            Stepping::Path => case.transport.step_mm,
        };
        let axis = CentralAxis::new(spot, case.physics.scattering, phantom, media, step_mm);
        let axis_class = phase_space.angle.class_nearest(spot.angle_deg.to_radians());
        let removal = Removal::new(case.physics.nuclear, &phantom.materials)?;
        Ok(March {
            case,
            media,
            phantom,
            water,
            phase_space,
            axis,
            removal,
            path_factors: None,
            axis_class,
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
            path_factors: self.path_factors.as_ref(),
            physics: self.case.physics,
            transport: self.case.transport,
            path_mm: &self.path_mm,
        }
    }

    pub fn tables<T: Real>(&self) -> Tables<T> {
        let setting = self.setting();
        let together = steps_together(self.case.physics.scattering, self.path_mm[0]);
        let apart = if together > 1 {
            Jumps::Short
        } else {
            Jumps::LongOf(1)
        };
        Tables {
            scattering: ScatteringTable::new(&setting, apart),
            scattering_with_long_jumps: (together > 1)
                .then(|| ScatteringTable::new(&setting, Jumps::LongOf(together))),
            steps_together: together,
            energy_loss: EnergyLossTable::new(&setting),
            half_x: self.displacements_x(Stride::Half),
            whole_x: self.displacements_x(Stride::Whole),
            half_z: self.displacements_z(Stride::Half),
            whole_z: self.displacements_z(Stride::Whole),
        }
    }

    /// Sideways by dz tan(theta) (depth) or ds sin(theta) (path).
    fn displacements_x<T: Real>(&self, stride: Stride) -> Vec<Displacement<T>> {
        let transport = &self.case.transport;
        let space = &self.phase_space.space;
        let sideways_mm = |theta: f64| match transport.stepping {
            Stepping::Depth => space.spacing_z_mm * theta.tan(),
            Stepping::Path => transport.step_mm * theta.sin(),
        };
        let angles = self.phase_space.angle.centers_rad.iter();
        angles
            .map(|&t| {
                Displacement::new(
                    share(stride) * sideways_mm(t) / space.spacing_x_mm,
                    transport.streaming,
                    Regain::of(transport.stepping),
                )
            })
            .collect()
    }

    fn displacements_z<T: Real>(&self, stride: Stride) -> Vec<Displacement<T>> {
        let transport = &self.case.transport;
        if transport.stepping == Stepping::Depth {
            // The plane moves with the beam: nothing streams along z.
            return Vec::new();
        }
        let cells = share(stride) * transport.step_mm / self.phase_space.space.spacing_z_mm;
        let angles = self.phase_space.angle.centers_rad.iter();
        angles
            .map(|t| {
                Displacement::new(
                    cells * t.cos(),
                    transport.streaming,
                    Regain::of(transport.stepping),
                )
            })
            .collect()
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

    /// Standard deviation that the energy axis adds to the beam at the end of its range, mm of water.
    pub fn energy_axis_excess(&self) -> f64 {
        excess_along_axis_mm2(&self.setting(), self.axis_class).sqrt()
    }
}

/// Widest range bin taken by default.
const RANGE_BIN_AT_MOST_MM: f64 = 0.5;
/// Bins per standard deviation of the range straggling: with fewer the edge of the dose shows the bins (docs/verification.md).
const BINS_PER_SIGMA: f64 = 3.0;
/// Widest bin where steps are no whole number of bins (another material than the axis' water): wider ones cannot carry the
/// fraction of a bin without adding variance, from some 60 MeV down.
const RANGE_BIN_OFF_WATER_MM: f64 = 0.2;

/// The range bin that a beam needs: a whole fraction of the step, fine enough for the beam's straggling and for the media.
fn default_range_bin_mm(
    case: &Case,
    phantom: &Phantom,
    media: &Media,
    water: &Material,
    energy_mev: f64,
) -> f64 {
    let step_mm = match case.transport.stepping {
        Stepping::Depth => phantom.spacing_z_mm,
        Stepping::Path => case.transport.step_mm,
    };
    // Bortfeld, Med. Phys. 24 (1997) 2024, eq. 18: sigma = 0.012 R^0.935, cm.
    let sigma_mm = 10.0 * 0.012 * water.csda_range_g_per_cm2(energy_mev).powf(0.935);
    let is_water = |material: usize, density: f64| {
        phantom.materials[material].name == water.name && density == water.density_g_per_cm3
    };
    let all_water = media
        .list
        .iter()
        .all(|medium| is_water(medium.material, medium.density_g_per_cm3));
    let widest = if all_water {
        RANGE_BIN_AT_MOST_MM
    } else {
        RANGE_BIN_OFF_WATER_MM
    };
    step_mm / (step_mm / widest.min(sigma_mm / BINS_PER_SIGMA)).ceil()
}

fn share(stride: Stride) -> f64 {
    match stride {
        Stride::Half => 0.5,
        Stride::Whole => 1.0,
    }
}

pub fn spatial_grid(phantom: &Phantom) -> SpatialGrid {
    SpatialGrid {
        x_min_mm: phantom.x_min_mm,
        z_min_mm: phantom.z_min_mm,
        spacing_x_mm: phantom.spacing_x_mm,
        spacing_z_mm: phantom.spacing_z_mm,
        cells_x: phantom.cells_x(),
        cells_z: phantom.cells_z(),
    }
}

fn path_per_class(transport: &TransportSpec, phase_space: &PhaseSpace) -> Vec<f64> {
    let classes = phase_space.angle.class_angles_rad.iter();
    classes
        .map(|theta| match transport.stepping {
            Stepping::Depth => phase_space.space.spacing_z_mm / theta.cos(),
            Stepping::Path => transport.step_mm,
        })
        .collect()
}

/// Angle bins that may hold weight: all in depth stepping (the axis ends below 90 degrees), else what the policy lets through.
fn angles_allowed(transport: &TransportSpec, angle: &AngleAxis) -> (usize, usize) {
    const ALLOWANCE_COSINE: f64 = -0.1;
    const ROUNDING: f64 = 1e-12;
    let forward = |theta: f64| match (transport.stepping, transport.backward) {
        (Stepping::Depth, _) => true,
        (Stepping::Path, Backward::Reject) => theta.cos() > ROUNDING,
        (Stepping::Path, Backward::AngularCap) => {
            theta.abs() <= transport.angle_cap_deg.to_radians() + ROUNDING
        }
        (Stepping::Path, Backward::Allowance) => theta.cos() > ALLOWANCE_COSINE,
    };
    let first = angle
        .centers_rad
        .iter()
        .position(|&t| forward(t))
        .unwrap_or(0);
    let last = angle
        .centers_rad
        .iter()
        .rposition(|&t| forward(t))
        .map_or(0, |i| i + 1);
    (first, last)
}
