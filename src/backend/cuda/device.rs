//! A GPU as a `Launcher`: one context, the embedded kernels, a compute queue and a copy queue.

use super::launcher::{Argument, Launcher, Mark, Ticket};
use super::probe::GpuInfo;
use super::twins::{Address, BLOCK};
use super::{pinned::Pinned, ptx};
use crate::error::{Error, Kind, Result};
use cudarc::driver::result::{self, DriverError, event, module, stream};
use cudarc::driver::{CudaContext, sys};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::sync::Arc;

/// Kernels of each module, without the storage type that their names end in.
const KERNELS: [(&str, &[&str]); 6] = [
    ("scattering", &["scattering"]),
    (
        "energy_loss",
        &["energy_loss", "transport", "transport_reacting"],
    ),
    ("streaming", &["streaming_x", "streaming_xz"]),
    (
        "scoring",
        &[
            "score",
            "score_reacting",
            "collect",
            "trim_z",
            "sum_layers",
            "close_step",
            "close_march",
        ],
    ),
    ("transfer", &["place", "sum_maps", "copy_plane"]),
    ("inject", &["inject"]),
];
const STORAGES: [&str; 3] = ["double", "single", "half"];

/// Bytes that a large download goes through at a time.
pub const STAGING_BYTES: usize = 1 << 24;

/// Left to the kernels' own arrays.
const STATIC_SHARED_BYTES: u32 = 4096;

/// A copy to the host under way.
struct Fetch {
    arrived: sys::CUevent,
    buffer: Pinned,
    bytes: usize,
}

pub struct Device {
    context: Arc<CudaContext>,
    name: String,
    compute: sys::CUstream,
    copies: sys::CUstream,
    modules: Vec<sys::CUmodule>,
    kernels: HashMap<String, sys::CUfunction>,
    shared_bytes_max: u32,
    fetches: RefCell<HashMap<u64, Fetch>>,
    marks: RefCell<Vec<sys::CUevent>>,
    staging: RefCell<Option<Pinned>>,
}

/// What a driver's status means to the user: `what` was being done.
pub fn failure(status: u32, name: &str, what: &str, device: &str) -> Error {
    /// CUresult: out of memory; and the three by which a driver refuses PTX.
    const OUT_OF_MEMORY: u32 = 2;
    const REFUSED: [u32; 3] = [209, 218, 222];
    let message = format!("{device}: {what}: {name}");
    if status == OUT_OF_MEMORY {
        return Error::new(Kind::OutOfMemory, message)
            .hint("use a coarser grid, precision = \"half\", or --backend cpu");
    }
    let error = Error::new(Kind::NoGpu, message);
    match REFUSED.contains(&status) {
        true => error.hint(
            "the kernels need a driver of version 525 or later and compute capability 7.5 or later; or use --backend cpu",
        ),
        false => error.hint("see nvidia-smi and the system log; or use --backend cpu"),
    }
}

fn status_name(error: &DriverError) -> String {
    let name = error.error_name().ok();
    name.map_or_else(
        || format!("CUDA error {}", error.0 as u32),
        |name| name.to_string_lossy().into_owned(),
    )
}

