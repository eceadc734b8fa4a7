//! Energy and angle of the protons and deuterons that nonelastic reactions set free: Geant4's Binary cascade (data/binary_cascade,
//! protons_*.csv and deuterons_*.csv; C, N, O, Al, P, Ca, Cu, Pb) or ICRU Report 63 (data/icru63; C, N, O, Al, P, Ca). Other elements take
//! the nearest of these in Z.
//!
//! Tables stand at incident energies of 7 to 250 MeV, on 41 outgoing energies `bin/40` of the incident one and 13 angles (13 values a
//! row, 0 to 180 degrees). Between incident energies they are interpolated linearly at the same bin and angle.
//!
//! What ICRU 63's files lack of their integral is filled in by `spectra_files.rs`; what is left is scaled, so that the integral is
//! multiplicity times cross-section of `nuclear.rs`.
//!
//! Integrals: trapezoid in energy; over solid angle the density is linear in theta between the angles, and the weights are exact
//! for that.

use super::element::Element;
use super::material::Material;
use super::nuclear::{NuclearReactions, Secondary};
use super::spectra_files;
use crate::case::NuclearSources;
use crate::error::Result;
use std::sync::LazyLock;

pub const ENERGY_POINTS: usize = 41;
pub const ANGLE_POINTS: usize = 13;

/// Angles of emission against the incident direction, degree.
pub const ANGLE_DEG: [f64; ANGLE_POINTS] = [
    0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 90.0, 110.0, 130.0, 150.0, 180.0,
];

/// Outgoing energy by angle: barn/(MeV sr), or reactions' mean per MeV and sr.
pub(super) type Density = [[f64; ANGLE_POINTS]; ENERGY_POINTS];

/// Secondaries whose spectra the data give and whose way is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Traveller {
    Proton,
    Deuteron,
}

impl Traveller {
    pub fn secondary(self) -> Secondary {
        match self {
            Traveller::Proton => Secondary::Proton,
            Traveller::Deuteron => Secondary::Deuteron,
        }
    }
}

/// Secondaries of one kind that travel, of one material.
#[derive(Clone, Debug)]
pub struct SecondarySpectra {
    /// One material's worth of reactions per element, so that each element brings its own share.
    elements: Vec<ElementSpectra>,
}

#[derive(Clone, Debug)]
struct ElementSpectra {
    traveller: Traveller,
    reactions: NuclearReactions,
    /// (incident energy, density of any unit), increasing energy.
    tables: &'static [(f64, Box<Density>)],
}

/// Spectrum at one incident energy: secondaries per areal length, energy and solid angle.
#[derive(Clone, Debug)]
pub struct Spectrum {
    pub energy_mev: [f64; ENERGY_POINTS],
    /// `[energy][angle]`, cm2/(g MeV sr); angles are `ANGLE_DEG`.
    pub density_cm2_per_g_mev_sr: Box<Density>,
}

impl SecondarySpectra {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn of(material: &Material, sources: NuclearSources, secondary: Traveller) -> Result<Self> {
        let heavier = material
            .constituents()
            .iter()
            .filter(|(element, _)| element.atomic_number > 1.0);
        let elements = heavier
            .map(|(element, fraction)| ElementSpectra::read(element, *fraction, sources, secondary))
            .collect::<Result<_>>()?;
        Ok(Self { elements })
    }

    /// Spectrum of what protons of that energy set free.
    pub fn spectrum(&self, incident_mev: f64) -> Spectrum {
        let mut sum = Box::new([[0.0; ANGLE_POINTS]; ENERGY_POINTS]);
        for element in &self.elements {
            element.add_to(&mut sum, incident_mev);
        }
        Spectrum {
            energy_mev: energies_mev(incident_mev),
            density_cm2_per_g_mev_sr: sum,
        }
    }
}

impl Spectrum {
    /// Secondaries per areal length, cm2/g: multiplicity times removal cross-section.
    pub fn number_cm2_per_g(&self) -> f64 {
        integral(&self.density_cm2_per_g_mev_sr, self.energy_mev[1], |_| 1.0)
    }

    /// Their energy per areal length, MeV cm2/g.
    pub fn energy_mev_cm2_per_g(&self) -> f64 {
        self.sum_of(|energy_mev| energy_mev)
    }

