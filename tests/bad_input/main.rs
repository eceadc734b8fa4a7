//! Wrong input: the exit code, a message with file, line, key and hint, nothing left behind, never a panic.

mod wrong_keys;

use assert_cmd::Command;
use smatrix2d::case::Case;
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use wrong_keys::{GOOD, WRONG_KEYS};

fn smatrix2d(folder: &Path) -> Command {
    let mut command = Command::cargo_bin("smatrix2d").expect("the binary is built with the tests");
    command.current_dir(folder);
    command
}

/// Runs the program in `folder`; gives back its stderr after the checks that every refusal must pass.
fn refused(folder: &TempDir, arguments: &[&str], code: i32) -> String {
    let before = listing(folder.path());
    let output = smatrix2d(folder.path())
        .args(arguments)
        .output()
        .expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert!(
        !stderr.contains("panicked") && !stderr.contains("RUST_BACKTRACE"),
        "{arguments:?}: {stderr}"
    );
    // Notes on the case may come first.
    let mut lines = stderr.lines().skip_while(|line| line.starts_with("note: "));
    let told = lines.next().is_some_and(|line| line.starts_with("error: "));
    assert!(told, "{arguments:?}: {stderr}");
    assert_eq!(
        listing(folder.path()),
        before,
        "{arguments:?} left a file behind"
    );
    stderr
}

fn listing(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder exists");
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into())
        .collect();
    names.sort();
    names
}

fn folder_with(name: &str, content: impl AsRef<[u8]>) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join(name), content).expect("the case is written");
    folder
}

fn assert_contains(stderr: &str, parts: &[&str]) {
    for part in parts {
        assert!(stderr.contains(part), "no `{part}` in: {stderr}");
    }
}

