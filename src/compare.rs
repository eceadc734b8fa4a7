//! Two distributions against each other: norms, range and width figures, gamma.
//!
//! `A` is the reference: where the grids differ, `B` is interpolated linearly onto A's cell centres. Norms are taken
//! over the region where A reaches a share of its maximum (`Settings::threshold`):
//!
//! - `l2`: `sqrt(sum (B - A)^2 / sum A^2)`
//! - `linf`: `max |B - A| / max A`
//! - `rms`: `sqrt(mean (B - A)^2) / max A`
//!
//! Points of A outside B's grid count neither there nor in gamma; the report has their number.
//!
//! Range and width figures are taken on each distribution's own grid (`crate::curves`), lateral sigmas at A's depths.

pub mod files;
pub mod gamma;
pub mod grid;
mod report;

use crate::curves;
use crate::error::{Error, Result};
use files::Distribution;
use gamma::{Criterion, Normalisation, counts, gamma};
use grid::Grid;
use ndarray::Array2;
use report::{Figure, Lateral, Norms, Quantity};
pub use report::{GammaFigures, Report, to_text};

const PEAK_OF_ENERGY: &str = "peak_mev_per_mm";

/// What to compare by.
#[derive(Clone, Debug)]
pub struct Settings {
    pub criteria: Vec<Criterion>,
    pub normalisation: Normalisation,
    /// Share of A's maximum above which points count.
    pub threshold: f64,
}

/// The report, and the maps it was made from, on A's grid.
pub struct Comparison {
    pub report: Report,
    pub reference: Grid,
    /// B - A; NaN outside B.
    pub difference: Array2<f64>,
    pub gamma_maps: Vec<(Criterion, Array2<f64>)>,
}

/// Compares `b` with the reference `a`: maps where both have one, else curves over depth.
///
/// # Errors
/// `BadData` where the two have no quantity in common, one has no value above zero, or no point of A that reaches the threshold lies
/// inside B's grid.
pub fn compare(a: &Distribution, b: &Distribution, settings: &Settings) -> Result<Comparison> {
    let (quantity, [a_grid, b_grid]) = common_quantity(a, b)?;
    if a_grid.maximum() <= 0.0 || b_grid.maximum() <= 0.0 {
        return Err(Error::bad_data("one of the two has no value above zero"));
    }
    let (peak, a_depth, b_depth) = depth_curves(a, b, &a_grid, &b_grid);
    let difference = b_grid.resampled_on(&a_grid) - &a_grid.values;
    let least = settings.threshold * a_grid.maximum();
    let mut points = difference.iter().zip(&a_grid.values);
    if !points.any(|(difference, dose)| !difference.is_nan() && counts(*dose, least)) {
        return Err(
            Error::bad_data("no point of A that reaches --threshold lies inside B's grid")
                .hint("shift one of them: both need the same origin"),
        );
    }
    let gamma_maps = gamma_maps(&a_grid, &b_grid, settings);
    let mut report = depth_report(quantity, peak, [&a_depth, &b_depth], settings);
    if a_grid.x_mm.is_some() {
        report.map = Some(Norms::of(&a_grid, &difference, settings.threshold));
        report.lateral = lateral(&a_grid, &b_grid, &a_depth);
        report.gamma_map = GammaFigures::of_all(&gamma_maps, &a_grid, settings.threshold);
    }
    Ok(Comparison {
        report,
        reference: a_grid,
        difference,
        gamma_maps,
    })
}

fn gamma_maps(a: &Grid, b: &Grid, settings: &Settings) -> Vec<(Criterion, Array2<f64>)> {
    let one = |&criterion| {
        let map = gamma(a, b, criterion, settings.normalisation, settings.threshold);
        (criterion, map)
    };
    settings.criteria.iter().map(one).collect()
}

