//! Reads `[grid]`, `[transport]`, `[physics]`, `[output]` and `[run]`: every key has a default.

use super::allowed::Allowed;
use super::names::EnergyAxisName;
use super::section::Section;
use super::{
    AngleBins, BackendChoice, Backward, BeamSpec, CrossSections, EnergyAxisSpec, GridSpec, Nuclear,
    NuclearSources, OutputSpec, PhysicsSpec, Precision, Quantity, RunSpec, Scattering, Secondaries,
    SingleScatteringModel, Splitting, Stepping, Streaming, TransportSpec,
};
use crate::error::Result;
use std::ops::Bound;

const GRID_KEYS: &[&str] = &[
    "energy_axis",
    "range_bin_mm",
    "energy_bins",
    "cutoff_mev",
    "angle_max_deg",
    "angle_bin_deg",
    "angle_bins",
];
const TRANSPORT_KEYS: &[&str] = &[
    "stepping",
    "step_mm",
    "splitting",
    "streaming",
    "backward",
    "angle_cap_deg",
    "prune",
    "max_steps",
];

/// Energy bins: 0.008 mm of range at 150 MeV, a hundredth of its straggling. Finer bins (measured) take minutes and gigabytes of tables.
pub const MOST_ENERGY_BINS: usize = 20_000;
/// Angle bins: 0.02 degree on the default axis, a fifth of what 1 mm of water scatters 150 MeV protons (Highland). Their tables take 0.5 GiB
/// with gaussian kernels, 2.5 GiB with moliere's, and grow with the square (measured).
pub const MOST_ANGLE_BINS: usize = 2_000;
const DEFAULT_BINS_PER_MEV: f64 = 2.0;
pub const DEFAULT_ANGLE_CAP_DEG: f64 = 120.0;
pub const DEFAULT_CUTOFF_MEV: f64 = 2.0;

pub fn grid(root: &Section, beams: &[BeamSpec]) -> Result<GridSpec> {
    let grid = root.child("grid", GRID_KEYS)?;
    let half_width = Allowed::new(Bound::Excluded(0.0), Bound::Included(180.0));
    Ok(GridSpec {
        energy_axis: energy_axis(&grid, beams)?,
        cutoff_mev: grid.number_or("cutoff_mev", Allowed::ABOVE_ZERO, DEFAULT_CUTOFF_MEV)?,
        angle_max_deg: grid.number_or("angle_max_deg", half_width, 20.0)?,
        angle_bins: angle_bins(&grid)?,
    })
}

fn energy_axis(grid: &Section, beams: &[BeamSpec]) -> Result<EnergyAxisSpec> {
    let axis = grid.choice_or("energy_axis", EnergyAxisName::Range)?;
    let range_bin_mm = grid.number("range_bin_mm", Allowed::ABOVE_ZERO, 0.5)?;
    let energy_bins = grid.whole_or(
        "energy_bins",
        2..=MOST_ENERGY_BINS,
        default_energy_bins(beams),
    )?;
    let (foreign, own) = match axis {
        EnergyAxisName::Range => ("energy_bins", "range_bin_mm"),
        EnergyAxisName::Log | EnergyAxisName::Uniform => ("range_bin_mm", "energy_bins"),
    };
    if grid.has(foreign) {
        return Err(grid
            .error(foreign, format!("does not go with this energy_axis; allowed: {own}"))
            .hint("range_bin_mm is for energy_axis = \"range\" (the default), energy_bins for \"log\" and \"uniform\""));
    }
    Ok(match axis {
        EnergyAxisName::Range => EnergyAxisSpec::Range { range_bin_mm },
        EnergyAxisName::Log => EnergyAxisSpec::Log { energy_bins },
        EnergyAxisName::Uniform => EnergyAxisSpec::Uniform { energy_bins },
    })
}

