//! Backends: who owns psi and advances it. `BackendChoice` is what the user asks for, `Stepper` is who does the work.

pub mod born;
pub mod cpu;
pub mod cuda;

use crate::beam::Source;
use crate::case::{BackendChoice, Precision};
use crate::error::Result;
use crate::ledger::Ledger;
use crate::march::March;
use crate::memory::Bytes;
use crate::nuclear::Term;
use crate::scoring::Scores;
use cuda::CudaMachine;
use cuda::probe::{GpuInfo, Verdict, choose, probe};

/// A march is over when less of the beam than this is alive (a dense window never empties); the rest stays in the ledger.
pub const ALIVE_AT_LEAST: f64 = 1e-10;

/// How far a streaming pass goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stride {
    Half,
    Whole,
    /// Path stepping, while the source is in the first half of its first cell: a whole stride sideways.
    Hold,
    /// Path stepping: a whole stride sideways (none before the first step), and to the depth of the next step's middle.
    Entry,
}

impl Stride {
    /// In the order of their numbers.
    pub const ALL: [Stride; 4] = [Stride::Half, Stride::Whole, Stride::Hold, Stride::Entry];
}

/// What a spot's march leaves behind besides its scores.
#[derive(Clone, Debug)]
pub struct Tally {
    pub ledger: Ledger,
    /// Phase-space cells updated by one operator each, summed over the march.
    pub cell_updates: u64,
    /// Farthest window: cells.
    pub largest_window: u64,
}

/// Marginals of psi at a plane: per energy bin, per angle bin, and psi itself [energy, angle, x].
#[derive(Clone, Debug, Default)]
pub struct PlaneSpectra {
    pub by_energy: Vec<f64>,
    pub by_angle: Vec<f64>,
    pub phase_space: Vec<f32>,
}

/// One backend's march of a batch of spots of one group; the buffers never leave it.
///
/// The operators advance every spot of the batch. `lose_energy` scores, loses energy, trims the window, and closes the step.
pub trait Stepper {
    /// Puts the sources on the entry plane.
    fn load(&mut self, sources: &[Source]) -> Result<()>;
    /// Empties psi and the tallies: a march of protons that `inject` brings, the last of them before step `births_end`. No march
    /// is over before that step's end.
    fn clear(&mut self, births_end: usize) -> Result<()>;
    /// Adds protons born at the plane that psi stands in: `emission[energy, angle]` times `row[x]`, summed over the terms.
    fn inject(&mut self, terms: &[Term]) -> Result<()>;
    fn stream(&mut self, stride: Stride) -> Result<()>;
    fn scatter(&mut self, step: usize) -> Result<()>;
    fn lose_energy(&mut self, step: usize) -> Result<()>;
    /// True when the backend knows that no weight is left; a backend that would have to wait for the answer says false.
    fn is_empty(&self) -> bool;
    /// Marginals of the first spot at the end of a step (depth stepping), after half a stride where `stride` says so.
    fn plane_spectra(&mut self, half_stride: Option<Stride>) -> Result<PlaneSpectra>;
    /// Ends the march: what is left leaves through the far side (depth stepping) or stays alive (path stepping). Returns a tally
    /// per spot. `take` gets the spots' scores times their weights: added in their order, or, where reactions are still to be
    /// settled by the mean energy of what a spot lost, spot by spot.
    fn unload(
        &mut self,
        weights: &[f64],
        take: &mut dyn FnMut(Scores) -> Result<()>,
    ) -> Result<Vec<Tally>>;
    /// Begins with a state in the whole grid of the first spot (benchmarks, tests): `row(i, cells)` fills the cells along x of row number
    /// i in the index order [energy, angle, z]. It counts as injected.
    fn put_state(&mut self, row: &dyn Fn(usize, &mut [f64])) -> Result<()>;
    /// The first spot's psi in the same order; zero outside the window.
    fn state(&mut self) -> Result<Vec<f64>>;
    /// Copies psi to the other buffer, whole: the measure of this machine's bandwidth.
    fn copy_state(&mut self) -> Result<()>;
    /// Waits until everything asked for is done (a backend that computes at once returns at once).
    fn synchronize(&mut self) -> Result<()>;
    /// Spots that one batch may hold.
    fn batch_capacity(&self) -> usize;
}

/// Makes the steppers of a run; chosen once by `open`.
pub trait Machine {
    fn stepper<'a>(&'a self, march: &'a March<'a>) -> Result<Box<dyn Stepper + 'a>>;
    /// Bytes that the stepper of a march allocates for one spot, without the operators' tables.
    fn buffer_bytes(&self, march: &March) -> Bytes;
    /// Bytes that the operators' tables take on a device, if there is one; they are made for it.
    fn device_table_bytes(&self, march: &March) -> u64;
    /// For the summary and the dose file, as in "cpu (AVX-512)".
    fn name(&self) -> String;
}

/// A machine, and why it was chosen.
pub struct Opened {
    pub machine: Box<dyn Machine>,
    pub reason: String,
    /// Empty on the CPU.
    pub gpu_name: String,
    pub gpu_uuid: String,
    pub driver: String,
}

/// Chooses where to run: the only place where the choice is made. `auto` falls back to the CPU only where no GPU exists,
/// never where one failed.
///
/// # Errors
/// No GPU where one was asked for, a GPU that exists and does not work, or a precision that the CPU does not have.
pub fn open(choice: BackendChoice, precision: Precision, device: Option<&str>) -> Result<Opened> {
    match choice {
        BackendChoice::Cpu => on_cpu(precision, "asked for".into()),
        BackendChoice::Cuda => on_gpu(&probe()?, precision, device, "asked for"),
        BackendChoice::Auto => match probe() {
            Ok(gpus) => on_gpu(&gpus, precision, device, "a GPU is there"),
            Err(why) if why.verdict() == Verdict::NoneExists && device.is_none() => {
                on_cpu(precision, why.to_string())
            }
            Err(why) => Err(why.into()),
        },
    }
}

fn on_cpu(precision: Precision, reason: String) -> Result<Opened> {
    cpu::check_precision(precision)?;
    Ok(Opened {
        machine: Box::new(cpu::Cpu::new(precision)),
        reason,
        gpu_name: String::new(),
        gpu_uuid: String::new(),
        driver: String::new(),
    })
}

/// Opens the wished device, by its number or the beginning of its UUID, else the first.
fn on_gpu(
    gpus: &[GpuInfo],
    precision: Precision,
    device: Option<&str>,
    reason: &str,
) -> Result<Opened> {
    let first = gpus[0].index.to_string();
    let gpu = choose(gpus, device.unwrap_or(&first))?;
    Ok(Opened {
        machine: Box::new(CudaMachine::open(gpu, precision)?),
        reason: reason.into(),
        gpu_name: gpu.name.clone(),
        gpu_uuid: gpu.uuid.clone(),
        driver: gpu.driver_version.clone().unwrap_or_default(),
    })
}
