//! What a run would do: grid, bytes, steps, backend. Upper bounds: the active window is smaller where `prune` is above 0.

use super::terminal;
use serde_json::{Value, json};
use smatrix2d::backend::cuda::probe::{GpuInfo, Verdict, choose, probe};
use smatrix2d::case::{AngleBins, BackendChoice, Case, EnergyAxisSpec, Named, Precision, Stepping};
use smatrix2d::error::Result;
use smatrix2d::phantom::{Phantom, edges_off_the_grid};
use smatrix2d::physics;

const MM_PER_CM: f64 = 10.0;
/// Material index (u16) and density (f64) of a phantom cell.
const PHANTOM_BYTES_PER_CELL: u64 = 10;
/// Energy deposit, fluence and two sums for each LET, in f64.
const SCORE_BYTES_PER_CELL: u64 = 6 * 8;

/// The backend that would be used, and why.
struct Backend {
    name: &'static str,
    reason: String,
}

pub struct Plan {
    title: String,
    energy_bins: u64,
    angle_bins: u64,
    cells_z: u64,
    cells_x: u64,
    /// z planes that are held at once.
    planes_held: u64,
    bytes_per_bin: u64,
    steps_at_most: u64,
    stepping: &'static str,
    backend: Backend,
    precision: &'static str,
    notes: Vec<String>,
}

impl Plan {
    /// Errors (no GPU): `device` fits none.
    pub fn new(case: &Case, phantom: &Phantom, device: Option<&str>) -> Result<Self> {
        let cells_z = phantom.cells_z() as u64;
        let (planes_held, steps) = match case.transport.stepping {
            Stepping::Depth => (1, cells_z),
            Stepping::Path => (cells_z, path_steps(case, phantom)),
        };
        Ok(Self {
            title: case.title.clone(),
            energy_bins: energy_bins(case),
            angle_bins: angle_bins(case),
            cells_z,
            cells_x: phantom.cells_x() as u64,
            planes_held,
            bytes_per_bin: bytes_per_bin(case.run.precision),
            steps_at_most: steps.min(case.transport.max_steps as u64),
            stepping: case.transport.stepping.name(),
            backend: backend(case.run.backend, device)?,
            precision: case.run.precision.name(),
            notes: edges_off_the_grid(&case.phantom),
        })
    }

    fn bins(&self) -> u64 {
        self.energy_bins * self.angle_bins * self.planes_held * self.cells_x
    }

    /// The state and the copy that an operator writes to.
    fn state_bytes(&self) -> u64 {
        2 * self.bins() * self.bytes_per_bin
    }

    fn map_bytes(&self) -> u64 {
        self.cells_z * self.cells_x * (PHANTOM_BYTES_PER_CELL + SCORE_BYTES_PER_CELL)
    }

    /// (host, device); without a GPU the state lies on the host.
    fn bytes(&self) -> (u64, u64) {
        let all = self.map_bytes() + self.state_bytes();
        match self.backend.name {
            "cuda" => (self.map_bytes(), all),
            _ => (all, 0),
        }
    }

    pub fn text(&self) -> String {
        let (host, device) = self.bytes();
        let grid = format!(
            "{} energy x {} angle x {} z x {} x",
            self.energy_bins, self.angle_bins, self.cells_z, self.cells_x
        );
        let mut text = terminal::table(&[
            ("case", self.title.clone()),
            ("grid", grid),
            (
                "held at once",
                format!(
                    "{} bins ({} of {} planes)",
                    self.bins(),
                    self.planes_held,
                    self.cells_z
                ),
            ),
            (
                "steps",
                format!(
                    "at most {} ({} stepping)",
                    self.steps_at_most, self.stepping
                ),
            ),
            ("host memory", format!("at most {}", readable(host))),
            ("device memory", format!("at most {}", readable(device))),
            (
                "backend",
                format!("{} ({})", self.backend.name, self.backend.reason),
            ),
            ("precision", self.precision.to_string()),
        ]);
        for note in &self.notes {
            text.push_str(&format!("note: {note}\n"));
        }
        text
    }

