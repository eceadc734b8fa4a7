//! The dose file is what docs/dose-file.md says, whole or absent, and readers without code of ours understand it.

#[path = "support/sample_results.rs"]
mod sample_results;

use ndarray::{Array2, Array4};
use sample_results::{sample_provenance, sample_results};
use smatrix2d::dose_file::{atomic, read, sha256, write};
use smatrix2d::error::Kind;
use smatrix2d::results::{Axis, Results, Spectra};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Set for a test that runs itself again as a child process: the file that the child is to write.
const CHILD_OUTPUT: &str = "SMATRIX2D_TEST_CHILD_OUTPUT";

/// Two planes, as many energy bins as planes, so that shapes alone do not tell the axes apart.
fn sample_spectra(nx: usize) -> Spectra {
    Spectra {
        plane_mm: vec![0.75, 5.25],
        energy_mev: Axis::from_edges(vec![1.0, 2.0, 4.0]),
        angle_deg: Axis::uniform(-2.0, 1.0, 4),
        energy_spectrum_per_mev: Some(Array2::from_shape_fn((2, 2), |(p, e)| (10 * p + e) as f64)),
        angle_spectrum_per_degree: Some(Array2::from_shape_fn((2, 4), |(p, a)| {
            (10 * p + a) as f64
        })),
        phase_space: Some(Array4::from_shape_fn((2, 2, 4, nx), |(p, e, a, x)| {
            (1000 * p + 500 * e + 100 * a + x) as f32
        })),
    }
}

fn double(mut results: Results) -> Results {
    results.storage_is_double = true;
    results
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_written_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let with_spectra = Results {
        spectra: Some(sample_spectra(7)),
        ..sample_results(5, 7)
    };
    let uncompressed = Results {
        compression: 0,
        ..sample_results(9, 4)
    };
    for (name, results) in [
        ("square.h5", sample_results(6, 6)),
        ("double.h5", double(sample_results(8, 5))),
        ("spectra.h5", with_spectra),
        ("uncompressed.h5", uncompressed),
    ] {
        let path = folder.path().join(name);
        write(&path, &results, &sample_provenance()).unwrap();
        let found = read(&path).unwrap();
        // Single storage rounds to 24 bits.
        let tolerance = if results.storage_is_double { 0.0 } else { 6e-8 };
        let written = &results.energy_deposit_mev;
        let difference = found.maps.energy_deposit_mev.unwrap() - written;
        let worst = difference
            .iter()
            .zip(written)
            .map(|(d, w)| d.abs() / w)
            .fold(0.0, f64::max);
        assert!(worst <= tolerance, "{name}: {worst:e}");
        assert_eq!(found.z_mm.edges, results.z_mm.edges, "{name}");
        assert_eq!(found.x_mm.centers, results.x_mm.centers, "{name}");
        assert_eq!(found.title, results.title, "{name}");
    }
    assert_eq!(names_in(folder.path()).len(), 4, "no temporary file stays");
}

#[test]
fn equal_results_give_equal_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let results = Results {
        spectra: Some(sample_spectra(30)),
        ..sample_results(40, 30)
    };
    let paths = ["first.h5", "second.h5"].map(|name| folder.path().join(name));
    for path in &paths {
        write(path, &results, &sample_provenance()).unwrap();
    }
    assert!(fs::read(&paths[0]).unwrap() == fs::read(&paths[1]).unwrap());
}

#[test]
fn a_case_text_longer_than_an_object_header_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.h5");
    let mut provenance = sample_provenance();
    // An object header holds 64 KiB; a phantom of many regions needs more.
    provenance.case_text = "# é\n[[phantom.region]]\n".repeat(10_000);
    write(&path, &sample_results(4, 4), &provenance).unwrap();
    assert!(read(&path).is_ok());
}

#[test]
fn sha256_is_that_of_fips_180_4() {
    let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sha256("abc"), expected);
}

#[test]
fn maps_that_do_not_fit_the_axes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.h5");
    let mut results = sample_results(6, 4);
    results.fluence_per_mm = Some(sample_results(4, 6).energy_deposit_mev);
    let error = write(&path, &results, &sample_provenance()).unwrap_err();
    assert_eq!(error.kind, Kind::Internal);
    assert!(names_in(folder.path()).is_empty());
}

#[test]
fn an_output_that_cannot_be_created_is_told_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let results = sample_results(4, 4);
    for path in [
        folder.path().join("missing/out.h5"),
        folder.path().to_path_buf(),
        PathBuf::from("/dev/null"),
    ] {
        let error = write(&path, &results, &sample_provenance()).unwrap_err();
        assert_eq!(error.kind, Kind::CannotCreateOutput, "{error}");
        assert!(error.hint.is_some() && error.file.is_some(), "{error}");
    }
}

