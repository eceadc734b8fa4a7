//! Energy and angle of the protons that nonelastic reactions set free: ICRU Report 63 (data/icru63/protons_*.csv; C, N, O, Al, P, Ca;
//! other elements take the nearest of these in Z).
//!
//! Tables stand at incident energies of 7 to 250 MeV, on 41 outgoing energies `bin/40` of the incident one and 13 angles (13 values a
//! row, 0 to 180 degrees). Between incident energies they are interpolated linearly at the same bin and angle; the result is
//! normalised so that its integral is multiplicity times cross-section of `nuclear.rs`. (The raw integrals fall short by up to
//! 9 % at 250 MeV: the evaporation peak lies inside the first bin.)
//!
//! Integrals: trapezoid in energy; over solid angle the density is linear in theta between the angles, and the weights are exact
//! for that.

use super::element::Element;
use super::material::Material;
use super::nuclear::{NuclearReactions, Secondary};
use crate::error::{Error, Result};

pub const ENERGY_POINTS: usize = 41;
pub const ANGLE_POINTS: usize = 13;

/// Angles of emission against the incident direction, degree.
pub const ANGLE_DEG: [f64; ANGLE_POINTS] = [
    0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 90.0, 110.0, 130.0, 150.0, 180.0,
];

const FILES: [(&str, &str); 6] = [
    ("C", include_str!("../../data/icru63/protons_c.csv")),
    ("N", include_str!("../../data/icru63/protons_n.csv")),
    ("O", include_str!("../../data/icru63/protons_o.csv")),
    ("Al", include_str!("../../data/icru63/protons_al.csv")),
    ("P", include_str!("../../data/icru63/protons_p.csv")),
    ("Ca", include_str!("../../data/icru63/protons_ca.csv")),
];

/// Outgoing energy by angle, barn/(MeV sr).
type Density = [[f64; ANGLE_POINTS]; ENERGY_POINTS];

/// Secondary protons of one material.
#[derive(Clone, Debug)]
pub struct SecondaryProtons {
    /// One material's worth of reactions per element, so that each element brings its own share.
    elements: Vec<ElementSpectra>,
}

#[derive(Clone, Debug)]
struct ElementSpectra {
    reactions: NuclearReactions,
    /// (incident energy, density), increasing energy.
    tables: Vec<(f64, Box<Density>)>,
}

/// Spectrum at one incident energy: protons per areal length, energy and solid angle.
#[derive(Clone, Debug)]
pub struct ProtonSpectrum {
    pub energy_mev: [f64; ENERGY_POINTS],
    /// `[energy][angle]`, cm2/(g MeV sr); angles are `ANGLE_DEG`.
    pub density_cm2_per_g_mev_sr: Box<Density>,
}

impl SecondaryProtons {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn of(material: &Material) -> Result<Self> {
        let heavier = material
            .constituents()
            .iter()
            .filter(|(element, _)| element.atomic_number > 1.0);
        let elements = heavier
            .map(|(element, fraction)| ElementSpectra::read(element, *fraction))
            .collect::<Result<_>>()?;
        Ok(Self { elements })
    }

    /// Spectrum of the protons set free by protons of that energy.
    pub fn spectrum(&self, incident_mev: f64) -> ProtonSpectrum {
        let mut sum = Box::new([[0.0; ANGLE_POINTS]; ENERGY_POINTS]);
        for element in &self.elements {
            element.add_to(&mut sum, incident_mev);
        }
        ProtonSpectrum {
            energy_mev: energies_mev(incident_mev),
            density_cm2_per_g_mev_sr: sum,
        }
    }
}

impl ProtonSpectrum {
    /// Protons per areal length, cm2/g: multiplicity times removal cross-section.
    pub fn protons_cm2_per_g(&self) -> f64 {
        integral(&self.density_cm2_per_g_mev_sr, self.energy_mev[1], |_| 1.0)
    }

    /// Their energy per areal length, MeV cm2/g.
    pub fn energy_mev_cm2_per_g(&self) -> f64 {
        integral(&self.density_cm2_per_g_mev_sr, self.energy_mev[1], |bin| {
            self.energy_mev[bin]
        })
    }
}

impl ElementSpectra {
    fn read(element: &Element, fraction: f64) -> Result<Self> {
        let text = nearest_file(element)?;
        let tables = parse(text)
            .ok_or_else(|| Error::internal("a table of data/icru63/protons_*.csv is damaged"))?;
        Ok(Self {
            reactions: NuclearReactions::of_element(element, fraction)?,
            tables,
        })
    }

    /// Adds this element's spectrum, normalised to its multiplicity times cross-section.
    fn add_to(&self, sum: &mut Density, incident_mev: f64) {
        let shape = self.interpolated(incident_mev);
        let spacing_mev = energies_mev(incident_mev)[1];
        let protons = self.reactions.multiplicity(Secondary::Proton, incident_mev)
            * self.reactions.nonelastic_cm2_per_g(incident_mev);
        let scale = protons / integral(&shape, spacing_mev, |_| 1.0);
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

fn energies_mev(incident_mev: f64) -> [f64; ENERGY_POINTS] {
    std::array::from_fn(|bin| incident_mev * bin as f64 / (ENERGY_POINTS - 1) as f64)
}

/// Trapezoid in energy (both ends of the spectrum are 0) of the density over all angles times a function of the bin.
fn integral(density: &Density, spacing_mev: f64, factor: impl Fn(usize) -> f64) -> f64 {
    let weights = solid_angle_weights_sr();
    let over_angles = |row: &[f64; ANGLE_POINTS]| -> f64 {
        row.iter()
            .zip(&weights)
            .map(|(value, weight)| value * weight)
            .sum()
    };
    density
        .iter()
        .enumerate()
        .map(|(bin, row)| spacing_mev * factor(bin) * over_angles(row))
        .sum()
}

/// Weights of the densities at `ANGLE_DEG` in an integral over solid angle, sr; they sum to 4 pi.
pub fn solid_angle_weights_sr() -> [f64; ANGLE_POINTS] {
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
}

fn nearest_file(element: &Element) -> Result<&'static str> {
    let mut nearest = (f64::INFINITY, "");
    for (symbol, text) in FILES {
        let distance = (Element::by_symbol(symbol)?.atomic_number - element.atomic_number).abs();
        if distance < nearest.0 {
            nearest = (distance, text);
        }
    }
    Ok(nearest.1)
}

/// Rows `incident energy, bin, 13 densities`; rows that are left out are 0.
fn parse(text: &str) -> Option<Vec<(f64, Box<Density>)>> {
    let mut tables: Vec<(f64, Box<Density>)> = Vec::new();
    for line in text
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
    {
        let values = line
            .split(',')
            .map(|field| field.parse().ok())
            .collect::<Option<Vec<f64>>>()?;
        let (incident_mev, bin) = (*values.first()?, *values.get(1)? as usize);
        if tables
            .last()
            .is_none_or(|(energy, _)| *energy != incident_mev)
        {
            tables.push((incident_mev, Box::new([[0.0; ANGLE_POINTS]; ENERGY_POINTS])));
        }
        let (_, table) = tables.last_mut()?;
        *table.get_mut(bin)? = values.get(2..)?.try_into().ok()?;
    }
    (!tables.is_empty()).then_some(tables)
}