impl Device {
    /// Opens a GPU and loads the kernels.
    ///
    /// # Errors
    /// `Kind::NoGpu`: the device cannot be opened, or its driver refuses the kernels.
    pub fn open(gpu: &GpuInfo) -> Result<Device> {
        let driver = gpu
            .driver_version
            .clone()
            .unwrap_or("of unknown version".into());
        let name = format!("GPU {} ({}, driver {driver})", gpu.index, gpu.name);
        let fails = |what: &'static str| {
            let name = name.clone();
            move |error: DriverError| failure(error.0 as u32, &status_name(&error), what, &name)
        };
        let context = CudaContext::new(gpu.index).map_err(fails("opening it"))?;
        let attribute =
            sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN;
        let shared_bytes = context
            .attribute(attribute)
            .map_err(fails("asking for its shared memory"))?;
        let queue = || stream::create(stream::StreamKind::NonBlocking);
        let mut device = Device {
            context,
            compute: queue().map_err(fails("creating a queue"))?,
            copies: queue().map_err(fails("creating a queue"))?,
            modules: Vec::new(),
            kernels: HashMap::new(),
            shared_bytes_max: shared_bytes as u32 - STATIC_SHARED_BYTES,
            fetches: RefCell::default(),
            marks: RefCell::default(),
            staging: RefCell::default(),
            name,
        };
        for (module, kernels) in KERNELS {
            device.load(module, kernels)?;
        }
        Ok(device)
    }

    fn load(&mut self, name: &'static str, kernels: &[&str]) -> Result<()> {
        let text = ptx::module(name)
            .and_then(|text| CString::new(text).ok())
            .ok_or_else(|| Error::internal(format!("no PTX of {name}")))?;
        // SAFETY: a null-terminated PTX text that outlives the call.
        let loaded = unsafe { module::load_data(text.as_ptr().cast()) };
        let handle = loaded.map_err(|error| self.fails(&error, &format!("loading {name}")))?;
        self.modules.push(handle);
        for kernel in kernels {
            for storage in STORAGES {
                let entry = format!("{kernel}_{storage}");
                let c_name = CString::new(entry.clone()).unwrap_or_default();
                // SAFETY: the module was loaded above.
                let function = unsafe { module::get_function(handle, c_name) }
                    .map_err(|error| self.fails(&error, &format!("finding {entry}")))?;
                if kernel.starts_with("transport") {
                    self.allow_shared(function)?;
                }
                self.kernels.insert(entry, function);
            }
        }
        Ok(())
    }

    fn allow_shared(&self, function: sys::CUfunction) -> Result<()> {
        let attribute = sys::CUfunction_attribute::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        // SAFETY: the function was found just now.
        let set = unsafe {
            result::function::set_function_attribute(
                function,
                attribute,
                self.shared_bytes_max as i32,
            )
        };
        self.checked(set, "asking for shared memory")
    }

    fn fails(&self, error: &DriverError, what: &str) -> Error {
        failure(error.0 as u32, &status_name(error), what, &self.name)
    }

    fn checked<T>(&self, result: std::result::Result<T, DriverError>, what: &str) -> Result<T> {
        result.map_err(|error| self.fails(&error, what))
    }

    fn bind(&self) -> Result<()> {
        self.checked(self.context.bind_to_thread(), "using it")
    }

    /// Copies to pinned memory in the compute queue and waits.
    fn download_piece(&self, from: Address, to: &mut [u8], staging: &mut Pinned) -> Result<()> {
        let piece = &mut staging.bytes_mut()[..to.len()];
        // SAFETY: the caller's range is allocated; the pinned buffer outlives the wait below.
        let copied = unsafe { result::memcpy_dtoh_async(piece, from, self.compute) };
        self.checked(copied, "copying from it")?;
        self.synchronize()?;
        to.copy_from_slice(&staging.bytes()[..to.len()]);
        Ok(())
    }

    fn new_event(&self, flags: sys::CUevent_flags) -> Result<sys::CUevent> {
        self.checked(event::create(flags), "creating an event")
    }

    /// Notes a moment of one queue.
    fn record(&self, moment: sys::CUevent, queue: sys::CUstream) -> Result<()> {
        // SAFETY: both are this device's and alive.
        self.checked(
            unsafe { event::record(moment, queue) },
            "recording an event",
        )
    }

    fn wait_for(&self, queue: sys::CUstream, moment: sys::CUevent) -> Result<()> {
        let flags = sys::CUevent_wait_flags::CU_EVENT_WAIT_DEFAULT;
        // SAFETY: both are this device's and alive.
        let waits = unsafe { stream::wait_event(queue, moment, flags) };
        self.checked(waits, "waiting for an event")
    }

    /// Lets the copy queue wait for all that the compute queue holds now.
    fn copies_after_compute(&self) -> Result<()> {
        let moment = self.new_event(sys::CUevent_flags::CU_EVENT_DISABLE_TIMING)?;
        self.record(moment, self.compute)?;
        self.wait_for(self.copies, moment)?;
        // SAFETY: the driver keeps an event until the queues have passed it.
        self.checked(unsafe { event::destroy(moment) }, "ending an event")
    }
}

