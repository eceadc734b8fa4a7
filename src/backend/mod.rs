//! Where a run is computed: the serial CPU or a CUDA device.

pub mod cuda;
