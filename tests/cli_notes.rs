//! Notes that `check` and `run` print alike, and how a run says that it ended.

#[path = "support/ended.rs"]
mod ended;

use ended::smatrix2d;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A case of 20 by 40 mm of water whose beam ends in it.
const SMALL: &str = "[phantom]\nmaterial = \"water\"\nx_mm = [-10, 10]\nz_mm = [0, 40]\nspacing_mm = [2, 1]\n[[beam]]\nenergy_mev = 60\nsigma_x_mm = 2\n[run]\nbackend = \"cpu\"\n";

/// Stderr of a run of the small case with more lines, and the notes of its check, which are the same.
fn notes(more: &str) -> Vec<String> {
    notes_with(more, &[])
}

/// The same with more arguments.
fn notes_with(more: &str, arguments: &[&str]) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("case.toml");
    std::fs::write(&path, format!("{SMALL}{more}")).unwrap();
    let (path, out) = (path.to_str().unwrap(), folder.path().join("out.h5"));
    let (code, _, stderr) =
        smatrix2d(&[&["run", path, "-o", out.to_str().unwrap()], arguments].concat());
    assert_eq!(code, 0, "{stderr}");
    let plan = smatrix2d(&[&["check", path], arguments].concat()).1;
    let in_plan: Vec<&str> = plan
        .lines()
        .filter(|line| line.starts_with("note: "))
        .collect();
    let in_run: Vec<&str> = stderr
        .lines()
        .filter(|line| line.starts_with("note: "))
        .collect();
    assert_eq!(in_run, in_plan);
    in_run.into_iter().map(String::from).collect()
}

#[test]
fn a_region_without_a_cell_is_told() {
    let region = "[[phantom.region]]\nmaterial = \"lung\"\nz_mm = ";
    assert_eq!(notes(&format!("{region}[10, 20]\n")), [""; 0]);
    let told = notes(&format!("{region}[10.6, 11.4]\n"));
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("phantom.region[0].z_mm: no cell has its centre between 10.6 and 11.4 mm")
    );
    assert_eq!(notes(&format!("{region}[10.2, 20]\n")).len(), 1);
}

#[test]
fn path_steps_longer_than_a_cell_are_told() {
    let path = |step_mm: f64| {
        let grid = "[grid]\nrange_bin_mm = 1\nangle_bin_deg = 5\n";
        notes(&format!(
            "{grid}[transport]\nstepping = \"path\"\nstep_mm = {step_mm}\n"
        ))
    };
    assert_eq!(path(1.0), [""; 0]);
    let told = path(2.0);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("transport.step_mm: steps of 2 mm are longer than cells"));
}

#[test]
fn keys_without_effect_are_told() {
    let more = "[transport]\nstep_mm = 0.5\nangle_cap_deg = 100\n[physics]\nsingle_scattering = \"moliere\"\ncross_sections = \"icru63\"\nsecondaries = \"icru63\"\n[output]\nplanes_mm = [20]\n";
    let told = notes(more);
    let keys = [
        "transport.step_mm",
        "transport.angle_cap_deg",
        "physics.single_scattering",
        "physics.cross_sections",
        "physics.secondaries",
        "output.planes_mm",
    ];
    assert_eq!(told.len(), keys.len(), "{told:?}");
    for (note, key) in told.iter().zip(keys) {
        assert!(
            note.starts_with(&format!("note: {key}: no effect")),
            "{note}"
        );
    }
}

#[test]
fn a_correlation_of_a_parallel_beam_is_told() {
    let told = notes("[[beam]]\nenergy_mev = 60\nsigma_x_mm = 2\ncorrelation = 0.5\n");
    let expected = "note: beam.correlation: no effect without sigma_x_mm and divergence_mrad";
    assert_eq!(told, [expected]);
    let more =
        "[[beam]]\nenergy_mev = 60\nsigma_x_mm = 2\ndivergence_mrad = 3\ncorrelation = 0.5\n";
    assert_eq!(notes(more), [""; 0]);
}

#[test]
fn a_device_that_the_cpu_does_not_use_is_told() {
    let told = notes_with("", &["--device", "99"]);
    let expected = "note: --device 99: no effect with backend = \"cpu\", which uses no GPU";
    assert_eq!(told, [expected]);
    let bench = "bench --backend cpu --device 99 --grid 8x8x12x10 --steps 1";
    let (code, _, stderr) = smatrix2d(&bench.split(' ').collect::<Vec<_>>());
    assert_eq!((code, stderr.trim_end()), (0, expected));
}

