//! Scoring: maps over (z, x) summed over energy and angle in f64 and fixed order, and what is made of them.
//!
//! Along the path of step k in its cell: energy deposit, deposit times LET, and path length, per proton.
//! LET_d = sum(deposit x LET) / sum(deposit), with LET the electronic stopping power averaged over the step's energies;
//! LET_t = sum(deposit) / sum(path); fluence = path / cell area, summed over y.

use crate::constants::GRAY_MM_PER_MEV_PER_GRAM_PER_CM3_MM2;
use crate::operators::energy_loss::MOMENTS;
use crate::phase_space::{AngleAxis, SpatialGrid};
use ndarray::{Array1, Array2};

/// Score maps of a run, per proton: index order [z, x].
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    pub deposit_mev: Array2<f64>,
    /// MeV keV/um
    pub let_deposit: Array2<f64>,
    pub path_mm: Array2<f64>,
    /// Protons that reactions took, times 1, E, E^2, E^3 (MeV).
    pub absorbed: [Array2<f64>; MOMENTS],
    /// Energy that reactions leave in the cell, beside what protons deposit along their way.
    pub nuclear_mev: Array2<f64>,
}

impl Scores {
    /// Bytes of a set of maps.
    pub fn bytes(space: &SpatialGrid) -> u64 {
        let maps = size_of::<Scores>() / size_of::<Array2<f64>>();
        (maps * space.cells_z * space.cells_x * size_of::<f64>()) as u64
    }

    pub fn new(space: &SpatialGrid) -> Scores {
        Scores::of_cells((space.cells_z, space.cells_x))
    }

    /// Empty maps of (z, x) cells.
    pub fn of_cells(cells: (usize, usize)) -> Scores {
        // Each from the system: copies of zeros would touch pages that the beam may not come to.
        let zeros = || Array2::zeros(cells);
        Scores {
            deposit_mev: zeros(),
            let_deposit: zeros(),
            path_mm: zeros(),
            absorbed: std::array::from_fn(|_| zeros()),
            nuclear_mev: zeros(),
        }
    }

    pub fn scaled(mut self, factor: f64) -> Scores {
        self.deposit_mev *= factor;
        self.let_deposit *= factor;
        self.path_mm *= factor;
        self.absorbed.iter_mut().for_each(|map| *map *= factor);
        self.nuclear_mev *= factor;
        self
    }

    pub fn add_scaled(&mut self, other: &Scores, factor: f64) {
        self.deposit_mev.scaled_add(factor, &other.deposit_mev);
        self.let_deposit.scaled_add(factor, &other.let_deposit);
        self.path_mm.scaled_add(factor, &other.path_mm);
        for (map, other) in self.absorbed.iter_mut().zip(&other.absorbed) {
            map.scaled_add(factor, other);
        }
        self.nuclear_mev.scaled_add(factor, &other.nuclear_mev);
    }

    /// All of it as energy that other particles than protons left.
    pub fn without_protons(self) -> Scores {
        Scores {
            nuclear_mev: self.nuclear_mev + self.deposit_mev,
            ..Scores::of_cells(self.path_mm.dim())
        }
    }

    /// MeV per proton and cell, of all origins.
    pub fn energy_deposit_mev(&self) -> Array2<f64> {
        &self.deposit_mev + &self.nuclear_mev
    }

    /// Gy mm per proton: energy per mass, integrated over y.
    pub fn dose_gy_mm(&self, density_g_per_cm3: &Array2<f64>, space: &SpatialGrid) -> Array2<f64> {
        let factor =
            GRAY_MM_PER_MEV_PER_GRAM_PER_CM3_MM2 / (space.spacing_x_mm * space.spacing_z_mm);
        factor * self.energy_deposit_mev() / density_g_per_cm3
    }

    /// keV/um; 0 where nothing was deposited.
    pub fn let_d_kev_per_um(&self) -> Array2<f64> {
        ratio(&self.let_deposit, &self.deposit_mev)
    }

    /// keV/um (a MeV per mm); 0 where nothing passed.
    pub fn let_t_kev_per_um(&self) -> Array2<f64> {
        ratio(&self.deposit_mev, &self.path_mm)
    }

    /// 1/mm per proton, integrated over y.
    pub fn fluence_per_mm(&self, space: &SpatialGrid) -> Array2<f64> {
        &self.path_mm / (space.spacing_x_mm * space.spacing_z_mm)
    }

    /// MeV/mm per proton, integrated over x and y.
    pub fn depth_dose_mev_per_mm(&self, space: &SpatialGrid) -> Array1<f64> {
        self.energy_deposit_mev()
            .rows()
            .into_iter()
            .map(|row| row.sum() / space.spacing_z_mm)
            .collect()
    }

    /// Standard deviation of the fluence in x at every depth, mm; NaN where nothing passed.
    pub fn sigma_x_mm(&self, space: &SpatialGrid) -> Array1<f64> {
        let center = |i: usize| space.x_min_mm + (i as f64 + 0.5) * space.spacing_x_mm;
        let rows = self.path_mm.rows().into_iter();
        rows.map(|row| {
            let sum: f64 = row.sum();
            let mean = row
                .iter()
                .enumerate()
                .map(|(i, w)| w * center(i))
                .sum::<f64>()
                / sum;
            (row.iter()
                .enumerate()
                .map(|(i, w)| w * (center(i) - mean).powi(2))
                .sum::<f64>()
                / sum)
                .sqrt()
        })
        .collect()
    }
}

fn ratio(above: &Array2<f64>, below: &Array2<f64>) -> Array2<f64> {
    ndarray::Zip::from(above)
        .and(below)
        .map_collect(|&a, &b| if b > 0.0 { a / b } else { 0.0 })
}

/// The order in which angles are summed: bins that mirror each other together, from the axis outwards, so that a mirrored
/// beam gives the mirrored sums bit for bit. A bin without a mirror image stands twice.
pub fn mirror_pairs(angle: &AngleAxis) -> Vec<(usize, usize)> {
    let mut pairs: Vec<(usize, usize)> = vec![(usize::MAX, 0); angle.class_angles_rad.len()];
    for (bin, &class) in angle.mirror_class.iter().enumerate() {
        let pair = &mut pairs[class as usize];
        *pair = (pair.0.min(bin), bin);
    }
    pairs
}
