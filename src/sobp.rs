//! A spread-out Bragg peak: layers of pencil beams whose weights make the dose flat from proximal to distal edge.
//!
//! The solver itself computes every layer's depth dose D_j(z); the weights w_j >= 0 minimise
//!
//!   sum_z ( sum_j w_j D_j(z) - 1 )^2 + (ridge)^2 sum_j w_j^2     over the plateau,   D_j in units of the largest D
//!
//! and all ranges are moved together until the distal 90 % of the plateau's mean lies at the range asked for.
//!
//! Layers lie 1.6 standard deviations of their own range straggling apart, a cell at least: a ripple of a thousandth.
//! dE/E in range: p = 1.77, T. Bortfeld, Med. Phys. 24 (1997) 2024.
//! Across the field: spots of equal weight, evenly spaced, whose sum has the width asked for at half its height.

mod case_text;
mod checks;
mod fit;
mod spots;

use crate::backend::Machine;
use crate::case::{Case, Nuclear, Precision};
use crate::curves::distal_position;
use crate::error::{Error, Kind, Result};
use crate::phantom::Phantom;
use crate::physics::{self, Material};
use crate::transport::{self, Progress};
use ndarray::Array2;
use std::path::Path;

/// Level of the distal edge that `range_mm` asks for, of the plateau's mean.
pub const DISTAL_LEVEL: f64 = 0.9;
/// The flat part begins at range - modulation and ends this many sigmas of the distal layer before the range.
pub const SHOULDER_SIGMAS: f64 = 1.0;

const LAYER_SIGMAS: f64 = 1.6;
const LAYER_CELLS: f64 = 1.0;
/// Where the fit ends, before the range: the shoulder between this and the distal edge falls as it will.
const FIT_ENDS_SIGMAS: f64 = 0.6;
const CELL_SIGMAS: f64 = 0.5;
const SMALLEST_CELL_MM: f64 = 0.125;
const RANGE_TOLERANCE_MM: f64 = 0.05;
const ROUNDS_AT_MOST: usize = 5;
/// The shallowest layer lies at or before the plateau's beginning, at this part of it at least.
const SHALLOWEST_LAYER: f64 = 0.9;

/// What is asked for. Lengths mm.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Depth of the distal 90 %.
    pub range_mm: f64,
    /// From the proximal end of the plateau to the range.
    pub modulation_mm: f64,
    /// Of the field at half height, with spots at most `spot_spacing_mm` apart; none: one spot on the axis.
    pub width_mm: Option<f64>,
    pub spot_spacing_mm: f64,
    pub sigma_x_mm: f64,
    /// One standard deviation, per cent of each layer's energy.
    pub energy_spread_percent: f64,
    /// In depth; none: 1 mm, halved until a distal sigma holds two.
    pub cell_mm: Option<f64>,
    pub material: String,
    pub nuclear: Nuclear,
    pub precision: Precision,
}

/// One energy of the field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layer {
    pub energy_mev: f64,
    pub energy_spread_mev: f64,
    /// Protons, relative: all layers sum to 1.
    pub weight: f64,
}

/// A field that was planned, with what it will do.
#[derive(Clone, Debug)]
pub struct Field {
    /// The case, as TOML.
    pub case_text: String,
    /// From deep to shallow; layers of no weight are left out.
    pub layers: Vec<Layer>,
    /// Spots of each layer, mm.
    pub spots_x_mm: Vec<f64>,
    /// Cell centres, and MeV/mm per proton there.
    pub depth_mm: Vec<f64>,
    pub depth_dose_mev_per_mm: Vec<f64>,
    /// First and last depth of the flat part.
    pub plateau_mm: [f64; 2],
    /// Largest departure from the plateau's mean, of that mean.
    pub ripple: f64,
    pub distal_90_mm: f64,
}

/// What stays the same while the ranges move.
struct Planner<'a> {
    spec: &'a Spec,
    material: Material,
    machine: &'a dyn Machine,
    /// Of the range of the distal layer, mm.
    distal_sigma_mm: f64,
    cell_mm: f64,
}

