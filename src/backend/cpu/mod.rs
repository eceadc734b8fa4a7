//! The serial CPU backend: one core, no threads, SIMD over x. Owns two copies of psi and passes them back and forth.

mod simd;
mod stepper;
mod sweeps;

pub use simd::InstructionSet;

use super::{Machine, Stepper};
use crate::case::{Precision, Stepping};
use crate::error::{Error, Result};
use crate::march::March;
use crate::media::Run;
use crate::memory::Bytes;
use crate::operators::energy_loss::{MOMENTS, SCORES};
use crate::phase_space::{LANES, Layout};
use simd::Chunk;
use stepper::CpuStepper;
use sweeps::StreamScratch;

/// The CPU as a machine to run on.
pub struct Cpu {
    instructions: InstructionSet,
    precision: Precision,
    /// What of psi may stay in the caches from one operator to the next, at most.
    cached_bytes: usize,
}

/// Several times any second-level cache: a beam's psi is far below, that of a large dense grid far above.
const CACHED_BYTES: usize = 32 << 20;

impl Cpu {
    pub fn new(precision: Precision) -> Cpu {
        Cpu {
            instructions: InstructionSet::detect(),
            precision,
            cached_bytes: CACHED_BYTES,
        }
    }

    /// One that takes psi for too large for the caches, however small.
    pub fn without_caches(precision: Precision) -> Cpu {
        Cpu {
            cached_bytes: 0,
            ..Cpu::new(precision)
        }
    }
}

/// # Errors
/// Bad data: half precision.
pub fn check_precision(precision: Precision) -> Result<()> {
    match precision {
        Precision::Half => Err(half_refused()),
        Precision::Single | Precision::Double => Ok(()),
    }
}

fn half_refused() -> Error {
    Error::bad_data("half precision is stored on a GPU only")
        .key("run.precision")
        .hint("use precision = \"single\", which is as fast on a CPU")
}

impl Machine for Cpu {
    fn stepper<'a>(&'a self, march: &'a March<'a>) -> Result<Box<dyn Stepper + 'a>> {
        match self.precision {
            Precision::Single => Ok(Box::new(CpuStepper::<f32>::new(march, self)?)),
            Precision::Double => Ok(Box::new(CpuStepper::<f64>::new(march, self)?)),
            Precision::Half => Err(half_refused()),
        }
    }

    fn device_table_bytes(&self, _: &March) -> u64 {
        0
    }

    fn buffer_bytes(&self, march: &March) -> Bytes {
        let layout = layout(march);
        let host = match self.precision {
            Precision::Double => Extent::of(layout).bytes::<f64>(),
            Precision::Single | Precision::Half => Extent::of(layout).bytes::<f32>(),
        };
        let places = march.media.planes(0);
        let runs = places.iter().map(Vec::capacity).sum::<usize>() * size_of::<Run>();
        Bytes {
            host: host + runs as u64,
            device: 0,
        }
    }

    fn name(&self) -> String {
        format!("cpu ({})", self.instructions.name())
    }
}

/// psi on the CPU: where it is one plane and windows are trimmed, rows have places to spare, so that they can be laid about a beam.
fn layout(march: &March) -> Layout {
    let transport = &march.case.transport;
    let spare = match transport.stepping == Stepping::Depth && transport.prune > 0.0 {
        true => LANES - 1,
        false => 0,
    };
    let row = (march.phase_space.space.cells_x + spare).next_multiple_of(LANES);
    Layout {
        row,
        ..march.phase_space.layout()
    }
}

/// Chunks of the stepper's buffers.
struct Extent {
    /// One copy of psi.
    psi: usize,
    /// What is summed over energy.
    summed: usize,
    row: usize,
    /// Streaming's lines and columns.
    streaming: usize,
}

impl Extent {
    fn of(layout: Layout) -> Extent {
        Extent {
            psi: layout.len() / LANES,
            summed: layout.planes * layout.angles * layout.row / LANES,
            row: layout.row / LANES,
            streaming: (StreamScratch::<f32>::column_cells(layout)
                + StreamScratch::<f32>::line_cells(layout))
            .div_ceil(LANES),
        }
    }

    fn bytes<T>(&self) -> u64 {
        let chunks = 2 * self.psi + (SCORES + MOMENTS + 2) * self.summed + self.streaming;
        let sums = self.row * (SCORES + MOMENTS) * size_of::<Chunk<f64>>();
        (chunks as u64).saturating_mul(size_of::<Chunk<T>>() as u64) + sums as u64
    }
}
