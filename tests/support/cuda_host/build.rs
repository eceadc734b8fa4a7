//! Compiles `kernels/*.cu` of the solver, and the small kernels of this crate, for the host.
//!
//! Each .cu file becomes a translation unit of its own, in an unnamed namespace, as it is a module of its own on the
//! device; the kernels it exports are read off the preprocessed text, so a new kernel needs no list anywhere.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What `__global__` becomes in the preprocessed text.
const MARKER: &str = "cuda_host_global_marker";

fn main() {
    let crate_folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("set by cargo"));
    let folders = [
        crate_folder.join("../../../kernels"),
        crate_folder.join("kernels"),
    ];
    let files: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| kernel_files(folder))
        .collect();
    for watched in folders
        .iter()
        .chain(&[crate_folder.join("include"), crate_folder.join("build.rs")])
    {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    let settings = compiler(&crate_folder.join("include"), &folders);
    let mut build = settings.clone();
    let mut kernels = Vec::new();
    for file in &files {
        let names = exported_kernels(&settings, file);
        let unit = out.join(file.with_extension("host.cpp").file_name().expect("a file"));
        std::fs::write(&unit, unit_text(file, &names)).expect("OUT_DIR is writable");
        build.file(unit);
        kernels.extend(names);
    }
    let registry = out.join("registry.cpp");
    std::fs::write(&registry, registry_text(&kernels)).expect("OUT_DIR is writable");
    build.file(registry).compile("cuda_host_kernels");
}

fn kernel_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the kernel folder is there");
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "cu"))
        .collect();
    files.sort();
    files
}

/// No contraction and no fast math: + - * / and sqrt give the bits that Rust and the device (--fmad=false) give.
fn compiler(include: &Path, kernel_folders: &[PathBuf]) -> cc::Build {
    let mut build = cc::Build::new();
    build
        .cpp(true)
        .std("c++20")
        .opt_level(3)
        .include(include)
        .includes(kernel_folders);
    build
        .flag("-ffp-contract=off")
        .flag("-fno-math-errno")
        .flag("-ftls-model=initial-exec");
    build
        .flag("-Wno-unused-function")
        .flag("-Wno-unused-parameter")
        .flag("-Wno-sign-compare")
        .flag("-Wno-unknown-pragmas")
        .flag("-Wno-missing-field-initializers");
    if std::env::var("CARGO_CFG_TARGET_ARCH").as_deref() == Ok("x86_64") {
        build.flag("-march=x86-64-v2");
    }
    build
}

/// Names of the `extern "C" __global__` functions, after all macros are expanded.
fn exported_kernels(settings: &cc::Build, file: &Path) -> Vec<String> {
    let mut preprocessor = settings.clone();
    preprocessor
        .define("CUDA_HOST_GLOBAL", MARKER)
        .file(scan_unit(file));
    let text = String::from_utf8_lossy(&preprocessor.expand()).into_owned();
    let names = text
        .split(MARKER)
        .skip(1)
        .filter_map(|rest| kernel_name(rest).map(str::to_string));
    let names: Vec<String> = names.collect();
    assert!(!names.is_empty(), "{}: no kernel found", file.display());
    names
}

/// A .cpp that includes the .cu: compilers take a .cu for CUDA, which they then want a toolkit for.
fn scan_unit(file: &Path) -> PathBuf {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("set by cargo"));
    let unit = out.join(file.with_extension("scan.cpp").file_name().expect("a file"));
    std::fs::write(&unit, unit_text(file, &[])).expect("OUT_DIR is writable");
    unit
}

/// The name in ` void name(...`, which follows the marker.
fn kernel_name(rest: &str) -> Option<&str> {
    let (name, _) = rest.trim_start().strip_prefix("void")?.split_once('(')?;
    Some(name.trim())
}

fn unit_text(file: &Path, kernels: &[String]) -> String {
    let file = file.canonicalize().expect("the kernel file is there");
    let mut text = format!(
        "#include \"cuda_host.hpp\"\nnamespace {{\n#include {:?}\n}}\n",
        file.display().to_string()
    );
    for kernel in kernels {
        let _ = writeln!(text, "CUDA_HOST_EXPORT({kernel})");
    }
    text
}

fn registry_text(kernels: &[String]) -> String {
    let mut text = String::from("#include \"cuda_host.hpp\"\nextern \"C\" {\n");
    for kernel in kernels {
        let _ = writeln!(
            text,
            "extern const cuda_host::Kernel cuda_host_kernel_{kernel};"
        );
    }
    text.push_str("extern const cuda_host::Kernel *const cuda_host_kernels[];\n}\n");
    text.push_str("const cuda_host::Kernel *const cuda_host_kernels[] = {\n");
    for kernel in kernels {
        let _ = writeln!(text, "    &cuda_host_kernel_{kernel},");
    }
    text + "    nullptr,\n};\n"
}
