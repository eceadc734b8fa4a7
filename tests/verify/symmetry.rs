//! Symmetries that must hold to the last bit, and sums that must hold to rounding.

use crate::set;
use crate::support::{WATER, claim, largest_difference, run};
use assert_cmd::Command;
use ndarray::{Array2, s};
use smatrix2d::dose_file;

const HALF_BONE: &str = r#"
[phantom]
material = "water"
x_mm = [-32.0, 32.0]
z_mm = [0.0, 120.0]
spacing_mm = [1.0, 1.0]
[[phantom.region]]
material = "bone_cortical"
z_mm = [20.0, 40.0]
x_mm = [3.0, 32.0]
[[beam]]
energy_mev = 110.0
sigma_x_mm = 3.0
x_mm = 0.3
angle_deg = 2.2
divergence_mrad = 4.0
correlation = 0.4
"#;

fn dose(text: &str, overrides: &[(&str, String)]) -> Array2<f64> {
    run(text, overrides).results.energy_deposit_mev
}

#[test]
fn a_mirrored_case_gives_the_mirrored_bits() {
    let mirrored = set!["phantom.region.0.x_mm" => "[-32.0, -3.0]", "beam.0.x_mm" => "-0.3", "beam.0.angle_deg" => "-2.2"];
    for precision in ["\"single\"", "\"double\""] {
        let own = dose(HALF_BONE, &set!["run.precision" => precision]);
        let other = dose(
            HALF_BONE,
            &[&mirrored[..], &set!["run.precision" => precision]].concat(),
        );
        assert_eq!(own, other.slice(s![.., ..;-1]));
    }
}

/// Edges that are no binary fractions: a mirrored phantom's are not the mirrored numbers.
#[test]
fn a_mirrored_case_on_cells_of_a_tenth_of_a_millimetre_is_mirrored_to_rounding() {
    let at = |x_mm: f64| {
        let narrow = set![
            "phantom.x_mm" => "[-2.0, 2.0]", "phantom.z_mm" => "[0.0, 60.0]", "phantom.spacing_mm" => "[0.1, 1.0]",
            "beam.0.energy_mev" => "70.0", "beam.0.sigma_x_mm" => "0.2", "beam.0.x_mm" => x_mm,
        ];
        dose(WATER, &narrow)
    };
    let mirrored = at(-0.5).slice(s![.., ..;-1]).to_owned();
    claim(
        "mirrored-0.1mm",
        largest_difference(&mirrored, &at(0.5)),
        1e-5,
        "of the maximum",
    );
}

#[test]
fn a_beam_on_the_axis_is_its_own_mirror_image() {
    let own = dose(WATER, &set!["beam.0.divergence_mrad" => "5.0"]);
    assert_eq!(own, own.slice(s![.., ..;-1]));
}

#[test]
fn a_case_shifted_by_whole_cells_gives_the_shifted_bits() {
    let own = dose(HALF_BONE, &[]);
    for cells in [1, 5, 16, 23] {
        let at = |x: f64| x + f64::from(cells);
        let shifted = set![
            "phantom.x_mm" => format!("[-32.0, {:.1}]", at(32.0)), "phantom.region.0.x_mm" => format!("[{:.1}, {:.1}]", at(3.0), at(32.0)),
            "beam.0.x_mm" => format!("{:?}", at(0.3)),
        ];
        let other = dose(HALF_BONE, &shifted);
        let found = other.slice(s![.., cells..]);
        assert_eq!(
            own,
            found,
            "{cells}: {:e}",
            largest_difference(&found.to_owned(), &own)
        );
    }
}

#[test]
fn two_spots_give_the_sum_of_their_doses() {
    let text = format!(
        "{WATER}weight = 1.0\n[[beam]]\nenergy_mev = 120.0\nx_mm = 9.0\nsigma_x_mm = 4.0\nweight = 3.0\n"
    );
    let both = dose(&text, &[]);
    let first = dose(WATER, &[]);
    let second = dose(
        WATER,
        &set!["beam.0.energy_mev" => "120.0", "beam.0.x_mm" => "9.0", "beam.0.sigma_x_mm" => "4.0"],
    );
    // Each spot marches on its own and sums are in f64.
    claim(
        "two-spots",
        largest_difference(&both, &(0.25 * first + 0.75 * second)),
        1e-14,
        "of the maximum",
    );
}

#[test]
fn the_same_input_twice_gives_the_same_bits() {
    assert_eq!(dose(HALF_BONE, &[]), dose(HALF_BONE, &[]));
}

#[test]
fn single_precision_gives_the_dose_of_double_precision() {
    // 1e-4 of the maximum: f32 rounds each of ~500 passes to 6e-8 with random signs, 1e-6 in all; pruning decides alike.
    for (name, text) in [("water", WATER), ("half-bone", HALF_BONE)] {
        let difference = largest_difference(
            &dose(text, &[]),
            &dose(text, &set!["run.precision" => "\"double\""]),
        );
        claim(
            &format!("f32-f64-{name}"),
            difference,
            1e-4,
            "of the maximum",
        );
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let case = folder.path().join("case.toml");
    std::fs::write(&case, HALF_BONE).unwrap();
    for precision in ["single", "double"] {
        let maps: Vec<_> = ["", "avx2", "baseline"]
            .iter()
            .map(|set| {
                let out = folder.path().join(format!("{precision}_{set}.h5"));
                Command::cargo_bin("smatrix2d")
                    .unwrap()
                    .env("SMATRIX2D_SIMD", set)
                    .args(["run", "--backend", "cpu", "-q", "--precision", precision])
                    .arg(&case)
                    .arg("-o")
                    .arg(&out)
                    .assert()
                    .success();
                dose_file::read(&out).unwrap()
            })
            .collect();
        for map in &maps[1..] {
            assert!(maps[0].maps.energy_deposit_mev.is_some());
            assert_eq!(maps[0].maps.energy_deposit_mev, map.maps.energy_deposit_mev);
        }
    }
}
