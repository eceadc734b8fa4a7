//! The phantom: which material and density fills each cell of the (z, x) grid.
//!
//! From boxes, a cell belongs to the last box that holds its centre; from a file, every cell is given, as material and
//! density or as a Hounsfield number.

mod curve_file;
mod density;
mod file;
mod hounsfield;
mod off_the_grid;

use crate::case::{Case, MaterialSpec, PhantomSpec, RegionSpec, nearest};
use crate::error::{Error, Result};
use crate::physics::{self, Material};
use curve_file::Substance;
use file::{Cells, PhantomFile};
use hounsfield::Curve;
use ndarray::Array2;
use std::path::Path;

pub use density::{DENSITY_HINT, density_refused};
pub use off_the_grid::edges_off_the_grid;

/// Cells of the medium. Index order `[z, x]`, x fastest. Edges in mm; cell `i` spans `x_min_mm + [i, i+1] * spacing_x_mm`.
#[derive(Clone, Debug)]
pub struct Phantom {
    pub x_min_mm: f64,
    pub z_min_mm: f64,
    pub spacing_x_mm: f64,
    pub spacing_z_mm: f64,
    /// The materials that `material_index` points into.
    pub materials: Vec<Material>,
    /// (nz, nx)
    pub material_index: Array2<u16>,
    /// (nz, nx), g/cm3
    pub density_g_per_cm3: Array2<f64>,
}

impl Phantom {
    /// The phantom of a checked case. Relative paths in the case start at `base_dir`, the case file's folder.
    ///
    /// # Errors
    /// Input missing or bad data where a phantom file or a material of `[materials.NAME]`, in a cell or not, cannot be used; with the key
    /// that names it.
    pub fn build(case: &Case, base_dir: &Path) -> Result<Self> {
        check_materials(case, base_dir)?;
        let phantom = match &case.phantom.file {
            Some(path) => from_file(case, &base_dir.join(path), base_dir)?,
            None => from_boxes(case, base_dir)?,
        };
        check_energies(case, &phantom.materials)?;
        Ok(phantom)
    }

    pub fn cells_x(&self) -> usize {
        self.material_index.ncols()
    }

    pub fn cells_z(&self) -> usize {
        self.material_index.nrows()
    }

    fn filled(spec: &PhantomSpec, materials: Vec<Material>, density_g_per_cm3: f64) -> Self {
        let shape = shape(spec);
        Self {
            x_min_mm: spec.x_mm[0],
            z_min_mm: spec.z_mm[0],
            spacing_x_mm: spec.spacing_mm[0],
            spacing_z_mm: spec.spacing_mm[1],
            materials,
            material_index: Array2::zeros(shape),
            density_g_per_cm3: Array2::from_elem(shape, density_g_per_cm3),
        }
    }

    fn fill(&mut self, region: &RegionSpec, index: u16, density_g_per_cm3: f64) {
        let inside = |value: f64, extent: [f64; 2]| extent[0] <= value && value < extent[1];
        let centre = |min: f64, spacing: f64, cell: usize| min + (cell as f64 + 0.5) * spacing;
        for z in 0..self.cells_z() {
            if !inside(centre(self.z_min_mm, self.spacing_z_mm, z), region.z_mm) {
                continue;
            }
            for x in 0..self.cells_x() {
                if inside(centre(self.x_min_mm, self.spacing_x_mm, x), region.x_mm) {
                    self.material_index[[z, x]] = index;
                    self.density_g_per_cm3[[z, x]] = density_g_per_cm3;
                }
            }
        }
    }
}

/// Cells (nz, nx); the case is checked, so that they fill the extent.
fn shape(spec: &PhantomSpec) -> (usize, usize) {
    spec.cells().into()
}

fn from_boxes(case: &Case, base_dir: &Path) -> Result<Phantom> {
    let spec = &case.phantom;
    let background = material(case, base_dir, "phantom.material", &spec.material)?;
    let density = spec
        .density_g_per_cm3
        .unwrap_or(background.density_g_per_cm3);
    let mut phantom = Phantom::filled(spec, vec![background], density);
    for (index, region) in spec.regions.iter().enumerate() {
        let key = format!("phantom.region[{index}].material");
        let index = position(&mut phantom.materials, &region.material, || {
            material(case, base_dir, &key, &region.material)
        })?;
        let density = phantom.materials[index].density_g_per_cm3;
        phantom.fill(
            region,
            index as u16,
            region.density_g_per_cm3.unwrap_or(density),
        );
    }
    Ok(phantom)
}

/// Index of the material of that name, made and added where it is new.
fn position(
    materials: &mut Vec<Material>,
    name: &str,
    make: impl FnOnce() -> Result<Material>,
) -> Result<usize> {
    if let Some(index) = materials.iter().position(|known| known.name == name) {
        return Ok(index);
    }
    materials.push(make()?);
    Ok(materials.len() - 1)
}

