//! Stopping power, range and their inverses against NIST PSTAR.

#[path = "support/physics.rs"]
mod physics;

use physics::{assert_within, material};
use smatrix2d::physics::{Material, builtin, builtin_names};

const ENERGIES_MEV: [f64; 10] = [
    5.0, 10.0, 20.0, 30.0, 50.0, 70.0, 100.0, 150.0, 200.0, 250.0,
];

/// Materials that stand on a PSTAR table of their own, with that table: (name, rows of the seven columns).
fn materials_with_pstar_table() -> Vec<(Material, Vec<[f64; 7]>)> {
    let catalogue =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/data/materials.csv"))
            .unwrap();
    let stem_of = |line: &str| {
        let table = line.split(',').nth(3)?.strip_prefix("pstar/")?;
        Some((line.split(',').next()?.to_string(), table.to_string()))
    };
    let named: Vec<_> = catalogue.lines().skip(4).filter_map(stem_of).collect();
    let own_table = |(name, _): &(String, String)| name != "water_icru90";
    named
        .into_iter()
        .filter(own_table)
        .map(|(name, stem)| (material(&name), pstar_rows(&stem)))
        .collect()
}

fn pstar_rows(stem: &str) -> Vec<[f64; 7]> {
    let path = format!("{}/data/pstar/{stem}.csv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let numbers = |line: &str| -> [f64; 7] {
        let values: Vec<f64> = line
            .split(',')
            .map(|field| field.parse().unwrap())
            .collect();
        values.try_into().unwrap()
    };
    text.lines().skip(3).map(numbers).collect()
}

#[test]
fn every_builtin_material_can_be_built() {
    for name in builtin_names() {
        let material = material(name);
        let sum: f64 = material
            .composition
            .iter()
            .map(|(_, fraction)| fraction)
            .sum();
        assert!(
            (sum - 1.0).abs() < 1e-12,
            "{name}: mass fractions sum to {sum}"
        );
        assert!(!material.source.is_empty(), "{name} has no source");
    }
    assert!(builtin("unobtainium").is_none());
}

#[test]
fn stopping_power_passes_through_every_pstar_row() {
    for (material, rows) in materials_with_pstar_table() {
        for [energy, electronic, _, total, ..] in rows {
            let what = format!("{} at {energy} MeV", material.name);
            // Columns carry four digits each: electronic and total may differ by one unit of the last place, 0.1 %.
            assert_within(
                material.mass_stopping_power_mev_cm2_per_g(energy),
                total,
                1e-3,
                &what,
            );
            assert_within(
                material.electronic_mass_stopping_power_mev_cm2_per_g(energy),
                electronic,
                1e-12,
                &what,
            );
        }
    }
}

#[test]
fn csda_range_integrated_from_the_stopping_power_follows_pstar() {
    for (material, rows) in materials_with_pstar_table() {
        for energy in ENERGIES_MEV {
            let tabulated = rows.iter().find(|row| row[0] == energy).unwrap()[4];
            let what = format!("range in {} at {energy} MeV", material.name);
            // Four digits in the table: half a unit of the last place is up to 0.05 %.
            assert_within(
                material.csda_range_g_per_cm2(energy),
                tabulated,
                1e-3,
                &what,
            );
        }
    }
}

#[test]
fn range_in_water_follows_pstar_closely() {
    // NIST PSTAR, liquid water, g/cm2.
    let table = [
        (10.0, 0.1230),
        (50.0, 2.227),
        (70.0, 4.080),
        (100.0, 7.718),
        (150.0, 15.77),
        (200.0, 25.96),
        (250.0, 37.94),
    ];
    let water = material("water");
    for (energy, range) in table {
        assert_within(
            water.csda_range_g_per_cm2(energy),
            range,
            5e-4,
            &format!("range at {energy} MeV"),
        );
    }
}

#[test]
fn slow_protons_lose_energy_faster_by_the_ratio_of_pstar() {
    let water = material("water");
    let ratio = water.mass_stopping_power_mev_cm2_per_g(1.0)
        / water.mass_stopping_power_mev_cm2_per_g(70.0);
    // PSTAR: 260.8 / 9.559; a table tuned to one range has another ratio.
    assert_within(ratio, 260.8 / 9.559, 1e-3, "S(1 MeV) / S(70 MeV)");
}

