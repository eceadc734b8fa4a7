//! Emission: the protons that one absorbed proton of a material sets free, by energy and plane angle of the second phase space,
//! and where the rest of its energy goes. One matrix per energy bin of that phase space as the parent's energy.
//!
//! Set free: nonelastic spectra of ICRU 63, and the two protons of a scattering on hydrogen. Scattered: one proton, less the recoil.
//! Protons below the energy axis, backward, or beyond the angle axis stay where they are born.

use super::interactions::Interactions;
use super::population::Population;
use super::projection::{POLAR_CELLS, Projection, polar_cell, polar_cells};
use crate::phase_space::{EnergyAxis, Span};
use crate::physics::Material;
use crate::physics::elastic_protons::{Emitted, Turns};
use crate::physics::secondary_protons::{
    ANGLE_DEG, ANGLE_POINTS, ENERGY_POINTS, ProtonSpectrum, solid_angle_weights_sr,
};

/// What a parent of one energy sets free, per absorbed parent.
#[derive(Clone, Debug, Default)]
pub struct Emission {
    /// Energy bins `first_energy..` that hold protons, times `angles` angle bins, angle fastest.
    pub first_energy: usize,
    pub weights: Vec<f64>,
    pub angles: usize,
    pub shares: Shares,
}

impl Emission {
    /// Energy bins that hold protons.
    pub fn energies(&self) -> Span {
        let bins = self.weights.len() / self.angles.max(1);
        Span::new(self.first_energy, self.first_energy + bins)
    }

    #[inline(always)]
    pub fn weight(&self, energy: usize, angle: usize) -> f64 {
        self.weights[(energy - self.first_energy) * self.angles + angle]
    }
}

/// Energy of one absorbed proton, MeV, by what becomes of it; their sum is its energy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shares {
    /// In the emission matrix.
    pub emitted_mev: f64,
    /// Protons that stay where they are born, and their integral of S dE, MeV2 cm2/g.
    pub protons_mev: f64,
    pub protons_let: f64,
    pub fragments_mev: f64,
    pub neutral_mev: f64,
}

/// Emission of one material: one entry per energy bin, the parent's energy being the bin's.
#[derive(Clone, Debug)]
pub struct EmissionTable {
    pub parents: Vec<Emission>,
    /// Births summed over parents, [energy, polar cell], each weighted by how often the parent is absorbed per path.
    births: Vec<f64>,
}

/// Each interval of a spectrum's energies is cut into this many.
const SUBDIVISIONS: usize = 4;

impl EmissionTable {
    pub fn new(
        material: &Material,
        interactions: &Interactions,
        axis: &EnergyAxis,
        projection: &Projection,
        population: Population,
    ) -> EmissionTable {
        let mut table = EmissionTable {
            parents: Vec::new(),
            births: vec![0.0; axis.bins() * POLAR_CELLS],
        };
        for &parent_mev in &axis.centers_mev {
            let mut births = Births::new(material, axis);
            match population {
                Population::Scattered => births.off_nuclei(
                    interactions,
                    parent_mev,
                    interactions.small_turns(parent_mev),
                ),
                Population::SetFree => births.set_free(interactions, parent_mev),
            }
            for (sum, born) in table.births.iter_mut().zip(&births.by_cell) {
                *sum += born;
            }
            let removal = interactions.cm2_per_g(population, parent_mev);
            table
                .parents
                .push(births.emission(projection, parent_mev, removal));
        }
        table
    }

    /// Births of all parents by energy bin and polar cell, weighted by the path that a slowing proton spends in each bin.
    pub fn births(&self) -> &[f64] {
        &self.births
    }
}

/// Protons born per areal length of one parent energy, cm2/g, by energy bin and polar cell.
struct Births<'a> {
    material: &'a Material,
    axis: &'a EnergyAxis,
    by_cell: Vec<f64>,
    /// Per areal length: MeV cm2/g.
    shares: Shares,
}