#[test]
fn what_stops_a_run_before_it_begins_is_told_by_check() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("case.toml");
    std::fs::write(&path, SMALL).unwrap();
    let path = path.to_str().unwrap();
    let half = [path, "--precision", "half"];
    let (code, _, refused) = smatrix2d(&[&["run"], &half[..]].concat());
    assert_eq!(code, 65, "{refused}");
    let why = refused.strip_prefix("error: ").unwrap().trim_end();
    let note = why.replace("\nhint: ", "; ");
    let (code, plan, _) = smatrix2d(&[&["check"], &half[..]].concat());
    assert_eq!(code, 0);
    assert!(note.starts_with("run.precision: half precision"), "{note}");
    let told = format!("note: a run would stop: {note}");
    assert_eq!(plan.lines().last(), Some(told.as_str()));
}

/// The first line on stderr; the program is not waited for.
fn first_line(arguments: &[&str]) -> String {
    let program = assert_cmd::cargo::cargo_bin("smatrix2d");
    let mut child = Command::new(program)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    stderr.read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    line
}

#[test]
fn tables_that_take_long_are_told_before_they_are_built() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("case.toml");
    std::fs::write(&path, SMALL).unwrap();
    let (path, out) = (path.to_str().unwrap(), folder.path().join("out.h5"));
    let run = ["run", path, "-o", out.to_str().unwrap()];
    for command in [&run[..], &["check", path]] {
        for (sets, bins) in [
            (
                "grid.range_bin_mm=0.002",
                "energy bins, 81 angle bins and 1 media",
            ),
            ("grid.angle_bins=2000", "281 energy bins, 2000 angle bins"),
        ] {
            let moliere = ["--set", sets, "--set", "physics.scattering=moliere"];
            let line = first_line(&[command, &moliere].concat());
            let told = line.starts_with("large tables come first, for ");
            assert!(told && line.contains(bins), "{command:?} {sets}: {line}");
        }
    }
}

#[test]
fn a_beam_in_an_outermost_cell_is_told() {
    let across = |cell_mm: &str| {
        let spacing = format!("phantom.spacing_mm=[{cell_mm}, 1]");
        let sets = ["--set", &spacing, "--set", "beam.0.sigma_x_mm=0"];
        notes_with("", &sets)
    };
    // One cell, two whose common edge the beam is on, five.
    for cell_mm in ["20", "10"] {
        let told = across(cell_mm);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("beam[0].x_mm: the beam enters an outermost cell"));
    }
    assert_eq!(across("4"), [""; 0]);
}

#[test]
fn planes_inside_a_cell_are_told_with_the_edge_where_they_are_scored() {
    let spectra = |planes: &str| {
        notes(&format!(
            "[output]\nquantities = [\"energy_spectrum\"]\nplanes_mm = {planes}\n"
        ))
    };
    assert_eq!(spectra("[0, 20]"), [""; 0]);
    let told = spectra("[20, 10.3]");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("output.planes_mm[1]: 10.3 mm lies inside a cell"));
    assert!(told[0].contains("at 10 mm"));
}

#[test]
fn the_dose_file_tells_a_march_that_ran_out_of_steps() {
    let folder = TempDir::new().unwrap();
    let case = folder.path().join("case.toml");
    std::fs::write(&case, SMALL).unwrap();
    // A window that is never trimmed is never empty either.
    for (set, reason) in [
        ("transport.max_steps=5", "max_steps"),
        ("transport.max_steps=100", "done"),
        ("transport.prune=0", "done"),
    ] {
        let out = folder.path().join("out.h5");
        let (case, out) = (case.to_str().unwrap(), out.to_str().unwrap());
        let (code, _, stderr) = smatrix2d(&["run", case, "-q", "-o", out, "--set", set]);
        assert_eq!(code, 0, "{stderr}");
        let file = hdf5::File::open(out).unwrap();
        for group in ["/", "/provenance"] {
            let attribute = file.group(group).unwrap().attr("exit_reason").unwrap();
            let found = attribute
                .read_scalar::<hdf5::types::FixedAscii<16>>()
                .unwrap();
            assert_eq!(found.as_str(), reason, "{group}");
        }
    }
}
