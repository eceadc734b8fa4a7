//! Whether there is a GPU that this program can use, found out without a panic on any machine.
//!
//! `CUDA_VISIBLE_DEVICES` is the driver's: it hides and reorders devices before they are counted here.

use super::driver::{DeviceCalls, Driver, NO_DEVICE, STUB_LIBRARY, SUCCESS, status_name};
use crate::error::{Error, Kind, Result};
use cudarc::driver::CudaContext;
use std::fmt;

/// The oldest CUDA whose driver (525) loads the embedded PTX 8.0 (PTX ISA manual, release notes).
const CUDA_VERSION_MIN: i32 = 12_000;

/// One GPU, or one MIG slice of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GpuInfo {
    /// Number among the visible devices.
    pub index: usize,
    pub name: String,
    /// `GPU-...` or `MIG-...`, as nvidia-smi and CUDA_VISIBLE_DEVICES write it.
    pub uuid: String,
    pub memory_total_bytes: u64,
    /// (major, minor).
    pub compute_capability: (i32, i32),
    /// Newest CUDA that the driver supports, (major, minor).
    pub cuda_version: (i32, i32),
    /// The driver's own version, such as 550.54.15, where the system tells.
    pub driver_version: Option<String>,
    pub slice: Slice,
}

/// Whether a device is a whole GPU or a part of one (multi-instance GPU).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slice {
    Whole,
    Mig,
}

/// Why no GPU can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoGpu {
    LibraryMissing,
    /// With the symbol that is not there.
    LibraryUnusable(&'static str),
    /// The toolkit's library to link against lies before the driver's, or there is no driver's.
    LibraryIsStub,
    NoDevices,
    /// With the driver's name for the error.
    InitFailed(String),
    /// With the CUDA version it supports, 1000 x major + 10 x minor.
    DriverTooOld(i32),
    /// With the driver call and its name for the error.
    CallFailed(&'static str, String),
}

/// What `auto` is to make of it: run on the CPU where no GPU exists, but never where one failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    NoneExists,
    OneFailed,
}

impl NoGpu {
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::LibraryMissing
            | Self::LibraryUnusable(_)
            | Self::LibraryIsStub
            | Self::NoDevices => Verdict::NoneExists,
            Self::InitFailed(_) | Self::DriverTooOld(_) | Self::CallFailed(..) => {
                Verdict::OneFailed
            }
        }
    }

    fn hint(&self) -> &'static str {
        match self {
            Self::LibraryMissing | Self::LibraryUnusable(_) => {
                "install the NVIDIA driver, or start the container with its GPUs; or use --backend cpu"
            }
            Self::LibraryIsStub => {
                "take the CUDA toolkit's stubs folder out of LD_LIBRARY_PATH; or use --backend cpu"
            }
            Self::NoDevices => {
                "see nvidia-smi, CUDA_VISIBLE_DEVICES and the job's GPU request; or use --backend cpu"
            }
            Self::DriverTooOld(_) => "update the NVIDIA driver; or use --backend cpu",
            Self::InitFailed(_) | Self::CallFailed(..) => {
                "see nvidia-smi and the system log; or use --backend cpu"
            }
        }
    }
}

impl fmt::Display for NoGpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LibraryMissing => {
                write!(f, "no NVIDIA driver library (libcuda.so.1) can be opened")
            }
            Self::LibraryUnusable(symbol) => {
                write!(f, "libcuda.so.1 is not a driver: it has no {symbol}")
            }
            Self::LibraryIsStub => write!(
                f,
                "libcuda.so.1 is the CUDA toolkit's stub, not a driver: is a folder named stubs in LD_LIBRARY_PATH?"
            ),
            Self::NoDevices => write!(f, "the NVIDIA driver sees no device{}", visible_devices()),
            Self::InitFailed(name) => {
                write!(f, "the NVIDIA driver cannot be initialised: {name}")
            }
            Self::DriverTooOld(version) => {
                let (major, minor) = major_minor(*version);
                write!(
                    f,
                    "the NVIDIA driver supports CUDA {major}.{minor}; 12.0 (driver 525) is needed"
                )
            }
            Self::CallFailed(call, name) => write!(f, "the NVIDIA driver's {call} failed: {name}"),
        }
    }
}

impl From<NoGpu> for Error {
    fn from(why: NoGpu) -> Self {
        Error::new(Kind::NoGpu, why.to_string()).hint(why.hint())
    }
}

fn visible_devices() -> String {
    match std::env::var("CUDA_VISIBLE_DEVICES") {
        Ok(value) => format!(" (CUDA_VISIBLE_DEVICES is {value:?})"),
        Err(_) => String::new(),
    }
}

fn major_minor(version: i32) -> (i32, i32) {
    (version / 1000, version % 1000 / 10)
}

/// The visible GPUs, at least one, in the driver's order. Creates no context: costs no device memory.
///
/// # Errors
/// The reason why none can be used.
pub fn probe() -> std::result::Result<Vec<GpuInfo>, NoGpu> {
    let driver = Driver::open()?;
    match driver.init() {
        SUCCESS => {}
        NO_DEVICE => return Err(NoGpu::NoDevices),
        STUB_LIBRARY => return Err(NoGpu::LibraryIsStub),
        status => return Err(NoGpu::InitFailed(status_name(status))),
    }
    let count = driver.device_count()?;
    if count < 1 {
        return Err(NoGpu::NoDevices);
    }
    let version = driver.version()?;
    if version < CUDA_VERSION_MIN {
        return Err(NoGpu::DriverTooOld(version));
    }
    let calls = DeviceCalls::find()?;
    (0..count)
        .map(|index| describe(&calls, index, version))
        .collect()
}

