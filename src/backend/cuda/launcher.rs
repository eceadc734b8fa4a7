//! The seam between the march and a device: memory, copies, launches. `device.rs` does it with a GPU; the tests do it with the
//! same kernels on the host, and with devices that fail.

use super::kernel::{Kernel, Storage};
use super::twins::Address;
use crate::error::Result;

/// One kernel argument: the bytes of a value that lives until the launch returns.
#[derive(Clone, Copy)]
pub struct Argument<'a> {
    pub bytes: &'a [u8],
}

impl<'a> Argument<'a> {
    pub fn of<T: bytemuck::NoUninit>(value: &'a T) -> Argument<'a> {
        Argument {
            bytes: bytemuck::bytes_of(value),
        }
    }
}

/// A copy to the host that is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(pub u64);

/// A moment of the compute queue, for timing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark(pub u64);

/// A device with a compute queue, in which everything happens in the order of the calls, and a copy queue beside it.
pub trait Launcher {
    /// Bytes that can still be allocated.
    fn memory_free_bytes(&self) -> Result<u64>;

    /// # Errors
    /// `Kind::OutOfMemory`, naming `what` and the size.
    fn allocate(&self, bytes: u64, what: &'static str) -> Result<Address>;
    fn free(&self, address: Address);
    fn clear(&self, at: Address, bytes: u64) -> Result<()>;
    fn upload(&self, to: Address, bytes: &[u8]) -> Result<()>;
    fn copy(&self, from: Address, to: Address, bytes: u64) -> Result<()>;
    /// Waits until all that was queued before is done.
    fn download(&self, from: Address, to: &mut [u8]) -> Result<()>;

    /// Starts a copy to the host beside the compute queue, once what was queued before is done.
    fn start_fetch(&self, from: Address, bytes: u64) -> Result<Ticket>;
    /// What the copy brought; waits for it.
    fn fetched(&self, ticket: Ticket) -> Result<Vec<u8>>;
    /// Lets the compute queue wait until the copy has left its source.
    fn hold_for(&self, ticket: Ticket) -> Result<()>;

    /// Queues a kernel, blocks of its `block()` threads.
    ///
    /// # Safety
    /// The arguments are the kernel's own, and addresses among them good for all that it reads and writes.
    unsafe fn launch(
        &self,
        kernel: Kernel,
        storage: Storage,
        grid: [u32; 3],
        shared_bytes: u32,
        arguments: &[Argument],
    ) -> Result<()>;
    /// Dynamic shared memory that a block may have.
    fn shared_bytes_max(&self) -> u32;

    /// Waits for the compute queue.
    fn synchronize(&self) -> Result<()>;
    fn mark(&self) -> Result<Mark>;
    /// Milliseconds between two marks; waits for the later one.
    fn elapsed_ms(&self, from: Mark, to: Mark) -> Result<f32>;
}
