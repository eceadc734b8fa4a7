//! Hounsfield numbers to materials and densities: Schneider's conversion, curves of one's own, and what is refused.

use ndarray::{Array2, arr2};
use smatrix2d::case::Case;
use smatrix2d::error::{Error, Kind};
use smatrix2d::media::Media;
use smatrix2d::phantom::Phantom;
use smatrix2d::physics::{self, Material};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const CURVE: &str = "hounsfield,density_g_per_cm3,material,composition\n\
    -1000,0.001,air,\n0,1.0,water,\n500,,own,H:0.05;O:0.95\n1000,2.0,,\n";

/// A case with one row of cells, one for each number, and keys of `[phantom.hounsfield]`.
fn case_text(numbers: usize, table: &str) -> String {
    format!(
        "[phantom]\nfile = \"slice.h5\"\nx_mm = [0.0, {numbers}.0]\nz_mm = [0.0, 1.0]\nspacing_mm = [1.0, 1.0]\n{table}\n[[beam]]\nenergy_mev = 100.0\nx_mm = 0.5\n"
    )
}

fn convert(numbers: &[f64], table: &str) -> Result<Phantom, Error> {
    let folder = TempDir::new().unwrap();
    let row = Array2::from_shape_vec((1, numbers.len()), numbers.to_vec()).unwrap();
    write(folder.path(), &row);
    fs::write(folder.path().join("curve.csv"), CURVE).unwrap();
    build(folder.path(), &case_text(numbers.len(), table))
}

fn build(folder: &Path, text: &str) -> Result<Phantom, Error> {
    Phantom::build(&Case::parse(text, Path::new("case.toml"), &[])?, folder)
}

fn write(folder: &Path, numbers: &Array2<f64>) {
    let file = hdf5::File::create(folder.join("slice.h5")).unwrap();
    let data = numbers.mapv(|number| number as f32);
    file.new_dataset_builder()
        .with_data(&data)
        .create("hounsfield")
        .unwrap();
}

fn material_at(phantom: &Phantom, cell: usize) -> &Material {
    &phantom.materials[usize::from(phantom.material_index[[0, cell]])]
}

/// The number that a scanner of the paper shows for a material: eq. 7 of Schneider et al. (2000), with the fit of its section 3
/// (k1 = 1.24e-3, k2 = 3.06e-5): photo effect and coherent scattering against Klein-Nishina at 120 kVp.
fn scanner_hounsfield(material: &Material) -> f64 {
    let attenuation = |material: &Material| -> f64 {
        let of_element = |(element, fraction): &(physics::Element, f64)| {
            let z = element.atomic_number;
            fraction / element.atomic_mass_g_per_mol
                * (z + 1.24e-3 * z.powf(2.86) + 3.06e-5 * z.powf(4.62))
        };
        material.density_g_per_cm3 * material.constituents().iter().map(of_element).sum::<f64>()
    };
    let water = physics::builtin("water").unwrap();
    1000.0 * (attenuation(material) / attenuation(&water) - 1.0)
}

fn stopping_power_ratio(material: &Material, density_g_per_cm3: f64) -> f64 {
    let water = physics::builtin("water").unwrap();
    let power = |material: &Material| material.mass_stopping_power_mev_cm2_per_g(150.0);
    density_g_per_cm3 * power(material) / power(&water)
}

#[test]
fn densities_follow_the_linear_pieces_of_schneider() {
    // The paper's pieces, to the last digit of their coefficients.
    let expected = [
        (-1000.0, 0.00121),
        (-98.0, 0.9305),
        (0.0, 1.018),
        (14.0, 1.0305),
        (18.0, 1.03),
        (60.0, 1.0731),
        (100.0, 1.1199),
        (101.0, 1.0768),
        (1000.0, 1.609),
        (1600.0, 1.9642),
    ];
    let numbers: Vec<f64> = expected.iter().map(|row| row.0).collect();
    let phantom = convert(&numbers, "").unwrap();
    for (cell, (number, density)) in expected.iter().enumerate() {
        let found = phantom.density_g_per_cm3[[0, cell]];
        assert!(
            (found - density).abs() < 6e-5,
            "{number}: {found} for {density}"
        );
    }
}

