//! The beam's central axis: what a proton of the mean energy has gone through by the time it has slowed to E.
//!
//! Three things of the beam's history enter local coefficients: the mean square angles that the plane's own do not have (they
//! lengthen the path), and, for the scattering powers that know the path behind them, the entry energy and the radiative path. All of them are
//! functions of the energy along the axis, so they belong to the stencil tables and no step has tables of its own.

use crate::case::{BeamSpec, PhysicsSpec, Scattering};
use crate::media::Media;
use crate::phantom::Phantom;
use crate::physics::Material;
use crate::physics::scattering_power::{
    differential_moliere_rad2_cm2_per_g, highland_theta0_squared_rad2, moliere_log_term, pv_mev,
};
use crate::physics::single_scattering::SingleScattering;

/// Points along the axis, energies falling; all functions are linear in energy between them.
#[derive(Clone, Debug, PartialEq)]
pub struct CentralAxis {
    physics: PhysicsSpec,
    entry_energy_mev: f64,
    /// Highest energy for which the history-dependent models are asked: half the first step in.
    first_mev: f64,
    /// Energy behind the first step.
    second_mev: f64,
    energy_mev: Vec<f64>,
    /// Mean square of the angles that lengthen paths and are not angles of the plane.
    detour_rad2: Vec<f64>,
    radiation_lengths: Vec<f64>,
    inverse_pv2: Vec<f64>,
    /// Media crossed, with the energy at entry, for audits along the axis.
    pub crossings: Vec<Crossing>,
}

/// The logarithm's singularity at the entry plane is integrable; below this T is zero anyway.
const LOG_TERM_FLOOR: f64 = -6.0;
/// By how much the midpoint rule overestimates the integral of lg(s) from 0, per step: lg(2) / 2 (Stirling). All of it is taken
/// off in the first step, or the splitting would be of first order only.
const FIRST_STEP_LOG_EXCESS: f64 = 0.5 * std::f64::consts::LOG10_2;
/// Relative step in radiation lengths of the central difference; its error is of the order of its square.
const HIGHLAND_DIFFERENCE: f64 = 1e-3;

/// One cell crossed by the axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    pub energy_mev: f64,
    pub medium: usize,
    pub path_mm: f64,
}

impl CentralAxis {
    /// Follows the mean energy along the beam's direction through the phantom, a cell in z (or `step_mm`) at a time.
    pub fn new(
        beam: &BeamSpec,
        physics: PhysicsSpec,
        phantom: &Phantom,
        media: &Media,
        step_mm: f64,
    ) -> CentralAxis {
        let mut axis = CentralAxis {
            physics,
            entry_energy_mev: beam.energy_mev,
            first_mev: beam.energy_mev,
            second_mev: beam.energy_mev,
            energy_mev: vec![beam.energy_mev],
            detour_rad2: vec![0.0],
            radiation_lengths: vec![0.0],
            inverse_pv2: vec![0.0],
            crossings: Vec::new(),
        };
        let angle = beam.angle_deg.to_radians();
        let (mut x, mut z) = (
            beam.x_mm + 0.5 * step_mm * angle.sin(),
            phantom.z_min_mm + 0.5 * step_mm * angle.cos(),
        );
        while let Some(medium) = medium_at(phantom, media, x, z) {
            if !axis.advance(medium, phantom, media, step_mm) {
                break;
            }
            x += step_mm * angle.sin();
            z += step_mm * angle.cos();
        }
        axis
    }

    /// One step of `path_mm` in a medium, as two halves; false once the proton has stopped.
    fn advance(&mut self, medium: usize, phantom: &Phantom, media: &Media, path_mm: f64) -> bool {
        let energy = self.energy_mev[self.energy_mev.len() - 1];
        self.crossings.push(Crossing {
            energy_mev: energy,
            medium,
            path_mm,
        });
        let material = &phantom.materials[media.list[medium].material];
        let areal = 0.1 * media.list[medium].density_g_per_cm3 * path_mm;
        let range = material.csda_range_g_per_cm2(energy);
        if range <= areal {
            if self.crossings.len() == 1 {
                // Some way, for the protons of a spread that come farther than the mean.
                let middle = material.energy_mev(0.5 * range);
                self.push(material, middle, middle, 0.5 * range);
            }
            return false;
        }
        let middle = material.energy_mev(range - 0.5 * areal);
        if self.crossings.len() == 1 {
            self.first_mev = middle;
            self.second_mev = material.energy_mev(range - areal);
        }
        self.push(material, middle, middle, 0.5 * areal);
        self.push(
            material,
            middle,
            material.energy_mev(range - areal),
            0.5 * areal,
        );
        true
    }