impl Launcher for Device {
    fn memory_free_bytes(&self) -> Result<u64> {
        self.bind()?;
        let (free, _) = self.checked(result::mem_get_info(), "asking for its free memory")?;
        Ok(free as u64)
    }

    fn allocate(&self, bytes: u64, what: &'static str) -> Result<Address> {
        self.bind()?;
        // SAFETY: the memory is written before it is read (initcheck in scripts/gpu-check).
        let address = unsafe { result::malloc_sync(bytes as usize) };
        let doing = format!(
            "allocating {:.1} MiB for {what}",
            bytes as f64 / f64::from(1 << 20)
        );
        self.checked(address, &doing)
    }

    fn free(&self, address: Address) {
        // SAFETY: came from `allocate`; the driver waits for kernels that use it. An error has shown elsewhere before.
        let _ = unsafe { result::free_sync(address) };
    }

    fn clear(&self, at: Address, bytes: u64) -> Result<()> {
        // SAFETY: the caller's range is allocated.
        let cleared = unsafe { result::memset_d8_async(at, 0, bytes as usize, self.compute) };
        self.checked(cleared, "clearing memory")
    }

    fn upload(&self, to: Address, bytes: &[u8]) -> Result<()> {
        self.bind()?;
        // SAFETY: the caller's range is allocated; the driver has read pageable memory when the call returns.
        let copied = unsafe { result::memcpy_htod_async(to, bytes, self.compute) };
        self.checked(copied, "copying to it")
    }

    fn copy(&self, from: Address, to: Address, bytes: u64) -> Result<()> {
        // SAFETY: the caller's ranges are allocated.
        let copied = unsafe { result::memcpy_dtod_async(to, from, bytes as usize, self.compute) };
        self.checked(copied, "copying on it")
    }

    fn download(&self, from: Address, to: &mut [u8]) -> Result<()> {
        self.bind()?;
        let mut staging = self.staging.borrow_mut();
        let pinned = match &mut *staging {
            Some(pinned) => pinned,
            none => {
                none.insert(self.checked(Pinned::new(STAGING_BYTES), "allocating pinned memory")?)
            }
        };
        let mut address = from;
        for piece in to.chunks_mut(STAGING_BYTES) {
            self.download_piece(address, piece, pinned)?;
            address += piece.len() as u64;
        }
        Ok(())
    }

    fn start_fetch(&self, from: Address, bytes: u64) -> Result<Ticket> {
        self.copies_after_compute()?;
        let bytes = bytes as usize;
        let mut buffer = self.checked(Pinned::new(bytes), "allocating pinned memory")?;
        let arrived = self.new_event(sys::CUevent_flags::CU_EVENT_DISABLE_TIMING)?;
        // SAFETY: the caller's range is allocated; the buffer lives in `fetches` until the copy has arrived.
        let copied = unsafe { result::memcpy_dtoh_async(buffer.bytes_mut(), from, self.copies) };
        self.checked(copied, "copying from it")?;
        self.record(arrived, self.copies)?;
        let mut fetches = self.fetches.borrow_mut();
        let ticket = (0..).find(|i| !fetches.contains_key(i)).unwrap_or(0);
        let fetch = Fetch {
            arrived,
            buffer,
            bytes,
        };
        fetches.insert(ticket, fetch);
        Ok(Ticket(ticket))
    }