#[test]
fn compositions_change_at_the_edges_of_the_intervals() {
    let expected = [
        (-1000.0, "schneider_air"),
        (-951.0, "schneider_air"),
        (-950.0, "schneider_lung"),
        (-121.0, "schneider_lung"),
        (-120.0, "schneider_adipose_adrenal_1"),
        (0.0, "schneider_adipose_adrenal_4"),
        (19.0, "schneider_soft_tissue"),
        (79.5, "schneider_soft_tissue"),
        (80.0, "schneider_connective_tissue"),
        (120.0, "schneider_bone_01"),
        (1600.0, "schneider_bone_15"),
    ];
    let numbers: Vec<f64> = expected.iter().map(|row| row.0).collect();
    let phantom = convert(&numbers, "").unwrap();
    for (cell, (number, name)) in expected.iter().enumerate() {
        assert_eq!(material_at(&phantom, cell).name, *name, "{number}");
    }
    assert_eq!(
        phantom.materials.len(),
        8,
        "only materials that occur are kept"
    );
}

#[test]
fn every_interval_of_schneider_has_a_material() {
    let numbers: Vec<f64> = (-1000..=1600).map(f64::from).collect();
    let phantom = convert(
        &numbers,
        "[phantom.hounsfield]\nconversion = \"schneider2000\"",
    )
    .unwrap();
    assert_eq!(phantom.materials.len(), 24);
    for material in &phantom.materials {
        let sum: f64 = material.composition.iter().map(|(_, part)| part).sum();
        assert!((sum - 1.0).abs() < 1e-12, "{}", material.name);
    }
}

#[test]
fn tissues_keep_their_stopping_power_within_2_percent() {
    // Reference: the tissue's own density and table (NIST PSTAR where there is one), at the number that a scanner shows.
    for name in [
        "adipose",
        "muscle_skeletal",
        "muscle_striated",
        "brain",
        "blood",
        "bone_cortical_icru46",
    ] {
        let tissue = physics::builtin(name).unwrap();
        let number = scanner_hounsfield(&tissue).clamp(-1000.0, 1600.0);
        let phantom = convert(&[number], "").unwrap();
        let found =
            stopping_power_ratio(material_at(&phantom, 0), phantom.density_g_per_cm3[[0, 0]]);
        let expected = stopping_power_ratio(&tissue, tissue.density_g_per_cm3);
        println!(
            "{name}: {number:.0} HU, {found:.4} for {expected:.4} ({:+.2} %)",
            100.0 * (found / expected - 1.0)
        );
        assert!((found / expected - 1.0).abs() < 0.02, "{name}");
    }
}

#[test]
fn whole_numbers_and_floats_read_alike() {
    let folder = TempDir::new().unwrap();
    let file = hdf5::File::create(folder.path().join("slice.h5")).unwrap();
    file.new_dataset_builder()
        .with_data(&arr2(&[[-1000_i16, 0, 700]]))
        .create("hounsfield")
        .unwrap();
    file.close().unwrap();
    let whole = build(folder.path(), &case_text(3, "")).unwrap();
    let float = convert(&[-1000.0, 0.0, 700.0], "").unwrap();
    assert_eq!(whole.density_g_per_cm3, float.density_g_per_cm3);
    assert_eq!(whole.material_index, float.material_index);
}

#[test]
fn a_curve_of_ones_own_is_linear_in_density_and_stepwise_in_material() {
    let table = "[phantom.hounsfield]\nfile = \"curve.csv\"";
    let phantom = convert(&[-500.0, 0.0, 499.0, 500.0, 1000.0], table).unwrap();
    let densities = [0.5005, 1.0, 1.499, 1.5, 2.0];
    let names = ["air", "water", "water", "own", "own"];
    for cell in 0..5 {
        let density = phantom.density_g_per_cm3[[0, cell]];
        assert!(
            (density - densities[cell]).abs() < 1e-6,
            "{cell}: {density}"
        );
        assert_eq!(material_at(&phantom, cell).name, names[cell]);
    }
    let own = material_at(&phantom, 3);
    assert!(
        (own.density_g_per_cm3 - 1.75).abs() < 1e-12,
        "half way along its step"
    );
}

