//! Host memory that the copy engine reaches without the driver's help.

use cudarc::driver::result::{self, DriverError};

/// Page-locked bytes, cached as ordinary memory is (a write-combined buffer would be slow to read).
pub struct Pinned {
    address: *mut u8,
    length: usize,
}

impl Pinned {
    pub fn new(length: usize) -> Result<Pinned, DriverError> {
        // SAFETY: the bytes are set below, before anything reads them.
        let address = unsafe { result::malloc_host(length.max(1), 0) }?.cast::<u8>();
        // SAFETY: just allocated with this length.
        unsafe { address.write_bytes(0, length) };
        Ok(Pinned { address, length })
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: allocated with this length, initialised in `new`.
        unsafe { std::slice::from_raw_parts(self.address, self.length) }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and borrowed by nobody else.
        unsafe { std::slice::from_raw_parts_mut(self.address, self.length) }
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // SAFETY: came from `malloc_host`.
        let _ = unsafe { result::free_host(self.address.cast()) };
    }
}
