//! Chemical elements: data/elements.csv, Z = 1 to 92.

use crate::error::{Error, Result};

const ELEMENTS_CSV: &str = include_str!("../../data/elements.csv");

/// One row of data/elements.csv.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    pub symbol: &'static str,
    pub atomic_number: f64,
    pub atomic_mass_g_per_mol: f64,
    pub mean_excitation_energy_ev: f64,
    /// Stem of its PSTAR table, where there is one.
    pub pstar: Option<&'static str>,
}

impl Element {
    /// The element of a chemical symbol (`H`, `Ca`).
    ///
    /// # Errors
    /// Bad data where no element has that symbol.
    pub fn by_symbol(symbol: &str) -> Result<Self> {
        let found = data_lines().find(|line| line.split(',').nth(1) == Some(symbol));
        found.map(parse).ok_or_else(|| {
            Error::bad_data(format!("`{symbol}` is no chemical element from H to U"))
                .hint("use chemical symbols with a capital, such as H, C, N, O, P, Ca")
        })?
    }

    /// Symbols by atomic number, hydrogen to uranium.
    pub fn symbols() -> impl Iterator<Item = &'static str> {
        data_lines().filter_map(|line| line.split(',').nth(1))
    }

    /// That of some items whose element is nearest in Z to this one, the lighter of two, with its element.
    ///
    /// # Errors
    /// Bad data where no element has a symbol.
    pub fn nearest<T>(
        &self,
        rising_in_z: impl IntoIterator<Item = T>,
        symbol: impl Fn(&T) -> &str,
    ) -> Result<Option<(Self, T)>> {
        let with_element = rising_in_z
            .into_iter()
            .map(|item| Ok((Self::by_symbol(symbol(&item))?, item)))
            .collect::<Result<Vec<_>>>()?;
        let distance = |other: &Self| (other.atomic_number - self.atomic_number).abs();
        Ok(with_element
            .into_iter()
            .min_by(|(a, _), (b, _)| distance(a).total_cmp(&distance(b))))
    }

    /// The nearest element with a PSTAR table whose Z lies below (or above) the given one.
    pub fn tabulated_below(atomic_number: f64) -> Result<Self> {
        tabulated()?
            .filter(|element| element.atomic_number < atomic_number)
            .last()
            .ok_or_else(no_neighbour)
    }

    pub fn tabulated_above(atomic_number: f64) -> Result<Self> {
        tabulated()?
            .find(|element| element.atomic_number > atomic_number)
            .ok_or_else(no_neighbour)
    }

    pub fn z_over_a(&self) -> f64 {
        self.atomic_number / self.atomic_mass_g_per_mol
    }
}

fn no_neighbour() -> Error {
    Error::internal("data/elements.csv has no PSTAR table on one side of an element")
}

fn data_lines() -> impl Iterator<Item = &'static str> {
    ELEMENTS_CSV
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
}

fn tabulated() -> Result<impl Iterator<Item = Element>> {
    let with_table = data_lines().filter(|line| !line.ends_with(','));
    Ok(with_table
        .map(parse)
        .collect::<Result<Vec<_>>>()?
        .into_iter())
}

fn parse(line: &'static str) -> Result<Element> {
    let damaged = || Error::internal(format!("data/elements.csv is damaged at `{line}`"));
    let fields: Vec<&str> = line.split(',').collect();
    let [_, symbol, _, _, pstar] = fields[..] else {
        return Err(damaged());
    };
    let number = |i: usize| fields[i].parse::<f64>().map_err(|_| damaged());
    Ok(Element {
        symbol,
        atomic_number: number(0)?,
        atomic_mass_g_per_mol: number(2)?,
        mean_excitation_energy_ev: number(3)?,
        pstar: (!pstar.is_empty()).then_some(pstar),
    })
}
