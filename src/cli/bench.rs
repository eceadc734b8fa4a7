//! `bench`: dense throughput per operator and per step.

use super::arguments::names;
use super::terminal;
use serde_json::json;
use smatrix2d::backend;
use smatrix2d::bench::{Cells, Figures, measure};
use smatrix2d::case::{BackendChoice, Named, Precision};
use smatrix2d::error::Result;

#[derive(clap::Args)]
pub struct BenchArgs {
    /// seed, S, M, L, or the bins as NZxNXxNTHETAxNE
    #[arg(long, value_name = "GRID", default_value = "S")]
    pub grid: String,
    /// Where to compute: auto, cuda or cpu
    #[arg(long, value_name = "BACKEND", default_value = "auto", value_parser = names::<BackendChoice>())]
    pub backend: String,
    /// GPU to use, by its number in `smatrix2d devices`
    #[arg(long, value_name = "N")]
    pub device: Option<usize>,
    /// Arithmetic: single, double or half
    #[arg(long, value_name = "PRECISION", default_value = "single", value_parser = names::<Precision>())]
    pub precision: String,
    /// Steps to time; default: enough for a steady median
    #[arg(long, value_name = "N")]
    pub steps: Option<usize>,
    #[command(flatten)]
    format: terminal::Format,
}

pub fn run(arguments: BenchArgs) -> Result<()> {
    let cells = Cells::parse(&arguments.grid)?;
    let backend = BackendChoice::from_name(&arguments.backend).unwrap_or(BackendChoice::Auto);
    let precision = Precision::from_name(&arguments.precision).unwrap_or(Precision::Single);
    let opened = backend::open(backend, precision, arguments.device)?;
    let steps = arguments.steps.unwrap_or(STEPS).max(1);
    let timed = |scheme: &'static str| -> Result<(&'static str, Figures)> {
        Ok((
            scheme,
            measure(cells, scheme, opened.machine.as_ref(), precision, steps)?,
        ))
    };
    let schemes = [timed("cubic")?, timed("linear")?];
    let machine = opened.machine.name();
    let text = || {
        schemes
            .iter()
            .map(|(scheme, figures)| table(&arguments.grid, &machine, scheme, figures))
            .collect()
    };
    let report = |(scheme, figures): &(&str, Figures)| json!({ "streaming": scheme, "figures": figures, "share_of_copy": shares(figures) });
    arguments.format.print(text, || {
        json!({
            "grid": arguments.grid,
            "backend": machine,
            "precision": arguments.precision,
            "steps": steps,
            "schemes": schemes.iter().map(report).collect::<Vec<_>>(),
        })
    })
}

/// Steps that give a steady median.
const STEPS: usize = 7;

/// (row, operators counted, seconds)
fn rows(figures: &Figures) -> [(&'static str, f64, f64); 4] {
    [
        ("scattering", 1.0, figures.scattering_s),
        ("streaming", 1.0, figures.streaming_s),
        ("energy loss", 1.0, figures.energy_loss_s),
        ("step", 3.0, figures.step_s),
    ]
}

fn shares(figures: &Figures) -> serde_json::Value {
    rows(figures)
        .iter()
        .map(|(name, operators, s)| ((*name).to_string(), figures.share_of_copy(*operators, *s)))
        .collect()
}

fn table(grid: &str, machine: &str, scheme: &str, figures: &Figures) -> String {
    let head = format!(
        "{grid}: {} bins, {machine}, streaming {scheme}\n{:12} {:>10} {:>12} {:>10} {:>14}\n",
        figures.bins, "", "ms", "Gbins/s", "GB/s", "share of copy"
    );
    let line = |name: &str, operators: f64, seconds: f64| {
        format!(
            "{name:12} {:>10.2} {:>12.3} {:>10.2} {:>13.0}%\n",
            1e3 * seconds,
            1e-9 * operators * figures.bins as f64 / seconds,
            2e-9 * operators * figures.bytes / seconds,
            100.0 * figures.share_of_copy(operators, seconds)
        )
    };
    let body: String = rows(figures)
        .iter()
        .map(|(name, operators, s)| line(name, *operators, *s))
        .collect();
    head + &body + &line("copy", 1.0, figures.copy_s)
}