/// The report of two curves over depth, without what only maps have.
fn depth_report(
    quantity: Quantity,
    peak: &'static str,
    [a, b]: [&Grid; 2],
    settings: &Settings,
) -> Report {
    let difference = b.resampled_on(a) - &a.values;
    Report {
        quantity,
        threshold_percent: 100.0 * settings.threshold,
        normalisation: settings.normalisation,
        map: None,
        depth_dose: Norms::of(a, &difference, settings.threshold),
        figures: figures(peak, a, b),
        lateral: Vec::new(),
        gamma_map: Vec::new(),
        gamma_depth_dose: GammaFigures::of_all(&gamma_maps(a, b, settings), a, settings.threshold),
    }
}

/// The quantity that both have, as two grids of the same number of dimensions: dose before energy, absolute before
/// relative.
fn common_quantity(a: &Distribution, b: &Distribution) -> Result<(Quantity, [Grid; 2])> {
    for (name, units, a, b) in [
        ("dose", "Gy mm", &a.dose, &b.dose),
        ("energy deposit", "MeV/mm2", &a.energy, &b.energy),
    ] {
        if let (Some(a), Some(b)) = (a, b) {
            return Ok(match a.x_mm.is_some() && b.x_mm.is_some() {
                true => (Quantity { name, units }, [a.clone(), b.clone()]),
                false => (Quantity { name, units }, [a.depth_curve(), b.depth_curve()]),
            });
        }
    }
    if a.relative.is_none() && b.relative.is_none() {
        let error = Error::bad_data("one file has a dose, the other an energy deposit");
        return Err(error.hint("compare files that hold the same quantity"));
    }
    let curve = |of: &Distribution| {
        of.relative
            .clone()
            .or(of.energy.clone())
            .or(of.dose.clone())
    };
    let missing = || Error::bad_data("one of the two holds no distribution");
    let curves = [curve(a).ok_or_else(missing)?, curve(b).ok_or_else(missing)?];
    let quantity = Quantity {
        name: "depth dose over its maximum",
        units: "1",
    };
    Ok((
        quantity,
        curves.map(|curve| normalised(&curve.depth_curve())),
    ))
}

fn normalised(curve: &Grid) -> Grid {
    let peak = curves::find_peak(&curve.z_mm.centers, &curve.column());
    curve.scaled(1.0 / peak.map_or(1.0, |peak| peak.height))
}

/// Energy over depth where both have it, else the compared quantity over depth; before it the name of its peak's height.
fn depth_curves(
    a: &Distribution,
    b: &Distribution,
    a_grid: &Grid,
    b_grid: &Grid,
) -> (&'static str, Grid, Grid) {
    match (&a.energy, &b.energy) {
        (Some(a), Some(b)) => (PEAK_OF_ENERGY, a.depth_curve(), b.depth_curve()),
        _ => ("peak", a_grid.depth_curve(), b_grid.depth_curve()),
    }
}

/// `peak` is the name of the peak's height.
fn figures(peak: &'static str, a: &Grid, b: &Grid) -> Vec<Figure> {
    let of = |grid: &Grid| curves::summarise(&grid.z_mm, &grid.column(), &[]).figures();
    let pairs = of(a).into_iter().zip(of(b));
    pairs
        .filter(|((name, _), _)| *name != "sigma_at_peak_mm")
        .map(|((name, a), (_, b))| match name {
            PEAK_OF_ENERGY => Figure::new(peak, a, b),
            _ => Figure::new(name, a, b),
        })
        .collect()
}

/// Widths at the entrance, half way from there to A's R80 and at A's peak.
fn lateral(a: &Grid, b: &Grid, a_depth: &Grid) -> Vec<Lateral> {
    let summary = curves::summarise(&a_depth.z_mm, &a_depth.column(), &[]);
    let (entrance, entry_plane) = (a.z_mm.centers[0], a.z_mm.edges[0]);
    [
        ("entrance", entrance),
        ("half_range", 0.5 * (entry_plane + summary.r80_mm)),
        ("peak", summary.peak_depth_mm),
    ]
    .map(|(place, depth_mm)| {
        Lateral::new(
            place,
            depth_mm,
            a.sigmas_at(depth_mm),
            b.sigmas_at(depth_mm),
        )
    })
    .to_vec()
}
