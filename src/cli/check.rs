//! `check`: parse, validate, print the plan. Writes nothing.

use super::arguments::CaseArgs;
use super::plan::Plan;
use super::terminal;
use smatrix2d::case::Case;
use smatrix2d::error::Result;
use smatrix2d::phantom::Phantom;

#[derive(clap::Args)]
pub struct CheckArgs {
    #[command(flatten)]
    case: CaseArgs,
    /// Print the plan as JSON
    #[arg(long)]
    json: bool,
    /// Print the case with every default filled in, as TOML, instead of the plan
    #[arg(long, conflicts_with = "json")]
    resolved: bool,
}

pub fn run(arguments: CheckArgs) -> Result<()> {
    let (case, phantom) = arguments.case.load()?;
    match arguments.resolved {
        true => terminal::print(&case.resolved_text),
        false => print_plan(&case, &phantom, arguments.json),
    }
}

pub fn print_plan(case: &Case, phantom: &Phantom, as_json: bool) -> Result<()> {
    let plan = Plan::new(case, phantom);
    match as_json {
        true => terminal::print_json(&plan.json()),
        false => terminal::print(&plan.text()),
    }
}