#[test]
fn the_case_that_the_table_changes_is_good() {
    Case::parse(GOOD, Path::new("good.toml"), &[]).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn each_wrong_key_is_refused_with_file_line_key_and_hint() {
    for (from, to, line, key, words) in WRONG_KEYS {
        assert!(GOOD.contains(from), "`{from}` is not in the case");
        let folder = folder_with("wrong.toml", GOOD.replacen(from, to, 1));
        let stderr = refused(&folder, &["run", "wrong.toml"], 65);
        let place = match *key {
            "" => format!("wrong.toml:{line}: "),
            key => format!("wrong.toml:{line}: {key}: "),
        };
        assert_contains(&stderr, &[place.as_str(), "\nhint: "]);
        assert_contains(&stderr, words);
    }
}

#[test]
fn a_beam_that_the_grid_does_not_hold_is_refused_by_check_and_run() {
    // (x_mm, spacing_mm, words)
    let wrong: &[(&str, &str, &str)] = &[
        ("[-60.0, 20.0]", "[40.0, 1.0]", "2 cells of 40 mm"),
        (
            "[-1.0, 1.0]",
            "[2.0, 1.0]",
            "only 0.2611 of the beam at x = 0 mm",
        ),
        ("[-1.0, 1.0]", "[1.0, 1.0]", "only 0.26"),
    ];
    for (x_mm, spacing_mm, words) in wrong {
        let text = GOOD
            .replace("[1.0, 1.0]", spacing_mm)
            .replace("[-40.0, 40.0]", x_mm)
            .replace("x_mm = [0.0, 40.0]\n", "");
        let folder = folder_with("case.toml", text);
        for command in ["check", "run"] {
            let stderr = refused(&folder, &[command, "case.toml"], 65);
            assert_contains(&stderr, &["case.toml:10: beam[0]: ", words, "\nhint: "]);
        }
    }
}

#[test]
fn one_angle_bin_holds_no_oblique_beam() {
    let text = GOOD
        .replace("[[beam]]\n", "[[beam]]\nangle_deg = 15.0\n")
        .replace("[grid]\n", "[grid]\nangle_bins = 1\n");
    let folder = folder_with("case.toml", text);
    let stderr = refused(&folder, &["check", "case.toml"], 65);
    assert_contains(&stderr, &["beam[0]: ", "1 angle bins of"]);
}

#[test]
fn a_spread_that_the_range_axis_does_not_hold_is_named() {
    let text = GOOD.replace("[[beam]]\n", "[[beam]]\nenergy_spread_mev = 29.0\n");
    let folder = folder_with("case.toml", text);
    let stderr = refused(&folder, &["check", "case.toml"], 65);
    assert_contains(
        &stderr,
        &[
            "beam[0]: ",
            "spread by 29 MeV",
            "\nhint: lower energy_spread_mev",
        ],
    );
}

#[test]
fn no_prefix_of_a_good_case_panics() {
    for end in 0..GOOD.len() {
        let outcome = Case::parse(&GOOD[..end], Path::new("cut.toml"), &[]);
        if let Err(error) = outcome {
            assert!(error.hint.is_some(), "cut after {end} bytes: {error}");
        }
    }
}

#[test]
fn no_single_damaged_byte_panics() {
    for (place, replacement) in
        (0..GOOD.len()).flat_map(|place| [(place, '"'), (place, '['), (place, '9'), (place, '\n')])
    {
        let mut text = GOOD.to_string();
        text.replace_range(place..place + 1, &replacement.to_string());
        if let Err(error) = Case::parse(&text, Path::new("damaged.toml"), &[]) {
            assert!(
                error.hint.is_some(),
                "{replacement:?} at byte {place}: {error}"
            );
        }
    }
}

#[test]
fn overrides_are_refused_by_name() {
    // (override, exit code, words)
    let wrong: &[(&str, i32, &[&str])] = &[
        (
            "beam.0.energy_mev=-5",
            65,
            &[
                "beam[0].energy_mev: ",
                "found -5",
                "--set beam.0.energy_mev=-5",
                "hint: ",
            ],
        ),
        (
            "beam.0.energy_mv=5",
            65,
            &[
                "unknown key",
                "--set beam.0.energy_mv=5",
                "did you mean `energy_mev`?",
            ],
        ),
        ("beam=[]", 65, &["beam: no beam", "--set beam=[]"]),
        (
            "run.backend=gpu",
            65,
            &["run.backend: ", "--set run.backend=gpu", "\"cuda\""],
        ),
        (
            "phantom.spacing_mm=[0.7,1]",
            65,
            &["whole number of cells", "--set phantom.spacing_mm=[0.7,1]"],
        ),
        ("phantom=3", 65, &["phantom: ", "--set phantom=3"]),
        (
            "beam.1.energy_mev=5",
            64,
            &["`1` is no index into a list of 1", "hint: "],
        ),
        ("beam.x=5", 64, &["`x` is no index"]),
        ("title.sub=5", 64, &["lies inside \"good\""]),
        ("beam..x_mm=5", 64, &["no index"]),
        ("grid..x=5", 64, &["empty part"]),
        ("phantom.x_mm=[1,", 64, &["not valid TOML"]),
        ("title=\"a", 64, &["not valid TOML"]),
        ("nothing", 64, &["KEY.PATH=VALUE"]),
        ("=5", 64, &["KEY.PATH=VALUE"]),
    ];
    let folder = folder_with("good.toml", GOOD);
    for (assignment, code, words) in wrong {
        assert_contains(
            &refused(&folder, &["run", "good.toml", "--set", assignment], *code),
            words,
        );
    }
}

#[test]
fn usage_errors_exit_with_64() {
    let folder = folder_with("good.toml", GOOD);
    let wrong: &[&[&str]] = &[
        &["fly"],
        &["run"],
        &["run", "good.toml", "--fast"],
        &["run", "good.toml", "--backend", "gpu"],
        &["run", "good.toml", "--precision", "quarter"],
        &["run", "good.toml", "--device", "-1"],
        &["run", "good.toml", "-o"],
        &["check", "good.toml", "second.toml"],
        &["materials", "unobtainium"],
        &["compare", "a.h5"],
    ];
    for arguments in wrong {
        refused(&folder, arguments, 64);
    }
}

#[test]
fn a_gpu_that_is_asked_for_by_that_word_is_called_cuda() {
    let folder = folder_with("good.toml", GOOD);
    for (word, name) in [("gpu", "cuda"), ("GPU", "cuda"), ("cpi", "cpu")] {
        let stderr = refused(&folder, &["run", "good.toml", "--backend", word], 64);
        let tip = format!("a similar value exists: '{name}'");
        assert_contains(&stderr, &[word, "auto, cuda, cpu", &tip]);
    }
}

#[test]
fn files_that_are_no_case_are_refused() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("directory.toml")).unwrap();
    fs::write(
        folder.path().join("garbage.toml"),
        (0..=255u8).cycle().take(4096).collect::<Vec<_>>(),
    )
    .unwrap();
    fs::write(
        folder.path().join("latin1.toml"),
        b"title = \"ok\"\n# caf\xe9\n",
    )
    .unwrap();
    fs::write(folder.path().join("nul.toml"), vec![0u8; 1000]).unwrap();
    fs::write(folder.path().join("empty.toml"), "").unwrap();
    fs::write(folder.path().join("large.toml"), vec![b'#'; 17 << 20]).unwrap();
    fs::write(
        folder.path().join("deep.toml"),
        format!("a = {}", "[".repeat(100_000)),
    )
    .unwrap();
    fs::write(
        folder.path().join("dotted.toml"),
        format!("{}a = 1", "a.".repeat(100_000)),
    )
    .unwrap();
    let wrong: &[(&str, i32, &[&str])] = &[
        (
            "missing.toml",
            66,
            &["missing.toml: the case file cannot be read"],
        ),
        (
            "directory.toml",
            66,
            &["directory.toml: the case file cannot be read"],
        ),
        ("garbage.toml", 65, &["garbage.toml:", "UTF-8"]),
        ("latin1.toml", 65, &["latin1.toml:2: ", "UTF-8"]),
        ("nul.toml", 65, &["nul.toml:1: ", "not valid TOML"]),
        ("empty.toml", 65, &["empty.toml:1: phantom.x_mm: missing"]),
        ("large.toml", 65, &["large.toml: larger than"]),
        ("deep.toml", 65, &["deep.toml:1: "]),
        ("dotted.toml", 65, &["dotted.toml:1: "]),
    ];
    for (name, code, words) in wrong {
        let stderr = refused(&folder, &["run", name], *code);
        assert_contains(&stderr, words);
        assert_contains(&stderr, &["\nhint: "]);
    }
}

