//! Spectra at planes: marginals of psi where a plane of cells ends, gathered over the spots on one energy axis.

use crate::backend::PlaneSpectra;
use crate::case::{Case, Quantity, Splitting};
use crate::phase_space::{EnergyAxis, PhaseSpace};
use crate::results::{Axis, Spectra};
use ndarray::{Array2, Array4};

/// Collects the planes of a run.
pub struct SpectraCollector {
    /// Number of steps behind each plane asked for.
    steps: Vec<usize>,
    plane_mm: Vec<f64>,
    energy: EnergyAxis,
    angle_deg: Axis,
    cells_x: usize,
    by_energy: Array2<f64>,
    by_angle: Array2<f64>,
    phase_space: Option<Array4<f32>>,
}

impl SpectraCollector {
    /// None where the case asks for no spectra. `phase_space` is that of the highest beam energy: its axis takes all spots.
    pub fn new(case: &Case, phase_space: &PhaseSpace) -> Option<SpectraCollector> {
        let asked = |quantity: Quantity| case.output.quantities.contains(&quantity);
        if !Self::is_asked_for(case) {
            return None;
        }
        let space = &phase_space.space;
        let (cell_mm, cells) = (space.spacing_z_mm, space.cells_z);
        let planes_mm = case.output.planes_mm.iter();
        let steps: Vec<usize> = planes_mm
            .map(|mm| nearest_edge(mm - space.z_min_mm, cell_mm, cells))
            .collect();
        let (planes, energies, angles) = (
            steps.len(),
            phase_space.energy.bins(),
            phase_space.angle.bins(),
        );
        Some(SpectraCollector {
            plane_mm: steps
                .iter()
                .map(|&k| space.z_min_mm + k as f64 * space.spacing_z_mm)
                .collect(),
            steps,
            energy: phase_space.energy.clone(),
            angle_deg: angle_axis(phase_space),
            cells_x: space.cells_x,
            by_energy: Array2::zeros((planes, energies)),
            by_angle: Array2::zeros((planes, angles)),
            phase_space: asked(Quantity::PhaseSpace)
                .then(|| Array4::zeros((planes, energies, angles, space.cells_x))),
        })
    }

    pub fn is_asked_for(case: &Case) -> bool {
        case.output.scores_planes() && !case.output.planes_mm.is_empty()
    }

    /// Bytes of the collector and of a spot's marginals at one plane; 0 where the case asks for no spectra.
    pub fn bytes(case: &Case, phase_space: &PhaseSpace) -> u64 {
        let asked = |quantity: &Quantity| case.output.quantities.contains(quantity);
        let marginals = [Quantity::EnergySpectrum, Quantity::AngleSpectrum];
        let (sums, all) = (marginals.iter().any(asked), asked(&Quantity::PhaseSpace));
        let planes = if all {
            case.output.planes_mm.len() + 1
        } else {
            usize::from(sums)
        };
        let cells =
            phase_space.energy.bins() * phase_space.angle.bins() * phase_space.space.cells_x;
        (planes * cells * size_of::<f32>()) as u64
    }

    /// True where a plane lies behind this many steps.
    pub fn wants(&self, steps: usize) -> bool {
        self.steps.contains(&steps)
    }

    /// Adds a spot's marginals, `factor` protons of it, at all planes behind `steps` steps.
    pub fn add(&mut self, steps: usize, energy: &EnergyAxis, spectra: &PlaneSpectra, factor: f64) {
        for plane in (0..self.steps.len())
            .filter(|&p| self.steps[p] == steps)
            .collect::<Vec<_>>()
        {
            for (bin, &weight) in spectra
                .by_energy
                .iter()
                .enumerate()
                .filter(|(_, w)| **w != 0.0)
            {
                let target = self.bin_of(energy.centers_mev[bin]);
                self.by_energy[[plane, target]] += factor * weight;
                self.add_phase_space(plane, target, bin, spectra, factor);
            }
            for (bin, &weight) in spectra.by_angle.iter().enumerate() {
                self.by_angle[[plane, bin]] += factor * weight;
            }
        }
    }

    fn add_phase_space(
        &mut self,
        plane: usize,
        target: usize,
        bin: usize,
        spectra: &PlaneSpectra,
        factor: f64,
    ) {
        let size = self.angle_deg.centers.len() * self.cells_x;
        if let Some(all) = &mut self.phase_space {
            let mut slab = all.slice_mut(ndarray::s![plane, target, .., ..]);
            let cells = &spectra.phase_space[bin * size..(bin + 1) * size];
            slab.iter_mut()
                .zip(cells)
                .for_each(|(sum, &cell)| *sum += factor as f32 * cell);
        }
    }

    fn bin_of(&self, energy_mev: f64) -> usize {
        let edges = &self.energy.edges_mev;
        edges
            .partition_point(|&edge| edge <= energy_mev)
            .clamp(1, edges.len() - 1)
            - 1
    }

    pub fn finish(self, case: &Case) -> Spectra {
        let energy = Axis {
            centers: self.energy.centers_mev.clone(),
            edges: self.energy.edges_mev.clone(),
        };
        let density = |sums: Array2<f64>, axis: &Axis| {
            let widths: ndarray::Array1<f64> = axis.edges.windows(2).map(|e| e[1] - e[0]).collect();
            sums / widths
        };
        let asked = |quantity: Quantity| case.output.quantities.contains(&quantity);
        Spectra {
            plane_mm: self.plane_mm,
            energy_spectrum_per_mev: asked(Quantity::EnergySpectrum)
                .then(|| density(self.by_energy, &energy)),
            angle_spectrum_per_degree: asked(Quantity::AngleSpectrum)
                .then(|| density(self.by_angle, &self.angle_deg)),
            phase_space: self.phase_space,
            energy_mev: energy,
            angle_deg: self.angle_deg,
        }
    }
}

/// The cell edge nearest to a depth, the entry plane's being 0.
pub fn nearest_edge(depth_mm: f64, cell_mm: f64, cells: usize) -> usize {
    (depth_mm / cell_mm).round().clamp(0.0, cells as f64) as usize
}

fn angle_axis(phase_space: &PhaseSpace) -> Axis {
    let centers: Vec<f64> = phase_space
        .angle
        .centers_rad
        .iter()
        .map(|t| t.to_degrees())
        .collect();
    let half = 0.5 * phase_space.angle.bin_rad.to_degrees();
    let edges = centers
        .iter()
        .map(|c| c - half)
        .chain(centers.last().map(|c| c + half))
        .collect();
    Axis { centers, edges }
}

/// Half a stride brings a mid-cell state to the end of its cell.
pub fn stride_to_face(splitting: Splitting) -> Option<crate::backend::Stride> {
    match splitting {
        Splitting::Strang => Some(crate::backend::Stride::Half),
        Splitting::Lie => None,
    }
}
