//! A CT slice from Hounsfield numbers to the dose file; materials on a base; Twiss parameters in free flight.

use ndarray::Array2;
use smatrix2d::backend::{self, Opened};
use smatrix2d::case::{BackendChoice, Case, Precision};
use smatrix2d::error::Error;
use smatrix2d::phantom::Phantom;
use smatrix2d::physics;
use smatrix2d::transport::{self, Outcome};
use std::path::Path;
use tempfile::TempDir;

fn on_cpu() -> Opened {
    backend::open(BackendChoice::Cpu, Precision::Single, None).unwrap()
}

fn run(text: &str, folder: &Path) -> Result<Outcome, Error> {
    let case = Case::parse(text, Path::new("case.toml"), &[])?;
    let phantom = Phantom::build(&case, folder)?;
    transport::run(&case, &phantom, on_cpu().machine.as_ref(), &mut |_| ())
}

/// Fat, muscle, lung, rib and muscle behind air, 45 mm deep, with a pattern of +-30 HU in place of noise.
fn slice() -> Array2<f64> {
    Array2::from_shape_fn((45, 32), |(z, x)| {
        let noise = ((z * 31 + x * 17) % 61) as f64 - 30.0;
        match (z, x) {
            (0..5, _) => -1000.0,
            (5..10, _) => -90.0 + noise,
            (15..25, 8..24) => -700.0 + noise,
            (28..32, 16..) => 800.0 + noise,
            _ => 40.0 + noise,
        }
    })
}

