//! A GPU as a `Launcher`: one context, the embedded kernels, a compute queue and a copy queue.

use super::kernel::{Kernel, Storage};
use super::launcher::{Argument, Launcher, Mark, Ticket};
use super::probe::GpuInfo;
use super::ptx;
use super::staging::{Buffer, PIECE_BYTES, Staging};
use super::twins::Address;
use crate::error::{Error, Kind, Result};
use cudarc::driver::result::{self, DriverError, event, module, stream};
use cudarc::driver::{CudaContext, sys};
use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CString, c_void};
use std::sync::Arc;

/// Left to the kernels' own arrays.
const STATIC_SHARED_BYTES: u32 = 4096;

/// A copy to the host under way.
struct Fetch {
    buffer: Buffer,
    bytes: usize,
}

pub struct Device {
    context: Arc<CudaContext>,
    name: String,
    compute: sys::CUstream,
    copies: sys::CUstream,
    /// For the copy queue: what the compute queue had been asked for.
    computed: sys::CUevent,
    modules: Vec<sys::CUmodule>,
    /// By kernel and storage.
    functions: [[sys::CUfunction; Storage::ALL.len()]; Kernel::COUNT],
    shared_bytes_max: u32,
    fetches: RefCell<HashMap<u64, Fetch>>,
    marks: RefCell<Vec<sys::CUevent>>,
    staging: RefCell<Staging>,
}

