//! The phantom: which material and density fills each cell of the (z, x) grid.

use crate::physics::Material;
use ndarray::Array2;

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
    pub fn cells_x(&self) -> usize {
        self.material_index.ncols()
    }

    pub fn cells_z(&self) -> usize {
        self.material_index.nrows()
    }
}
