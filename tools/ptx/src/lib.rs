//! From `kernels/*.cu` to PTX: used by build.rs, and by `scripts/update-ptx` through the program of the same crate.
//!
//! The PTX of the first origin that can be had is taken:
//! 1. NVRTC at the path in `SMATRIX2D_NVRTC`, where that is set;
//! 2. the committed `kernels/ptx/*.ptx`, when its header names the digest of the sources as they stand;
//! 3. NVRTC 12.0 in `.toolchain/` (filled by `scripts/setup`);
//! 4. an nvcc 12.x on the PATH or under `CUDA_HOME`.
//!
//! NVRTC 12.0 emits PTX 8.0, which every driver from 525 on loads. Later compilers emit later PTX, which an older
//! driver refuses: a toolkit that happens to be installed therefore comes last.

pub mod committed;
pub mod nvcc;
pub mod nvrtc;
pub mod sources;

use sources::Sources;
use std::path::{Path, PathBuf};

/// Newest PTX that driver 525 (CUDA 12.0) loads: PTX ISA manual, release notes table.
pub const WANTED_PTX_VERSION: (u32, u32) = (8, 0);
/// Environment variable with the path of a `libnvrtc.so.12`.
pub const NVRTC_VARIABLE: &str = "SMATRIX2D_NVRTC";

/// PTX of one kernel file; `name` is the file's stem.
pub struct Module {
    pub name: String,
    pub ptx: String,
}

/// The modules of all kernel files, sorted by name, and which compiler or file they came from.
pub struct Modules {
    pub modules: Vec<Module>,
    pub origin: String,
}

/// Modules for the kernels below `root` from the first origin that can be had (module documentation).
///
/// # Errors
/// A sentence with a hint where no origin can be had, or where a kernel does not compile.
pub fn modules(root: &Path) -> Result<Modules, String> {
    let sources = Sources::read(&root.join("kernels"))?;
    if let Some(library) = std::env::var_os(NVRTC_VARIABLE) {
        return nvrtc::compile(&sources, &PathBuf::from(library));
    }
    let stale = match committed::read(&sources) {
        Ok(modules) => return Ok(modules),
        Err(why) => why,
    };
    if let Some(library) = nvrtc::in_toolchain_folder(root) {
        return nvrtc::compile(&sources, &library);
    }
    if let Some(compiler) = nvcc::find() {
        return nvcc::compile(&sources, &compiler);
    }
    Err(format!(
        "{stale}, and there is no compiler to make it anew\n\
         hint: scripts/setup puts NVRTC 12.0 into .toolchain/ (or set {NVRTC_VARIABLE}=/path/to/libnvrtc.so.12); \
         scripts/update-ptx then refreshes kernels/ptx"
    ))
}

/// Version in a PTX text's `.version` line.
pub fn ptx_version(ptx: &str) -> Option<(u32, u32)> {
    let line = ptx
        .lines()
        .find_map(|line| line.strip_prefix(".version "))?;
    let (major, minor) = line.trim().split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::ptx_version;

    #[test]
    fn the_version_line_is_read() {
        assert_eq!(
            ptx_version("// x\n.version 8.0\n.target sm_75\n"),
            Some((8, 0))
        );
        assert_eq!(ptx_version("// no version\n"), None);
    }
}
