//! What a run would do: grid, memory at its peak, steps, backend.

use super::{notes, progress, terminal};
use serde_json::{Value, json};
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::backend::{self, Machine};
use smatrix2d::case::{Case, Named, Stepping};
use smatrix2d::error::{Error, Result};
use smatrix2d::media::Media;
use smatrix2d::memory::{Bytes, Forecast, readable};
use smatrix2d::phantom::Phantom;
use smatrix2d::phase_space::Layout;
use smatrix2d::physics::Material;
use smatrix2d::results::BinWidths;
use smatrix2d::transport;

const MM_PER_CM: f64 = 10.0;

pub struct Plan {
    title: String,
    layout: Layout,
    bins: BinWidths,
    cells_z: u64,
    cells_x: u64,
    peak: Bytes,
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
    /// Where no backend can be had, the CPU's: what psi takes is the same.
    machine: Box<dyn Machine>,
    /// Why none can be had.
    refusal: Option<Error>,
}

impl Plan {
    /// The plan of the march that takes most memory.
    ///
    /// # Errors
    /// Bad data, where the grid does not hold a beam; internal, where the built-in tables lack water.
    pub fn new(case: &Case, phantom: &Phantom, device: Option<&str>) -> Result<Self> {
        let (media, water) = (Media::new(phantom), transport::water(phantom)?);
        let bins = transport::check_sources(case, phantom, &media, &water)?;
        let backend = backend_of(case, device);
        let forecast = Forecast::new(case, phantom, &media, &water, backend.machine.as_ref())
            .ok_or_else(|| Error::internal("a case without beams"))?;
        let mut notes = notes::notes(case, device);
        let peak = match forecast.check(forecast.at_least()) {
            Ok(()) => {
                progress::tell_tables(forecast.march.table_size());
                forecast.peak()
            }
            // What does not fit without its tables needs none built.
            Err(_) => forecast.at_least(),
        };
        notes.extend(forecast.check(peak).err().map(|error| would_stop(&error)));
        notes.extend(backend.refusal.as_ref().map(would_stop));
        let march = &forecast.march;
        Ok(Self {
            title: case.title.clone(),
            layout: march.phase_space.layout(),
            bins,
            cells_z: phantom.cells_z() as u64,
            cells_x: phantom.cells_x() as u64,
            peak,
            steps_expected: (march.most_steps() as u64).min(steps_in_range(case, phantom)),
            steps_at_most: march.most_steps() as u64,
            stepping: case.transport.stepping.name(),
            precision: case.run.precision.name(),
            backend,
            notes,
        })
    }

    fn bins_held(&self) -> u64 {
        self.layout.len() as u64
    }

    pub fn text(&self) -> String {
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
            ("bin widths", widths(self.bins)),
            (
                "held at once",
                format!("{} bins ({planes} of {cells_z} planes)", self.bins_held()),
            ),
            (
                "steps",
                format!(
                    "about {}, at most {} ({} stepping)",
                    self.steps_expected, self.steps_at_most, self.stepping
                ),
            ),
            ("host memory", readable(self.peak.host)),
            ("device memory", readable(self.peak.device)),
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
        let mut plan = json!({
            "title": self.title,
            "energy_bins": self.layout.energies,
            "angle_bins": self.layout.angles,
            "cells_z": self.cells_z,
            "cells_x": self.cells_x,
            "bins_held": self.bins_held(),
            "steps_expected": self.steps_expected,
            "steps_at_most": self.steps_at_most,
            "stepping": self.stepping,
            "host_bytes": self.peak.host,
            "device_bytes": self.peak.device,
            "backend": self.backend.name,
            "backend_reason": self.backend.reason,
            "precision": self.precision,
            "notes": self.notes,
        });
        for (name, width) in self.bins.figures() {
            plan[name] = json!(width);
        }
        plan
    }
}

/// Of the energy axis, where it is in range, and of the angle axis.
fn widths(bins: BinWidths) -> String {
    let (narrowest_mm, widest_mm) = (bins.range_bin_mm, bins.range_bin_widest_mm);
    let of_range = match narrowest_mm {
        none if none.is_nan() => String::new(),
        all if all == widest_mm => format!("{all:.4} mm of range, "),
        _ => format!("{narrowest_mm:.4} to {widest_mm:.4} mm of range, "),
    };
    format!("{of_range}{} degree", bins.angle_bin_deg)
}

/// A backend that cannot be had does not stop a check: a case for a GPU may be checked elsewhere.
fn backend_of(case: &Case, device: Option<&str>) -> Backend {
    match backend::open(case.run.backend, case.run.precision, device) {
        Ok(opened) => Backend {
            name: opened.machine.name(),
            reason: opened.reason,
            machine: opened.machine,
            refusal: None,
        },
        Err(error) => Backend {
            name: "none".into(),
            reason: format!("a run would stop: {}", error.message),
            machine: Box::new(Cpu::new(case.run.precision)),
            refusal: Some(error),
        },
    }
}

/// One line: a run would stop, and how to mend it.
fn would_stop(error: &Error) -> String {
    let key = error.key.iter().map(|key| format!("{key}: "));
    let hint = error.hint.iter().map(|hint| format!("; {hint}"));
    let said = key.chain([error.message.clone()]).chain(hint);
    format!("a run would stop: {}", said.collect::<String>())
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