    fn fetched(&self, ticket: Ticket) -> Result<Vec<u8>> {
        let fetch = self.fetches.borrow_mut().remove(&ticket.0);
        let fetch = fetch.ok_or_else(|| Error::internal("a copy that was never started"))?;
        // SAFETY: the event is alive; nothing waits for it afterwards.
        let arrived =
            unsafe { event::synchronize(fetch.arrived).and(event::destroy(fetch.arrived)) };
        self.checked(arrived, "waiting for a copy")?;
        Ok(fetch.buffer.bytes()[..fetch.bytes].to_vec())
    }

    fn hold_for(&self, ticket: Ticket) -> Result<()> {
        match self.fetches.borrow().get(&ticket.0) {
            Some(fetch) => self.wait_for(self.compute, fetch.arrived),
            None => Ok(()),
        }
    }

    fn shared_bytes_max(&self) -> u32 {
        self.shared_bytes_max
    }

    unsafe fn launch(
        &self,
        kernel: &str,
        grid: [u32; 3],
        shared_bytes: u32,
        arguments: &[Argument],
    ) -> Result<()> {
        let found = self.kernels.get(kernel).copied();
        let function = found.ok_or_else(|| Error::internal(format!("no kernel {kernel}")))?;
        let pointer = |argument: &Argument| argument.bytes.as_ptr().cast_mut().cast::<c_void>();
        let mut pointers: Vec<*mut c_void> = arguments.iter().map(pointer).collect();
        let (grid, block) = (grid.into(), BLOCK.into());
        // SAFETY: the driver copies the arguments before it returns; their types are the caller's promise.
        let launched = unsafe {
            result::launch_kernel(
                function,
                grid,
                block,
                shared_bytes,
                self.compute,
                &mut pointers,
            )
        };
        launched.map_err(|error| self.fails(&error, &format!("launching {kernel}")))
    }

    fn synchronize(&self) -> Result<()> {
        // SAFETY: the queue is alive.
        let waited = unsafe { stream::synchronize(self.compute) };
        self.checked(waited, "waiting for its kernels")
    }

    fn mark(&self) -> Result<Mark> {
        let moment = self.new_event(sys::CUevent_flags::CU_EVENT_DEFAULT)?;
        self.record(moment, self.compute)?;
        let mut marks = self.marks.borrow_mut();
        marks.push(moment);
        Ok(Mark(marks.len() as u64 - 1))
    }

    fn elapsed_ms(&self, from: Mark, to: Mark) -> Result<f32> {
        let marks = self.marks.borrow();
        let (from, to) = (marks[from.0 as usize], marks[to.0 as usize]);
        // SAFETY: events of this device, alive until it is dropped.
        let elapsed = unsafe { event::synchronize(to).and_then(|()| event::elapsed(from, to)) };
        self.checked(elapsed, "timing")
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // SAFETY: everything was made by this device and is used by nobody else; errors have nowhere to go.
        unsafe {
            let _ = stream::synchronize(self.compute);
            let _ = stream::synchronize(self.copies);
            for moment in self.marks.get_mut().drain(..) {
                let _ = event::destroy(moment);
            }
            for module in self.modules.drain(..) {
                let _ = module::unload(module);
            }
            let _ = stream::destroy(self.compute);
            let _ = stream::destroy(self.copies);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{KERNELS, STORAGES, ptx};

    #[test]
    fn every_kernel_that_is_loaded_is_in_its_module_and_every_kernel_of_a_module_is_loaded() {
        for (module, kernels) in KERNELS {
            let text = ptx::module(module).unwrap();
            for kernel in kernels {
                for storage in STORAGES {
                    let entry = format!(".entry {kernel}_{storage}(");
                    assert!(text.contains(&entry), "{module}: {entry}");
                }
            }
            let entries = text.matches(".entry ").count();
            assert_eq!(entries, kernels.len() * STORAGES.len(), "{module}");
        }
        assert_eq!(KERNELS.len(), ptx::MODULES.len());
    }
}
