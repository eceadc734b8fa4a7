//! The populations of the second phase space: what they are made of, and the axes that they need.

/// Protons that nuclei heavier than hydrogen turned elastically, by small angles, keep nearly all their energy and form a Bragg peak.
/// Protons that nuclei turned far, or that scattered on hydrogen, have broad spectra and wide angles, as have those that reactions set free.
/// Of the two protons behind a hydrogen nucleus, which nobody can tell apart, one is the primary: half of these scatterings are of the turned, half
/// of those set free. Deuterons of reactions travel as protons of the same range (`births.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Population {
    Scattered,
    Turned,
    SetFree,
    Deuterons,
}

/// Resolution of a population's phase space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resolution {
    pub angle_max_deg: f64,
    pub angle_bin_deg: f64,
    /// Cells are at most this long and wide, mm, unless the phantom's own are larger. Ranges step by the cell's length, so that
    /// forward protons in water move by whole bins.
    pub depth_mm: f64,
    pub width_mm: f64,
}

impl Population {
    pub const ALL: [Population; 4] = [
        Population::Scattered,
        Population::Turned,
        Population::SetFree,
        Population::Deuterons,
    ];

    /// One for each frame: the others have the axes of those set free.
    pub const OF_FRAMES: [Population; 2] = [Population::Scattered, Population::SetFree];

    /// Every interaction leads into one of these; deuterons have the same parents as the protons set free.
    pub const OF_PROTONS: [Population; 3] = [
        Population::Scattered,
        Population::Turned,
        Population::SetFree,
    ];

    /// What takes scattered protons in turn: nuclei's small turns leave them where they are (further_turns.rs).
    pub const OF_SCATTERED: [Population; 2] = [Population::Turned, Population::SetFree];

    /// The population of protons that comes from the same parents.
    pub fn among_protons(self) -> Population {
        match self {
            Population::Deuterons => Population::SetFree,
            protons => protons,
        }
    }

    /// True of primaries: protons that have had no nonelastic reaction, and one of the two behind a hydrogen nucleus.
    pub fn is_primary(self) -> bool {
        matches!(self, Population::Scattered | Population::Turned)
    }

    /// Centre of the highest range bin, in bins, for a longest range of so many. No parent lies above it: parents react half a cell behind
    /// a face. Scattered protons keep the beam's place between bins. Broad spectra have bins that begin at range 0, so that what travels
    /// does not depend on the beam's energy.
    pub fn highest_center(self, range_bins: f64) -> f64 {
        match self {
            Population::Scattered => range_bins - 0.5,
            Population::Turned | Population::SetFree | Population::Deuterons => {
                (range_bins - 1.0).ceil() + 0.5
            }
        }
    }

    /// Axes for protons of at most this range in water, set free by a beam in this direction.
    pub fn resolution(self, range_mm: f64, beam_deg: f64) -> Resolution {
        match self {
            Population::Scattered => Resolution {
                angle_max_deg: widest(48.0 + beam_deg.abs(), 3.0),
                angle_bin_deg: 3.0,
                depth_mm: (range_mm / 150.0).clamp(0.5, 2.0),
                width_mm: 2.0,
            },
            // One axis of parents, so that the energies of protons and deuterons add up.
            Population::Turned | Population::SetFree | Population::Deuterons => Resolution {
                angle_max_deg: widest(78.0 + beam_deg.abs(), 6.0),
                angle_bin_deg: 6.0,
                depth_mm: (range_mm / 40.0).clamp(1.0, 4.0),
                width_mm: 2.0,
            },
        }
    }
}

/// The outermost centre about +z that takes directions as far as this: bins of a width, within the half plane that depth stepping has.
fn widest(angle_deg: f64, bin_deg: f64) -> f64 {
    let bins = (angle_deg / bin_deg).ceil();
    let most = ((90.0 - 0.5 * bin_deg) / bin_deg).ceil() - 1.0;
    bins.min(most) * bin_deg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_turn_with_the_beam_and_stay_forward() {
        let widest_deg =
            |population: Population, beam_deg| population.resolution(150.0, beam_deg).angle_max_deg;
        let scattered = |beam_deg| widest_deg(Population::Scattered, beam_deg);
        assert_eq!(
            [0.0, 10.0, -10.0, 30.0, 60.0].map(scattered),
            [48.0, 60.0, 60.0, 78.0, 87.0]
        );
        let set_free = |beam_deg| widest_deg(Population::SetFree, beam_deg);
        assert_eq!([0.0, 5.0, 60.0].map(set_free), [78.0, 84.0, 84.0]);
    }
}
