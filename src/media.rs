//! Media: the distinct (material, density) pairs of a phantom. The operators' tables hold one set of stencils per medium,
//! and each plane of the phantom is a list of row chunks with the medium that fills them.

use crate::phantom::Phantom;
use crate::phase_space::{LANES, Span};
use ndarray::Array2;
use std::collections::HashMap;

/// One filling of cells: a material of `Phantom::materials` at a density.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Medium {
    pub material: usize,
    pub density_g_per_cm3: f64,
}

/// Neighbouring chunks of a row that one medium fills, or one chunk and the lanes of it that the medium fills.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// In chunks of `LANES` cells.
    pub chunks: Span,
    pub medium: usize,
    /// None: the medium fills every lane.
    pub lanes: Option<[bool; LANES]>,
}

#[derive(Clone, Debug)]
pub struct Media {
    pub list: Vec<Medium>,
    /// (nz, nx): index into `list`.
    pub index: Array2<u16>,
    /// Per z plane, the runs of a row from left to right; a mixed chunk stands once per medium.
    pub planes: Vec<Vec<Run>>,
    /// Largest relative change that quantising made to a density; 0 where every density was kept.
    pub density_rounding: f64,
}

/// Above this many distinct fillings densities are rounded to a relative grid of `DENSITY_STEP` (a CT slice).
const MEDIA_AT_MOST: usize = 128;
/// 0.2 % steps: at most 0.1 % of water-equivalent path in a cell, of either sign, so that a range moves by less than 0.1 %.
const DENSITY_STEP: f64 = 0.002;

impl Media {
    pub fn new(phantom: &Phantom) -> Media {
        let exact = Self::with_densities(phantom, |density| density);
        if exact.list.len() <= MEDIA_AT_MOST {
            return exact;
        }
        let step = DENSITY_STEP.ln_1p();
        Self::with_densities(phantom, |density| {
            ((density.ln() / step).round() * step).exp()
        })
    }

    fn with_densities(phantom: &Phantom, rounded: impl Fn(f64) -> f64) -> Media {
        let mut list = Vec::new();
        let mut known: HashMap<(u16, u64), u16> = HashMap::new();
        let mut density_rounding = 0.0_f64;
        let index = Array2::from_shape_fn(phantom.material_index.dim(), |cell| {
            let material = phantom.material_index[cell];
            let density = rounded(phantom.density_g_per_cm3[cell]);
            density_rounding =
                density_rounding.max((density / phantom.density_g_per_cm3[cell] - 1.0).abs());
            *known
                .entry((material, density.to_bits()))
                .or_insert_with(|| {
                    list.push(Medium {
                        material: material as usize,
                        density_g_per_cm3: density,
                    });
                    (list.len() - 1) as u16
                })
        });
        let planes = index
            .rows()
            .into_iter()
            .map(|row| runs(&row.to_vec()))
            .collect();
        Media {
            list,
            index,
            planes,
            density_rounding,
        }
    }
}

/// Splits a row of media into runs; cells beyond the row take the last cell's medium (they hold no weight).
fn runs(row: &[u16]) -> Vec<Run> {
    let last = row[row.len() - 1];
    let mut list: Vec<Run> = Vec::new();
    for chunk in 0..row.len().div_ceil(LANES) {
        let lane = |l: usize| *row.get(chunk * LANES + l).unwrap_or(&last);
        let mut present: Vec<u16> = (0..LANES).map(lane).collect();
        present.sort_unstable();
        present.dedup();
        let mixed = present.len() > 1;
        for medium in present {
            let same =
                |run: &&mut Run| !mixed && run.lanes.is_none() && run.medium == medium as usize;
            match list.last_mut().filter(same) {
                Some(run) => run.chunks.last = chunk + 1,
                None => list.push(Run {
                    chunks: Span::new(chunk, chunk + 1),
                    medium: medium as usize,
                    lanes: mixed.then(|| std::array::from_fn(|l| lane(l) == medium)),
                }),
            }
        }
    }
    list
}
