//! Protons from elastic nuclear scattering: on hydrogen, which shares the energy between two protons, and on heavier nuclei.
//!
//! Hydrogen: `Sigma = (0.315 E^-1.126 + 3.78e-6 E) / 0.1119` cm2 per g of hydrogen above 10 MeV (Fippel & Soukup, Med. Phys. 31
//! (2004) 2263, as in MCsquare; 25 mb at 150 MeV). Isotropic in the centre of mass, so that both protons' energies T are even
//! between 0 and E, and `cos^2 = T (E + 2 M) / (E (T + 2 M))` (equal masses, exact).
//!
//! Heavier nuclei: cross-section of `nuclear.rs` (ICRU 63), momentum transfer t by Ranft (Particle Accelerators 3 (1972) 129):
//! `A^1.63 exp(14.5 A^0.66 t) + 1.4 A^0.33 exp(10 t)` for A <= 62, `A^1.33 exp(60 A^0.33 t) + 0.4 A^0.40 exp(10 t)` above, t in GeV2.
//! The nucleus takes t / (2 M_A).

use super::element::Element;
use super::kinematics::momentum_squared_mev2;
use super::material::Material;
use super::nuclear::NuclearReactions;
use crate::constants::{ATOMIC_MASS_UNIT_MEV, PROTON_MASS_MEV};
use crate::error::Result;

/// Elastic nuclear scattering in one material.
#[derive(Clone, Debug)]
pub struct ElasticProtons {
    hydrogen_fraction: f64,
    heavier: Vec<(Element, NuclearReactions)>,
}

/// Some of the protons that leave a reaction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Emitted {
    /// Protons per areal length, cm2/g.
    pub cm2_per_g: f64,
    pub energy_mev: f64,
    /// Cosine of the angle against the incident direction.
    pub cosine: f64,
}

/// Below this the fit of the cross-section on hydrogen does not hold; nothing is scattered there.
const HYDROGEN_FROM_MEV: f64 = 10.0;
/// Samples of a reaction's energies or momentum transfers, evenly likely.
const SAMPLES: usize = 64;
/// Heaviest nucleus of Ranft's formula for light ones.
const LIGHT_UP_TO: f64 = 62.0;

impl ElasticProtons {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn of(material: &Material) -> Result<Self> {
        let is_hydrogen = |element: &Element| element.atomic_number <= 1.0;
        let (hydrogen, heavier): (Vec<_>, Vec<_>) = material
            .constituents()
            .iter()
            .partition(|(element, _)| is_hydrogen(element));
        let heavier = heavier.into_iter().map(|(element, fraction)| {
            Ok((
                element.clone(),
                NuclearReactions::of_element(element, *fraction)?,
            ))
        });
        Ok(Self {
            hydrogen_fraction: hydrogen.iter().map(|(_, fraction)| fraction).sum(),
            heavier: heavier.collect::<Result<_>>()?,
        })
    }

    /// Macroscopic cross-section of scattering on hydrogen, cm2 per g of the material.
    pub fn on_hydrogen_cm2_per_g(&self, energy_mev: f64) -> f64 {
        if energy_mev < HYDROGEN_FROM_MEV {
            return 0.0;
        }
        self.hydrogen_fraction * (0.315 * energy_mev.powf(-1.126) + 3.78e-6 * energy_mev) / 0.1119
    }

    /// Macroscopic cross-section of scattering on all other nuclei, cm2/g.
    pub fn on_nuclei_cm2_per_g(&self, energy_mev: f64) -> f64 {
        self.heavier
            .iter()
            .map(|(_, reactions)| reactions.elastic_cm2_per_g(energy_mev))
            .sum()
    }

    /// The two protons of scatterings on hydrogen.
    pub fn from_hydrogen(&self, energy_mev: f64) -> Vec<Emitted> {
        let each = 2.0 * self.on_hydrogen_cm2_per_g(energy_mev) / SAMPLES as f64;
        let mass = 2.0 * PROTON_MASS_MEV;
        (0..SAMPLES)
            .map(|i| (i as f64 + 0.5) / SAMPLES as f64 * energy_mev)
            .map(|t| Emitted {
                cm2_per_g: each,
                energy_mev: t,
                cosine: (t * (energy_mev + mass) / (energy_mev * (t + mass))).sqrt(),
            })
            .collect()
    }

    /// The protons of scatterings on all other nuclei; what they lack of E is the nucleus' recoil.
    pub fn from_nuclei(&self, energy_mev: f64) -> Vec<Emitted> {
        let of_one = |(element, reactions): &(Element, NuclearReactions)| {
            let cm2_per_g = reactions.elastic_cm2_per_g(energy_mev) / SAMPLES as f64;
            let mass_mev = element.atomic_mass_g_per_mol * ATOMIC_MASS_UNIT_MEV;
            transfers_mev2(element.atomic_mass_g_per_mol, mass_mev, energy_mev)
                .map(move |t| scattered(energy_mev, mass_mev, t, cm2_per_g))
        };
        self.heavier.iter().flat_map(of_one).collect()
    }
}

/// A proton that handed the momentum transfer t (MeV2, positive) to a nucleus.
fn scattered(energy_mev: f64, mass_mev: f64, transfer_mev2: f64, cm2_per_g: f64) -> Emitted {
    let recoil_mev = transfer_mev2 / (2.0 * mass_mev);
    let left_mev = energy_mev - recoil_mev;
    let (before, after) = (
        momentum_squared_mev2(energy_mev),
        momentum_squared_mev2(left_mev),
    );
    let cosine = (before + after - recoil_mev * recoil_mev - transfer_mev2)
        / (2.0 * (before * after).sqrt());
    Emitted {
        cm2_per_g,
        energy_mev: left_mev,
        cosine: cosine.clamp(-1.0, 1.0),
    }
}

/// Evenly likely momentum transfers, MeV2: the inverse of the distribution's integral, found by bisection.
fn transfers_mev2(mass_number: f64, mass_mev: f64, energy_mev: f64) -> impl Iterator<Item = f64> {
    let a = mass_number;
    let [(height, slope), (height_wide, slope_wide)] = if a <= LIGHT_UP_TO {
        [
            (a.powf(1.63), 14.5 * a.powf(0.66)),
            (1.4 * a.powf(0.33), 10.0),
        ]
    } else {
        [
            (a.powf(1.33), 60.0 * a.powf(0.33)),
            (0.4 * a.powf(0.40), 10.0),
        ]
    };
    let integral = move |t_gev2: f64| {
        height / slope * (1.0 - (-slope * t_gev2).exp())
            + height_wide / slope_wide * (1.0 - (-slope_wide * t_gev2).exp())
    };
    let most = largest_transfer_mev2(mass_mev, energy_mev) * 1e-6;
    let whole = integral(most);
    (0..SAMPLES).map(move |i| {
        let wanted = (i as f64 + 0.5) / SAMPLES as f64 * whole;
        let (mut low, mut high) = (0.0, most);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if integral(middle) < wanted {
                low = middle;
            } else {
                high = middle;
            }
        }
        0.5e6 * (low + high)
    })
}

/// 4 p*^2, p* the momentum in the centre of mass.
fn largest_transfer_mev2(mass_mev: f64, energy_mev: f64) -> f64 {
    let invariant = (PROTON_MASS_MEV + mass_mev).powi(2) + 2.0 * mass_mev * energy_mev;
    4.0 * momentum_squared_mev2(energy_mev) * mass_mev * mass_mev / invariant
}
