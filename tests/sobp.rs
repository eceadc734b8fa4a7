//! Spread-out Bragg peaks: flat, of the range asked for, and what their case files give when they run.

use assert_cmd::Command;
use smatrix2d::backend;
use smatrix2d::case::{BackendChoice, Case, Nuclear, Precision};
use smatrix2d::curves::{find_peak, width_at};
use smatrix2d::phantom::Phantom;
use smatrix2d::results::Results;
use smatrix2d::sobp::{self, Field, Spec};
use smatrix2d::transport;
use std::path::Path;
use tempfile::TempDir;

const SPEC: Spec = Spec {
    range_mm: 60.0,
    modulation_mm: 20.0,
    width_mm: None,
    spot_spacing_mm: 4.0,
    sigma_x_mm: 4.0,
    energy_spread_percent: 0.8,
    cell_mm: None,
    material: String::new(),
    nuclear: Nuclear::None,
    precision: Precision::Single,
};

fn spec() -> Spec {
    Spec {
        material: "water".into(),
        ..SPEC
    }
}

fn plan(spec: &Spec) -> Field {
    let opened = backend::open(BackendChoice::Cpu, Precision::Single, None).unwrap();
    sobp::plan(spec, opened.machine.as_ref(), &mut |_, _| ())
        .unwrap_or_else(|error| panic!("{error}"))
}

fn run(field: &Field) -> Results {
    let case = Case::parse(&field.case_text, Path::new("sobp.toml"), &[]).unwrap();
    let phantom = Phantom::build(&case, Path::new("")).unwrap();
    let opened = backend::open(BackendChoice::Cpu, Precision::Single, None).unwrap();
    let outcome = transport::run(&case, &phantom, opened.machine.as_ref(), &mut |_| ()).unwrap();
    outcome.results
}

#[test]
fn the_plateau_is_flat_and_ends_at_the_range() {
    for (range_mm, modulation_mm, material) in [
        (60.0, 20.0, "water"),
        (25.0, 20.0, "water"),
        (90.0, 30.0, "pmma"),
    ] {
        let spec = Spec {
            range_mm,
            modulation_mm,
            material: material.into(),
            ..SPEC
        };
        let field = plan(&spec);
        println!(
            "{range_mm} {modulation_mm} {material}: {} {}",
            field.ripple, field.distal_90_mm
        );
        assert!(field.ripple < 0.02, "{range_mm}: {}", field.ripple);
        assert!(
            (field.distal_90_mm - range_mm).abs() < 0.3,
            "{range_mm}: {}",
            field.distal_90_mm
        );
        assert_eq!(field.plateau_mm[0], range_mm - modulation_mm);
        // The shoulder is the distal layer's own: nothing within 2 sigma of the range counts as lost plateau.
        assert!(
            range_mm - field.plateau_mm[1] < 0.025 * range_mm,
            "{:?}",
            field.plateau_mm
        );
        let sum: f64 = field.layers.iter().map(|layer| layer.weight).sum();
        assert!((sum - 1.0).abs() < 1e-6);
        assert!(field.layers.iter().all(|layer| layer.weight > 0.0));
        assert!(
            field
                .layers
                .windows(2)
                .all(|pair| pair[0].energy_mev > pair[1].energy_mev)
        );
    }
}

#[test]
fn the_written_case_gives_what_was_planned_and_a_uniform_field() {
    let field = plan(&Spec {
        width_mm: Some(40.0),
        modulation_mm: 10.0,
        ..spec()
    });
    let results = run(&field);
    let peak = field
        .depth_dose_mev_per_mm
        .iter()
        .fold(0.0_f64, |a, b| a.max(*b));
    for (i, planned) in field.depth_dose_mev_per_mm.iter().enumerate() {
        let found = results.depth_dose_mev_per_mm[i];
        // Columns of 1 mm for the planner's wide ones: the same protons, summed in another order and window.
        assert!(
            (found - planned).abs() < 2e-3 * peak,
            "{i}: {found} for {planned}"
        );
    }
    let dose = results.dose_gy_mm.as_ref().unwrap();
    for depth in [0, 25, 55] {
        let row = dose.row(depth);
        let centre = row[row.len() / 2];
        let inside = |x: f64| x.abs() < 0.5 * 40.0 - 2.5 * SPEC.sigma_x_mm;
        for (dose, x) in row.iter().zip(&results.x_mm.centers) {
            assert!(
                !inside(*x) || (dose / centre - 1.0).abs() < 0.02,
                "{x}: {dose} for {centre}"
            );
        }
        let width = row.iter().filter(|dose| **dose > 0.5 * centre).count();
        assert!((width as i64 - 40).abs() <= 1, "{width} mm at half height");
    }
}

