//! Embeds the kernels' PTX and tells the program which commit and build it is.

use ptx_build::{Modules, NVRTC_VARIABLE, WANTED_PTX_VERSION, ptx_version};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What goes into the build.
const SOURCES: [&str; 7] = [
    "build.rs",
    "Cargo.toml",
    "Cargo.lock",
    "kernels",
    "src",
    "data",
    "tools",
];

fn main() {
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR"));
    watch(&root);
    match ptx_build::modules(&root) {
        Ok(modules) => embed(&modules),
        Err(why) => {
            eprintln!("{why}");
            println!("cargo::error={}", why.replace('\n', " "));
            return;
        }
    }
    println!(
        "cargo::rustc-env=SMATRIX2D_GIT_COMMIT={}",
        git_commit(&root)
    );
    println!("cargo::rustc-env=SMATRIX2D_BUILD={}", build_description());
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Builds anew where a source differs, and where one of the files does by which git tells that the commit is another.
fn watch(root: &Path) {
    let sources = SOURCES.map(|path| root.join(path));
    let git_files = ["HEAD", "logs/HEAD"]
        .into_iter()
        .filter_map(|name| git(root, &["rev-parse", "--git-path", name]));
    let paths = sources
        .into_iter()
        .chain(git_files.map(|path| root.join(path)));
    // A path that does not exist would make every build run this program again.
    for path in paths.filter(|path| path.exists()) {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    println!("cargo::rerun-if-env-changed={NVRTC_VARIABLE}");
}

/// Writes `ptx_modules.rs`: an array of (name, PTX) for src/backend/cuda/ptx.rs, and where the PTX came from.
fn embed(modules: &Modules) {
    let mut text = String::from("&[\n");
    for module in &modules.modules {
        if ptx_version(&module.ptx) > Some(WANTED_PTX_VERSION) {
            println!(
                "cargo::warning={}: PTX newer than 8.0 from {}: older drivers refuse it",
                module.name, modules.origin
            );
        }
        let _ = writeln!(text, "    ({:?}, r##\"{}\"##),", module.name, module.ptx);
    }
    text.push_str("]\n");
    let path = PathBuf::from(variable("OUT_DIR")).join("ptx_modules.rs");
    if let Err(error) = std::fs::write(&path, text) {
        println!("cargo::error={}: {error}", path.display());
    }
}

/// Short hash, with `-dirty` where a tracked file that goes into the build differs; `unknown` without git.
fn git_commit(root: &Path) -> String {
    let Some(hash) = git(root, &["rev-parse", "--short=12", "HEAD"]) else {
        return "unknown".to_string();
    };
    let changes = git(
        root,
        &[
            &["status", "--porcelain", "--untracked-files=no", "--"],
            &SOURCES[..],
        ]
        .concat(),
    );
    if changes.is_some() {
        format!("{hash}-dirty")
    } else {
        hash
    }
}

/// What git prints, trimmed; none where it fails or prints nothing.
fn git(root: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_string();
    (output.status.success() && !text.is_empty()).then_some(text)
}

/// Profile, target, optimisation level, compiler, flags and features, in one line.
fn build_description() -> String {
    let compiler = Command::new(variable("RUSTC")).arg("--version").output();
    let compiler = compiler
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_string())
        .unwrap_or_default();
    let flags = variable("CARGO_ENCODED_RUSTFLAGS").replace('\u{1f}', " ");
    let features = if variable("CARGO_FEATURE_STATIC_HDF5").is_empty() {
        ""
    } else {
        " static-hdf5"
    };
    let (profile, target, level) = (
        variable("PROFILE"),
        variable("TARGET"),
        variable("OPT_LEVEL"),
    );
    format!("{profile} {target} opt-level={level} {compiler} {flags}{features}")
        .trim()
        .to_string()
}
