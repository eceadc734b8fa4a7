//! A distribution on a grid and its values between the cell centres, by (bi)linear interpolation.

use crate::curves;
use crate::results::Axis;
use ndarray::{Array2, Axis as Dimension, Zip};

/// Values `[z, x]` at the centres of cells. A depth curve has one column and no x axis.
#[derive(Clone, Debug)]
pub struct Grid {
    pub z_mm: Axis,
    pub x_mm: Option<Axis>,
    pub values: Array2<f64>,
}

impl Grid {
    pub fn maximum(&self) -> f64 {
        self.values.iter().copied().fold(0.0, f64::max)
    }

    pub fn scaled(&self, factor: f64) -> Self {
        Self {
            values: &self.values * factor,
            ..self.clone()
        }
    }

    /// The integral over x as a curve over depth; a curve is its own.
    pub fn depth_curve(&self) -> Self {
        let Some(x_mm) = &self.x_mm else {
            return self.clone();
        };
        let integral = |row: ndarray::ArrayView1<f64>| -> f64 {
            row.iter()
                .enumerate()
                .map(|(j, value)| value * x_mm.width(j))
                .sum()
        };
        let column: Vec<f64> = self.values.rows().into_iter().map(integral).collect();
        Self {
            z_mm: self.z_mm.clone(),
            x_mm: None,
            values: Array2::from_shape_vec((column.len(), 1), column).unwrap_or_default(),
        }
    }

    /// The first column; the whole of a depth curve.
    pub fn column(&self) -> Vec<f64> {
        self.values.index_axis(Dimension(1), 0).to_vec()
    }

    /// The profile over x at `depth_mm`, interpolated between rows; none outside the grid or for a curve.
    pub fn profile_at(&self, depth_mm: f64) -> Option<Vec<f64>> {
        self.x_mm.as_ref()?;
        let at = Place::find(&self.z_mm, depth_mm)?;
        let (above, below) = (self.values.row(at.lower), self.values.row(at.upper));
        Some(
            above
                .iter()
                .zip(below)
                .map(|(a, b)| a + at.share * (b - a))
                .collect(),
        )
    }

    /// These values at the centres of `other`'s cells; NaN outside this grid's edges.
    pub fn resampled_on(&self, other: &Grid) -> Array2<f64> {
        let places = |own: &Axis, centers: &[f64]| -> Vec<Option<Place>> {
            centers.iter().map(|&at| Place::find(own, at)).collect()
        };
        let rows = places(&self.z_mm, &other.z_mm.centers);
        let columns = match (&self.x_mm, &other.x_mm) {
            (Some(own), Some(other)) => places(own, &other.centers),
            _ => vec![Some(Place::only())],
        };
        let mut found = Array2::from_elem(other.values.raw_dim(), f64::NAN);
        Zip::indexed(&mut found).for_each(|(i, j), value| {
            if let (Some(row), Some(column)) = (&rows[i], &columns[j]) {
                *value = self.between(row, column);
            }
        });
        found
    }

    fn between(&self, row: &Place, column: &Place) -> f64 {
        let along_x = |i: usize| {
            let left = self.values[[i, column.lower]];
            left + column.share * (self.values[[i, column.upper]] - left)
        };
        let upper = along_x(row.lower);
        upper + row.share * (along_x(row.upper) - upper)
    }

    /// Both widths of the profile at `depth_mm`: by moment, of the Gaussian core. NaN where there is none.
    pub fn sigmas_at(&self, depth_mm: f64) -> [f64; 2] {
        match (&self.x_mm, self.profile_at(depth_mm)) {
            (Some(x_mm), Some(profile)) => [
                curves::moment_sigma(&x_mm.centers, &profile),
                curves::core_sigma(&x_mm.centers, &profile),
            ],
            _ => [f64::NAN; 2],
        }
    }
}

/// Where a position lies between two centres: `value = lower + share (upper - lower)`.
struct Place {
    lower: usize,
    upper: usize,
    share: f64,
}

impl Place {
    fn only() -> Self {
        Self {
            lower: 0,
            upper: 0,
            share: 0.0,
        }
    }

    /// None outside the edges; between an edge and the outermost centre that centre's value holds.
    fn find(axis: &Axis, at: f64) -> Option<Self> {
        let inside = axis.edges.first()? <= &at && &at <= axis.edges.last()?;
        let above = axis.centers.partition_point(|&center| center <= at);
        let (lower, upper) = (above.saturating_sub(1), above.min(axis.len() - 1));
        let width = axis.centers[upper] - axis.centers[lower];
        let share = if width > 0.0 {
            (at - axis.centers[lower]) / width
        } else {
            0.0
        };
        inside.then_some(Self {
            lower,
            upper,
            share,
        })
    }
}