/// What a driver's status means to the user: `what` was being done.
pub fn failure(status: u32, name: &str, what: &str, device: &str) -> Error {
    let message = format!("{device}: {what}: {name}");
    // CUresult, CUDA driver API.
    let (kind, hint) = match status {
        2 => (
            Kind::OutOfMemory,
            "use a coarser grid, precision = \"half\", or --backend cpu",
        ),
        // No image for the device, PTX invalid or too new.
        209 | 218 | 222 => (
            Kind::NoGpu,
            "the kernels need a driver of version 525 or later and compute capability 7.5 or later; or use --backend cpu",
        ),
        // The driver's compiler not found, or switched off.
        221 | 223 => (
            Kind::NoGpu,
            "the driver compiles the kernels: it needs libnvidia-ptxjitcompiler.so.1 (in a container too) and CUDA_DISABLE_PTX_JIT unset; or use --backend cpu",
        ),
        // A kernel that failed some time before: an illegal address, a trap, a launch that did not end.
        700 | 702 | 714..=719 => (
            Kind::NoGpu,
            "an earlier kernel failed: CUDA_LAUNCH_BLOCKING=1 tells which; or use --backend cpu",
        ),
        _ => (
            Kind::NoGpu,
            "see nvidia-smi and the system log; or use --backend cpu",
        ),
    };
    Error::new(kind, message).hint(hint)
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
        let moment = event::create(sys::CUevent_flags::CU_EVENT_DISABLE_TIMING);
        let mut device = Device {
            context,
            compute: queue().map_err(fails("creating a queue"))?,
            copies: queue().map_err(fails("creating a queue"))?,
            computed: moment.map_err(fails("creating an event"))?,
            modules: Vec::new(),
            functions: [[std::ptr::null_mut(); Storage::ALL.len()]; Kernel::COUNT],
            shared_bytes_max: shared_bytes as u32 - STATIC_SHARED_BYTES,
            fetches: RefCell::default(),
            marks: RefCell::default(),
            staging: RefCell::default(),
            name,
        };
        for (module, text) in ptx::MODULES {
            device.load(module, text)?;
        }
        Ok(device)
    }

    fn load(&mut self, name: &str, text: &str) -> Result<()> {
        let text = CString::new(text).unwrap_or_default();
        // SAFETY: a null-terminated PTX text that outlives the call.
        let loaded = unsafe { module::load_data(text.as_ptr().cast()) };
        let handle = loaded.map_err(|error| self.fails(&error, &format!("loading {name}")))?;
        self.modules.push(handle);
        for kernel in Kernel::all().filter(|kernel| kernel.module() == name) {
            for storage in Storage::ALL {
                let function = self.find(handle, &kernel.entry(storage))?;
                if matches!(kernel, Kernel::Transport | Kernel::TransportReacting) {
                    self.allow_shared(function)?;
                }
                self.functions[kernel as usize][storage as usize] = function;
            }
        }
        Ok(())
    }

    fn find(&self, module: sys::CUmodule, entry: &str) -> Result<sys::CUfunction> {
        let name = CString::new(entry).unwrap_or_default();
        // SAFETY: the module is loaded.
        let found = unsafe { module::get_function(module, name) };
        found.map_err(|error| self.fails(&error, &format!("finding {entry}")))
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

    fn buffer(&self, bytes: usize) -> Result<Buffer> {
        let taken = self.staging.borrow_mut().take(bytes);
        self.checked(taken, "allocating pinned memory")
    }

    /// Copies through pinned memory in the compute queue.
    fn upload_piece(&self, to: Address, piece: &[u8]) -> Result<()> {
        let mut buffer = self.buffer(piece.len())?;
        buffer.pinned.bytes_mut()[..piece.len()].copy_from_slice(piece);
        let pinned = &buffer.pinned.bytes()[..piece.len()];
        // SAFETY: the caller's range is allocated; nothing touches the buffer before `passed`.
        let copied = unsafe { result::memcpy_htod_async(to, pinned, self.compute) };
        self.checked(copied, "copying to it")?;
        self.record(buffer.passed, self.compute)?;
        self.staging.borrow_mut().give_back(buffer);
        Ok(())
    }

    /// Queues a copy to pinned memory.
    fn fetch(&self, from: Address, bytes: usize, queue: sys::CUstream) -> Result<Buffer> {
        let mut buffer = self.buffer(bytes)?;
        let pinned = &mut buffer.pinned.bytes_mut()[..bytes];
        // SAFETY: the caller's range is allocated; nothing touches the buffer before `passed`.
        let copied = unsafe { result::memcpy_dtoh_async(pinned, from, queue) };
        self.checked(copied, "copying from it")?;
        self.record(buffer.passed, queue)?;
        Ok(buffer)
    }

    /// Hands on what a fetched buffer holds, once it has arrived.
    fn arrived<T>(&self, buffer: Buffer, take: impl FnOnce(&[u8]) -> T) -> Result<T> {
        self.checked(buffer.wait(), "waiting for a copy")?;
        let taken = take(buffer.pinned.bytes());
        self.staging.borrow_mut().give_back(buffer);
        Ok(taken)
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
        self.record(self.computed, self.compute)?;
        self.wait_for(self.copies, self.computed)
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
        // What is queued may use it. An error has shown elsewhere before.
        let _ = self.synchronize();
        // SAFETY: came from `allocate`, and nothing uses it any more.
        let _ = unsafe { result::free_sync(address) };
    }

    fn clear(&self, at: Address, bytes: u64) -> Result<()> {
        // SAFETY: the caller's range is allocated.
        let cleared = unsafe { result::memset_d8_async(at, 0, bytes as usize, self.compute) };
        self.checked(cleared, "clearing memory")
    }

    fn upload(&self, to: Address, bytes: &[u8]) -> Result<()> {
        self.bind()?;
        let mut address = to;
        for piece in bytes.chunks(PIECE_BYTES) {
            self.upload_piece(address, piece)?;
            address += piece.len() as u64;
        }
        Ok(())
    }

    fn copy(&self, from: Address, to: Address, bytes: u64) -> Result<()> {
        // SAFETY: the caller's ranges are allocated.
        let copied = unsafe { result::memcpy_dtod_async(to, from, bytes as usize, self.compute) };
        self.checked(copied, "copying on it")
    }

    fn download(&self, from: Address, to: &mut [u8]) -> Result<()> {
        self.bind()?;
        let mut address = from;
        for piece in to.chunks_mut(PIECE_BYTES) {
            let buffer = self.fetch(address, piece.len(), self.compute)?;
            self.arrived(buffer, |bytes| piece.copy_from_slice(&bytes[..piece.len()]))?;
            address += piece.len() as u64;
        }
        Ok(())
    }

    fn start_fetch(&self, from: Address, bytes: u64) -> Result<Ticket> {
        self.copies_after_compute()?;
        let bytes = bytes as usize;
        let buffer = self.fetch(from, bytes, self.copies)?;
        let mut fetches = self.fetches.borrow_mut();
        let ticket = (0..).find(|i| !fetches.contains_key(i)).unwrap_or(0);
        fetches.insert(ticket, Fetch { buffer, bytes });
        Ok(Ticket(ticket))
    }

    fn fetched(&self, ticket: Ticket) -> Result<Vec<u8>> {
        let fetch = self.fetches.borrow_mut().remove(&ticket.0);
        let fetch = fetch.ok_or_else(|| Error::internal("a copy that was never started"))?;
        self.arrived(fetch.buffer, |bytes| bytes[..fetch.bytes].to_vec())
    }

    fn hold_for(&self, ticket: Ticket) -> Result<()> {
        match self.fetches.borrow().get(&ticket.0) {
            Some(fetch) => self.wait_for(self.compute, fetch.buffer.passed),
            None => Ok(()),
        }
    }

    fn shared_bytes_max(&self) -> u32 {
        self.shared_bytes_max
    }

    unsafe fn launch(
        &self,
        kernel: Kernel,
        storage: Storage,
        grid: [u32; 3],
        shared_bytes: u32,
        arguments: &[Argument],
    ) -> Result<()> {
        let function = self.functions[kernel as usize][storage as usize];
        let pointer = |argument: &Argument| argument.bytes.as_ptr().cast_mut().cast::<c_void>();
        let mut pointers: Vec<*mut c_void> = arguments.iter().map(pointer).collect();
        let (grid, block) = (grid.into(), kernel.block().into());
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
        launched.map_err(|error| self.fails(&error, &format!("launching {kernel:?}")))
    }

    fn synchronize(&self) -> Result<()> {
        // SAFETY: the queue is alive.
        let waited = unsafe { stream::synchronize(self.compute) };
        self.checked(waited, "waiting for its kernels")
    }

    fn mark(&self) -> Result<Mark> {
        let moment = event::create(sys::CUevent_flags::CU_EVENT_DEFAULT);
        let moment = self.checked(moment, "creating an event")?;
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
            // Pinned memory ends before the context, which ends with the fields.
            self.fetches.get_mut().clear();
            self.staging.take();
            let _ = event::destroy(self.computed);
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