#[test]
fn range_is_the_integral_of_the_inverse_stopping_power() {
    for name in ["water", "lung", "lead", "water_icru90"] {
        let material = material(name);
        let steps = 20_000;
        let (low, high) = (1.0_f64.ln(), 250.0_f64.ln());
        let width = (high - low) / f64::from(steps);
        let midpoint = |i: i32| (low + (f64::from(i) + 0.5) * width).exp();
        let integral: f64 = (0..steps)
            .map(midpoint)
            .map(|energy| width * energy / material.mass_stopping_power_mev_cm2_per_g(energy))
            .sum();
        let difference = material.csda_range_g_per_cm2(250.0) - material.csda_range_g_per_cm2(1.0);
        // The midpoint rule's own error on this grid is about 1e-8.
        assert_within(difference, integral, 1e-7, name);
    }
}

#[test]
fn energy_is_the_inverse_of_range_at_every_energy() {
    for name in ["water", "air", "lung", "brass", "hydrogen"] {
        let material = material(name);
        for i in 0..=4000 {
            let energy = (1e-4_f64.ln() + 20.0 * f64::from(i) / 4000.0).exp();
            let back = material.energy_mev(material.csda_range_g_per_cm2(energy));
            assert_within(
                back,
                energy,
                1e-10,
                &format!("{name} round trip at {energy} MeV"),
            );
        }
    }
}

#[test]
fn only_a_material_s_own_copies_share_its_curves() {
    let water = material("water");
    let moved = water.with_mean_excitation_energy(78.0).unwrap();
    assert!(water.clone().shares_curves_with(&water));
    assert!(!moved.shares_curves_with(&water) && !material("water").shares_curves_with(&water));
}

#[test]
fn range_increases_and_stopping_power_is_positive_at_every_energy() {
    for name in builtin_names() {
        let material = material(name);
        let mut range_before = 0.0;
        for i in 0..3000 {
            let energy = (1e-5_f64.ln() + 22.0 * f64::from(i) / 3000.0).exp();
            let range = material.csda_range_g_per_cm2(energy);
            let power = material.mass_stopping_power_mev_cm2_per_g(energy);
            let electronic = material.electronic_mass_stopping_power_mev_cm2_per_g(energy);
            assert!(range > range_before, "{name}: range falls at {energy} MeV");
            assert!(
                power > 0.0 && electronic > 0.0 && electronic <= power * 1.000_001,
                "{name} at {energy} MeV"
            );
            range_before = range;
        }
    }
}

#[test]
fn nothing_ranges_nowhere() {
    let water = material("water");
    assert_eq!(water.csda_range_g_per_cm2(0.0), 0.0);
    assert_eq!(water.energy_mev(0.0), 0.0);
    assert_eq!(water.energy_mev(-1.0), 0.0);
    assert_eq!(water.let_integral_mev2_cm2_per_g(0.0), 0.0);
}

#[test]
fn energies_outside_the_table_are_finite_but_refused() {
    let water = material("water");
    assert_eq!(water.energy_domain_mev(), (0.001, 10_000.0));
    for energy in [1e-3, 300.0, 10_000.0] {
        assert!(
            water.check_energy_mev(energy).is_ok(),
            "{energy} MeV is in the table"
        );
    }
    for energy in [0.0, 9e-4, 10_001.0, f64::NAN, f64::INFINITY] {
        let error = water.check_energy_mev(energy).unwrap_err();
        assert!(
            error.hint.is_some(),
            "{energy} MeV: an error without a hint"
        );
    }
    for energy in [0.0, 1e-9, 10_001.0, 1e6] {
        assert!(
            water.csda_range_g_per_cm2(energy).is_finite()
                && water.mass_stopping_power_mev_cm2_per_g(energy).is_finite()
        );
    }
}

