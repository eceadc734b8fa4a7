//! Protons from elastic nuclear scattering: on hydrogen, which shares the energy between two protons, and on heavier nuclei.
//!
//! Hydrogen, above 10 MeV: Geant4's cross-section (data/hydrogen_elastic.csv; 24 mb at 150 MeV), or with ICRU 63's nonelastic ones
//! that of MCsquare, `Sigma = (0.315 E^-1.126 + 3.78e-6 E) / 0.1119` cm2 per g of hydrogen (Fippel & Soukup, Med. Phys. 31 (2004) 2263;
//! 25 mb). Isotropic in the centre of mass, so that both protons' energies T are even
//! between 0 and E, and `cos^2 = T (E + 2 M) / (E (T + 2 M))` (equal masses, exact).
//!
//! Heavier nuclei: cross-section of Barashenkov (nuclear_tables.rs), momentum transfer t by the coherent term of Ranft (Particle Accelerators
//! 3 (1972) 129), `exp(14.5 A^0.66 t)` for A <= 62 and `exp(60 A^0.33 t)` above, t in GeV2; and beyond the first minimum of its
//! diffraction by his second term, `exp(10 t)`, as much of it as Geant4 11.3's elastic model (CHIPS) has on oxygen: `WIDE_SHARE`. (He has a
//! quarter for oxygen, quasi-elastic scattering included: at these energies a nonelastic reaction with a proton in its spectrum.)
//! The nucleus takes t / (2 M_A).

use super::element::Element;
use super::kinematics::momentum_squared_mev2;
use super::material::Material;
use super::nuclear_tables::{self, Table};
use crate::case::CrossSections;
use crate::constants::{ATOMIC_MASS_UNIT_MEV, PROTON_MASS_MEV};
use crate::error::Result;

/// Elastic nuclear scattering in one material.
#[derive(Clone, Debug)]
pub struct ElasticProtons {
    hydrogen: Hydrogen,
    heavier: Vec<(Element, Table)>,
}

/// Scattering on the hydrogen of a material.
#[derive(Clone, Debug)]
enum Hydrogen {
    /// One table for each hydrogen among the constituents.
    Tables(Vec<Table>),
    /// Fippel and Soukup's formula, for a mass fraction.
    Fippel(f64),
}

impl Hydrogen {
    fn of(constituents: &[&(Element, f64)], source: CrossSections) -> Result<Hydrogen> {
        let table = |(element, fraction): &&(Element, f64)| {
            nuclear_tables::elastic_cm2_per_g(element, *fraction)
        };
        Ok(match source {
            CrossSections::Barashenkov => {
                Hydrogen::Tables(constituents.iter().map(table).collect::<Result<_>>()?)
            }
            CrossSections::Icru63 => {
                Hydrogen::Fippel(constituents.iter().map(|(_, fraction)| fraction).sum())
            }
        })
    }
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
/// The same of the second term, which is rare and wide.
const WIDE_SAMPLES: usize = 16;
/// Share of elastic scatterings that are of the second term: with it the mean transfer on oxygen is that of Geant4 11.3 at 60 to 230 MeV,
/// 0.0131 +- 0.0002 GeV2 (0.0111 without), and its distribution within 0.7 % of all (tests/data/geant4_oxygen_elastic.csv). Taken for every
/// nucleus.
const WIDE_SHARE: f64 = 0.022;
const WIDE_SLOPE_PER_GEV2: f64 = 10.0;
/// Heaviest nucleus of Ranft's formula for light ones.
const LIGHT_UP_TO: f64 = 62.0;

impl ElasticProtons {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn of(material: &Material, source: CrossSections) -> Result<Self> {
        let is_hydrogen = |element: &Element| element.atomic_number <= 1.0;
        let (hydrogen, heavier): (Vec<_>, Vec<_>) = material
            .constituents()
            .iter()
            .partition(|(element, _)| is_hydrogen(element));
        let heavier = heavier.into_iter().map(|(element, fraction)| {
            Ok((
                element.clone(),
                nuclear_tables::elastic_cm2_per_g(element, *fraction)?,
            ))
        });
        Ok(Self {
            hydrogen: Hydrogen::of(&hydrogen, source)?,
            heavier: heavier.collect::<Result<_>>()?,
        })
    }

    /// Macroscopic cross-section of scattering on hydrogen, cm2 per g of the material.
    pub fn on_hydrogen_cm2_per_g(&self, energy_mev: f64) -> f64 {
        if energy_mev < HYDROGEN_FROM_MEV {
            return 0.0;
        }
        match &self.hydrogen {
            Hydrogen::Tables(tables) => tables.iter().map(|table| table.or_end(energy_mev)).sum(),
            Hydrogen::Fippel(fraction) => {
                fraction * (0.315 * energy_mev.powf(-1.126) + 3.78e-6 * energy_mev) / 0.1119
            }
        }
    }

