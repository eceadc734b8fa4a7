//! Comparing files: every format that is read, every figure that is printed.

#[path = "support/command.rs"]
mod command;
#[path = "support/sample_results.rs"]
mod sample_results;

use ndarray::{Array1, Array2};
use sample_results::{sample_provenance, sample_results};
use smatrix2d::compare::files::load;
use smatrix2d::compare::gamma::Normalisation;
use smatrix2d::compare::{Report, Settings, compare, to_text};
use smatrix2d::dose_file::write;
use smatrix2d::error::{Error, Kind};
use smatrix2d::results::{Axis, Results};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

fn compared(a: &Path, b: &Path) -> Result<Report, Error> {
    let settings = Settings {
        criteria: vec!["2%/2mm".parse()?],
        normalisation: Normalisation::Global,
        threshold: 0.1,
    };
    Ok(compare(&load(a)?, &load(b)?, &settings)?.report)
}

fn write_dose_file(path: &Path, results: &Results) {
    write(path, results, &sample_provenance()).unwrap();
}

/// The sample's energy deposit as another code would write it.
fn write_npz(path: &Path, results: &Results) {
    write_npz_map(path, results, "edep", &results.energy_deposit_mev);
}

fn write_npz_map(path: &Path, results: &Results, name: &str, map: &Array2<f64>) {
    let mut archive = ndarray_npy::NpzWriter::new_compressed(File::create(path).unwrap());
    archive
        .add_array("z_mm", &Array1::from(results.z_mm.centers.clone()))
        .unwrap();
    archive
        .add_array("x_mm", &Array1::from(results.x_mm.centers.clone()))
        .unwrap();
    archive
        .add_array(name, &map.mapv(|value| value as f32))
        .unwrap();
    archive.finish().unwrap();
}

fn write_csv(path: &Path, results: &Results) {
    let rows = results
        .z_mm
        .centers
        .iter()
        .zip(&results.depth_dose_mev_per_mm);
    let lines: String = rows
        .map(|(z, dose)| format!("{z},{}\n", 17.0 * dose))
        .collect();
    fs::write(path, format!("# measured\ndepth_mm,dose\n{lines}")).unwrap();
}

fn figure(report: &Report, name: &str) -> f64 {
    report
        .figures
        .iter()
        .find(|figure| figure.name == name)
        .unwrap()
        .difference
}

#[test]
fn the_same_distribution_in_every_format_has_no_difference() {
    let folder = tempfile::tempdir().unwrap();
    let results = sample_results(60, 40);
    let path = |name: &str| folder.path().join(name);
    write_dose_file(&path("dose.h5"), &results);
    write_npz(&path("map.npz"), &results);
    write_csv(&path("curve.csv"), &results);
    for (a, b) in [
        ("dose.h5", "dose.h5"),
        ("dose.h5", "map.npz"),
        ("map.npz", "dose.h5"),
        ("curve.csv", "dose.h5"),
        ("map.npz", "curve.csv"),
    ] {
        let report = compared(&path(a), &path(b)).unwrap();
        // Single storage, and the shortest decimals in the CSV.
        assert!(report.depth_dose.linf < 1e-6, "{a} {b}: {report:?}");
        assert!(report.map.is_none_or(|norms| norms.linf < 1e-6), "{a} {b}");
        assert!(figure(&report, "r80_mm").abs() < 1e-5, "{a} {b}");
        assert!(
            report.gamma_depth_dose[0].pass_rate_percent == 100.0,
            "{a} {b}"
        );
        assert_eq!(
            report.map.is_some(),
            !a.contains("csv") && !b.contains("csv")
        );
    }
}