#[test]
fn the_narrowest_field_has_its_width_at_the_entrance() {
    let field = plan(&Spec {
        range_mm: 40.0,
        modulation_mm: 5.0,
        width_mm: Some(14.0),
        ..spec()
    });
    let results = run(&field);
    let row = results.dose_gy_mm.as_ref().unwrap().row(0).to_vec();
    let x_mm = &results.x_mm.centers;
    let peak = find_peak(x_mm, &row).unwrap();
    let width_mm = width_at(x_mm, &row, &peak, 0.5 * peak.height);
    assert!((width_mm / 14.0 - 1.0).abs() < 0.06, "{width_mm} mm");
}

#[test]
fn planning_twice_gives_the_same_text() {
    let spec = Spec {
        range_mm: 40.0,
        modulation_mm: 10.0,
        ..spec()
    };
    assert_eq!(plan(&spec).case_text, plan(&spec).case_text);
}

fn sobp(folder: &TempDir, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::cargo_bin("smatrix2d").unwrap();
    let output = command
        .current_dir(folder.path())
        .args(["sobp", "--backend", "cpu"])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn the_command_writes_a_case_and_prints_its_figures() {
    let folder = TempDir::new().unwrap();
    let (code, stdout, stderr) = sobp(
        &folder,
        &[
            "--range",
            "40",
            "--modulation",
            "8",
            "--nuclear",
            "local",
            "--precision",
            "double",
            "-q",
            "-o",
            "field.toml",
        ],
    );
    assert_eq!((code, stderr.as_str()), (0, ""));
    for name in ["layers", "distal 90 %", "plateau", "written"] {
        assert!(
            stdout.lines().any(|line| line.starts_with(name)),
            "no `{name}` in {stdout}"
        );
    }
    let case = Case::load(&folder.path().join("field.toml"), &[]).unwrap();
    assert_eq!(case.physics.nuclear, Nuclear::Local);
    assert_eq!(case.run.precision, Precision::Double);
}

#[test]
fn fields_that_cannot_be_made_are_usage_errors() {
    let wrong: &[(&[&str], &str)] = &[
        (
            &["--range", "100", "--modulation", "30", "--material", "air"],
            "allowed: above 2",
        ),
        (
            &[
                "--range",
                "60",
                "--modulation",
                "10",
                "--energy-spread",
                "25",
            ],
            "less the spread; allowed: above 2",
        ),
        (
            &["--range", "100", "--modulation", "0.1"],
            "(99.90 to 98.64 mm): found 0; allowed: 2 at least",
        ),
        (
            &["--range", "100", "--modulation", "2"],
            "found 1; allowed: 2 at least",
        ),
        (
            &["--range", "100", "--modulation", "30", "--cell", "150"],
            "cells of 150 mm do not show the distal fall-off",
        ),
        (
            &["--range", "50", "--modulation", "10", "--cell", "3"],
            "which is 1.05 mm long; allowed: at most 1.047 mm",
        ),
        (
            &["--range", "50", "--modulation", "10", "--cell", "1"],
            "the distal 90 % came to lie at 49.858 mm with cells of 1 mm; allowed: within 0.05 mm",
        ),
        (
            &["--range", "60", "--modulation", "20", "--width", "5"],
            "is 9.9 mm wide at half height; allowed: from 14 mm on",
        ),
        (
            &["--range", "60", "--modulation", "20", "--spot-spacing", "3"],
            "--width <MM>",
        ),
        (
            &["--range", "60", "--modulation", "20", "--width", "1e9"],
            "at most 1000 mm",
        ),
        (
            &[
                "--range",
                "60",
                "--modulation",
                "20",
                "--width",
                "40",
                "--spot-spacing",
                "1e-9",
            ],
            "allowed: at most 1000",
        ),
        (
            &["--range", "60", "--modulation", "20", "--cell", "1e-9"],
            "cells along the range",
        ),
        (
            &["--range", "60", "--modulation", "20", "--sigma", "1e9"],
            "makes no case: phantom.x_mm",
        ),
        (
            &["--range", "60", "--modulation", "60"],
            "the plateau would begin at 0 mm",
        ),
        (&["--range", "700", "--modulation", "60"], "at most 300"),
        (
            &[
                "--range",
                "60",
                "--modulation",
                "10",
                "--width",
                "40",
                "--spot-spacing",
                "9",
            ],
            "leave gaps",
        ),
        (
            &[
                "--range",
                "60",
                "--modulation",
                "10",
                "--material",
                "wather",
            ],
            "no built-in material",
        ),
        (&["--range", "nan", "--modulation", "10"], "above 0"),
        (
            &["--range", "60", "--modulation", "-1"],
            "unexpected argument",
        ),
        (
            &["--range", "60", "--modulation", "10", "--nuclear", "some"],
            "invalid value",
        ),
        (&["--modulation", "10"], "--range"),
    ];
    for (arguments, words) in wrong {
        let folder = TempDir::new().unwrap();
        let (code, _, stderr) = sobp(&folder, &[*arguments, &["-o", "field.toml"]].concat());
        assert_eq!(code, 64, "{stderr}");
        assert!(stderr.contains(words), "no `{words}` in {stderr}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
