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
//! physics/single_scattering.rs; both meet in scattering/shapes.rs. Twin: kernels/scattering.cu.

mod shapes;

use super::Setting;
use crate::phase_space::PhaseSpace;
use crate::real::{Real, round_carrying};
use shapes::KernelShapes;

/// Kernels by (medium, energy): `weights[start + class * (half_width + 1) + n]`, n = 0..=half_width.
#[derive(Clone, Debug, Default)]
pub struct ScatteringTable<T> {
    pub energies: usize,
    pub classes: usize,
    /// [medium, energy]: where the kernels of all classes begin, and how far they reach, in bins.
    pub start: Vec<usize>,
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
        let places = self.start.capacity() * size_of::<usize>();
        let widths = self.half_width.capacity() * size_of::<u32>();
        let weights = self.weights.capacity() * size_of::<T>();
        places + widths + weights + self.rejected.capacity() * size_of::<f64>()
    }

    /// Appends the kernels of one (medium, energy), one per class.
    fn push(&mut self, kernels: Vec<Vec<f64>>) {
        let longest = kernels.iter().map(Vec::len).max().unwrap_or(1);
        self.start.push(self.weights.len());
        self.half_width.push((longest - 1) as u32);
        let begin = self.weights.len();
        self.weights
            .resize(begin + kernels.len() * longest, T::ZERO);
        let rows = self.weights[begin..].chunks_exact_mut(longest);
        for (row, kernel) in rows.zip(&kernels) {
            round_symmetric(kernel, row);
        }
    }

    /// The kernels of one (medium, energy).
    #[inline(always)]
    pub fn kernels(&self, medium: usize, energy: usize) -> Kernels<'_, T> {
        let entry = medium * self.energies + energy;
        let (start, half_width) = (self.start[entry], self.half_width[entry] as usize);
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

    fn row(&self, class: usize) -> &[T] {
        let length = self.half_width + 1;
        &self.weights[class * length..(class + 1) * length]
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
    let mut tails = vec![None; angle.class_angles_rad.len()];
    let mut share = |bin: usize| {
        let class = angle.mirror_class[bin] as usize;
        let tail = tails[class].get_or_insert_with(|| at_least(kernels.row(class)));
        let beyond = |n: usize| at(tail, n) - at(tail, n + gap);
        beyond(bin + 1 - first) + beyond(last - bin)
    };
    let leads_beyond = |bin: &usize| (bin + 1 - first).min(last - bin) <= kernels.half_width;
    let mut shares = vec![0.0; angle.bins()];
    let bins = (first..last).filter(leads_beyond);
    bins.for_each(|bin| shares[bin] = share(bin));
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

/// Which jumps a step takes where some are long (`Setting::has_long_jumps`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jumps {
    /// Those of up to `SHORT_JUMP` bins (shapes.rs).
    Short,
    /// Those too, and the longer ones of so many steps.
    LongOf(usize),
}

/// Long jumps are taken together over about this depth: a jump of 5 degrees, 2 mm too early or late, is 0.2 mm off.
const LONG_JUMPS_TOGETHER_MM: f64 = 4.0;
const STEPS_TOGETHER_AT_MOST: usize = 8;

/// Steps whose long jumps are taken together.
pub fn steps_together(setting: &Setting) -> usize {
    if !setting.has_long_jumps() {
        return 1;
    }
    let steps = (LONG_JUMPS_TOGETHER_MM / setting.path_mm[0]).round() as usize;
    steps.clamp(1, STEPS_TOGETHER_AT_MOST)
}

/// Rounds a symmetric kernel, which falls from its middle, to a row of `T` with its two-sided sum kept.
fn round_symmetric<T: Real>(kernel: &[f64], row: &mut [T]) {
    let mut carried = 0.0;
    row[0] = round_carrying(kernel[0], &mut carried);
    for (rounded, weight) in row[1..].iter_mut().zip(&kernel[1..]) {
        *rounded = T::HALF * round_carrying(2.0 * weight, &mut carried);
    }
}
