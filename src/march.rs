//! A march: everything fixed about how one group of spots crosses the phantom. Built once on the host, read by every backend.

use crate::backend::Stride;
use crate::case::{Backward, Case, Stepping, TransportSpec};
use crate::central_axis::CentralAxis;
use crate::error::Result;
use crate::media::Media;
use crate::nuclear::Removal;
use crate::operators::Setting;
use crate::operators::energy_loss::{EnergyLossTable, excess_along_axis};
use crate::operators::scattering::ScatteringTable;
use crate::operators::streaming::Displacement;
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
    pub scattering: ScatteringTable<T>,
    pub energy_loss: EnergyLossTable<T>,
    /// Per angle bin, in cells of x, for half and whole strides.
    pub half_x: Vec<Displacement<T>>,
    pub whole_x: Vec<Displacement<T>>,
    /// Likewise along z; empty in depth stepping.
    pub half_z: Vec<Displacement<T>>,
    pub whole_z: Vec<Displacement<T>>,
}

impl<T> Tables<T> {
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
        Tables {
            scattering: ScatteringTable::new(&setting),
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
            .map(|t| Displacement::new(cells * t.cos(), transport.streaming))
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

    /// Standard deviation that the energy axis adds to the beam at the end of its range, mm of water or MeV.
    pub fn energy_axis_excess(&self) -> f64 {
        excess_along_axis(&self.setting(), self.axis_class).sqrt()
    }
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
