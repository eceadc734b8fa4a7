//! A_theta: multiple Coulomb scattering along theta, at fixed E, z, x.
//!
//! Jumps of one bin at rate a/2 each way, a = T(E_mid) l / bin^2 being the variance in bins: the kernel exp(l Q) is
//! e^-a I_n(a), positive, symmetric, with the variance a exactly whatever the bin width, and two half steps are one step.
//! Tails below `TRUNCATE` are cut and put back so that weight and variance stay exact.
//! Gather form, every source bin with its own path length:
//!
//!   psi'[theta] = w_0(theta) psi[theta] + sum_n ( w_n(theta-n) psi[theta-n] + w_n(theta+n) psi[theta+n] )
//!
//! Source: compound Poisson process with unit jumps (Skellam distribution). Twin: kernels/scattering.cu.

use super::Setting;
use crate::case::Scattering;
use crate::real::{Real, round_keeping_sum};

/// Kernel weights below this are cut.
const TRUNCATE: f64 = 1e-8;

/// Kernels by (medium, energy): `weights[start + class * (half_width + 1) + n]`, n = 0..=half_width.
#[derive(Clone, Debug, Default)]
pub struct ScatteringTable<T> {
    pub energies: usize,
    pub classes: usize,
    /// [medium, energy]: where the kernels of all classes begin, and how far they reach, in bins.
    pub start: Vec<u32>,
    pub half_width: Vec<u32>,
    pub weights: Vec<T>,
}

impl<T: Real> ScatteringTable<T> {
    pub fn new(setting: &Setting) -> ScatteringTable<T> {
        let phase_space = setting.phase_space;
        let mut table = ScatteringTable {
            energies: phase_space.energy.bins(),
            classes: phase_space.angle.class_angles_rad.len(),
            ..Default::default()
        };
        let reach = phase_space.angle.bins() - 1;
        for medium in 0..setting.media.list.len() {
            for energy in 0..table.energies {
                let variances: Vec<f64> = (0..table.classes)
                    .map(|class| variance_bins2(setting, medium, energy, class))
                    .collect();
                table.push(&variances, reach);
            }
        }
        table
    }

    /// Appends the kernels of one (medium, energy), one per class.
    fn push(&mut self, variances_bins2: &[f64], reach: usize) {
        let kernels: Vec<Vec<f64>> = variances_bins2
            .iter()
            .map(|&a| unit_jump_kernel(a, reach))
            .collect();
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
}

/// Variance of the projected angle over a step in bins^2, at mid-step energy. A proton that stops within the step keeps
/// its direction: it deposits its energy in the cell wherever it points.
fn variance_bins2(setting: &Setting, medium: usize, energy: usize, class: usize) -> f64 {
    if setting.physics.scattering == Scattering::None {
        return 0.0;
    }
    let material = setting.material(medium);
    let energy_mev = setting.phase_space.energy.centers_mev[energy];
    let areal = setting.areal_g_per_cm2(medium, class, energy_mev);
    let middle_mev = match setting.physics.energy_loss {
        true => {
            let range = material.csda_range_g_per_cm2(energy_mev);
            if range <= areal {
                return 0.0;
            }
            material.energy_mev(range - 0.5 * areal)
        }
        false => energy_mev,
    };
    let power = setting
        .axis
        .scattering_power_rad2_cm2_per_g(material, middle_mev);
    power * areal / setting.phase_space.angle.bin_rad.powi(2)
}

/// e^-a I_n(a) for n = 0..=half width <= `reach`, truncated with weight and variance kept exact.
/// I_n by Miller's downward recurrence, normalised by e^a = I_0 + 2 sum I_n (Abramowitz & Stegun 9.12, 9.6.37).
pub fn unit_jump_kernel(a: f64, reach: usize) -> Vec<f64> {
    if a <= 0.0 {
        return vec![1.0];
    }
    // 1e-8 lies 5.7 sigma out; the recurrence starts farther.
    let farthest = (7.0 * a.sqrt()) as usize + 12;
    let mut kernel = vec![0.0; farthest + 2];
    kernel[farthest] = 1e-250;
    for n in (1..=farthest).rev() {
        kernel[n - 1] = kernel[n + 1] + 2.0 * n as f64 / a * kernel[n];
        if kernel[n - 1] > 1e200 {
            kernel.iter_mut().skip(n - 1).for_each(|k| *k *= 1e-200);
        }
    }
    let total = kernel[0] + 2.0 * kernel[1..].iter().sum::<f64>();
    kernel.iter_mut().for_each(|k| *k /= total);
    let kept = kernel
        .iter()
        .rposition(|&k| k >= TRUNCATE)
        .unwrap_or(0)
        .min(reach)
        .max(1);
    kernel.truncate(kept + 1);
    restore_weight_and_variance(&mut kernel, a);
    kernel
}

/// Puts what a truncation took back into n = 0 and n = 1.
fn restore_weight_and_variance(kernel: &mut [f64], variance: f64) {
    let found: f64 = kernel
        .iter()
        .enumerate()
        .map(|(n, k)| 2.0 * (n * n) as f64 * k)
        .sum();
    kernel[1] += 0.5 * (variance - found);
    kernel[0] = 1.0 - 2.0 * kernel[1..].iter().sum::<f64>();
}

/// Rounds a symmetric kernel to `T` with its two-sided sum kept.
fn round_symmetric<T: Real>(kernel: &[f64]) -> Vec<T> {
    let pairs: Vec<f64> = kernel
        .iter()
        .enumerate()
        .map(|(n, k)| if n == 0 { *k } else { 2.0 * k })
        .collect();
    let rounded = round_keeping_sum::<T>(&pairs);
    rounded
        .iter()
        .enumerate()
        .map(|(n, &w)| if n == 0 { w } else { T::HALF * w })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(kernel: &[f64], k: i32) -> f64 {
        let one_side: f64 = kernel
            .iter()
            .enumerate()
            .skip(1)
            .map(|(n, w)| w * (n as f64).powi(k))
            .sum();
        2.0 * one_side + if k == 0 { kernel[0] } else { 0.0 }
    }

    #[test]
    fn kernel_has_weight_one_and_the_exact_variance_at_any_width() {
        for a in [1e-9, 1e-3, 0.04, 0.2, 1.0, 5.0, 40.0, 300.0] {
            let kernel = unit_jump_kernel(a, 1000);
            assert!(kernel.iter().all(|w| *w >= 0.0), "{a}");
            assert!((moment(&kernel, 0) - 1.0).abs() < 1e-13, "{a}");
            assert!((moment(&kernel, 2) / a - 1.0).abs() < 1e-10, "{a}");
        }
    }

    #[test]
    fn two_half_steps_equal_one() {
        let (half, whole) = (unit_jump_kernel(0.35, 100), unit_jump_kernel(0.7, 100));
        let at = |k: &[f64], n: i64| k.get(n.unsigned_abs() as usize).copied().unwrap_or(0.0);
        for n in 0..8 {
            let twice: f64 = (-20..=20).map(|m| at(&half, m) * at(&half, n - m)).sum();
            // What is cut at 1e-8, some 8 bins out, has a variance of up to 2 8^2 1e-8; it is put back at n = 0, 1.
            assert!(
                (twice - at(&whole, n)).abs() < 1.3e-6,
                "{n}: {twice} {}",
                at(&whole, n)
            );
        }
    }
}
