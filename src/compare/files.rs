//! Distributions from files: dose files and other HDF5, NumPy's NPZ, CSV.
//!
//! | format | names |
//! | --- | --- |
//! | HDF5 | at the root: `z`, `x` (or `z_mm`, `x_mm`), `dose`, `energy_deposit` (or `edep`) over `[z, x]` |
//! | NPZ | `z_mm`, `x_mm`, `dose` (Gy mm) or `edep` (MeV per cell) over `[z, x]`; also `edep_MeV_per_primary_zx` |
//! | CSV | two columns, depth in mm and dose in any unit; a line of names and lines that begin with `#` are passed over |
//!
//! Axes are cell centres in mm, rising. An NPZ without `x_mm` holds a curve over depth.

use super::grid::Grid;
use crate::dose_file;
use crate::error::{Error, Result};
use crate::results::Axis;
use crate::text_file;
use ndarray::{Array1, Array2, ArrayD, Ix1, Ix2, IxDyn, OwnedRepr};
use ndarray_npy::{NpzReader, ReadableElement};
use std::fs::File;
use std::path::Path;

const NPZ_ENERGY_NAMES: [&str; 2] = ["edep", "edep_MeV_per_primary_zx"];
const NPZ_HINT: &str = "wanted: `z_mm` and `x_mm`, cell centres in mm, and `dose` (Gy mm) or `edep` (MeV per cell) over (z, x); without `x_mm` a curve";

/// What one file holds, each quantity per area of a cell so that grids of different cells compare.
#[derive(Clone, Debug, Default)]
pub struct Distribution {
    /// MeV/mm2 per proton (a curve: MeV/mm).
    pub energy: Option<Grid>,
    /// Gy mm per proton.
    pub dose: Option<Grid>,
    /// A curve in a unit unknown.
    pub relative: Option<Grid>,
}

/// Reads `path` by its extension: `npz`, `csv`, anything else as HDF5.
///
/// # Errors
/// `InputMissing` where there is no such file, or a folder; `BadData`, with file and line, where it cannot be understood.
pub fn load(path: &Path) -> Result<Distribution> {
    dose_file::check_is_file(path)?;
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("npz") => load_npz(path).map_err(|error| error.at(path)),
        Some("csv") => load_csv(path).map_err(|error| error.at(path)),
        _ => load_hdf5(path),
    }
}

fn load_hdf5(path: &Path) -> Result<Distribution> {
    let found = dose_file::read(path)?;
    let grid = |values: Array2<f64>| Grid {
        z_mm: found.z_mm.clone(),
        x_mm: Some(found.x_mm.clone()),
        values,
    };
    Ok(Distribution {
        energy: found.maps.energy_deposit_mev.map(|map| per_area(grid(map))),
        dose: found.maps.dose_gy_mm.map(grid),
        relative: None,
    })
}

/// Values per cell to values per area (a curve: per length).
fn per_area(mut grid: Grid) -> Grid {
    for ((i, j), value) in grid.values.indexed_iter_mut() {
        let width = grid.x_mm.as_ref().map_or(1.0, |x| x.width(j));
        *value /= grid.z_mm.width(i) * width;
    }
    grid
}

fn load_npz(path: &Path) -> Result<Distribution> {
    let unreadable = |error: String| Error::bad_data(format!("not a readable NPZ file ({error})"));
    let file = File::open(path).map_err(|error| unreadable(error.to_string()))?;
    let mut archive = NpzReader::new(file).map_err(|error| unreadable(error.to_string()))?;
    let axis = |archive: &mut NpzReader<File>, name: &str| {
        let centers =
            npz_array(archive, name).and_then(|array| array.into_dimensionality::<Ix1>().ok());
        centers
            .map(|centers| Axis::from_centers(centers.to_vec()).map_err(|error| error.key(name)))
            .transpose()
    };
    let z_mm = axis(&mut archive, "z_mm")?.ok_or_else(|| {
        Error::bad_data("no array `z_mm` of floating-point numbers").hint(NPZ_HINT)
    })?;
    let x_mm = axis(&mut archive, "x_mm")?;
    let energy = NPZ_ENERGY_NAMES
        .iter()
        .find_map(|name| npz_array(&mut archive, name));
    let dose = npz_array(&mut archive, "dose");
    if energy.is_none() && dose.is_none() {
        return Err(
            Error::bad_data("no array `dose` or `edep` of floating-point numbers").hint(NPZ_HINT),
        );
    }
    let grid = |name: &str, values: ArrayD<f64>| fit(name, values, &z_mm, x_mm.as_ref());
    Ok(Distribution {
        energy: energy
            .map(|values| grid("edep", values))
            .transpose()?
            .map(per_area),
        dose: dose.map(|values| grid("dose", values)).transpose()?,
        relative: None,
    })
}

/// An array of doubles or singles by its name; none where there is no such array.
fn npz_array(archive: &mut NpzReader<File>, name: &str) -> Option<ArrayD<f64>> {
    typed_array::<f64>(archive, name).or_else(|| typed_array::<f32>(archive, name))
}

fn typed_array<T: ReadableElement + Copy + Into<f64>>(
    archive: &mut NpzReader<File>,
    name: &str,
) -> Option<ArrayD<f64>> {
    let array = archive.by_name::<OwnedRepr<T>, IxDyn>(name);
    array.ok().map(|array| array.map(|&value| value.into()))
}

fn fit(name: &str, values: ArrayD<f64>, z_mm: &Axis, x_mm: Option<&Axis>) -> Result<Grid> {
    let wanted = [z_mm.len(), x_mm.map_or(1, Axis::len)];
    let message = format!("shape {:?}, the axes have {wanted:?}", values.shape());
    let two = match values.ndim() {
        1 => values.insert_axis(ndarray::Axis(1)),
        _ => values,
    };
    let values = two
        .into_dimensionality::<Ix2>()
        .ok()
        .filter(|values| values.shape() == wanted);
    Ok(Grid {
        z_mm: z_mm.clone(),
        x_mm: x_mm.cloned(),
        values: values.ok_or_else(|| Error::bad_data(message).key(name))?,
    })
}

fn load_csv(path: &Path) -> Result<Distribution> {
    let text = text_file::read(path, "the curve")?;
    let (mut depths, mut values) = (Vec::new(), Vec::new());
    let mut names_passed = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        match parse_row(line) {
            Some((depth, value)) => {
                depths.push(depth);
                values.push(value);
            }
            None if depths.is_empty() && !names_passed => names_passed = true,
            None => {
                let error =
                    Error::bad_data(format!("`{line}` is no row of numbers")).line(number + 1);
                return Err(error.hint("two columns are wanted: depth in mm, dose"));
            }
        }
    }
    let z_mm = Axis::from_centers(depths)?;
    let values = Array1::from(values).insert_axis(ndarray::Axis(1));
    Ok(Distribution {
        relative: Some(Grid {
            z_mm,
            x_mm: None,
            values,
        }),
        ..Distribution::default()
    })
}

fn parse_row(line: &str) -> Option<(f64, f64)> {
    let mut columns = line
        .split([',', ';', '\t'])
        .map(|column| column.trim().parse::<f64>().ok());
    Some((columns.next()??, columns.next()??))
        .filter(|(depth, value)| depth.is_finite() && value.is_finite())
}
