//! Single Coulomb scattering: what multiple scattering is made of, for kernels with tails.
//!
//! Density of collisions per areal length and solid angle at small space angle theta (screened Rutherford):
//!
//! ```text
//! dn/dOmega = sum_i chi_i^2 / (pi (theta^2 + chi_a,i^2)^2)                     chi^2 per areal length, rad2 cm2/g
//! chi_i^2   = K m c^2 (w_i/A_i) Z_i^2 / (pv)^2                                  nuclei; electrons: Z_i for Z_i^2
//! chi_a^2   = chi_0^2 [1.13 + 3.76 (alpha Z/beta)^2],  chi_0 = alpha m c^2 Z^(1/3) / (0.885 pc)
//! ```
//!
//! (Moliere, Z. Naturforsch. 2a (1947) 133; Bethe, Phys. Rev. 89 (1953) 1256; chi_a is Moliere's screening angle, which for this
//! form of density equals the angle in the denominator.) Projected on a plane: `chi^2 / (2 (theta_x^2 + chi_a^2)^(3/2))`.
//!
//! Upper ends. Nuclei: the extended charge, form factor `F = (1 + q^2 R^2/12)^-2` of an exponential charge of rms radius
//! `R = 1.27 fm A^0.27` (Butkevich et al., NIM A 488 (2002) 282). Electrons: kinematics, `m_e/M_p` in space. Moments take a sharp
//! cut of the same second moment: at `(e/4 exp(-H) 12)^(1/2) hbar/(pR)` of the projected angle, H = 11/6 for F^2 and 1 for F. Rates
//! into an angle take the form factor itself, integrated over the angle out of the plane: with `u = theta_x pR / (12^(1/2) hbar)`
//! and `c = (1 + u^2)^(1/2)` the projected density is that of the point charge times
//!
//! ```text
//! F^2: 1 - 8 u^2 + 2 u^3 [4/c + 3/(2 c^3) + 3/(4 c^5) + 5/(16 c^7)]         F: 1 - 4 u^2 + 2 u^3 [2/c + 1/(2 c^3)]
//! ```
//!
//! (partial fractions of `s^-2 (s+1)^-4` and `s^-2 (s+1)^-2`, s = u^2 + v^2).
//!
//! Two models. `moliere`: as above, with F^2. `wentzel-vi`: the cross-section that Geant4 calls so (Physics Reference Manual, Wentzel-VI
//! model; Ivanchenko et al., J. Phys. Conf. Ser. 219 (2010) 032045), fitted to scattering data of light elements: chi_a^2 times
//! `1 + exp(-Z^2/1000)` (hydrogen: chi_0^2), F to the first power, electrons screened as the nucleus and cut at `2 m_e/M_p`. In water
//! its core is some 3 % narrower at the same rms.
//!
//! Electrons are not screened as the nucleus is (they scatter incoherently): their mean square angle in space is
//! `chi^2 {ln[1130 Z^(-4/3) beta^2 gamma^2] + u - beta^2/2}`, u = 3.6 for H, 5.8 for all others (Fano, Phys. Rev. 93 (1954) 117;
//! for H it is `ln(beta^2 gamma^2 / alpha^2) + 11/6 - 1 - beta^2/2`, from the form factor of its ground state). Their chi_a here
//! is the one that gives this mean square with the kinematic cut.

use super::element::Element;
use super::kinematics::{beta_squared, pv_mev};
use super::material::Material;
use crate::case::SingleScatteringModel;
use crate::constants::{
    BETHE_K_MEV_CM2_PER_MOL, ELECTRON_MASS_MEV, FINE_STRUCTURE, HBAR_C_MEV_FM,
    NUCLEAR_RADIUS_EXPONENT, NUCLEAR_RADIUS_FM, PROTON_MASS_MEV,
};

/// H of the module doc: 1 + 1/2 + 1/3 from F^2, 1 from F.
const HARMONIC_SQUARED: f64 = 11.0 / 6.0;
const HARMONIC_SINGLE: f64 = 1.0;

/// Fano's u (module doc).
const FANO_INCOHERENT: f64 = 5.8;
const FANO_INCOHERENT_HYDROGEN: f64 = 3.6;

/// One kind of target (nuclei or electrons of one element) at one energy.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Strength per areal length, rad2 cm2/g.
    pub chi_squared_rad2_cm2_per_g: f64,
    /// Moliere's screening angle squared.
    pub chi_a_squared_rad2: f64,
    /// Largest projected angle: the sharp cut of the same second moment.
    pub cut_rad: f64,
    /// Where the sharp cut comes from.
    pub end: UpperEnd,
}

