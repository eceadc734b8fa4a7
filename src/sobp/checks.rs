//! What is asked for against what can be made: energies, spots, cells.

use super::{Planner, SHALLOWEST_LAYER, SHOULDER_SIGMAS, SMALLEST_CELL_MM, refused, spots};
use crate::case::{DEFAULT_CUTOFF_MEV, HIGHEST_ENERGY_MEV, SPREAD_SIGMAS};
use crate::error::Result;

/// Shallower layers cannot be told from the entrance.
const SHALLOWEST_MM: f64 = 2.0;
/// Wider than any treatment field.
const WIDEST_MM: f64 = 1000.0;
const MOST_SPOTS: f64 = 1000.0;
const MOST_CELLS: f64 = 1e5;
/// Spots farther apart than this, in their own sigma, make a field that is not uniform (ripple 0.03 % at 1.5).
const WIDEST_SPACING_SIGMAS: f64 = 1.5;
/// The distal fall-off from 80 to 20 % in sigmas of the distal layer: 1.5 to 1.6 on fine cells (measured once, 25 to 200 mm of water).
const FALLOFF_SIGMAS: f64 = 1.5;
/// Of one value alone any plateau is flat.
const LEAST_CENTRES: f64 = 2.0;

impl Planner<'_> {
    pub(super) fn check(&self) -> Result<()> {
        let spec = self.spec;
        let first_mm = spec.range_mm - spec.modulation_mm;
        if first_mm.is_nan() || first_mm < SHALLOWEST_MM {
            return Err(refused(format!(
                "the plateau would begin at {first_mm} mm; allowed: from {SHALLOWEST_MM} mm on"
            ))
            .hint("lower --modulation or raise --range"));
        }
        self.check_energies(first_mm)?;
        self.check_spots()
    }

    fn check_energies(&self, first_mm: f64) -> Result<()> {
        let spec = self.spec;
        let spread = SPREAD_SIGMAS * 0.01 * spec.energy_spread_percent;
        let highest_mev = self.energy_mev(spec.range_mm) * (1.0 + spread);
        if highest_mev > HIGHEST_ENERGY_MEV {
            return Err(refused(format!(
                "a range of {} mm needs {highest_mev:.1} MeV with its spread; allowed: at most {HIGHEST_ENERGY_MEV}",
                spec.range_mm
            ))
            .hint("lower --range or --energy-spread"));
        }
        let lowest_mev = self.energy_mev(SHALLOWEST_LAYER * first_mm) * (1.0 - spread);
        if lowest_mev > DEFAULT_CUTOFF_MEV {
            return Ok(());
        }
        Err(refused(format!(
            "a plateau that begins at {first_mm} mm of {} needs {lowest_mev:.3} MeV, less the spread; allowed: above {DEFAULT_CUTOFF_MEV}",
            spec.material
        ))
        .hint("lower --modulation or --energy-spread, or raise --range"))
    }

    fn check_spots(&self) -> Result<()> {
        let spec = self.spec;
        let Some(width_mm) = spec.width_mm else {
            return Ok(());
        };
        if width_mm > WIDEST_MM {
            let message = format!("a field {width_mm} mm wide; allowed: at most {WIDEST_MM} mm");
            return Err(refused(message).hint("lower --width"));
        }
        let spots = (width_mm / spec.spot_spacing_mm).ceil();
        if spots > MOST_SPOTS {
            let message = format!("{spots} spots across; allowed: at most {MOST_SPOTS}");
            return Err(refused(message).hint("raise --spot-spacing"));
        }
        let widest_mm = WIDEST_SPACING_SIGMAS * spec.sigma_x_mm;
        if spec.spot_spacing_mm <= widest_mm {
            return self.check_width(width_mm);
        }
        Err(refused(format!(
            "spots {} mm apart leave gaps; allowed: at most {widest_mm} mm, {WIDEST_SPACING_SIGMAS} times sigma",
            spec.spot_spacing_mm
        ))
        .hint("lower --spot-spacing or raise --sigma"))
    }

    fn check_width(&self, width_mm: f64) -> Result<()> {
        let made_mm = spots::half_height_width_mm(self.spec);
        if spots::is_near(made_mm, width_mm) {
            return Ok(());
        }
        let sigma_mm = self.spec.sigma_x_mm;
        let narrowest_mm = (10.0 * spots::narrowest_mm(self.spec)).ceil() / 10.0;
        Err(refused(format!(
            "a field of {width_mm} mm of spots with a sigma of {sigma_mm} mm is {made_mm:.1} mm wide at half height; allowed: from {narrowest_mm} mm on"
        ))
        .hint("raise --width or lower --sigma, or leave --width out for one spot"))
    }

    /// Not too many cells, two at least in what is made flat, one at least in the distal fall-off.
    pub(super) fn check_cells(&self) -> Result<()> {
        let cells = self.spec.range_mm / self.cell_mm;
        if cells > MOST_CELLS {
            let message =
                format!("{cells:.3e} cells along the range; allowed: at most {MOST_CELLS}");
            return Err(refused(message).hint("raise --cell or lower --range"));
        }
        self.check_falloff()?;
        self.check_plateau()
    }

    /// A default cell is always fine enough.
    fn check_falloff(&self) -> Result<()> {
        let falloff_mm = FALLOFF_SIGMAS * self.distal_sigma_mm;
        let coarsest_mm = falloff_mm.max(SMALLEST_CELL_MM);
        if self.cell_mm <= coarsest_mm {
            return Ok(());
        }
        Err(refused(format!(
            "cells of {} mm do not show the distal fall-off from 80 to 20 %, which is {falloff_mm:.2} mm long; allowed: at most {} mm",
            self.cell_mm, (1e3 * coarsest_mm).floor() / 1e3
        ))
        .hint("lower --cell, or leave it out"))
    }

    fn check_plateau(&self) -> Result<()> {
        let ([first_mm, last_mm], cell_mm) = (self.plateau_mm(SHOULDER_SIGMAS), self.cell_mm);
        let centres = (last_mm / cell_mm + 0.5).floor() - (first_mm / cell_mm - 0.5).ceil();
        if centres >= LEAST_CENTRES {
            return Ok(());
        }
        Err(refused(format!(
            "centres of cells of {cell_mm} mm from range - modulation to one sigma before the range ({first_mm:.2} to {last_mm:.2} mm): found {}; allowed: {LEAST_CENTRES} at least",
            centres.max(0.0)
        ))
        .hint("raise --modulation or lower --cell"))
    }
}
