//! What becomes of boxes whose edges are no cell edges: a cell belongs to where its centre is.

use crate::case::{PhantomSpec, RegionSpec};

/// Share of a cell by which an edge may miss a cell edge.
const ROUNDING: f64 = 1e-6;

/// A box along one axis of the grid.
struct Side {
    name: &'static str,
    edges_mm: [f64; 2],
    grid_from_mm: f64,
    spacing_mm: f64,
}

impl Side {
    fn holds_a_centre(&self) -> bool {
        let cell = ((self.edges_mm[0] - self.grid_from_mm) / self.spacing_mm - 0.5).ceil();
        self.grid_from_mm + (cell + 0.5) * self.spacing_mm < self.edges_mm[1]
    }

    fn is_inside_a_cell(&self, edge_mm: f64) -> bool {
        let cells = (edge_mm - self.grid_from_mm) / self.spacing_mm;
        (cells - cells.round()).abs() >= ROUNDING
    }
}

fn sides(spec: &PhantomSpec, region: &RegionSpec) -> [Side; 2] {
    let along_z = Side {
        name: "z_mm",
        edges_mm: region.z_mm,
        grid_from_mm: spec.z_mm[0],
        spacing_mm: spec.spacing_mm[1],
    };
    let along_x = Side {
        name: "x_mm",
        edges_mm: region.x_mm,
        grid_from_mm: spec.x_mm[0],
        spacing_mm: spec.spacing_mm[0],
    };
    [along_z, along_x]
}

/// One line for each region that holds no cell, and of the others for each edge that does not lie on a cell edge.
pub fn edges_off_the_grid(spec: &PhantomSpec) -> Vec<String> {
    let of_region =
        |(index, region)| notes(&format!("phantom.region[{index}]"), &sides(spec, region));
    spec.regions
        .iter()
        .enumerate()
        .flat_map(of_region)
        .collect()
}

fn notes(region: &str, sides: &[Side]) -> Vec<String> {
    if let Some(side) = sides.iter().find(|side| !side.holds_a_centre()) {
        let [low_mm, high_mm] = side.edges_mm;
        return vec![format!(
            "{region}.{}: no cell has its centre between {low_mm} and {high_mm} mm; the region has no effect",
            side.name
        )];
    }
    let mut notes = Vec::new();
    for side in sides {
        for edge_mm in side
            .edges_mm
            .iter()
            .filter(|edge| side.is_inside_a_cell(**edge))
        {
            notes.push(format!(
                "{region}.{}: the edge at {edge_mm} mm lies inside a cell; the cell's centre decides",
                side.name
            ));
        }
    }
    notes
}
