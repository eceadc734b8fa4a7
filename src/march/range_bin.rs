//! The range bin that a beam gets where its case gives none.

use super::central_axis;
use crate::case::{BeamSpec, Case, Stepping};
use crate::central_axis::Crossing;
use crate::media::Media;
use crate::phantom::Phantom;
use crate::physics::{Material, range_sigma_mm};

/// Widest range bin taken by default.
const AT_MOST_MM: f64 = 0.5;
/// Narrowest.
const AT_LEAST_MM: f64 = 0.05;
/// Bins per standard deviation of the range straggling: with fewer the edge of the dose shows the bins (docs/verification.md).
const BINS_PER_SIGMA: f64 = 3.0;
/// Of the water whose ranges the axis has in mm.
const AXIS_DENSITY_G_PER_CM3: f64 = 1.0;
/// Widest bin where steps are no whole number of bins (another material than the axis' water).
const OFF_WATER_AT_MOST_MM: f64 = 0.2;
/// Share of the straggling's variance that bins may add along a ray: 1 % of the width, beside what else the lattice costs (1.3 %).
const WIDENING_AT_MOST: f64 = 0.02;

/// The widest that is a whole fraction of the step, fine enough for the beam's straggling, and for what the media on its way leave of
/// it.
pub fn default_range_bin_mm(
    case: &Case,
    spot: &BeamSpec,
    phantom: &Phantom,
    media: &Media,
    water: &Material,
) -> f64 {
    let step_mm = match case.transport.stepping {
        Stepping::Depth => phantom.spacing_z_mm,
        Stepping::Path => case.transport.step_mm,
    };
    let sigma_mm = range_sigma_mm(water.csda_range_g_per_cm2(spot.energy_mev));
    let fraction = |widest_mm: f64| (step_mm / widest_mm).ceil() as usize;
    let of_straggling_mm = sigma_mm / BINS_PER_SIGMA;
    if all_water(phantom, media, water) {
        return step_mm / fraction(AT_MOST_MM.min(of_straggling_mm)) as f64;
    }
    let rays = rays(case, spot, phantom, media, water);
    let narrow_enough = |parts: &usize| {
        let most_mm2 = WIDENING_AT_MOST * sigma_mm * sigma_mm;
        let bin_mm = step_mm / *parts as f64;
        rays.iter().all(|ray| widening_mm2(ray, bin_mm) <= most_mm2)
    };
    let coarsest = fraction(OFF_WATER_AT_MOST_MM.min(of_straggling_mm));
    let finest = fraction(AT_LEAST_MM).max(coarsest);
    let parts = (coarsest..finest).find(narrow_enough).unwrap_or(finest);
    step_mm / parts as f64
}

/// All cells hold the axis' water at the density that its ranges are in: a step is a whole number of bins.
fn all_water(phantom: &Phantom, media: &Media, water: &Material) -> bool {
    media.list.iter().all(|medium| {
        phantom.materials[medium.material].name == water.name
            && medium.density_g_per_cm3 == AXIS_DENSITY_G_PER_CM3
    })
}

/// What a step does to the range in water: how far it takes it down, mm, and the variance that straggling gives it, mm2.
struct Moved {
    mm: f64,
    straggling_mm2: f64,
}

/// The steps along the beam's axis, and one standard deviation beside it.
fn rays(
    case: &Case,
    spot: &BeamSpec,
    phantom: &Phantom,
    media: &Media,
    water: &Material,
) -> [Vec<Moved>; 3] {
    [-1.0, 0.0, 1.0].map(|sigmas| {
        let ray = BeamSpec {
            x_mm: spot.x_mm + sigmas * spot.sigma_x_mm,
            ..*spot
        };
        let crossings = central_axis(case, &ray, phantom, media).crossings;
        let moved = |crossing| moved(crossing, phantom, media, water);
        crossings.iter().filter_map(moved).collect()
    })
}

/// None for the step in which the proton comes to rest.
fn moved(crossing: &Crossing, phantom: &Phantom, media: &Media, water: &Material) -> Option<Moved> {
    let medium = &media.list[crossing.medium];
    let material = &phantom.materials[medium.material];
    let areal = 0.1 * medium.density_g_per_cm3 * crossing.path_mm;
    let energy_mev = crossing.energy_mev;
    let left = material.csda_range_g_per_cm2(energy_mev) - areal;
    let range_mm = |mev: f64| 10.0 * water.csda_range_g_per_cm2(mev);
    let slope = 10.0 / water.mass_stopping_power_mev_cm2_per_g(energy_mev);
    (left > 0.0).then(|| Moved {
        mm: range_mm(energy_mev) - range_mm(material.energy_mev(left)),
        straggling_mm2: areal * material.straggling_mev2_cm2_per_g(energy_mev) * slope * slope,
    })
}

/// Variance that bins add along a ray: a step of a fraction f of a bin beside whole ones has f (1 - f) bin^2 at least.
fn widening_mm2(ray: &[Moved], bin_mm: f64) -> f64 {
    let of_step = |step: &Moved| {
        let f = (step.mm / bin_mm).fract();
        (f * (1.0 - f) * bin_mm * bin_mm - step.straggling_mm2).max(0.0)
    };
    ray.iter().map(of_step).sum()
}
