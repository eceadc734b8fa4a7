//! Device memory: sized as a list before anything is allocated, then taken in a few pieces.

use super::launcher::Launcher;
use super::twins::Address;
use crate::error::Result;

/// Every array begins at a multiple of this; the driver's own granularity.
const ALIGNMENT: u64 = 256;

/// Sizes of the arrays of one allocation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sizing {
    pub bytes: u64,
}

impl Sizing {
    /// Adds an array; returns its offset.
    pub fn add(&mut self, bytes: u64) -> u64 {
        let offset = self.bytes;
        self.bytes += bytes.next_multiple_of(ALIGNMENT);
        offset
    }
}

/// One allocation, given back when dropped.
pub struct Memory<'a> {
    launcher: &'a dyn Launcher,
    pub address: Address,
}

impl<'a> Memory<'a> {
    /// # Errors
    /// `Kind::OutOfMemory`.
    pub fn new(launcher: &'a dyn Launcher, bytes: u64, what: &'static str) -> Result<Memory<'a>> {
        let address = launcher.allocate(bytes.max(ALIGNMENT), what)?;
        Ok(Memory { launcher, address })
    }
}

impl Drop for Memory<'_> {
    fn drop(&mut self) {
        self.launcher.free(self.address);
    }
}
