//! `compare`: norms, range and width differences, gamma pass rate of two dose files.

use smatrix2d::error::{Error, Result};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct CompareArgs {
    /// Reference dose file
    #[arg(value_name = "A.h5")]
    pub reference: PathBuf,
    /// Dose file to compare with it
    #[arg(value_name = "B.h5")]
    pub other: PathBuf,
    /// Gamma criteria: dose difference and distance
    #[arg(long, value_name = "2%/2mm")]
    pub gamma: Option<String>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

// PLACEHOLDER body.
pub fn run(arguments: CompareArgs) -> Result<()> {
    let CompareArgs {
        reference,
        other,
        gamma,
        json,
    } = arguments;
    Err(Error::internal(format!(
        "this build has no compare ({reference:?}, {other:?}, {gamma:?}, {json})"
    )))
}
