//! Nuclear interactions in a march: what they take, where its energy goes, and the dose that they leave, against Geant4.

use ndarray::{Array2, s};
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::case::{Case, CrossSections, NuclearSources, Secondaries};
use smatrix2d::ledger::Ledger;
use smatrix2d::phantom::Phantom;
use smatrix2d::physics::elastic_protons::{ElasticProtons, Turns};
use smatrix2d::physics::nuclear::NuclearReactions;
use smatrix2d::physics::{Material, builtin};
use smatrix2d::transport::{self, Outcome};
use std::path::Path;

const WATER: &str = r#"
[phantom]
material = "water_icru90"
x_mm = [-60.0, 60.0]
z_mm = [0.0, 190.0]
spacing_mm = [1.0, 1.0]
[[beam]]
energy_mev = 150.0
sigma_x_mm = 3.0
[physics]
scattering = "moliere"
"#;

fn run(overrides: &[(&str, &str)]) -> Outcome {
    let overrides: Vec<(String, String)> = overrides
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    let case = Case::parse(WATER, Path::new("nuclear.toml"), &overrides).unwrap();
    let phantom = Phantom::build(&case, Path::new(".")).unwrap();
    transport::run(&case, &phantom, &Cpu::new(case.run.precision), &mut |_| ()).unwrap()
}

fn transported() -> Outcome {
    run(&[("physics.nuclear", "transport")])
}

/// A column of a reduced Geant4 curve, by the name in its heading.
fn column(csv: &str, name: &str) -> Vec<f64> {
    let mut lines = csv.lines().filter(|line| !line.starts_with('#'));
    let index = lines
        .next()
        .unwrap()
        .split(',')
        .position(|heading| heading == name)
        .unwrap();
    lines
        .map(|line| line.split(',').nth(index).unwrap().parse().unwrap())
        .collect()
}

const PLANES: &str = include_str!("data/geant4_nuclear_water_150mev_planes.csv");

/// Deposit in all channels, MeV per beam proton.
fn deposited_mev(ledger: &Ledger) -> f64 {
    ledger.deposited().energy_mev + ledger.reactions.fragments_mev + ledger.reactions.protons_mev
}

#[test]
fn weight_and_energy_close_to_rounding_in_every_mode_and_medium() {
    for nuclear in ["local", "transport"] {
        // Graphite has no hydrogen, and hydrogen no other nucleus: populations that nothing comes into.
        for material in [
            "water",
            "bone_cortical",
            "lung_ventilated",
            "graphite",
            "hydrogen",
        ] {
            for energy in ["70.0", "230.0"] {
                let material = format!("{material:?}");
                let outcome = run(&[
                    ("physics.nuclear", nuclear),
                    ("phantom.material", &material),
                    ("beam.0.energy_mev", energy),
                    ("run.precision", "double"),
                ]);
                for ledger in std::iter::once(&outcome.ledger).chain(&outcome.second_ledger) {
                    let residual = ledger.residual();
                    let worst = residual.weight.abs().max(residual.energy_mev.abs());
                    assert!(worst < 1e-13, "{nuclear} {material} {energy}: {worst:e}");
                }
            }
        }
    }
}

#[test]
fn the_map_holds_what_the_ledgers_say_was_deposited() {
    for nuclear in ["local", "transport"] {
        let outcome = run(&[("physics.nuclear", nuclear)]);
        let ledgers = std::iter::once(&outcome.ledger).chain(&outcome.second_ledger);
        let expected: f64 = ledgers.map(deposited_mev).sum();
        let found = outcome.results.energy_deposit_mev.sum();
        // Single precision rounds the sums of 150 steps.
        assert!(
            (found / expected - 1.0).abs() < 1e-6,
            "{nuclear}: {found} {expected}"
        );
    }
}

#[test]
fn every_cell_holds_energy_of_one_sign() {
    let outcome = transported();
    let lowest = outcome
        .results
        .energy_deposit_mev
        .iter()
        .fold(0.0, |a: f64, &b| a.min(b));
    // Rounding of differences of single-precision sums leaves -1e-12 beyond the range.
    assert!(lowest > -1e-9, "{lowest:e}");
}