/// What ends a target's angles.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UpperEnd {
    Kinematic,
    /// The nucleus' size: the angle 12^(1/2) hbar/(pR) in which the form factor falls, and its power.
    FormFactor {
        angle_rad: f64,
        power: FormFactorPower,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormFactorPower {
    One,
    Two,
}

impl Target {
    /// Collisions per areal length with a projected angle (signed) between two angles, cm2/g.
    pub fn rate_cm2_per_g(&self, from_rad: f64, to_rad: f64) -> f64 {
        let up_to = |angle: f64| {
            let cut = angle.clamp(-self.cut_rad, self.cut_rad);
            cut / (cut * cut + self.chi_a_squared_rad2).sqrt()
        };
        self.chi_squared_rad2_cm2_per_g / (2.0 * self.chi_a_squared_rad2)
            * (up_to(to_rad) - up_to(from_rad))
    }

    /// Collisions per areal length into angles well above the screening angle, with the form factor as it is, cm2/g.
    pub fn rate_with_form_factor_cm2_per_g(&self, from_rad: f64, to_rad: f64) -> f64 {
        let UpperEnd::FormFactor { angle_rad, power } = self.end else {
            return self.rate_cm2_per_g(from_rad, to_rad);
        };
        let point = Target {
            cut_rad: f64::INFINITY,
            ..*self
        };
        let [low, middle, high] = [from_rad, 0.5 * (from_rad + to_rad), to_rad]
            .map(|angle| power.projected(angle / angle_rad));
        point.rate_cm2_per_g(from_rad, to_rad) * (low + 4.0 * middle + high) / 6.0
    }

    /// Angle above which the form factor leaves about 1 % of the point charge's rate, or nothing.
    pub fn farthest_rad(&self) -> f64 {
        match self.end {
            UpperEnd::Kinematic => self.cut_rad,
            UpperEnd::FormFactor {
                angle_rad,
                power: FormFactorPower::Two,
            } => 1.3 * angle_rad,
            UpperEnd::FormFactor {
                angle_rad,
                power: FormFactorPower::One,
            } => 2.2 * angle_rad,
        }
    }

    /// Mean square projected angle per areal length of collisions below an angle (either sign), rad2 cm2/g.
    pub fn second_moment_below_rad2_cm2_per_g(&self, angle_rad: f64) -> f64 {
        let ratio = angle_rad.min(self.cut_rad) / self.chi_a_squared_rad2.sqrt();
        self.chi_squared_rad2_cm2_per_g * (ratio.asinh() - ratio / (1.0 + ratio * ratio).sqrt())
    }
}

/// Nuclei and electrons of every element of a material.
#[derive(Clone, Debug)]
pub struct SingleScattering {
    constituents: Vec<(Element, f64)>,
    model: SingleScatteringModel,
}

impl SingleScattering {
    pub fn of(material: &Material, model: SingleScatteringModel) -> Self {
        Self {
            model,
            constituents: material.constituents().to_vec(),
        }
    }

    /// The targets that a proton of that energy meets: for each element its nuclei, then its electrons.
    pub fn targets(&self, energy_mev: f64) -> Vec<Target> {
        let of_element = |(element, fraction): &(Element, f64)| {
            [
                nuclei(element, *fraction, energy_mev, self.model),
                electrons(element, *fraction, energy_mev, self.model),
            ]
        };
        self.constituents.iter().flat_map(of_element).collect()
    }

    /// Mean square projected angle per areal length, tails included, rad2 cm2/g.
    pub fn second_moment_rad2_cm2_per_g(&self, energy_mev: f64) -> f64 {
        let whole = |target: &Target| target.second_moment_below_rad2_cm2_per_g(target.cut_rad);
        self.targets(energy_mev).iter().map(whole).sum()
    }
}

impl FormFactorPower {
    /// Projected density over the point charge's (module doc); 0 from u = 6 on, where its terms cancel.
    fn projected(self, u: f64) -> f64 {
        if u > 6.0 {
            return 0.0;
        }
        let c = (1.0 + u * u).sqrt();
        match self {
            FormFactorPower::One => {
                1.0 - 4.0 * u * u + 2.0 * u.powi(3) * (2.0 / c + 0.5 / c.powi(3))
            }
            FormFactorPower::Two => {
                let bracket = 4.0 / c + 1.5 / c.powi(3) + 0.75 / c.powi(5) + 0.3125 / c.powi(7);
                1.0 - 8.0 * u * u + 2.0 * u.powi(3) * bracket
            }
        }
    }
}

fn nuclei(
    element: &Element,
    fraction: f64,
    energy_mev: f64,
    model: SingleScatteringModel,
) -> Target {
    let z = element.atomic_number;
    let diffraction_rad = HBAR_C_MEV_FM / (momentum_mev(energy_mev) * nuclear_radius_fm(element));
    let (power, harmonic) = match model {
        SingleScatteringModel::Moliere => (FormFactorPower::Two, HARMONIC_SQUARED),
        SingleScatteringModel::WentzelVi => (FormFactorPower::One, HARMONIC_SINGLE),
    };
    Target {
        chi_squared_rad2_cm2_per_g: strength(element, fraction, energy_mev) * z * z,
        chi_a_squared_rad2: screening_angle_squared_rad2(element, energy_mev, model),
        cut_rad: (3.0 * (1.0 - harmonic).exp()).sqrt() * diffraction_rad,
        end: UpperEnd::FormFactor {
            angle_rad: 12.0_f64.sqrt() * diffraction_rad,
            power,
        },
    }
}

fn electrons(
    element: &Element,
    fraction: f64,
    energy_mev: f64,
    model: SingleScatteringModel,
) -> Target {
    let kinematic_rad = ELECTRON_MASS_MEV / PROTON_MASS_MEV;
    let (largest_rad, chi_a_squared_rad2) = match model {
        SingleScatteringModel::Moliere => {
            let logarithm = electron_logarithm(element.atomic_number, energy_mev);
            (
                kinematic_rad,
                kinematic_rad * kinematic_rad * (-1.0 - logarithm).exp(),
            )
        }
        SingleScatteringModel::WentzelVi => (
            2.0 * kinematic_rad,
            screening_angle_squared_rad2(element, energy_mev, model),
        ),
    };
    Target {
        chi_squared_rad2_cm2_per_g: strength(element, fraction, energy_mev) * element.atomic_number,
        chi_a_squared_rad2,
        // A sharp cut in space at t has the second moment of one at t e^(1/2)/2 in the projected angle.
        cut_rad: largest_rad * 0.5_f64.exp() / 2.0,
        end: UpperEnd::Kinematic,
    }
}

/// Fano's logarithm for heavy particles on atomic electrons, not below 1: slower than 1 MeV the formula ends.
fn electron_logarithm(atomic_number: f64, energy_mev: f64) -> f64 {
    let beta2 = beta_squared(energy_mev);
    let incoherent = if atomic_number < 1.5 {
        FANO_INCOHERENT_HYDROGEN
    } else {
        FANO_INCOHERENT
    };
    let logarithm = (1130.0 * atomic_number.powf(-4.0 / 3.0) * beta2 / (1.0 - beta2)).ln();
    (logarithm + incoherent - 0.5 * beta2).max(1.0)
}

/// K m c^2 w / (A (pv)^2): chi^2 of a unit charge.
fn strength(element: &Element, fraction: f64, energy_mev: f64) -> f64 {
    let scale = BETHE_K_MEV_CM2_PER_MOL * ELECTRON_MASS_MEV / pv_mev(energy_mev).powi(2);
    scale * fraction / element.atomic_mass_g_per_mol
}

fn screening_angle_squared_rad2(
    element: &Element,
    energy_mev: f64,
    model: SingleScatteringModel,
) -> f64 {
    let z = element.atomic_number;
    let born = FINE_STRUCTURE * z / beta_squared(energy_mev).sqrt();
    let chi_0 = FINE_STRUCTURE * ELECTRON_MASS_MEV * z.cbrt() / (0.885 * momentum_mev(energy_mev));
    let moliere = chi_0 * chi_0 * (1.13 + 3.76 * born * born);
    match model {
        SingleScatteringModel::Moliere => moliere,
        SingleScatteringModel::WentzelVi if z < 1.5 => chi_0 * chi_0,
        SingleScatteringModel::WentzelVi => moliere * (1.0 + (-0.001 * z * z).exp()),
    }
}

fn nuclear_radius_fm(element: &Element) -> f64 {
    NUCLEAR_RADIUS_FM * element.atomic_mass_g_per_mol.powf(NUCLEAR_RADIUS_EXPONENT)
}

fn momentum_mev(energy_mev: f64) -> f64 {
    (energy_mev * (energy_mev + 2.0 * PROTON_MASS_MEV)).sqrt()
}
