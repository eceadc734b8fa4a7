//! Reads a phantom from HDF5: `/material_index` and `/density_g_per_cm3`, both (z, x), and the attribute `materials`;
//! or `/hounsfield` (z, x), numbers of a CT slice.
//!
//! The attribute (a list of names, on the root or on `/material_index`) says which material each index means.

use super::{DENSITY_HINT, density_refused};
use crate::error::{Error, Kind, Result};
use hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{Attribute, Dataset, File};
use ndarray::Array2;
use std::io::Read;
use std::path::Path;

/// Longest material name in a fixed-length string attribute.
const LONGEST_NAME: usize = 256;
const LAYOUT_HINT: &str = "a phantom file holds /material_index and /density_g_per_cm3, both (z, x), and the attribute `materials`; or /hounsfield (z, x)";

/// A phantom file's content.
pub enum PhantomFile {
    Cells(Cells),
    /// (nz, nx); not checked for NaN.
    Hounsfield(Array2<f64>),
}

/// Cells as given; every index points into `materials`, every density is above 0 and below 30 g/cm3.
pub struct Cells {
    /// (nz, nx)
    pub material_index: Array2<u16>,
    /// (nz, nx), g/cm3
    pub density_g_per_cm3: Array2<f64>,
    pub materials: Vec<String>,
}

/// Reads `path`; its arrays must have `shape` (nz, nx).
///
/// # Errors
/// Input missing where there is no such file; bad data where it is no HDF5 file, is cut short, has another layout or
/// shape, an index beyond the names, or a density beyond what is allowed.
pub fn read(path: &Path, shape: (usize, usize)) -> Result<PhantomFile> {
    // A byte of it: a folder can be opened, and not be read.
    let first_byte = std::fs::File::open(path).and_then(|mut file| file.read(&mut [0]));
    first_byte.map_err(|error| {
        Error::new(
            Kind::InputMissing,
            format!("the phantom file cannot be read: {error}"),
        )
        .at(path)
        .hint("paths are relative to the case file's folder")
    })?;
    let file = File::open(path).map_err(|error| {
        wrong(path, format!("not a whole HDF5 file: {error}"))
            .hint("the file may be cut short, still being written, or of another kind")
    })?;
    match (
        file.link_exists("hounsfield"),
        file.link_exists("material_index"),
    ) {
        (false, _) => cells(&file, path, shape).map(PhantomFile::Cells),
        (true, false) => hounsfield(&file, path, shape).map(PhantomFile::Hounsfield),
        (true, true) => Err(wrong(
            path,
            "/hounsfield stands beside /material_index; allowed: one or the other".into(),
        )
        .hint("remove the dataset that is not meant")),
    }
}

fn cells(file: &File, path: &Path, shape: (usize, usize)) -> Result<Cells> {
    let materials = material_names(file, path)?;
    Ok(Cells {
        material_index: indices(file, path, shape, materials.len())?,
        density_g_per_cm3: densities(file, path, shape)?,
        materials,
    })
}

fn hounsfield(file: &File, path: &Path, shape: (usize, usize)) -> Result<Array2<f64>> {
    let dataset = dataset(file, path, "hounsfield", shape)?;
    let kind = dataset.dtype().and_then(|kind| kind.to_descriptor());
    let values = match kind {
        Ok(TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_)) => dataset
            .read_2d::<i64>()
            .map(|values| values.mapv(|value| value as f64)),
        _ => dataset.read_2d::<f64>(),
    };
    values.map_err(|error| unreadable(path, "hounsfield", &error))
}

fn wrong(path: &Path, message: String) -> Error {
    Error::bad_data(message).at(path).hint(LAYOUT_HINT)
}

fn dataset(file: &File, path: &Path, name: &str, shape: (usize, usize)) -> Result<Dataset> {
    let dataset = file
        .dataset(name)
        .map_err(|_| wrong(path, format!("there is no dataset /{name}")))?;
    let found = dataset.shape();
    if found == [shape.0, shape.1] {
        return Ok(dataset);
    }
    let message = format!(
        "/{name} has the shape {found:?}; allowed: [{}, {}] (z, x)",
        shape.0, shape.1
    );
    Err(wrong(path, message)
        .hint("the shape is the extent of z_mm and of x_mm over spacing_mm, z first"))
}

