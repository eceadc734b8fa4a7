//! A_theta: multiple Coulomb scattering along theta, at fixed E, z, x.
//!
//! A jump process between bins, exp(l Q): positive, conservative, with the variance of the physics exactly whatever the bin
//! width; two half steps are one step.
//!
//! - `gaussian`, `highland`: jumps of one bin at rate T l / (2 bin^2) each way, T the scattering power at mid-step energy.
//! - `moliere`: jumps of n >= 2 bins at the rate of single scatterings into that bin, projected screened Rutherford of every
//!   nucleus and its electrons, cut by the nuclear form factor; jumps of one bin carry what is left of the second moment. Long
//!   jumps are rare and their exact depth matters little: those of several steps are taken together in one of them.
//!
//! Gather form, every source bin with its own path length:
//!
//! ```text
//! psi'[theta] = sum_n ( w_n(theta-n) psi[theta-n] + w_n(theta+n) psi[theta+n] ) + w_0(theta) psi[theta]
//! ```
//!
//! Source: the host's kernels in jump_kernel.rs; T in physics/scattering_power.rs; single scattering in
//! physics/single_scattering.rs. Twin: kernels/scattering.cu.

use super::jump_kernel::{JumpTransform, mixed, unit_jump_kernel};
use super::{Detour, Setting};
use crate::case::Scattering;
use crate::phase_space::PhaseSpace;
use crate::physics::Material;
use crate::physics::single_scattering::SingleScattering;
use crate::real::{Real, round_carrying};

/// Kernels by (medium, energy): `weights[start + class * (half_width + 1) + n]`, n = 0..=half_width.
#[derive(Clone, Debug, Default)]
pub struct ScatteringTable<T> {
    pub energies: usize,
    pub classes: usize,
    /// [medium, energy]: where the kernels of all classes begin, and how far they reach, in bins.
    pub start: Vec<u32>,
    pub half_width: Vec<u32>,
    pub weights: Vec<T>,
    /// [medium, energy, angle]: the share of an allowed bin's weight that its kernel carries beyond the allowed angles.
    pub rejected: Vec<f64>,
}

impl<T: Real> ScatteringTable<T> {
    /// The kernels of steps of each kind.
    pub fn of_steps(setting: &Setting, kinds: &[Jumps]) -> Vec<ScatteringTable<T>> {
        let phase_space = setting.phase_space;
        let empty = ScatteringTable {
            energies: phase_space.energy.bins(),
            classes: phase_space.angle.class_angles_rad.len(),
            ..Default::default()
        };
        let mut tables = vec![empty; kinds.len()];
        let shapes = KernelShapes::new(setting);
        for medium in 0..setting.media.list.len() {
            for energy in 0..phase_space.energy.bins() {
                let kernels = shapes.of(medium, energy, kinds);
                for (table, kernels) in tables.iter_mut().zip(kernels) {
                    table.push(kernels);
                    let shares = rejected(&table.kernels(medium, energy), phase_space);
                    table.rejected.extend(shares);
                }
            }
        }
        tables
    }

    pub fn bytes(&self) -> usize {
        let indices = self.start.capacity() + self.half_width.capacity();
        let weights = self.weights.capacity() * size_of::<T>();
        indices * size_of::<u32>() + weights + self.rejected.capacity() * size_of::<f64>()
    }

    /// Appends the kernels of one (medium, energy), one per class.
    fn push(&mut self, kernels: Vec<Vec<f64>>) {
        let longest = kernels.iter().map(Vec::len).max().unwrap_or(1);
        self.start.push(self.weights.len() as u32);
        self.half_width.push((longest - 1) as u32);
        for mut kernel in kernels {
            kernel.resize(longest, 0.0);
            self.weights.extend(round_symmetric::<T>(&kernel));
        }
    }