    /// Macroscopic cross-section of scattering on all other nuclei by angles of a range, cm2/g.
    pub fn on_nuclei_cm2_per_g(&self, energy_mev: f64, turns: Turns) -> f64 {
        let of_one = |(element, table): &(Element, Table)| {
            let cm2_per_g = table.or_zero_below(energy_mev);
            if cm2_per_g == 0.0 {
                return 0.0;
            }
            let terms = Transfers::terms(element, energy_mev);
            cm2_per_g * terms.iter().map(|term| term.chance(turns)).sum::<f64>()
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
        for (element, table) in &self.heavier {
            let cm2_per_g = table.or_zero_below(energy_mev);
            for term in Transfers::terms(element, energy_mev) {
                let each = cm2_per_g * term.chance(turns) / term.samples as f64;
                let of_term = |t_mev2| scattered(energy_mev, term.mass_mev, t_mev2, each);
                protons.extend(term.sampled_mev2(turns).map(of_term));
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

/// One term of Ranft's distribution of the momentum transfer t of one nucleus: exp(-slope t).
struct Transfers {
    /// Share of all scatterings that are of this term.
    share: f64,
    samples: usize,
    mass_mev: f64,
    momentum_squared_mev2: f64,
    slope_per_gev2: f64,
    largest_gev2: f64,
}

impl Transfers {
    fn terms(element: &Element, energy_mev: f64) -> [Transfers; 2] {
        let a = element.atomic_mass_g_per_mol;
        let mass_mev = a * ATOMIC_MASS_UNIT_MEV;
        let coherent_slope = if a <= LIGHT_UP_TO {
            14.5 * a.powf(0.66)
        } else {
            60.0 * a.powf(0.33)
        };
        let term = |share: f64, slope_per_gev2: f64, samples: usize| Transfers {
            share,
            samples,
            mass_mev,
            momentum_squared_mev2: momentum_squared_mev2(energy_mev),
            slope_per_gev2,
            largest_gev2: 1e-6 * largest_transfer_mev2(mass_mev, energy_mev),
        };
        [
            term(1.0 - WIDE_SHARE, coherent_slope, SAMPLES),
            term(WIDE_SHARE, WIDE_SLOPE_PER_GEV2, WIDE_SAMPLES),
        ]
    }

    /// Chance that a scattering is of this term and turns by an angle of a range.
    fn chance(&self, turns: Turns) -> f64 {
        let [low, high] = self.between(turns);
        self.share * (high - low)
    }

    /// Evenly likely transfers among those that turn by an angle of a range, MeV2.
    fn sampled_mev2(&self, turns: Turns) -> impl Iterator<Item = f64> {
        let [low, high] = self.between(turns);
        (0..self.samples).map(move |i| {
            let share = (i as f64 + 0.5) / self.samples as f64;
            self.with_share_below_mev2(low + share * (high - low))
        })
    }

    /// Share of the term's transfers that are below t.
    fn share_below(&self, t_gev2: f64) -> f64 {
        (-self.slope_per_gev2 * t_gev2).exp_m1()
            / (-self.slope_per_gev2 * self.largest_gev2).exp_m1()
    }

    /// The inverse of `share_below`, MeV2.
    fn with_share_below_mev2(&self, share: f64) -> f64 {
        let all = (-self.slope_per_gev2 * self.largest_gev2).exp_m1();
        -1e6 * (share * all).ln_1p() / self.slope_per_gev2
    }

    /// Shares below the ends of a range of angles: t = 2 p^2 (1 - cos), the recoil being small.
    fn between(&self, turns: Turns) -> [f64; 2] {
        let at = |cosine: f64| {
            let t = 2e-6 * self.momentum_squared_mev2 * (1.0 - cosine);
            self.share_below(t.min(self.largest_gev2))
        };
        match turns {
            Turns::UpTo(cosine) => [0.0, at(cosine)],
            Turns::Beyond(cosine) => [at(cosine), 1.0],
        }
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

/// 4 p*^2, p* the momentum in the centre of mass.
fn largest_transfer_mev2(mass_mev: f64, energy_mev: f64) -> f64 {
    let invariant = (PROTON_MASS_MEV + mass_mev).powi(2) + 2.0 * mass_mev * energy_mev;
    4.0 * momentum_squared_mev2(energy_mev) * mass_mev * mass_mev / invariant
}
