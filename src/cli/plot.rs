//! `plot`: a picture of a dose file.

use smatrix2d::error::{Error, Result};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct PlotArgs {
    /// Dose file to draw
    #[arg(value_name = "OUT.h5")]
    pub input: PathBuf,
    /// Picture to write (.png or .svg); default: beside the dose file
    #[arg(short, long, value_name = "OUT.png|svg")]
    pub output: Option<PathBuf>,
}

// PLACEHOLDER body.
pub fn run(arguments: PlotArgs) -> Result<()> {
    let PlotArgs { input, output } = arguments;
    Err(Error::internal(format!(
        "this build has no plot ({input:?}, {output:?})"
    )))
}