    /// Adds a stretch with the coefficients of `during_mev`, at whose end the energy is `after_mev`.
    fn push(&mut self, material: &Material, during_mev: f64, after_mev: f64, areal: f64) {
        let last = self.energy_mev.len() - 1;
        let lengths = areal / material.radiation_length_g_per_cm2;
        self.radiation_lengths
            .push(self.radiation_lengths[last] + lengths);
        self.inverse_pv2
            .push(self.inverse_pv2[last] + lengths / pv_mev(during_mev).powi(2));
        self.energy_mev.push(after_mev);
        let more = areal * self.detour_power_rad2_cm2_per_g(material, during_mev);
        self.detour_rad2.push(self.detour_rad2[last] + more);
    }

    /// Mean square angle per areal length, tails included, out of the plane; and in it, what the operator leaves out.
    fn detour_power_rad2_cm2_per_g(&self, material: &Material, energy_mev: f64) -> f64 {
        let whole = SingleScattering::of(material, self.physics.single_scattering)
            .second_moment_rad2_cm2_per_g(energy_mev);
        match self.physics.scattering {
            Scattering::None => 0.0,
            Scattering::Moliere => whole,
            Scattering::Gaussian | Scattering::Highland => {
                2.0 * whole - self.scattering_power_rad2_cm2_per_g(material, energy_mev)
            }
        }
    }

    /// Projected scattering power T of a material for protons of this beam slowed to E, rad2 cm2/g.
    pub fn scattering_power_rad2_cm2_per_g(&self, material: &Material, energy_mev: f64) -> f64 {
        match self.physics.scattering {
            Scattering::None => 0.0,
            Scattering::Highland => self.highland(material, energy_mev),
            // The Moliere operator has jump rates of its own.
            Scattering::Gaussian | Scattering::Moliere => {
                self.differential_moliere(material, energy_mev)
            }
        }
    }

    fn differential_moliere(&self, material: &Material, energy_mev: f64) -> f64 {
        let in_first_step = energy_mev > self.second_mev;
        let at_mid_step = moliere_log_term(
            energy_mev.min(self.first_mev),
            self.entry_energy_mev,
            LOG_TERM_FLOOR,
        );
        let behind = match in_first_step {
            true => at_mid_step - FIRST_STEP_LOG_EXCESS,
            false => at_mid_step,
        };
        differential_moliere_rad2_cm2_per_g(
            material.scattering_length_g_per_cm2,
            energy_mev,
            behind,
        )
    }

    /// d(theta0^2)/d(areal length) behind the path that the axis has at this energy.
    fn highland(&self, material: &Material, energy_mev: f64) -> f64 {
        let asked = energy_mev.min(self.first_mev);
        let lengths = self.interpolate(&self.radiation_lengths, asked);
        let integral = self.interpolate(&self.inverse_pv2, asked);
        let more = HIGHLAND_DIFFERENCE * lengths;
        let after = highland_theta0_squared_rad2(
            lengths + more,
            integral + more / pv_mev(energy_mev).powi(2),
        );
        let before = highland_theta0_squared_rad2(
            lengths - more,
            integral - more / pv_mev(energy_mev).powi(2),
        );
        (after - before) / (2.0 * more * material.radiation_length_g_per_cm2)
    }

    /// Factor by which paths of protons slowed to E are longer than their projection on the plane, to first order in the mean
    /// square angle.
    pub fn path_factor(&self, energy_mev: f64) -> f64 {
        1.0 + 0.5 * self.interpolate(&self.detour_rad2, energy_mev)
    }

    fn interpolate(&self, values: &[f64], energy_mev: f64) -> f64 {
        let after = self.energy_mev.partition_point(|&e| e >= energy_mev);
        if after == 0 {
            return values[0];
        }
        if after == values.len() {
            return values[after - 1];
        }
        let (high, low) = (self.energy_mev[after - 1], self.energy_mev[after]);
        values[after] + (values[after - 1] - values[after]) * (energy_mev - low) / (high - low)
    }
}

/// The medium at a place; beside the phantom, that of its outermost cell at this depth: an axis that leaves sideways also stands for spots that
/// do not.
fn medium_at(phantom: &Phantom, media: &Media, x_mm: f64, z_mm: f64) -> Option<usize> {
    let i = ((x_mm - phantom.x_min_mm) / phantom.spacing_x_mm).floor();
    let k = ((z_mm - phantom.z_min_mm) / phantom.spacing_z_mm).floor();
    let column = (i.max(0.0) as usize).min(phantom.cells_x() - 1);
    let inside = k >= 0.0 && (k as usize) < phantom.cells_z();
    inside.then(|| media.index[[k as usize, column]] as usize)
}
