//! Reading a dose file back, or any HDF5 file with a map over `z` and `x`, for `compare` and `plot`.

use crate::error::{Error, Kind, Result};
use crate::results::Axis;
use hdf5::types::{FixedAscii, FixedUnicode, VarLenAscii, VarLenUnicode};
use hdf5::{Attribute, Dataset, File};
use ndarray::{Array1, Array2};
use std::path::Path;

/// Names under which a plain file may hold what a dose file calls `z`, `x`, `energy_deposit`.
const DEPTH_NAMES: [&str; 2] = ["z", "z_mm"];
const LATERAL_NAMES: [&str; 2] = ["x", "x_mm"];
const ENERGY_NAMES: [&str; 2] = ["energy_deposit", "edep"];

/// The maps of a file, with their axes in mm. Maps are `[z, x]`.
#[derive(Clone, Debug)]
pub struct DoseMap {
    pub title: String,
    pub z_mm: Axis,
    pub x_mm: Axis,
    pub maps: Quantities,
    /// MeV/mm per proton; summed from the energy deposit where the file has no such curve.
    pub depth_dose_mev_per_mm: Option<Array1<f64>>,
    /// Lateral standard deviation of the fluence, mm.
    pub sigma_x_mm: Option<Array1<f64>>,
}

/// The maps a file holds: at least one of them.
#[derive(Clone, Debug, Default)]
pub struct Quantities {
    /// MeV per proton and cell.
    pub energy_deposit_mev: Option<Array2<f64>>,
    /// Gy mm per proton.
    pub dose_gy_mm: Option<Array2<f64>>,
}

/// Reads the maps of `path`: a dose file, or any HDF5 file with `z` and `x` (or `z_mm`, `x_mm`: cell centres in mm)
/// and `dose` or `energy_deposit` (or `edep`) over `[z, x]` at its root.
///
/// # Errors
/// `InputMissing` where there is no such file, or a folder; `BadData` where it is no HDF5 file, not complete, or lacks a name.
pub fn read(path: &Path) -> Result<DoseMap> {
    check_is_file(path)?;
    let file = open_file(path).map_err(|error| {
        Error::bad_data(format!("not a readable HDF5 file ({error})"))
            .at(path)
            .hint("name a dose file that `smatrix2d run` wrote")
    })?;
    check_complete(&file, path)?;
    read_maps(&file).map_err(|error| match error {
        Reading::Hdf5(error) => Error::bad_data(format!("cannot read the file ({error})")).at(path),
        Reading::Found(error) => error.at(path),
    })
}

/// Input missing, where there is no ordinary file at `path`.
pub fn check_is_file(path: &Path) -> Result<()> {
    if path.is_file() {
        return Ok(());
    }
    let (message, hint) = match (path.is_dir(), path.exists()) {
        (true, _) => ("it is a folder", "name a file in it"),
        (false, true) => ("it is no ordinary file", "copy it into one"),
        (false, false) => ("no such file", "check the path"),
    };
    Err(Error::new(Kind::InputMissing, message).at(path).hint(hint))
}

/// Opens without a lock: dose files are replaced whole, so a reader never meets a writer.
pub fn open_file(path: &Path) -> hdf5::Result<File> {
    File::with_options()
        .with_fapl(|access| access.file_locking(false))
        .open(path)
}

/// What went wrong on the way: in HDF5, or with what was found.
enum Reading {
    Hdf5(hdf5::Error),
    Found(Error),
}

impl From<hdf5::Error> for Reading {
    fn from(error: hdf5::Error) -> Self {
        Self::Hdf5(error)
    }
}

impl From<Error> for Reading {
    fn from(error: Error) -> Self {
        Self::Found(error)
    }
}

fn check_complete(file: &File, path: &Path) -> Result<()> {
    let Ok(attribute) = file.attr("complete") else {
        return Ok(());
    };
    match attribute.read_scalar::<u8>() {
        Ok(1) => Ok(()),
        _ => Err(Error::bad_data("the file is not complete")
            .at(path)
            .hint("run the case again")),
    }
}

