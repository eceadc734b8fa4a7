//! The case file's keys: defaults, overrides, and the resolved text. Wrong cases are in bad_input.

use smatrix2d::case::{
    AngleBins, BackendChoice, Backward, Case, EnergyAxisSpec, Nuclear, Precision, Quantity,
    Scattering, Splitting, Stepping, Streaming,
};
use std::path::Path;

const SMALLEST: &str = r#"
[phantom]
material = "water"
x_mm = [-40.0, 40.0]
z_mm = [0.0, 180.0]
spacing_mm = [1.0, 2.0]

[[beam]]
energy_mev = 150
"#;

fn parse(text: &str, overrides: &[(&str, &str)]) -> Case {
    let overrides: Vec<_> = overrides
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    Case::parse(text, Path::new("small.toml"), &overrides).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn absent_keys_take_the_documented_defaults() {
    let case = parse(SMALLEST, &[]);
    assert_eq!(case.title, "small");
    let beam = case.beams[0];
    assert_eq!(
        (
            beam.energy_mev,
            beam.energy_spread_mev,
            beam.x_mm,
            beam.angle_deg
        ),
        (150.0, 0.0, 0.0, 0.0)
    );
    assert_eq!(
        (
            beam.sigma_x_mm,
            beam.divergence_mrad,
            beam.correlation,
            beam.weight
        ),
        (3.0, 0.0, 0.0, 1.0)
    );
    assert_eq!(
        case.grid.energy_axis,
        EnergyAxisSpec::Range { range_bin_mm: None }
    );
    assert_eq!((case.grid.cutoff_mev, case.grid.angle_max_deg), (2.0, 20.0));
    assert_eq!(case.grid.angle_bins, AngleBins::WidthDeg(0.5));
    let transport = case.transport;
    assert_eq!(
        (transport.stepping, transport.splitting, transport.streaming),
        (Stepping::Depth, Splitting::Strang, Streaming::Cubic)
    );
    assert_eq!(
        (transport.backward, transport.angle_cap_deg),
        (Backward::Reject, 120.0)
    );
    assert_eq!(
        (transport.step_mm, transport.prune, transport.max_steps),
        (1.0, 1e-7, 100_000)
    );
    assert_eq!(
        (case.physics.scattering, case.physics.nuclear),
        (Scattering::Gaussian, Nuclear::None)
    );
    assert!(case.physics.straggling && case.physics.energy_loss);
    assert_eq!(
        case.output.quantities,
        [Quantity::Dose, Quantity::LetD, Quantity::Fluence]
    );
    assert!(case.output.planes_mm.is_empty());
    assert_eq!(case.output.compression, 4);
    assert_eq!(
        (case.run.backend, case.run.precision),
        (BackendChoice::Auto, Precision::Single)
    );
}

/// (key path, value as typed, line that the resolved text must then hold)
const EVERY_KEY: &[(&str, &str, &str)] = &[
    ("title", "\"a \\\"b\\\" c\"", "title = 'a \"b\" c'"),
    ("phantom.material", "lung", "material = \"lung\""),
    ("phantom.x_mm", "[-20, 40.0]", "x_mm = [-20.0, 40.0]"),
    ("phantom.z_mm", "[10, 50]", "z_mm = [10.0, 50.0]"),
    (
        "phantom.spacing_mm",
        "[0.5,0.25]",
        "spacing_mm = [0.5, 0.25]",
    ),
    ("phantom.spacing_mm.0", "0.5", "spacing_mm = [0.5, 2.0]"),
    (
        "phantom.density_g_per_cm3",
        "1.01",
        "density_g_per_cm3 = 1.01",
    ),
    (
        "phantom.region",
        "[{ material = \"lung\", z_mm = [2, 4] }]",
        "x_mm = [-40.0, 40.0]",
    ),
    ("beam.0.energy_mev", "100", "energy_mev = 100.0"),
    ("beam[0].energy_mev", "101", "energy_mev = 101.0"),
    ("beam.0.energy_spread_mev", "1.5", "energy_spread_mev = 1.5"),
    ("beam.0.x_mm", "-3", "x_mm = -3.0"),
    ("beam.0.angle_deg", "5", "angle_deg = 5.0"),
    ("beam.0.sigma_x_mm", "0", "sigma_x_mm = 0.0"),
    ("beam.0.divergence_mrad", "2", "divergence_mrad = 2.0"),
    ("beam.0.correlation", "-0.5", "correlation = -0.5"),
    ("beam.0.weight", "1e6", "weight = 1000000.0"),
    ("grid.energy_axis", "log", "energy_bins = 300"),
    (
        "grid",
        "{ energy_axis = \"uniform\", energy_bins = 90 }",
        "energy_bins = 90",
    ),
    ("grid.range_bin_mm", "0.25", "range_bin_mm = 0.25"),
    ("grid.cutoff_mev", "1", "cutoff_mev = 1.0"),
    ("grid.angle_max_deg", "30", "angle_max_deg = 30.0"),
    ("grid.angle_bin_deg", "0.25", "angle_bin_deg = 0.25"),
    ("grid.angle_bins", "41", "angle_bins = 41"),
    ("transport.stepping", "path", "stepping = \"path\""),
    (
        "transport",
        "{ stepping = \"path\", backward = \"angular-cap\" }",
        "backward = \"angular-cap\"",
    ),
    ("transport.step_mm", "0.5", "step_mm = 0.5"),
    ("transport.splitting", "lie", "splitting = \"lie\""),
    ("transport.streaming", "linear", "streaming = \"linear\""),
    ("transport.angle_cap_deg", "100", "angle_cap_deg = 100.0"),
    ("transport.prune", "0", "prune = 0.0"),
    ("transport.max_steps", "7", "max_steps = 7"),
    ("physics.scattering", "moliere", "scattering = \"moliere\""),
    ("physics.straggling", "false", "straggling = false"),
    ("physics.nuclear", "local", "nuclear = \"local\""),
    ("physics.energy_loss", "false", "energy_loss = false"),
    (
        "output.quantities",
        "[\"let_t\"]",
        "quantities = [\"let_t\"]",
    ),
    (
        "output.planes_mm",
        "[50, 100.5]",
        "planes_mm = [50.0, 100.5]",
    ),
    ("output.compression", "0", "compression = 0"),
    ("run.backend", "cpu", "backend = \"cpu\""),
    ("run.precision", "\"half\"", "precision = \"half\""),
    (
        "materials.pmma",
        "{ density_g_per_cm3 = 1.19, mean_excitation_energy_ev = 74, composition = { H = 0.08, C = 0.6, O = 0.32 } }",
        "composition = { C = 0.6, H = 0.08, O = 0.32 }",
    ),
    (
        "materials.own",
        "{ density_g_per_cm3 = 2, composition = { Al = 1 }, stopping_power_file = \"own.csv\" }",
        "stopping_power_file = \"own.csv\"",
    ),
    (
        "phantom",
        "{ file = \"ct.h5\", x_mm = [-1,1], z_mm = [0,180], spacing_mm = [1,1] }",
        "file = \"ct.h5\"",
    ),
];

#[test]
fn every_key_reaches_the_resolved_text_through_set() {
    for (key, value, line) in EVERY_KEY {
        let resolved = parse(SMALLEST, &[(*key, *value)]).resolved_text;
        assert!(
            resolved.lines().any(|found| found == *line),
            "--set {key}={value}: no `{line}` in\n{resolved}"
        );
    }
}

#[test]
fn resolved_text_gives_the_same_case_when_read_again() {
    for (key, value, _) in EVERY_KEY {
        let first = parse(SMALLEST, &[(*key, *value)]);
        let again = parse(&first.resolved_text, &[]);
        assert_eq!(
            first.resolved_text, again.resolved_text,
            "--set {key}={value}"
        );
        assert_eq!(format!("{:?}", first.beams), format!("{:?}", again.beams));
        assert_eq!(
            format!("{:?}", first.phantom),
            format!("{:?}", again.phantom)
        );
        assert_eq!(
            format!("{:?}", first.materials),
            format!("{:?}", again.materials)
        );
    }
}

#[test]
fn planes_come_out_rising_and_each_edge_once() {
    for (asked, expected) in [
        ("[]", &[][..]),
        ("[100, 20]", &[20.0, 100.0]),
        ("[50, 20, 50]", &[20.0, 50.0]),
        // Cells of 2 mm.
        ("[50.2, 100, 49.8, 50]", &[49.8, 100.0]),
        ("[1.7, 0.3]", &[0.3, 1.7]),
    ] {
        let case = parse(SMALLEST, &[("output.planes_mm", asked)]);
        assert_eq!(case.output.planes_mm, expected, "{asked}");
    }
}

#[test]
fn twiss_parameters_become_widths_and_correlation() {
    // beta = 4 m, emittance 2.25 mm mrad: sigma = sqrt(4000 * 2.25e-3) = 3 mm; gamma = (1 + 0.75^2) / 4 m,
    // divergence = 1.25 * sqrt(2.25e-3 / 4000) = 0.9375 mrad; correlation = -0.75 / 1.25.
    let twiss = "{ alpha = 0.75, beta_mm = 4000, emittance_mm_mrad = 2.25 }";
    let beam = parse(SMALLEST, &[("beam.0.twiss", twiss)]).beams[0];
    let near = |found: f64, expected: f64| {
        assert!((found - expected).abs() < 1e-12, "{found} for {expected}")
    };
    near(beam.sigma_x_mm, 3.0);
    near(beam.divergence_mrad, 0.9375);
    near(beam.correlation, -0.6);
}

#[test]
fn mass_fractions_are_normalised() {
    let own = "{ density_g_per_cm3 = 1, composition = { H = 0.1119, O = 0.8876 } }";
    let case = parse(SMALLEST, &[("materials.own", own)]);
    let sum: f64 = case.materials["own"]
        .composition
        .iter()
        .map(|(_, fraction)| fraction)
        .sum();
    // Two divisions and an addition round.
    assert!((sum - 1.0).abs() < 4.0 * f64::EPSILON);
}

#[test]
fn the_text_as_given_is_kept() {
    assert_eq!(parse(SMALLEST, &[("title", "new")]).text, SMALLEST);
}
