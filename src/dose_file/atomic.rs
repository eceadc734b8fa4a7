//! Replacing a file whole or not at all.
//!
//! The new file is made as `NAME.tmp-PID` beside the target, synced to disk and renamed onto the target; then the
//! folder is synced. Whatever fails, the target is what it was and the temporary file is gone; after a kill the
//! temporary file may stay, the target is still whole.

use crate::error::{Error, Kind, Result};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Makes the file `path` anew. `fill` writes and checks it: it is given the temporary file, empty, by its path.
///
/// # Errors
/// Those of `fill`; `CannotCreateOutput` where no file can be made at `path`; `Io` where it cannot be synced or renamed.
pub fn replace(path: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let target = resolve_target(path)?;
    let temporary = Temporary::beside(&target)?;
    File::create(&temporary.path).map_err(|error| cannot_create(path, &error))?;
    fill(&temporary.path).map_err(|error| error.at(path))?;
    let finish = || -> io::Result<()> {
        File::open(&temporary.path)?.sync_all()?;
        fs::rename(&temporary.path, &target)?;
        sync_folder(&target)
    };
    finish().map_err(|error| write_failed(&error.to_string()).at(path))
}

/// The regular file that `path` names or will name: symbolic links are followed, so that a link stays one, also to a file that is not
/// there yet.
///
/// # Errors
/// `CannotCreateOutput`: no name of a file, or of something that is none.
pub fn resolve_target(path: &Path) -> Result<PathBuf> {
    if path.file_name().is_none() {
        return Err(not_a_file(path));
    }
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => Err(not_a_file(path)),
        Ok(_) => fs::canonicalize(path).map_err(|error| cannot_create(path, &error)),
        // A link to a file that is not there; one that leads to itself fails otherwise.
        Err(error) if path.is_symlink() => {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(cannot_create(path, &error));
            }
            let next = fs::read_link(path).map_err(|error| cannot_create(path, &error))?;
            resolve_target(&path.parent().unwrap_or(Path::new("")).join(next))
        }
        Err(_) => Ok(path.to_path_buf()),
    }
}

/// A file that is removed when this value goes, unless it was renamed before.
struct Temporary {
    path: PathBuf,
}

impl Temporary {
    fn beside(target: &Path) -> Result<Self> {
        let mut name = OsString::from(target.file_name().ok_or_else(|| not_a_file(target))?);
        name.push(format!(".tmp-{}", std::process::id()));
        Ok(Self {
            path: target.with_file_name(name),
        })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Nothing is left to be done where this fails: after a rename there is no such file.
        let _ = fs::remove_file(&self.path);
    }
}

fn sync_folder(target: &Path) -> io::Result<()> {
    let folder = match target.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}

fn not_a_file(path: &Path) -> Error {
    Error::new(Kind::CannotCreateOutput, "the output is not a regular file")
        .at(path)
        .hint("name a file, as in `-o dose.h5`")
}

fn cannot_create(path: &Path, error: &io::Error) -> Error {
    Error::new(
        Kind::CannotCreateOutput,
        format!("cannot create the file ({error})"),
    )
    .at(path)
    .hint("name a file in an existing folder that you may write to")
}

/// The error of a file that could be created and not be filled.
pub fn write_failed(why: &str) -> Error {
    Error::new(
        Kind::Io,
        format!("cannot write the file ({why}); nothing was left behind"),
    )
    .hint("check free space and quota on that disk, then run again")
}
