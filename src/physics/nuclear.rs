//! Nuclear reactions of protons: removal from the beam, and where the energy of the removed goes.
//!
//! `Sigma(E) = N_A sum_i (w_i / A_i) sigma_i(E)`, cm2/g, with sigma_i the nonelastic cross-section per atom of ICRU Report 63
//! (data/icru63/nonelastic.csv; C, N, O, Al, Si, P, Ca, Ti, Fe, Cu, Ta, W, Pb), linear between its energies, 0 below the first,
//! constant above 250 MeV. An element without data takes the nearest one in Z, its cross-section scaled by A^(2/3) (geometry).
//! Hydrogen has none: the pion threshold is 290 MeV.
//!
//! Energy of a reaction, as shares of the incident energy: secondary protons; deuterons and alphas; what is left is neutrons, gammas, binding, and the small share of tritons, He-3 and recoils that the data leave out
//! (about 2 % at 150 MeV): it leaves. Elements without spectra take the nearest of C, N, O, Al, P, Ca.

use super::element::Element;
use super::material::Material;
use crate::constants::{AVOGADRO_PER_MOL, CM2_PER_BARN};
use crate::error::{Error, Result};
use std::sync::LazyLock;

/// Fields of a data file by rows, without comments and heading.
type Rows = Vec<Vec<&'static str>>;

static NONELASTIC: LazyLock<Rows> =
    LazyLock::new(|| rows(include_str!("../../data/icru63/nonelastic.csv")));
static ELASTIC: LazyLock<Rows> =
    LazyLock::new(|| rows(include_str!("../../data/barashenkov/elastic.csv")));

/// Charged secondaries that the data give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secondary {
    Proton,
    Deuteron,
    Alpha,
}

/// Reactions of protons with the nuclei of one material.
#[derive(Clone, Debug)]
pub struct NuclearReactions {
    elements: Vec<ElementReactions>,
}

#[derive(Clone, Debug)]
struct ElementReactions {
    nonelastic_cm2_per_g: Table,
    elastic_cm2_per_g: Table,
    /// By `Secondary`.
    multiplicity: [Table; 3],
    energy_fraction: [Table; 3],
}

/// Linear between the points; what lies outside is said where it is read.
#[derive(Clone, Debug)]
struct Table {
    energy_mev: Vec<f64>,
    value: Vec<f64>,
}

impl NuclearReactions {
    /// # Errors
    /// Internal, where the embedded data are damaged.
    pub fn of(material: &Material) -> Result<Self> {
        let heavier_than_hydrogen = material
            .constituents()
            .iter()
            .filter(|(element, _)| element.atomic_number > 1.0);
        let elements = heavier_than_hydrogen
            .map(|(element, fraction)| ElementReactions::read(element, *fraction))
            .collect::<Result<_>>()?;
        Ok(Self { elements })
    }

    /// Reactions with one element alone, present with a mass fraction.
    pub(super) fn of_element(element: &Element, fraction: f64) -> Result<Self> {
        Ok(Self {
            elements: vec![ElementReactions::read(element, fraction)?],
        })
    }

    /// Macroscopic nonelastic (removal) cross-section, cm2/g.
    pub fn nonelastic_cm2_per_g(&self, energy_mev: f64) -> f64 {
        self.elements
            .iter()
            .map(|element| element.nonelastic_cm2_per_g.or_zero_below(energy_mev))
            .sum()
    }

    /// Macroscopic nuclear elastic cross-section without hydrogen, cm2/g (data/barashenkov/elastic.csv; C, O, Ca).
    pub fn elastic_cm2_per_g(&self, energy_mev: f64) -> f64 {
        self.elements
            .iter()
            .map(|element| element.elastic_cm2_per_g.or_zero_below(energy_mev))
            .sum()
    }

    /// Mean number of a secondary per nonelastic reaction.
    pub fn multiplicity(&self, secondary: Secondary, energy_mev: f64) -> f64 {
        self.mean_over_reactions(energy_mev, |element| {
            &element.multiplicity[secondary as usize]
        })
    }

    /// Share of the incident energy that a secondary takes, per nonelastic reaction.
    pub fn energy_fraction(&self, secondary: Secondary, energy_mev: f64) -> f64 {
        self.mean_over_reactions(energy_mev, |element| {
            &element.energy_fraction[secondary as usize]
        })
    }

    /// Share of the incident energy in secondary protons.
    pub fn energy_fraction_protons(&self, energy_mev: f64) -> f64 {
        self.energy_fraction(Secondary::Proton, energy_mev)
    }

    /// Share of the incident energy in deuterons and alphas.
    pub fn energy_fraction_heavy_charged(&self, energy_mev: f64) -> f64 {
        self.energy_fraction(Secondary::Deuteron, energy_mev)
            + self.energy_fraction(Secondary::Alpha, energy_mev)
    }

    /// Share of the incident energy that leaves: neutrons, gammas, binding.
    pub fn energy_fraction_leaving(&self, energy_mev: f64) -> f64 {
        1.0 - self.energy_fraction_protons(energy_mev)
            - self.energy_fraction_heavy_charged(energy_mev)
    }

