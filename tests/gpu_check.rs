//! scripts/gpu-check on a machine without a GPU: it says so, and leaves a report. The rest of it needs a GPU.

use assert_cmd::Command;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Exit code, what it said on stderr, and its report, with this file as the program.
fn checked(program: &Path) -> (Option<i32>, String, serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/gpu-check");
    let [here, copy, no_library, results] =
        ["gpu-check", "smatrix2d", "libcuda.so", "results"].map(|name| folder.path().join(name));
    std::fs::copy(script, &here).unwrap();
    std::fs::copy(program, copy).unwrap();
    // A file that is no library ends the search for the driver's, on a machine with a GPU too.
    std::fs::write(&no_library, "").unwrap();
    std::fs::copy(&no_library, folder.path().join("libcuda.so.1")).unwrap();
    let python = std::env::var("SMATRIX2D_PYTHON").unwrap_or("python3".into());
    let mut command = Command::new(python);
    command
        .args([&here, &results])
        .env("LD_LIBRARY_PATH", folder.path());
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report = std::fs::read(results.join("report.json")).unwrap();
    (
        output.status.code(),
        said,
        serde_json::from_slice(&report).unwrap(),
    )
}

#[test]
#[ignore = "needs Python"]
fn without_a_gpu_the_check_says_so_and_ends_with_69() {
    let (code, said, report) = checked(&assert_cmd::cargo::cargo_bin("smatrix2d"));
    assert_eq!(code, Some(69), "{said}");
    assert!(
        said.contains("there is no GPU: ") && said.contains("hint:"),
        "{said}"
    );
    assert!(said.contains("libcuda.so.1"), "the reason: {said}");
    assert_eq!(report["devices"]["devices"], serde_json::json!([]));
}

#[test]
#[ignore = "needs Python"]
fn a_program_that_does_not_start_is_a_failure_with_the_loaders_words() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    let words = "libm.so.6: version `GLIBC_2.35' not found";
    std::fs::write(
        &program,
        format!(
            "#!/bin/sh\necho \"{}\" >&2\nexit 1\n",
            words.replace('`', "\\`")
        ),
    )
    .unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (code, said, report) = checked(&program);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("does not start") && said.contains("glibc"),
        "{said}"
    );
    let failure = report["failures"][0].as_str().unwrap();
    assert!(failure.contains(words), "{failure}");
}
