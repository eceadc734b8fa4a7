//! The phantom of a case: boxes by cell centre, or cells from an HDF5 file; files that are refused.

use hdf5::types::{VarLenAscii, VarLenUnicode};
use ndarray::{Array2, arr2};
use smatrix2d::case::Case;
use smatrix2d::error::{Error, Kind};
use smatrix2d::phantom::{Phantom, edges_off_the_grid};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const BOXES: &str = r#"
[phantom]
material = "water"
x_mm = [-2.0, 2.0]
z_mm = [0.0, 3.0]
spacing_mm = [1.0, 1.0]
[[phantom.region]]
material = "bone_cortical"
z_mm = [1.0, 3.0]
[[phantom.region]]
material = "water"
z_mm = [2.4, 2.6]
x_mm = [0.0, 2.0]
density_g_per_cm3 = 0.5
[[beam]]
energy_mev = 100.0
"#;

/// Six cells that differ along each axis: nz = 2, nx = 3.
const FROM_FILE: &str = r#"
[phantom]
file = "slice.h5"
x_mm = [0.0, 3.0]
z_mm = [10.0, 12.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 100.0
x_mm = 1.0
"#;

fn build(text: &str, folder: &Path) -> Result<Phantom, Error> {
    Phantom::build(&Case::parse(text, Path::new("case.toml"), &[])?, folder)
}

/// What a test file holds; `Default` is a good one.
struct Content {
    indices: Array2<i32>,
    densities: Array2<f32>,
    names: Vec<&'static str>,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            indices: arr2(&[[0, 1, 2], [2, 1, 0]]),
            densities: arr2(&[[1.0, 1.5, 0.25], [0.5, 2.0, 1.0]]),
            names: vec!["water", "bone_cortical", "lung"],
        }
    }
}

fn write(folder: &Path, content: &Content) {
    let file = hdf5::File::create(folder.join("slice.h5")).unwrap();
    file.new_dataset_builder()
        .with_data(&content.indices)
        .create("material_index")
        .unwrap();
    file.new_dataset_builder()
        .with_data(&content.densities)
        .create("density_g_per_cm3")
        .unwrap();
    let names: Vec<VarLenUnicode> = content
        .names
        .iter()
        .map(|name| name.parse().unwrap())
        .collect();
    file.new_attr_builder()
        .with_data(&names)
        .create("materials")
        .unwrap();
}

fn refused(folder: &Path) -> Error {
    let error = build(FROM_FILE, folder).expect_err("the file is wrong");
    assert_eq!(error.key.as_deref(), Some("phantom.file"), "{error}");
    assert_eq!(
        (error.file.as_deref(), error.line),
        (Some(Path::new("case.toml")), Some(3)),
        "{error}"
    );
    assert!(
        error.message.contains("slice.h5") && error.hint.is_some(),
        "{error}"
    );
    error
}

#[test]
fn a_cell_belongs_to_the_last_box_that_holds_its_centre() {
    let phantom = build(BOXES, Path::new("")).unwrap();
    assert_eq!(
        phantom.material_index,
        arr2(&[[0, 0, 0, 0], [1, 1, 1, 1], [1, 1, 0, 0]])
    );
    let bone = phantom.materials[1].density_g_per_cm3;
    let expected = arr2(&[[1.0, 1.0, 1.0, 1.0], [bone; 4], [bone, bone, 0.5, 0.5]]);
    assert_eq!(phantom.density_g_per_cm3, expected);
    assert_eq!((phantom.x_min_mm, phantom.z_min_mm), (-2.0, 0.0));
    let names: Vec<&str> = phantom
        .materials
        .iter()
        .map(|material| material.name.as_str())
        .collect();
    assert_eq!(names, ["water", "bone_cortical"]);
}

#[test]
fn edges_inside_cells_are_noted() {
    let case = Case::parse(BOXES, Path::new("case.toml"), &[]).unwrap();
    let notes = edges_off_the_grid(&case.phantom);
    assert_eq!(notes.len(), 2, "{notes:?}");
    assert!(
        notes[0].contains("phantom.region[1].z_mm") && notes[0].contains("2.4"),
        "{notes:?}"
    );
}