    pub fn json(&self) -> Value {
        let (host_bytes, device_bytes) = self.bytes();
        json!({
            "title": self.title,
            "energy_bins": self.energy_bins,
            "angle_bins": self.angle_bins,
            "cells_z": self.cells_z,
            "cells_x": self.cells_x,
            "bins_held": self.bins(),
            "steps_at_most": self.steps_at_most,
            "stepping": self.stepping,
            "host_bytes": host_bytes,
            "device_bytes": device_bytes,
            "backend": self.backend.name,
            "backend_reason": self.backend.reason,
            "precision": self.precision,
            "notes": self.notes,
        })
    }
}

/// `auto` takes the CPU only where no GPU exists: where one fails, a run stops.
fn backend(choice: BackendChoice, device: Option<&str>) -> Result<Backend> {
    if choice == BackendChoice::Cpu {
        return Ok(Backend {
            name: "cpu",
            reason: "asked for".into(),
        });
    }
    Ok(match (probe(), choice) {
        (Ok(gpus), _) => Backend {
            name: "cuda",
            reason: chosen(&gpus, device)?.name.clone(),
        },
        (Err(why), BackendChoice::Auto) if why.verdict() == Verdict::NoneExists => Backend {
            name: "cpu",
            reason: format!("no GPU: {why}"),
        },
        (Err(why), _) => Backend {
            name: "none",
            reason: format!("a run would stop: {why}"),
        },
    })
}

fn chosen<'g>(gpus: &'g [GpuInfo], device: Option<&str>) -> Result<&'g GpuInfo> {
    choose(gpus, device.unwrap_or("0"))
}

fn bytes_per_bin(precision: Precision) -> u64 {
    match precision {
        Precision::Half => 2,
        Precision::Single => 4,
        Precision::Double => 8,
    }
}

fn highest_energy_mev(case: &Case) -> f64 {
    let top = case
        .beams
        .iter()
        .map(|beam| beam.energy_mev + 4.0 * beam.energy_spread_mev);
    top.fold(0.0, f64::max)
}

fn energy_bins(case: &Case) -> u64 {
    match case.grid.energy_axis {
        EnergyAxisSpec::Log { energy_bins } | EnergyAxisSpec::Uniform { energy_bins } => {
            energy_bins as u64
        }
        EnergyAxisSpec::Range { range_bin_mm } => {
            let energy_mev = highest_energy_mev(case);
            let range_mm = physics::builtin("water").map_or(0.0, |water| {
                water.csda_range_g_per_cm2(energy_mev) * MM_PER_CM
            });
            (range_mm / range_bin_mm).ceil() as u64
        }
    }
}

fn angle_bins(case: &Case) -> u64 {
    match case.grid.angle_bins {
        AngleBins::Count(count) => count as u64,
        AngleBins::WidthDeg(width_deg) => {
            (2.0 * case.grid.angle_max_deg / width_deg).round() as u64
        }
    }
}

/// The longest range in any cell of the phantom, in steps; without energy loss, what `max_steps` allows.
fn path_steps(case: &Case, phantom: &Phantom) -> u64 {
    if !case.physics.energy_loss {
        return u64::MAX;
    }
    let energy_mev = highest_energy_mev(case);
    let range_mm = |(index, density): (&u16, &f64)| {
        phantom.materials[usize::from(*index)].csda_range_g_per_cm2(energy_mev) / density
            * MM_PER_CM
    };
    let cells = phantom
        .material_index
        .iter()
        .zip(&phantom.density_g_per_cm3);
    let longest_mm = cells.map(range_mm).fold(0.0, f64::max);
    (longest_mm / case.transport.step_mm).ceil() as u64
}

fn readable(bytes: u64) -> String {
    const MIB: f64 = 1_048_576.0;
    format!("{:.1} MiB", bytes as f64 / MIB)
}