    /// Mean over the elements, weighted by how often each reacts; 0 where nothing reacts.
    fn mean_over_reactions(
        &self,
        energy_mev: f64,
        table: impl Fn(&ElementReactions) -> &Table,
    ) -> f64 {
        let removal = self.nonelastic_cm2_per_g(energy_mev);
        if removal <= 0.0 {
            return 0.0;
        }
        let share = |element: &ElementReactions| {
            element.nonelastic_cm2_per_g.or_zero_below(energy_mev)
                * table(element).or_end(energy_mev)
        };
        self.elements.iter().map(share).sum::<f64>() / removal
    }
}

impl ElementReactions {
    fn read(element: &Element, fraction: f64) -> Result<Self> {
        let nonelastic = nearest(element, &NONELASTIC, 2)?;
        let elastic = nearest(element, &ELASTIC, 2)?;
        let secondaries = nearest(element, &NONELASTIC, 6)?;
        let column = |index: usize| secondaries.column(index);
        Ok(Self {
            nonelastic_cm2_per_g: nonelastic.column(2)?.times(per_gram(
                element,
                fraction,
                &nonelastic.element,
            )),
            elastic_cm2_per_g: elastic.column(2)?.times(per_gram(
                element,
                fraction,
                &elastic.element,
            )),
            multiplicity: [column(3)?, column(4)?, column(5)?],
            energy_fraction: [column(6)?, column(7)?, column(8)?],
        })
    }
}

/// Atoms of the element per gram of the material, times the ratio of the nuclei's areas, times cm2 per barn.
fn per_gram(element: &Element, fraction: f64, measured: &Element) -> f64 {
    let area = (element.atomic_mass_g_per_mol / measured.atomic_mass_g_per_mol).powf(2.0 / 3.0);
    AVOGADRO_PER_MOL * fraction / element.atomic_mass_g_per_mol * area * CM2_PER_BARN
}

fn rows(csv: &'static str) -> Rows {
    let data = csv.lines().filter(|line| !line.starts_with('#')).skip(1);
    data.map(|line| line.split(',').collect()).collect()
}

/// Rows of the element of a data file that is nearest in Z to the wanted one.
struct ElementRows {
    element: Element,
    rows: Vec<Vec<&'static str>>,
}

impl ElementRows {
    fn column(&self, index: usize) -> Result<Table> {
        let number = |row: &Vec<&str>, index: usize| {
            row.get(index).and_then(|field| field.parse::<f64>().ok())
        };
        let pair = |row: &Vec<&'static str>| Some((number(row, 1)?, number(row, index)?));
        let pairs: Option<Vec<(f64, f64)>> = self.rows.iter().map(pair).collect();
        let (energy_mev, value) = pairs.ok_or_else(damaged)?.into_iter().unzip();
        Ok(Table { energy_mev, value })
    }
}

/// The nearest element (the lighter of two) whose rows hold something in the given column.
fn nearest(element: &Element, rows: &'static Rows, column: usize) -> Result<ElementRows> {
    let filled: Vec<_> = rows
        .iter()
        .filter(|row| row.get(column).is_some_and(|field| !field.is_empty()))
        .collect();
    let mut symbols: Vec<&str> = filled.iter().map(|row| row[0]).collect();
    symbols.dedup();
    let candidates = symbols
        .into_iter()
        .map(Element::by_symbol)
        .collect::<Result<Vec<_>>>()?;
    let distance = |other: &Element| (other.atomic_number - element.atomic_number).abs();
    let by_distance = |a: &Element, b: &Element| distance(a).total_cmp(&distance(b));
    let nearest = candidates
        .into_iter()
        .min_by(by_distance)
        .ok_or_else(damaged)?;
    let rows = filled
        .into_iter()
        .filter(|row| row[0] == nearest.symbol)
        .cloned()
        .collect();
    Ok(ElementRows {
        element: nearest,
        rows,
    })
}

fn damaged() -> Error {
    Error::internal("the embedded tables of data/icru63 are damaged")
}

impl Table {
    fn times(mut self, factor: f64) -> Self {
        self.value.iter_mut().for_each(|value| *value *= factor);
        self
    }

    /// 0 below the first energy, the last value above the last.
    fn or_zero_below(&self, energy_mev: f64) -> f64 {
        if energy_mev < self.energy_mev[0] {
            0.0
        } else {
            self.or_end(energy_mev)
        }
    }

    /// The end's value outside.
    fn or_end(&self, energy_mev: f64) -> f64 {
        let above = self
            .energy_mev
            .partition_point(|energy| *energy <= energy_mev);
        if above == 0 {
            return self.value[0];
        }
        if above == self.energy_mev.len() {
            return self.value[above - 1];
        }
        let (low, high) = (self.energy_mev[above - 1], self.energy_mev[above]);
        let share = (energy_mev - low) / (high - low);
        (1.0 - share) * self.value[above - 1] + share * self.value[above]
    }
}