#[test]
fn a_background_density_replaces_the_tables() {
    let text = BOXES.replace(
        "x_mm = [-2.0, 2.0]",
        "x_mm = [-2.0, 2.0]\ndensity_g_per_cm3 = 1.02",
    );
    let phantom = build(&text, Path::new("")).unwrap();
    assert_eq!(phantom.density_g_per_cm3[[0, 0]], 1.02);
}

#[test]
fn a_material_of_ones_own_hides_the_built_in_one_of_its_name() {
    let own =
        "\n[materials.water]\ndensity_g_per_cm3 = 1.1\ncomposition = { H = 0.1119, O = 0.8881 }\n";
    let phantom = build(&format!("{BOXES}{own}"), Path::new("")).unwrap();
    assert_eq!(phantom.density_g_per_cm3[[0, 0]], 1.1);
}

#[test]
fn a_file_gives_every_cell() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &Content::default());
    let phantom = build(FROM_FILE, folder.path()).unwrap();
    assert_eq!(phantom.material_index, arr2(&[[0, 1, 2], [2, 1, 0]]));
    assert_eq!(
        phantom.density_g_per_cm3,
        arr2(&[[1.0, 1.5, 0.25], [0.5, 2.0, 1.0]])
    );
    assert_eq!((phantom.x_min_mm, phantom.z_min_mm), (0.0, 10.0));
    assert_eq!(phantom.materials[2].name, "lung");
}

#[test]
fn the_names_may_stand_on_the_index_and_in_ascii() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &Content::default());
    let file = hdf5::File::open_rw(folder.path().join("slice.h5")).unwrap();
    file.delete_attr("materials").unwrap();
    let names: Vec<VarLenAscii> = ["water", "water", "lung"]
        .iter()
        .map(|name| VarLenAscii::from_ascii(name).unwrap())
        .collect();
    let index = file.dataset("material_index").unwrap();
    index
        .new_attr_builder()
        .with_data(&names)
        .create("materials")
        .unwrap();
    drop((index, file));
    assert_eq!(
        build(FROM_FILE, folder.path()).unwrap().materials[2].name,
        "lung"
    );
}

#[test]
fn wrong_content_is_refused_with_the_cell_and_the_key() {
    let with_density = |value: f32| {
        let mut content = Content::default();
        content.densities[[1, 2]] = value;
        content
    };
    let with_index = |value: i32| {
        let mut content = Content::default();
        content.indices[[0, 1]] = value;
        content
    };
    let wrong: Vec<(Content, &str)> = vec![
        (with_density(0.0), "/density_g_per_cm3[1, 2] is 0.0;"),
        (with_density(-1.0), "/density_g_per_cm3[1, 2] is -1.0;"),
        (
            with_density(1e-30),
            "e-30; allowed: at least 1e-8 and below 30",
        ),
        (with_density(f32::NAN), "/density_g_per_cm3[1, 2] is NaN;"),
        (
            with_density(f32::INFINITY),
            "/density_g_per_cm3[1, 2] is inf;",
        ),
        (
            with_density(1000.0),
            "/density_g_per_cm3[1, 2] is 1000.0; allowed: at least 1e-8 and below 30",
        ),
        (with_index(3), "/material_index[0, 1] is 3; allowed: 0 to 2"),
        (with_index(-1), "/material_index[0, 1] is -1;"),
        (
            Content {
                names: vec!["water", "lead_glas", "lung"],
                ..Content::default()
            },
            "no material \"lead_glas\"",
        ),
        (
            Content {
                names: vec![],
                ..Content::default()
            },
            "has 0 names",
        ),
        (
            Content {
                indices: Array2::zeros((3, 2)),
                ..Content::default()
            },
            "has the shape [3, 2]; allowed: [2, 3]",
        ),
        (
            Content {
                densities: Array2::ones((2, 4)),
                ..Content::default()
            },
            "has the shape [2, 4]",
        ),
    ];
    for (content, words) in wrong {
        let folder = TempDir::new().unwrap();
        write(folder.path(), &content);
        let error = build(FROM_FILE, folder.path()).expect_err(words);
        assert_eq!(
            (error.kind, error.key.as_deref()),
            (Kind::BadData, Some("phantom.file")),
            "{error}"
        );
        assert!(
            error.message.contains(words) && error.hint.is_some(),
            "no `{words}` in: {error}"
        );
    }
}

