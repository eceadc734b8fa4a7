//! Births: what one absorbed proton of a material sets free, by energy bin and polar angle.
//!
//! Set free: spectra of nonelastic reactions. Turned: protons that nuclei turned far. Either: both protons of half of the scatterings on hydrogen.
//! Scattered: one proton, less the recoil.
//!
//! Deuterons: at the same speed protons and deuterons lose the same, so that `R_d(E) = (m_d / m_p) R_p(E m_p / m_d)` (Bethe's
//! S depends on speed and charge alone). A deuteron goes as `w = E / E_p` protons of its range, `E_p = E_p(R_d(E))`: energy and
//! range are exact, and the deposit along the way as far as R is a power of E (w is 1.35 at all energies if it is E^1.77;
//! 1.33 to 1.36 from 5 to 100 MeV).

use super::emission::{Emission, Shares, enclosing};
use super::interactions::{HYDROGEN_SHARE, Interactions};
use super::leaning::{Leaning, Ways};
use super::population::Population;
use super::projection::{POLAR_CELLS, polar_cell, polar_cells};
use crate::constants::{DEUTERON_MASS_MEV, PROTON_MASS_MEV};
use crate::phase_space::{EnergyAxis, Span};
use crate::physics::Material;
use crate::physics::elastic_protons::{Emitted, Turns};
use crate::physics::nuclear::Secondary;
use crate::physics::secondary_spectra::{
    ANGLE_DEG, ANGLE_POINTS, ENERGY_POINTS, Spectrum, mean_energy_mev, solid_angle_weights_sr,
};
use std::sync::LazyLock;

/// Each interval of a spectrum's energies is cut into this many.
const SUBDIVISIONS: usize = 4;

/// Protons born per areal length of one parent energy, cm2/g, by energy bin and polar cell.
pub struct Births<'a> {
    material: &'a Material,
    axis: &'a EnergyAxis,
    ways: &'a Ways<'a>,
    population: Population,
    by_cell: Vec<f64>,
    /// Per energy bin: integral of S dE of the births that its protons stand for, and of these protons.
    let_integrals: Vec<[f64; 2]>,
    /// Energy bins that hold births.
    filled: Span,
    /// Per areal length: MeV cm2/g.
    shares: Shares,
    /// Of the protons that leave, per areal length.
    leaning: Leaning,
}

