//! One step of a bin: the mean energy behind it and the moments of straggling, in the axis' coordinate.
//!
//! Mean: E' = E_m(R_m(E) - rho l). Variance: Bohr's per areal length at the middle of the step; third moment: hard knock-ons; both
//! carried to the coordinate by dc/dE. A bin below the cutoff comes to rest. Source: physics/straggling.

use crate::operators::Setting;
use crate::phase_space::{EnergyAxis, EnergyCoordinate};
use crate::physics::Material;

/// One step (or 1/`parts` of it) of a source bin: where its mean goes and with which moments.
#[derive(Clone)]
pub struct Step {
    /// Mean behind the step in the axis coordinate (range in water in mm, or energy in MeV); none where the proton stops.
    pub mean: Option<f64>,
    /// In the axis coordinate: variance, and third central moment (negative: towards lower energy).
    pub variance: f64,
    pub third: f64,
    /// Areal length asked for, and gone before stopping, g/cm2.
    pub areal: f64,
    pub travelled: f64,
    /// Energy in the middle of what was travelled.
    pub middle_mev: f64,
    /// Share that no nuclear reaction takes.
    pub survival: f64,
}

/// The bins of a medium: what all classes of |angle| share.
pub struct Bins {
    pub medium: usize,
    /// At the bins' centres.
    pub detours: Vec<f64>,
    energy_mev: Vec<f64>,
    range_g_per_cm2: Vec<f64>,
    /// Integral of the stopping power over energy up to the bins' centres, MeV2 cm2/g.
    pub let_integral: Vec<f64>,
    /// True where the medium's ranges are those of the range axis.
    in_water: bool,
}

impl Bins {
    pub fn new(setting: &Setting, medium: usize) -> Bins {
        let axis = &setting.phase_space.energy;
        let energy_mev: Vec<f64> = (0..axis.bins())
            .map(|bin| axis.energy_at_coordinate_mev(bin))
            .collect();
        let material = setting.material(medium);
        let centers = axis.centers_mev.iter();
        Bins {
            medium,
            detours: axis
                .centers_mev
                .iter()
                .map(|&mev| setting.path_factor(medium, mev))
                .collect(),
            let_integral: centers
                .map(|&mev| material.let_integral_mev2_cm2_per_g(mev))
                .collect(),
            range_g_per_cm2: energy_mev
                .iter()
                .map(|&mev| material.csda_range_g_per_cm2(mev))
                .collect(),
            energy_mev,
            in_water: material.shares_curves_with(setting.water),
        }
    }

    /// Where a proton with a range left lies on the axis; `energy_mev` gives its energy.
    fn coordinate(&self, setting: &Setting, left: f64, energy_mev: impl Fn(f64) -> f64) -> f64 {
        match setting.phase_space.energy.kind {
            EnergyCoordinate::Energy => energy_mev(left),
            EnergyCoordinate::WaterRange if self.in_water => 10.0 * left,
            EnergyCoordinate::WaterRange => {
                10.0 * setting.water.csda_range_g_per_cm2(energy_mev(left))
            }
        }
    }

    /// The step of every bin.
    pub fn steps(&self, setting: &Setting, class: usize) -> Vec<Step> {
        let bins = 0..self.energy_mev.len();
        bins.map(|bin| Step::new(setting, self, class, bin, 1))
            .collect()
    }
}

impl Step {
    pub fn new(setting: &Setting, bins: &Bins, class: usize, bin: usize, parts: usize) -> Step {
        let axis = &setting.phase_space.energy;
        let material = setting.material(bins.medium);
        let (energy, range) = (bins.energy_mev[bin], bins.range_g_per_cm2[bin]);
        let areal = setting.areal_g_per_cm2(bins.medium, class, bins.detours[bin]) / parts as f64;
        let slows = setting.physics.energy_loss;
        let stops = slows && (areal >= range || bin < axis.first_moving);
        let travelled = if slows { areal.min(range) } else { areal };
        let left = |gone: f64| {
            if slows {
                (range - gone).max(0.0)
            } else {
                range
            }
        };
        let energy_mev = |left: f64| {
            if slows {
                material.energy_mev(left)
            } else {
                energy
            }
        };
        let mut step = Step {
            mean: (!stops).then(|| bins.coordinate(setting, left(areal), energy_mev)),
            variance: 0.0,
            third: 0.0,
            areal,
            travelled,
            middle_mev: energy_mev(left(0.5 * travelled)),
            survival: 1.0,
        };
        let removal = setting
            .removal
            .cm2_per_g(setting.media.list[bins.medium].material, step.middle_mev);
        step.survival = (-removal * travelled).exp();
        if let Some(mean) = step.mean.filter(|_| slows && setting.physics.straggling) {
            step.straggle(setting, material, mean);
        }
        step
    }

    /// A mixture with the step of another length, `share` of it: what is scored of it.
    pub fn mixed(&self, other: &Step, share: f64) -> Step {
        let mix = |a: f64, b: f64| (1.0 - share) * a + share * b;
        Step {
            areal: mix(self.areal, other.areal),
            travelled: mix(self.travelled, other.travelled),
            middle_mev: mix(self.middle_mev, other.middle_mev),
            survival: mix(self.survival, other.survival),
            ..*self
        }
    }

    /// Sets the moments that straggling gives.
    fn straggle(&mut self, setting: &Setting, material: &Material, mean: f64) {
        let middle = self.middle_mev;
        let axis = &setting.phase_space.energy;
        let slope = coordinate_slope(setting, axis, material, middle, mean);
        self.variance = self.areal * material.straggling_mev2_cm2_per_g(middle) * slope * slope;
        self.third =
            -self.areal * material.straggling_skewness_mev3_cm2_per_g(middle) * slope.powi(3);
    }
}

/// dc/dE at the end of the step per unit of energy lost at its middle: a difference in energy grows as S does.
fn coordinate_slope(
    setting: &Setting,
    axis: &EnergyAxis,
    material: &Material,
    middle_mev: f64,
    mean: f64,
) -> f64 {
    match axis.kind {
        EnergyCoordinate::WaterRange => {
            10.0 / setting.water.mass_stopping_power_mev_cm2_per_g(middle_mev)
        }
        EnergyCoordinate::Energy => {
            material.mass_stopping_power_mev_cm2_per_g(mean)
                / material.mass_stopping_power_mev_cm2_per_g(middle_mev)
        }
    }
}