#[test]
fn a_mirrored_beam_gives_the_mirrored_dose() {
    let [left, right] =
        ["-7.0", "7.0"].map(|x| run(&[("beam.0.x_mm", x), ("physics.nuclear", "transport")]));
    let mirrored = right
        .results
        .energy_deposit_mev
        .slice(s![.., ..;-1])
        .to_owned();
    let most = mirrored.iter().fold(0.0_f64, |a, &b| a.max(b));
    let difference = (&left.results.energy_deposit_mev - &mirrored).mapv(f64::abs);
    let largest = difference.iter().fold(0.0_f64, |a, &b| a.max(b));
    // Coarse cells of 2 mm do not lie mirrored about an odd number of cells; 120 cells here, so only sums' order differs.
    assert!(largest <= 1e-9 * most, "{largest:e} of {most:e}");
}

#[test]
fn spots_of_one_direction_add_up() {
    let spots = |x: &str| run(&[("beam.0.x_mm", x), ("physics.nuclear", "transport")]);
    let [a, b] = ["-10.0", "10.0"].map(|x| spots(x).results.energy_deposit_mev);
    let text = WATER.replace(
        "sigma_x_mm = 3.0",
        "sigma_x_mm = 3.0\nx_mm = -10.0\n[[beam]]\nenergy_mev = 150.0\nx_mm = 10.0",
    );
    let set = [("physics.nuclear".to_string(), "transport".to_string())];
    let case = Case::parse(&text, Path::new("two.toml"), &set).unwrap();
    let phantom = Phantom::build(&case, Path::new(".")).unwrap();
    let both = transport::run(&case, &phantom, &Cpu::new(case.run.precision), &mut |_| ()).unwrap();
    let mean: Array2<f64> = 0.5 * (&a + &b);
    let difference = (&both.results.energy_deposit_mev - &mean).mapv(f64::abs);
    let most = mean.iter().fold(0.0_f64, |a, &b| a.max(b));
    // Coarse cells are refined with limited slopes, which do not add up to a thousandth where two beams overlap.
    let largest = difference.iter().fold(0.0_f64, |a, &b| a.max(b));
    assert!(largest < 2e-3 * most, "{largest:e} of {most:e}");
}

/// Share of protons that react before they stop: 1 - exp(-integral of Sigma / S).
fn reacting(material: &Material, source: CrossSections, from_mev: f64) -> f64 {
    const POINTS: usize = 20_000;
    let sources = NuclearSources {
        cross_sections: source,
        secondaries: Secondaries::BinaryCascade,
    };
    let reactions = NuclearReactions::of(material, sources).unwrap();
    let width_mev = from_mev / POINTS as f64;
    let mean_free_paths = |mev: f64| {
        reactions.nonelastic_cm2_per_g(mev) / material.mass_stopping_power_mev_cm2_per_g(mev)
    };
    let points = (0..POINTS).map(|i| (i as f64 + 0.5) * width_mev);
    -(-points.map(mean_free_paths).sum::<f64>() * width_mev).exp_m1()
}

#[test]
fn more_protons_react_by_icru63_than_by_barashenkov() {
    // As docs/theory-nuclear.md has it: (MeV, more reactions, fewer protons that reach the end), each to its last digit.
    for (mev, more, fewer) in [(150.0, 0.03, 0.005), (230.0, 0.04, 0.015)] {
        let of = |source| reacting(&builtin("water").unwrap(), source, mev);
        let (one, other) = (of(CrossSections::Icru63), of(CrossSections::Barashenkov));
        assert!(
            (one / other - 1.0 - more).abs() < 0.005,
            "{mev}: {}",
            one / other
        );
        let left = (1.0 - one) / (1.0 - other);
        assert!((1.0 - left - fewer).abs() < 0.0005, "{mev}: {left}");
    }
}