/// Plans a field; `progress` hears steps done and steps at most of each round.
///
/// # Errors
/// Usage, where the field cannot be made or its range is not reached; what a run of a layer reports.
pub fn plan(
    spec: &Spec,
    machine: &dyn Machine,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<Field> {
    let material = physics::builtin(&spec.material).ok_or_else(|| {
        refused(format!(
            "there is no built-in material \"{}\"",
            spec.material
        ))
        .hint("`smatrix2d materials` lists them")
    })?;
    let mut planner = Planner {
        spec,
        material,
        machine,
        distal_sigma_mm: 0.0,
        cell_mm: 0.0,
    };
    planner.check()?;
    planner.distal_sigma_mm = planner.range_sigma_mm(spec.range_mm);
    planner.cell_mm = spec.cell_mm.unwrap_or_else(|| planner.default_cell_mm());
    planner.check_cells()?;
    let miss_mm = |field: &Field| spec.range_mm - field.distal_90_mm;
    let mut best = planner.field(0.0, progress)?;
    let mut shift_mm = miss_mm(&best);
    for _ in 1..ROUNDS_AT_MOST {
        if miss_mm(&best).abs() < RANGE_TOLERANCE_MM {
            break;
        }
        let field = planner.field(shift_mm, progress)?;
        shift_mm += miss_mm(&field);
        if miss_mm(&field).abs() < miss_mm(&best).abs() {
            best = field;
        }
    }
    match miss_mm(&best).abs() < RANGE_TOLERANCE_MM {
        true => Ok(best),
        false => Err(planner.missed(&best)),
    }
}

fn refused(message: String) -> Error {
    Error::new(Kind::Usage, message)
}

/// What the arguments ask for is beyond what a case may hold.
fn no_case(error: Error) -> Error {
    let key = error.key.unwrap_or_default();
    refused(format!(
        "a layer of this field makes no case: {key}: {}",
        error.message
    ))
    .hint("give lengths of a field in mm: --range, --sigma, --width, --cell")
}

impl Planner<'_> {
    fn energy_mev(&self, range_mm: f64) -> f64 {
        self.material
            .energy_mev(0.1 * range_mm * self.material.density_g_per_cm3)
    }

    /// Of straggling and energy spread together.
    fn range_sigma_mm(&self, range_mm: f64) -> f64 {
        let straggling_mm = physics::range_sigma_mm(0.1 * range_mm);
        let spread_mm = 1.77 * 0.01 * self.spec.energy_spread_percent * range_mm;
        straggling_mm.hypot(spread_mm)
    }

    fn default_cell_mm(&self) -> f64 {
        let mut cell_mm = 1.0;
        while cell_mm > CELL_SIGMAS * self.distal_sigma_mm && cell_mm > SMALLEST_CELL_MM {
            cell_mm *= 0.5;
        }
        cell_mm
    }

    fn field(&self, shift_mm: f64, progress: &mut dyn FnMut(usize, usize)) -> Result<Field> {
        let mut layers = self.layers(shift_mm);
        let depth_mm: Vec<f64> = (0..self.cells_z())
            .map(|i| (i as f64 + 0.5) * self.cell_mm)
            .collect();
        let mut doses = Array2::zeros((depth_mm.len(), layers.len()));
        for (j, layer) in layers.iter().enumerate() {
            let mut told = |march: Progress| {
                progress(j * march.steps + march.step, layers.len() * march.steps);
            };
            doses
                .column_mut(j)
                .assign(&self.depth_dose(layer, &mut told)?);
        }
        let fitted_mm = self.plateau_mm(FIT_ENDS_SIGMAS);
        let weights = fit::weights(&depth_mm, &doses, fitted_mm);
        for (layer, weight) in layers.iter_mut().zip(&weights) {
            layer.weight = *weight;
        }
        let sum = doses.dot(&weights);
        layers.retain(|layer| layer.weight > 0.0);
        let field = self.described(layers, depth_mm, sum.to_vec());
        match field.distal_90_mm.is_finite() {
            true => Ok(field),
            false => Err(self.no_edge()),
        }
    }

    fn no_edge(&self) -> Error {
        let (cells, cell_mm) = (self.cells_z(), self.cell_mm);
        refused(format!(
            "the dose of {cells} cells of {cell_mm} mm has no distal edge"
        ))
        .hint("lower --cell, or leave it out")
    }

    fn missed(&self, field: &Field) -> Error {
        refused(format!(
            "the distal 90 % came to lie at {:.3} mm with cells of {} mm; allowed: within {RANGE_TOLERANCE_MM} mm of the range, {} mm",
            field.distal_90_mm, self.cell_mm, self.spec.range_mm
        ))
        .hint(match self.spec.cell_mm {
            Some(_) => "lower --cell, or leave it out",
            None => "give a smaller --cell, or change --modulation",
        })
    }

    fn described(&self, layers: Vec<Layer>, depth_mm: Vec<f64>, dose: Vec<f64>) -> Field {
        let plateau_mm = self.plateau_mm(SHOULDER_SIGMAS);
        let (mean, ripple) = fit::flatness(&depth_mm, &dose, plateau_mm);
        let spots_x_mm = spots::places_mm(self.spec);
        Field {
            case_text: case_text::of_field(self, &layers, &spots_x_mm),
            layers,
            spots_x_mm,
            plateau_mm,
            ripple,
            distal_90_mm: distal_position(&depth_mm, &dose, DISTAL_LEVEL * mean),
            depth_mm,
            depth_dose_mev_per_mm: dose,
        }
    }

    fn plateau_mm(&self, shoulder_sigmas: f64) -> [f64; 2] {
        let spec = self.spec;
        [
            spec.range_mm - spec.modulation_mm,
            spec.range_mm - shoulder_sigmas * self.distal_sigma_mm,
        ]
    }

    /// Past the range by five sigmas and the falloff's own reach.
    fn cells_z(&self) -> usize {
        let length_mm = self.spec.range_mm + 6.0 * self.distal_sigma_mm + 5.0;
        (length_mm / self.cell_mm).ceil() as usize
    }

    /// From the distal layer up to one at or before the plateau's beginning. Energies in keV, so that text holds them.
    fn layers(&self, shift_mm: f64) -> Vec<Layer> {
        let first_mm = self.spec.range_mm - self.spec.modulation_mm;
        let mut range_mm = self.spec.range_mm + shift_mm;
        let mut layers = Vec::new();
        loop {
            let energy_mev = rounded(self.energy_mev(range_mm), 1e3);
            let spread_mev = 0.01 * self.spec.energy_spread_percent * energy_mev;
            layers.push(Layer {
                energy_mev,
                energy_spread_mev: rounded(spread_mev, 1e4),
                weight: 0.0,
            });
            if range_mm <= first_mm {
                return layers;
            }
            let step_mm = LAYER_SIGMAS * self.range_sigma_mm(range_mm);
            range_mm = (range_mm - step_mm.max(LAYER_CELLS * self.cell_mm))
                .max(SHALLOWEST_LAYER * first_mm);
        }
    }

    /// MeV/mm per proton, summed across; one value a cell in depth.
    fn depth_dose(
        &self,
        layer: &Layer,
        told: &mut dyn FnMut(Progress),
    ) -> Result<ndarray::Array1<f64>> {
        let text = case_text::of_layer(self, layer);
        let case = Case::parse(&text, Path::new("sobp.toml"), &[]).map_err(no_case)?;
        let phantom = Phantom::build(&case, Path::new(""))?;
        let outcome = transport::run(&case, &phantom, self.machine, told)?;
        Ok(outcome.results.depth_dose_mev_per_mm)
    }
}

/// To `per_unit` parts of a unit.
fn rounded(value: f64, per_unit: f64) -> f64 {
    (value * per_unit).round() / per_unit
}
