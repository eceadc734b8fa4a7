//! A Hounsfield curve as CSV: the columns `hounsfield,density_g_per_cm3,material` and, optionally, `composition`; `#` comments.
//!
//! A row without density lies on the line between its neighbours'; one without material goes on with the row before. A
//! composition (`H:0.103;O:0.897`, mass fractions) defines the material of its row; without one, the name is looked up.

use super::{DENSITY_HINT, density_refused};
use crate::error::{Error, Result};
use crate::text_file;
use std::path::Path;

const HEADING: [&str; 4] = ["hounsfield", "density_g_per_cm3", "material", "composition"];
const FRACTION_SUM_TOLERANCE: f64 = 1e-3;

/// One point of a curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub hounsfield: f64,
    pub density_g_per_cm3: Option<f64>,
    pub substance: Option<Substance>,
}

/// A material by name, or by name and (element symbol, mass fraction).
#[derive(Clone, Debug, PartialEq)]
pub struct Substance {
    pub name: String,
    pub composition: Vec<(String, f64)>,
    /// Of the row that names it.
    pub line: usize,
}

/// Rows by rising Hounsfield number: at least two; densities at both ends, a material at the first.
///
/// # Errors
/// Input missing, or bad data with file, line and hint.
pub fn read(path: &Path) -> Result<Vec<Row>> {
    let text = text_file::read(path, "the Hounsfield curve")
        .map_err(|error| error.hint("paths are taken relative to the case file"))?;
    parse(&text).map_err(|error| error.at(path))
}

/// As `read`, from the file's text.
pub fn parse(text: &str) -> Result<Vec<Row>> {
    let mut lines = text_file::lines(text);
    check_heading(lines.next())?;
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in lines {
        let row = parse_row(number, line, rows.last())
            .and_then(|row| check_composition(&rows, &row).map(|()| row))
            .map_err(|error| error.line(number))?;
        rows.push(row);
    }
    check_ends(&rows)?;
    Ok(rows)
}

fn check_heading(first: Option<(usize, &str)>) -> Result<()> {
    let (number, line) = first.unwrap_or((1, ""));
    let names: Vec<&str> = line.split(',').map(str::trim).collect();
    if names == HEADING || names == HEADING[..3] {
        return Ok(());
    }
    let message = format!(
        "the heading is `{line}`; allowed: `{}`, the last column optional",
        HEADING.join(",")
    );
    Err(Error::bad_data(message)
        .line(number)
        .hint("name the columns in the first line; densities in g/cm3"))
}

fn parse_row(number: usize, line: &str, previous: Option<&Row>) -> Result<Row> {
    let mut fields: Vec<&str> = line.split(',').map(str::trim).collect();
    fields.resize(fields.len().max(4), "");
    let [hounsfield, density, material, composition] = fields[..] else {
        return Err(
            Error::bad_data(format!("`{line}` has more than four fields"))
                .hint("write: number, density, material, composition such as H:0.103;O:0.897"),
        );
    };
    let row = Row {
        hounsfield: finite(hounsfield, "a Hounsfield number")?,
        density_g_per_cm3: parse_density(density)?,
        substance: parse_substance(number, material, composition)?,
    };
    match previous {
        Some(before) if row.hounsfield <= before.hounsfield => Err(Error::bad_data(format!(
            "{hounsfield} does not lie above the row before ({})",
            before.hounsfield
        ))
        .hint(
            "sort the rows by rising Hounsfield number; make a jump from two rows that are 1 apart",
        )),
        _ => Ok(row),
    }
}

fn finite(text: &str, what: &str) -> Result<f64> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| {
        Error::bad_data(format!("`{text}` is not {what}"))
            .hint("write finite numbers, with a point for decimals")
    })
}

fn parse_density(text: &str) -> Result<Option<f64>> {
    if text.is_empty() {
        return Ok(None);
    }
    let density = finite(text, "a density")?;
    match density_refused(density) {
        None => Ok(Some(density)),
        Some(refused) => {
            let message = format!("the density {refused}");
            Err(Error::bad_data(message).hint(DENSITY_HINT))
        }
    }
}

fn parse_substance(line: usize, name: &str, composition: &str) -> Result<Option<Substance>> {
    if name.is_empty() && composition.is_empty() {
        return Ok(None);
    }
    if name.is_empty() {
        return Err(
            Error::bad_data(format!("the composition `{composition}` has no name"))
                .hint("name the material in the third column"),
        );
    }
    Ok(Some(Substance {
        name: name.to_string(),
        composition: parse_composition(composition)?,
        line,
    }))
}

/// A name stands for one material: the one of the first row that has it.
fn check_composition(rows: &[Row], row: &Row) -> Result<()> {
    let Some(found) = row.substance.as_ref().filter(|s| !s.composition.is_empty()) else {
        return Ok(());
    };
    let mut known = rows.iter().filter_map(|row| row.substance.as_ref());
    match known.find(|known| known.name == found.name) {
        Some(known) if by_element(known) != by_element(found) => Err(Error::bad_data(format!(
            "`{}` has another composition in line {}",
            found.name, known.line
        ))
        .hint("give it a name of its own")),
        _ => Ok(()),
    }
}

fn by_element(substance: &Substance) -> Vec<&(String, f64)> {
    let mut parts: Vec<_> = substance.composition.iter().collect();
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    parts
}

fn parse_composition(text: &str) -> Result<Vec<(String, f64)>> {
    let part = |part: &str| {
        let (symbol, fraction) = part
            .split_once(':')
            .ok_or_else(|| no_colon(text, part.trim()))?;
        let fraction = finite(fraction.trim(), "a mass fraction")?;
        Ok((symbol.trim().to_string(), fraction))
    };
    let parts = text.split(';').filter(|part| !part.trim().is_empty());
    let composition = parts.map(part).collect::<Result<Vec<_>>>()?;
    let sum: f64 = composition.iter().map(|(_, fraction)| fraction).sum();
    if composition.is_empty() || (sum - 1.0).abs() <= FRACTION_SUM_TOLERANCE + f64::EPSILON {
        return Ok(composition);
    }
    let message =
        format!("the mass fractions sum to {sum:.4}; allowed: 1 within {FRACTION_SUM_TOLERANCE}");
    Err(Error::bad_data(message).hint("write mass fractions, such as H:0.103;O:0.897"))
}

fn no_colon(text: &str, part: &str) -> Error {
    let message = format!("`{part}` is no element and its mass fraction with a colon between them");
    Error::bad_data(message).hint(match text.contains('=') {
        true => format!("write {}", text.replace('=', ":")),
        false => "write mass fractions, such as H:0.103;O:0.897".to_string(),
    })
}

fn check_ends(rows: &[Row]) -> Result<()> {
    let ends = rows.first().zip(rows.last());
    let whole = ends.filter(|(first, last)| {
        rows.len() > 1
            && first.density_g_per_cm3.is_some()
            && first.substance.is_some()
            && last.density_g_per_cm3.is_some()
    });
    match whole {
        Some(_) => Ok(()),
        None => Err(Error::bad_data("the curve has no ends; allowed: two rows or more, a density in the first and the last, a material in the first")
            .hint("for example `-1000,0.00121,air` and `3000,2.8,`")),
    }
}