#[test]
fn missing_parts_of_a_file_are_named() {
    for part in ["material_index", "density_g_per_cm3", "materials"] {
        let folder = TempDir::new().unwrap();
        write(folder.path(), &Content::default());
        let file = hdf5::File::open_rw(folder.path().join("slice.h5")).unwrap();
        match part {
            "materials" => file.delete_attr(part).unwrap(),
            _ => file.unlink(part).unwrap(),
        }
        file.close().unwrap();
        assert!(refused(folder.path()).message.contains(part));
    }
}

#[test]
fn float_indices_are_refused() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &Content::default());
    let file = hdf5::File::open_rw(folder.path().join("slice.h5")).unwrap();
    file.unlink("material_index").unwrap();
    file.new_dataset_builder()
        .with_data(&Array2::<f32>::zeros((2, 3)))
        .create("material_index")
        .unwrap();
    file.close().unwrap();
    assert!(refused(folder.path()).message.contains("whole numbers"));
}

#[test]
fn a_missing_file_or_a_folder_is_input_missing() {
    let folder = TempDir::new().unwrap();
    assert_eq!(refused(folder.path()).kind, Kind::InputMissing);
    fs::create_dir(folder.path().join("slice.h5")).unwrap();
    let error = refused(folder.path());
    assert_eq!(error.kind, Kind::InputMissing);
    assert!(
        error.message.contains("Is a directory") && !error.message.contains("H5"),
        "{error}"
    );
}

#[test]
fn no_truncation_or_garbage_passes_as_a_phantom() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &Content::default());
    let path = folder.path().join("slice.h5");
    let whole = fs::read(&path).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 40) {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(
            refused(folder.path()).kind,
            Kind::BadData,
            "cut to {length} of {} bytes",
            whole.len()
        );
    }
    fs::write(&path, "this is no HDF5 file\n".repeat(100)).unwrap();
    assert_eq!(refused(folder.path()).kind, Kind::BadData);
}

#[test]
fn a_material_that_no_cell_holds_is_checked() {
    let folder = TempDir::new().unwrap();
    for (key, value, kind) in [
        ("mean_excitation_energy_ev", "200.0", Kind::BadData),
        ("stopping_power_file", "\"absent.csv\"", Kind::InputMissing),
    ] {
        let own = format!(
            "\n[materials.own]\ndensity_g_per_cm3 = 1.0\ncomposition = {{ H = 0.1119, O = 0.8881 }}\n{key} = {value}\n"
        );
        let error = build(&format!("{BOXES}{own}"), folder.path()).expect_err(key);
        assert_eq!(error.kind, kind, "{error}");
        assert_eq!(error.key, Some(format!("materials.own.{key}")), "{error}");
        assert!(error.line.is_some() && error.hint.is_some(), "{error}");
    }
}

#[test]
fn a_stopping_power_table_is_found_beside_the_case_or_refused_with_its_key() {
    let own = "\n[materials.own]\ndensity_g_per_cm3 = 1.0\ncomposition = { H = 0.1119, O = 0.8881 }\nstopping_power_file = \"own.csv\"\n";
    let text = format!("{BOXES}{own}").replace("\"bone_cortical\"", "\"own\"");
    let folder = TempDir::new().unwrap();
    let error = build(&text, folder.path()).expect_err("there is no table yet");
    assert_eq!(error.kind, Kind::InputMissing);
    assert_eq!(
        error.key.as_deref(),
        Some("materials.own.stopping_power_file")
    );
    fs::write(
        folder.path().join("own.csv"),
        "energy_mev,mass_stopping_power_mev_cm2_per_g\n1,-2\n",
    )
    .unwrap();
    let error = build(&text, folder.path()).expect_err("the power is negative");
    assert!(
        error.kind == Kind::BadData && error.message.contains("own.csv:2: "),
        "{error}"
    );
    let rows: Vec<String> = (0..40)
        .map(|row| f64::from(row) * 10.0 + 0.1)
        .map(|e| format!("{e},{}", 260.0 / (e + 1.0)))
        .collect();
    let table = format!(
        "energy_mev,mass_stopping_power_mev_cm2_per_g\n{}\n",
        rows.join("\n")
    );
    fs::write(folder.path().join("own.csv"), format!("\u{feff}{table}")).unwrap();
    build(&text, folder.path()).unwrap();
}
