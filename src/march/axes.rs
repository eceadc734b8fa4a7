//! The axes of a march, and what of them a step needs.

use super::ROUNDING;
use crate::case::{Backward, BeamSpec, Case, Stepping, TransportSpec};
use crate::phantom::Phantom;
use crate::phase_space::{AngleAxis, EnergyAxis, PhaseSpace, SpatialGrid};
use crate::physics::Material;

/// The axes of a spot's march.
pub fn phase_space(
    case: &Case,
    spot: &BeamSpec,
    phantom: &Phantom,
    water: &Material,
    default_range_bin_mm: f64,
) -> PhaseSpace {
    let angle = AngleAxis::new(case.grid.angle_max_deg, case.grid.angle_bins);
    let space = spatial_grid(phantom);
    PhaseSpace {
        energy: EnergyAxis::new(
            case.grid.energy_axis,
            default_range_bin_mm,
            case.grid.cutoff_mev,
            spot.energy_mev,
            spot.highest_mev(),
            water,
        ),
        angles_allowed: angles_allowed(&case.transport, &angle),
        stored_z: match case.transport.stepping {
            Stepping::Depth => 1,
            Stepping::Path => space.cells_z,
        },
        space,
        angle,
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

pub fn path_per_class(transport: &TransportSpec, phase_space: &PhaseSpace) -> Vec<f64> {
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
