//! The kernels of steps before they are rounded: jumps of one bin by the scattering power, or all jumps by single scattering; and, of
//! protons that nuclei have turned, those of further turns.

use super::Jumps;
use crate::case::Scattering;
use crate::operators::Setting;
use crate::operators::classes::MixedClasses;
use crate::operators::jump_kernel::{JumpTransform, mixed, unit_jump_kernel};
use crate::physics::Material;
use crate::physics::single_scattering::SingleScattering;
use std::cell::OnceCell;

/// Longest jump, in bins, that every step takes.
const SHORT_JUMP: usize = 3;

impl Jumps {
    /// The rates of the jumps that are taken.
    fn taken(self, rates: &[f64]) -> Vec<f64> {
        let (short, long) = rates.split_at(SHORT_JUMP.min(rates.len()));
        match self {
            Jumps::Short => short.to_vec(),
            Jumps::LongOf(steps) => {
                let long = long.iter().map(|rate| rate * steps as f64);
                short.iter().copied().chain(long).collect()
            }
        }
    }
}

/// The kernels of a setting before rounding.
pub struct KernelShapes<'a> {
    setting: &'a Setting<'a>,
    /// Made when it is first needed.
    transform: OnceCell<JumpTransform>,
    /// Per medium; `moliere` only.
    single: Vec<SingleScattering>,
    /// Which classes kernels are made for by single scattering.
    classes: MixedClasses,
    reach: usize,
}

/// Where a step begins: what all classes of |angle| share.
struct Start<'a> {
    medium: usize,
    material: &'a Material,
    energy_mev: f64,
    range_g_per_cm2: f64,
    detour: f64,
}

/// Areal lengths of classes within this ratio share a pair of kernels, which are mixed linearly: the variance stays exact.
const LENGTHS_TOGETHER: f64 = 1.1;

impl<'a> KernelShapes<'a> {
    pub fn new(setting: &'a Setting) -> Self {
        let media = if setting.physics.scattering == Scattering::Moliere {
            setting.media.list.len()
        } else {
            0
        };
        KernelShapes {
            setting,
            transform: OnceCell::new(),
            classes: MixedClasses::new(setting, LENGTHS_TOGETHER),
            single: (0..media)
                .map(|medium| {
                    SingleScattering::of(
                        setting.material(medium),
                        setting.physics.single_scattering,
                    )
                })
                .collect(),
            // A jump by as many bins as there are leaves the axis from everywhere.
            reach: setting.phase_space.angle.bins(),
        }
    }

    /// Per kind of step, one kernel per class of |angle|.
    pub fn of(&self, medium: usize, energy: usize, kinds: &[Jumps]) -> Vec<Vec<Vec<f64>>> {
        if self.setting.has_long_jumps() {
            return self.all_jumps(medium, energy, kinds);
        }
        vec![self.unit_jumps(medium, energy); kinds.len()]
    }

    fn unit_jumps(&self, medium: usize, energy: usize) -> Vec<Vec<f64>> {
        let start = self.start(medium, energy);
        let variance = |class: usize| match self.step(&start, class) {
            None => 0.0,
            Some((areal, middle_mev)) => {
                2.0 * areal * self.unit_jump_rate_cm2_per_g(start.material, middle_mev)
            }
        };
        (0..self.setting.path_mm.len())
            .map(|class| unit_jump_kernel(variance(class), self.reach))
            .collect()
    }

    /// Kernels of some classes, mixed for those in between.
    fn all_jumps(&self, medium: usize, energy: usize, kinds: &[Jumps]) -> Vec<Vec<Vec<f64>>> {
        let start = self.start(medium, energy);
        let make = |&class: &usize| self.jumps_of_step(&start, class, kinds);
        let made: Vec<Vec<Vec<f64>>> = self.classes.made.iter().map(make).collect();
        let mix = |low: &Vec<f64>, high: &Vec<f64>, share| mixed(low, high, share);
        let of_kind = |kind: usize| {
            let of_class = |class| self.classes.of(class, |place| &made[place][kind], mix);
            (0..self.setting.path_mm.len()).map(of_class).collect()
        };
        (0..kinds.len()).map(of_kind).collect()
    }

