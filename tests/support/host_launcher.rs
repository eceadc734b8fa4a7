//! A device without a GPU: the same kernels run on the host by `cuda_host`, memory is the host's.
#![allow(dead_code)]

use cuda_host::{Order, launch};
use smatrix2d::backend::cuda::kernel::{Kernel, Storage};
use smatrix2d::backend::cuda::launcher::{Argument, Launcher, Mark, Ticket};
use smatrix2d::backend::cuda::machine;
use smatrix2d::backend::cuda::twins::Address;
use smatrix2d::backend::{Machine, Stepper};
use smatrix2d::case::Precision;
use smatrix2d::error::{Error, Kind, Result};
use smatrix2d::march::March;
use smatrix2d::memory::Bytes;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

pub struct HostLauncher {
    pub order: Order,
    /// The allocation (counted from 0) that fails, if any.
    pub failing_allocation: Option<usize>,
    /// Free memory that it tells of.
    pub free_bytes: u64,
    allocations: Cell<usize>,
    /// Bytes allocated, now and at most.
    bytes: Cell<(u64, u64)>,
    memory: RefCell<HashMap<Address, Vec<u128>>>,
    fetched: RefCell<HashMap<u64, Vec<u8>>>,
    /// Numbers of 8 bytes that came to the host without ever having been written.
    unwritten: Cell<usize>,
    launched: RefCell<Vec<Kernel>>,
}

impl HostLauncher {
    pub fn new(order: Order) -> HostLauncher {
        HostLauncher {
            order,
            failing_allocation: None,
            free_bytes: 1 << 32,
            allocations: Cell::new(0),
            bytes: Cell::default(),
            memory: RefCell::default(),
            fetched: RefCell::default(),
            unwritten: Cell::default(),
            launched: RefCell::default(),
        }
    }

    pub fn allocations(&self) -> usize {
        self.allocations.get()
    }

    pub fn most_bytes(&self) -> u64 {
        self.bytes.get().1
    }

    pub fn unwritten_downloaded(&self) -> usize {
        self.unwritten.get()
    }

    pub fn fetches_under_way(&self) -> usize {
        self.fetched.borrow().len()
    }

    pub fn launched(&self, kernel: Kernel) -> bool {
        self.launched.borrow().contains(&kernel)
    }

    fn note(&self, kernel: Kernel) {
        if !self.launched(kernel) {
            self.launched.borrow_mut().push(kernel);
        }
    }

    fn brought(&self, from: Address, length: usize) -> &[u8] {
        let bytes = bytes_at(from, length);
        let numbers = bytes.chunks_exact(8);
        let unwritten = numbers.filter(|number| number.iter().all(|byte| *byte == u8::MAX));
        self.unwritten.set(self.unwritten.get() + unwritten.count());
        bytes
    }

    fn count_bytes(&self, change: i64) {
        let (now, most) = self.bytes.get();
        let now = now.saturating_add_signed(change);
        self.bytes.set((now, most.max(now)));
    }

    pub fn arrays_alive(&self) -> usize {
        self.memory.borrow().len()
    }
}

/// Bytes that show when memory is read before it is written: NaN as double and as half, large as an integer.
const POISON: u128 = u128::MAX;

fn bytes_at<'a>(address: Address, length: usize) -> &'a [u8] {
    // SAFETY: tests pass ranges of arrays that are alive.
    unsafe { std::slice::from_raw_parts(address as *const u8, length) }
}

fn bytes_at_mut<'a>(address: Address, length: usize) -> &'a mut [u8] {
    // SAFETY: as above; one thread, no two at once.
    unsafe { std::slice::from_raw_parts_mut(address as *mut u8, length) }
}

impl Launcher for HostLauncher {
    fn memory_free_bytes(&self) -> Result<u64> {
        Ok(self.free_bytes)
    }

