//! The program run as a user runs it.

use std::process::Command;

/// How a run that failed ended.
#[derive(Debug)]
pub struct Failed {
    pub code: u8,
    pub stderr: String,
}

/// Runs the program; its stdout, or how it failed.
pub fn smatrix2d<I: AsRef<std::ffi::OsStr>>(
    arguments: impl IntoIterator<Item = I>,
) -> Result<String, Failed> {
    let output = Command::new(env!("CARGO_BIN_EXE_smatrix2d"))
        .args(arguments)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(Failed {
            code: output.status.code().map_or(255, |code| code as u8),
            stderr,
        }),
    }
}
