//! Arguments as typed, one file per command. Usage errors exit with 64, as sysexits.h has it, not with clap's 2.

mod arguments;
mod bench;
mod check;
mod compare;
mod devices;
mod materials;
mod notes;
mod output_file;
mod plan;
mod plot;
mod progress;
mod report;
mod run;
mod sobp;
pub mod terminal;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use smatrix2d::error::{Kind, Result};
use std::process::ExitCode;

/// Deterministic proton-transport dose solver
#[derive(Parser)]
#[command(name = "smatrix2d", version, arg_required_else_help = true, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 64 usage, 65 bad data, 66 input missing, 69 GPU asked for and none, \
70 audit failed, 71 out of memory, 73 output cannot be created, 74 I/O failed, 75 reserved, \
78 internal";

#[derive(Subcommand)]
enum Command {
    /// Compute a case and write its dose file
    Run(run::RunArgs),
    /// Check a case and print the plan: grid, bytes, steps, backend
    Check(check::CheckArgs),
    /// Measure throughput per operator and per step
    Bench(bench::BenchArgs),
    /// Write the case of a spread-out Bragg peak
    Sobp(sobp::SobpArgs),
    /// List the GPUs, or say why there is none
    Devices(devices::DevicesArgs),
    /// List the built-in materials, or print one's table
    Materials(materials::MaterialsArgs),
    /// Draw a dose file
    Plot(plot::PlotArgs),
    /// Compare two dose files: norms, range, width, gamma
    Compare(compare::CompareArgs),
}

/// Parses the command line and does what it says.
pub fn run() -> Result<ExitCode> {
    match Arguments::try_parse() {
        Ok(arguments) => dispatch(arguments.command).map(|()| ExitCode::SUCCESS),
        Err(refused) => explained(&refused),
    }
}

/// Help and version are asked for and are results; all else is a usage error.
fn explained(refused: &clap::Error) -> Result<ExitCode> {
    match refused.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            terminal::printed(|| refused.print())?;
            Ok(ExitCode::SUCCESS)
        }
        _ => {
            // A stderr that cannot be written has no reader to miss the text.
            let _ = refused.print();
            Ok(ExitCode::from(Kind::Usage.exit_code()))
        }
    }
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::run(arguments),
        Command::Bench(arguments) => bench::run(arguments),
        Command::Sobp(arguments) => sobp::run(arguments),
        Command::Devices(arguments) => devices::run(arguments),
        Command::Materials(arguments) => materials::run(arguments),
        Command::Plot(arguments) => plot::run(arguments),
        Command::Compare(arguments) => compare::run(arguments),
    }
}
