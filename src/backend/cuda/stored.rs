//! How cells of psi are stored on the device, and the arithmetic that goes with it; twin of `Storage` in kernels/common.cuh.

use super::kernel::Storage;
use crate::real::Real;
use bytemuck::Pod;

pub trait Stored: Pod {
    type Arithmetic: Real;
    const STORAGE: Storage;
    fn stored(value: f64) -> Self;
    /// What the kernels read back.
    fn loaded(self) -> f64;
}

impl Stored for f64 {
    type Arithmetic = f64;
    const STORAGE: Storage = Storage::Double;
    fn stored(value: f64) -> f64 {
        value
    }
    fn loaded(self) -> f64 {
        self
    }
}

impl Stored for f32 {
    type Arithmetic = f32;
    const STORAGE: Storage = Storage::Single;
    fn stored(value: f64) -> f32 {
        value as f32
    }
    fn loaded(self) -> f64 {
        f64::from(self)
    }
}

/// 16-bit cells hold psi times this: a cell holds at most the whole beam, 1, which is half of the largest number of the type.
const HALF_SCALE: f32 = 32768.0;

impl Stored for half::f16 {
    type Arithmetic = f32;
    const STORAGE: Storage = Storage::Half;
    fn stored(value: f64) -> half::f16 {
        half::f16::from_f32(value as f32 * HALF_SCALE)
    }
    fn loaded(self) -> f64 {
        f64::from(self.to_f32() / HALF_SCALE)
    }
}
