//! Production: what the reactions of a beam leave on the spot, and what they hand to the second phase space.
//!
//! What reacts in a row's cells of one block and one material is of two energies (`modes.rs`); each is shared between parent
//! energies (`parents.rs`), and the emission of each parent energy is a fixed matrix. A plane's rows are kept by (material, parent).

use super::coarse::Blocks;
use super::emission::{Emission, EmissionTable, Shares};
use super::modes::{Mode, modes};
use super::parents::{bin_width, on_two, with_variance};
use crate::ledger::Reactions;
use crate::operators::energy_loss::MOMENTS;
use crate::phantom::Phantom;
use crate::phase_space::EnergyAxis;
use crate::scoring::Scores;
use std::ops::Range;

/// Protons set free at a plane: an emission matrix times a row of absorbed weight over x.
#[derive(Clone, Debug)]
pub struct Term<'a> {
    pub emission: &'a Emission,
    /// Absorbed protons per cell of x of the second phase space.
    pub row: &'a [f64],
}

/// Absorbed protons by face between coarse planes, material and parent energy.
#[derive(Clone, Debug)]
pub struct Production {
    blocks: Blocks,
    cells_x: usize,
    /// Parent energies of a material.
    parents: usize,
    /// Per face before a coarse plane, [material, parent]: absorbed protons per coarse cell of x, nothing where there are none; no
    /// rows where a face has none at all.
    faces: Vec<Vec<Vec<f64>>>,
}

/// What is fixed about production: emission per material, and the axis of parent energies.
pub struct Emissions<'a> {
    pub tables: &'a [EmissionTable],
    pub axis: &'a EnergyAxis,
    /// Per material: the share of absorbed protons that become parents of this population.
    pub share: &'a dyn Fn(usize, f64) -> f64,
    /// Variance of the parents' energies about their mean where they came through one medium, MeV2.
    pub own_variance_mev2: &'a dyn Fn(f64) -> f64,
    /// Whether what comes of the parents keeps it.
    pub keeps_variance: bool,
}

impl Emissions<'_> {
    /// A mode of what reacted as parents of this population: their energies, and how many.
    fn parents_of(
        &self,
        reacted: &Reacted,
        mode: Mode,
        added_bins2: f64,
    ) -> impl Iterator<Item = (usize, f64)> {
        let share = (self.share)(reacted.material, mode.energy_mev);
        let weight = mode.share * reacted.moments[0] * share;
        let centers_mev = &self.axis.centers_mev;
        let parents = match self.keeps_variance {
            true => {
                let bin_mev = bin_width(centers_mev, mode.energy_mev);
                let variance_mev2 = mode.variance_mev2 - added_bins2 * bin_mev * bin_mev;
                with_variance(centers_mev, mode.energy_mev, variance_mev2.max(0.0), weight)
            }
            false => on_two(centers_mev, mode.energy_mev, weight).to_vec(),
        };
        parents.into_iter().filter(|(_, part)| *part != 0.0)
    }
}

impl Production {
    pub fn new(blocks: Blocks, coarse: &Phantom, parents: usize) -> Production {
        Production {
            blocks,
            cells_x: coarse.cells_x(),
            parents,
            faces: vec![Vec::new(); coarse.cells_z()],
        }
    }

    /// Enters the absorbed protons of a march, `factor` of it: settles what stays on the spot in `scores` (fragments) and in
    /// `born` (secondary protons that do not leave their cell), and keeps the rest for `terms`.
    pub fn add(
        &mut self,
        scores: &mut Scores,
        born: &mut Scores,
        phantom: &Phantom,
        emissions: &Emissions,
        factor: f64,
    ) -> Reactions {
        let mut sum = Shares::default();
        for z in 0..phantom.cells_z() {
            for first in (0..phantom.cells_x()).step_by(self.blocks.x) {
                let columns = first..(first + self.blocks.x).min(phantom.cells_x());
                for reacted in reacted(scores, phantom, z, columns.clone()) {
                    let shares = self.enter(&reacted, (z, first), emissions, factor);
                    reacted.settle(&shares, scores, born, phantom, (z, columns.clone()), factor);
                    sum.add_scaled(&shares, 1.0);
                }
            }
        }
        sum.reactions()
    }

