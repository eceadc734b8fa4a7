//! Results on stdout. A reader that has gone away (`| head`) is no error.

use smatrix2d::error::{Error, Kind, Result};
use std::io::{self, ErrorKind, Write};

pub fn print(text: &str) -> Result<()> {
    printed(|| io::stdout().lock().write_all(text.as_bytes()))
}

/// Lets `write` write to stdout, and flushes it.
pub fn printed(write: impl FnOnce() -> io::Result<()>) -> Result<()> {
    match write().and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::new(
            Kind::Io,
            format!("stdout cannot be written: {error}"),
        )
        .hint("check the disk that stdout goes to")),
        _ => Ok(()),
    }
}

/// A line on stderr; where that cannot be written, nobody is there to be told so.
pub fn tell(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// How results are printed.
#[derive(clap::Args)]
pub struct Format {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Format {
    /// Prints one of the two forms of the same figures.
    pub fn print(
        &self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> serde_json::Value,
    ) -> Result<()> {
        match self.json {
            true => print(&format!("{:#}\n", json())),
            false => print(&text()),
        }
    }

    pub fn is_text(&self) -> bool {
        !self.json
    }
}

/// Names and values in two columns.
pub fn table(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let line = |(name, value): &(&str, String)| format!("{name:width$}  {value}\n");
    rows.iter().map(line).collect()
}
