//! `smatrix2d devices` on machines of every kind, each made with a libcuda of its own on the library path.

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The first name that is tried for the driver's library; a file that is no library ends the search for it.
const LIBRARIES: [&str; 2] = ["libcuda.so", "libcuda.so.1"];

struct Output {
    text: String,
    json: serde_json::Value,
}

/// Both outputs of the command with `library` as the driver; it must end with 0.
fn devices(library: &TempDir) -> Output {
    let run = |arguments: &[&str]| {
        let mut command = Command::cargo_bin("smatrix2d").unwrap();
        command
            .env("LD_LIBRARY_PATH", library.path())
            .env_remove("CUDA_VISIBLE_DEVICES");
        let output = command
            .args(arguments)
            .assert()
            .success()
            .get_output()
            .stdout
            .clone();
        String::from_utf8(output).unwrap()
    };
    let json = serde_json::from_str(&run(&["devices", "--json"])).unwrap();
    Output {
        text: run(&["devices"]),
        json,
    }
}

fn compiled(source: &Path, definitions: &[(&str, i32)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut compiler = std::process::Command::new(std::env::var("CC").unwrap_or("cc".to_string()));
    compiler
        .args(["-shared", "-fPIC", "-o"])
        .arg(folder.path().join(LIBRARIES[0]))
        .arg(source);
    compiler.args(
        definitions
            .iter()
            .map(|(name, value)| format!("-D{name}={value}")),
    );
    assert!(compiler.status().unwrap().success());
    std::fs::copy(
        folder.path().join(LIBRARIES[0]),
        folder.path().join(LIBRARIES[1]),
    )
    .unwrap();
    folder
}

fn fake_driver(init_status: i32, cuda_version: i32, devices: i32) -> TempDir {
    compiled(
        &driver_source(),
        &[
            ("INIT_STATUS", init_status),
            ("CUDA_VERSION", cuda_version),
            ("DEVICES", devices),
        ],
    )
}

fn driver_source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/fake_driver/driver.c")
}

/// What the program says on a GPU that can be opened and whose kernels do nothing.
fn on_idle_gpu(arguments: &str) -> (Option<i32>, String) {
    let settings = ["INIT_STATUS", "CUDA_VERSION", "DEVICES", "WORKS"];
    let values = [0, 12_040, 1, 1];
    let settings: Vec<(&str, i32)> = settings.into_iter().zip(values).collect();
    let library = compiled(&driver_source(), &settings);
    let mut command = Command::cargo_bin("smatrix2d").unwrap();
    let output = command
        .env("LD_LIBRARY_PATH", library.path())
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), said)
}

/// How often something happened; the driver tells when its context ends, with nothing left in it.
fn times(said: &str, what: &str) -> usize {
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix(&format!("fake driver: {what} ")))
        .unwrap_or_else(|| panic!("{said}"));
    line.split(' ').next().unwrap().parse().unwrap()
}

fn no_library() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in LIBRARIES {
        std::fs::write(folder.path().join(name), "not a library").unwrap();
    }
    folder
}

fn empty_library() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("empty.c");
    std::fs::write(&source, "int nothing;\n").unwrap();
    compiled(&source, &[])
}

#[test]
fn a_machine_without_a_usable_driver_is_told_why_and_ends_with_0() {
    let cases = [
        (no_library(), "no NVIDIA driver library", "runs on the CPU"),
        (empty_library(), "it has no cuInit", "runs on the CPU"),
        (
            fake_driver(100, 12_040, 0),
            "sees no device",
            "runs on the CPU",
        ),
        (
            fake_driver(34, 12_040, 0),
            "the CUDA toolkit's stub, not a driver",
            "runs on the CPU",
        ),
        (
            fake_driver(0, 12_040, 0),
            "sees no device",
            "runs on the CPU",
        ),
        (
            fake_driver(999, 12_040, 1),
            "cannot be initialised: CUDA_ERROR_UNKNOWN",
            "stops here",
        ),
        (
            fake_driver(803, 12_040, 1),
            "cannot be initialised: CUDA error 803",
            "stops here",
        ),
        (
            fake_driver(0, 11_080, 1),
            "supports CUDA 11.8; 12.0 (driver 525) is needed",
            "stops here",
        ),
    ];
    for (library, reason, then) in cases {
        let Output { text, json } = devices(&library);
        assert!(
            text.starts_with("no GPU: ") && text.contains(reason) && text.contains(then),
            "{text}"
        );
        assert!(json["reason"].as_str().unwrap().contains(reason), "{json}");
        assert_eq!(json["devices"].as_array().unwrap().len(), 0);
    }
}