    /// The sum of a function of the energy over all of them, times cm2/g.
    pub fn sum_of(&self, function: impl Fn(f64) -> f64) -> f64 {
        integral(&self.density_cm2_per_g_mev_sr, self.energy_mev[1], |bin| {
            function(mean_energy_mev(bin, self.energy_mev[1]))
        })
    }
}

/// Mean energy of a density that falls off linearly on both sides of a point; at no energy there is one side only.
pub fn mean_energy_mev(point: usize, spacing_mev: f64) -> f64 {
    if point == 0 {
        spacing_mev / 3.0
    } else {
        spacing_mev * point as f64
    }
}

impl ElementSpectra {
    fn read(
        element: &Element,
        fraction: f64,
        sources: NuclearSources,
        traveller: Traveller,
    ) -> Result<Self> {
        Ok(Self {
            traveller,
            reactions: NuclearReactions::of_element(element, fraction, sources)?,
            tables: spectra_files::nearest(element, traveller, sources.secondaries)?,
        })
    }

    /// Adds this element's spectrum, normalised to its multiplicity times cross-section.
    fn add_to(&self, sum: &mut Density, incident_mev: f64) {
        let shape = self.interpolated(incident_mev);
        let spacing_mev = energies_mev(incident_mev)[1];
        let number = self
            .reactions
            .multiplicity(self.traveller.secondary(), incident_mev)
            * self.reactions.nonelastic_cm2_per_g(incident_mev);
        if number <= 0.0 {
            return;
        }
        let scale = number / integral(&shape, spacing_mev, |_| 1.0);
        for (sum_row, row) in sum.iter_mut().zip(shape.iter()) {
            for (sum_value, value) in sum_row.iter_mut().zip(row) {
                *sum_value += scale * value;
            }
        }
    }

    fn interpolated(&self, incident_mev: f64) -> Density {
        let above = self
            .tables
            .partition_point(|(energy, _)| *energy <= incident_mev);
        let high = above.min(self.tables.len() - 1);
        let low = above.saturating_sub(1).min(high);
        let ((low_mev, low_table), (high_mev, high_table)) =
            (&self.tables[low], &self.tables[high]);
        let share = if high == low {
            0.0
        } else {
            (incident_mev - low_mev) / (high_mev - low_mev)
        };
        let mut density = **low_table;
        for (row, high_row) in density.iter_mut().zip(high_table.iter()) {
            for (value, high_value) in row.iter_mut().zip(high_row) {
                *value += share * (high_value - *value);
            }
        }
        density
    }
}

pub(super) fn energies_mev(incident_mev: f64) -> [f64; ENERGY_POINTS] {
    std::array::from_fn(|bin| incident_mev * bin as f64 / (ENERGY_POINTS - 1) as f64)
}

/// Trapezoid in energy (both ends of the spectrum are 0) of the density over all angles times a function of the bin.
pub(super) fn integral(density: &Density, spacing_mev: f64, factor: impl Fn(usize) -> f64) -> f64 {
    let weights = solid_angle_weights_sr();
    let over_angles = |row: &[f64; ANGLE_POINTS]| -> f64 {
        row.iter()
            .zip(weights)
            .map(|(value, weight)| value * weight)
            .sum()
    };
    let width_mev = |bin: usize| if bin == 0 { 0.5 } else { 1.0 } * spacing_mev;
    density
        .iter()
        .enumerate()
        .map(|(bin, row)| width_mev(bin) * factor(bin) * over_angles(row))
        .sum()
}

/// Weights of the densities at `ANGLE_DEG` in an integral over solid angle, sr; they sum to 4 pi.
pub fn solid_angle_weights_sr() -> &'static [f64; ANGLE_POINTS] {
    &SOLID_ANGLE_WEIGHTS_SR
}

static SOLID_ANGLE_WEIGHTS_SR: LazyLock<[f64; ANGLE_POINTS]> = LazyLock::new(|| {
    let angle = ANGLE_DEG.map(f64::to_radians);
    let mut weights = [0.0; ANGLE_POINTS];
    for i in 0..ANGLE_POINTS - 1 {
        let (start, end) = (angle[i], angle[i + 1]);
        // Integrals of sin(theta), and of sin(theta) times the line that rises from 0 to 1.
        let whole = start.cos() - end.cos();
        let rising = (end.sin() - start.sin()) / (end - start) - end.cos();
        weights[i] += std::f64::consts::TAU * (whole - rising);
        weights[i + 1] += std::f64::consts::TAU * rising;
    }
    weights
});
