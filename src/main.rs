//! The command line: errors and progress on stderr, results on stdout, an exit code for each kind of end.

mod cli;

use smatrix2d::error::{Error, Result};
use std::panic;
use std::process::ExitCode;
use std::sync::Mutex;

fn main() -> ExitCode {
    match caught(cli::run) {
        Ok(code) => code,
        Err(error) => {
            cli::terminal::tell(&format!("error: {error}"));
            ExitCode::from(error.kind.exit_code())
        }
    }
}

/// Turns a panic, which is a mistake of this program, into an error without a backtrace.
fn caught<T>(work: fn() -> Result<T>) -> Result<T> {
    static LAST_PANIC: Mutex<String> = Mutex::new(String::new());
    panic::set_hook(Box::new(|info| {
        if let Ok(mut last) = LAST_PANIC.lock() {
            *last = info.to_string().replace('\n', " ");
        }
    }));
    panic::catch_unwind(work).unwrap_or_else(|_| {
        let what = LAST_PANIC
            .lock()
            .map(|last| last.clone())
            .unwrap_or_default();
        Err(
            Error::internal(format!("a mistake in this program: {what}"))
                .hint("please report it with the case file and the command line"),
        )
    })
}
