//! LET_d of a run against a reference's, over depths.

use smatrix2d::results::Results;
use std::ops::Range;

#[derive(Clone, Copy, Debug)]
pub enum Protons {
    All,
    Primary,
}

#[derive(Clone, Copy)]
pub enum Over {
    /// |x| < 1.5 mm
    Axis,
    Plane,
}

impl Over {
    /// The share of a cell between two edges that counts.
    fn share(self, edges: &[f64]) -> f64 {
        match self {
            Over::Plane => 1.0,
            Over::Axis => {
                let inside = edges[1].min(1.5) - edges[0].max(-1.5);
                (inside / (edges[1] - edges[0])).max(0.0)
            }
        }
    }
}

/// LET_d of a run over some depths, mm, and that of a reference, keV/um in cells of 1 mm, both weighted with the run's deposit: a
/// ratio less 1.
pub fn difference(
    results: &Results,
    theirs: &[f64],
    depths: Range<usize>,
    protons: Protons,
    over: Over,
) -> f64 {
    let (deposit, let_d) = match protons {
        Protons::Primary => (
            results.energy_deposit_primary_mev.as_ref(),
            results.let_d_primary_kev_per_um.as_ref(),
        ),
        Protons::All => (
            Some(&results.energy_deposit_mev),
            results.let_d_kev_per_um.as_ref(),
        ),
    };
    let (deposit, let_d) = (deposit.expect("asked for"), let_d.expect("asked for"));
    let a_millimetre = deposit.nrows() / theirs.len();
    let (mut mine, mut expected) = (0.0, 0.0);
    for z in depths.start * a_millimetre..depths.end * a_millimetre {
        for (x, edges) in results.x_mm.edges.windows(2).enumerate() {
            let weight = over.share(edges) * deposit[[z, x]];
            if weight > 0.0 {
                mine += weight * let_d[[z, x]];
                expected += weight * theirs[z / a_millimetre];
            }
        }
    }
    assert!(expected > 0.0);
    mine / expected - 1.0
}
