//! scripts/gpu-check on a machine without a GPU: it says so, and leaves a report. The rest of it needs a GPU.

use assert_cmd::Command;
use std::path::Path;

#[test]
#[ignore = "needs Python"]
fn without_a_gpu_the_check_says_so_and_ends_with_69() {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/gpu-check");
    let [here, program, no_library] =
        ["gpu-check", "smatrix2d", "libcuda.so"].map(|name| folder.path().join(name));
    std::fs::copy(script, &here).unwrap();
    std::fs::copy(assert_cmd::cargo::cargo_bin("smatrix2d"), program).unwrap();
    // A file that is no library ends the search for the driver's, on a machine with a GPU too.
    std::fs::write(&no_library, "").unwrap();
    std::fs::copy(&no_library, folder.path().join("libcuda.so.1")).unwrap();
    let python = std::env::var("SMATRIX2D_PYTHON").unwrap_or("python3".into());
    let results = folder.path().join("results");
    let output = Command::new(python)
        .arg(here)
        .arg(&results)
        .env("LD_LIBRARY_PATH", folder.path())
        .assert()
        .code(69);
    let said = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        said.contains("there is no GPU") && said.contains("hint:"),
        "{said}"
    );
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(results.join("report.json")).unwrap()).unwrap();
    assert_eq!(report["devices"]["devices"], serde_json::json!([]));
}
