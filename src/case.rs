//! The case: one dose calculation as the user asked for it, every key resolved to a value.
//!
//! `Case::load` reads the TOML file; what this module holds afterwards is checked: later modules trust it.
//! Names, units and defaults are those of docs/case-file.md.

mod allowed;
mod beams;
mod document;
mod materials;
mod media;
mod names;
mod overrides;
mod physics;
mod places;
mod resolved;
mod section;
mod settings;
mod validate;

use crate::error::{Error, Kind, Result};
use crate::spectra::nearest_edge;
use document::Document;
use section::Section;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use names::{Named, nearest};
pub use physics::{
    CrossSections, Nuclear, NuclearSources, PhysicsSpec, Scattering, Secondaries,
    SingleScatteringModel,
};
pub use places::{Origin, Places};
pub use settings::{DEFAULT_ANGLE_CAP_DEG, DEFAULT_CUTOFF_MEV, default_step_mm};
pub use validate::HIGHEST_ENERGY_MEV;

const ROOT_KEYS: &[&str] = &[
    "title",
    "phantom",
    "materials",
    "beam",
    "grid",
    "transport",
    "physics",
    "output",
    "run",
];

/// A case is text that someone writes: what is larger is another kind of file.
const LARGEST_FILE_BYTES: u64 = 16 << 20;

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
    /// Where each key stands in the file, for errors found later.
    pub places: Places,
}

impl Case {
    /// Reads and checks the case file at `path`, with `overrides` (key path, TOML value) put into it first.
    ///
    /// # Errors
    /// Input missing where the file cannot be read; bad data, with file, line, key and hint, where it is wrong;
    /// usage where an override cannot be parsed or placed.
    pub fn load(path: &Path, overrides: &[(String, String)]) -> Result<Self> {
        let text = text_of(path, read_bytes(path)?)?;
        Self::parse(&text, path, overrides)
    }

    /// As `load`, from the file's text; `file` is its name in errors, its stem the default title.
    pub fn parse(text: &str, file: &Path, overrides: &[(String, String)]) -> Result<Self> {
        let document = Document::parse(text, file, overrides)?;
        let root = Section::open(&document.places, "", &document.root, ROOT_KEYS)?;
        let stem = file
            .file_stem()
            .map_or("case".into(), |stem| stem.to_string_lossy().into_owned());
        let phantom = media::phantom(&root)?;
        let beams = beams::beams(&root)?;
        let mut case = Self {
            title: root.text("title", "150 MeV pencil beam")?.unwrap_or(stem),
            materials: materials::materials(&root)?,
            grid: settings::grid(&root, &beams)?,
            transport: settings::transport(&root, phantom.spacing_mm)?,
            physics: settings::physics(&root)?,
            output: settings::output(&root)?,
            run: settings::run(&root)?,
            text: text.to_string(),
            resolved_text: String::new(),
            places: document.places.clone(),
            phantom,
            beams,
        };
        validate::validate(&case)?;
        case.output.planes_mm = distinct_planes(&case);
        case.resolved_text = resolved::text(&case);
        Ok(case)
    }

    /// A bad-data error about a key (`beam[0].energy_mev`), with the file and the line or `--set` that gave it.
    pub fn error(&self, key: &str, message: impl Into<String>) -> Error {
        self.places.error(key, message)
    }
}

/// The planes asked for, from the entry on; of those nearest to the same cell edge the first.
fn distinct_planes(case: &Case) -> Vec<f64> {
    let ([cells_z, _], phantom) = (case.phantom.cells(), &case.phantom);
    let edge = |mm: f64| nearest_edge(mm - phantom.z_mm[0], phantom.spacing_mm[1], cells_z);
    let mut planes_mm = case.output.planes_asked_mm.clone();
    planes_mm.sort_by(f64::total_cmp);
    planes_mm.dedup_by_key(|mm| edge(*mm));
    planes_mm
}

fn read_bytes(path: &Path) -> Result<Vec<u8>> {
    let unreadable = |error: std::io::Error| {
        Error::new(
            Kind::InputMissing,
            format!("the case file cannot be read: {error}"),
        )
        .at(path)
        .hint("give the path of a case file in TOML; docs/case-file.md describes it")
    };
    let mut bytes = Vec::new();
    let mut file = File::open(path)
        .map_err(unreadable)?
        .take(LARGEST_FILE_BYTES + 1);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 <= LARGEST_FILE_BYTES {
        return Ok(bytes);
    }
    let message = format!("larger than {LARGEST_FILE_BYTES} bytes; a case file is a short text");
    Err(Error::bad_data(message)
        .at(path)
        .hint("give a case file in TOML, not a result or an image"))
}

fn text_of(path: &Path, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let line = 1 + error.as_bytes()[..offset]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        Error::bad_data(format!("byte {offset} is not UTF-8 text"))
            .at(path)
            .line(line)
            .hint("give a case file in TOML, saved as UTF-8")
    })
}

#[derive(Clone, Debug)]
pub struct PhantomSpec {
    pub material: String,
    pub x_mm: [f64; 2],
    pub z_mm: [f64; 2],
    pub spacing_mm: [f64; 2],
    pub density_g_per_cm3: Option<f64>,
    pub file: Option<PathBuf>,
    /// How Hounsfield numbers of the file become materials and densities; given, or the default for a file that holds them.
    pub hounsfield: Option<HounsfieldSpec>,
    pub regions: Vec<RegionSpec>,
}

impl PhantomSpec {
    /// Cells (nz, nx); in a checked case they fill the extent.
    pub fn cells(&self) -> [usize; 2] {
        let cells =
            |extent: [f64; 2], spacing: f64| ((extent[1] - extent[0]) / spacing).round() as usize;
        [
            cells(self.z_mm, self.spacing_mm[1]),
            cells(self.x_mm, self.spacing_mm[0]),
        ]
    }
}

/// The conversion of Hounsfield numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HounsfieldSpec {
    pub conversion: Conversion,
    /// The user's own curve, instead of `conversion`.
    pub file: Option<PathBuf>,
    pub outside: Outside,
}

/// Curves that are built in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conversion {
    #[default]
    Schneider2000,
}

/// What becomes of a Hounsfield number beyond the curve's ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outside {
    #[default]
    Refuse,
    /// It is taken for the curve's nearest end.
    Clamp,
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
    /// The built-in material that this one is, but for the density and I given here.
    pub base: Option<String>,
    /// As given, or the base's.
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

/// Standard deviations of the energy spread that lie within axes and tables: all but 6e-7 of the beam.
pub const SPREAD_SIGMAS: f64 = 5.0;

impl BeamSpec {
    /// The highest energy that its protons have, MeV.
    pub fn highest_mev(&self) -> f64 {
        self.energy_mev + SPREAD_SIGMAS * self.energy_spread_mev
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EnergyAxisSpec {
    /// Bins uniform in CSDA range in water; None: as fine as the beam and the phantom need (see march/range_bin.rs).
    Range {
        range_bin_mm: Option<f64>,
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
    /// As given: in any order, several at one cell edge.
    pub planes_asked_mm: Vec<f64>,
    /// Rising, one for each cell edge at which spectra are scored.
    pub planes_mm: Vec<f64>,
    pub compression: u8,
}

impl OutputSpec {
    /// True where a quantity is asked for that is scored at planes.
    pub fn scores_planes(&self) -> bool {
        let at_planes = [
            Quantity::EnergySpectrum,
            Quantity::AngleSpectrum,
            Quantity::PhaseSpace,
        ];
        self.quantities
            .iter()
            .any(|quantity| at_planes.contains(quantity))
    }
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