#[test]
fn numbers_beyond_the_curve_are_refused_or_clamped_as_the_case_says() {
    for (number, words, hint) in [
        (
            -1024.0,
            "/hounsfield[0, 1] is -1024; allowed: -1000 to 1600",
            "clamp",
        ),
        (3071.0, "/hounsfield[0, 1] is 3071", "clamp"),
        (f64::NAN, "/hounsfield[0, 1] is NaN", "-1000 (air)"),
    ] {
        let error = convert(&[0.0, number], "").expect_err(words);
        assert!(error.message.contains(words), "{error}");
        assert_eq!(error.key.as_deref(), Some("phantom.file"));
        assert!(error.hint.unwrap().contains(hint));
    }
    let clamp = "[phantom.hounsfield]\noutside = \"clamp\"";
    let phantom = convert(&[-1024.0, 3071.0], clamp).unwrap();
    assert_eq!(phantom.density_g_per_cm3, arr2(&[[0.00121, 1.9642]]));
    assert!(
        convert(&[f64::NAN], clamp).is_err(),
        "NaN is no number to clamp"
    );
}

#[test]
fn a_byte_order_mark_before_a_curve_is_passed_over() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &arr2(&[[0.0]]));
    fs::write(folder.path().join("curve.csv"), format!("\u{feff}{CURVE}")).unwrap();
    let table = "[phantom.hounsfield]\nfile = \"curve.csv\"";
    build(folder.path(), &case_text(1, table)).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn a_name_may_come_again_and_a_comment_behind_a_row() {
    let table = "[phantom.hounsfield]\nfile = \"curve.csv\"";
    for again in ["own,", "own,O:0.95;H:0.05", "own, # the same as above"] {
        let folder = TempDir::new().unwrap();
        write(folder.path(), &arr2(&[[0.0, 900.0]]));
        let curve = CURVE.replace("1000,2.0,,", &format!("800,,{again}\n1000,2.0,, # the end"));
        fs::write(folder.path().join("curve.csv"), curve).unwrap();
        let phantom = build(folder.path(), &case_text(2, table));
        let phantom = phantom.unwrap_or_else(|error| panic!("{again}: {error}"));
        assert_eq!(material_at(&phantom, 1).name, "own", "{again}");
    }
}

#[test]
fn a_composition_with_equals_signs_is_shown_as_it_is_written() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), &arr2(&[[0.0]]));
    let curve = CURVE.replace("H:0.05;O:0.95", "H=0.5;O=0.5");
    fs::write(folder.path().join("curve.csv"), curve).unwrap();
    let table = "[phantom.hounsfield]\nfile = \"curve.csv\"";
    let error = build(folder.path(), &case_text(1, table)).expect_err("no colon");
    assert_eq!(error.hint.as_deref(), Some("write H:0.5;O:0.5"));
}

#[test]
fn wrong_curves_are_refused_with_their_line() {
    let table = "[phantom.hounsfield]\nfile = \"curve.csv\"";
    let wrong = [
        ("hounsfield", "hu", "curve.csv:1: the heading is"),
        (
            "0,1.0",
            "-1000,1.0",
            "curve.csv:3: -1000 does not lie above",
        ),
        ("1.0,water", "x,water", "curve.csv:3: `x` is not a density"),
        (
            "1.0,water",
            "1000,water",
            "curve.csv:3: the density is 1000",
        ),
        (
            "0,1.0",
            "nan,1.0",
            "curve.csv:3: `nan` is not a Hounsfield number",
        ),
        ("O:0.95", "O:0.5", "the mass fractions sum to 0.5500"),
        (
            "O:0.95",
            "Ox:0.95",
            "curve.csv:4: `Ox` is no chemical element",
        ),
        (
            "H:0.05;O:0.95",
            "H=0.05;O=0.95",
            "curve.csv:4: `H=0.05` is no element and its mass fraction",
        ),
        (
            "2.0,,",
            "2.0,own,H:0.1;O:0.9",
            "curve.csv:5: `own` has another composition in line 4",
        ),
        (
            "own,H",
            "water,H",
            "curve.csv:4: `water` has another composition in line 3",
        ),
        ("own,H", ",H", "has no name"),
        ("2.0,,", ",,", "the curve has no ends"),
        (
            "water",
            "wather",
            "curve.csv:3: there is no material \"wather\"",
        ),
        ("2.0,,", "2.0,,,", "more than four fields"),
    ];
    for (from, to, words) in wrong {
        let folder = TempDir::new().unwrap();
        write(folder.path(), &arr2(&[[0.0]]));
        assert_eq!(CURVE.matches(from).count(), 1, "`{from}` once");
        fs::write(folder.path().join("curve.csv"), CURVE.replace(from, to)).unwrap();
        let error = build(folder.path(), &case_text(1, table)).expect_err(words);
        assert_eq!(error.kind, Kind::BadData, "{error}");
        assert_eq!(
            error.key.as_deref(),
            Some("phantom.hounsfield.file"),
            "{error}"
        );
        assert!(
            error.message.contains(words) && error.hint.is_some(),
            "no `{words}` in {error}"
        );
    }
    let folder = TempDir::new().unwrap();
    write(folder.path(), &arr2(&[[0.0]]));
    let error = build(folder.path(), &case_text(1, table)).expect_err("there is no curve");
    assert_eq!(error.kind, Kind::InputMissing);
}