impl<'a> Births<'a> {
    pub fn new(
        material: &'a Material,
        axis: &'a EnergyAxis,
        ways: &'a Ways<'a>,
        population: Population,
    ) -> Births<'a> {
        Births {
            material,
            axis,
            ways,
            population,
            by_cell: vec![0.0; axis.bins() * POLAR_CELLS],
            let_integrals: vec![[0.0; 2]; axis.bins()],
            filled: Span::default(),
            shares: Shares::default(),
            leaning: Leaning::default(),
        }
    }

    pub fn of_parent(&mut self, interactions: &Interactions, parent_mev: f64) {
        match self.population {
            Population::Scattered => {
                let turns = interactions.small_turns(parent_mev);
                self.off_nuclei(interactions, parent_mev, turns);
            }
            Population::Turned => {
                let turns = interactions.large_turns(parent_mev);
                self.off_nuclei(interactions, parent_mev, turns);
                self.off_hydrogen(interactions, parent_mev);
            }
            Population::SetFree => {
                self.nonelastic(interactions, parent_mev);
                self.off_hydrogen(interactions, parent_mev);
            }
            Population::Deuterons => self.deuterons(interactions, parent_mev),
        }
    }

    fn off_hydrogen(&mut self, interactions: &Interactions, parent_mev: f64) {
        let share = HYDROGEN_SHARE * interactions.elastic_share(parent_mev);
        if share > 0.0 {
            self.elastic(&interactions.elastic.from_hydrogen(parent_mev), share);
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
        self.spectrum(&interactions.protons.spectrum(parent_mev), |energy_mev| {
            (energy_mev, 1.0)
        });
        let heavier = interactions
            .reactions
            .energy_fraction(Secondary::Heavier, parent_mev);
        self.shares.fragments_mev += removal * parent_mev * heavier;
    }

    fn deuterons(&mut self, interactions: &Interactions, parent_mev: f64) {
        let spectrum = interactions.deuterons.spectrum(parent_mev);
        let material = self.material;
        self.spectrum(&spectrum, |energy_mev| {
            protons_for_deuteron(material, energy_mev)
        });
    }

    /// Births by a spectrum; `protons` says of which energy, and how many, protons one particle is.
    fn spectrum(&mut self, spectrum: &Spectrum, protons: impl Fn(f64) -> (f64, f64)) {
        for point in 0..(ENERGY_POINTS - 1) * SUBDIVISIONS {
            self.spectrum_point(spectrum, point, &protons);
        }
    }

    /// One of the evenly spaced energies of a spectrum: trapezoid in energy, linear in the angle between the points.
    fn spectrum_point(
        &mut self,
        spectrum: &Spectrum,
        point: usize,
        protons: &impl Fn(f64) -> (f64, f64),
    ) {
        let (bin, part) = (point / SUBDIVISIONS, point % SUBDIVISIONS);
        let share = part as f64 / SUBDIVISIONS as f64;
        let spacing_mev = spectrum.energy_mev[1] / SUBDIVISIONS as f64;
        let energy_mev = mean_energy_mev(point, spacing_mev);
        let width_mev = if point == 0 {
            0.5 * spacing_mev
        } else {
            spacing_mev
        };
        let density = &spectrum.density_cm2_per_g_mev_sr;
        let row: [f64; ANGLE_POINTS] = std::array::from_fn(|i| {
            width_mev * ((1.0 - share) * density[bin][i] + share * density[bin + 1][i])
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
        let (energy_mev, each) = protons(energy_mev);
        self.stay(energy_mev, each * (all - forward).max(0.0));
        self.add(
            energy_mev,
            cells.iter().map(|number| each * number).enumerate(),
        );
    }

    fn elastic(&mut self, emitted: &[Emitted], share: f64) {
        for proton in emitted {
            let protons = share * proton.cm2_per_g;
            match polar_cells(proton.cosine) {
                None => self.stay(proton.energy_mev, protons),
                Some(cells) => {
                    let born = cells.iter().map(|(cell, part)| (*cell, part * protons));
                    self.add(proton.energy_mev, born);
                }
            }
        }
    }

    /// Protons that stay where they are born.
    fn stay(&mut self, energy_mev: f64, protons: f64) {
        self.shares.protons_mev += protons * energy_mev;
        self.shares.protons_let += protons * self.material.let_integral_mev2_cm2_per_g(energy_mev);
    }

    /// Protons of one energy by polar cell: on the two bins about the energy, which keep the mean.
    fn add(&mut self, energy_mev: f64, protons: impl Iterator<Item = (usize, f64)>) {
        let centers = &self.axis.centers_mev;
        if energy_mev < centers[0] {
            return self.stay(energy_mev, protons.map(|(_, number)| number).sum());
        }
        let (bin, share) = enclosing(centers, energy_mev);
        let last = if share > 0.0 { bin + 2 } else { bin + 1 };
        self.filled = self.filled.enclosing(Span::new(bin, last));
        let (below, above) = (bin * POLAR_CELLS, (bin + 1) * POLAR_CELLS);
        let mut born = 0.0;
        for (cell, number) in protons {
            born += number;
            self.by_cell[below + cell] += (1.0 - share) * number;
            if share > 0.0 {
                self.by_cell[above + cell] += share * number;
            }
        }
        self.note_let(energy_mev, born, [(bin, 1.0 - share), (bin + 1, share)]);
    }

    /// Protons of one energy, by the bins that they are shared between: these have the energy, not quite its integral of S dE.
    fn note_let(&mut self, energy_mev: f64, protons: f64, bins: [(usize, f64); 2]) {
        let of_bins = bins.map(|(bin, share)| match share > 0.0 {
            true => share * self.ways.let_integral(bin),
            false => 0.0,
        });
        let all: f64 = of_bins.iter().sum();
        let itself = self.material.let_integral_mev2_cm2_per_g(energy_mev);
        for ((bin, _), of_bin) in bins.into_iter().zip(of_bins).filter(|(_, one)| *one > 0.0) {
            self.let_integrals[bin][0] += protons * of_bin * (itself / all);
            self.let_integrals[bin][1] += protons * of_bin;
        }
    }

    /// Where no reaction is known, a parent stays.
    pub fn nothing(mut self, parent_mev: f64) -> Emission {
        if self.population != Population::Deuterons {
            self.stay(parent_mev, 1.0);
        }
        Emission {
            shares: self.shares,
            ..Emission::default()
        }
    }

    /// Projects the births, per absorbed parent; `whole_mev` of its energy is this population's. And how they lean, per areal length.
    pub fn emission(mut self, whole_mev: f64, removal: f64) -> (Emission, Leaning) {
        let angles = self.ways.angles();
        let mut rows = self.projected();
        rows.iter_mut().for_each(|protons| *protons /= removal);
        let filled = |protons: &f64| *protons > 0.0;
        let bin = |place: usize| place / angles;
        let first = rows.iter().position(filled).map_or(0, bin);
        let end = rows.iter().rposition(filled).map_or(0, |at| bin(at) + 1);
        rows.truncate(end * angles);
        let emission = Emission {
            first_energy: first,
            weights: rows.split_off(first * angles),
            angles,
            shares: self
                .shares
                .closed(1.0 / removal, whole_mev, self.population),
        };
        (emission, self.leaning)
    }

    /// Protons per areal length by energy and angle bin, what leans out of the plane as what it goes in it; those without a bin stay.
    fn projected(&mut self) -> Vec<f64> {
        let mut rows = vec![0.0; self.axis.bins() * self.ways.angles()];
        for energy in self.filled.range() {
            self.project(energy, &mut rows);
        }
        rows
    }

    /// The births of one energy bin.
    fn project(&mut self, energy: usize, rows: &mut [f64]) {
        let angles = self.ways.angles();
        let births: Vec<(usize, f64)> = self.births(energy).collect();
        let mut stays = 0.0;
        let mut leaning = Leaning::default();
        for &(cell, born) in &births {
            let way = self.ways.way(energy, cell);
            for (place, protons) in &way.directions {
                rows[*place] += born * protons[0];
                rows[place + angles] += born * protons[1];
            }
            leaning.add_scaled(&way.leaning, born);
            stays += born * (1.0 - way.leaves);
        }
        self.leaning
            .add(&leaning.of_births(self.let_integrals[energy]));
        let energy_mev = self.axis.centers_mev[energy];
        let born: f64 = births.iter().map(|(_, born)| born).sum();
        // Below 0 by rounding.
        let stays = stays.max(0.0);
        self.shares.emitted_mev += (born - stays) * energy_mev;
        self.stay(energy_mev, stays);
    }

    /// The births of one energy bin by polar cell.
    fn births(&self, energy: usize) -> impl Iterator<Item = (usize, f64)> {
        let cells = &self.by_cell[energy * POLAR_CELLS..(energy + 1) * POLAR_CELLS];
        cells
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, born)| *born > 0.0)
    }
}

