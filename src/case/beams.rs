//! Reads `[[beam]]`: a spot by its widths, or by its Twiss parameters at the entry plane.
//!
//! With emittance e and Twiss alpha, beta, gamma = (1 + alpha^2) / beta: the variance of x is beta e, that of the angle
//! gamma e, the covariance -alpha e; so the correlation is -alpha / sqrt(1 + alpha^2).
//! Source: E. D. Courant and H. S. Snyder, Ann. Phys. 3 (1958) 1.

use super::BeamSpec;
use super::allowed::Allowed;
use super::section::Section;
use crate::error::Result;
use std::ops::Bound;

const BEAM_KEYS: &[&str] = &[
    "energy_mev",
    "energy_spread_mev",
    "x_mm",
    "angle_deg",
    "sigma_x_mm",
    "divergence_mrad",
    "correlation",
    "weight",
    "twiss",
];
const TWISS_KEYS: &[&str] = &["alpha", "beta_mm", "emittance_mm_mrad"];

/// One standard deviation across the axis, and its growth.
struct Widths {
    sigma_x_mm: f64,
    divergence_mrad: f64,
    correlation: f64,
}

pub fn beams(root: &Section) -> Result<Vec<BeamSpec>> {
    let tables = root.tables("beam", BEAM_KEYS)?;
    if tables.is_empty() {
        return Err(root
            .error("beam", "no beam; allowed: at least one [[beam]] table")
            .hint("add a line [[beam]] and below it energy_mev = 150.0"));
    }
    let beams: Vec<BeamSpec> = tables.iter().map(beam).collect::<Result<_>>()?;
    let total: f64 = beams.iter().map(|beam| beam.weight).sum();
    if total > 0.0 && total.is_finite() {
        return Ok(beams);
    }
    let message = format!("the weights of the beams sum to {total}; allowed: a finite sum above 0");
    Err(root
        .error("beam[0].weight", message)
        .hint("weights are relative: give at least one beam a weight above 0, for example weight = 1.0, and none of 1e300"))
}

fn beam(table: &Section) -> Result<BeamSpec> {
    let forward = Allowed::new(Bound::Excluded(-90.0), Bound::Excluded(90.0));
    let widths = widths(table)?;
    Ok(BeamSpec {
        energy_mev: table.required_number("energy_mev", Allowed::ABOVE_ZERO, 150.0)?,
        energy_spread_mev: table.number_or("energy_spread_mev", Allowed::AT_LEAST_ZERO, 0.0)?,
        x_mm: table.number_or("x_mm", Allowed::ANY, 0.0)?,
        angle_deg: table.number_or("angle_deg", forward, 0.0)?,
        sigma_x_mm: widths.sigma_x_mm,
        divergence_mrad: widths.divergence_mrad,
        correlation: widths.correlation,
        weight: table.number_or("weight", Allowed::AT_LEAST_ZERO, 1.0)?,
    })
}

fn widths(table: &Section) -> Result<Widths> {
    let correlation = Allowed::new(Bound::Excluded(-1.0), Bound::Excluded(1.0));
    let given = Widths {
        sigma_x_mm: table.number_or("sigma_x_mm", Allowed::AT_LEAST_ZERO, 3.0)?,
        divergence_mrad: table.number_or("divergence_mrad", Allowed::AT_LEAST_ZERO, 0.0)?,
        correlation: table.number_or("correlation", correlation, 0.0)?,
    };
    if !table.has("twiss") {
        return Ok(given);
    }
    match ["sigma_x_mm", "divergence_mrad", "correlation"]
        .into_iter()
        .find(|key| table.has(key))
    {
        None => twiss(table),
        Some(key) => Err(table
            .error(key, "found beside twiss; allowed: one or the other")
            .hint("twiss sets sigma_x_mm, divergence_mrad and correlation: remove them or twiss")),
    }
}

fn twiss(beam: &Section) -> Result<Widths> {
    const RAD_PER_MRAD: f64 = 1e-3;
    let twiss = beam.child("twiss", TWISS_KEYS)?;
    let alpha = twiss.required_number("alpha", Allowed::ANY, 0.0)?;
    let beta_mm = twiss.required_number("beta_mm", Allowed::ABOVE_ZERO, 3000.0)?;
    let emittance_mm_mrad = twiss.required_number("emittance_mm_mrad", Allowed::ABOVE_ZERO, 3.0)?;
    let emittance_mm = emittance_mm_mrad * RAD_PER_MRAD;
    let root_of_one_plus_alpha2 = alpha.hypot(1.0);
    let widths = Widths {
        sigma_x_mm: (beta_mm * emittance_mm).sqrt(),
        divergence_mrad: root_of_one_plus_alpha2 * (emittance_mm / beta_mm).sqrt() / RAD_PER_MRAD,
        correlation: -alpha / root_of_one_plus_alpha2,
    };
    check_physical(&twiss, &widths)?;
    Ok(widths)
}

/// Products beyond the range of f64, and |alpha| so large that the correlation rounds to 1.
fn check_physical(twiss: &Section, widths: &Widths) -> Result<()> {
    let finite = widths.sigma_x_mm.is_finite() && widths.divergence_mrad.is_finite();
    if finite && widths.correlation.abs() < 1.0 {
        return Ok(());
    }
    let message = format!(
        "gives sigma_x_mm = {}, divergence_mrad = {}, correlation = {}; allowed: finite widths, |correlation| < 1",
        widths.sigma_x_mm, widths.divergence_mrad, widths.correlation
    );
    Err(twiss
        .error("alpha", message)
        .hint("for example twiss = { alpha = 0.0, beta_mm = 3000.0, emittance_mm_mrad = 3.0 }"))
}
