//! The figures of a comparison, as a table and as JSON.

use super::gamma::{Criterion, LARGEST_GAMMA, Normalisation, counts};
use super::grid::Grid;
use ndarray::{Array2, Zip};
use serde::Serialize;
use std::fmt::Write;
use std::ops::{Range, RangeFrom};

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub quantity: Quantity,
    pub threshold_percent: f64,
    pub normalisation: Normalisation,
    /// None where one of the two is a curve.
    pub map: Option<Norms>,
    pub depth_dose: Norms,
    pub figures: Vec<Figure>,
    pub lateral: Vec<Lateral>,
    pub gamma_map: Vec<GammaFigures>,
    pub gamma_depth_dose: Vec<GammaFigures>,
}

/// What was compared. Absolute quantities are per proton.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Quantity {
    pub name: &'static str,
    pub units: &'static str,
}

/// Norms of B - A over the region above the threshold; see the module `compare` for their definitions.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Norms {
    pub l2: f64,
    pub linf: f64,
    pub rms: f64,
    pub points: usize,
    /// Points of the region that lie outside B, and count in no norm.
    pub points_outside: usize,
}

impl Norms {
    pub fn of(reference: &Grid, difference: &Array2<f64>, threshold: f64) -> Self {
        let maximum = reference.maximum();
        let (mut squares, mut reference_squares, mut largest) = (0.0, 0.0, 0.0f64);
        let (mut points, mut points_outside) = (0, 0);
        Zip::from(&reference.values)
            .and(difference)
            .for_each(|&value, &difference| {
                if value < threshold * maximum {
                    return;
                }
                if difference.is_nan() {
                    points_outside += 1;
                    return;
                }
                points += 1;
                squares += difference * difference;
                reference_squares += value * value;
                largest = largest.max(difference.abs());
            });
        Self {
            l2: (squares / reference_squares).sqrt(),
            linf: largest / maximum,
            rms: (squares / points as f64).sqrt() / maximum,
            points,
            points_outside,
        }
    }
}

/// A figure of both curves. The name holds the unit.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub name: &'static str,
    pub a: f64,
    pub b: f64,
    pub difference: f64,
}

impl Figure {
    pub fn new(name: &'static str, a: f64, b: f64) -> Self {
        Self {
            name,
            a,
            b,
            difference: b - a,
        }
    }
}

/// Lateral widths at one depth.
#[derive(Clone, Debug, Serialize)]
pub struct Lateral {
    pub place: &'static str,
    pub depth_mm: f64,
    pub moment_sigma_mm: Figure,
    pub core_sigma_mm: Figure,
}

impl Lateral {
    pub fn new(place: &'static str, depth_mm: f64, a: [f64; 2], b: [f64; 2]) -> Self {
        Self {
            place,
            depth_mm,
            moment_sigma_mm: Figure::new("moment_sigma_mm", a[0], b[0]),
            core_sigma_mm: Figure::new("core_sigma_mm", a[1], b[1]),
        }
    }
}

/// A gamma map in figures.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct GammaFigures {
    pub criterion: Criterion,
    pub pass_rate_percent: f64,
    pub mean: f64,
    pub largest: f64,
    pub points: usize,
    /// Points of the region that lie outside B, and count neither as passed nor as failed.
    pub points_outside: usize,
}

impl GammaFigures {
    /// Of a gamma map on the grid of `reference`.
    pub fn of(criterion: Criterion, map: &Array2<f64>, reference: &Grid, threshold: f64) -> Self {
        let least = threshold * reference.maximum();
        let region = map.iter().zip(&reference.values);
        let region = region.filter(|(_, dose)| counts(**dose, least));
        let (outside, inside): (Vec<f64>, Vec<f64>) = region
            .map(|(gamma, _)| *gamma)
            .partition(|gamma| gamma.is_nan());
        Self::of_values(criterion, &inside, outside.len())
    }

    fn of_values(criterion: Criterion, values: &[f64], points_outside: usize) -> Self {
        let points = values.len();
        let passed = values.iter().filter(|&&gamma| gamma <= 1.0).count();
        Self {
            criterion,
            pass_rate_percent: 100.0 * passed as f64 / points as f64,
            mean: values.iter().sum::<f64>() / points as f64,
            largest: values.iter().copied().fold(0.0, f64::max),
            points,
            points_outside,
        }
    }