    fn jumps_of_step(&self, start: &Start, class: usize, kinds: &[Jumps]) -> Vec<Vec<f64>> {
        let Some((areal, middle_mev)) = self.step(start, class) else {
            return vec![vec![1.0]; kinds.len()];
        };
        let rates = self.jump_rates_cm2_per_g(start, middle_mev);
        let kernel = |jumps: &Jumps| self.kernel(&jumps.taken(&rates), areal);
        kinds.iter().map(kernel).collect()
    }

    /// The kernel of an areal length at these rates.
    fn kernel(&self, rates: &[f64], areal: f64) -> Vec<f64> {
        let variance: f64 = rates
            .iter()
            .zip(1..)
            .map(|(rate, n)| 2.0 * f64::from(n * n) * rate)
            .sum();
        let transform = self
            .transform
            .get_or_init(|| JumpTransform::new(self.reach));
        transform.kernel(
            &transform.exponent(rates),
            areal,
            areal * variance,
            self.reach,
        )
    }

    /// Rate of jumps of n = 1, 2, ... bins (one way) per areal length: Coulomb scattering, and further turns by nuclei.
    fn jump_rates_cm2_per_g(&self, start: &Start, energy_mev: f64) -> Vec<f64> {
        let mut rates = match self.setting.physics.scattering {
            Scattering::Moliere => self.single_jump_rates_cm2_per_g(start.medium, energy_mev),
            Scattering::None | Scattering::Gaussian | Scattering::Highland => {
                vec![self.unit_jump_rate_cm2_per_g(start.material, energy_mev)]
            }
        };
        let material = self.setting.media.list[start.medium].material;
        let turns = self.setting.turns.jumps_cm2_per_g(material, energy_mev);
        rates.resize(rates.len().max(turns.len()), 0.0);
        rates
            .iter_mut()
            .zip(turns)
            .for_each(|(rate, turn)| *rate += turn);
        rates
    }

    /// Rate of jumps of one bin (one way) that make up the scattering power.
    fn unit_jump_rate_cm2_per_g(&self, material: &Material, energy_mev: f64) -> f64 {
        let axis = self.setting.axis;
        let power = axis.scattering_power_rad2_cm2_per_g(material, energy_mev);
        0.5 * power / self.bin_rad().powi(2)
    }

    /// The same by single scattering, exact in the second moment.
    fn single_jump_rates_cm2_per_g(&self, medium: usize, energy_mev: f64) -> Vec<f64> {
        let (bin, targets) = (self.bin_rad(), self.single[medium].targets(energy_mev));
        let cut = targets
            .iter()
            .map(|target| target.farthest_rad())
            .fold(0.0, f64::max);
        let farthest = ((cut / bin + 0.5).floor() as usize).clamp(1, self.reach.max(1));
        let into = |n: usize| -> f64 {
            let edges = ((n as f64 - 0.5) * bin, (n as f64 + 0.5) * bin);
            targets
                .iter()
                .map(|target| target.rate_with_form_factor_cm2_per_g(edges.0, edges.1))
                .sum()
        };
        let mut rates: Vec<f64> = (1..=farthest).map(into).collect();
        let whole = self.single[medium].second_moment_rad2_cm2_per_g(energy_mev) / (bin * bin);
        let far: f64 = rates
            .iter()
            .zip(1..)
            .skip(1)
            .map(|(rate, n)| 2.0 * f64::from(n * n) * rate)
            .sum();
        rates[0] = (0.5 * (whole - far)).max(0.0);
        rates
    }

    fn start(&self, medium: usize, energy: usize) -> Start<'a> {
        let material = self.setting.material(medium);
        let energy_mev = self.setting.phase_space.energy.centers_mev[energy];
        Start {
            medium,
            material,
            energy_mev,
            range_g_per_cm2: material.csda_range_g_per_cm2(energy_mev),
            detour: self.setting.path_factor(medium, energy_mev),
        }
    }

    /// Areal length of a step and the energy at its middle. None for a proton that stops within the step: it keeps its
    /// direction, as it deposits its energy in the cell wherever it points.
    fn step(&self, start: &Start, class: usize) -> Option<(f64, f64)> {
        let areal = self
            .setting
            .areal_g_per_cm2(start.medium, class, start.detour);
        if !self.setting.physics.energy_loss {
            return Some((areal, start.energy_mev));
        }
        let range = start.range_g_per_cm2;
        (range > areal).then(|| (areal, start.material.energy_mev(range - 0.5 * areal)))
    }

    fn bin_rad(&self) -> f64 {
        self.setting.phase_space.angle.bin_rad
    }
}
