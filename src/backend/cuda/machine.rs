//! The CUDA backend as a machine to run on.

use super::batch::Extent;
use super::device::Device;
use super::launcher::Launcher;
use super::probe::GpuInfo;
use super::staging::STAGING_BYTES;
use super::stepper::{CudaStepper, extent};
use super::stored::Stored;
use super::tables::Packed;
use crate::backend::{Machine, Stepper};
use crate::case::Precision;
use crate::error::Result;
use crate::march::March;
use crate::memory::Bytes;
use half::f16;

pub struct CudaMachine {
    device: Device,
    precision: Precision,
    name: String,
}

impl CudaMachine {
    /// # Errors
    /// `Kind::NoGpu`: the device cannot be opened, or refuses the kernels.
    pub fn open(gpu: &GpuInfo, precision: Precision) -> Result<CudaMachine> {
        Ok(CudaMachine {
            device: Device::open(gpu)?,
            precision,
            name: format!("cuda ({})", gpu.name),
        })
    }

    /// Device memory for a batch of `spots`, tables included, in bytes.
    pub fn bytes(march: &March, spots: u64, precision: Precision) -> u64 {
        table_bytes(march, precision) + psi_bytes(&extent(march, spots as usize), precision)
    }
}

/// Of the operators' tables on the device, which are made for it.
pub fn table_bytes(march: &March, precision: Precision) -> u64 {
    let tables = match precision {
        Precision::Double => Packed::new::<<f64 as Stored>::Arithmetic>(march),
        Precision::Single => Packed::new::<<f32 as Stored>::Arithmetic>(march),
        Precision::Half => Packed::new::<<f16 as Stored>::Arithmetic>(march),
    };
    tables.bytes.len() as u64
}

/// Of psi and all else that the device allocates in this precision.
fn psi_bytes(extent: &Extent, precision: Precision) -> u64 {
    match precision {
        Precision::Double => extent.bytes::<f64>(),
        Precision::Single => extent.bytes::<f32>(),
        Precision::Half => extent.bytes::<f16>(),
    }
}

/// A stepper of the wanted precision on any launcher.
///
/// # Errors
/// `Kind::OutOfMemory`, or what the device reports.
pub fn stepper<'a>(
    launcher: &'a dyn Launcher,
    march: &'a March<'a>,
    precision: Precision,
) -> Result<Box<dyn Stepper + 'a>> {
    Ok(match precision {
        Precision::Double => Box::new(CudaStepper::<f64>::new(launcher, march)?),
        Precision::Single => Box::new(CudaStepper::<f32>::new(launcher, march)?),
        Precision::Half => Box::new(CudaStepper::<f16>::new(launcher, march)?),
    })
}

/// The device's, with the sum of the maps at the end; the host holds what comes back, a piece at a time.
pub fn buffer_bytes(march: &March, precision: Precision) -> Bytes {
    let extent = extent(march, 1);
    Bytes {
        host: STAGING_BYTES as u64,
        device: psi_bytes(&extent, precision) + (size_of::<f64>() * extent.map_cells()) as u64,
    }
}

impl Machine for CudaMachine {
    fn stepper<'a>(&'a self, march: &'a March<'a>) -> Result<Box<dyn Stepper + 'a>> {
        stepper(&self.device, march, self.precision)
    }

    fn device_table_bytes(&self, march: &March) -> u64 {
        table_bytes(march, self.precision)
    }

    fn buffer_bytes(&self, march: &March) -> Bytes {
        buffer_bytes(march, self.precision)
    }

    fn name(&self) -> String {
        self.name.clone()
    }
}