#[test]
fn a_device_that_is_named_is_not_replaced_by_the_cpu_where_no_gpu_exists() {
    let library = fake_driver(0, 12_040, 0);
    let run = |device: &[&str]| {
        let mut command = Command::cargo_bin("smatrix2d").unwrap();
        let bench = ["bench", "--grid", "8x8x12x10", "--steps", "1"];
        command
            .args(bench)
            .args(device)
            .env("LD_LIBRARY_PATH", library.path());
        command.output().unwrap().status.code()
    };
    assert_eq!(run(&[]), Some(0));
    assert_eq!(run(&["--device", "99"]), Some(69));
}

#[test]
fn gpus_and_mig_slices_are_listed_even_when_another_program_has_them_for_itself() {
    let Output { text, json } = devices(&fake_driver(0, 12_040, 2));
    assert!(
        text.contains("0: Fake GPU\n   GPU-28282828-2828-2828-2828-282828282828\n"),
        "{text}"
    );
    assert!(
        text.contains("memory 16.0 GiB, free GPU 0 (Fake GPU) cannot be opened"),
        "{text}"
    );
    let slice = &json["devices"][1];
    assert_eq!((&slice["index"], &slice["mig"]), (&1.into(), &true.into()));
    assert_eq!(slice["uuid"], "MIG-29292929-2929-2929-2929-292929292929");
    assert_eq!(slice["compute_capability"], "8.1");
    assert_eq!(
        (&slice["cuda_version"], &slice["memory_total_bytes"]),
        (&"12.4".into(), &(1u64 << 33).into())
    );
    assert!(slice["memory_free_bytes"].is_null() && json["reason"].is_null());
}

#[test]
fn copies_go_through_pinned_memory_that_is_kept_and_ends_before_the_context() {
    let bench = "bench --backend cuda --grid 8x8x12x10 --steps";
    let [few, many] = ["1", "100"].map(|steps| {
        let (code, said) = on_idle_gpu(&format!("{bench} {steps}"));
        // Kernels that do nothing lose the state.
        assert_eq!(code, Some(70), "{said}");
        times(&said, "pinned memory made")
    });
    // One more for the windows that are asked for while a march goes on.
    assert!(many <= few + 1 && many <= 8, "{few} {many}");
}

#[test]
fn a_run_frees_no_memory_under_a_kernel() {
    let output = tempfile::tempdir().unwrap();
    let dose = output.path().join("dose.h5");
    let run = format!(
        "run examples/two_spots.toml --quiet --backend cuda -o {}",
        dose.display()
    );
    let (code, said) = on_idle_gpu(&run);
    // Kernels that do nothing lose the beam.
    assert_eq!(code, Some(70), "{said}");
    assert!(times(&said, "pinned memory made") <= 8, "{said}");
}

#[test]
fn a_dense_step_is_timed_as_the_device_takes_it_with_two_operators_in_one_pass() {
    let (code, said) = on_idle_gpu("bench --backend cuda --grid 8x8x12x10 --steps 3");
    assert_eq!(code, Some(70), "{said}");
    assert!(said.contains("of the weight"), "{said}");
    // Of the first scheme, with a step that warms up.
    assert_eq!(times(&said, "transport launched"), 3 + 1, "{said}");
}
