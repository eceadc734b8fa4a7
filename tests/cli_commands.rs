//! The commands: what they print, where, and the code they end with.

#[path = "support/ended.rs"]
mod ended;

use assert_cmd::Command;
use ended::smatrix2d;
use serde_json::Value;
use smatrix2d::case::Case;
use smatrix2d::phantom::Phantom;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;

fn json(arguments: &[&str]) -> Value {
    let (code, stdout, stderr) = smatrix2d(arguments);
    assert_eq!(code, 0, "{stderr}");
    serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{error}: {stdout}"))
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = std::fs::read_dir(folder).expect("the examples are there");
    let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    paths.sort();
    paths
}

fn example(name: &str) -> String {
    let found = examples().into_iter().find(|path| path.ends_with(name));
    found
        .expect("the example is there")
        .to_string_lossy()
        .into_owned()
}

#[test]
fn every_example_is_a_good_case() {
    assert!(examples().len() >= 6);
    for path in examples() {
        let case = Case::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
        Phantom::build(&case, path.parent().unwrap()).unwrap_or_else(|error| panic!("{error}"));
        let again =
            Case::parse(&case.resolved_text, &path, &[]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(case.resolved_text, again.resolved_text);
    }
}

#[test]
fn every_example_runs() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out.h5");
    for path in examples() {
        let path = path.to_str().unwrap();
        let figures = json(&[
            "run",
            path,
            "--backend",
            "cpu",
            "--json",
            "-q",
            "-o",
            out.to_str().unwrap(),
        ]);
        assert!(
            figures["peak_depth_mm"].as_f64().unwrap() > 0.0,
            "{path}: {figures}"
        );
    }
}