#[test]
fn norms_of_a_scaled_distribution_are_its_excess() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a.h5", "b.h5"].map(|name| folder.path().join(name));
    let results = sample_results(60, 40);
    let mut scaled = results.clone();
    scaled.dose_gy_mm = results.dose_gy_mm.as_ref().map(|map| map * 1.03);
    write_dose_file(&a, &results);
    write_dose_file(&b, &scaled);
    let report = compared(&a, &b).unwrap();
    let norms = report.map.unwrap();
    assert_eq!(report.quantity.units, "Gy mm");
    // Single storage.
    assert!((norms.l2 - 0.03).abs() < 1e-6 && (norms.linf - 0.03).abs() < 1e-6);
    assert!(norms.rms < norms.linf && norms.points_outside == 0);
    // 3 % at the maximum is 1.5 tolerances, less where a neighbour's dose is nearer.
    let largest = report.gamma_map[0].largest;
    assert!(largest > 0.1 && largest <= 1.5 + 1e-6, "{largest}");
}

#[test]
fn a_shift_in_depth_shows_in_the_range_on_another_grid() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a.npz", "b.npz"].map(|name| folder.path().join(name));
    let results = sample_results(60, 40);
    let mut shifted = results.clone();
    let centers: Vec<f64> = results.z_mm.centers.iter().map(|z| z + 0.4).collect();
    shifted.z_mm = Axis::from_centers(centers).unwrap();
    write_npz(&a, &results);
    write_npz(&b, &shifted);
    let report = compared(&a, &b).unwrap();
    for name in ["r90_mm", "r80_mm", "r20_mm", "peak_depth_mm"] {
        assert!((figure(&report, name) - 0.4).abs() < 1e-5, "{name}");
    }
    assert!(figure(&report, "falloff_80_20_mm").abs() < 1e-5);
    // The first row's centre lies in the first half cell's width outside B: 0.35 mm before its edge, so none is lost.
    assert_eq!(report.map.unwrap().points_outside, 0);
    assert!(report.map.unwrap().linf > 0.01);
}

#[test]
fn lateral_widths_are_compared_at_the_same_depths() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a.npz", "b.npz"].map(|name| folder.path().join(name));
    let results = sample_results(60, 80);
    let mut wider = results.clone();
    wider.x_mm = Axis::uniform(results.x_mm.edges[0] * 1.1, 0.55, 80);
    write_npz(&a, &results);
    write_npz(&b, &wider);
    let report = compared(&a, &b).unwrap();
    assert_eq!(report.lateral.len(), 3);
    let half_range_mm = report.lateral[1].depth_mm;
    let mut elsewhere = results.clone();
    elsewhere.z_mm.centers.iter_mut().for_each(|z| *z -= 100.0);
    write_npz(&b, &elsewhere);
    let moved_mm = compared(&b, &b).unwrap().lateral[1].depth_mm;
    assert!(
        (moved_mm - half_range_mm + 100.0).abs() < 1e-4,
        "{moved_mm}"
    );
    for place in &report.lateral {
        let [moment, core] =
            [&place.moment_sigma_mm, &place.core_sigma_mm].map(|figure| figure.b / figure.a);
        // The same cells, 10 % wider; single storage.
        assert!(
            (moment - 1.1).abs() < 1e-4 && (core - 1.1).abs() < 1e-4,
            "{}: {moment} {core}",
            place.place
        );
    }
}

#[test]
fn the_table_names_every_figure_and_json_has_no_nan() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.h5");
    write_dose_file(&path, &sample_results(60, 40));
    let report = compared(&path, &path).unwrap();
    let text = to_text(&report);
    for name in [
        "L2",
        "Linf",
        "rms",
        "r80_mm",
        "r20_mm",
        "peak_width_mm",
        "core sigma entrance",
        "map 2%/2mm",
    ] {
        assert!(text.contains(name), "{name} in\n{text}");
    }
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["gamma_map"][0]["pass_rate_percent"], 100.0);
    assert_eq!(json["depth_dose"]["linf"], 0.0);
}

