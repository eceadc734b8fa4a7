//! The case: one dose calculation as the user asked for it, every key resolved to a value.
//!
//! `Case::load` reads the TOML file; what this module holds afterwards is checked: later modules trust it.
//! Names, units and defaults are those of docs/case-file.md.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// A checked case. Lengths mm, energies MeV (kinetic), angles degree, divergence mrad.
#[derive(Clone, Debug)]
pub struct Case {
    pub title: String,
    pub phantom: PhantomSpec,
    pub materials: BTreeMap<String, MaterialSpec>,
    pub beams: Vec<BeamSpec>,
    pub grid: GridSpec,
    pub transport: TransportSpec,
    pub physics: PhysicsSpec,
    pub output: OutputSpec,
    pub run: RunSpec,
    /// The text as given, and as resolved with every default and `--set` filled in (valid TOML).
    pub text: String,
    pub resolved_text: String,
}

#[derive(Clone, Debug)]
pub struct PhantomSpec {
    pub material: String,
    pub x_mm: [f64; 2],
    pub z_mm: [f64; 2],
    pub spacing_mm: [f64; 2],
    pub density_g_per_cm3: Option<f64>,
    pub file: Option<PathBuf>,
    pub regions: Vec<RegionSpec>,
}

/// A box of another material; later boxes lie on top.
#[derive(Clone, Debug)]
pub struct RegionSpec {
    pub material: String,
    pub z_mm: [f64; 2],
    pub x_mm: [f64; 2],
    pub density_g_per_cm3: Option<f64>,
}

/// A material of the user's own.
#[derive(Clone, Debug)]
pub struct MaterialSpec {
    pub density_g_per_cm3: f64,
    pub mean_excitation_energy_ev: Option<f64>,
    /// (element symbol, mass fraction), normalised to sum 1.
    pub composition: Vec<(String, f64)>,
    pub stopping_power_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug)]
pub struct BeamSpec {
    pub energy_mev: f64,
    pub energy_spread_mev: f64,
    pub x_mm: f64,
    pub angle_deg: f64,
    pub sigma_x_mm: f64,
    pub divergence_mrad: f64,
    pub correlation: f64,
    pub weight: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EnergyAxisSpec {
    /// Bins uniform in CSDA range in water.
    Range {
        range_bin_mm: f64,
    },
    Log {
        energy_bins: usize,
    },
    Uniform {
        energy_bins: usize,
    },
}

#[derive(Clone, Copy, Debug)]
pub struct GridSpec {
    pub energy_axis: EnergyAxisSpec,
    pub cutoff_mev: f64,
    pub angle_max_deg: f64,
    pub angle_bins: AngleBins,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AngleBins {
    WidthDeg(f64),
    Count(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepping {
    Depth,
    Path,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Splitting {
    Strang,
    Lie,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Streaming {
    Cubic,
    Linear,
}

/// What path stepping does with directions that turn back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backward {
    /// Directions with cos(theta) <= 0 leave to the ledger.
    Reject,
    /// Directions beyond `angle_cap_deg` (120 degrees) leave to the ledger.
    AngularCap,
    /// Directions with cos(theta) <= -0.1 leave to the ledger.
    Allowance,
}

#[derive(Clone, Copy, Debug)]
pub struct TransportSpec {
    pub stepping: Stepping,
    pub step_mm: f64,
    pub splitting: Splitting,
    pub streaming: Streaming,
    pub backward: Backward,
    pub angle_cap_deg: f64,
    pub prune: f64,
    pub max_steps: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scattering {
    Gaussian,
    Highland,
    Moliere,
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nuclear {
    None,
    Local,
    Transport,
}

#[derive(Clone, Copy, Debug)]
pub struct PhysicsSpec {
    pub scattering: Scattering,
    pub straggling: bool,
    pub nuclear: Nuclear,
    pub energy_loss: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quantity {
    Dose,
    LetD,
    LetT,
    Fluence,
    EnergySpectrum,
    AngleSpectrum,
    PhaseSpace,
}

#[derive(Clone, Debug)]
pub struct OutputSpec {
    pub quantities: Vec<Quantity>,
    pub planes_mm: Vec<f64>,
    pub compression: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendChoice {
    Auto,
    Cuda,
    Cpu,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    Single,
    Double,
    Half,
}

#[derive(Clone, Copy, Debug)]
pub struct RunSpec {
    pub backend: BackendChoice,
    pub precision: Precision,
}
