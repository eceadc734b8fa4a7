//! Checks before a long run that its result can be written; nothing is left behind.

use smatrix2d::dose_file::atomic::resolve_target;
use smatrix2d::error::{Error, Kind, Result};
use std::fs::{self, OpenOptions};
use std::path::{Path, PathBuf};

/// The dose file's path where none is given: named after the case file, in the current folder.
pub fn default_path(case: &Path) -> PathBuf {
    let mut name = case.file_stem().unwrap_or("dose".as_ref()).to_os_string();
    name.push(".h5");
    PathBuf::from(name)
}

/// Errors (cannot create output): a directory or device at `path`, an input of the run, a folder that is missing or read-only.
pub fn check_creatable(path: &Path, inputs: &[PathBuf]) -> Result<()> {
    if path.is_dir() || path.file_name().is_none() {
        return Err(refused(path, "it is a folder")
            .hint("name a file in it, for example -o FOLDER/dose.h5"));
    }
    if path.exists() && !path.is_file() {
        return Err(refused(path, "it is no ordinary file").hint("choose another path with -o"));
    }
    if inputs.iter().any(|input| is_same_file(input, path)) {
        return Err(refused(path, "it is an input of this run").hint("choose another path with -o"));
    }
    probe(path, &resolve_target(path)?)
}

fn is_same_file(a: &Path, b: &Path) -> bool {
    match (a.canonicalize(), b.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

/// Creates and removes a file of another name in the target's folder: an existing result stays as it is.
fn probe(path: &Path, target: &Path) -> Result<()> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut name = target.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".tmp-{}", std::process::id()));
    let probe = folder.join(name);
    let made = OpenOptions::new().write(true).create_new(true).open(&probe);
    made.and_then(|_| fs::remove_file(&probe)).map_err(|error| {
        let hint = match folder.is_dir() {
            true => format!("check that you may write to {}", folder.display()),
            false => format!(
                "there is no folder {}: make it, or choose another with -o",
                folder.display()
            ),
        };
        refused(path, &error.to_string()).hint(hint)
    })
}

fn refused(path: &Path, reason: &str) -> Error {
    Error::new(
        Kind::CannotCreateOutput,
        format!("the output cannot be created: {reason}"),
    )
    .at(path)
}

#[cfg(test)]
mod tests {
    use super::default_path;
    use std::path::Path;

    #[test]
    fn a_dose_file_keeps_the_dots_of_its_cases_name() {
        for (case, expected) in [
            ("cases/plan.toml", "plan.h5"),
            ("plan.v1.toml", "plan.v1.h5"),
            ("plan.v2.toml", "plan.v2.h5"),
            ("plan", "plan.h5"),
        ] {
            assert_eq!(default_path(Path::new(case)), Path::new(expected), "{case}");
        }
    }
}