impl<'a> Births<'a> {
    fn new(material: &'a Material, axis: &'a EnergyAxis) -> Births<'a> {
        Births {
            material,
            axis,
            by_cell: vec![0.0; axis.bins() * POLAR_CELLS],
            shares: Shares::default(),
        }
    }

    fn set_free(&mut self, interactions: &Interactions, parent_mev: f64) {
        self.nonelastic(interactions, parent_mev);
        let share = interactions.elastic_share(parent_mev);
        if share > 0.0 {
            self.elastic(&interactions.elastic.from_hydrogen(parent_mev), share);
            self.off_nuclei(
                interactions,
                parent_mev,
                interactions.large_turns(parent_mev),
            );
        }
    }

    fn off_nuclei(&mut self, interactions: &Interactions, parent_mev: f64, turns: Turns) {
        let share = interactions.elastic_share(parent_mev);
        if share <= 0.0 {
            return;
        }
        let scattered = interactions.elastic.from_nuclei(parent_mev, turns);
        for proton in &scattered {
            let recoil_mev = parent_mev - proton.energy_mev;
            self.shares.fragments_mev += share * proton.cm2_per_g * recoil_mev;
        }
        self.elastic(&scattered, share);
    }

    fn nonelastic(&mut self, interactions: &Interactions, parent_mev: f64) {
        let removal = interactions.reactions.nonelastic_cm2_per_g(parent_mev);
        if removal <= 0.0 {
            return;
        }
        let spectrum = interactions.spectra.spectrum(parent_mev);
        for point in 0..(ENERGY_POINTS - 1) * SUBDIVISIONS {
            self.spectrum_point(&spectrum, point);
        }
        let fragments = interactions
            .reactions
            .energy_fraction_heavy_charged(parent_mev);
        let protons_mev = spectrum.energy_mev_cm2_per_g();
        self.shares.fragments_mev += removal * parent_mev * fragments;
        self.shares.neutral_mev += removal * parent_mev * (1.0 - fragments) - protons_mev;
    }

    /// One of the evenly spaced energies of a spectrum: trapezoid in energy, linear in the angle between the points.
    fn spectrum_point(&mut self, spectrum: &ProtonSpectrum, point: usize) {
        let (bin, part) = (point / SUBDIVISIONS, point % SUBDIVISIONS);
        let share = part as f64 / SUBDIVISIONS as f64;
        let spacing_mev = spectrum.energy_mev[1] / SUBDIVISIONS as f64;
        let energy_mev = spacing_mev * point as f64;
        let density = &spectrum.density_cm2_per_g_mev_sr;
        let row: [f64; ANGLE_POINTS] = std::array::from_fn(|i| {
            spacing_mev * ((1.0 - share) * density[bin][i] + share * density[bin + 1][i])
        });
        let all: f64 = row
            .iter()
            .zip(solid_angle_weights_sr())
            .map(|(d, w)| d * w)
            .sum();
        if all <= 0.0 {
            return;
        }
        let cells = forward_cells(&row);
        let forward: f64 = cells.iter().sum();
        self.stay(energy_mev, (all - forward).max(0.0));
        for (cell, &protons) in cells.iter().enumerate() {
            self.add(energy_mev, cell, protons);
        }
    }

    fn elastic(&mut self, emitted: &[Emitted], share: f64) {
        for proton in emitted {
            let protons = share * proton.cm2_per_g;
            match polar_cells(proton.cosine) {
                None => self.stay(proton.energy_mev, protons),
                Some(cells) => cells
                    .iter()
                    .for_each(|(cell, part)| self.add(proton.energy_mev, *cell, part * protons)),
            }
        }
    }

    /// Protons that stay where they are born.
    fn stay(&mut self, energy_mev: f64, protons: f64) {
        self.shares.protons_mev += protons * energy_mev;
        self.shares.protons_let += protons * self.material.let_integral_mev2_cm2_per_g(energy_mev);
    }

    /// Protons of one energy and polar cell: on the two bins about the energy, which keep the mean.
    fn add(&mut self, energy_mev: f64, cell: usize, protons: f64) {
        let centers = &self.axis.centers_mev;
        if energy_mev < centers[0] {
            return self.stay(energy_mev, protons);
        }
        let (bin, share) = enclosing(centers, energy_mev);
        self.by_cell[bin * POLAR_CELLS + cell] += (1.0 - share) * protons;
        if share > 0.0 {
            self.by_cell[(bin + 1) * POLAR_CELLS + cell] += share * protons;
        }
    }

    /// Projects the births, per absorbed parent.
    fn emission(mut self, projection: &Projection, parent_mev: f64, removal: f64) -> Emission {
        if removal <= 0.0 {
            self.stay(parent_mev, 1.0);
            return Emission {
                shares: self.shares,
                ..Emission::default()
            };
        }
        let bins: Vec<usize> = (0..self.axis.bins())
            .filter(|&energy| self.births(energy).iter().any(|born| *born > 0.0))
            .collect();
        let (first, last) = match (bins.first(), bins.last()) {
            (Some(&first), Some(&last)) => (first, last + 1),
            _ => (0, 0),
        };
        let rows = (first..last).flat_map(|energy| self.projected(projection, energy, removal));
        let weights: Vec<f64> = rows.collect();
        Emission {
            first_energy: first,
            weights,
            angles: projection.bins,
            shares: self.shares.scaled(1.0 / removal, parent_mev),
        }
    }

    fn births(&self, energy: usize) -> &[f64] {
        &self.by_cell[energy * POLAR_CELLS..(energy + 1) * POLAR_CELLS]
    }

    /// The births of one energy bin by angle bin, per absorbed parent; those without a bin stay.
    fn projected(&mut self, projection: &Projection, energy: usize, removal: f64) -> Vec<f64> {
        let mut row = vec![0.0; projection.bins];
        for (cell, &born) in self
            .births(energy)
            .iter()
            .enumerate()
            .filter(|(_, b)| **b > 0.0)
        {
            for (sum, share) in row.iter_mut().zip(projection.share(cell)) {
                *sum += born / removal * share;
            }
        }
        let energy_mev = self.axis.centers_mev[energy];
        let born: f64 = self.births(energy).iter().sum();
        let emitted = removal * row.iter().sum::<f64>();
        self.shares.emitted_mev += emitted * energy_mev;
        self.stay(energy_mev, (born - emitted).max(0.0));
        row
    }
}

