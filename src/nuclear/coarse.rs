//! The coarser grid of the second phase space: blocks of the phantom's cells, and the way back to them.

use super::population::Resolution;
use crate::phantom::Phantom;
use crate::scoring::Scores;
use ndarray::Array2;

/// How many cells of the phantom make one coarse cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocks {
    pub z: usize,
    pub x: usize,
}

impl Blocks {
    /// As many as fit into the resolution's cells; at least one.
    pub fn of(phantom: &Phantom, resolution: &Resolution) -> Blocks {
        let fitting = |spacing: f64, largest: f64| ((largest / spacing + 1e-9) as usize).max(1);
        Blocks {
            z: fitting(phantom.spacing_z_mm, resolution.depth_mm),
            x: fitting(phantom.spacing_x_mm, resolution.width_mm),
        }
    }

    /// The phantom in blocks: mean density, and the material that has most of the mass. Blocks at the far edges may be partly
    /// outside the phantom; what is inside is spread over them, so that they stop as much of what crosses them.
    pub fn phantom(self, fine: &Phantom) -> Phantom {
        let shape = (
            fine.cells_z().div_ceil(self.z),
            fine.cells_x().div_ceil(self.x),
        );
        let mut coarse = Phantom {
            x_min_mm: fine.x_min_mm,
            z_min_mm: fine.z_min_mm,
            spacing_x_mm: fine.spacing_x_mm * self.x as f64,
            spacing_z_mm: fine.spacing_z_mm * self.z as f64,
            materials: fine.materials.clone(),
            material_index: Array2::zeros(shape),
            density_g_per_cm3: Array2::zeros(shape),
        };
        for z in 0..shape.0 {
            for x in 0..shape.1 {
                let (material, density) = self.filling(fine, z, x);
                coarse.material_index[[z, x]] = material;
                coarse.density_g_per_cm3[[z, x]] = density;
            }
        }
        coarse
    }

    /// Cells of a whole block.
    fn size(self) -> usize {
        self.z * self.x
    }

    /// Share of each block that lies inside the phantom.
    fn inside(self, fine: &Phantom, blocks: (usize, usize)) -> Array2<f64> {
        let cells = |(z, x)| self.cells(fine, z, x).count();
        Array2::from_shape_fn(blocks, |block| cells(block) as f64 / self.size() as f64)
    }

    fn filling(self, fine: &Phantom, z: usize, x: usize) -> (u16, f64) {
        let mut masses = vec![0.0; fine.materials.len()];
        let mut mass = 0.0;
        for cell in self.cells(fine, z, x) {
            let density = fine.density_g_per_cm3[cell];
            masses[fine.material_index[cell] as usize] += density;
            mass += density;
        }
        let heaviest = (0..masses.len())
            .rev()
            .max_by(|&a, &b| masses[a].total_cmp(&masses[b]));
        (heaviest.unwrap_or(0) as u16, mass / self.size() as f64)
    }

    /// The phantom's cells in a block.
    fn cells(self, fine: &Phantom, z: usize, x: usize) -> impl Iterator<Item = [usize; 2]> {
        let along =
            |block: usize, size: usize, cells: usize| block * size..((block + 1) * size).min(cells);
        let columns = along(x, self.x, fine.cells_x());
        along(z, self.z, fine.cells_z()).flat_map(move |z| columns.clone().map(move |x| [z, x]))
    }

    /// Scores of blocks, handed to the phantom's cells: by density, and with the slope to the neighbouring blocks. A block that is partly
    /// outside the phantom is as much longer as it is thinner.
    pub fn refined(self, coarse: &Scores, fine: &Phantom) -> Scores {
        let inside = self.inside(fine, coarse.path_mm.dim());
        let by_density = |map: &Array2<f64>| self.refined_map(map, &inside, fine, |d| d);
        let absorbed = by_density(&coarse.absorbed[0]);
        Scores {
            deposit_mev: by_density(&coarse.deposit_mev),
            let_deposit: by_density(&(&coarse.let_deposit / &inside)),
            path_mm: self.refined_map(&(&coarse.path_mm * &inside), &inside, fine, |_| 1.0),
            // Moments of one energy distribution in all of a block.
            absorbed: std::array::from_fn(|n| self.in_proportion(&absorbed, coarse, fine, n)),
            nuclear_mev: by_density(&coarse.nuclear_mev),
        }
    }

