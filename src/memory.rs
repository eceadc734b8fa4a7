//! Host memory: how much there is, how much a run takes, and allocation that fails with an error.
//!
//! Bytes are those allocated. Pages of psi that the beam never visits are never touched (huge ones of 2 MiB, where the system has them), so that the memory in use (RSS) is less;
//! a limit on address space counts them all the same, and how far a beam reaches is known only afterwards.

mod available;
mod pages;
mod remedy;

pub use available::{Available, available, available_under};

use crate::backend::Machine;
use crate::case::Case;
use crate::error::{Error, Kind, Result};
use crate::march::March;
use crate::media::Media;
use crate::nuclear::{SecondTables, second_buffer_bytes, second_sets_of_scores};
use crate::phantom::Phantom;
use crate::physics::Material;
use crate::scoring::Scores;
use crate::spectra::SpectraCollector;
use crate::transport::groups;
use bytemuck::Pod;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

/// Bytes on the host and on the device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    pub host: u64,
    pub device: u64,
}

impl Bytes {
    /// The larger of each.
    pub fn most(self, other: Bytes) -> Bytes {
        Bytes {
            host: self.host.max(other.host),
            device: self.device.max(other.device),
        }
    }
}

/// A zeroed buffer that begins on a cache line. It comes from the system as pages of zeros, so that those that are never written
/// are never touched; an allocator that is asked for the alignment writes every one.
pub struct Buffer<T> {
    bytes: Vec<u8>,
    /// Where it begins among the bytes.
    first: usize,
    of: PhantomData<T>,
}

const CACHE_LINE: usize = 64;

impl<T: Pod> Buffer<T> {
    /// # Errors
    /// Out of memory: an error, not an abort, where the system does not give it.
    pub fn zeroed(count: usize, what: &str) -> Result<Buffer<T>> {
        let size = count.saturating_mul(size_of::<T>());
        let refused = || {
            let bytes = readable(size as u64);
            Error::new(
                Kind::OutOfMemory,
                format!("no {bytes} for {what}: the system refused them"),
            )
            .hint("`smatrix2d check` prints what the case takes; use a coarser grid, or a machine with more memory")
        };
        let all = size.saturating_add(CACHE_LINE);
        let mut bytes = bytemuck::allocation::try_zeroed_vec::<u8>(all).map_err(|()| refused())?;
        let first = bytes.as_ptr().align_offset(CACHE_LINE);
        bytes.truncate(first + size);
        pages::ask_for_huge(&mut bytes);
        Ok(Buffer {
            bytes,
            first,
            of: PhantomData,
        })
    }
}

impl<T: Pod> Deref for Buffer<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        bytemuck::cast_slice(&self.bytes[self.first..])
    }
}

impl<T: Pod> DerefMut for Buffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.bytes[self.first..])
    }
}

pub fn readable(bytes: u64) -> String {
    const MIB: f64 = 1_048_576.0;
    let mib = bytes as f64 / MIB;
    if mib < 1024.0 {
        format!("{mib:.1} MiB")
    } else {
        format!("{:.2} GiB", mib / 1024.0)
    }
}

/// A material's curves: range, stopping power and LET at 1300 energies (measured; tests/memory.rs holds it).
const MATERIAL_BYTES: u64 = 135_000;
/// The case, the axes, the ledger, and embedded tables while they are read (measured as above).
const PROGRAM_BYTES: u64 = 40_000;
/// Sets of score maps alive when a march ends, beside those of the second phase spaces: the run's, the spot's, and the fresh ones of
/// the next spot.
const SCORES_AT_ONCE: u64 = 3;
const PHANTOM_BYTES_PER_CELL: u64 = (size_of::<u16>() + size_of::<f64>()) as u64;
const MEDIUM_BYTES_PER_CELL: u64 = size_of::<u16>() as u64;

/// What a run takes at its peak, which is in its largest march.
pub struct Forecast<'a> {
    pub march: March<'a>,
    machine: &'a dyn Machine,
    /// psi twice, and sums over energy.
    buffers: Bytes,
    /// The same of the second phase spaces' largest, which is marched after all others.
    second: Bytes,
    /// Phantom, materials, score maps, spectra.
    maps: u64,
}