    pub fn of_all(
        maps: &[(Criterion, Array2<f64>)],
        reference: &Grid,
        threshold: f64,
    ) -> Vec<Self> {
        maps.iter()
            .map(|(criterion, map)| Self::of(*criterion, map, reference, threshold))
            .collect()
    }
}

/// Figures of these sizes are printed with a power of ten: four decimals would leave a digit or two, or overflow the column.
const SMALL: Range<f64> = f64::MIN_POSITIVE..0.01;
const LARGE: RangeFrom<f64> = 1e6..;

/// The report as a table.
pub fn to_text(report: &Report) -> String {
    let mut text = String::new();
    // Writing into a String does not fail.
    let _ = write_norms(&mut text, report);
    let _ = write_figures(&mut text, report);
    let _ = write_gamma(&mut text, report);
    text
}

fn write_norms(text: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(
        text,
        "{}, {}; region: A above {} % of its maximum",
        report.quantity.name, report.quantity.units, report.threshold_percent
    )?;
    writeln!(
        text,
        "\n{:<22}{:>12}{:>12}{:>12}{:>10}",
        "B - A", "L2 %", "Linf %", "rms %", "points"
    )?;
    for (name, norms) in [("map", report.map), ("depth dose", Some(report.depth_dose))] {
        let Some(norms) = norms else { continue };
        let [l2, linf, rms] = [norms.l2, norms.linf, norms.rms].map(|share| 100.0 * share);
        writeln!(
            text,
            "{name:<22}{l2:>12.4}{linf:>12.4}{rms:>12.4}{:>10}",
            norms.points
        )?;
        write_outside(text, norms.points_outside)?;
    }
    Ok(())
}

fn write_outside(text: &mut String, points: usize) -> std::fmt::Result {
    match points {
        0 => Ok(()),
        _ => writeln!(
            text,
            "{:<22}{points} points lie outside B and are left out",
            ""
        ),
    }
}

fn write_figures(text: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(text, "\n{:<34}{:>12}{:>12}{:>12}", "", "A", "B", "B - A")?;
    let line = |text: &mut String, name: &str, figure: &Figure| {
        let Figure {
            a, b, difference, ..
        } = figure;
        let size = a.abs().max(b.abs());
        match SMALL.contains(&size) || LARGE.contains(&size) {
            true => writeln!(text, "{name:<34}{a:>12.4e}{b:>12.4e}{difference:>+12.4e}"),
            false => writeln!(text, "{name:<34}{a:>12.4}{b:>12.4}{difference:>+12.4}"),
        }
    };
    for figure in &report.figures {
        line(text, figure.name, figure)?;
    }
    for place in &report.lateral {
        let name = format!("{} ({:.1} mm)", place.place, place.depth_mm);
        line(text, &format!("sigma {name}"), &place.moment_sigma_mm)?;
        line(text, &format!("core sigma {name}"), &place.core_sigma_mm)?;
    }
    Ok(())
}

fn write_gamma(text: &mut String, report: &Report) -> std::fmt::Result {
    if report.gamma_depth_dose.is_empty() {
        return Ok(());
    }
    let normalisation = match report.normalisation {
        Normalisation::Global => "global",
        Normalisation::Local => "local",
    };
    let heading = format!("gamma, {normalisation}");
    writeln!(
        text,
        "\n{heading:<22}{:>12}{:>12}{:>12}{:>10}",
        "pass %", "mean", "largest", "points"
    )?;
    for (name, all) in [
        ("map", &report.gamma_map),
        ("depth dose", &report.gamma_depth_dose),
    ] {
        for figures in all {
            write_gamma_line(text, name, figures)?;
        }
        // The same points for every criterion.
        write_outside(
            text,
            all.first().map_or(0, |figures| figures.points_outside),
        )?;
    }
    Ok(())
}

fn write_gamma_line(text: &mut String, name: &str, figures: &GammaFigures) -> std::fmt::Result {
    let Criterion {
        dose_percent,
        distance_mm,
    } = figures.criterion;
    let name = format!("{name} {dose_percent}%/{distance_mm}mm");
    let largest = match figures.largest >= LARGEST_GAMMA {
        true => format!("{LARGEST_GAMMA:.0} or more"),
        false => format!("{:.4}", figures.largest),
    };
    let (pass, mean, points) = (figures.pass_rate_percent, figures.mean, figures.points);
    writeln!(
        text,
        "{name:<22}{pass:>12.3}{mean:>12.4}{largest:>12}{points:>10}"
    )
}
