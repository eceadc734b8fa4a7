//! The arithmetic of a run: `f32` or `f64`. No fused multiply-add anywhere, so that CPU and CUDA agree bit for bit.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Mul, Neg, Sub};

pub trait Real:
    Copy
    + bytemuck::Pod
    + Debug
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + Send
    + Sync
    + 'static
{
    const ZERO: Self;
    const HALF: Self;
    /// Weights below this are nothing: far below the rounding of any sum, and far enough above the subnormal numbers, which
    /// processors compute with a hundred times slower, that no stencil leads there.
    const NEGLIGIBLE: Self;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;

    /// Zero for a negligible weight: the energy loss leaves no such cells in psi.
    #[inline(always)]
    fn unless_negligible(self) -> Self {
        if self < Self::NEGLIGIBLE {
            Self::ZERO
        } else {
            self
        }
    }

    /// The smaller of two numbers as one compare and select (as the kernels do it; no NaN handling).
    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        if other < self { other } else { self }
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        if other > self { other } else { self }
    }
}

impl Real for f32 {
    const ZERO: f32 = 0.0;
    const HALF: f32 = 0.5;
    const NEGLIGIBLE: f32 = 1e-24;
    #[inline(always)]
    fn from_f64(value: f64) -> f32 {
        value as f32
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    const ZERO: f64 = 0.0;
    const HALF: f64 = 0.5;
    const NEGLIGIBLE: f64 = 1e-280;
    #[inline(always)]
    fn from_f64(value: f64) -> f64 {
        value
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
}

/// Rounds weights to numbers that `T` holds so that their sum is kept: each rounding error is handed to the next
/// weight, from the largest to the smallest, and what is left is below the last place of the smallest.
pub fn round_keeping_sum<T: Real>(weights: &mut [f64]) {
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by(|&a, &b| weights[b].total_cmp(&weights[a]));
    let mut carried = 0.0;
    for i in order {
        weights[i] = round_carrying::<T>(weights[i], &mut carried).to_f64();
    }
}

/// Rounds a weight and the error `carried` to it, and carries on what that leaves; a weight of zero stays zero.
#[inline]
pub fn round_carrying<T: Real>(weight: f64, carried: &mut f64) -> T {
    let wanted = weight + *carried;
    let rounded = match weight == 0.0 {
        true => T::ZERO,
        false => T::from_f64(wanted.max(0.0)),
    };
    *carried = wanted - rounded.to_f64();
    rounded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounded_weights_keep_their_sum() {
        let mut weights = [0.7, 0.1, 0.1 / 3.0, 0.1 * 2.0 / 3.0, 0.099_999, 1e-6, 0.0];
        let total: f64 = weights.iter().sum();
        round_keeping_sum::<f32>(&mut weights);
        assert!(weights.iter().all(|&w| f64::from(w as f32) == w));
        let rounded: f64 = weights.iter().sum();
        // The smallest non-zero weight has a last place of 1e-13; plain rounding would leave 1e-8.
        assert!((rounded - total).abs() < 1e-12, "{}", rounded - total);
    }
}