fn read_maps(file: &File) -> std::result::Result<DoseMap, Reading> {
    let z_mm = read_axis(file, &DEPTH_NAMES)?;
    let x_mm = read_axis(file, &LATERAL_NAMES)?;
    let maps = Quantities {
        energy_deposit_mev: read_map(file, &ENERGY_NAMES, &z_mm, &x_mm)?,
        dose_gy_mm: read_map(file, &["dose"], &z_mm, &x_mm)?,
    };
    if maps.energy_deposit_mev.is_none() && maps.dose_gy_mm.is_none() {
        let error = Error::bad_data("no map in the file");
        return Err(error
            .hint("`dose` or `energy_deposit` over (z, x) is wanted at its root")
            .into());
    }
    let depth_dose = read_curve(file, "depth_dose", &z_mm)?;
    let from_map = || {
        maps.energy_deposit_mev
            .as_ref()
            .map(|map| depth_dose_of(map, &z_mm))
    };
    Ok(DoseMap {
        title: file
            .attr("title")
            .ok()
            .and_then(|title| read_text(&title))
            .unwrap_or_default(),
        depth_dose_mev_per_mm: depth_dose.or_else(from_map),
        sigma_x_mm: read_curve(file, "sigma_x", &z_mm)?,
        z_mm,
        x_mm,
        maps,
    })
}

fn depth_dose_of(energy_mev: &Array2<f64>, z_mm: &Axis) -> Array1<f64> {
    let rows = energy_mev.rows().into_iter().enumerate();
    rows.map(|(i, row)| row.sum() / z_mm.width(i)).collect()
}

fn find_dataset(file: &File, names: &[&str]) -> Option<Dataset> {
    names.iter().find_map(|name| file.dataset(name).ok())
}

/// Centres from the dataset, edges from its `NAME_bounds`, or half way between the centres.
fn read_axis(file: &File, names: &[&str]) -> std::result::Result<Axis, Reading> {
    let missing = || Error::bad_data(format!("no axis `{}` in the file", names.join("` or `")));
    let centers = find_dataset(file, names)
        .ok_or_else(missing)?
        .read_1d::<f64>()?
        .to_vec();
    if let Ok(bounds) = file.dataset(&format!("{}_bounds", names[0])) {
        let bounds = bounds.read_2d::<f64>()?;
        if bounds.dim() == (centers.len(), 2) {
            let mut edges = bounds.column(0).to_vec();
            edges.extend(bounds.column(1).last());
            return Ok(Axis { centers, edges });
        }
    }
    Ok(Axis::from_centers(centers).map_err(|error| error.key(names[0]))?)
}

fn read_map(
    file: &File,
    names: &[&str],
    z_mm: &Axis,
    x_mm: &Axis,
) -> std::result::Result<Option<Array2<f64>>, Reading> {
    let Some(dataset) = find_dataset(file, names) else {
        return Ok(None);
    };
    let wanted = [z_mm.len(), x_mm.len()];
    if dataset.shape() != wanted {
        let message = format!(
            "shape {:?}, the axes z and x have {wanted:?}",
            dataset.shape()
        );
        return Err(Error::bad_data(message).key(names[0]).into());
    }
    Ok(Some(dataset.read_2d::<f64>()?))
}

fn read_curve(
    file: &File,
    name: &str,
    z_mm: &Axis,
) -> std::result::Result<Option<Array1<f64>>, Reading> {
    match file.dataset(name) {
        Ok(dataset) if dataset.shape() == [z_mm.len()] => Ok(Some(dataset.read_1d::<f64>()?)),
        _ => Ok(None),
    }
}

/// A scalar string attribute of any of HDF5's kinds.
fn read_text(attribute: &Attribute) -> Option<String> {
    const LONGEST: usize = 4096;
    let fixed = || {
        attribute
            .read_scalar::<FixedAscii<LONGEST>>()
            .map(|text| text.to_string())
    };
    let fixed_unicode = || {
        attribute
            .read_scalar::<FixedUnicode<LONGEST>>()
            .map(|text| text.to_string())
    };
    let ascii = || {
        attribute
            .read_scalar::<VarLenAscii>()
            .map(|text| text.to_string())
    };
    let unicode = || {
        attribute
            .read_scalar::<VarLenUnicode>()
            .map(|text| text.to_string())
    };
    fixed()
        .or_else(|_| fixed_unicode())
        .or_else(|_| ascii())
        .or_else(|_| unicode())
        .ok()
}