#[test]
fn keys_and_files_that_do_not_fit_together_are_refused() {
    let no_file = "[phantom]\nmaterial = \"water\"\nx_mm = [0.0, 1.0]\nz_mm = [0.0, 1.0]\nspacing_mm = [1.0, 1.0]\n[phantom.hounsfield]\n[[beam]]\nenergy_mev = 100.0\n";
    let error = build(Path::new(""), no_file).expect_err("nothing to convert");
    assert!(error.message.contains("without phantom.file"), "{error}");
    let both = "[phantom.hounsfield]\nfile = \"curve.csv\"\nconversion = \"schneider2000\"";
    let error = convert(&[0.0], both).expect_err("two curves");
    assert_eq!(error.key.as_deref(), Some("phantom.hounsfield.conversion"));
    let folder = TempDir::new().unwrap();
    write(folder.path(), &arr2(&[[0.0]]));
    let file = hdf5::File::open_rw(folder.path().join("slice.h5")).unwrap();
    file.new_dataset_builder()
        .with_data(&arr2(&[[0]]))
        .create("material_index")
        .unwrap();
    file.close().unwrap();
    let error = build(folder.path(), &case_text(1, "")).expect_err("two phantoms in one file");
    assert!(error.message.contains("beside /material_index"), "{error}");
}

#[test]
fn the_conversion_stands_in_the_resolved_case() {
    let text = case_text(1, "[phantom.hounsfield]\noutside = \"clamp\"");
    let case = Case::parse(&text, Path::new("case.toml"), &[]).unwrap();
    assert!(
        case.resolved_text
            .contains("[phantom.hounsfield]\nconversion = \"schneider2000\"\noutside = \"clamp\"")
    );
    let again = Case::parse(&case.resolved_text, Path::new("case.toml"), &[]).unwrap();
    assert_eq!(again.phantom.hounsfield, case.phantom.hounsfield);
}

/// Numbers of every tissue in an order without pattern (multiplicative congruence).
fn many_numbers(cells: usize) -> Array2<f64> {
    Array2::from_shape_fn((cells, 8), |(z, x)| {
        ((z * 7919 + x * 104_729) % 2601) as f64 - 1000.0
    })
}

#[test]
fn rounding_many_densities_moves_no_range_by_a_tenth_of_a_millimetre() {
    let folder = TempDir::new().unwrap();
    let numbers = many_numbers(300);
    write(folder.path(), &numbers);
    let text = case_text(8, "").replace("z_mm = [0.0, 1.0]", "z_mm = [0.0, 300.0]");
    let phantom = build(folder.path(), &text).unwrap();
    let media = Media::new(&phantom);
    assert!(media.list.len() < 256, "{} media", media.list.len());
    let rounded = media.density_g_per_cm3();
    for x in 0..8 {
        // g/cm2 in units of mm of water (spacing 1 mm).
        let mut areal = 0.0_f64;
        for z in 0..300 {
            areal += rounded[[z, x]] - phantom.density_g_per_cm3[[z, x]];
            assert!(areal.abs() < 0.03, "{areal} mm of water at {z}, {x}");
        }
    }
}
