//! What is born at a plane, on the device: a list of terms, and their numbers behind it.

use super::launcher::Launcher;
use super::memory::{Memory, Sizing};
use super::twins::{self, Address};
use crate::backend::born::Born;
use crate::error::Result;
use crate::real::Real;

/// Memory for the births of a step: grown when a step needs more, kept for the next.
pub struct Births<'a> {
    launcher: &'a dyn Launcher,
    memory: Option<Memory<'a>>,
    bytes: u64,
}

impl<'a> Births<'a> {
    pub fn new(launcher: &'a dyn Launcher) -> Births<'a> {
        Births {
            launcher,
            memory: None,
            bytes: 0,
        }
    }

    /// Puts a step's births on the device; returns the address of the list of `twins::Term`.
    ///
    /// # Errors
    /// `Kind::OutOfMemory`, or what the device reports.
    pub fn upload<T: Real>(&mut self, born: &[Born<T>]) -> Result<Address> {
        let mut sizing = Sizing::default();
        sizing.add((born.len() * size_of::<twins::Term>()) as u64);
        let mut put = |list: &[T]| sizing.add(size_of_val(list) as u64);
        let places: Vec<[u64; 2]> = born
            .iter()
            .map(|one| [put(&one.emission), put(&one.row)])
            .collect();
        let at = self.room(sizing.bytes)?;
        let mut bytes = vec![0u8; sizing.bytes as usize];
        let mut write = |offset: u64, from: &[u8]| {
            bytes[offset as usize..][..from.len()].copy_from_slice(from);
        };
        for (i, (one, [emission, row])) in born.iter().zip(places).enumerate() {
            let term = twins::Term {
                emission: at + emission,
                row: at + row,
                energy: one.window.energy.into(),
                x: one.window.x.into(),
            };
            write(
                (i * size_of::<twins::Term>()) as u64,
                bytemuck::bytes_of(&term),
            );
            write(emission, bytemuck::cast_slice(&one.emission));
            write(row, bytemuck::cast_slice(&one.row));
        }
        if !bytes.is_empty() {
            self.launcher.upload(at, &bytes)?;
        }
        Ok(at)
    }

    fn room(&mut self, bytes: u64) -> Result<Address> {
        if let Some(memory) = self.memory.as_ref().filter(|_| bytes <= self.bytes) {
            return Ok(memory.address);
        }
        self.memory = None;
        self.bytes = bytes.next_power_of_two();
        let memory = Memory::new(self.launcher, self.bytes, "the births of a step")?;
        Ok(self.memory.insert(memory).address)
    }
}