    /// Moment `n` of what was absorbed, by how much was.
    fn in_proportion(
        self,
        absorbed: &Array2<f64>,
        coarse: &Scores,
        fine: &Phantom,
        n: usize,
    ) -> Array2<f64> {
        let mut map = Array2::zeros(absorbed.dim());
        let [weight, moment] = [0, n].map(|n| &coarse.absorbed[n]);
        for ((z, x), &weight) in weight.indexed_iter().filter(|(_, weight)| **weight != 0.0) {
            let each = moment[[z, x]] / weight;
            for cell in self.cells(fine, z, x) {
                map[cell] = absorbed[cell] * each;
            }
        }
        map
    }

    fn refined_map(
        self,
        coarse: &Array2<f64>,
        inside: &Array2<f64>,
        fine: &Phantom,
        weight: impl Fn(f64) -> f64,
    ) -> Array2<f64> {
        let mut map = Array2::zeros(fine.material_index.dim());
        let whole_blocks = coarse / inside;
        for ((z, x), &value) in whole_blocks
            .indexed_iter()
            .filter(|(_, value)| **value != 0.0)
        {
            let slopes = slopes(&whole_blocks, z, x);
            let place = |cell: usize, block: usize, size: usize| {
                (cell as f64 + 0.5) / size as f64 - block as f64 - 0.5
            };
            let share = |cell: [usize; 2]| {
                weight(fine.density_g_per_cm3[cell])
                    * (value
                        + slopes.0 * place(cell[0], z, self.z)
                        + slopes.1 * place(cell[1], x, self.x))
            };
            let whole: f64 = self.cells(fine, z, x).map(share).sum();
            for cell in self.cells(fine, z, x) {
                map[cell] = coarse[[z, x]] * share(cell) / whole;
            }
        }
        map
    }
}

/// Differences per block along z and x: the smaller of the two sides, none at an extremum (minmod), of one side at the edge of the map,
/// where the dose builds up from nothing. A sum of both stays positive.
fn slopes(map: &Array2<f64>, z: usize, x: usize) -> (f64, f64) {
    let value = map[[z, x]];
    let rise = |z: Option<usize>, x: Option<usize>| Some(map.get([z?, x?])? - value);
    let limited = |before: Option<f64>, after: Option<f64>, most: f64| {
        let slope = match (before, after) {
            (Some(before), Some(after)) => minmod(-before, after),
            (one, other) => other.or(one.map(|rise| -rise)).unwrap_or(0.0),
        };
        slope.min(most).max(-most)
    };
    let (here_z, here_x) = (Some(z), Some(x));
    let along_x = limited(
        rise(here_z, x.checked_sub(1)),
        rise(here_z, Some(x + 1)),
        value,
    );
    let along_z = limited(
        rise(z.checked_sub(1), here_x),
        rise(Some(z + 1), here_x),
        2.0 * value - along_x.abs(),
    );
    (along_z, along_x)
}

fn minmod(a: f64, b: f64) -> f64 {
    if a * b <= 0.0 {
        0.0
    } else if a.abs() < b.abs() {
        a
    } else {
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_builds_up_from_nothing_does_so_within_the_first_block() {
        // Blocks of 4 cells of something that rises by 1 a cell from 0.5 on, and then stays.
        let rising = Array2::from_shape_vec((3, 1), vec![8.0, 24.0, 24.0]).expect("3 blocks");
        assert_eq!(slopes(&rising, 0, 0), (16.0, 0.0));
        assert_eq!(slopes(&rising, 1, 0), (0.0, 0.0));
        // Steeper than from nothing: a block of 8 holds no more of a slope than 16.
        let steep = Array2::from_shape_vec((2, 2), vec![8.0, 4.0, 80.0, 40.0]).expect("4 blocks");
        assert_eq!(slopes(&steep, 0, 0), (12.0, -4.0));
    }
}
