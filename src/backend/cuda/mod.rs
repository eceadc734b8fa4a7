//! The CUDA backend. Everything that names cudarc is here: finding a device, the embedded kernels, memory, launches.
//!
//! `stepper` says which kernels run on what; `launcher` is the seam below it, behind which stands a GPU (`device`) or, in the
//! tests, the host.

mod batch;
mod births;
mod device;
mod driver;
pub mod kernel;
pub mod launcher;
pub mod machine;
mod memory;
mod pinned;
pub mod probe;
pub mod ptx;
mod staging;
pub mod stepper;
pub mod stored;
mod tables;
mod tally;
pub mod twins;

pub use device::failure;
pub use machine::CudaMachine;
