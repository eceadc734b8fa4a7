//! What a source bin's weight leaves in its cell: weight, energy, deposit, LET, path and what reactions take, per unit weight.

use super::spread::Spread;
use super::step::{Bins, Step};
use super::{DEPOSIT, ENERGY, LET_DEPOSIT, MOMENTS, PATH, SCORES, STOPPED, WEIGHT};
use crate::operators::Setting;

/// Scores of a source bin per unit weight; the deposit telescopes with the spread, so that energy closes to rounding.
pub fn score_coefficients(
    setting: &Setting,
    bins: &Bins,
    class: usize,
    bin: usize,
    step: &Step,
    spread: &Spread,
) -> [f64; SCORES] {
    let (axis, material) = (&setting.phase_space.energy, setting.material(bins.medium));
    let energy = axis.centers_mev[bin];
    let mut scores = [0.0; SCORES];
    (scores[WEIGHT], scores[ENERGY]) = (1.0, energy);
    let [absorbed, absorbed_mev, ..] = absorbed_moments(step, spread);
    scores[DEPOSIT] = energy - absorbed_mev;
    scores[LET_DEPOSIT] = bins.let_integral[bin];
    if absorbed != 0.0 {
        scores[LET_DEPOSIT] -= absorbed * material.let_integral_mev2_cm2_per_g(step.middle_mev);
    }
    for (k, &weight) in spread.weights.iter().enumerate() {
        match usize::try_from(spread.lowest + k as i64) {
            Ok(target) => {
                scores[DEPOSIT] -= weight * axis.centers_mev[target];
                scores[LET_DEPOSIT] -= weight * bins.let_integral[target];
            }
            Err(_) => scores[STOPPED] += weight,
        }
    }
    // MeV2 cm2/g times g/cm3 is MeV2/cm; a MeV/cm is 0.1 keV/um.
    scores[LET_DEPOSIT] *= 0.1 * setting.media.list[bins.medium].density_g_per_cm3;
    let whole = setting.path_mm[class] * bins.detours[bin];
    let share = if step.areal > 0.0 {
        step.travelled / step.areal
    } else {
        1.0
    };
    scores[PATH] = whole * share * (1.0 - 0.5 * absorbed);
    scores
}

/// What reactions take per unit weight, times 1, E, E^2, E^3 of the middle of the step, where they take it.
pub fn absorbed_moments(step: &Step, spread: &Spread) -> [f64; MOMENTS] {
    let absorbed = absorbed(step, spread);
    std::array::from_fn(|n| absorbed * step.middle_mev.powi(n as i32))
}

/// What the spread leaves out; nothing where there are no reactions, whatever the rounding.
fn absorbed(step: &Step, spread: &Spread) -> f64 {
    if step.survival < 1.0 {
        1.0 - spread.weights.iter().sum::<f64>()
    } else {
        0.0
    }
}