/// Two bins a MeV of the highest beam energy.
fn default_energy_bins(beams: &[BeamSpec]) -> usize {
    let highest_mev = beams.iter().map(|beam| beam.energy_mev).fold(0.0, f64::max);
    let bins = (DEFAULT_BINS_PER_MEV * highest_mev).ceil() as usize;
    bins.clamp(2, MOST_ENERGY_BINS)
}

fn angle_bins(grid: &Section) -> Result<AngleBins> {
    let width_deg = grid.number_or("angle_bin_deg", Allowed::ABOVE_ZERO, 0.5)?;
    let count = grid.whole("angle_bins", 1..=MOST_ANGLE_BINS, 80)?;
    match count {
        None => Ok(AngleBins::WidthDeg(width_deg)),
        Some(count) if !grid.has("angle_bin_deg") => Ok(AngleBins::Count(count)),
        Some(_) => Err(grid
            .error(
                "angle_bins",
                "found beside angle_bin_deg; allowed: one or the other",
            )
            .hint("remove angle_bins or angle_bin_deg: each sets the bins of the angle axis")),
    }
}

/// A path step unless the case gives one.
pub fn default_step_mm(spacing_mm: [f64; 2]) -> f64 {
    spacing_mm[0].min(spacing_mm[1])
}

pub fn transport(root: &Section, spacing_mm: [f64; 2]) -> Result<TransportSpec> {
    let transport = root.child("transport", TRANSPORT_KEYS)?;
    let cap = Allowed::new(Bound::Included(90.0), Bound::Included(180.0));
    let prune = Allowed::new(Bound::Included(0.0), Bound::Excluded(1.0));
    Ok(TransportSpec {
        stepping: transport.choice_or("stepping", Stepping::Depth)?,
        step_mm: transport.number_or(
            "step_mm",
            Allowed::ABOVE_ZERO,
            default_step_mm(spacing_mm),
        )?,
        splitting: transport.choice_or("splitting", Splitting::Strang)?,
        streaming: transport.choice_or("streaming", Streaming::Cubic)?,
        backward: transport.choice_or("backward", Backward::Reject)?,
        angle_cap_deg: transport.number_or("angle_cap_deg", cap, DEFAULT_ANGLE_CAP_DEG)?,
        prune: transport.number_or("prune", prune, 1e-7)?,
        max_steps: transport.whole_or("max_steps", 1..=1_000_000_000, 100_000)?,
    })
}

pub fn physics(root: &Section) -> Result<PhysicsSpec> {
    let physics = root.child(
        "physics",
        &[
            "scattering",
            "single_scattering",
            "straggling",
            "nuclear",
            "cross_sections",
            "secondaries",
            "energy_loss",
        ],
    )?;
    Ok(PhysicsSpec {
        scattering: physics.choice_or("scattering", Scattering::Gaussian)?,
        single_scattering: physics
            .choice_or("single_scattering", SingleScatteringModel::WentzelVi)?,
        straggling: physics.truth_or("straggling", true)?,
        nuclear: physics.choice_or("nuclear", Nuclear::None)?,
        nuclear_sources: NuclearSources {
            cross_sections: physics.choice_or("cross_sections", CrossSections::Barashenkov)?,
            secondaries: physics.choice_or("secondaries", Secondaries::BinaryCascade)?,
        },
        energy_loss: physics.truth_or("energy_loss", true)?,
    })
}

pub fn output(root: &Section) -> Result<OutputSpec> {
    let output = root.child("output", &["quantities", "planes_mm", "compression"])?;
    let default = [Quantity::Dose, Quantity::LetD, Quantity::Fluence];
    Ok(OutputSpec {
        quantities: output.choices_or("quantities", &default)?,
        planes_asked_mm: output.numbers("planes_mm")?,
        planes_mm: Vec::new(),
        compression: output.whole_or("compression", 0..=9, 4)? as u8,
    })
}

pub fn run(root: &Section) -> Result<RunSpec> {
    let run = root.child("run", &["backend", "precision"])?;
    Ok(RunSpec {
        backend: run.choice_or("backend", BackendChoice::Auto)?,
        precision: run.choice_or("precision", Precision::Single)?,
    })
}