/// Energy and number of the protons that one deuteron goes as.
fn protons_for_deuteron(material: &Material, energy_mev: f64) -> (f64, f64) {
    const MASSES: f64 = DEUTERON_MASS_MEV / PROTON_MASS_MEV;
    if energy_mev <= 0.0 {
        return (0.0, 1.0);
    }
    let range = MASSES * material.csda_range_g_per_cm2(energy_mev / MASSES);
    let proton_mev = material.energy_mev(range);
    (proton_mev, energy_mev / proton_mev)
}

/// Protons in the forward polar cells of a row of densities at `ANGLE_DEG`, scaled so that all angles have their exact sum.
fn forward_cells(row: &[f64; ANGLE_POINTS]) -> [f64; POLAR_CELLS] {
    std::array::from_fn(|cell| {
        let (above, share, solid_sr) = FORWARD_CELLS[cell];
        solid_sr * ((1.0 - share) * row[above - 1] + share * row[above])
    })
}

/// Per forward polar cell: the point of `ANGLE_DEG` above its centre, that point's share, and the solid angle, sr.
static FORWARD_CELLS: LazyLock<[(usize, f64, f64); POLAR_CELLS]> = LazyLock::new(|| {
    std::array::from_fn(|cell| {
        let (center_deg, solid_sr) = polar_cell(cell);
        let above = ANGLE_DEG.partition_point(|angle| *angle <= center_deg);
        let (low, high) = (ANGLE_DEG[above - 1], ANGLE_DEG[above]);
        (above, (center_deg - low) / (high - low), solid_sr)
    })
});
