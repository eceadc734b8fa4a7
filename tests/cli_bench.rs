//! `bench`: what it prints for grids and for beams, and which arguments it refuses. No time is asserted.

use assert_cmd::Command;
use serde_json::Value;

fn bench(arguments: &str) -> (i32, String, String) {
    let output = Command::cargo_bin("smatrix2d")
        .expect("the binary is built with the tests")
        .arg("bench")
        .args(arguments.split_whitespace())
        .output()
        .expect("the program starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = output.status.code().unwrap_or(-1);
    (code, text(&output.stdout), text(&output.stderr))
}

fn json(arguments: &str) -> Value {
    let (code, stdout, stderr) = bench(&format!("{arguments} --json"));
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

#[test]
fn a_grid_is_timed_per_operator_for_both_schemes() {
    let report = json("--grid 8x8x12x10 --steps 1 --backend cpu");
    assert_eq!(report["steps"], 1);
    let schemes = report["schemes"].as_array().expect("a list");
    let names: Vec<&Value> = schemes.iter().map(|scheme| &scheme["streaming"]).collect();
    assert_eq!(names, ["cubic", "linear"]);
    for scheme in schemes {
        assert_eq!(scheme["figures"]["bins"], 8 * 8 * 12 * 10);
        for operator in [
            "scattering_s",
            "streaming_s",
            "energy_loss_s",
            "step_s",
            "copy_s",
        ] {
            let seconds = scheme["figures"][operator].as_f64();
            assert!(seconds.is_some_and(|s| s > 0.0), "{operator}: {scheme}");
        }
        let residual = scheme["figures"]["weight_residual"].as_f64();
        // Rounding of single precision.
        assert!(residual.is_some_and(|r| r.abs() < 1e-6), "{scheme}");
    }
    let (code, text, _) = bench("--grid 8x8x12x10 --steps 1 --backend cpu");
    assert_eq!(code, 0);
    assert_eq!(text.matches("\nstreaming").count(), 2, "{text}");
}

#[test]
fn beams_are_timed_each_alone_and_many_in_one_case() {
    let report = json("--beams --spots 2 --steps 1 --backend cpu");
    let beams = report["beams"].as_array().expect("a list");
    assert_eq!(beams.len(), 10, "{report}");
    let last = &beams[9];
    assert_eq!(
        (&last["spots"], &last["energy_mev"]),
        (&2.into(), &150.0.into())
    );
    for beam in beams {
        assert!(beam["run_s"].as_f64().is_some_and(|s| s > 0.0), "{beam}");
        assert!(beam["steps"].as_u64().is_some_and(|n| n > 0), "{beam}");
    }
    // One spot is in the table already.
    let alone = json("--beams --spots 1 --steps 1 --backend cpu");
    assert_eq!(alone["beams"].as_array().map(Vec::len), Some(9));
}

#[test]
fn wrong_arguments_are_usage_errors() {
    for (arguments, named) in [
        ("--grid 8x8", "'8x8' is no grid"),
        ("--grid 8x8x99999x8", "--grid: the grid makes no case"),
        ("--beams --spots 100000000", "1..=10000"),
        ("--grid 8x8x1x8 --backend cuda", "'8x8x1x8' is no grid"),
        ("--beams --spots 0", "--spots"),
        ("--spots 4", "--beams"),
        ("--beams --grid S", "--grid"),
        ("--steps 0", "--steps"),
        ("--precision quarter", "--precision"),
    ] {
        let (code, stdout, stderr) = bench(arguments);
        assert_eq!((code, stdout.as_str()), (64, ""), "{arguments}: {stderr}");
        assert!(stderr.contains(named), "{arguments}: {stderr}");
    }
}