fn indices(file: &File, path: &Path, shape: (usize, usize), count: usize) -> Result<Array2<u16>> {
    let dataset = dataset(file, path, "material_index", shape)?;
    let whole = matches!(
        dataset.dtype().and_then(|kind| kind.to_descriptor()),
        Ok(TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_))
    );
    if !whole {
        return Err(wrong(
            path,
            "/material_index does not hold whole numbers".into(),
        ));
    }
    let values = dataset
        .read_2d::<i64>()
        .map_err(|error| unreadable(path, "material_index", &error))?;
    let outside = |value: &i64| usize::try_from(*value).map_or(true, |index| index >= count);
    match values.indexed_iter().find(|(_, value)| outside(value)) {
        None => Ok(values.mapv(|value| value as u16)),
        Some(((z, x), value)) => {
            let message = format!(
                "/material_index[{z}, {x}] is {value}; allowed: 0 to {} (`materials` has {count} names)",
                count - 1
            );
            Err(wrong(path, message)
                .hint("indices count from 0, in the order of the attribute `materials`"))
        }
    }
}

fn densities(file: &File, path: &Path, shape: (usize, usize)) -> Result<Array2<f64>> {
    let dataset = dataset(file, path, "density_g_per_cm3", shape)?;
    let values = dataset
        .read_2d::<f64>()
        .map_err(|error| unreadable(path, "density_g_per_cm3", &error))?;
    match values
        .indexed_iter()
        .find_map(|((z, x), value)| Some((z, x, density_refused(*value)?)))
    {
        None => Ok(values),
        Some((z, x, refused)) => {
            let message = format!("/density_g_per_cm3[{z}, {x}] {refused}");
            Err(wrong(path, message).hint(DENSITY_HINT))
        }
    }
}

fn unreadable(path: &Path, name: &str, error: &hdf5::Error) -> Error {
    wrong(path, format!("/{name} cannot be read: {error}"))
        .hint("the file may be cut short, or hold numbers of another kind")
}

fn material_names(file: &File, path: &Path) -> Result<Vec<String>> {
    let on_dataset = || {
        file.dataset("material_index")
            .and_then(|dataset| dataset.attr("materials"))
    };
    let attribute = file.attr("materials").or_else(|_| on_dataset());
    let attribute =
        attribute.map_err(|_| wrong(path, "there is no attribute `materials`".into()))?;
    let names = strings(&attribute).map_err(|error| {
        wrong(
            path,
            format!("the attribute `materials` is no list of names: {error}"),
        )
    })?;
    match names.len() {
        1..=65_536 => Ok(names),
        count => Err(wrong(
            path,
            format!("the attribute `materials` has {count} names; allowed: 1 to 65536"),
        )),
    }
}

fn strings(attribute: &Attribute) -> hdf5::Result<Vec<String>> {
    let text = match attribute.dtype()?.to_descriptor()? {
        TypeDescriptor::VarLenUnicode => raw::<VarLenUnicode>(attribute)?,
        TypeDescriptor::VarLenAscii => raw::<VarLenAscii>(attribute)?,
        TypeDescriptor::FixedAscii(_) => raw::<FixedAscii<LONGEST_NAME>>(attribute)?,
        TypeDescriptor::FixedUnicode(_) => raw::<FixedUnicode<LONGEST_NAME>>(attribute)?,
        other => return Err(format!("its type is {other:?}").into()),
    };
    Ok(text)
}

fn raw<T: hdf5::H5Type + std::fmt::Display>(attribute: &Attribute) -> hdf5::Result<Vec<String>> {
    Ok(attribute
        .read_raw::<T>()?
        .iter()
        .map(ToString::to_string)
        .collect())
}
