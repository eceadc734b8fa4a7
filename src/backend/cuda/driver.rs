//! The few driver calls that tell whether there is a GPU, each looked up before it is called.
//!
//! cudarc's own bindings panic where the library lacks a symbol, and read status codes as an enum that a newer driver
//! may leave; here a missing symbol is an error and a status is a number. Source: CUDA Driver API manual, 12.0.

use super::probe::NoGpu;
use cudarc::driver::sys;
use std::ffi::{CStr, c_char, c_int, c_uint};

/// CUresult 0.
pub(super) const SUCCESS: c_int = 0;
/// CUresult CUDA_ERROR_NO_DEVICE.
pub(super) const NO_DEVICE: c_int = 100;
/// CUresult CUDA_ERROR_STUB_LIBRARY: the toolkit's libcuda to link against, not a driver.
pub(super) const STUB_LIBRARY: c_int = 34;

type WriteInteger = unsafe extern "C" fn(*mut c_int) -> c_int;
type ErrorName = unsafe extern "C" fn(c_int, *mut *const c_char) -> c_int;

/// The calls that every driver has, whatever its age.
pub(super) struct Driver {
    init: unsafe extern "C" fn(c_uint) -> c_int,
    version: WriteInteger,
    device_count: WriteInteger,
}

/// The calls that describe one device.
pub(super) struct DeviceCalls {
    get: unsafe extern "C" fn(*mut c_int, c_int) -> c_int,
    name: unsafe extern "C" fn(*mut c_char, c_int, c_int) -> c_int,
    uuid: unsafe extern "C" fn(*mut [u8; 16], c_int) -> c_int,
    total_memory: unsafe extern "C" fn(*mut usize, c_int) -> c_int,
    attribute: unsafe extern "C" fn(*mut c_int, c_uint, c_int) -> c_int,
}

/// CUdevice_attribute: major and minor compute capability.
const COMPUTE_CAPABILITY: [c_uint; 2] = [75, 76];

fn symbol<F: Copy>(name: &'static str) -> Result<F, NoGpu> {
    // SAFETY: the caller has opened the library, and names a driver function together with its type.
    let found = unsafe { sys::culib().get::<F>(name.as_bytes()) };
    found
        .map(|symbol| *symbol)
        .map_err(|_| NoGpu::LibraryUnusable(name))
}

impl Driver {
    /// Opens libcuda, without any call into it.
    pub(super) fn open() -> Result<Self, NoGpu> {
        // SAFETY: opens the driver library, whose initialisers touch nothing of ours.
        if !unsafe { sys::is_culib_present() } {
            return Err(NoGpu::LibraryMissing);
        }
        Ok(Self {
            init: symbol("cuInit")?,
            version: symbol("cuDriverGetVersion")?,
            device_count: symbol("cuDeviceGetCount")?,
        })
    }

    /// Must come before every other call.
    pub(super) fn init(&self) -> c_int {
        // SAFETY: flags must be 0.
        unsafe { (self.init)(0) }
    }

    /// Version of CUDA that the driver supports, 1000 x major + 10 x minor.
    pub(super) fn version(&self) -> Result<c_int, NoGpu> {
        read_integer("cuDriverGetVersion", self.version)
    }

    pub(super) fn device_count(&self) -> Result<c_int, NoGpu> {
        read_integer("cuDeviceGetCount", self.device_count)
    }
}

fn read_integer(name: &'static str, call: WriteInteger) -> Result<c_int, NoGpu> {
    let mut value = 0;
    // SAFETY: one integer to write to.
    check(name, unsafe { call(&mut value) })?;
    Ok(value)
}

fn check(call: &'static str, status: c_int) -> Result<(), NoGpu> {
    match status {
        SUCCESS => Ok(()),
        status => Err(NoGpu::CallFailed(call, status_name(status))),
    }
}

/// `CUDA_ERROR_...`, or the number where the driver does not say.
pub(super) fn status_name(status: c_int) -> String {
    let mut text = std::ptr::null();
    if let Ok(error_name) = symbol::<ErrorName>("cuGetErrorName") {
        // SAFETY: one pointer to write to; the driver gives a static text or leaves null.
        unsafe { error_name(status, &mut text) };
    }
    if text.is_null() {
        return format!("CUDA error {status}");
    }
    // SAFETY: a static, null-terminated text.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}

impl DeviceCalls {
    pub(super) fn find() -> Result<Self, NoGpu> {
        Ok(Self {
            get: symbol("cuDeviceGet")?,
            name: symbol("cuDeviceGetName")?,
            uuid: symbol("cuDeviceGetUuid_v2")?,
            total_memory: symbol("cuDeviceTotalMem_v2")?,
            attribute: symbol("cuDeviceGetAttribute")?,
        })
    }

    pub(super) fn handle(&self, index: c_int) -> Result<c_int, NoGpu> {
        let mut handle = 0;
        // SAFETY: one integer to write to; the driver checks the index.
        check("cuDeviceGet", unsafe { (self.get)(&mut handle, index) })?;
        Ok(handle)
    }

    pub(super) fn name(&self, handle: c_int) -> Result<String, NoGpu> {
        let mut buffer = [0u8; 256];
        // SAFETY: the buffer has the length given, one byte of which stays null.
        let status = unsafe { (self.name)(buffer.as_mut_ptr().cast(), 255, handle) };
        check("cuDeviceGetName", status)?;
        let name = CStr::from_bytes_until_nul(&buffer).unwrap_or_default();
        Ok(name.to_string_lossy().into_owned())
    }

    pub(super) fn uuid(&self, handle: c_int) -> Result<[u8; 16], NoGpu> {
        let mut bytes = [0; 16];
        // SAFETY: CUuuid is 16 bytes.
        check("cuDeviceGetUuid_v2", unsafe {
            (self.uuid)(&mut bytes, handle)
        })?;
        Ok(bytes)
    }

    pub(super) fn total_memory_bytes(&self, handle: c_int) -> Result<u64, NoGpu> {
        let mut bytes = 0;
        // SAFETY: one size to write to.
        check("cuDeviceTotalMem_v2", unsafe {
            (self.total_memory)(&mut bytes, handle)
        })?;
        Ok(bytes as u64)
    }

    /// (major, minor).
    pub(super) fn compute_capability(&self, handle: c_int) -> Result<(c_int, c_int), NoGpu> {
        let [major, minor] = COMPUTE_CAPABILITY.map(|attribute| {
            let mut value = 0;
            // SAFETY: one integer to write to.
            let status = unsafe { (self.attribute)(&mut value, attribute, handle) };
            check("cuDeviceGetAttribute", status).map(|()| value)
        });
        Ok((major?, minor?))
    }
}