    /// Keeps the parents of what reacted in a block's row; what becomes of its energy.
    fn enter(
        &mut self,
        reacted: &Reacted,
        cell: (usize, usize),
        emissions: &Emissions,
        factor: f64,
    ) -> Shares {
        let mut sum = Shares::default();
        let modes = modes(reacted.moments, emissions.own_variance_mev2);
        for mode in modes.into_iter().filter(|mode| mode.share > 0.0) {
            for (parent, part) in emissions.parents_of(reacted, mode, self.added_bins2()) {
                let entry = reacted.material * self.parents + parent;
                let shares = &emissions.tables[reacted.material].parents[parent].shares;
                sum.add_scaled(shares, part);
                self.keep(cell, entry, factor * part);
            }
        }
        sum
    }

    /// Protons of a row enter at the faces before and behind it, so that their mean depth stays. No face lies behind the last plane.
    fn keep(&mut self, cell: (usize, usize), entry: usize, weight: f64) {
        let (plane, row) = (cell.0 / self.blocks.z, cell.0 % self.blocks.z);
        let x = cell.1 / self.blocks.x;
        let behind = (row as f64 + 0.5) / self.blocks.z as f64;
        if plane + 1 == self.faces.len() {
            return self.keep_at(plane, x, entry, weight);
        }
        self.keep_at(plane, x, entry, (1.0 - behind) * weight);
        self.keep_at(plane + 1, x, entry, behind * weight);
    }

    fn keep_at(&mut self, face: usize, x: usize, entry: usize, weight: f64) {
        let rows = &mut self.faces[face];
        if rows.len() <= entry {
            rows.resize(entry + 1, Vec::new());
        }
        let row = &mut rows[entry];
        row.resize(self.cells_x, 0.0);
        row[x] += weight;
    }

    /// What is born at the face before a plane.
    pub fn terms<'a>(&'a self, plane: usize, tables: &'a [EmissionTable]) -> Vec<Term<'a>> {
        let rows = self.faces.get(plane).into_iter().flatten().enumerate();
        rows.filter(|(_, row)| !row.is_empty())
            .map(|(entry, row)| Term {
                emission: &tables[entry / self.parents].parents[entry % self.parents],
                row,
            })
            .collect()
    }

    /// Faces up to the last that anything is born at.
    pub fn faces(&self) -> usize {
        self.faces
            .iter()
            .rposition(|rows| !rows.is_empty())
            .map_or(0, |last| last + 1)
    }

    /// Variance that the lattice adds to how far protons come, in bins squared: 1/6 for each of two times that an energy is shared
    /// between two bins (f (1 - f), on average), and d (1 - d) for births at two faces: 1/6 + 1 / (12 n^2), on average over the n rows of a block.
    fn added_bins2(&self) -> f64 {
        let rows = self.blocks.z as f64;
        2.0 / 6.0 + 1.0 / 6.0 + 1.0 / (12.0 * rows * rows)
    }
}

/// What reacted in some cells of a row that hold the same material.
struct Reacted {
    material: usize,
    moments: [f64; MOMENTS],
}

/// By material, in a row's cells of one block; materials in which nothing reacted are left out.
fn reacted(scores: &Scores, phantom: &Phantom, z: usize, columns: Range<usize>) -> Vec<Reacted> {
    let mut all: Vec<Reacted> = Vec::new();
    for cell in columns.map(|x| (z, x)) {
        if scores.absorbed[0][cell] <= 0.0 {
            continue;
        }
        let moments = scores.absorbed.each_ref().map(|map| map[cell]);
        let material = phantom.material_index[cell] as usize;
        match all.iter_mut().find(|known| known.material == material) {
            Some(known) => (0..MOMENTS).for_each(|n| known.moments[n] += moments[n]),
            None => all.push(Reacted { material, moments }),
        }
    }
    all
}

impl Reacted {
    /// Hands what stays on the spot to the cells, by what reacted in each.
    fn settle(
        &self,
        shares: &Shares,
        scores: &mut Scores,
        born: &mut Scores,
        phantom: &Phantom,
        (z, columns): (usize, Range<usize>),
        factor: f64,
    ) {
        for cell in columns.map(|x| (z, x)) {
            let absorbed = scores.absorbed[0][cell];
            if absorbed <= 0.0 || phantom.material_index[cell] as usize != self.material {
                continue;
            }
            let part = absorbed / self.moments[0];
            // MeV2 cm2/g times g/cm3 is MeV2/cm; a MeV/cm is 0.1 keV/um.
            let let_unit = 0.1 * phantom.density_g_per_cm3[cell];
            scores.nuclear_mev[cell] += part * shares.fragments_mev;
            born.deposit_mev[cell] += factor * part * shares.protons_mev;
            born.let_deposit[cell] += factor * part * shares.protons_let * let_unit;
        }
    }
}
