//! `bench`: dense throughput per operator and per step.

use super::arguments::names;
use smatrix2d::case::{BackendChoice, Precision};
use smatrix2d::error::{Error, Result};

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
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

// PLACEHOLDER body.
pub fn run(arguments: BenchArgs) -> Result<()> {
    let BenchArgs {
        grid,
        backend,
        device,
        precision,
        steps,
        json,
    } = arguments;
    let asked = format!("{grid} {backend} {device:?} {precision} {steps:?} {json}");
    Err(Error::internal(format!(
        "this build has no bench ({asked})"
    )))
}