    fn allocate(&self, bytes: u64, what: &'static str) -> Result<Address> {
        let number = self.allocations.replace(self.allocations.get() + 1);
        if self.failing_allocation == Some(number) {
            return Err(Error::new(
                Kind::OutOfMemory,
                format!("allocating {bytes} bytes for {what}"),
            ));
        }
        let mut words = vec![POISON; bytes.div_ceil(16) as usize];
        let address = words.as_mut_ptr() as Address;
        self.count_bytes(16 * words.len() as i64);
        self.memory.borrow_mut().insert(address, words);
        Ok(address)
    }

    fn free(&self, address: Address) {
        let words = self.memory.borrow_mut().remove(&address);
        let freed = words.expect("freed twice").len();
        self.count_bytes(-16 * freed as i64);
    }

    fn clear(&self, at: Address, bytes: u64) -> Result<()> {
        bytes_at_mut(at, bytes as usize).fill(0);
        Ok(())
    }

    fn upload(&self, to: Address, bytes: &[u8]) -> Result<()> {
        bytes_at_mut(to, bytes.len()).copy_from_slice(bytes);
        Ok(())
    }

    fn copy(&self, from: Address, to: Address, bytes: u64) -> Result<()> {
        bytes_at_mut(to, bytes as usize).copy_from_slice(bytes_at(from, bytes as usize));
        Ok(())
    }

    fn download(&self, from: Address, to: &mut [u8]) -> Result<()> {
        to.copy_from_slice(self.brought(from, to.len()));
        Ok(())
    }

    fn start_fetch(&self, from: Address, bytes: u64) -> Result<Ticket> {
        let bytes = self.brought(from, bytes as usize).to_vec();
        let mut fetched = self.fetched.borrow_mut();
        let ticket = (0..).find(|i| !fetched.contains_key(i)).unwrap();
        fetched.insert(ticket, bytes);
        Ok(Ticket(ticket))
    }

    fn fetched(&self, ticket: Ticket) -> Result<Vec<u8>> {
        Ok(self.fetched.borrow_mut().remove(&ticket.0).unwrap())
    }

    fn hold_for(&self, _ticket: Ticket) -> Result<()> {
        Ok(())
    }

    fn shared_bytes_max(&self) -> u32 {
        160 * 1024
    }

    unsafe fn launch(
        &self,
        kernel: Kernel,
        storage: Storage,
        grid: [u32; 3],
        shared_bytes: u32,
        arguments: &[Argument],
    ) -> Result<()> {
        self.note(kernel);
        let passed: Vec<cuda_host::Argument> = arguments
            .iter()
            .map(|argument| cuda_host::Argument::of_bytes(argument.bytes))
            .collect();
        // SAFETY: the caller's promise.
        unsafe {
            launch(
                &kernel.entry(storage),
                grid,
                kernel.block(),
                shared_bytes as usize,
                &passed,
                self.order,
            )
        }
        .map_err(|error| Error::internal(error.to_string()))
    }

    fn synchronize(&self) -> Result<()> {
        Ok(())
    }

    fn mark(&self) -> Result<Mark> {
        Ok(Mark(0))
    }

    fn elapsed_ms(&self, _from: Mark, _to: Mark) -> Result<f32> {
        Ok(0.0)
    }
}

/// The CUDA backend on the host.
pub struct HostMachine {
    pub launcher: HostLauncher,
    pub precision: Precision,
}

impl HostMachine {
    pub fn new(precision: Precision) -> HostMachine {
        HostMachine {
            launcher: HostLauncher::new(Order::Forward),
            precision,
        }
    }
}

impl Machine for HostMachine {
    fn stepper<'a>(&'a self, march: &'a March<'a>) -> Result<Box<dyn Stepper + 'a>> {
        machine::stepper(&self.launcher, march, self.precision)
    }

    fn device_table_bytes(&self, march: &March) -> u64 {
        machine::table_bytes(march, self.precision)
    }

    fn buffer_bytes(&self, march: &March) -> Bytes {
        machine::buffer_bytes(march, self.precision)
    }

    fn name(&self) -> String {
        "cuda on the host".into()
    }
}
