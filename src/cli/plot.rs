//! `smatrix2d plot OUT.h5`: a picture of the dose.

use super::output_file::check_creatable;
use super::terminal;
use smatrix2d::dose_file;
use smatrix2d::error::Result;
use smatrix2d::plot;
use std::path::PathBuf;

/// Draw a dose file: map, depth dose, lateral profiles
#[derive(clap::Args)]
pub struct PlotArgs {
    /// Dose file
    pub input: PathBuf,
    /// Picture, PNG or SVG by its name [default: the dose file's name with .png]
    #[arg(short, long, value_name = "PICTURE")]
    pub output: Option<PathBuf>,
}

/// Draws the picture and prints its path on stdout.
///
/// # Errors
/// Those of reading the dose file and of writing the picture.
pub fn run(arguments: PlotArgs) -> Result<()> {
    let output = arguments
        .output
        .clone()
        .unwrap_or_else(|| arguments.input.with_extension("png"));
    let format = plot::Format::of(&output)?;
    check_creatable(&output, std::slice::from_ref(&arguments.input))?;
    let found = dose_file::read(&arguments.input)?;
    plot::write(&output, format, &found)?;
    terminal::print(&format!("{}\n", output.display()))
}
