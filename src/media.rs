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
    /// Largest relative change that quantising made to a density; 0 where every density was kept.
    pub density_rounding: f64,
}

/// Above this many distinct fillings (a CT slice) densities are rounded to steps of `DENSITY_STEP`.
const MEDIA_AT_MOST: usize = 128;
/// Steps of ln(density + `SMALL_G_PER_CM3`): 2 % in tissue, 0.002 g/cm3 in air. What a cell loses or gains by rounding is
/// carried to the next cell along z, so that areal densities, and with them ranges, are wrong by half a step of one cell
/// at most, at any depth: 0.01 mm of water for cells of 1 mm.
const DENSITY_STEP: f64 = 0.02;
const SMALL_G_PER_CM3: f64 = 0.1;

impl Media {
    pub fn new(phantom: &Phantom) -> Media {
        let exact = Self::with_densities(phantom, &phantom.density_g_per_cm3);
        if exact.list.len() <= MEDIA_AT_MOST {
            return exact;
        }
        let densities = rounded_along_z(&phantom.density_g_per_cm3);
        Self::with_densities(phantom, &densities)
    }

    /// (nz, nx), g/cm3: the densities that the march goes through.
    pub fn density_g_per_cm3(&self) -> Array2<f64> {
        self.index
            .mapv(|medium| self.list[usize::from(medium)].density_g_per_cm3)
    }

    /// Per z plane, the runs of a row from left to right, the row's first cell at place `lead`; a mixed chunk stands once per medium.
    pub fn planes(&self, lead: usize) -> Vec<Vec<Run>> {
        let rows = self.index.rows().into_iter();
        rows.map(|row| runs(&row.to_vec(), lead)).collect()
    }

    fn with_densities(phantom: &Phantom, densities: &Array2<f64>) -> Media {
        let mut list = Vec::new();
        let mut known: HashMap<(u16, u64), u16> = HashMap::new();
        let mut density_rounding = 0.0_f64;
        let index = Array2::from_shape_fn(phantom.material_index.dim(), |cell| {
            let material = phantom.material_index[cell];
            let density = densities[cell];
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
        Media {
            list,
            index,
            density_rounding,
        }
    }
}

/// Densities on the steps, each column's rounding error carried along z.
fn rounded_along_z(density_g_per_cm3: &Array2<f64>) -> Array2<f64> {
    let lowest = density_g_per_cm3.fold(f64::INFINITY, |low, &density| low.min(density));
    let origin = (lowest + SMALL_G_PER_CM3).ln();
    let nearest = |density: f64| {
        let steps = ((density.max(lowest) + SMALL_G_PER_CM3).ln() - origin) / DENSITY_STEP;
        (origin + steps.round() * DENSITY_STEP).exp() - SMALL_G_PER_CM3
    };
    let mut rounded = density_g_per_cm3.clone();
    for mut column in rounded.columns_mut() {
        let mut carried = 0.0;
        for density in &mut column {
            let wanted = *density + carried;
            *density = nearest(wanted);
            carried = wanted - *density;
        }
    }
    rounded
}

/// Splits a row of media into runs; places beside the row take the nearest cell's medium (they hold no weight).
fn runs(row: &[u16], lead: usize) -> Vec<Run> {
    let mut list: Vec<Run> = Vec::new();
    for chunk in 0..(lead + row.len()).div_ceil(LANES) {
        let cell = |place: usize| place.saturating_sub(lead).min(row.len() - 1);
        let lane = |l: usize| row[cell(chunk * LANES + l)];
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