fn from_file(case: &Case, path: &Path, base_dir: &Path) -> Result<Phantom> {
    let spec = &case.phantom;
    let content = case
        .places
        .locate("phantom.file", file::read(path, shape(spec)))?;
    match content {
        PhantomFile::Cells(cells) => from_cells(case, cells, base_dir),
        PhantomFile::Hounsfield(numbers) => from_hounsfield(case, &numbers, base_dir),
    }
}

fn from_cells(case: &Case, cells: Cells, base_dir: &Path) -> Result<Phantom> {
    if case.phantom.hounsfield.is_some() {
        return Err(case
            .error(
                "phantom.hounsfield",
                "found, but phantom.file holds no /hounsfield",
            )
            .hint("remove [phantom.hounsfield]: the file gives each cell's material and density"));
    }
    let make = |name: &String| material(case, base_dir, "phantom.file", name);
    let materials = cells.materials.iter().map(make).collect::<Result<_>>()?;
    Ok(Phantom {
        materials,
        material_index: cells.material_index,
        density_g_per_cm3: cells.density_g_per_cm3,
        ..Phantom::filled(&case.phantom, Vec::new(), 0.0)
    })
}

fn from_hounsfield(case: &Case, numbers: &Array2<f64>, base_dir: &Path) -> Result<Phantom> {
    let spec = case.phantom.hounsfield.clone().unwrap_or_default();
    let key = match spec.file {
        Some(_) => "phantom.hounsfield.file",
        None => "phantom.hounsfield",
    };
    let rows = case.places.locate(key, hounsfield::rows(&spec, base_dir))?;
    let in_curve = |substance: &Substance, error: Error| match &spec.file {
        Some(file) => error.at(&base_dir.join(file)).line(substance.line),
        None => error,
    };
    let make = |substance: &Substance, density_g_per_cm3: f64| {
        let Substance {
            name, composition, ..
        } = substance;
        let made = match (composition.as_slice(), case.materials.get(name)) {
            ([], Some(spec)) => return own(case, base_dir, name, spec),
            ([], None) => built_in(name),
            (parts, _) => Material::from_composition(name, density_g_per_cm3, parts, None),
        };
        let made = made.map_err(|error| in_curve(substance, error));
        case.places.locate(key, made)
    };
    let converted = Curve::new(&rows, make)?.convert(numbers, spec.outside);
    let converted = case.places.locate("phantom.file", converted)?;
    Ok(Phantom {
        materials: converted.materials,
        material_index: converted.material_index,
        density_g_per_cm3: converted.density_g_per_cm3,
        ..Phantom::filled(&case.phantom, Vec::new(), 0.0)
    })
}

/// Every beam's energies, and the cutoff, must lie within the tables of every material: nothing is extrapolated.
fn check_energies(case: &Case, materials: &[Material]) -> Result<()> {
    for material in materials {
        let cutoff = material.check_energy_mev(case.grid.cutoff_mev);
        case.places.locate("grid.cutoff_mev", cutoff)?;
        for (index, beam) in case.beams.iter().enumerate() {
            let key = format!("beam[{index}].energy_mev");
            case.places
                .locate(&key, material.check_energy_mev(beam.highest_mev()))?;
        }
    }
    Ok(())
}

/// The user's own materials, those that no cell holds too.
fn check_materials(case: &Case, base_dir: &Path) -> Result<()> {
    for (name, spec) in &case.materials {
        own(case, base_dir, name, spec)?;
    }
    Ok(())
}

/// The user's own material of that name, else the built-in one; `key` is where it is asked for.
fn material(case: &Case, base_dir: &Path, key: &str, name: &str) -> Result<Material> {
    match case.materials.get(name) {
        Some(spec) => own(case, base_dir, name, spec),
        None => case.places.locate(key, built_in(name)),
    }
}

/// The material of `[materials.NAME]`.
fn own(case: &Case, base_dir: &Path, name: &str, spec: &MaterialSpec) -> Result<Material> {
    let key = |error: &Error| match (&error.file, &error.key) {
        (None, Some(key)) => key.clone(),
        _ => format!("materials.{name}.stopping_power_file"),
    };
    Material::from_spec(name, spec, base_dir)
        .or_else(|error| case.places.locate(&key(&error), Err(error)))
}

fn built_in(name: &str) -> Result<Material> {
    physics::builtin(name).ok_or_else(|| {
        let error = Error::bad_data(format!("there is no material \"{name}\""));
        match nearest(name, physics::builtin_names()) {
            Some(near) => error.hint(format!("did you mean \"{near}\"? `smatrix2d materials` lists all")),
            None => error.hint(format!("`smatrix2d materials` lists the built-in ones; define your own as [materials.{name}]")),
        }
    })
}
