//! The densities that a phantom may have, wherever they are given.

use crate::constants::DENSITIES_G_PER_CM3;

/// How to mend a refused one.
pub const DENSITY_HINT: &str = "densities are in g/cm3, not kg/m3 (water: 1.0); for a vacuum take a thin gas, for example 1e-6, in double precision, or set physics.energy_loss = false and physics.scattering = \"none\"";

/// What is wrong with a density, to be said of it; none where nothing is.
pub fn density_refused(g_per_cm3: f64) -> Option<String> {
    let allowed = DENSITIES_G_PER_CM3;
    (!allowed.contains(&g_per_cm3)).then(|| {
        format!(
            "is {g_per_cm3:?}; allowed: at least {:e} and below {}",
            allowed.start, allowed.end
        )
    })
}
