//! Integrals over the range of a proton.

use smatrix2d::physics::Material;

/// Integrates along the axis in water from `energy` to rest: calls `sum(areal depth left, energy, areal step)`.
pub fn along_the_range(water: &Material, energy: f64, mut sum: impl FnMut(f64, f64, f64)) {
    let range = water.csda_range_g_per_cm2(energy);
    let steps = 20_000;
    let step = range / f64::from(steps);
    for i in 0..steps {
        let left = range - (f64::from(i) + 0.5) * step;
        sum(left, water.energy_mev(left), step);
    }
}