#[test]
fn points_outside_b_are_left_out_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let [a, b] = ["a.h5", "b.h5"].map(|name| folder.path().join(name));
    let (whole, mut shifted) = (sample_results(60, 40), sample_results(60, 40));
    let centers = shifted.x_mm.centers.iter().map(|x| x + 6.0);
    shifted.x_mm = Axis::from_centers(centers.collect()).unwrap();
    write_dose_file(&a, &whole);
    write_dose_file(&b, &shifted);
    let report = compared(&a, &b).unwrap();
    let gamma = report.gamma_map[0];
    let norms = report.map.unwrap();
    assert!(norms.points_outside > 0, "{norms:?}");
    assert_eq!(gamma.points_outside, norms.points_outside);
    assert_eq!(gamma.points, norms.points);
    let told = format!("{} points lie outside B", norms.points_outside);
    assert_eq!(to_text(&report).matches(&told).count(), 2);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["gamma_map"][0]["points_outside"], norms.points_outside);
}

#[test]
fn two_that_do_not_overlap_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.npz"), folder.path().join("b.npz"));
    let mut results = sample_results(12, 8);
    write_npz(&a, &results);
    results.z_mm.centers.iter_mut().for_each(|z| *z += 1e4);
    write_npz(&b, &results);
    let error = compared(&a, &b).unwrap_err();
    assert_eq!(error.kind, Kind::BadData);
    assert!(
        error
            .message
            .contains("no point of A that reaches --threshold")
    );
}

#[test]
fn a_peak_is_named_by_what_is_known_of_it_and_printed_with_its_digits() {
    let folder = tempfile::tempdir().unwrap();
    let [dose_file, map, curve] =
        ["a.h5", "dose.npz", "curve.csv"].map(|name| folder.path().join(name));
    let results = sample_results(60, 40);
    write_dose_file(&dose_file, &results);
    write_csv(&curve, &results);
    let dose = results.dose_gy_mm.as_ref().unwrap();
    write_npz_map(&map, &results, "dose", dose);
    for (a, b, name, other) in [
        (&dose_file, &dose_file, "peak_mev_per_mm", "peak"),
        (&dose_file, &map, "peak", "peak_mev_per_mm"),
        (&map, &map, "peak", "peak_mev_per_mm"),
        (&curve, &curve, "peak", "peak_mev_per_mm"),
    ] {
        let report = compared(a, b).unwrap();
        let named = |name: &str| report.figures.iter().find(|figure| figure.name == name);
        assert!(named(other).is_none(), "{a:?} {b:?}: {report:?}");
        let text = to_text(&report);
        let row = text
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")));
        let printed = row.unwrap().split_whitespace().nth(1).unwrap();
        let (printed, height) = (printed.parse::<f64>().unwrap(), named(name).unwrap().a);
        assert!((printed / height - 1.0).abs() < 1e-4, "{row:?}, {height}");
    }
}

#[derive(Debug)]
struct Arguments {
    a: PathBuf,
    b: PathBuf,
    gamma: Vec<String>,
    threshold: f64,
    output: Option<PathBuf>,
}

fn arguments(a: &Path, b: &Path) -> Arguments {
    Arguments {
        a: a.into(),
        b: b.into(),
        gamma: vec!["3%/3mm".into(), "2%/2mm".into()],
        threshold: 10.0,
        output: None,
    }
}

fn run(arguments: &Arguments) -> Result<String, command::Failed> {
    let mut words = vec!["compare".into(), arguments.a.clone(), arguments.b.clone()];
    for criterion in &arguments.gamma {
        words.extend(["--gamma".into(), criterion.into()]);
    }
    words.extend(["--threshold".into(), arguments.threshold.to_string().into()]);
    if let Some(output) = &arguments.output {
        words.extend(["-o".into(), output.clone()]);
    }
    command::smatrix2d(words)
}