const SLICE_CASE: &str = r#"
[phantom]
file = "slice.h5"
x_mm = [-16.0, 16.0]
z_mm = [0.0, 45.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 60.0
sigma_x_mm = 3.0
"#;

#[test]
fn a_ct_slice_runs_with_its_balance_closed_and_stops_where_its_water_equivalent_says() {
    let folder = TempDir::new().unwrap();
    let file = hdf5::File::create(folder.path().join("slice.h5")).unwrap();
    let numbers = slice().mapv(|number| number as i16);
    file.new_dataset_builder()
        .with_data(&numbers)
        .create("hounsfield")
        .unwrap();
    file.close().unwrap();
    let outcome = run(SLICE_CASE, folder.path()).unwrap();
    let residual = outcome.ledger.residual();
    // Single precision: rounding of some 1e3 partial sums.
    assert!(
        residual.weight.abs() < 1e-6 && residual.energy_mev.abs() < 1e-6,
        "{residual:?}"
    );
    let results = &outcome.results;
    let dose = results.dose_gy_mm.as_ref().unwrap();
    assert!(dose.iter().all(|dose| dose.is_finite() && *dose >= 0.0));
    // Left of the axis the beam goes through lung and no rib, right of it through the rib: two ranges.
    for (columns, name) in [(10..14, "left"), (18..22, "right")] {
        let depth_dose: Vec<f64> = (0..45)
            .map(|z| columns.clone().map(|x| dose[[z, x]]).sum())
            .collect();
        let peak = smatrix2d::curves::find_peak(&results.z_mm.centers, &depth_dose).unwrap();
        let r80 = smatrix2d::curves::distal_position(
            &results.z_mm.centers,
            &depth_dose,
            0.8 * peak.height,
        );
        let expected = stop_mm(
            &results.density_g_per_cm3,
            &results.material_index,
            &outcome,
            columns,
        );
        // Half a cell: lateral mixing behind edges, and the peak in cells of 1 mm.
        assert!((r80 - expected).abs() < 0.7, "{name}: {r80} for {expected}");
    }
}

/// Depth where the mean proton stops in the columns: mass stopping powers relative to water at 40 MeV (they vary by 0.3 %
/// from 10 to 60 MeV).
fn stop_mm(
    density: &Array2<f64>,
    index: &Array2<u16>,
    outcome: &Outcome,
    columns: std::ops::Range<usize>,
) -> f64 {
    let water = physics::builtin("water").unwrap();
    let folder = TempDir::new().unwrap();
    let file = hdf5::File::create(folder.path().join("slice.h5")).unwrap();
    file.new_dataset_builder()
        .with_data(&slice().mapv(|number| number as i16))
        .create("hounsfield")
        .unwrap();
    file.close().unwrap();
    let case = Case::parse(SLICE_CASE, Path::new("case.toml"), &[]).unwrap();
    let phantom = Phantom::build(&case, folder.path()).unwrap();
    assert_eq!(&phantom.material_index, index);
    let relative = |material: usize| {
        phantom.materials[material].mass_stopping_power_mev_cm2_per_g(40.0)
            / water.mass_stopping_power_mev_cm2_per_g(40.0)
    };
    let range_mm = 10.0 * water.csda_range_g_per_cm2(60.0);
    let count = columns.len() as f64;
    let mut gone_mm = 0.0;
    for (z, edge) in outcome.results.z_mm.edges.windows(2).enumerate() {
        let step: f64 = columns
            .clone()
            .map(|x| density[[z, x]] * relative(usize::from(index[[z, x]])) / count)
            .sum();
        if gone_mm + step >= range_mm {
            return edge[0] + (range_mm - gone_mm) / step;
        }
        gone_mm += step;
    }
    f64::NAN
}

const TANK: &str = r#"
[phantom]
material = "tank"
x_mm = [-20.0, 20.0]
z_mm = [0.0, 90.0]
spacing_mm = [2.0, 0.5]
[[beam]]
energy_mev = 100.0
[materials.tank]
base = "water"
"#;

#[test]
fn another_mean_excitation_energy_on_a_base_moves_the_range() {
    let r80 = |text: &str| run(text, Path::new("")).unwrap().results.summary.r80_mm;
    let pstar = r80(&TANK.replace("\"tank\"", "\"water\""));
    assert!((r80(TANK) - pstar).abs() < 1e-9, "a base alone is the base");
    let moved = r80(&format!("{TANK}mean_excitation_energy_ev = 78.0\n"));
    // Bethe: ln(78/75) = 0.0392 over a stopping number of 7.3. R80 is read off cells of 0.5 mm to 0.05 mm, 0.07 %.
    let shift = 100.0 * (moved / pstar - 1.0);
    assert!((shift - 0.54).abs() < 0.1, "{shift} %");
    let icru90 = r80(&TANK.replace("\"tank\"", "\"water_icru90\""));
    assert!((moved - icru90).abs() < 0.02, "{moved} {icru90}");
    let denser = r80(&format!("{TANK}density_g_per_cm3 = 1.1\n"));
    assert!((denser * 1.1 / pstar - 1.0).abs() < 2e-3, "{denser}");
}

#[test]
fn a_base_is_a_built_in_material_and_brings_its_composition() {
    let wrong = [
        (
            "\"water\"\n",
            "\"wather\"\n",
            "materials.tank.base",
            "did you mean \"water\"?",
        ),
        (
            "\"water\"\n",
            "\"tank\"\n",
            "materials.tank.base",
            "did you mean",
        ),
        (
            "\"water\"\n",
            "\"water\"\ncomposition = { H = 1.0 }\n",
            "materials.tank.composition",
            "remove this key or base",
        ),
        (
            "\"water\"\n",
            "\"water\"\nstopping_power_file = \"a.csv\"\n",
            "materials.tank.stopping_power_file",
            "remove",
        ),
        (
            "\"water\"\n",
            "\"water\"\nmean_excitation_energy_ev = 10.0\n",
            "materials.tank.mean_excitation_energy_ev",
            "within a factor of 2",
        ),
    ];
    for (from, to, key, hint) in wrong {
        let text = TANK.replace(&format!("base = {from}"), &format!("base = {to}"));
        let error = run(&text, Path::new("")).expect_err(to);
        assert_eq!(error.key.as_deref(), Some(key), "{error}");
        assert!(
            error.hint.as_deref().unwrap_or("").contains(hint),
            "{error}"
        );
    }
    let case = Case::parse(TANK, Path::new("case.toml"), &[]).unwrap();
    let again = Case::parse(&case.resolved_text, Path::new("case.toml"), &[]).unwrap();
    assert_eq!(case.resolved_text, again.resolved_text);
}

#[test]
fn energies_beyond_a_materials_table_are_refused_with_the_beam() {
    let mut case = Case::parse(TANK, Path::new("case.toml"), &[]).unwrap();
    case.beams[0].energy_spread_mev = 5_000.0;
    let error = Phantom::build(&case, Path::new("")).expect_err("25 GeV in the tail");
    assert_eq!(error.key.as_deref(), Some("beam[0].energy_mev"));
    assert!(error.message.contains("lies outside the tables of `tank`") && error.hint.is_some());
    case.beams[0].energy_spread_mev = 0.0;
    case.grid.cutoff_mev = 1e-4;
    let error = Phantom::build(&case, Path::new("")).expect_err("below 1 keV");
    assert_eq!(error.key.as_deref(), Some("grid.cutoff_mev"));
}

#[test]
fn a_twiss_beam_follows_its_parabola_in_free_flight() {
    let (alpha, beta_mm, emittance_mm_mrad) = (1.0, 800.0, 20.0);
    let text = format!(
        r#"
[phantom]
material = "air"
x_mm = [-40.0, 40.0]
z_mm = [0.0, 600.0]
spacing_mm = [1.0, 4.0]
[[beam]]
energy_mev = 100.0
twiss = {{ alpha = {alpha:?}, beta_mm = {beta_mm:?}, emittance_mm_mrad = {emittance_mm_mrad:?} }}
[grid]
range_bin_mm = 5.0
angle_max_deg = 3.0
angle_bin_deg = 0.1
[physics]
scattering = "none"
straggling = false
energy_loss = false
"#
    );
    let outcome = run(&text, Path::new("")).unwrap();
    let results = &outcome.results;
    let gamma_per_mm = (1.0 + alpha * alpha) / beta_mm;
    for (z, sigma) in results.z_mm.centers.iter().zip(&results.sigma_x_mm) {
        let variance =
            1e-3 * emittance_mm_mrad * (beta_mm - 2.0 * alpha * z + gamma_per_mm * z * z);
        // Bins give the beam its moments exactly; tan(theta) for theta, and cells cut by the kept-positive streaming, remain.
        assert!(
            (sigma / variance.sqrt() - 1.0).abs() < 0.01,
            "{z}: {sigma} for {}",
            variance.sqrt()
        );
    }
}

#[test]
fn let_d_behind_rounded_densities_is_that_of_the_cells_own() {
    let text = "[phantom]\nmaterial = \"water\"\nx_mm = [-10.0, 10.0]\nz_mm = [0.0, 60.0]\nspacing_mm = [1.0, 1.0]\n[[beam]]\nenergy_mev = 150.0\n";
    let case = Case::parse(text, Path::new("case.toml"), &[]).unwrap();
    let mut phantom = Phantom::build(&case, Path::new(".")).unwrap();
    // More densities than media, so that they are rounded and what is left is carried along z, into the thin cells behind.
    for ((z, x), density) in phantom.density_g_per_cm3.indexed_iter_mut() {
        *density = match z {
            0..40 => 1.0 + 2e-4 * ((z * 7919 + x * 104_729) % 1009) as f64,
            _ => 0.0012,
        };
    }
    let outcome = transport::run(&case, &phantom, on_cpu().machine.as_ref(), &mut |_| ()).unwrap();
    let let_d = outcome.results.let_d_kev_per_um.unwrap();
    for x in 7..13 {
        // Both are LET of protons behind 40 mm, by length in the same thin gas: energies differ by a per cent from cell to cell.
        let (first, last) = (let_d[[40, x]], let_d[[45, x]]);
        assert!(
            (first / last - 1.0).abs() < 0.05,
            "{x}: {first} and {last} keV/um"
        );
    }
}