#[test]
fn check_prints_the_plan_and_writes_nothing() {
    let folder = TempDir::new().unwrap();
    let mut command = Command::cargo_bin("smatrix2d").unwrap();
    let path = example("water_150mev.toml");
    let output = command
        .args(["check", &path, "--backend", "cpu"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    for part in [
        "150 MeV pencil beam",
        "81 angle x 180 z x 80 x",
        "0.5000 mm of range, 0.5 degree",
        "at most 180 (depth stepping)",
        "(asked for)",
    ] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_dry_run_prints_what_check_prints() {
    let path = example("half_bone.toml");
    let arguments = [
        path.as_str(),
        "--backend",
        "cpu",
        "--set",
        "grid.range_bin_mm=1.0",
    ];
    let dry = smatrix2d(&[&["run", "--dry-run"], &arguments[..]].concat());
    assert_eq!(dry, smatrix2d(&[&["check"], &arguments[..]].concat()));
}

#[test]
fn the_plan_counts_bins_and_bytes() {
    let path = example("water_150mev.toml");
    let plan = json(&["check", &path, "--json", "--backend", "cpu"]);
    let number = |key: &str| {
        plan[key]
            .as_u64()
            .unwrap_or_else(|| panic!("{key} in {plan}"))
    };
    // 157.7 mm of CSDA range in water at 150 MeV (PSTAR: 15.77 g/cm2) less the cutoff's 0.08 mm, 0.5 mm a bin: 315 bins
    // below the beam's own and two above. 20 degrees each way in 0.5 degrees, and one bin about 0.
    assert_eq!(number("energy_bins"), 318);
    assert_eq!(number("angle_bins"), 81);
    let bins = 318 * 81 * 80;
    assert_eq!(number("bins_held"), bins);
    // In 4 bytes psi, its copy and twelve sums over energy, 80 cells and 15 places to spare in rows of 16s; and all else
    // (tests/memory.rs): tables and maps of a few MB.
    let psi_bytes = (2 * 318 + 12) * 4 * 81 * 96;
    assert!((psi_bytes..psi_bytes + 5_000_000).contains(&number("host_bytes")));
    assert_eq!(number("device_bytes"), 0);
    let double = json(&[
        "check",
        &path,
        "--json",
        "--backend",
        "cpu",
        "--precision",
        "double",
    ]);
    // Twice psi's bytes, and of the tables and sums what is in the run's precision.
    let more = double["host_bytes"].as_u64().unwrap() - number("host_bytes");
    assert!((psi_bytes..psi_bytes + 4_000_000).contains(&more));
}

#[test]
fn the_widths_of_bins_by_default_stand_in_the_plan_in_the_dose_file_and_in_json() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out.h5");
    let path = example("two_spots.toml");
    let case = [path.as_str(), "--backend", "cpu", "--json"];
    let beams = |axis: &'static str| {
        let keys = [
            "beam.0.energy_mev=70",
            "beam.1.energy_mev=100",
            "grid.angle_bins=60",
            axis,
        ];
        let sets = keys.iter().flat_map(|key| ["--set", key]);
        [&case[..], &sets.collect::<Vec<_>>()].concat()
    };
    let names = ["range_bin_mm", "range_bin_widest_mm", "angle_bin_deg"];
    let in_json = |found: Value| names.map(|name| found[name].as_f64());
    // Cells of 1 mm: a whole fraction of them, at most a third of 0.012 R^0.935 (R in cm: 4.08 and 7.72); 40 degrees in 60.
    let expected = [Some(1.0 / 7.0), Some(0.25), Some(40.0 / 60.0)];
    let ranges = beams("grid.energy_axis=range");
    assert_eq!(in_json(json(&[&["check"], &ranges[..]].concat())), expected);
    let run = ["run", "-q", "-o", out.to_str().unwrap()];
    assert_eq!(in_json(json(&[&run, &ranges[..]].concat())), expected);
    let grid = hdf5::File::open(&out).unwrap().group("grid").unwrap();
    let stored = names.map(|name| grid.attr(name).unwrap().read_scalar::<f64>().ok());
    assert_eq!(stored, expected);
    let energies = json(&[&["check"], &beams("grid.energy_axis=log")[..]].concat());
    assert_eq!(in_json(energies), [None, None, expected[2]]);
}

#[test]
fn path_stepping_holds_every_plane() {
    let plan = json(&[
        "check",
        &example("oblique_path.toml"),
        "--json",
        "--backend",
        "cpu",
    ]);
    let count = |key: &str| plan[key].as_u64().unwrap();
    // 60 cells are padded to rows of 64.
    let product = count("energy_bins") * count("angle_bins") * 40 * 64;
    assert_eq!(count("bins_held"), product);
    // 40.8 mm of CSDA range at 70 MeV, 1 mm a step.
    assert_eq!(count("steps_expected"), 41);
}

#[test]
fn named_flags_win_over_set() {
    let path = example("water_150mev.toml");
    let plan = json(&[
        "check",
        &path,
        "--json",
        "--set",
        "run.backend=cuda",
        "--backend",
        "cpu",
    ]);
    assert_eq!(plan["backend_reason"], "asked for");
}

#[test]
fn the_resolved_case_can_be_printed_and_checked_again() {
    let (code, text, _) = smatrix2d(&["check", &example("two_spots.toml"), "--resolved"]);
    assert_eq!(code, 0);
    let again =
        Case::parse(&text, Path::new("again.toml"), &[]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(again.resolved_text, text);
}

#[test]
fn materials_are_listed_with_density_i_value_and_source() {
    let (code, text, _) = smatrix2d(&["materials"]);
    assert_eq!(code, 0);
    let water = text
        .lines()
        .find(|line| line.starts_with("water "))
        .expect("water is built in");
    assert!(water.contains("75") && water.contains("PSTAR"), "{water}");
    let listed = json(&["materials", "--json"]);
    assert_eq!(listed.as_array().unwrap().len(), text.lines().count() - 1);
}

#[test]
fn a_material_is_printed_with_its_table() {
    let water = json(&["materials", "water", "--json"]);
    let energies = water["energy_mev"].as_array().unwrap();
    let row = energies
        .iter()
        .position(|energy| energy.as_f64() == Some(150.0))
        .unwrap();
    let range = water["csda_range_g_per_cm2"][row].as_f64().unwrap();
    // PSTAR: 15.77 g/cm2, four digits.
    assert!((range - 15.77).abs() < 0.005, "{range}");
    let (code, text, _) = smatrix2d(&["materials", "water"]);
    assert!(
        code == 0 && text.contains("mean excitation energy  75 eV"),
        "{text}"
    );
}

#[test]
fn help_and_version_end_with_0_on_stdout() {
    for arguments in [
        &["--help"][..],
        &["--version"],
        &["run", "--help"],
        &["compare", "--help"],
    ] {
        let (code, stdout, stderr) = smatrix2d(arguments);
        assert_eq!((code, stderr.as_str()), (0, ""), "{arguments:?}");
        assert!(!stdout.is_empty());
    }
    assert!(
        smatrix2d(&["--help"])
            .1
            .contains("Exit codes: 0 done, 64 usage")
    );
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let program = assert_cmd::cargo::cargo_bin("smatrix2d");
    let mut child = std::process::Command::new(program)
        .arg("materials")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn a_stdout_that_is_full_ends_with_74() {
    let folder = TempDir::new().unwrap();
    let curve = folder.path().join("a.csv");
    std::fs::write(&curve, "depth,dose\n0,1\n1,2\n2,1\n").unwrap();
    let curve = curve.to_str().unwrap();
    for arguments in [
        &["materials"][..],
        &["devices"],
        &["compare", curve, curve],
        &["--help"],
        &["run", "--help"],
        &["--version"],
    ] {
        let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("smatrix2d"))
            .args(arguments)
            .stdout(std::fs::File::create("/dev/full").unwrap())
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(74), "{arguments:?}: {stderr}");
        assert!(stderr.contains("stdout cannot be written"), "{stderr}");
    }
}

#[test]
fn a_stderr_that_is_full_leaves_the_exit_code() {
    let output = std::process::Command::new(assert_cmd::cargo::cargo_bin("smatrix2d"))
        .args(["run", "absent.toml"])
        .stderr(std::fs::File::create("/dev/full").unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(66));
}

#[test]
fn a_run_writes_the_dose_file_and_prints_the_table() {
    let folder = TempDir::new().unwrap();
    let path = example("water_150mev.toml");
    let mut command = Command::cargo_bin("smatrix2d").unwrap();
    let coarse = [
        "--set",
        "phantom.spacing_mm=[2, 2]",
        "--set",
        "grid.range_bin_mm=2",
    ];
    let output = command
        .args(["run", &path, "--backend", "cpu"])
        .args(coarse)
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for name in [
        "backend",
        "steps",
        "wall time",
        "R80",
        "peak",
        "sigma at peak",
        "weight balance",
        "energy balance",
    ] {
        assert!(
            text.lines().any(|line| line.starts_with(name)),
            "no `{name}` in {text}"
        );
    }
    assert!(!text.contains('?') && !text.contains("none"), "{text}");
    // Named after the case, in the current folder, and nothing beside it.
    let files: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(files, ["water_150mev.h5"]);
    let progress = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        progress.lines().count() <= 10,
        "at most a line each 10 %: {progress}"
    );
}

#[test]
fn a_quiet_run_says_nothing_and_json_holds_the_figures() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out.h5");
    let arguments = [
        "run",
        &example("water_150mev.toml"),
        "--backend",
        "cpu",
        "--quiet",
        "-o",
        out.to_str().unwrap(),
    ];
    assert_eq!(smatrix2d(&arguments), (0, String::new(), String::new()));
    assert!(out.is_file());
    let figures = json(&[&arguments[..], &["--json"]].concat());
    let r80_mm = figures["r80_mm"].as_f64().unwrap();
    // The CSDA range of PSTAR is 157.7 mm; R80 lies within 0.2 % of it.
    assert!((r80_mm - 157.7).abs() < 0.4, "{r80_mm}");
    assert_eq!(figures["output"], out.to_str().unwrap());
    assert!(figures["audit"]["weight_residual"].as_f64().unwrap().abs() < 1e-6);
    assert!(figures["audit"]["energy_residual"].as_f64().unwrap().abs() < 1e-6);
}
