//! An installed nvcc 12.x. Later ones emit PTX 9, which drivers before 580 refuse, and are passed over.

use crate::sources::{OPTIONS, Sources};
use crate::{Module, Modules};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An nvcc of CUDA 12: under `CUDA_HOME`, on the PATH, or in the usual place.
pub fn find() -> Option<PathBuf> {
    let home = std::env::var_os("CUDA_HOME").map(|home| PathBuf::from(home).join("bin/nvcc"));
    let usual = ["nvcc", "/usr/local/cuda/bin/nvcc"].map(PathBuf::from);
    home.into_iter()
        .chain(usual)
        .find(|compiler| release(compiler).is_some_and(|release| release.starts_with("12.")))
}

/// "12.4" from the line "Cuda compilation tools, release 12.4, V12.4.131".
fn release(compiler: &Path) -> Option<String> {
    let output = Command::new(compiler).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (_, after) = text.split_once("release ")?;
    Some(after.split_once(',')?.0.to_string())
}

/// Compiles every kernel file with nvcc.
///
/// # Errors
/// A kernel does not compile; with what nvcc printed.
pub fn compile(sources: &Sources, compiler: &Path) -> Result<Modules, String> {
    let modules = sources.kernels().map(|(name, _)| {
        let ptx = compile_one(compiler, &sources.folder.join(format!("{name}.cu")))?;
        Ok(Module {
            name: name.to_string(),
            ptx,
        })
    });
    let origin = format!(
        "{} {}",
        compiler.display(),
        release(compiler).unwrap_or_default()
    );
    Ok(Modules {
        modules: modules.collect::<Result<_, String>>()?,
        origin,
    })
}

/// nvcc writes to a file only: one in `OUT_DIR`, which cargo gives to build.rs.
fn compile_one(compiler: &Path, file: &Path) -> Result<String, String> {
    let folder = std::env::var_os("OUT_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let out = folder.join("nvcc.ptx");
    let mut command = Command::new(compiler);
    command
        .args(OPTIONS)
        .arg("--ptx")
        .arg("--output-file")
        .arg(&out)
        .arg(file);
    let output = command
        .output()
        .map_err(|error| format!("{}: {error}", compiler.display()))?;
    if !output.status.success() {
        return Err(format!(
            "{} does not compile:\n{}",
            file.display(),
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    std::fs::read_to_string(&out).map_err(|error| format!("{}: {error}", out.display()))
}
