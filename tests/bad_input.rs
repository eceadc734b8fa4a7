//! Wrong input: the exit code, a message with file, line, key and hint, nothing left behind, never a panic.
//! Longer than other files because the table has a row for each way to be wrong.

use assert_cmd::Command;
use smatrix2d::case::Case;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// Line 12 is `energy_mev`; every entry below changes this case.
const GOOD: &str = r#"title = "good"
[phantom]
material = "water"
x_mm = [-40.0, 40.0]
z_mm = [0.0, 180.0]
spacing_mm = [1.0, 1.0]
[[phantom.region]]
material = "bone_cortical"
z_mm = [20.0, 50.0]
x_mm = [0.0, 40.0]
[[beam]]
energy_mev = 150.0
sigma_x_mm = 3.0
[grid]
cutoff_mev = 2.0
[transport]
stepping = "depth"
[physics]
scattering = "gaussian"
[output]
compression = 4
[run]
backend = "cpu"
[materials.own]
density_g_per_cm3 = 1.0
composition = { H = 0.1119, O = 0.8881 }
"#;

/// (text to replace, its replacement, line of the error, key path in the error, words in the error)
type Wrong = (
    &'static str,
    &'static str,
    usize,
    &'static str,
    &'static [&'static str],
);

#[rustfmt::skip] // One row a case.
const WRONG_KEYS: &[Wrong] = &[
    // Unknown keys and wrong shapes.
    ("title =", "titel =", 1, "titel", &["unknown key", "did you mean `title`?"]),
    ("energy_mev =", "energy_mv =", 12, "beam[0].energy_mv", &["unknown key", "did you mean `energy_mev`?"]),
    ("cutoff_mev =", "colour =", 15, "grid.colour", &["unknown key", "known here: energy_axis"]),
    ("density_g_per_cm3 = 1.0", "density = 1.0", 25, "materials.own.density", &["unknown key"]),
    ("x_mm = [0.0, 40.0]", "y_mm = [0.0, 40.0]", 10, "phantom.region[0].y_mm", &["unknown key"]),
    ("[physics]", "[fysics]", 18, "fysics", &["unknown key", "`physics`"]),
    ("compression", "mean_excitation_energy_ev = 75\ncompression", 21, "output.mean_excitation_energy_ev", &["unknown"]),
    ("[[beam]]", "[beam]", 11, "beam", &["found a table; allowed: a list of tables", "[[beam]]"]),
    ("[grid]\ncutoff_mev = 2.0", "[[grid]]\ncutoff_mev = 2.0", 14, "grid", &["allowed: a table"]),
    ("[[beam]]\nenergy_mev = 150.0\nsigma_x_mm = 3.0\n", "", 1, "beam", &["no beam", "[[beam]]"]),
    // Wrong types.
    ("150.0", "\"150\"", 12, "beam[0].energy_mev", &["found \"150\"", "finite number above 0"]),
    ("150.0", "1979-05-27", 12, "beam[0].energy_mev", &["found 1979-05-27"]),
    ("150.0", "true", 12, "beam[0].energy_mev", &["found true"]),
    ("\"good\"", "5", 1, "title", &["found 5", "text in quotes"]),
    ("\"water\"", "\"\"", 3, "phantom.material", &["found \"\""]),
    ("[1.0, 1.0]", "1.0", 6, "phantom.spacing_mm", &["found 1.0", "a list of two numbers"]),
    ("[1.0, 1.0]", "[1.0, 1.0, 1.0]", 6, "phantom.spacing_mm", &["a list of two numbers"]),
    ("compression = 4", "compression = 4.0", 21, "output.compression", &["found 4.0", "a whole number from 0 to 9"]),
    ("scattering = \"gaussian\"", "straggling = 1", 19, "physics.straggling", &["true or false"]),
    ("compression = 4", "planes_mm = 50.0", 21, "output.planes_mm", &["a list of finite numbers"]),
    ("compression = 4", "planes_mm = [10.0,\n \"a\"]", 22, "output.planes_mm[1]", &["found \"a\""]),
    ("compression = 4", "quantities = \"dose\"", 21, "output.quantities", &["a list of names"]),
    ("{ H = 0.1119, O = 0.8881 }", "\"H2O\"", 26, "materials.own.composition", &["allowed: a table"]),
    // NaN, infinite, negative, zero.
    ("150.0", "nan", 12, "beam[0].energy_mev", &["found nan"]),
    ("150.0", "inf", 12, "beam[0].energy_mev", &["found inf"]),
    ("150.0", "-150.0", 12, "beam[0].energy_mev", &["found -150.0"]),
    ("150.0", "1e999", 12, "beam[0].energy_mev", &["found 1e999"]),
    ("150.0", "99999999999999999999", 12, "beam[0].energy_mev", &["found 100000000000000000000"]),
    ("sigma_x_mm = 3.0", "sigma_x_mm = -3.0", 13, "beam[0].sigma_x_mm", &["at least 0"]),
    ("sigma_x_mm = 3.0", "divergence_mrad = nan", 13, "beam[0].divergence_mrad", &["found nan"]),
    ("sigma_x_mm = 3.0", "energy_spread_mev = -1", 13, "beam[0].energy_spread_mev", &["at least 0"]),
    ("[1.0, 1.0]", "[0.0, 1.0]", 6, "phantom.spacing_mm", &["above 0"]),
    ("[1.0, 1.0]", "[1.0, -1.0]", 6, "phantom.spacing_mm", &["above 0"]),
    ("[-40.0, 40.0]", "[-40.0, nan]", 4, "phantom.x_mm", &["a list of two numbers"]),
    ("cutoff_mev = 2.0", "cutoff_mev = 0", 15, "grid.cutoff_mev", &["above 0"]),
    ("cutoff_mev = 2.0", "range_bin_mm = 0.0", 15, "grid.range_bin_mm", &["above 0"]),
    ("cutoff_mev = 2.0", "angle_bin_deg = -0.5", 15, "grid.angle_bin_deg", &["above 0"]),
    ("stepping = \"depth\"", "step_mm = 0", 17, "transport.step_mm", &["above 0"]),
    ("stepping = \"depth\"", "max_steps = 0", 17, "transport.max_steps", &["from 1"]),
    ("stepping = \"depth\"", "prune = -1e-7", 17, "transport.prune", &["at least 0 and below 1"]),
    ("stepping = \"depth\"", "prune = 1.0", 17, "transport.prune", &["below 1"]),
    ("density_g_per_cm3 = 1.0", "density_g_per_cm3 = 0.0", 25, "materials.own.density_g_per_cm3", &["above 0"]),
    ("density_g_per_cm3 = 1.0", "density_g_per_cm3 = 1000.0", 25, "materials.own.density_g_per_cm3", &["below 30"]),
    // Extents and cells.
    ("[-40.0, 40.0]", "[40.0, -40.0]", 4, "phantom.x_mm", &["the first below the second"]),
    ("[0.0, 180.0]", "[180.0, 180.0]", 5, "phantom.z_mm", &["the first below the second"]),
    ("[20.0, 50.0]", "[50.0, 20.0]", 9, "phantom.region[0].z_mm", &["the first below the second"]),
    ("[1.0, 1.0]", "[0.7, 1.0]", 6, "phantom.spacing_mm", &["a whole number of cells", "would divide it"]),
    ("[1.0, 1.0]", "[1.0, 1000.0]", 6, "phantom.spacing_mm", &["a whole number of cells"]),
    ("[1.0, 1.0]", "[0.00001, 0.00001]", 6, "phantom.spacing_mm", &["cells; allowed: at most"]),
    ("[-40.0, 40.0]", "[-1e308, 1e308]", 4, "phantom.x_mm", &["found [-1e308, 1e308]"]),
    ("cutoff_mev = 2.0", "angle_bin_deg = 1e-9", 15, "grid.angle_bin_deg", &["bins"]),
    ("cutoff_mev = 2.0", "range_bin_mm = 1e-9", 15, "grid.range_bin_mm", &["bins"]),
    ("cutoff_mev = 2.0", "range_bin_mm = 1e9", 15, "grid.range_bin_mm", &["bins"]),
    // Placement.
    ("sigma_x_mm = 3.0", "x_mm = 41.0", 13, "beam[0].x_mm", &["outside the phantom", "from -40 to 40"]),
    ("[20.0, 50.0]", "[20.0, 181.0]", 9, "phantom.region[0].z_mm", &["leaves the phantom"]),
    ("[0.0, 40.0]", "[50.0, 60.0]", 10, "phantom.region[0].x_mm", &["leaves the phantom"]),
    ("compression = 4", "planes_mm = [10.0, 190.0]", 21, "output.planes_mm[1]", &["found 190", "from 0 to 180"]),
    ("compression = 4", "quantities = [\"phase_space\"]", 20, "output.planes_mm", &["missing"]),
    // The beam.
    ("150.0", "301.0", 12, "beam[0].energy_mev", &["at most 300"]),
    ("150.0", "1.5", 12, "beam[0].energy_mev", &["grid.cutoff_mev"]),
    ("sigma_x_mm = 3.0", "energy_spread_mev = 60.0", 13, "beam[0].energy_spread_mev", &["at most 29.6"]),
    ("sigma_x_mm = 3.0", "correlation = 1.0", 13, "beam[0].correlation", &["above -1 and below 1"]),
    ("sigma_x_mm = 3.0", "correlation = -1.5", 13, "beam[0].correlation", &["above -1 and below 1"]),
    ("sigma_x_mm = 3.0", "angle_deg = 25.0", 13, "beam[0].angle_deg", &["grid.angle_max_deg"]),
    ("sigma_x_mm = 3.0", "angle_deg = 90.0", 13, "beam[0].angle_deg", &["below 90"]),
    ("sigma_x_mm = 3.0", "weight = 0.0", 13, "beam[0].weight", &["sum to 0"]),
    ("sigma_x_mm = 3.0", "weight = -1.0", 13, "beam[0].weight", &["at least 0"]),
    ("sigma_x_mm = 3.0", "weight = inf", 13, "beam[0].weight", &["found inf"]),
    ("energy_mev = 150.0", "", 11, "beam[0].energy_mev", &["missing", "add `energy_mev = 150.0`"]),
    ("sigma_x_mm = 3.0", "twiss = { alpha = 0.0, beta_mm = -1.0, emittance_mm_mrad = 3.0 }", 13, "beam[0].twiss.beta_mm", &["above 0"]),
    ("sigma_x_mm = 3.0", "twiss = { alpha = 0.0, beta_mm = 1.0, emittance_mm_mrad = 0.0 }", 13, "beam[0].twiss.emittance_mm_mrad", &["above 0"]),
    ("sigma_x_mm = 3.0", "twiss = { alpha = 1e20, beta_mm = 1.0, emittance_mm_mrad = 1.0 }", 13, "beam[0].twiss.alpha", &["|correlation| < 1"]),
    ("sigma_x_mm = 3.0", "twiss = { alpha = 0.0 }", 13, "beam[0].twiss.beta_mm", &["missing"]),
    ("sigma_x_mm = 3.0", "sigma_x_mm = 3.0\ntwiss = { alpha = 0.0, beta_mm = 1.0, emittance_mm_mrad = 1.0 }", 13, "beam[0].sigma_x_mm", &["beside twiss"]),
    // Grid and stepping.
    ("cutoff_mev = 2.0", "angle_max_deg = 90.0", 15, "grid.angle_max_deg", &["below 90", "\"path\""]),
    ("cutoff_mev = 2.0", "angle_max_deg = 181.0", 15, "grid.angle_max_deg", &["at most 180"]),
    ("cutoff_mev = 2.0", "range_bin_mm = 0.5\nenergy_bins = 100", 16, "grid.energy_bins", &["allowed: range_bin_mm"]),
    ("cutoff_mev = 2.0", "energy_axis = \"log\"\nrange_bin_mm = 0.5", 16, "grid.range_bin_mm", &["allowed: energy_bins"]),
    ("cutoff_mev = 2.0", "angle_bins = 40\nangle_bin_deg = 1.0", 15, "grid.angle_bins", &["beside angle_bin_deg"]),
    ("stepping = \"depth\"", "backward = \"allowance\"", 17, "transport.backward", &["\"path\""]),
    // Enumerations.
    ("\"depth\"", "\"dept\"", 17, "transport.stepping", &["\"depth\", \"path\"", "did you mean \"depth\"?"]),
    ("\"gaussian\"", "\"fermi\"", 19, "physics.scattering", &["\"gaussian\", \"highland\", \"moliere\", \"none\""]),
    ("\"cpu\"", "\"gpu\"", 23, "run.backend", &["\"auto\", \"cuda\", \"cpu\""]),
    ("compression = 4", "quantities = [\"dose\", \"let\"]", 21, "output.quantities[1]", &["\"let_d\", \"let_t\""]),
    ("compression = 4", "quantities = [\"dose\", \"dose\"]", 21, "output.quantities[1]", &["each name once"]),
    ("compression = 4", "compression = 10", 21, "output.compression", &["from 0 to 9"]),
    ("compression = 4", "compression = -1", 21, "output.compression", &["from 0 to 9"]),
    // Materials.
    ("\"water\"", "\"watter\"", 3, "phantom.material", &["found \"watter\"", "did you mean \"water\"?"]),
    ("\"bone_cortical\"", "\"unobtainium\"", 8, "phantom.region[0].material", &["[materials.unobtainium]"]),
    ("O = 0.8881", "O = 0.8", 26, "materials.own.composition", &["sum to 0.9119", "1 within 0.001"]),
    ("O = 0.8881", "OO = 0.8881", 26, "materials.own.composition.OO", &["allowed: symbols from H to U"]),
    ("O = 0.8881", "CA = 0.8881", 26, "materials.own.composition.CA", &["did you mean `Ca`?"]),
    ("O = 0.8881", "O = -0.1", 26, "materials.own.composition.O", &["above 0 and at most 1"]),
    ("{ H = 0.1119, O = 0.8881 }", "{}", 26, "materials.own.composition", &["missing"]),
    ("composition = { H = 0.1119, O = 0.8881 }\n", "", 24, "materials.own.composition", &["stopping_power_file"]),
    ("density_g_per_cm3 = 1.0\n", "", 24, "materials.own.density_g_per_cm3", &["missing"]),
    ("[materials.own]", "[materials.\"my own\"]", 24, "materials.my own", &["letters A-Z a-z"]),
    ("[[phantom.region]]", "file = \"a.h5\"\n[[phantom.region]]", 8, "phantom.region", &["beside phantom.file"]),
    // The syntax.
    ("150.0", "150.0\nenergy_mev = 1.0", 13, "energy_mev", &["duplicate key"]),
    ("[grid]", "[phantom]", 14, "phantom", &["duplicate key"]),
    ("150.0", "", 12, "", &["not valid TOML"]),
    ("\"water\"", "water", 3, "", &["not valid TOML"]),
    ("150.0", "\"150", 12, "", &["not valid TOML"]),
];

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
    assert!(stderr.starts_with("error: "), "{arguments:?}: {stderr}");
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