#[test]
fn the_command_writes_difference_and_gamma_maps() {
    let folder = tempfile::tempdir().unwrap();
    let [a, map] = ["a.h5", "map.h5"].map(|name| folder.path().join(name));
    write_dose_file(&a, &sample_results(20, 30));
    run(&Arguments {
        output: Some(map.clone()),
        ..arguments(&a, &a)
    })
    .unwrap();
    let file = hdf5::File::open(&map).unwrap();
    for name in ["difference", "gamma_3pct_3mm", "gamma_2pct_2mm"] {
        let values: Array2<f64> = file.dataset(name).unwrap().read_2d().unwrap();
        assert_eq!(values.dim(), (20, 30), "{name}");
    }
}

#[test]
fn mistakes_are_told_with_their_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let results = sample_results(20, 30);
    write_dose_file(&path("dose.h5"), &results);
    write_csv(&path("curve.csv"), &results);
    fs::write(path("words.csv"), "z,dose\n1,2\ntwo,3\n").unwrap();
    fs::write(path("falling.csv"), "3,1\n2,1\n1,1\n").unwrap();
    fs::write(path("empty.csv"), "").unwrap();
    fs::write(path("text.npz"), "no archive").unwrap();
    let mut archive = ndarray_npy::NpzWriter::new(File::create(path("bare.npz")).unwrap());
    archive
        .add_array("z_mm", &Array1::<f64>::linspace(0.0, 1.0, 3))
        .unwrap();
    archive.finish().unwrap();
    let mut archive = ndarray_npy::NpzWriter::new(File::create(path("no_axis.npz")).unwrap());
    archive
        .add_array("dose", &Array2::<f64>::ones((3, 3)))
        .unwrap();
    archive.finish().unwrap();
    fs::create_dir(path("folder")).unwrap();
    for (name, kind) in [
        ("missing.h5", Kind::InputMissing),
        ("folder", Kind::InputMissing),
        ("words.csv", Kind::BadData),
        ("falling.csv", Kind::BadData),
        ("empty.csv", Kind::BadData),
        ("text.npz", Kind::BadData),
        ("bare.npz", Kind::BadData),
    ] {
        let error = run(&arguments(&path("dose.h5"), &path(name))).unwrap_err();
        assert_eq!(error.code, kind.exit_code(), "{}", error.stderr);
        let place = format!("{}:", path(name).display());
        assert!(error.stderr.contains(&place), "{}", error.stderr);
        let is_told = error.stderr.contains("it is a folder");
        assert_eq!(is_told, name == "folder", "{}", error.stderr);
    }
    let kept = Arguments {
        output: Some(path("dose.h5")),
        ..arguments(&path("dose.h5"), &path("dose.h5"))
    };
    let code = run(&kept).unwrap_err().code;
    assert_eq!(code, Kind::CannotCreateOutput.exit_code());
    for name in ["bare.npz", "no_axis.npz"] {
        let error = run(&arguments(&path("dose.h5"), &path(name))).unwrap_err();
        for array in ["`z_mm`", "`x_mm`", "`dose`"] {
            let hint = error.stderr.split("hint: ").nth(1).unwrap();
            assert!(hint.contains(array), "{array}: {}", error.stderr);
        }
    }
    let words = run(&arguments(&path("dose.h5"), &path("words.csv"))).unwrap_err();
    assert!(words.stderr.contains("words.csv:3:"), "{}", words.stderr);
    let dose = path("dose.h5");
    for wrong in [
        Arguments {
            gamma: vec!["two".into()],
            ..arguments(&dose, &dose)
        },
        Arguments {
            threshold: 100.0,
            ..arguments(&dose, &dose)
        },
        Arguments {
            threshold: f64::NAN,
            ..arguments(&dose, &dose)
        },
        Arguments {
            output: Some(PathBuf::from("map.h5")),
            ..arguments(&dose, &path("curve.csv"))
        },
    ] {
        assert_eq!(
            run(&wrong).unwrap_err().code,
            Kind::Usage.exit_code(),
            "{wrong:?}"
        );
    }
}