#[test]
fn icru63_leaves_more_of_a_reactions_energy_to_charged_secondaries_than_the_cascade() {
    let shares = |secondaries: &str| {
        let secondaries = format!("\"{secondaries}\"");
        let outcome = run(&[
            ("physics.nuclear", "local"),
            ("physics.secondaries", &secondaries),
        ]);
        let reactions = outcome.ledger.reactions;
        let charged_mev = reactions.fragments_mev + reactions.protons_mev;
        let whole_mev = charged_mev + reactions.neutral_mev;
        [reactions.fragments_mev, charged_mev].map(|mev| mev / whole_mev)
    };
    let ([cascade, all_of_cascade], [icru63, all_of_icru63]) =
        (shares("binary_cascade"), shares("icru63"));
    // docs/theory-nuclear.md: at 150 MeV 0.058 and 0.148 in what is heavier than protons, 0.560 and 0.604 in all that is charged;
    // along the way reactions have less energy, and heavier secondaries more of it.
    assert!((0.05..0.10).contains(&cascade), "{cascade}");
    assert!((0.14..0.20).contains(&icru63), "{icru63}");
    assert!((0.03..0.08).contains(&(all_of_icru63 - all_of_cascade)));
}

#[test]
fn nonelastic_reactions_take_as_many_protons_as_in_geant4() {
    // `local` counts nonelastic reactions only.
    let outcome = run(&[("physics.nuclear", "local")]);
    let (mut left, mut by_depth) = (1.0, Vec::new());
    for step in &outcome.ledger.steps {
        left -= step.absorbed.weight;
        by_depth.push(left);
    }
    // Geant4 counts 0.158052 a proton; its cross-section over its stopping power, 78 eV, integrates to 0.1558.
    assert!((left - (1.0 - 0.158_052)).abs() < 0.003, "{left}");
    let expected = reacting(
        &builtin("water_icru90").unwrap(),
        CrossSections::Barashenkov,
        150.0,
    );
    assert!((1.0 - left - expected).abs() < 3e-4, "{left} {expected}");
    let (depth, fraction) = (column(PLANES, "z_mm"), column(PLANES, "primary_fraction"));
    for (z, expected) in depth.iter().zip(fraction).filter(|(z, _)| **z <= 140.0) {
        let found = by_depth[*z as usize - 1];
        // Some of their primaries that met hydrogen (1.6 to 2 permille of all a centimetre) have stopped; their noise is 0.0005.
        assert!(
            (-0.001..2e-4 * z).contains(&(found - expected)),
            "{z} mm: {found} {expected}"
        );
    }
}

fn elastic(material: &str, source: CrossSections) -> ElasticProtons {
    ElasticProtons::of(&builtin(material).unwrap(), source).unwrap()
}

#[test]
fn scattering_on_hydrogen_shares_the_energy_between_two_protons_at_right_angles() {
    let elastic = elastic("water", CrossSections::Icru63);
    let protons = elastic.from_hydrogen(150.0);
    let sum: f64 = protons.iter().map(|p| p.cm2_per_g * p.energy_mev).sum();
    let reactions = elastic.on_hydrogen_cm2_per_g(150.0);
    assert!((sum / (150.0 * reactions) - 1.0).abs() < 1e-12);
    // 25 mb an atom: 0.1119 g of hydrogen in a gram.
    assert!((reactions / (25.2e-27 * 6.022e23 * 0.1119 / 1.008) - 1.0).abs() < 0.01);
    for (one, other) in protons.iter().zip(protons.iter().rev()) {
        let angle = one.cosine.acos() + other.cosine.acos();
        // 90 degrees but for relativity, which closes the angle by 2 degrees at most at 150 MeV.
        assert!(
            (angle.to_degrees() - 90.0).abs() < 2.5,
            "{}",
            angle.to_degrees()
        );
    }
}

