//! `ptx-build update|check [ROOT]`: makes the committed PTX anew, or tells whether it is what a fresh compile gives.

use ptx_build::{
    Modules, NVRTC_VARIABLE, WANTED_PTX_VERSION, committed, nvrtc, ptx_version, sources::Sources,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = PathBuf::from(arguments.get(1).map_or(".", String::as_str));
    let result = match arguments.first().map(String::as_str) {
        Some("update") => update(&root),
        Some("check") => check(&root),
        _ => Err("usage: ptx-build update|check [ROOT]".to_string()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("ptx-build: {why}");
            ExitCode::FAILURE
        }
    }
}

/// A compile by NVRTC 12.0; any other version would commit PTX that older drivers refuse.
fn fresh(root: &Path, sources: &Sources) -> Result<Modules, String> {
    let library = std::env::var_os(NVRTC_VARIABLE)
        .map(PathBuf::from)
        .or_else(|| nvrtc::in_toolchain_folder(root));
    let modules = nvrtc::compile(
        sources,
        &library.ok_or("no NVRTC 12.0\nhint: run scripts/setup")?,
    )?;
    for module in &modules.modules {
        let version = ptx_version(&module.ptx);
        if version != Some(WANTED_PTX_VERSION) {
            return Err(format!(
                "{} gives PTX {version:?}, not {WANTED_PTX_VERSION:?}",
                modules.origin
            ));
        }
    }
    Ok(modules)
}

fn update(root: &Path) -> Result<(), String> {
    let sources = Sources::read(&root.join("kernels"))?;
    let modules = fresh(root, &sources)?.modules;
    for extra in files_without_a_kernel(&sources)? {
        std::fs::remove_file(&extra).map_err(|error| format!("{}: {error}", extra.display()))?;
    }
    for module in modules {
        let path = committed::path(&sources, &module.name);
        std::fs::write(&path, committed::with_header(&sources, &module))
            .map_err(|error| format!("{}: {error}", path.display()))?;
        println!("{}", path.display());
    }
    Ok(())
}

fn check(root: &Path) -> Result<(), String> {
    let sources = Sources::read(&root.join("kernels"))?;
    if let Some(extra) = files_without_a_kernel(&sources)?.first() {
        return Err(format!(
            "{} has no .cu file\nhint: run scripts/update-ptx",
            extra.display()
        ));
    }
    for module in fresh(root, &sources)?.modules {
        let path = committed::path(&sources, &module.name);
        let wanted = committed::with_header(&sources, &module);
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        if sources_line(&found) != sources_line(&wanted)
            || instructions(&found) != instructions(&wanted)
        {
            return Err(format!(
                "{} is not what a fresh compile gives\nhint: run scripts/update-ptx",
                path.display()
            ));
        }
        println!("{}: fresh", path.display());
    }
    Ok(())
}

/// The header line that names the sources' hash.
fn sources_line(ptx: &str) -> Option<&str> {
    ptx.lines()
        .find(|line| line.starts_with("// sources sha256:"))
}

/// The kernels' names, and how often they use each instruction. NVRTC 12.0 names registers, and moves between them, differently from
/// one compile to the next in large kernels; arithmetic, loads and stores are the same.
fn instructions(ptx: &str) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for line in ptx.lines().map(str::trim) {
        let word = match line.strip_prefix(".visible .entry ") {
            Some(kernel) => kernel,
            None => line.split_whitespace().next().unwrap_or(""),
        };
        let counted = line.starts_with(".visible")
            || ["ld", "st", "add", "sub", "mul", "cvt", "min", "max"]
                .contains(&word.split('.').next().unwrap_or(""));
        if counted {
            *counts.entry(word).or_insert(0) += 1;
        }
    }
    counts
}

fn files_without_a_kernel(sources: &Sources) -> Result<Vec<PathBuf>, String> {
    let folder = sources.folder.join("ptx");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let wanted: Vec<PathBuf> = sources
        .kernels()
        .map(|(name, _)| committed::path(sources, name))
        .collect();
    let entries =
        std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    Ok(entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| !wanted.contains(path))
        .collect())
}
