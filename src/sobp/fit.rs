//! The layers' weights: non-negative least squares (crate `nnls`: C. L. Lawson and R. J. Hanson, Solving Least Squares
//! Problems, 1974, ch. 23), with a small ridge so that they are unique.

use ndarray::{Array1, Array2, s};

/// Against the largest dose of a layer: it moves the plateau by a millionth.
const RIDGE: f64 = 1e-3;
/// Weights are kept to this part of their sum.
const WEIGHT_DIGITS: f64 = 1e8;

/// Weights (sum 1) of the columns of `doses` (depth, layer) that make their sum flat over `plateau_mm`.
pub fn weights(depth_mm: &[f64], doses: &Array2<f64>, plateau_mm: [f64; 2]) -> Array1<f64> {
    let rows: Vec<usize> = within(depth_mm, plateau_mm).collect();
    let (count, layers) = (rows.len(), doses.ncols());
    let largest = doses.fold(0.0_f64, |most, &dose| most.max(dose));
    let mut system = Array2::zeros((count + layers, layers));
    for (i, &row) in rows.iter().enumerate() {
        system.row_mut(i).assign(&(&doses.row(row) / largest));
    }
    system.slice_mut(s![count.., ..]).diag_mut().fill(RIDGE);
    let mut wanted = Array1::zeros(count + layers);
    wanted.slice_mut(s![..count]).fill(1.0);
    let (solution, _) = nnls::nnls(system.view(), wanted.view());
    let sum = solution.sum();
    solution.mapv(|weight| (weight / sum * WEIGHT_DIGITS).round() / WEIGHT_DIGITS)
}

/// Mean over the plateau, and the largest departure from it as a part of it.
pub fn flatness(depth_mm: &[f64], dose: &[f64], plateau_mm: [f64; 2]) -> (f64, f64) {
    let values: Vec<f64> = within(depth_mm, plateau_mm).map(|i| dose[i]).collect();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let departure = |value: &f64| (value / mean - 1.0).abs();
    (mean, values.iter().map(departure).fold(0.0, f64::max))
}

fn within(depth_mm: &[f64], extent_mm: [f64; 2]) -> impl Iterator<Item = usize> {
    let inside = move |depth: f64| (extent_mm[0]..=extent_mm[1]).contains(&depth);
    (0..depth_mm.len()).filter(move |&i| inside(depth_mm[i]))
}
