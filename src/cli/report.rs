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
    let mut rows = vec![
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
    ];
    rows.extend(lost(results));
    rows.extend(widened(results));
    rows.push(("written", output.display().to_string()));
    terminal::table(&rows)
}

/// Share of the beam above which a way of losing weight is told: a tenth of the dose's usual uncertainty, 1 %.
const TOLD_FROM: f64 = 1e-3;

/// Where weight went that did not stop in the phantom, channel by channel.
fn lost(results: &Results) -> Option<(&'static str, String)> {
    const CHANNELS: [(&str, &str); 9] = [
        ("weight_not_injected", "outside the grid at the entry"),
        ("weight_leaked_x_min", "through x_min"),
        ("weight_leaked_x_max", "through x_max"),
        ("weight_leaked_z_min", "through z_min"),
        ("weight_leaked_z_max", "through z_max"),
        ("weight_rejected", "beyond the angles"),
        ("weight_pruned", "pruned"),
        (
            "weight_absorbed",
            "in nuclear interactions, elastic ones included",
        ),
        ("weight_alive", "still alive"),
    ];
    let total = channel(results, "weight_in")?;
    let told = CHANNELS.iter().filter_map(|(name, words)| {
        let share = channel(results, name)? / total;
        (share > TOLD_FROM).then(|| format!("{:.2} % {words}", 100.0 * share))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| ("weight elsewhere", told.join(", ")))
}

/// What bins add to the beam's spread from which on it is told: range, mm of water, where 70 MeV straggle by 0.5; angle, mrad, where
/// beams diverge by 2 to 5; x, mm, where beams are 2 to 6 wide.
const WIDENED_FROM: [(&str, f64, &str); 3] = [
    ("energy_axis_excess_sigma_mm", 0.2, "mm of range"),
    ("angle_axis_excess_sigma_mrad", 1.0, "mrad of angle"),
    ("x_axis_excess_sigma_mm", 0.2, "mm of x"),
];

/// What bins that are too wide added to the beam.
fn widened(results: &Results) -> Option<(&'static str, String)> {
    let told = WIDENED_FROM.iter().filter_map(|(name, from, words)| {
        let sigma = channel(results, name)?;
        (sigma > *from).then(|| format!("{sigma:.2} {words}"))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| ("widened by bins", told.join(", ")))
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

pub fn channel(results: &Results, name: &str) -> Option<f64> {
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
    for (name, width) in results.bins.figures() {
        value[name] = json!(width);
    }
    for (name, channel) in &results.audit {
        value["audit"][name] = json!(channel);
    }
    value
}
