//! `bench`: dense throughput per operator and per step, or pencil beams from case to dose.

use super::arguments::names;
use super::{notes, terminal};
use clap::value_parser;
use serde_json::json;
use smatrix2d::backend::{self, Machine};
use smatrix2d::bench::beams::{self, BeamFigures, Beams};
use smatrix2d::bench::dense::{Cells, Figures, measure};
use smatrix2d::case::{BackendChoice, Named, Precision};
use smatrix2d::error::Result;
use std::num::NonZeroUsize;

#[derive(clap::Args)]
pub struct BenchArgs {
    /// seed, S, M, L, or the bins as NZxNXxNTHETAxNE
    #[arg(long, value_name = "GRID", default_value = "S")]
    pub grid: String,
    /// Time pencil beams in water instead of a dense grid
    #[arg(long, conflicts_with = "grid")]
    pub beams: bool,
    /// Spots of the case with many, with --beams
    #[arg(long, value_name = "N", default_value = "16", requires = "beams", value_parser = value_parser!(u64).range(1..=10_000))]
    pub spots: u64,
    /// Where to compute: auto, cuda or cpu
    #[arg(long, value_name = "BACKEND", default_value = "auto", value_parser = names::<BackendChoice>())]
    pub backend: String,
    /// GPU to use: its number in `smatrix2d devices`, or the beginning of its UUID
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Arithmetic: single, double or half
    #[arg(long, value_name = "PRECISION", default_value = "single", value_parser = names::<Precision>())]
    pub precision: String,
    /// Steps, or rounds of beams, to time; default: enough for a steady median
    #[arg(long, value_name = "N")]
    pub steps: Option<NonZeroUsize>,
    #[command(flatten)]
    format: terminal::Format,
}

pub fn run(arguments: BenchArgs) -> Result<()> {
    let backend = BackendChoice::from_name(&arguments.backend).unwrap_or(BackendChoice::Auto);
    let precision = Precision::from_name(&arguments.precision).unwrap_or(Precision::Single);
    let cells = Cells::parse(&arguments.grid)?;
    let device = arguments.device.as_deref();
    notes::tell_unused_device(backend, device);
    let opened = backend::open(backend, precision, device)?;
    match arguments.beams {
        true => pencil_beams(&arguments, opened.machine.as_ref(), precision),
        false => dense(&arguments, cells, opened.machine.as_ref(), precision),
    }
}

fn dense(
    arguments: &BenchArgs,
    cells: Cells,
    machine: &dyn Machine,
    precision: Precision,
) -> Result<()> {
    let steps = arguments.steps.map_or(STEPS, NonZeroUsize::get);
    let timed = |scheme: &'static str| -> Result<(&'static str, Figures)> {
        Ok((scheme, measure(cells, scheme, machine, precision, steps)?))
    };
    let schemes = [timed("cubic")?, timed("linear")?];
    let name = machine.name();
    let text = || {
        let tables = schemes.iter();
        tables
            .map(|(scheme, figures)| table(&arguments.grid, &name, scheme, figures))
            .collect()
    };
    let report = |(scheme, figures): &(&str, Figures)| json!({ "streaming": scheme, "figures": figures, "share_of_copy": shares(figures) });
    arguments.format.print(text, || {
        json!({
            "grid": arguments.grid,
            "backend": name,
            "precision": arguments.precision,
            "steps": steps,
            "schemes": schemes.iter().map(report).collect::<Vec<_>>(),
        })
    })
}

fn pencil_beams(arguments: &BenchArgs, machine: &dyn Machine, precision: Precision) -> Result<()> {
    let rounds = arguments.steps.map_or(STEPS, NonZeroUsize::get);
    let figures = beams::measure(
        &Beams::table(arguments.spots as usize),
        machine,
        precision,
        rounds,
    )?;
    let name = machine.name();
    let head = format!(
        "pencil beams in water, 1 mm cells, {name}\n{:>5} {:>6} {:>10} {:>10} {:>10} {:>7} {:>12}\n",
        "MeV", "spots", "scattering", "nuclear", "ms", "steps", "M updates"
    );
    let text = || head + &figures.iter().map(beam_line).collect::<String>();
    arguments.format.print(text, || {
        json!({
            "backend": name,
            "precision": arguments.precision,
            "rounds": rounds,
            "beams": figures,
        })
    })
}

fn beam_line(figures: &BeamFigures) -> String {
    let Beams {
        energy_mev,
        spots,
        scattering,
        nuclear,
    } = figures.beams;
    format!(
        "{energy_mev:>5} {spots:>6} {scattering:>10} {nuclear:>10} {:>10.2} {:>7} {:>12.2}\n",
        1e3 * figures.run_s,
        figures.steps,
        1e-6 * figures.bin_updates as f64
    )
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
