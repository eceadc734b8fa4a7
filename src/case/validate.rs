//! Checks between keys: the cells fill the extent, what is placed lies in the phantom, the beam lies on the grid.

use super::names::nearest;
use super::settings::{MOST_ANGLE_BINS, MOST_ENERGY_BINS};
use super::{AngleBins, Backward, Case, EnergyAxisSpec, SPREAD_SIGMAS, Stepping};
use crate::error::Result;
use crate::physics;

/// Cells of the phantom: at 10 bytes each for material and density this is 1 GB.
const MOST_CELLS: f64 = 1e8;
/// A spacing divides an extent where cells and extent agree to this part of the extent.
const DIVISION_TOLERANCE: f64 = 1e-6;
/// What the models are made for: therapy energies (ICRU 63 ends at 250 MeV; the stopping powers of PSTAR go on).
pub const HIGHEST_ENERGY_MEV: f64 = 300.0;

pub fn validate(case: &Case) -> Result<()> {
    cells(case)?;
    materials(case)?;
    regions(case)?;
    for index in 0..case.beams.len() {
        beam(case, index)?;
    }
    grid(case)?;
    backward(case)?;
    planes(case)
}

fn cells(case: &Case) -> Result<()> {
    let phantom = &case.phantom;
    let mut product = 1.0;
    for (extent_mm, spacing_mm, key) in [
        (phantom.x_mm, phantom.spacing_mm[0], "x_mm"),
        (phantom.z_mm, phantom.spacing_mm[1], "z_mm"),
    ] {
        let length_mm = extent_mm[1] - extent_mm[0];
        let count = (length_mm / spacing_mm).round();
        let gap = (count * spacing_mm - length_mm).abs() / length_mm;
        if gap.is_nan() || gap > DIVISION_TOLERANCE {
            let message = format!(
                "found cells of {spacing_mm} mm for {key} of {length_mm} mm ({:.6} cells); allowed: a whole number of cells",
                length_mm / spacing_mm
            );
            let fit_mm = length_mm / count.max(1.0);
            let hint = format!("{fit_mm} mm would divide it, or change phantom.{key}");
            return Err(case.error("phantom.spacing_mm", message).hint(hint));
        }
        product *= count;
    }
    if product <= MOST_CELLS {
        return Ok(());
    }
    let message = format!("found {product:.3e} cells; allowed: at most {MOST_CELLS:.0e}");
    Err(case
        .error("phantom.spacing_mm", message)
        .hint("use larger cells or a smaller extent"))
}

fn materials(case: &Case) -> Result<()> {
    if case.phantom.file.is_none() {
        material(case, "phantom.material", &case.phantom.material)?;
    }
    for (index, region) in case.phantom.regions.iter().enumerate() {
        material(
            case,
            &format!("phantom.region[{index}].material"),
            &region.material,
        )?;
    }
    Ok(())
}

fn material(case: &Case, key: &str, name: &str) -> Result<()> {
    let built_in = physics::builtin_names();
    if case.materials.contains_key(name) || built_in.contains(&name) {
        return Ok(());
    }
    let own = case.materials.keys().map(String::as_str);
    let known: Vec<&str> = own.chain(built_in.iter().copied()).collect();
    let hint = match nearest(name, known.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"? `smatrix2d materials` lists all"),
        None => format!(
            "`smatrix2d materials` lists the built-in ones; define your own as [materials.{name}]"
        ),
    };
    let message =
        format!("found \"{name}\"; allowed: a built-in material or one of [materials.NAME]");
    Err(case.error(key, message).hint(hint))
}

fn regions(case: &Case) -> Result<()> {
    let phantom = &case.phantom;
    for (index, region) in phantom.regions.iter().enumerate() {
        for (found, allowed, axis) in [
            (region.z_mm, phantom.z_mm, "z_mm"),
            (region.x_mm, phantom.x_mm, "x_mm"),
        ] {
            if found[0] < allowed[0] || found[1] > allowed[1] {
                let key = format!("phantom.region[{index}].{axis}");
                let message = format!(
                    "found {found:?}, which leaves the phantom; allowed: within {allowed:?}"
                );
                let hint = format!("move or shorten the region, or widen phantom.{axis}");
                return Err(case.error(&key, message).hint(hint));
            }
        }
    }
    Ok(())
}

