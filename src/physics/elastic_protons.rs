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
/// From one sample to the next; the first of large turns starts from 0 and has the farthest to go.
const NEWTON_STEPS: usize = 8;
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

    /// Macroscopic cross-section of scattering on all other nuclei by angles of a range, cm2/g.
    pub fn on_nuclei_cm2_per_g(&self, energy_mev: f64, turns: Turns) -> f64 {
        let of_one = |(element, reactions): &(Element, NuclearReactions)| {
            let cm2_per_g = nuclear_elastic_cm2_per_g(reactions, energy_mev);
            if cm2_per_g == 0.0 {
                return 0.0;
            }
            let transfers = Transfers::of(element, energy_mev);
            let [low, high] = transfers.between(turns);
            cm2_per_g * (transfers.integral(high) - transfers.integral(low)) / transfers.whole()
        };
        self.heavier.iter().map(of_one).sum()
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

    /// The protons of scatterings on all other nuclei by angles of a range; what they lack of E is the nucleus' recoil.
    pub fn from_nuclei(&self, energy_mev: f64, turns: Turns) -> Vec<Emitted> {
        let mut protons = Vec::new();
        for (element, reactions) in &self.heavier {
            let transfers = Transfers::of(element, energy_mev);
            let [low, high] = transfers.between(turns).map(|t| transfers.integral(t));
            let cm2_per_g =
                nuclear_elastic_cm2_per_g(reactions, energy_mev) * (high - low) / transfers.whole();
            let mut t = 0.0;
            for i in 0..SAMPLES {
                let wanted = low + (i as f64 + 0.5) / SAMPLES as f64 * (high - low);
                t = transfers.where_integral_is(wanted, t);
                let (mass, each) = (transfers.mass_mev, cm2_per_g / SAMPLES as f64);
                protons.push(scattered(energy_mev, mass, 1e6 * t, each));
            }
        }
        protons
    }
}

/// Ranges of the angle by which nuclei turn protons: up to, or beyond, the angle of this cosine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turns {
    UpTo(f64),
    Beyond(f64),
}

/// Ranft's distribution of the momentum transfer t, GeV2, of one nucleus.
struct Transfers {
    mass_mev: f64,
    momentum_squared_mev2: f64,
    /// (height, slope) of the two exponentials.
    terms: [(f64, f64); 2],
    largest_gev2: f64,
}

impl Transfers {
    fn of(element: &Element, energy_mev: f64) -> Transfers {
        let a = element.atomic_mass_g_per_mol;
        let mass_mev = a * ATOMIC_MASS_UNIT_MEV;
        let terms = if a <= LIGHT_UP_TO {
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
        Transfers {
            mass_mev,
            momentum_squared_mev2: momentum_squared_mev2(energy_mev),
            terms,
            largest_gev2: 1e-6 * largest_transfer_mev2(mass_mev, energy_mev),
        }
    }

    fn integral(&self, t_gev2: f64) -> f64 {
        let of_one =
            |(height, slope): &(f64, f64)| height / slope * (1.0 - (-slope * t_gev2).exp());
        self.terms.iter().map(of_one).sum()
    }

    fn whole(&self) -> f64 {
        self.integral(self.largest_gev2)
    }

    /// Transfers that turn by a range of angles: t = 2 p^2 (1 - cos), the recoil being small.
    fn between(&self, turns: Turns) -> [f64; 2] {
        let at = |cosine: f64| {
            (2e-6 * self.momentum_squared_mev2 * (1.0 - cosine)).min(self.largest_gev2)
        };
        match turns {
            Turns::UpTo(cosine) => [0.0, at(cosine)],
            Turns::Beyond(cosine) => [at(cosine), self.largest_gev2],
        }
    }

    /// Newton's steps from below: the integral is concave, so that they never overshoot.
    fn where_integral_is(&self, wanted: f64, below_gev2: f64) -> f64 {
        let mut t = below_gev2;
        for _ in 0..NEWTON_STEPS {
            let density = |(height, slope): &(f64, f64)| height * (-slope * t).exp();
            let slope: f64 = self.terms.iter().map(density).sum();
            t += (wanted - self.integral(t)) / slope;
        }
        t.min(self.largest_gev2)
    }
}

/// The source's elastic cross-section holds the Coulomb amplitude, which rules it below 40 MeV and is multiple scattering here; the
/// nuclear part is at most twice the nonelastic cross-section (n + O: 1.06 and 0.54 b at 20 MeV).
fn nuclear_elastic_cm2_per_g(reactions: &NuclearReactions, energy_mev: f64) -> f64 {
    let most = 2.0 * reactions.nonelastic_cm2_per_g(energy_mev);
    reactions.elastic_cm2_per_g(energy_mev).min(most)
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

/// 4 p*^2, p* the momentum in the centre of mass.
fn largest_transfer_mev2(mass_mev: f64, energy_mev: f64) -> f64 {
    let invariant = (PROTON_MASS_MEV + mass_mev).powi(2) + 2.0 * mass_mev * energy_mev;
    4.0 * momentum_squared_mev2(energy_mev) * mass_mev * mass_mev / invariant
}