    /// The kernels of one (medium, energy).
    #[inline(always)]
    pub fn kernels(&self, medium: usize, energy: usize) -> Kernels<'_, T> {
        let entry = medium * self.energies + energy;
        let (start, half_width) = (self.start[entry] as usize, self.half_width[entry] as usize);
        Kernels {
            half_width,
            weights: &self.weights[start..start + self.classes * (half_width + 1)],
        }
    }

    /// Farthest jump at one energy, over all media.
    pub fn reach(&self, energy: usize) -> usize {
        (energy..self.half_width.len())
            .step_by(self.energies)
            .map(|i| self.half_width[i] as usize)
            .max()
            .unwrap_or(0)
    }
}

/// The kernels of one (medium, energy): a row of half_width + 1 weights per class of |angle|.
#[derive(Clone, Copy, Debug)]
pub struct Kernels<'a, T> {
    pub half_width: usize,
    pub weights: &'a [T],
}

impl<T: Real> Kernels<'_, T> {
    #[inline(always)]
    pub fn weight(&self, class: usize, jump: usize) -> T {
        self.weights[class * (self.half_width + 1) + jump]
    }

    /// By class.
    fn rows(&self) -> impl Iterator<Item = &[T]> {
        self.weights.chunks(self.half_width + 1)
    }
}

/// The share of each allowed angle bin's weight that jumps of a (medium, energy) carry beyond the allowed angles.
fn rejected<T: Real>(kernels: &Kernels<T>, phase_space: &PhaseSpace) -> Vec<f64> {
    let (angle, (first, last)) = (&phase_space.angle, phase_space.angles_allowed);
    // Jumps on a circle come back behind the bins that are not allowed.
    let gap = match angle.periodic {
        true => angle.bins() - (last - first),
        false => kernels.half_width + 1,
    };
    let classes: Vec<Vec<f64>> = kernels.rows().map(at_least).collect();
    let share = |bin: usize| {
        let tail = &classes[angle.mirror_class[bin] as usize];
        let beyond = |n: usize| at(tail, n) - at(tail, n + gap);
        beyond(bin + 1 - first) + beyond(last - bin)
    };
    let mut shares = vec![0.0; angle.bins()];
    (first..last).for_each(|bin| shares[bin] = share(bin));
    shares
}

/// Sums of a row's weights from every jump on.
fn at_least<T: Real>(row: &[T]) -> Vec<f64> {
    let mut sums = vec![0.0; row.len()];
    let mut sum = 0.0;
    for (n, weight) in row.iter().enumerate().rev() {
        sum += weight.to_f64();
        sums[n] = sum;
    }
    sums
}

fn at(sums: &[f64], n: usize) -> f64 {
    sums.get(n).copied().unwrap_or(0.0)
}

/// Which jumps of the single-scattering kernels a step takes (`moliere` only).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jumps {
    /// Those of up to `SHORT_JUMP` bins.
    Short,
    /// Those too, and the longer ones of so many steps.
    LongOf(usize),
}

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

/// Longest jump, in bins, that every step takes.
const SHORT_JUMP: usize = 3;
/// Long jumps are taken together over about this depth: a jump of 5 degrees, 2 mm too early or late, is 0.2 mm off.
const LONG_JUMPS_TOGETHER_MM: f64 = 4.0;
const STEPS_TOGETHER_AT_MOST: usize = 8;

/// Steps whose long jumps are taken together.
pub fn steps_together(scattering: Scattering, step_mm: f64) -> usize {
    match scattering {
        Scattering::Moliere => {
            ((LONG_JUMPS_TOGETHER_MM / step_mm).round() as usize).clamp(1, STEPS_TOGETHER_AT_MOST)
        }
        _ => 1,
    }
}

/// The kernels of a setting before rounding.
struct KernelShapes<'a> {
    setting: &'a Setting<'a>,
    transform: JumpTransform,
    /// Per medium; `moliere` only.
    single: Vec<SingleScattering>,
    reach: usize,
}

/// Where a step begins: what all classes of |angle| share.
struct Start<'a> {
    medium: usize,
    material: &'a Material,
    energy_mev: f64,
    range_g_per_cm2: f64,
    detour: Detour<'a>,
}

