//! Pinned buffers that copies go through, kept for the next copy: making and ending one may wait for the whole device.

use super::pinned::Pinned;
use cudarc::driver::result::{DriverError, event};
use cudarc::driver::sys;

/// Bytes that a large copy goes through at a time.
pub const PIECE_BYTES: usize = 1 << 21;
/// Most buffers that are kept.
const BUFFERS: usize = 8;
/// Bytes of all buffers.
pub const STAGING_BYTES: usize = BUFFERS * PIECE_BYTES;
/// A page.
const LEAST_BYTES: usize = 4096;

/// A buffer, and the event behind the last copy that uses it.
pub struct Buffer {
    pub pinned: Pinned,
    pub passed: sys::CUevent,
}

impl Buffer {
    fn new(bytes: usize) -> Result<Buffer, DriverError> {
        let pinned = Pinned::new(bytes.next_power_of_two().max(LEAST_BYTES))?;
        let passed = event::create(sys::CUevent_flags::CU_EVENT_DISABLE_TIMING)?;
        Ok(Buffer { pinned, passed })
    }

    pub fn wait(&self) -> Result<(), DriverError> {
        // SAFETY: the event lives as long as the buffer.
        unsafe { event::synchronize(self.passed) }
    }

    fn is_idle(&self) -> bool {
        // SAFETY: as above; an event that was never recorded has passed.
        unsafe { event::query(self.passed) }.is_ok()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: created by `new`, and used by nobody else.
        let _ = unsafe { event::destroy(self.passed) };
    }
}

/// The buffers that no caller holds, the one given back first in front.
#[derive(Default)]
pub struct Staging {
    buffers: Vec<Buffer>,
}

impl Staging {
    /// A buffer of at least so many bytes that no copy uses; waits for one where there are enough.
    pub fn take(&mut self, bytes: usize) -> Result<Buffer, DriverError> {
        let fits = |buffer: &Buffer| buffer.pinned.bytes().len() >= bytes;
        let idle = |buffer: &Buffer| fits(buffer) && buffer.is_idle();
        if let Some(at) = self.buffers.iter().position(idle) {
            return Ok(self.buffers.remove(at));
        }
        if self.buffers.len() >= BUFFERS {
            let oldest = self.buffers.remove(0);
            oldest.wait()?;
            if fits(&oldest) {
                return Ok(oldest);
            }
        }
        Buffer::new(bytes)
    }

    pub fn give_back(&mut self, buffer: Buffer) {
        self.buffers.push(buffer);
    }
}