fn beam(case: &Case, index: usize) -> Result<()> {
    let beam = &case.beams[index];
    let x_mm = case.phantom.x_mm;
    if beam.x_mm < x_mm[0] || beam.x_mm > x_mm[1] {
        let message = format!(
            "found {}, outside the phantom; allowed: from {} to {}",
            beam.x_mm, x_mm[0], x_mm[1]
        );
        let hint = "move the beam, or widen phantom.x_mm";
        return Err(case
            .error(&format!("beam[{index}].x_mm"), message)
            .hint(hint));
    }
    if beam.angle_deg.abs() >= case.grid.angle_max_deg {
        let limit = case.grid.angle_max_deg;
        let message = format!(
            "found {}; allowed: between -{limit} and {limit} (grid.angle_max_deg)",
            beam.angle_deg
        );
        let hint = "raise grid.angle_max_deg to well beyond the beam's angle";
        return Err(case
            .error(&format!("beam[{index}].angle_deg"), message)
            .hint(hint));
    }
    beam_energy(case, index)
}

fn beam_energy(case: &Case, index: usize) -> Result<()> {
    let beam = &case.beams[index];
    let (lowest_mev, highest_mev) = (case.grid.cutoff_mev, HIGHEST_ENERGY_MEV);
    if beam.energy_mev <= lowest_mev || beam.energy_mev > highest_mev {
        let message = format!(
            "found {}; allowed: above {lowest_mev} (grid.cutoff_mev) and at most {highest_mev} (end of the beam tables)",
            beam.energy_mev
        );
        let hint = "energies are kinetic and in MeV, for example energy_mev = 150.0";
        return Err(case
            .error(&format!("beam[{index}].energy_mev"), message)
            .hint(hint));
    }
    let room_mev =
        (beam.energy_mev - lowest_mev).min(highest_mev - beam.energy_mev) / SPREAD_SIGMAS;
    if beam.energy_spread_mev > room_mev && beam.energy_spread_mev > 0.0 {
        let message = format!(
            "found {}; allowed: at most {room_mev} at this energy",
            beam.energy_spread_mev
        );
        let hint = "five standard deviations must lie between grid.cutoff_mev and the end of the beam tables";
        return Err(case
            .error(&format!("beam[{index}].energy_spread_mev"), message)
            .hint(hint));
    }
    Ok(())
}

fn grid(case: &Case) -> Result<()> {
    let grid = &case.grid;
    if case.transport.stepping == Stepping::Depth && grid.angle_max_deg >= 90.0 {
        let message = format!(
            "found {}; allowed: below 90 with stepping = \"depth\"",
            grid.angle_max_deg
        );
        let hint = "depth stepping goes forward only: lower angle_max_deg, or set transport.stepping = \"path\"";
        return Err(case.error("grid.angle_max_deg", message).hint(hint));
    }
    if let AngleBins::WidthDeg(width_deg) = grid.angle_bins {
        let bins = 2.0 * grid.angle_max_deg / width_deg;
        bin_count(case, "grid.angle_bin_deg", width_deg, bins, MOST_ANGLE_BINS)?;
        outermost_angle(case, width_deg)?;
    }
    match grid.energy_axis {
        EnergyAxisSpec::Range { range_bin_mm } => range_bins(case, range_bin_mm),
        EnergyAxisSpec::Log { .. } | EnergyAxisSpec::Uniform { .. } => Ok(()),
    }
}

/// Half the angle axis is a whole number of bins, so that its outermost centre may lie beyond `angle_max_deg`.
fn outermost_angle(case: &Case, width_deg: f64) -> Result<()> {
    let max_deg = case.grid.angle_max_deg;
    // To a millionth, so that products print as they are meant.
    let angle_deg = |bins: f64| (1e6 * bins * width_deg).round() / 1e6;
    let outermost_deg = angle_deg((max_deg / width_deg).round());
    if case.transport.stepping == Stepping::Path || outermost_deg < 90.0 {
        return Ok(());
    }
    let message = format!(
        "found {max_deg} with bins of {width_deg}, the outermost about {outermost_deg}; allowed: below 90 with stepping = \"depth\""
    );
    let last_deg = angle_deg((90.0 / width_deg - 1e-9).ceil() - 1.0);
    let hint = format!(
        "such bins end at {last_deg}: lower angle_max_deg, choose another angle_bin_deg, or set transport.stepping = \"path\""
    );
    Err(case.error("grid.angle_max_deg", message).hint(hint))
}

