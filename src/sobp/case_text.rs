//! A planned field, and one layer of it, as case files.

use super::{Layer, Planner, Spec};
use crate::case::{Named, Precision};
use std::fmt::Write;

/// Columns of a layer's own run: its depth dose is summed across, so that few and wide ones do.
const LAYER_COLUMNS: f64 = 16.0;
const COLUMN_MM: f64 = 1.0;
/// Sideways spread at the end of a range in water is 2 to 2.5 % of it (Highland); lighter media scatter less.
const SPREAD_OF_RANGE: f64 = 0.025;
const MARGIN_SIGMAS: f64 = 5.0;

pub fn of_field(planner: &Planner, layers: &[Layer], spots_x_mm: &[f64]) -> String {
    let spec = planner.spec;
    let mut text = format!(
        "# Spread-out Bragg peak: distal 90 % at {} mm, modulation {} mm; written by smatrix2d sobp.\n",
        spec.range_mm, spec.modulation_mm
    );
    let _ = writeln!(
        text,
        "title = \"Spread-out Bragg peak to {} mm, {} mm long\"",
        spec.range_mm, spec.modulation_mm
    );
    let outermost_mm = spots_x_mm.iter().fold(0.0_f64, |far, x| far.max(x.abs()));
    let half_mm = COLUMN_MM * ((outermost_mm + margin_mm(planner)) / COLUMN_MM).ceil();
    text.push_str(&phantom(planner, half_mm, COLUMN_MM));
    text.push_str(&physics(planner));
    for layer in layers {
        for x_mm in spots_x_mm {
            text.push_str(&beam(planner, layer, *x_mm, layer.weight));
        }
    }
    text
}

pub fn of_layer(planner: &Planner, layer: &Layer) -> String {
    let half_mm = margin_mm(planner).ceil();
    let column_mm = 2.0 * half_mm / LAYER_COLUMNS;
    phantom(planner, half_mm, column_mm) + &physics(planner) + &beam(planner, layer, 0.0, 1.0)
}

/// From a spot's axis to where nothing of it arrives, mm.
fn margin_mm(planner: &Planner) -> f64 {
    let spec = planner.spec;
    MARGIN_SIGMAS * spec.sigma_x_mm.hypot(SPREAD_OF_RANGE * spec.range_mm)
}

fn phantom(planner: &Planner, half_mm: f64, column_mm: f64) -> String {
    let cell_mm = planner.cell_mm;
    let length_mm = planner.cells_z() as f64 * cell_mm;
    format!(
        "\n[phantom]\nmaterial = \"{}\"\nx_mm = [{:?}, {half_mm:?}]\nz_mm = [0.0, {length_mm:?}]\nspacing_mm = [{column_mm:?}, {cell_mm:?}]\n",
        planner.spec.material, -half_mm
    )
}

/// With the precision where it is not the default.
fn physics(planner: &Planner) -> String {
    let Spec {
        nuclear, precision, ..
    } = planner.spec;
    let physics = format!("\n[physics]\nnuclear = \"{}\"\n", nuclear.name());
    match precision {
        Precision::Single => physics,
        _ => format!("{physics}\n[run]\nprecision = \"{}\"\n", precision.name()),
    }
}

fn beam(planner: &Planner, layer: &Layer, x_mm: f64, weight: f64) -> String {
    format!(
        "\n[[beam]]\nenergy_mev = {:?}\nenergy_spread_mev = {:?}\nx_mm = {x_mm:?}\nsigma_x_mm = {:?}\nweight = {weight:?}\n",
        layer.energy_mev, layer.energy_spread_mev, planner.spec.sigma_x_mm
    )
}
