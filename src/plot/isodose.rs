//! Isodose lines by marching squares on the cell centres.

use crate::compare::grid::Grid;

/// Straight pieces of the line where the map has the value `level`, as pairs of (z, x) in mm.
///
/// A square whose two diagonals lie on either side of the level (a saddle) is cut so that its high corners part.
pub fn lines(map: &Grid, level: f64) -> Vec<[(f64, f64); 2]> {
    let Some(x_mm) = &map.x_mm else {
        return Vec::new();
    };
    let (z, x) = (&map.z_mm.centers, &x_mm.centers);
    let mut pieces = Vec::new();
    for i in 1..z.len() {
        for j in 1..x.len() {
            let corner = |i: usize, j: usize| (z[i], x[j], map.values[[i, j]] - level);
            let corners = [
                corner(i - 1, j - 1),
                corner(i, j - 1),
                corner(i, j),
                corner(i - 1, j),
            ];
            let crossings: Vec<(f64, f64)> = (0..4)
                .filter_map(|side| crossing(corners[side], corners[(side + 1) % 4]))
                .collect();
            pieces.extend(crossings.chunks_exact(2).map(|pair| [pair[0], pair[1]]));
        }
    }
    pieces
}

/// Where the value passes through zero between two corners.
fn crossing(a: (f64, f64, f64), b: (f64, f64, f64)) -> Option<(f64, f64)> {
    if (a.2 < 0.0) == (b.2 < 0.0) {
        return None;
    }
    let share = a.2 / (a.2 - b.2);
    Some((a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1)))
}

#[cfg(test)]
mod tests {
    use super::lines;
    use crate::compare::grid::Grid;
    use crate::results::Axis;
    use ndarray::Array2;

    #[test]
    fn the_isodose_line_of_a_cone_is_a_circle() {
        let axis = Axis::uniform(-10.0, 0.5, 40);
        let values = Array2::from_shape_fn((40, 40), |(i, j)| {
            10.0 - axis.centers[i].hypot(axis.centers[j])
        });
        let map = Grid {
            z_mm: axis.clone(),
            x_mm: Some(axis),
            values,
        };
        let pieces = lines(&map, 4.0);
        let length: f64 = pieces
            .iter()
            .map(|[a, b]| (a.0 - b.0).hypot(a.1 - b.1))
            .sum();
        // Chords of 0.5 mm cells: below 1 % short of 2 pi 6 mm.
        assert!(
            (length / (12.0 * std::f64::consts::PI) - 1.0).abs() < 0.01,
            "{length}"
        );
        assert!(
            pieces
                .iter()
                .flatten()
                .all(|point| (point.0.hypot(point.1) - 6.0).abs() < 0.02)
        );
    }
}