#[test]
fn a_symbolic_link_stays_a_link_to_the_new_file() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file.h5"), folder.path().join("link.h5"));
    fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    write(&link, &sample_results(4, 4), &sample_provenance()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert!(read(&file).is_ok());
}

#[test]
fn a_link_to_a_file_that_is_not_there_yet_makes_it_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("results")).unwrap();
    let link = folder.path().join("link.h5");
    std::os::unix::fs::symlink("results/dose.h5", &link).unwrap();
    write(&link, &sample_results(4, 4), &sample_provenance()).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names_in(&folder.path().join("results")), ["dose.h5"]);
}

#[test]
fn a_failed_check_leaves_the_old_file_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.h5");
    fs::write(&path, "old").unwrap();
    let refuse = |_: &Path| Err(smatrix2d::error::Error::internal("refused"));
    assert!(atomic::replace(&path, refuse).is_err());
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names_in(folder.path()), ["out.h5"]);
}

/// This test again, as a child of its own with `CHILD_OUTPUT` set, started by `shell` ("$@" is its command line).
fn child(test: &str, output: &Path, shell: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-c", shell, "sh"])
        .arg(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD_OUTPUT, output);
    command
}

#[test]
fn a_full_disk_is_an_error_and_leaves_the_old_file() {
    if let Some(path) = std::env::var_os(CHILD_OUTPUT) {
        let error = write(
            Path::new(&path),
            &double(sample_results(200, 200)),
            &sample_provenance(),
        )
        .unwrap_err();
        println!("exit code {}: {error}", error.kind.exit_code());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.h5");
    fs::write(&path, "old").unwrap();
    // A limit on file size stands in for the full disk: write fails half way in the same manner.
    let name = "a_full_disk_is_an_error_and_leaves_the_old_file";
    let output = child(name, &path, "trap '' XFSZ; ulimit -f 16; exec \"$@\"")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("exit code 74"),
        "{text}"
    );
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names_in(folder.path()), ["out.h5"]);
}

#[test]
fn a_kill_in_the_middle_leaves_no_file_of_that_name() {
    if let Some(path) = std::env::var_os(CHILD_OUTPUT) {
        let wait_for_the_end = |_: &Path| {
            println!("written, not renamed");
            loop {
                std::thread::park();
            }
        };
        atomic::replace(Path::new(&path), wait_for_the_end).unwrap();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.h5");
    let name = "a_kill_in_the_middle_leaves_no_file_of_that_name";
    let mut running = child(name, &path, "exec \"$@\"")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(running.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(lines.any(|line| line.contains("written, not renamed")));
    running.kill().unwrap();
    running.wait().unwrap();
    assert!(!path.exists());
    assert!(names_in(folder.path())[0].starts_with("out.h5.tmp-"));
    write(&path, &sample_results(4, 4), &sample_provenance()).unwrap();
    assert!(read(&path).is_ok());
}

#[test]
fn files_that_are_no_dose_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("text.h5"), "not HDF5").unwrap();
    let incomplete = hdf5::File::create(path("incomplete.h5")).unwrap();
    incomplete
        .new_attr::<u8>()
        .shape(())
        .create("complete")
        .unwrap()
        .write_scalar(&0u8)
        .unwrap();
    incomplete.close().unwrap();
    hdf5::File::create(path("empty.h5"))
        .unwrap()
        .close()
        .unwrap();
    for (name, kind) in [
        ("missing.h5", Kind::InputMissing),
        ("text.h5", Kind::BadData),
        ("incomplete.h5", Kind::BadData),
        ("empty.h5", Kind::BadData),
    ] {
        let error = read(&path(name)).unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert_eq!(error.file, Some(path(name)));
    }
}

#[test]
#[ignore = "needs Python with h5py, xarray, h5netcdf and netCDF4"]
fn python_readers_see_named_coordinates_and_units() {
    let folder = tempfile::tempdir().unwrap();
    let with_spectra = |nz, nx| Results {
        spectra: Some(sample_spectra(nx)),
        ..sample_results(nz, nx)
    };
    for (name, results) in [
        ("square.h5", with_spectra(6, 6)),
        ("double.h5", double(with_spectra(8, 5))),
        ("plain.h5", sample_results(4, 9)),
    ] {
        let path = folder.path().join(name);
        write(&path, &results, &sample_provenance()).unwrap();
        let python = std::env::var("SMATRIX2D_PYTHON").unwrap_or("python3".into());
        for script in ["tests/support/read_dose_file.py", "examples/read_dose.py"] {
            let output = Command::new(&python)
                .arg(script)
                .arg(&path)
                .output()
                .unwrap();
            let errors = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{script} {name}: {errors}");
        }
    }
}
