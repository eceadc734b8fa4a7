//! `run`: the main job. Everything that can be refused is refused before the computation starts.

use super::arguments::CaseArgs;
use super::plan::Plan;
use super::progress::Reporter;
use super::terminal::Format;
use super::{output_file, report};
use smatrix2d::case::Case;
use smatrix2d::dose_file;
use smatrix2d::error::{Error, Result};
use smatrix2d::phantom::Phantom;
use smatrix2d::results::{Provenance, Results};
use std::path::PathBuf;

#[derive(clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    case: CaseArgs,
    /// Dose file to write; default: named after the case file, in the current folder
    #[arg(short, long, value_name = "OUT.h5")]
    output: Option<PathBuf>,
    /// Check the case and print the plan, as `check` does; compute nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: Format,
    /// No progress and no table; errors are still told
    #[arg(short, long)]
    quiet: bool,
}

pub fn run(arguments: RunArgs) -> Result<()> {
    let (case, phantom) = arguments.case.load()?;
    if arguments.dry_run {
        let plan = Plan::new(&case, &phantom, arguments.case.device.as_deref())?;
        return arguments.format.print(|| plan.text(), || plan.json());
    }
    let output = arguments.output.clone();
    let output = output.unwrap_or_else(|| output_file::default_path(&arguments.case.path));
    output_file::check_creatable(&output, &inputs(&arguments.case, &case))?;
    let mut reporter = if arguments.quiet {
        Reporter::Silent
    } else {
        Reporter::on_stderr()?
    };
    let computed = compute(
        &case,
        &phantom,
        arguments.case.device.as_deref(),
        &mut |progress| {
            reporter.tell(progress.step, progress.steps);
        },
    );
    reporter.finish();
    let (results, mut provenance) = computed?;
    provenance.command_line = std::env::args().collect::<Vec<_>>().join(" ");
    dose_file::write(&output, &results, &provenance)?;
    if arguments.quiet && arguments.format.is_text() {
        return Ok(());
    }
    arguments.format.print(
        || report::text(&results, &provenance, &output),
        || report::json(&results, &provenance, &output),
    )
}

fn inputs(arguments: &CaseArgs, case: &Case) -> Vec<PathBuf> {
    let tables = case
        .materials
        .values()
        .filter_map(|material| material.stopping_power_file.as_ref());
    let named = case
        .phantom
        .file
        .iter()
        .chain(tables)
        .map(|path| arguments.folder().join(path));
    std::iter::once(arguments.path.clone())
        .chain(named)
        .collect()
}

// PLACEHOLDER, to be replaced by smatrix2d::transport: the struct and the function below.

pub struct Progress {
    pub step: u64,
    pub steps: u64,
}

fn compute(
    _case: &Case,
    _phantom: &Phantom,
    _device: Option<&str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Results, Provenance)> {
    progress(Progress { step: 0, steps: 1 });
    Err(Error::internal("this build has no transport"))
}
