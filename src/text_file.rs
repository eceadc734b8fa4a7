//! Text that users write as a file of its own: tables in CSV.

use crate::error::{Error, Kind, Result};
use std::path::Path;

/// Lines that hold something, with their numbers from 1: no comments (from `#` on), no space around them.
pub fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, without_comment(line).trim()))
        .filter(|(_, line)| !line.is_empty())
}

fn without_comment(line: &str) -> &str {
    line.split_once('#').map_or(line, |(before, _)| before)
}

/// The text of `path`, without the byte-order mark that spreadsheets put before it; `what` names it in the error.
///
/// # Errors
/// Input missing, where it cannot be read.
pub fn read(path: &Path, what: &str) -> Result<String> {
    let text = std::fs::read_to_string(path).map_err(|cause| {
        Error::new(Kind::InputMissing, format!("cannot read {what}: {cause}")).at(path)
    })?;
    match text.strip_prefix('\u{feff}') {
        Some(rest) => Ok(rest.to_string()),
        None => Ok(text),
    }
}