/// Bins in the range of the highest beam energy. Where a step is so short that bins of its length would be too many, the default bin
/// is one step.
fn range_bins(case: &Case, range_bin_mm: Option<f64>) -> Result<()> {
    let energies = case.beams.iter().map(|beam| beam.energy_mev);
    let range_mm = range_in_water_mm(energies.fold(0.0, f64::max));
    if let Some(bin_mm) = range_bin_mm {
        let bins = range_mm / bin_mm;
        return bin_count(case, "grid.range_bin_mm", bin_mm, bins, MOST_ENERGY_BINS);
    }
    let (key, step_mm) = match case.transport.stepping {
        Stepping::Depth => ("phantom.spacing_mm", case.phantom.spacing_mm[1]),
        Stepping::Path => ("transport.step_mm", case.transport.step_mm),
    };
    let bins = range_mm / step_mm;
    if bins <= MOST_ENERGY_BINS as f64 {
        return Ok(());
    }
    let message = format!(
        "found steps of {step_mm} mm, by default also the width of range bins, which makes {bins:.0} of them; allowed: at most {MOST_ENERGY_BINS}"
    );
    Err(case
        .error(key, message)
        .hint("give wider bins, for example grid.range_bin_mm = 0.05, or use longer steps"))
}

fn range_in_water_mm(energy_mev: f64) -> f64 {
    const MM_PER_CM: f64 = 10.0;
    physics::builtin("water").map_or(0.0, |water| {
        water.csda_range_g_per_cm2(energy_mev) * MM_PER_CM
    })
}

fn bin_count(case: &Case, key: &str, width: f64, bins: f64, most: usize) -> Result<()> {
    if (1.0..=most as f64).contains(&bins) {
        return Ok(());
    }
    let message = format!("found {width}, which makes {bins:.3e} bins; allowed: 1 to {most} bins");
    Err(case
        .error(key, message)
        .hint("choose a bin width that makes some tens to hundreds of bins"))
}

fn backward(case: &Case) -> Result<()> {
    if case.transport.backward == Backward::Reject || case.transport.stepping == Stepping::Path {
        return Ok(());
    }
    let message = "needs stepping = \"path\"; allowed with \"depth\": \"reject\"";
    Err(case
        .error("transport.backward", message)
        .hint("remove it, or set transport.stepping = \"path\""))
}

fn planes(case: &Case) -> Result<()> {
    let z_mm = case.phantom.z_mm;
    for (index, plane_mm) in case.output.planes_asked_mm.iter().enumerate() {
        if *plane_mm < z_mm[0] || *plane_mm > z_mm[1] {
            let message = format!(
                "found {plane_mm}, outside the phantom; allowed: from {} to {}",
                z_mm[0], z_mm[1]
            );
            let hint = "planes are depths within phantom.z_mm";
            return Err(case
                .error(&format!("output.planes_mm[{index}]"), message)
                .hint(hint));
        }
    }
    if case.output.scores_planes() && case.output.planes_asked_mm.is_empty() {
        let message = "missing; spectra and phase_space are scored at planes";
        return Err(case
            .error("output.planes_mm", message)
            .hint("add for example planes_mm = [50.0, 100.0]"));
    }
    planes_in_path_stepping(case)
}

/// Protons cross a plane at different steps there.
fn planes_in_path_stepping(case: &Case) -> Result<()> {
    if case.transport.stepping == Stepping::Depth || !case.output.scores_planes() {
        return Ok(());
    }
    let message = "spectra and phase_space are scored with stepping = \"depth\" only";
    Err(case
        .error("output.quantities", message)
        .hint("use transport.stepping = \"depth\", or leave them out"))
}