impl Shares {
    /// Times `factor`; the neutral share closes the sum to the parent's energy.
    fn scaled(self, factor: f64, parent_mev: f64) -> Shares {
        let mut shares = Shares {
            emitted_mev: factor * self.emitted_mev,
            protons_mev: factor * self.protons_mev,
            protons_let: factor * self.protons_let,
            fragments_mev: factor * self.fragments_mev,
            neutral_mev: 0.0,
        };
        shares.neutral_mev =
            parent_mev - shares.emitted_mev - shares.protons_mev - shares.fragments_mev;
        shares
    }
}

/// Protons in the forward polar cells of a row of densities at `ANGLE_DEG`, scaled so that all angles have their exact sum.
fn forward_cells(row: &[f64; ANGLE_POINTS]) -> [f64; POLAR_CELLS] {
    std::array::from_fn(|cell| {
        let (center_deg, solid_sr) = polar_cell(cell);
        let above = ANGLE_DEG.partition_point(|angle| *angle <= center_deg);
        let (low, high) = (ANGLE_DEG[above - 1], ANGLE_DEG[above]);
        let share = (center_deg - low) / (high - low);
        solid_sr * ((1.0 - share) * row[above - 1] + share * row[above])
    })
}

/// The bin at or below a value within rising centres, and the share of the next that keeps the mean; the last bin takes what is
/// above it.
pub fn enclosing(centers: &[f64], value: f64) -> (usize, f64) {
    let below = centers.partition_point(|&c| c <= value).max(1) - 1;
    if below + 1 >= centers.len() {
        return (centers.len() - 1, 0.0);
    }
    (
        below,
        (value - centers[below]) / (centers[below + 1] - centers[below]),
    )
}
