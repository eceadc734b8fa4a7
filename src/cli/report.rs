//! The short table at the end of a run, and the same as JSON.

use super::terminal;
use serde_json::{Value, json};
use smatrix2d::results::{Provenance, Results};
use std::path::Path;

pub fn text(results: &Results, provenance: &Provenance, output: &Path) -> String {
    let summary = &results.summary;
    let backend = match provenance.backend_reason.as_str() {
        "" => provenance.backend.clone(),
        reason => format!("{} ({reason})", provenance.backend),
    };
    let peak = format!(
        "{} at {}",
        with_unit(summary.peak_mev_per_mm, "MeV/mm"),
        with_unit(summary.peak_depth_mm, "mm")
    );
    terminal::table(&[
        ("backend", backend),
        ("precision", provenance.precision.clone()),
        ("steps", provenance.steps.to_string()),
        ("wall time", format!("{:.3} s", provenance.wall_time_s)),
        ("R80", with_unit(summary.r80_mm, "mm")),
        ("peak", peak),
        ("sigma at peak", with_unit(summary.sigma_at_peak_mm, "mm")),
        (
            "weight balance",
            balance(results, "weight_in", "weight_residual", ""),
        ),
        (
            "energy balance",
            balance(results, "energy_in_mev", "energy_residual", " MeV"),
        ),
        ("written", output.display().to_string()),
    ])
}

fn with_unit(value: f64, unit: &str) -> String {
    match value.is_finite() {
        true => format!("{value:.3} {unit}"),
        false => "none".into(),
    }
}

fn balance(results: &Results, total: &str, residual: &str, unit: &str) -> String {
    let total = channel(results, total).map_or("?".into(), |value| format!("{value:.6}"));
    let residual = channel(results, residual).map_or("?".into(), |value| format!("{value:.1e}"));
    format!("{total}{unit} in, residual {residual}")
}

fn channel(results: &Results, name: &str) -> Option<f64> {
    let found = results.audit.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| *value)
}

/// Figures that a curve does not have are null.
pub fn json(results: &Results, provenance: &Provenance, output: &Path) -> Value {
    let mut value = json!({
        "title": results.title,
        "output": output.display().to_string(),
        "backend": provenance.backend,
        "backend_reason": provenance.backend_reason,
        "precision": provenance.precision,
        "steps": provenance.steps,
        "wall_time_s": provenance.wall_time_s,
    });
    for (name, figure) in results.summary.figures() {
        value[name] = json!(figure);
    }
    for (name, channel) in &results.audit {
        value["audit"][name] = json!(channel);
    }
    value
}
