//! Lung in a 150 MeV beam, a slab and half the field, against a Monte Carlo in three dimensions of the same physics
//! (docs/verification/draw/monte_carlo.py; its straggling has no third moment).

use crate::maps::{against, distribution, energy_map, failing, figure, reference};
use crate::support::{claim, run};
use ndarray::Array2;
use smatrix2d::compare::files::Distribution;
use smatrix2d::compare::grid::Grid;
use smatrix2d::results::Axis;

const CRITERIA: [(f64, f64); 3] = [(2.0, 2.0), (1.0, 1.0), (1.0, 0.5)];

/// Lung from 20 to 70 mm deep over `x_mm`, in cells of 1 mm, or of a whole fraction of it across.
fn lung(x_mm: &str, cells_per_mm: usize) -> Grid {
    let spacing_mm = 1.0 / cells_per_mm as f64;
    let case = format!(
        r#"
[phantom]
material = "water"
x_mm = [-40.0, 40.0]
z_mm = [0.0, 215.0]
spacing_mm = [{spacing_mm:?}, 1.0]
[[phantom.region]]
material = "lung_ventilated"
x_mm = {x_mm}
z_mm = [20.0, 70.0]
[[beam]]
energy_mev = 150.0
sigma_x_mm = 3.0
"#
    );
    per_mm(&energy_map(&run(&case, &[])), cells_per_mm)
}

/// Means of so many neighbouring columns.
fn per_mm(fine: &Grid, columns: usize) -> Grid {
    let edges = &fine.x_mm.as_ref().unwrap().edges;
    let (rows, all) = fine.values.dim();
    let mean = |(z, x): (usize, usize)| {
        let cells = columns * x..columns * (x + 1);
        cells.map(|cell| fine.values[[z, cell]]).sum::<f64>() / columns as f64
    };
    Grid {
        x_mm: Some(Axis::from_edges(
            edges.iter().copied().step_by(columns).collect(),
        )),
        values: Array2::from_shape_fn((rows, all / columns), mean),
        ..fine.clone()
    }
}

/// The columns on one side of x = 0, the others emptied.
fn side(map: &Grid, sign: f64) -> Grid {
    let mut side = map.clone();
    let centers = &map.x_mm.as_ref().unwrap().centers;
    for (x, center) in centers.iter().enumerate() {
        if center * sign < 0.0 {
            side.values.column_mut(x).fill(0.0);
        }
    }
    side
}

#[test]
fn a_slab_of_lung_is_crossed_as_by_histories_in_space() {
    let histories = reference("monte_carlo_lung_slab_150mev_map.npz");
    let report = against(&histories, lung("[-40.0, 40.0]", 1), &CRITERIA);
    let [r80, found] = figure(&report, "r80_mm");
    claim("lung-slab-r80", found - r80, 0.1, "mm");
    claim("lung-slab-gamma-1%-1mm", failing(&report, 1), 0.03, "1");
    claim("lung-slab-gamma-1%-0.5mm", failing(&report, 2), 0.01, "1");
    for lateral in &report.lateral {
        let core = &lateral.core_sigma_mm;
        let id = format!("lung-slab-core-sigma-{}", lateral.place);
        claim(&id, core.difference / core.a, 0.02, "1");
    }
}

#[test]
fn half_a_lung_in_the_beam_leaves_both_peaks_where_histories_do() {
    let histories = reference("monte_carlo_lung_half_150mev_map.npz");
    let found = lung("[0.0, 40.0]", 1);
    let report = against(&histories, found.clone(), &CRITERIA);
    claim("half-lung-gamma-2%-2mm", failing(&report, 0), 0.01, "1");
    claim("half-lung-gamma-1%-1mm", failing(&report, 1), 0.05, "1");
    for (name, sign) in [("water", -1.0), ("lung", 1.0)] {
        let of_side = |map: &Grid| distribution(side(map, sign));
        let histories = of_side(histories.energy.as_ref().unwrap());
        let report = against(&histories, side(&found, sign), &CRITERIA);
        let [r80, found] = figure(&report, "r80_mm");
        claim(&format!("half-lung-r80-{name}"), found - r80, 0.1, "mm");
    }
    print_rows(&histories, found);
}

/// What the cells across cost beside an edge that runs along the beam.
fn print_rows(histories: &Distribution, found: Grid) {
    for (cells_per_mm, map) in [
        (1, found),
        (2, lung("[0.0, 40.0]", 2)),
        (4, lung("[0.0, 40.0]", 4)),
    ] {
        let report = against(histories, map, &CRITERIA);
        let map = report.map.as_ref().unwrap();
        println!(
            "row\thalf-lung\t{:?}\t{:.2}\t{:.2}\t{:.2}\t{:.2}",
            1.0 / f64::from(cells_per_mm),
            report.gamma_map[0].pass_rate_percent,
            report.gamma_map[1].pass_rate_percent,
            100.0 * map.rms,
            100.0 * map.linf
        );
    }
}
