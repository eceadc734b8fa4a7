//! Cross-sections of protons with single nuclei, and what a nonelastic reaction sets free: tables over energy, by element.
//!
//! Nonelastic cross-section: Barashenkov (data/barashenkov/nonelastic.csv; Be, C, N, O, Na, Al, Si, P, Ca, Fe, Cu, Mo, Sn, W, Pb) or ICRU
//! Report 63 (data/icru63/nonelastic.csv; C, N, O, Al, Si, P, Ca, Ti, Fe, Cu, Ta, W, Pb). Elastic: Barashenkov
//! (data/barashenkov/elastic.csv; the same elements but P) or ICRU 63 by angle (data/icru63/elastic.csv; C, N, O, Al, Si, P, Ca, Ti, Fe),
//! hydrogen's as Geant4 fits it (data/hydrogen_elastic.csv). What is set free: Geant4's Binary cascade
//! (data/binary_cascade/nonelastic.csv; C, N, O, Al, P, Ca, Cu, Pb) or ICRU 63 (C, N, O, Al, P, Ca). Momentum transfers of elastic
//! scattering: fits to Geant4's, helium to uranium (data/elastic_transfers.csv).
//! Linear between the energies, constant outside, cross-sections 0 below the first. An element without data takes the
//! nearest one in Z, its cross-section scaled by A^(2/3) (geometry).

use super::element::Element;
use crate::case::{CrossSections, Secondaries};
use crate::constants::{AVOGADRO_PER_MOL, CM2_PER_BARN};
use crate::error::{Error, Result};
use std::sync::LazyLock;

/// Fields of a data file by rows, without comments and heading: element, energy in MeV, values.
type Rows = Vec<Vec<&'static str>>;

static ICRU63: LazyLock<Rows> =
    LazyLock::new(|| rows(include_str!("../../data/icru63/nonelastic.csv")));
static BARASHENKOV: LazyLock<Rows> =
    LazyLock::new(|| rows(include_str!("../../data/barashenkov/nonelastic.csv")));
static HYDROGEN: LazyLock<Rows> =
    LazyLock::new(|| rows(include_str!("../../data/hydrogen_elastic.csv")));
static ELASTIC: LazyLock<Rows> =
    LazyLock::new(|| rows(include_str!("../../data/barashenkov/elastic.csv")));

static ICRU63_ELASTIC: LazyLock<Rows> =
    LazyLock::new(|| rows(include_str!("../../data/icru63/elastic.csv")));

static ELASTIC_TRANSFERS: LazyLock<Rows> =
    LazyLock::new(|| rows(include_str!("../../data/elastic_transfers.csv")));

static BINARY_CASCADE: LazyLock<Rows> =
    LazyLock::new(|| rows(include_str!("../../data/binary_cascade/nonelastic.csv")));

/// Columns of the data files: cross-sections, where they have them, and from which on multiplicities and shares of energy are.
const CROSS_SECTION: usize = 2;
const ICRU63_SECONDARIES: usize = 3;
const BINARY_CASCADE_SECONDARIES: usize = 2;

/// Linear between the points; what lies outside is said where it is read.
#[derive(Clone, Debug)]
pub(super) struct Table {
    energy_mev: Vec<f64>,
    value: Vec<f64>,
}

/// Nonelastic cross-section of an element with a mass fraction, per gram of the whole.
pub(super) fn nonelastic_cm2_per_g(
    element: &Element,
    fraction: f64,
    source: CrossSections,
) -> Result<Table> {
    match source {
        CrossSections::Barashenkov => cm2_per_g(element, fraction, &BARASHENKOV),
        CrossSections::Icru63 => cm2_per_g(element, fraction, &ICRU63),
    }
}

/// Elastic cross-section without Coulomb scattering, of an element with a mass fraction, per gram of the whole.
pub(super) fn elastic_cm2_per_g(element: &Element, fraction: f64) -> Result<Table> {
    let hydrogen = element.atomic_number <= 1.0;
    cm2_per_g(
        element,
        fraction,
        if hydrogen { &HYDROGEN } else { &ELASTIC },
    )
}

/// Momentum transfers t of elastic scattering: the slope of their first exponential, 1/GeV2, and the share of their second, of which
/// `ELASTIC_WIDE_SLOPE_PER_GEV2` is the slope.
#[derive(Clone, Debug)]
pub(super) struct Transfers {
    pub slope_per_gev2: Table,
    pub wide_share: Table,
}

pub(super) const ELASTIC_WIDE_SLOPE_PER_GEV2: f64 = 10.0;

pub(super) fn elastic_transfers(element: &Element) -> Result<Transfers> {
    let fitted = nearest(element, &ELASTIC_TRANSFERS, 3)?;
    Ok(Transfers {
        slope_per_gev2: fitted.column(2)?,
        wide_share: fitted.column(3)?,
    })
}

