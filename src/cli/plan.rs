//! What a run would do: grid, bytes, steps, backend. Bytes are upper bounds where `prune` is above 0: the active window is smaller.

use super::terminal;
use serde_json::{Value, json};
use smatrix2d::backend;
use smatrix2d::case::{Case, Named, Precision, Stepping};
use smatrix2d::error::Result;
use smatrix2d::march::March;
use smatrix2d::media::Media;
use smatrix2d::phantom::{Phantom, edges_off_the_grid};
use smatrix2d::phase_space::Layout;
use smatrix2d::physics::Material;
use smatrix2d::transport;

const MM_PER_CM: f64 = 10.0;
/// Material index (u16) and density (f64) of a phantom cell.
const PHANTOM_BYTES_PER_CELL: u64 = 10;
/// Energy deposit, its sum with LET, and path length in f64, for the spot in work and for the sum over the spots.
const SCORE_BYTES_PER_CELL: u64 = 6 * 8;

pub struct Plan {
    title: String,
    layout: Layout,
    cells_z: u64,
    cells_x: u64,
    bytes_per_bin: u64,
    /// Until the last proton has stopped; energy straggling adds a few.
    steps_expected: u64,
    steps_at_most: u64,
    stepping: &'static str,
    precision: &'static str,
    backend: Backend,
    notes: Vec<String>,
}

/// The backend that a run would take, and why.
struct Backend {
    name: String,
    reason: String,
    memory: Memory,
}

/// Where the state would lie.
enum Memory {
    Host,
    Device,
}

impl Plan {
    /// The plan of the beam of highest energy, which has the largest phase space.
    ///
    /// # Errors
    /// Internal, where the built-in tables lack water.
    pub fn new(case: &Case, phantom: &Phantom, device: Option<usize>) -> Result<Self> {
        let (media, water) = (Media::new(phantom), transport::water()?);
        let march = March::new(case, phantom, &media, &water, beam_of_highest_energy(case))?;
        Ok(Self {
            title: case.title.clone(),
            layout: march.phase_space.layout(),
            cells_z: phantom.cells_z() as u64,
            cells_x: phantom.cells_x() as u64,
            bytes_per_bin: bytes_per_bin(case.run.precision),
            steps_expected: (march.most_steps() as u64).min(steps_in_range(case, phantom)),
            steps_at_most: march.most_steps() as u64,
            stepping: case.transport.stepping.name(),
            precision: case.run.precision.name(),
            backend: backend_of(case, device),
            notes: edges_off_the_grid(&case.phantom),
        })
    }

    fn bins(&self) -> u64 {
        self.layout.len() as u64
    }

    /// The state and the copy that an operator writes to.
    fn state_bytes(&self) -> u64 {
        2 * self.bins() * self.bytes_per_bin
    }

    fn map_bytes(&self) -> u64 {
        self.cells_z * self.cells_x * (PHANTOM_BYTES_PER_CELL + SCORE_BYTES_PER_CELL)
    }

    /// (host, device)
    fn bytes(&self) -> (u64, u64) {
        let all = self.map_bytes() + self.state_bytes();
        match self.backend.memory {
            Memory::Host => (all, 0),
            Memory::Device => (self.map_bytes(), all),
        }
    }

    pub fn text(&self) -> String {
        let (host, device) = self.bytes();
        let Layout {
            energies,
            angles,
            planes,
            ..
        } = self.layout;
        let (cells_z, cells_x) = (self.cells_z, self.cells_x);
        let mut text = terminal::table(&[
            ("case", self.title.clone()),
            (
                "grid",
                format!("{energies} energy x {angles} angle x {cells_z} z x {cells_x} x"),
            ),
            (
                "held at once",
                format!("{} bins ({planes} of {cells_z} planes)", self.bins()),
            ),
            (
                "steps",
                format!(
                    "about {}, at most {} ({} stepping)",
                    self.steps_expected, self.steps_at_most, self.stepping
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
            "energy_bins": self.layout.energies,
            "angle_bins": self.layout.angles,
            "cells_z": self.cells_z,
            "cells_x": self.cells_x,
            "bins_held": self.bins(),
            "steps_expected": self.steps_expected,
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

/// A backend that cannot be had does not stop a check: a case for a GPU may be checked elsewhere.
fn backend_of(case: &Case, device: Option<usize>) -> Backend {
    match backend::open(case.run.backend, case.run.precision, device) {
        Ok(opened) => Backend {
            name: opened.machine.name(),
            reason: opened.reason,
            memory: if opened.gpu_name.is_empty() {
                Memory::Host
            } else {
                Memory::Device
            },
        },
        Err(error) => Backend {
            name: "none".into(),
            reason: format!("a run would stop: {}", error.message),
            memory: Memory::Device,
        },
    }
}

fn bytes_per_bin(precision: Precision) -> u64 {
    match precision {
        Precision::Half => 2,
        Precision::Single => 4,
        Precision::Double => 8,
    }
}

fn beam_of_highest_energy(case: &Case) -> usize {
    let by_energy = |a: &usize, b: &usize| {
        case.beams[*a]
            .energy_mev
            .total_cmp(&case.beams[*b].energy_mev)
    };
    (0..case.beams.len()).max_by(by_energy).unwrap_or(0)
}

/// Steps in the longest range that any cell of the phantom allows; without energy loss there is no range.
fn steps_in_range(case: &Case, phantom: &Phantom) -> u64 {
    if !case.physics.energy_loss || case.transport.stepping == Stepping::Depth {
        return u64::MAX;
    }
    let energy_mev = case.beams[beam_of_highest_energy(case)].energy_mev;
    let range_g_per_cm2 = |material: &Material| material.csda_range_g_per_cm2(energy_mev);
    let ranges: Vec<f64> = phantom.materials.iter().map(range_g_per_cm2).collect();
    let cells = phantom
        .material_index
        .iter()
        .zip(&phantom.density_g_per_cm3);
    let longest_cm = cells.map(|(index, density)| ranges[usize::from(*index)] / density);
    let longest_mm = longest_cm.fold(0.0, f64::max) * MM_PER_CM;
    (longest_mm / case.transport.step_mm).ceil() as u64
}

fn readable(bytes: u64) -> String {
    const MIB: f64 = 1_048_576.0;
    format!("{:.1} MiB", bytes as f64 / MIB)
}
