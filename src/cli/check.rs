//! `check`: parse, validate, print the plan. Writes nothing.

use super::arguments::CaseArgs;
use super::plan::Plan;
use super::terminal::{self, Format};
use smatrix2d::error::Result;

#[derive(clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    case: CaseArgs,
    #[command(flatten)]
    format: Format,
    /// Print the case with every default filled in, as TOML, instead of the plan
    #[arg(long, conflicts_with = "json")]
    resolved: bool,
}

pub fn run(arguments: CheckArgs) -> Result<()> {
    let (case, phantom) = arguments.case.load()?;
    if arguments.resolved {
        return terminal::print(&case.resolved_text);
    }
    let plan = Plan::new(&case, &phantom, arguments.case.device.as_deref())?;
    arguments.format.print(|| plan.text(), || plan.json())
}
