//! Production: what the reactions of a beam leave on the spot, and what they hand to the second phase space.
//!
//! A cell's absorbed protons are of two energies (`modes.rs`). A mode of weight A and energy A E is shared between the two parent
//! energies about E so that weight and energy are kept; the emission of each parent energy is a fixed matrix. A plane's rows are kept by (material, parent).

use super::coarse::Blocks;
use super::emission::{Emission, EmissionTable, Shares, enclosing};
use super::modes::{Mode, modes};
use crate::ledger::Reactions;
use crate::phantom::Phantom;
use crate::phase_space::EnergyAxis;
use crate::scoring::Scores;

/// Protons set free at a plane: an emission matrix times a row of absorbed weight over x.
#[derive(Clone, Debug)]
pub struct Term<'a> {
    pub emission: &'a Emission,
    /// Absorbed protons per cell of x of the second phase space.
    pub row: Vec<f64>,
}

/// Absorbed protons by coarse plane, material and parent energy.
#[derive(Clone, Debug)]
pub struct Production {
    blocks: Blocks,
    cells_x: usize,
    /// Parent energies of a material.
    parents: usize,
    /// Per coarse plane, [material, parent]: absorbed protons per coarse cell of x, nothing where there are none; no rows where a
    /// plane has none at all.
    planes: Vec<Vec<Vec<f64>>>,
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
    /// A mode of `absorbed` protons as parents of this population: their energies, and how many.
    fn parents_of(
        &self,
        material: usize,
        mode: Mode,
        absorbed: f64,
    ) -> impl Iterator<Item = (usize, f64)> {
        let weight = mode.share * absorbed * (self.share)(material, mode.energy_mev);
        let variance_mev2 = match self.keeps_variance {
            true => mode.variance_mev2,
            false => 0.0,
        };
        spread(
            &self.axis.centers_mev,
            mode.energy_mev,
            variance_mev2,
            weight,
        )
        .into_iter()
        .filter(|(_, part)| *part != 0.0)
    }
}

impl Production {
    pub fn new(blocks: Blocks, coarse: &Phantom, parents: usize) -> Production {
        Production {
            blocks,
            cells_x: coarse.cells_x(),
            parents,
            planes: vec![Vec::new(); coarse.cells_z()],
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
        let mut sum = Reactions::default();
        for (cell, &material) in phantom.material_index.indexed_iter() {
            if scores.absorbed[0][cell] <= 0.0 {
                continue;
            }
            let moments = scores.absorbed.each_ref().map(|map| map[cell]);
            // MeV2 cm2/g times g/cm3 is MeV2/cm; a MeV/cm is 0.1 keV/um.
            let let_unit = 0.1 * phantom.density_g_per_cm3[cell];
            let material = material as usize;
            let modes = modes(moments, emissions.own_variance_mev2);
            for mode in modes.into_iter().filter(|mode| mode.share > 0.0) {
                for (parent, part) in emissions.parents_of(material, mode, moments[0]) {
                    let shares = &emissions.tables[material].parents[parent].shares;
                    scores.nuclear_mev[cell] += part * shares.fragments_mev;
                    born.deposit_mev[cell] += factor * part * shares.protons_mev;
                    born.let_deposit[cell] += factor * part * shares.protons_let * let_unit;
                    enter(&mut sum, shares, part);
                    self.keep(cell, material * self.parents + parent, factor * part);
                }
            }
        }
        sum
    }

    fn keep(&mut self, cell: (usize, usize), entry: usize, weight: f64) {
        let rows = &mut self.planes[cell.0 / self.blocks.z];
        if rows.len() <= entry {
            rows.resize(entry + 1, Vec::new());
        }
        let row = &mut rows[entry];
        row.resize(self.cells_x, 0.0);
        row[cell.1 / self.blocks.x] += weight;
    }

    /// What is born about the face before a plane: half of that plane's protons and half of those of the plane before. The last
    /// plane has no face after it that protons could be marched from.
    pub fn terms<'a>(&self, plane: usize, tables: &'a [EmissionTable]) -> Vec<Term<'a>> {
        let own = if plane + 1 == self.planes.len() {
            1.0
        } else {
            0.5
        };
        let before = plane.checked_sub(1).map(|before| (before, 0.5));
        let near: Vec<(usize, f64)> = before.into_iter().chain([(plane, own)]).collect();
        let entries = 0..tables.len() * self.parents;
        let term = |entry: usize| {
            let row = self.sum_of(&near, entry)?;
            let parents = &tables[entry / self.parents].parents;
            let emission = &parents[entry % self.parents];
            Some(Term { emission, row })
        };
        entries.filter_map(term).collect()
    }

    /// Some planes' rows of an entry, each times its share; none where no plane has one.
    fn sum_of(&self, planes: &[(usize, f64)], entry: usize) -> Option<Vec<f64>> {
        let mut sum = None;
        for &(plane, share) in planes {
            let row = self.planes.get(plane).and_then(|rows| rows.get(entry));
            for (x, weight) in row.into_iter().flatten().enumerate() {
                sum.get_or_insert_with(|| vec![0.0; self.cells_x])[x] += share * weight;
            }
        }
        sum
    }

    /// Planes up to the last that produced anything.
    pub fn planes(&self) -> usize {
        self.planes
            .iter()
            .rposition(|plane| !plane.is_empty())
            .map_or(0, |last| last + 1)
    }
}

/// Farthest parents from the mean that a spread is put on, in bins: 8 mm of the range, 5 standard deviations of 150 MeV.
const FARTHEST: usize = 8;

/// A weight with a mean energy and a variance on three evenly placed parents (Lagrange), as near as they can be; on two where
/// these have more variance than that.
fn spread(centers: &[f64], mean_mev: f64, variance_mev2: f64, weight: f64) -> [(usize, f64); 3] {
    let (below, share) = enclosing(centers, mean_mev);
    let nearest = if share > 0.5 { below + 1 } else { below };
    for far in 1..=FARTHEST.min(nearest) {
        if nearest + far >= centers.len() {
            break;
        }
        let parents = [nearest - far, nearest, nearest + far];
        let off = parents.map(|parent| centers[parent] - mean_mev);
        let weights = [(0, 1, 2), (1, 0, 2), (2, 0, 1)].map(|(i, j, k)| {
            (off[j] * off[k] + variance_mev2) / ((off[i] - off[j]) * (off[i] - off[k]))
        });
        if weights.iter().all(|w| *w >= 0.0) {
            return std::array::from_fn(|i| (parents[i], weight * weights[i]));
        }
    }
    let [one, other] = shared(centers, mean_mev, weight);
    [one, other, (one.0, 0.0)]
}

/// A weight at an energy on the two parent energies about it, with its weight and energy kept; below the first and above the last
/// there is one, and the energy is kept.
fn shared(centers_mev: &[f64], energy_mev: f64, weight: f64) -> [(usize, f64); 2] {
    let last = centers_mev.len() - 1;
    let (parent, share) = enclosing(centers_mev, energy_mev);
    if energy_mev < centers_mev[0] || parent == last {
        return [
            (parent, weight * energy_mev / centers_mev[parent]),
            (last, 0.0),
        ];
    }
    [
        (parent, (1.0 - share) * weight),
        (parent + 1, share * weight),
    ]
}

fn enter(sum: &mut Reactions, shares: &Shares, weight: f64) {
    sum.fragments_mev += weight * shares.fragments_mev;
    sum.protons_mev += weight * shares.protons_mev;
    sum.emitted_mev += weight * shares.emitted_mev;
    sum.neutral_mev += weight * shares.neutral_mev;
}