impl<'a> Forecast<'a> {
    /// Looks at all marches of a case; builds no tables.
    pub fn new(
        case: &'a Case,
        phantom: &'a Phantom,
        media: &'a Media,
        water: &'a Material,
        machine: &'a dyn Machine,
    ) -> Option<Forecast<'a>> {
        let second = second_buffer_bytes(case, phantom, water, machine);
        let marches = groups(case).into_iter().filter_map(|group| {
            let march = March::new(case, phantom, media, water, group[0]).ok()?;
            Some(Forecast {
                buffers: machine.buffer_bytes(&march),
                second,
                maps: map_bytes(case, phantom, &march),
                machine,
                march,
            })
        });
        marches.max_by_key(|one| one.at_least().host + one.at_least().device)
    }

    /// All but the operators' tables.
    pub fn at_least(&self) -> Bytes {
        let most = self.buffers.most(self.second);
        Bytes {
            host: self.maps.saturating_add(most.host),
            device: most.device,
        }
    }

    /// With the tables of the operators and of the second phase spaces, which are built for it.
    pub fn peak(&self) -> Bytes {
        let (kept, building) = self.march.table_bytes();
        // The march's buffers come after the tables are built.
        let (case, phantom, water) = (self.march.case, self.march.phantom, self.march.water);
        let second = SecondTables::of(case, phantom, water, self.machine);
        let in_march = (kept + second.emissions + self.buffers.host)
            .max(kept + building)
            .max(second.emissions + second.operators.host + self.second.host);
        Bytes {
            host: self.maps.saturating_add(in_march),
            device: match self.buffers.device {
                0 => 0,
                first => (first + self.machine.device_table_bytes(&self.march))
                    .max(self.second.device + second.operators.device),
            },
        }
    }

    /// Refuses what does not fit into the host's memory.
    ///
    /// # Errors
    /// Out of memory, with the key to change.
    pub fn check(&self, needed: Bytes) -> Result<()> {
        match available() {
            Some(there) if there.bytes < needed.host => Err(self.refusal(needed.host, &there)),
            _ => Ok(()),
        }
    }

    fn refusal(&self, needed: u64, there: &Available) -> Error {
        let layout = self.march.phase_space.layout();
        let message = format!(
            "the run needs {} of memory, there are {} ({}); its phase space has {} energy x {} angle x {} z x {} x bins",
            readable(needed),
            readable(there.bytes),
            there.limited_by,
            layout.energies,
            layout.angles,
            layout.planes,
            self.march.phase_space.space.cells_x,
        );
        let other = needed - self.buffers.host;
        let (key, hint) = if other >= there.bytes || self.buffers.host == 0 {
            (
                "phantom.spacing_mm",
                "the maps alone do not fit: use larger cells".to_string(),
            )
        } else {
            remedy::remedy(
                &self.march,
                self.buffers.host as f64 / (there.bytes - other) as f64,
            )
        };
        let error = self.march.case.error(key, message).hint(hint);
        Error {
            kind: Kind::OutOfMemory,
            ..error
        }
    }
}

/// All maps and spectra of a run, alive at the end of a march.
fn map_bytes(case: &Case, phantom: &Phantom, march: &March) -> u64 {
    let space = &march.phase_space.space;
    let materials = phantom.materials.len() as u64 * MATERIAL_BYTES;
    PROGRAM_BYTES
        + materials
        + phantom_bytes(case)
        + (SCORES_AT_ONCE + second_sets_of_scores(case, phantom, march.water))
            * Scores::bytes(space)
        + SpectraCollector::bytes(case, &march.phase_space)
}

/// The phantom and its media: known before either is made.
fn phantom_bytes(case: &Case) -> u64 {
    let [cells_z, cells_x] = case.phantom.cells();
    (cells_z * cells_x) as u64 * (PHANTOM_BYTES_PER_CELL + MEDIUM_BYTES_PER_CELL)
}

/// Refuses a phantom that does not fit, before it is made.
///
/// # Errors
/// Out of memory.
pub fn check_phantom(case: &Case) -> Result<()> {
    let needed = phantom_bytes(case);
    match available() {
        Some(there) if there.bytes < needed => {
            let message = format!(
                "the phantom needs {} of memory, there are {} ({})",
                readable(needed),
                readable(there.bytes),
                there.limited_by
            );
            let error = case
                .error("phantom.spacing_mm", message)
                .hint("use larger cells");
            Err(Error {
                kind: Kind::OutOfMemory,
                ..error
            })
        }
        _ => Ok(()),
    }
}