/// Areal lengths of classes within this ratio share a pair of kernels, which are mixed linearly: the variance stays exact.
const LENGTHS_TOGETHER: f64 = 1.1;

impl<'a> KernelShapes<'a> {
    fn new(setting: &'a Setting) -> Self {
        let media = if setting.physics.scattering == Scattering::Moliere {
            setting.media.list.len()
        } else {
            0
        };
        KernelShapes {
            setting,
            transform: JumpTransform::new(setting.phase_space.angle.bins()),
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
    fn of(&self, medium: usize, energy: usize, kinds: &[Jumps]) -> Vec<Vec<Vec<f64>>> {
        match self.setting.physics.scattering {
            Scattering::None => vec![vec![vec![1.0]; self.setting.path_mm.len()]; kinds.len()],
            Scattering::Gaussian | Scattering::Highland => {
                vec![self.unit_jumps(medium, energy); kinds.len()]
            }
            Scattering::Moliere => self.all_jumps(medium, energy, kinds),
        }
    }

    fn unit_jumps(&self, medium: usize, energy: usize) -> Vec<Vec<f64>> {
        let start = self.start(medium, energy);
        let variance = |class: usize| match self.step(&start, class) {
            None => 0.0,
            Some((areal, middle_mev)) => {
                let axis = self.setting.axis;
                areal * axis.scattering_power_rad2_cm2_per_g(start.material, middle_mev)
                    / self.bin_rad().powi(2)
            }
        };
        (0..self.setting.path_mm.len())
            .map(|class| unit_jump_kernel(variance(class), self.reach))
            .collect()
    }

    /// Kernels at the ends of spans of nearly equal lengths, mixed for the classes in between.
    fn all_jumps(&self, medium: usize, energy: usize, kinds: &[Jumps]) -> Vec<Vec<Vec<f64>>> {
        let (lengths, start) = (&self.setting.path_mm, self.start(medium, energy));
        let mut kernels = vec![Vec::with_capacity(lengths.len()); kinds.len()];
        let mut first = 0;
        while first < lengths.len() {
            let alike = |class: &usize| lengths[*class] <= LENGTHS_TOGETHER * lengths[first];
            let last = (first..lengths.len())
                .take_while(alike)
                .last()
                .unwrap_or(first);
            let [low, high] = [first, last].map(|class| self.jumps_of_step(&start, class, kinds));
            let span = lengths[last] - lengths[first];
            let share = |class: usize| {
                if span > 0.0 {
                    (lengths[class] - lengths[first]) / span
                } else {
                    0.0
                }
            };
            for (kernels, (low, high)) in kernels.iter_mut().zip(low.iter().zip(&high)) {
                kernels.extend((first..=last).map(|class| mixed(low, high, share(class))));
            }
            first = last + 1;
        }
        kernels
    }

    fn jumps_of_step(&self, start: &Start, class: usize, kinds: &[Jumps]) -> Vec<Vec<f64>> {
        let Some((areal, middle_mev)) = self.step(start, class) else {
            return vec![vec![1.0]; kinds.len()];
        };
        let rates = self.jump_rates_cm2_per_g(start.medium, middle_mev);
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
        self.transform.kernel(
            &self.transform.exponent(rates),
            areal,
            areal * variance,
            self.reach,
        )
    }

    /// Rate of jumps of n = 1, 2, ... bins (one way) per areal length.
    fn jump_rates_cm2_per_g(&self, medium: usize, energy_mev: f64) -> Vec<f64> {
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
            detour: self.setting.detour(energy_mev),
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

/// Rounds a symmetric kernel, which falls from its middle, to `T` with its two-sided sum kept.
fn round_symmetric<T: Real>(kernel: &[f64]) -> impl Iterator<Item = T> {
    let mut carried = 0.0;
    kernel.iter().enumerate().map(move |(n, &weight)| {
        let sides = if n == 0 { 1.0 } else { 2.0 };
        let rounded = round_carrying::<T>(sides * weight, &mut carried);
        if n == 0 { rounded } else { T::HALF * rounded }
    })
}
