//! `run`: the main job. Everything that can be refused is refused before the computation starts.

use super::arguments::CaseArgs;
use super::plan::Plan;
use super::progress::Reporter;
use super::terminal::Format;
use super::{notes, output_file, report};
use smatrix2d::backend::ALIVE_AT_LEAST;
use smatrix2d::case::{Case, Named};
use smatrix2d::error::Result;
use smatrix2d::phantom::Phantom;
use smatrix2d::results::{Provenance, Results};
use smatrix2d::transport::{self, Progress};
use smatrix2d::{backend, dose_file, physics};
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

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
    /// No progress, no notes and no table; errors are still told
    #[arg(short, long)]
    quiet: bool,
}

pub fn run(arguments: RunArgs) -> Result<()> {
    let (case, phantom) = arguments.case.load()?;
    if arguments.dry_run {
        let plan = Plan::new(&case, &phantom, arguments.case.device.as_deref())?;
        return arguments.format.print(|| plan.text(), || plan.json());
    }
    let device = arguments.case.device.as_deref();
    let output = arguments.output.clone();
    let output = output.unwrap_or_else(|| output_file::default_path(&arguments.case.path));
    output_file::check_creatable(&output, &inputs(&arguments.case, &case))?;
    let mut reporter = match arguments.quiet {
        true => Reporter::Silent,
        false => Reporter::on_stderr()?,
    };
    if !arguments.quiet {
        notes::tell(&case, device);
    }
    let computed = compute(&case, &phantom, device, &mut |progress| {
        if progress.step == 0 && progress.spots_done == 0 {
            reporter.tell_tables(progress.tables);
        }
        reporter.tell(
            (progress.spots_done * progress.steps + progress.step) as u64,
            (progress.spots * progress.steps) as u64,
        );
    });
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
    let curve = case.phantom.hounsfield.iter();
    let named = case
        .phantom
        .file
        .iter()
        .chain(curve.filter_map(|spec| spec.file.as_ref()))
        .chain(tables)
        .map(|path| arguments.folder().join(path));
    std::iter::once(arguments.path.clone())
        .chain(named)
        .collect()
}

/// Computes the case where the run section says, and notes how.
fn compute(
    case: &Case,
    phantom: &Phantom,
    device: Option<&str>,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Results, Provenance)> {
    let start_time = utc_now();
    let timer = Instant::now();
    let opened = backend::open(case.run.backend, case.run.precision, device)?;
    let outcome = transport::run(case, phantom, opened.machine.as_ref(), progress)?;
    let provenance = Provenance {
        case_text: case.text.clone(),
        case_resolved_text: case.resolved_text.clone(),
        physics_tables_sha256: physics::tables_sha256(
            &phantom.materials.iter().collect::<Vec<_>>(),
        ),
        backend: opened.machine.name(),
        backend_reason: opened.reason,
        gpu_name: opened.gpu_name,
        gpu_uuid: opened.gpu_uuid,
        driver: opened.driver,
        precision: case.run.precision.name().into(),
        steps: outcome.steps,
        wall_time_s: timer.elapsed().as_secs_f64(),
        start_time,
        end_time: utc_now(),
        command_line: String::new(),
        exit_reason: exit_reason(&outcome.results).into(),
    };
    Ok((outcome.results, provenance))
}

/// `max_steps`: the march ended with more weight under way than it ends with by itself.
fn exit_reason(results: &Results) -> &'static str {
    let [alive, all] = ["weight_alive", "weight_in"].map(|name| report::channel(results, name));
    match alive.unwrap_or(0.0) >= ALIVE_AT_LEAST * all.unwrap_or(0.0) {
        true => "max_steps",
        false => "done",
    }
}

fn utc_now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