/// Elastic cross-section of one energy, and how it is spread over the angles from `ELASTIC_ANGLE_STEP_DEG` to 180 degrees, evenly apart.
pub(super) struct Differential {
    pub energy_mev: f64,
    pub cm2_per_g: f64,
    pub relative_per_sr: Vec<f64>,
}

pub(super) const ELASTIC_ANGLE_STEP_DEG: usize = 5;
/// Heaviest nucleus of data/icru63/elastic.csv: iron.
const ELASTIC_BY_ANGLE_UP_TO_Z: f64 = 26.0;

/// ICRU 63's elastic scattering by energy, of an element with a mass fraction; nothing of those heavier than iron.
pub(super) fn elastic_by_angle(element: &Element, fraction: f64) -> Result<Vec<Differential>> {
    if element.atomic_number > ELASTIC_BY_ANGLE_UP_TO_Z {
        return Ok(Vec::new());
    }
    let measured = nearest(element, &ICRU63_ELASTIC, CROSS_SECTION)?;
    let factor = per_gram(element, fraction, &measured.element);
    let of_row = |row: &Vec<&str>| {
        let numbers = row[1..].iter().map(|field| field.parse::<f64>());
        let numbers: Vec<f64> = numbers.collect::<std::result::Result<_, _>>().ok()?;
        let [energy_mev, barn, per_sr @ ..] = &numbers[..] else {
            return None;
        };
        (per_sr.len() == 180 / ELASTIC_ANGLE_STEP_DEG).then(|| Differential {
            energy_mev: *energy_mev,
            cm2_per_g: factor * barn,
            relative_per_sr: per_sr.to_vec(),
        })
    };
    let energies: Option<Vec<_>> = measured.rows.iter().map(of_row).collect();
    energies.ok_or_else(damaged)
}

/// Secondaries per nonelastic reaction, by `Secondary`.
pub(super) fn multiplicity(element: &Element, source: Secondaries) -> Result<[Table; 3]> {
    of_secondaries(element, source, 0)
}

/// Shares of the incident energy that they take, by `Secondary`.
pub(super) fn energy_fraction(element: &Element, source: Secondaries) -> Result<[Table; 3]> {
    of_secondaries(element, source, 3)
}

/// Three columns from one on, counted from the first that is of secondaries. Elements of ICRU 63 without spectra have no shares of energy.
fn of_secondaries(element: &Element, source: Secondaries, from: usize) -> Result<[Table; 3]> {
    let (rows, first): (&'static Rows, usize) = match source {
        Secondaries::BinaryCascade => (&BINARY_CASCADE, BINARY_CASCADE_SECONDARIES),
        Secondaries::Icru63 => (&ICRU63, ICRU63_SECONDARIES),
    };
    let secondaries = nearest(element, rows, first + 3)?;
    let column = |which: usize| secondaries.column(first + from + which);
    Ok([column(0)?, column(1)?, column(2)?])
}

fn cm2_per_g(element: &Element, fraction: f64, rows: &'static Rows) -> Result<Table> {
    let measured = nearest(element, rows, CROSS_SECTION)?;
    let factor = per_gram(element, fraction, &measured.element);
    Ok(measured.column(CROSS_SECTION)?.times(factor))
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

/// Rows of an element of a data file.
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

/// The rows of an element that hold something in the given column; without any, those of the nearest one (the lighter of two).
fn nearest(element: &Element, rows: &'static Rows, column: usize) -> Result<ElementRows> {
    let filled = |row: &&Vec<&str>| row.get(column).is_some_and(|field| !field.is_empty());
    let of = |element: Element| {
        let own = rows.iter().filter(|row| row[0] == element.symbol);
        let rows = own.filter(filled).cloned().collect();
        ElementRows { element, rows }
    };
    let own = of(element.clone());
    if !own.rows.is_empty() {
        return Ok(own);
    }
    let mut symbols: Vec<&str> = rows.iter().filter(filled).map(|row| row[0]).collect();
    symbols.dedup();
    let found = element.nearest(symbols, |symbol| symbol)?;
    let (nearest, _) = found.ok_or_else(damaged)?;
    Ok(of(nearest))
}

fn damaged() -> Error {
    Error::internal("the embedded tables of nuclear cross-sections are damaged")
}

impl Table {
    fn times(mut self, factor: f64) -> Self {
        self.value.iter_mut().for_each(|value| *value *= factor);
        self
    }

    /// 0 below the first energy, the last value above the last.
    pub(super) fn or_zero_below(&self, energy_mev: f64) -> f64 {
        if energy_mev < self.energy_mev[0] {
            0.0
        } else {
            self.or_end(energy_mev)
        }
    }

    /// The end's value outside.
    pub(super) fn or_end(&self, energy_mev: f64) -> f64 {
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
