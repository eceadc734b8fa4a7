//! The dose file: one HDF5 file that CF and netCDF-4 readers open with named coordinates and units.
//!
//! Names, units and shapes are those of docs/dose-file.md. The file is written aside, flushed, closed (both checked:
//! a full disk may show only there), opened again, synced and renamed, so no half file ever stands under the target's
//! name. Equal results and provenance give equal bytes.

pub mod atomic;
mod hdf5_calls;
mod layout;
mod provenance;
mod read;
mod section;

pub use provenance::sha256;
pub use read::{DoseMap, Quantities, check_is_file, read};

use crate::error::{Error, Result};
use crate::results::{Axis, Provenance, Results};
use hdf5::File;
use hdf5::plist::file_access::{FileCloseDegree, LibraryVersion};
use ndarray::Array2;
use section::{Label, Section, Storage};
use std::path::Path;

/// Version of the layout; grows when a reader of the previous one would go wrong.
pub const FORMAT_VERSION: i64 = 1;

/// Writes a complete dose file to `path`, or changes nothing there.
///
/// # Errors
/// `CannotCreateOutput` where no file can be made at `path`; `Io` where it cannot be filled, synced or read back;
/// `Internal` where the arrays of `results` do not fit its axes.
pub fn write(path: &Path, results: &Results, provenance: &Provenance) -> Result<()> {
    check_shapes(results)?;
    replace_with(path, |file| layout::write(file, results, provenance))
}

/// A map that `write_maps` stores: name, unit and long name as in CF, values `[z, x]`.
#[derive(Clone, Copy, Debug)]
pub struct NamedMap<'a> {
    pub name: &'a str,
    pub units: &'a str,
    pub long_name: &'a str,
    pub values: &'a Array2<f64>,
}

/// Writes maps that share the axes `z_mm` and `x_mm`, in double precision, as `write` writes a dose file.
///
/// # Errors
/// As `write`.
pub fn write_maps(
    path: &Path,
    title: &str,
    z_mm: &Axis,
    x_mm: &Axis,
    maps: &[NamedMap],
) -> Result<()> {
    replace_with(path, |file| {
        let mut root = Section::root(file, Storage::Double, 4)?;
        root.text("Conventions", "CF-1.11")?;
        root.text("title", title)?;
        root.text("source", &provenance::program())?;
        root.cells(layout::DEPTH, z_mm)?;
        root.cells(layout::LATERAL, x_mm)?;
        for map in maps {
            let label = Label {
                name: map.name,
                units: map.units,
                long_name: map.long_name,
            };
            root.variable(label, &["z", "x"], map.values.view())?;
        }
        root.finish()
    })
}

/// Replaces `path` by the file that `fill` fills; `complete` is the last thing written into it.
fn replace_with(path: &Path, fill: impl FnOnce(&File) -> hdf5::Result<()>) -> Result<()> {
    atomic::replace(path, |temporary| {
        fill_and_close(temporary, fill).map_err(|error| writing_error(&error))?;
        verify(temporary)
    })
}

fn fill_and_close(path: &Path, fill: impl FnOnce(&File) -> hdf5::Result<()>) -> hdf5::Result<()> {
    let file = File::with_options()
        .with_fapl(|access| {
            access
                .libver_bounds(LibraryVersion::V110, LibraryVersion::V110)
                .fclose_degree(FileCloseDegree::Strong)
                .file_locking(false)
        })
        .with_fcpl(|creation| creation.obj_track_times(false))
        .create(path)?;
    let filled = fill(&file).and_then(|()| {
        file.new_attr::<u8>()
            .shape(())
            .create("complete")?
            .write_scalar(&1u8)?;
        file.flush()
    });
    let closed = file.close();
    filled.and(closed)
}

/// The system's own words where HDF5 passes them on, as for a full disk.
fn writing_error(error: &hdf5::Error) -> Error {
    let Some(stack) = error.stack() else {
        return Error::internal(format!("cannot put the dose file together ({error})"));
    };
    let system = stack
        .iter()
        .find_map(|frame| frame.desc().split("error message = '").nth(1));
    let why = system
        .and_then(|text| text.split('\'').next())
        .unwrap_or(stack.description());
    atomic::write_failed(why)
}

/// Opens the file just written and finds it complete.
fn verify(temporary: &Path) -> Result<()> {
    let complete =
        read::open_file(temporary).and_then(|file| file.attr("complete")?.read_scalar::<u8>());
    match complete {
        Ok(1) => Ok(()),
        Ok(value) => Err(atomic::write_failed(&format!(
            "it reads back with complete = {value}"
        ))),
        Err(error) => Err(atomic::write_failed(&format!(
            "it does not read back: {error}"
        ))),
    }
}

fn check_shapes(results: &Results) -> Result<()> {
    let shape = [results.z_mm.len(), results.x_mm.len()];
    let maps = [
        ("material_index", Some(results.material_index.shape())),
        ("density", Some(results.density_g_per_cm3.shape())),
        ("energy_deposit", Some(results.energy_deposit_mev.shape())),
        ("dose", results.dose_gy_mm.as_ref().map(|map| map.shape())),
        (
            "let_d",
            results.let_d_kev_per_um.as_ref().map(|map| map.shape()),
        ),
        (
            "let_t",
            results.let_t_kev_per_um.as_ref().map(|map| map.shape()),
        ),
        (
            "fluence",
            results.fluence_per_mm.as_ref().map(|map| map.shape()),
        ),
    ];
    for (name, found) in maps {
        if found.is_some_and(|found| found != shape) {
            return Err(Error::internal(format!(
                "{name} has shape {found:?}, the axes {shape:?}"
            )));
        }
    }
    check_curves(results)
}

fn check_curves(results: &Results) -> Result<()> {
    let count = results.z_mm.len();
    for (name, curve) in [
        ("depth_dose", &results.depth_dose_mev_per_mm),
        ("sigma_x", &results.sigma_x_mm),
    ] {
        if curve.len() != count {
            return Err(Error::internal(format!(
                "{name} has {} values, the z axis {}",
                curve.len(),
                count
            )));
        }
    }
    Ok(())
}
