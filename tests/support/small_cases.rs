//! Small cases that between them take every path through the operators; each runs in well under a second.
#![allow(dead_code)]

use smatrix2d::backend::Machine;
use smatrix2d::case::Case;
use smatrix2d::error::Result;
use smatrix2d::march::March;
use smatrix2d::media::Media;
use smatrix2d::phantom::Phantom;
use smatrix2d::transport::{Outcome, run, water};
use std::path::Path;

/// 40 MeV (range 15 mm) into water.
const DEPTH: &str = r#"
[phantom]
material = "water"
x_mm = [-12.0, 12.0]
z_mm = [0.0, 18.0]
spacing_mm = [1.0, 1.0]

[[beam]]
energy_mev = 40.0
sigma_x_mm = 1.5
divergence_mrad = 5.0

[grid]
range_bin_mm = 0.5
angle_max_deg = 30.0
angle_bin_deg = 2.0
"#;

/// The same, stepped by path, at an angle, so that it leaves through the side.
const PATH: &str = r#"
[phantom]
material = "water"
x_mm = [-6.0, 8.0]
z_mm = [0.0, 12.0]
spacing_mm = [1.0, 1.0]

[[beam]]
energy_mev = 32.0
energy_spread_mev = 0.4
angle_deg = 30.0
sigma_x_mm = 1.0

[grid]
range_bin_mm = 1.0
angle_max_deg = 90.0
angle_bin_deg = 5.0

[transport]
stepping = "path"
step_mm = 1.0
prune = 1e-6
"#;

/// A slab of bone beside water and lung: chunks with three media.
const MEDIA: &str = r#"
[[phantom.region]]
material = "bone_cortical"
x_mm = [1.0, 5.0]
z_mm = [3.0, 9.0]

[[phantom.region]]
material = "water"
density_g_per_cm3 = 0.3
x_mm = [-6.0, 1.0]
z_mm = [5.0, 8.0]
"#;

/// (what it is, TOML text)
pub fn cases() -> Vec<(&'static str, String)> {
    let with = |base: &str, more: &str| format!("{base}\n{more}");
    vec![
        ("depth", DEPTH.into()),
        ("depth, media", with(DEPTH, MEDIA)),
        ("depth, lie", with(DEPTH, "[transport]\nsplitting = \"lie\"")),
        (
            "depth, linear, dense",
            with(DEPTH, "[transport]\nstreaming = \"linear\"\nprune = 0.0\nmax_steps = 4"),
        ),
        (
            "depth, moliere",
            with(DEPTH, "[physics]\nscattering = \"moliere\""),
        ),
        ("path", PATH.into()),
        ("path, media", with(PATH, MEDIA)),
        (
            "path, linear",
            PATH.replace("stepping = \"path\"", "stepping = \"path\"\nstreaming = \"linear\""),
        ),
        (
            "path, one plane",
            PATH.replace("z_mm = [0.0, 12.0]", "z_mm = [0.0, 1.0]"),
        ),
        (
            "depth, past the side in one step at many angles",
            PATH.replace("angle_deg = 30.0", "angle_deg = 60.0\nx_mm = -3.0\ndivergence_mrad = 100.0")
                .replace("angle_max_deg = 90.0", "angle_max_deg = 85.0")
                .replace("spacing_mm = [1.0, 1.0]", "spacing_mm = [1.0, 12.0]")
                .replace("z_mm = [0.0, 12.0]", "z_mm = [0.0, 48.0]")
                .replace("stepping = \"path\"\nstep_mm = 1.0", "stepping = \"depth\""),
        ),
        (
            "path, lie, dense",
            PATH.replace("prune = 1e-6", "prune = 0.0\nsplitting = \"lie\"\nmax_steps = 3"),
        ),
        (
            "path, periodic",
            PATH.replace("angle_max_deg = 90.0", "angle_max_deg = 180.0")
                .replace("angle_deg = 30.0", "angle_deg = 60.0")
                .replace("prune = 1e-6", "prune = 1e-5\nbackward = \"angular-cap\"\nangle_cap_deg = 150.0\nmax_steps = 8"),
        ),
        (
            "depth, media, moliere",
            with(DEPTH, &format!("{MEDIA}\n[physics]\nscattering = \"moliere\"")),
        ),
        (
            "path, media, moliere",
            with(PATH, &format!("{MEDIA}\n[physics]\nscattering = \"moliere\"")),
        ),
        (
            "depth, media, local",
            with(DEPTH, &format!("{MEDIA}\n[physics]\nnuclear = \"local\"")),
        ),
        (
            "path, media, local",
            with(PATH, &format!("{MEDIA}\n[physics]\nnuclear = \"local\"")),
        ),
        (
            "depth, media, transport",
            with(DEPTH, &format!("{MEDIA}\n[physics]\nnuclear = \"transport\"")),
        ),
        (
            "path, media, transport, moliere",
            with(PATH, &format!("{MEDIA}\n[physics]\nnuclear = \"transport\"\nscattering = \"moliere\"")),
        ),
        (
            "dense, transport",
            with(DEPTH, "[physics]\nnuclear = \"transport\"\n[transport]\nprune = 0.0\nmax_steps = 4"),
        ),
        (
            "log energy axis",
            DEPTH.replace("sigma_x_mm = 1.5", "sigma_x_mm = 1.5\nenergy_spread_mev = 1.0")
                .replace("range_bin_mm = 0.5", "energy_axis = \"log\"\nenergy_bins = 30"),
        ),
    ]
}

/// Cases with spots side by side, which share a march: (what it is, TOML text).
pub fn batches() -> Vec<(&'static str, String)> {
    vec![
        ("3 spots", spots(3, "none")),
        ("17 spots", spots(17, "none")),
        ("17 spots, local", spots(17, "local")),
        ("3 spots, transport", spots(3, "transport")),
        ("17 spots, transport", spots(17, "transport")),
    ]
}

pub fn spots(count: usize, nuclear: &str) -> String {
    let beam = |i: usize| {
        format!(
            "\n[[beam]]\nenergy_mev = 40.0\nsigma_x_mm = 1.0\nx_mm = {:?}\n",
            0.25 * i as f64
        )
    };
    let physics = format!("\n[physics]\nnuclear = {nuclear:?}\n");
    DEPTH.to_string() + &physics + &(1..count).map(beam).collect::<String>()
}

/// Computes a case; `precision` as in the case file.
pub fn outcome(text: &str, machine: &dyn Machine) -> Result<Outcome> {
    let case = Case::parse(text, Path::new("small.toml"), &[])?;
    let phantom = Phantom::build(&case, Path::new(""))?;
    run(&case, &phantom, machine, &mut |_| {})
}

/// Calls `work` with the march of a case's first beam.
pub fn with_march<T>(text: &str, work: impl FnOnce(&March) -> T) -> T {
    let case = Case::parse(text, Path::new("small.toml"), &[]).unwrap();
    let phantom = Phantom::build(&case, Path::new("")).unwrap();
    let (media, water) = (Media::new(&phantom), water(&phantom).unwrap());
    work(&March::new(&case, &phantom, &media, &water, 0).unwrap())
}