#[test]
fn let_integral_is_the_integral_of_the_electronic_stopping_power() {
    let water = material("water");
    let steps = 20_000;
    let width = 100.0 / f64::from(steps);
    let integral: f64 = (0..steps)
        .map(|i| 20.0 + (f64::from(i) + 0.5) * width)
        .map(|energy| width * water.electronic_mass_stopping_power_mev_cm2_per_g(energy))
        .sum();
    let difference =
        water.let_integral_mev2_cm2_per_g(120.0) - water.let_integral_mev2_cm2_per_g(20.0);
    assert_within(difference, integral, 1e-7, "20 to 120 MeV");
}

fn assert_electronic(material: &Material, table: &[(f64, f64)], relative: f64) {
    for &(energy, power) in table {
        let found = material.electronic_mass_stopping_power_mev_cm2_per_g(energy);
        assert_within(found, power, relative, &format!("{energy} MeV"));
    }
}

#[test]
fn water_of_icru_90_has_the_stopping_powers_that_icru_90_tabulates() {
    let water = material("water_icru90");
    // Electronic, MeV cm2/g: ICRU Report 90 (2016) as Geant4 11.4 carries it (G4ICRU90StoppingData); four digits.
    let table = [
        (1.0, 257.4),
        (2.0, 156.9),
        (5.0, 78.42),
        (10.0, 45.32),
        (20.0, 25.89),
        (50.0, 12.38),
        (100.0, 7.250),
        (150.0, 5.417),
        (200.0, 4.470),
        (300.0, 3.504),
    ];
    assert_electronic(&water, &table, 1e-3);
}

#[test]
fn water_of_icru_90_has_the_longer_range_of_its_higher_mean_excitation_energy() {
    let (pstar, icru90) = (material("water"), material("water_icru90"));
    // From ICRU 90's own stopping powers, mm. Geant4's water of 78 eV has 0.20, 0.73 and 1.45 mm: it fades its formula into tables made
    // for 75 eV.
    for (energy, longer_mm) in [(70.0, 0.226), (150.0, 0.798), (230.0, 1.596)] {
        let difference_mm =
            10.0 * (icru90.csda_range_g_per_cm2(energy) - pstar.csda_range_g_per_cm2(energy));
        assert!(
            (difference_mm - longer_mm).abs() < 0.03,
            "{energy} MeV: {difference_mm} mm longer, not {longer_mm}"
        );
    }
}

#[test]
fn water_of_icru_90_follows_geant4_with_78_electronvolts() {
    let water = material("water_icru90");
    // Electronic stopping power of Geant4 11.3.2's G4_WATER (I = 78 eV), MeV cm2/g; from 50 MeV on, where its formula stands alone
    // (for 75 eV the two differ by 0.08 %).
    let table = [
        (50.0, 12.3873),
        (100.0, 7.25605),
        (150.0, 5.42161),
        (250.0, 3.89548),
    ];
    assert_electronic(&water, &table, 2e-3);
}

#[test]
fn every_pstar_table_belongs_to_the_mean_excitation_energy_and_composition_it_is_listed_with() {
    let (proton_mev, electron_mev) = (938.272_088_16, 0.510_998_95);
    for (material, _) in materials_with_pstar_table() {
        // Bethe's formula solved for I at 100 MeV, shell and density corrections left out.
        let gamma: f64 = 1.0 + 100.0 / proton_mev;
        let beta2 = 1.0 - 1.0 / (gamma * gamma);
        let ratio: f64 = electron_mev / proton_mev;
        let slow = 2.0 * electron_mev * beta2 * gamma * gamma;
        let largest = slow / (1.0 + 2.0 * gamma * ratio + ratio * ratio);
        let power = material.electronic_mass_stopping_power_mev_cm2_per_g(100.0);
        let stopping_number = power * beta2 / (0.307_075 * material.z_over_a());
        let i_ev = 1e6 * (slow * largest).sqrt() * (-beta2 - stopping_number).exp();
        // Corrections left out are below 2 % of I for light elements, 10 % for lead; a wrong composition or I moves it by more.
        let above = if material.mean_excitation_energy_ev < 200.0 {
            0.02
        } else {
            0.10
        };
        let excess = i_ev / material.mean_excitation_energy_ev - 1.0;
        assert!(
            (-0.003..above).contains(&excess),
            "{}: I = {i_ev} eV from its table ({excess:+.4})",
            material.name
        );
    }
}