#[test]
fn outputs_that_cannot_be_created_are_refused_before_the_run() {
    let folder = folder_with("good.toml", GOOD);
    fs::create_dir(folder.path().join("results")).unwrap();
    std::os::unix::fs::symlink("absent/dose.h5", folder.path().join("link.h5")).unwrap();
    std::os::unix::fs::symlink("loop.h5", folder.path().join("loop.h5")).unwrap();
    // The program may run as root, whom no permission stops; nobody can write below a plain file.
    let wrong: &[(&str, &[&str])] = &[
        (
            "results",
            &["results: ", "it is a folder", "-o FOLDER/dose.h5"],
        ),
        (
            "absent/out.h5",
            &["absent/out.h5: ", "there is no folder absent"],
        ),
        (
            "good.toml/out.h5",
            &["good.toml/out.h5: ", "there is no folder"],
        ),
        ("good.toml", &["an input of this run"]),
        ("./results/../good.toml", &["an input of this run"]),
        ("link.h5", &["link.h5: ", "there is no folder absent"]),
        ("loop.h5", &["loop.h5: ", "cannot create"]),
        ("/dev/null", &["no ordinary file"]),
        ("/proc/out.h5", &["cannot be created"]),
        ("..", &["it is a folder"]),
    ];
    for (output, words) in wrong {
        let stderr = refused(&folder, &["run", "good.toml", "-o", output], 73);
        assert_contains(&stderr, words);
        assert_contains(&stderr, &["\nhint: "]);
    }
    assert_eq!(
        fs::read_to_string(folder.path().join("good.toml")).unwrap(),
        GOOD
    );
}

#[test]
fn phantom_files_that_cannot_be_used_are_refused_before_the_run() {
    let text = GOOD.replace("\"water\"", "\"water\"\nfile = \"ct.h5\"");
    let start = text
        .find("[[phantom.region]]")
        .expect("the good case has a region");
    let end = text.find("[[beam]]").expect("the good case has a beam");
    let folder = folder_with("file.toml", text[..start].to_string() + &text[end..]);
    let contents: &[(Option<&[u8]>, i32, &str)] = &[
        (None, 66, "the phantom file cannot be read"),
        (Some(b""), 65, "not a whole HDF5 file"),
        (Some(b"no HDF5"), 65, "not a whole HDF5 file"),
        (
            Some(b"\x89HDF\r\n\x1a\n cut short"),
            65,
            "not a whole HDF5 file",
        ),
    ];
    for (content, code, words) in contents {
        if let Some(bytes) = content {
            fs::write(folder.path().join("ct.h5"), bytes).expect("the phantom is written");
        }
        let stderr = refused(&folder, &["run", "file.toml"], *code);
        assert_contains(
            &stderr,
            &["file.toml:4: phantom.file: ", "ct.h5", words, "\nhint: "],
        );
        assert_eq!(
            stderr.lines().count(),
            2,
            "HDF5 speaks for itself: {stderr}"
        );
    }
}

#[test]
fn an_existing_result_survives_a_refusal() {
    let folder = folder_with("bad.toml", GOOD.replace("150.0", "-1"));
    fs::write(folder.path().join("bad.h5"), "an older result").expect("the result is written");
    refused(&folder, &["run", "bad.toml"], 65);
    let kept = fs::read_to_string(folder.path().join("bad.h5")).expect("the result is there");
    assert_eq!(kept, "an older result");
}