fn describe(calls: &DeviceCalls, index: i32, version: i32) -> std::result::Result<GpuInfo, NoGpu> {
    let handle = calls.handle(index)?;
    let name = calls.name(handle)?;
    // The driver has no attribute for it; a slice is named after its GPU and profile: "NVIDIA H100 ... MIG 1g.10gb".
    let slice = if name.contains(" MIG ") {
        Slice::Mig
    } else {
        Slice::Whole
    };
    Ok(GpuInfo {
        index: index as usize,
        uuid: uuid_text(slice, calls.uuid(handle)?),
        name,
        memory_total_bytes: calls.total_memory_bytes(handle)?,
        compute_capability: calls.compute_capability(handle)?,
        cuda_version: major_minor(version),
        driver_version: kernel_module_version(),
        slice,
    })
}

fn kernel_module_version() -> Option<String> {
    let text = std::fs::read_to_string("/sys/module/nvidia/version").ok()?;
    Some(text.trim().to_string())
}

/// 8-4-4-4-12 hexadecimal digits behind `GPU-` or `MIG-`.
fn uuid_text(slice: Slice, bytes: [u8; 16]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let prefix = match slice {
        Slice::Whole => "GPU",
        Slice::Mig => "MIG",
    };
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| &digits[range]);
    format!("{prefix}-{}", parts.join("-"))
}

impl GpuInfo {
    /// Memory free at this moment, in bytes. Opens the device's context, which takes some of it.
    ///
    /// # Errors
    /// `Kind::NoGpu`: the device cannot be opened, because another program has it for itself, say.
    pub fn memory_free_bytes(&self) -> Result<u64> {
        let free = CudaContext::new(self.index).and_then(|context| context.mem_get_info());
        let failed = |error| {
            let message = format!(
                "GPU {} ({}) cannot be opened: {error}",
                self.index, self.name
            );
            Error::new(Kind::NoGpu, message)
        };
        free.map(|(free, _)| free as u64).map_err(failed)
    }
}

/// The device a user names: its number, or its UUID or a beginning of it that fits one device only.
///
/// # Errors
/// `Kind::NoGpu`: no device, or more than one, fits.
pub fn choose<'a>(gpus: &'a [GpuInfo], wish: &str) -> Result<&'a GpuInfo> {
    let fits = |gpu: &&GpuInfo| match wish.parse::<usize>() {
        Ok(index) => gpu.index == index,
        Err(_) => !wish.is_empty() && gpu.uuid.to_lowercase().starts_with(&wish.to_lowercase()),
    };
    let found: Vec<&GpuInfo> = gpus.iter().filter(fits).collect();
    match found[..] {
        [gpu] => Ok(gpu),
        [] => Err(no_choice(gpus, wish, "no device fits")),
        _ => Err(no_choice(gpus, wish, "more than one device fits")),
    }
}

fn no_choice(gpus: &[GpuInfo], wish: &str, what: &str) -> Error {
    let list: Vec<String> = gpus
        .iter()
        .map(|gpu| format!("{} = {}", gpu.index, gpu.uuid))
        .collect();
    Error::new(Kind::NoGpu, format!("{what} {wish:?}"))
        .key("--device")
        .hint(format!(
            "give a number or the beginning of a UUID of: {}",
            list.join(", ")
        ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gpu(index: usize, uuid: &str) -> GpuInfo {
        GpuInfo {
            index,
            name: "Test GPU".to_string(),
            uuid: uuid.to_string(),
            memory_total_bytes: 1 << 30,
            compute_capability: (9, 0),
            cuda_version: (12, 4),
            driver_version: None,
            slice: Slice::Whole,
        }
    }

    #[test]
    fn a_device_is_chosen_by_number_or_by_a_unique_beginning_of_its_uuid() {
        let gpus = [gpu(0, "GPU-aa11"), gpu(1, "GPU-aa22")];
        let chosen = [("0", 0), ("1", 1), ("GPU-aa2", 1), ("gpu-AA11", 0)];
        for (wish, index) in chosen {
            assert_eq!(choose(&gpus, wish).unwrap().index, index, "{wish}");
        }
        let refused = [
            ("2", "no device"),
            ("GPU-aa", "more than one"),
            ("MIG-", "no device"),
            ("", "no device"),
        ];
        for (wish, why) in refused {
            let error = choose(&gpus, wish).unwrap_err();
            assert!(error.message.starts_with(why), "{error}");
            assert_eq!(error.kind, Kind::NoGpu);
        }
    }

    #[test]
    fn a_uuid_is_written_as_nvidia_smi_does() {
        let bytes = std::array::from_fn(|index| index as u8);
        let text = uuid_text(Slice::Mig, bytes);
        assert_eq!(text, "MIG-00010203-0405-0607-0809-0a0b0c0d0e0f");
    }

    #[test]
    fn only_a_machine_without_a_gpu_lets_auto_go_on_with_the_cpu() {
        let cases = [
            (NoGpu::LibraryMissing, Verdict::NoneExists),
            (NoGpu::LibraryUnusable("cuInit"), Verdict::NoneExists),
            (NoGpu::LibraryIsStub, Verdict::NoneExists),
            (NoGpu::NoDevices, Verdict::NoneExists),
            (
                NoGpu::InitFailed("CUDA_ERROR_UNKNOWN".into()),
                Verdict::OneFailed,
            ),
            (NoGpu::DriverTooOld(11_040), Verdict::OneFailed),
            (
                NoGpu::CallFailed("cuDeviceGet", "CUDA error 999".into()),
                Verdict::OneFailed,
            ),
        ];
        for (why, verdict) in cases {
            assert_eq!(why.verdict(), verdict, "{why}");
            assert_eq!(Error::from(why).kind.exit_code(), 69);
        }
    }
}