#[test]
fn scattering_on_nuclei_turns_by_ranfts_angle_and_loses_the_recoil() {
    let elastic = elastic("oxygen", CrossSections::Barashenkov);
    let protons = elastic.from_nuclei(150.0, Turns::UpTo(-1.0));
    let (mut weight, mut square, mut recoil) = (0.0, 0.0, 0.0);
    for proton in &protons {
        weight += proton.cm2_per_g;
        square += proton.cm2_per_g * 2.0 * (1.0 - proton.cosine);
        recoil += proton.cm2_per_g * (150.0 - proton.energy_mev);
    }
    assert!((weight / elastic.on_nuclei_cm2_per_g(150.0, Turns::UpTo(-1.0)) - 1.0).abs() < 1e-12);
    // 1 / (b p^2) with b = 14.5 x 16^0.66 GeV^-2 and p = 0.551 GeV: 0.0364, and 0.329 for b = 10, of 2.2 %: 0.0429 together. 64 samples
    // miss 2 % of an exponential's mean, 16 samples 6 %.
    assert!(
        (0.041..0.0435).contains(&(square / weight)),
        "{}",
        square / weight
    );
    assert!(
        (0.3..0.55).contains(&(recoil / weight)),
        "{}",
        recoil / weight
    );
    let parts = [Turns::UpTo(0.95), Turns::Beyond(0.95)]
        .map(|turns| elastic.on_nuclei_cm2_per_g(150.0, turns));
    assert!((parts.iter().sum::<f64>() / weight - 1.0).abs() < 1e-12);
}

#[test]
fn icru63_turns_by_its_angles_and_leaves_coulomb_scattering_out() {
    let icru63 = elastic("oxygen", CrossSections::Icru63);
    let everywhere = Turns::UpTo(-1.0);
    let per_atom = |elastic: &ElasticProtons, mev, turns| {
        elastic.on_nuclei_cm2_per_g(mev, turns) * 15.999 / 6.022_140_76e-1
    };
    // data/icru63/elastic.csv: 0.241334 barn at 100 MeV, 0.202058 at 110.
    assert!((per_atom(&icru63, 100.0, everywhere) / 0.241334 - 1.0).abs() < 1e-6);
    let between = 0.5 * (0.241334 + 0.202058);
    assert!((per_atom(&icru63, 105.0, everywhere) / between - 1.0).abs() < 1e-6);
    // Beyond 20 degrees in the centre of mass at 100 MeV, t = 0.0215 GeV2 of 2 p^2 (1 - cos): 0.1821 of the whole table, linear in the angle.
    let beyond = per_atom(&icru63, 100.0, Turns::Beyond(0.947_252)) / 0.241334;
    assert!((beyond - 0.1821).abs() < 0.002, "{beyond}");
    // Where the Coulomb amplitude prevails, and behind iron, Barashenkov's.
    for (material, mev) in [("oxygen", 40.0), ("oxygen", 20.0), ("lead", 150.0)] {
        let [one, other] = [CrossSections::Icru63, CrossSections::Barashenkov]
            .map(|source| elastic(material, source).from_nuclei(mev, everywhere));
        assert_eq!(one, other, "{material} at {mev} MeV");
    }
    let turned = icru63.from_nuclei(150.0, everywhere);
    // 5 degrees in the centre of mass.
    assert!(turned.iter().all(|proton| proton.cosine < 0.9967));
}

/// Momentum transfers of Geant4's elastic scatterings on oxygen, percent by percent.
const OXYGEN_ELASTIC: &str = include_str!("data/geant4_oxygen_elastic.csv");

#[test]
fn momentum_transfers_on_oxygen_are_as_frequent_as_geant4s() {
    let elastic = elastic("oxygen", CrossSections::Barashenkov);
    let momentum_gev = 0.551;
    let share_beyond = |t_gev2: f64| {
        let cosine = 1.0 - t_gev2 / (2.0 * momentum_gev * momentum_gev);
        let [beyond, all] =
            [cosine, 1.0].map(|cosine| elastic.on_nuclei_cm2_per_g(150.0, Turns::Beyond(cosine)));
        beyond / all
    };
    let percents = column(OXYGEN_ELASTIC, "percent_below");
    let transfers = column(OXYGEN_ELASTIC, "transfer_gev2");
    assert_eq!((percents.len(), transfers.len()), (99, 99));
    for (percent, t_gev2) in percents.into_iter().zip(transfers) {
        let (found, expected) = (share_beyond(t_gev2), 1.0 - 0.01 * percent);
        // A share of 62,858 scatterings has a standard error of 0.2 percent at most. Two exponentials have 0.76 of the last two percent,
        // where the diffraction's second maximum is.
        assert!((found - expected).abs() < 0.01, "{t_gev2}: {found}");
        assert!(
            (0.75..1.25).contains(&(found / expected)),
            "{t_gev2}: {found}"
        );
    }
}
