//! Everything that names cudarc or is `unsafe`: finding a device, the embedded kernels.

mod driver;
pub mod probe;
pub mod ptx;
