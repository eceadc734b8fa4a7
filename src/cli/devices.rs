//! `devices`: the GPUs and the driver, or why there is none.

use smatrix2d::error::{Error, Result};

#[derive(clap::Args)]
pub struct DevicesArgs {
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

// PLACEHOLDER body.
pub fn run(arguments: DevicesArgs) -> Result<()> {
    Err(Error::internal(format!(
        "this build has no device probe (json: {})",
        arguments.json
    )))
}
