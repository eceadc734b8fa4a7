//! `smatrix2d compare A B`: norms, range and width differences, gamma.

use super::output_file::check_creatable;
use super::terminal;
use smatrix2d::compare::files::load;
use smatrix2d::compare::gamma::{Criterion, Normalisation};
use smatrix2d::compare::{Comparison, Settings, compare, to_text};
use smatrix2d::dose_file::{NamedMap, write_maps};
use smatrix2d::error::{Error, Kind, Result};
use std::path::{Path, PathBuf};

/// Compare two distributions: norms, range and width differences, gamma pass rate
#[derive(clap::Args)]
pub struct CompareArgs {
    /// Reference: a dose file, another HDF5 file with axes, an NPZ, or a CSV of depth and dose
    pub a: PathBuf,
    /// Evaluated distribution, in any of these formats
    pub b: PathBuf,
    /// Gamma criterion, as in 2%/2mm; may be given several times
    #[arg(long, value_name = "CRITERION", default_value = "2%/2mm")]
    pub gamma: Vec<String>,
    /// Count points where A reaches this share of its maximum, in per cent
    #[arg(long, value_name = "PERCENT", default_value_t = 10.0)]
    pub threshold: f64,
    /// Take the dose tolerance of A's value at the point instead of A's maximum
    #[arg(long)]
    pub local: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Write the difference and gamma maps to this HDF5 file
    #[arg(short, long, value_name = "MAP.h5")]
    pub output: Option<PathBuf>,
}

/// Prints the comparison on stdout and writes the maps where an output is named.
///
/// # Errors
/// `Usage` for a criterion or threshold that is none; those of reading the files and of writing the maps.
pub fn run(arguments: CompareArgs) -> Result<()> {
    let settings = settings(&arguments)?;
    if let Some(path) = &arguments.output {
        check_creatable(path, &[arguments.a.clone(), arguments.b.clone()])?;
    }
    let comparison = compare(&load(&arguments.a)?, &load(&arguments.b)?, &settings)?;
    if let Some(path) = &arguments.output {
        write_comparison(path, &comparison)?;
    }
    if arguments.json {
        let json = serde_json::to_string_pretty(&comparison.report);
        let json = json.map_err(|error| Error::internal(error.to_string()))?;
        return terminal::print(&format!("{json}\n"));
    }
    let head = format!(
        "A  {}\nB  {}\n",
        arguments.a.display(),
        arguments.b.display()
    );
    terminal::print(&(head + &to_text(&comparison.report)))
}

fn settings(arguments: &CompareArgs) -> Result<Settings> {
    if !(0.0..100.0).contains(&arguments.threshold) {
        let message = format!("{} is no threshold", arguments.threshold);
        return Err(Error::new(Kind::Usage, message)
            .key("threshold")
            .hint("give per cent, from 0 to below 100"));
    }
    let criteria = arguments
        .gamma
        .iter()
        .map(|text| text.parse::<Criterion>())
        .collect::<Result<_>>()?;
    Ok(Settings {
        criteria,
        normalisation: if arguments.local {
            Normalisation::Local
        } else {
            Normalisation::Global
        },
        threshold: 0.01 * arguments.threshold,
    })
}

fn write_comparison(path: &Path, comparison: &Comparison) -> Result<()> {
    let Some(x_mm) = &comparison.reference.x_mm else {
        let error = Error::new(Kind::Usage, "curves have no map to write").key("output");
        return Err(error.hint("leave --output out, or compare two maps"));
    };
    let names: Vec<String> = (comparison.gamma_maps.iter())
        .map(|(criterion, _)| {
            format!(
                "gamma_{}pct_{}mm",
                criterion.dose_percent, criterion.distance_mm
            )
        })
        .collect();
    let gamma_maps = comparison.gamma_maps.iter().zip(&names);
    let mut maps: Vec<NamedMap> = gamma_maps
        .map(|((_, values), name)| NamedMap {
            name,
            units: "1",
            long_name: "gamma index",
            values,
        })
        .collect();
    maps.push(NamedMap {
        name: "difference",
        units: comparison.report.quantity.units,
        long_name: "B - A, per proton",
        values: &comparison.difference,
    });
    write_maps(
        path,
        "comparison of two distributions",
        &comparison.reference.z_mm,
        x_mm,
        &maps,
    )
}
