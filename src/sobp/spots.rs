//! Spots across a field: of equal weight, evenly about the axis. n of them, s apart, are n s wide at half height where that is several
//! of their sigma; narrower fields are wider than that, and one spot is 2.35 sigma.

use super::{Spec, rounded};

/// By how much of it the width at half height may differ from the one asked for.
const WIDTH_TOLERANCE: f64 = 0.05;
/// Steps, of a spot's sigma, in which the narrowest field is looked for.
const STEP_SIGMAS: f64 = 0.05;
/// Beyond the outermost spot by so many sigmas, half of the centre's height is passed.
const REACH_SIGMAS: f64 = 5.0;
const CLOSE_SIGMAS: f64 = 0.5;
const BISECTIONS: usize = 60;

/// Places of the spots, mm; one on the axis where no width is asked for.
pub fn places_mm(spec: &Spec) -> Vec<f64> {
    let Some(width_mm) = spec.width_mm else {
        return vec![0.0];
    };
    let count = (width_mm / spec.spot_spacing_mm - 1e-9).ceil().max(1.0);
    let spacing_mm = width_mm / count;
    (0..count as usize)
        .map(|i| rounded((i as f64 - 0.5 * (count - 1.0)) * spacing_mm, 1e4))
        .collect()
}

/// Width at half of the centre's height of the spots' Gaussians at the entrance, mm.
pub fn half_height_width_mm(spec: &Spec) -> f64 {
    let (places_mm, sigma_mm) = (places_mm(spec), spec.sigma_x_mm);
    let gaussian = |x_mm: f64| (-0.5 * (x_mm / sigma_mm).powi(2)).exp();
    let height = |x_mm: f64| -> f64 { places_mm.iter().map(|at| gaussian(x_mm - at)).sum() };
    let half = 0.5 * height(0.0);
    let mut inside_mm = 0.0;
    let mut outside_mm = places_mm.iter().copied().fold(0.0, f64::max) + REACH_SIGMAS * sigma_mm;
    for _ in 0..BISECTIONS {
        let middle_mm = 0.5 * (inside_mm + outside_mm);
        match height(middle_mm) > half {
            true => inside_mm = middle_mm,
            false => outside_mm = middle_mm,
        }
    }
    2.0 * inside_mm
}

pub fn is_near(found_mm: f64, asked_mm: f64) -> bool {
    (found_mm - asked_mm).abs() <= WIDTH_TOLERANCE * asked_mm
}

/// The narrowest field that comes out as it is asked for, mm: of the widths that rise from the one asked for in small steps. Spots closer
/// than half a sigma make the same field.
pub fn narrowest_mm(spec: &Spec) -> f64 {
    let step_mm = STEP_SIGMAS * spec.sigma_x_mm;
    let mut wider = Spec {
        spot_spacing_mm: spec.spot_spacing_mm.max(CLOSE_SIGMAS * spec.sigma_x_mm),
        ..spec.clone()
    };
    let mut width_mm = spec.width_mm.unwrap_or_default();
    loop {
        width_mm += step_mm;
        wider.width_mm = Some(width_mm);
        if is_near(half_height_width_mm(&wider), width_mm) {
            return width_mm;
        }
    }
}
