//! The energy axis: bins of equal width in range, in log E or in E.

use crate::case::EnergyAxisSpec;
use crate::physics::Material;

/// Energy bins, rising. One representative energy per bin is used for reading, writing, dose and report.
#[derive(Clone, Debug)]
pub struct EnergyAxis {
    /// Representative kinetic energies, MeV.
    pub centers_mev: Vec<f64>,
    /// Energy at the coordinate of bin 0; on the range axis its representative one accounts for all ranges down to 0.
    lowest_mev: f64,
    /// Bin edges, MeV, one more than bins.
    pub edges_mev: Vec<f64>,
    /// The coordinate in which the energy-loss kernel keeps its moments: CSDA range in water in mm, or energy in MeV.
    pub coordinate: Vec<f64>,
    pub kind: EnergyCoordinate,
    /// Width of bins of equal width in range.
    pub range_bin_mm: Option<f64>,
    /// Bins below this one come to rest in their next step, wherever that leads: their energies are below the cutoff.
    pub first_moving: usize,
}

/// A range this many bins above 0 is 0.
const ROUNDING_BINS: f64 = 1e-9;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnergyCoordinate {
    WaterRange,
    Energy,
}

impl EnergyAxis {
    /// The axis from `cutoff_mev` to above `highest_mev`; on the range axis `aligned_mev` (the beam's energy) is a bin centre,
    /// so that a monoenergetic beam has no width, and the bins go on below the cutoff down to range 0: what a step leaves
    /// there has its rest ahead, in the next cell, and in the cell behind it the falloff would be up to 6 % too steep.
    pub fn new(
        spec: EnergyAxisSpec,
        default_range_bin_mm: f64,
        cutoff_mev: f64,
        aligned_mev: f64,
        highest_mev: f64,
        water: &Material,
    ) -> EnergyAxis {
        match spec {
            EnergyAxisSpec::Range { range_bin_mm } => {
                let bin_mm = range_bin_mm.unwrap_or(default_range_bin_mm);
                Self::uniform_in_range(bin_mm, cutoff_mev, aligned_mev, highest_mev, water)
            }
            EnergyAxisSpec::Log { energy_bins } => {
                let edge = |step: f64, i: f64| cutoff_mev * (step * i).exp();
                Self::in_energy(edge, aligned_mev, highest_mev, energy_bins)
            }
            EnergyAxisSpec::Uniform { energy_bins } => {
                let edge = |step: f64, i: f64| cutoff_mev + step * i;
                Self::in_energy(edge, aligned_mev, highest_mev, energy_bins)
            }
        }
    }

    fn uniform_in_range(
        bin_mm: f64,
        cutoff_mev: f64,
        aligned_mev: f64,
        highest_mev: f64,
        water: &Material,
    ) -> Self {
        let range_mm = |mev: f64| 10.0 * water.csda_range_g_per_cm2(mev);
        let aligned = range_mm(aligned_mev);
        // Some of the lowest bin lies above range 0, its centre by more than rounding.
        let below = (aligned / bin_mm - ROUNDING_BINS).floor() as usize;
        let above = ((range_mm(highest_mev) - aligned) / bin_mm).ceil() as usize + 2;
        let first = aligned - below as f64 * bin_mm;
        let coordinate: Vec<f64> = (0..=below + above)
            .map(|i| first + i as f64 * bin_mm)
            .collect();
        let energy = |mm: f64| water.energy_mev((mm / 10.0).max(0.0));
        let edges = (0..=coordinate.len()).map(|i| energy(first + (i as f64 - 0.5) * bin_mm));
        let mut centers_mev: Vec<f64> = coordinate.iter().map(|&mm| energy(mm)).collect();
        let lowest_mev = centers_mev[0];
        centers_mev[0] = energy_of_lowest_bin(first + 0.5 * bin_mm, bin_mm, energy);
        EnergyAxis {
            centers_mev,
            lowest_mev,
            edges_mev: edges.collect(),
            first_moving: coordinate
                .partition_point(|&mm| mm < range_mm(cutoff_mev) - ROUNDING_BINS * bin_mm),
            coordinate,
            kind: EnergyCoordinate::WaterRange,
            range_bin_mm: Some(bin_mm),
        }
    }

    /// `bins` bins of edges `edge(step, i)`, the step chosen so that `aligned_mev` is a bin centre and bins reach above
    /// `highest_mev`.
    fn in_energy(
        edge: impl Fn(f64, f64) -> f64,
        aligned_mev: f64,
        highest_mev: f64,
        bins: usize,
    ) -> Self {
        let centre =
            |step: f64, i: usize| 0.5 * (edge(step, i as f64) + edge(step, i as f64 + 1.0));
        let step_for = |bin: usize| root(|step| centre(step, bin) - aligned_mev);
        let aligned_bin = (0..bins - 1)
            .rev()
            .find(|&bin| centre(step_for(bin), bins - 1) > highest_mev)
            .unwrap_or(0);
        let step = step_for(aligned_bin);
        let centers: Vec<f64> = (0..bins).map(|i| centre(step, i)).collect();
        EnergyAxis {
            lowest_mev: centers[0],
            coordinate: centers.clone(),
            centers_mev: centers,
            edges_mev: (0..=bins).map(|i| edge(step, i as f64)).collect(),
            kind: EnergyCoordinate::Energy,
            range_bin_mm: None,
            first_moving: 0,
        }
    }

    pub fn bins(&self) -> usize {
        self.centers_mev.len()
    }

    /// The energy that a bin slows down from: that of its coordinate.
    pub fn energy_at_coordinate_mev(&self, bin: usize) -> f64 {
        if bin == 0 {
            self.lowest_mev
        } else {
            self.centers_mev[bin]
        }
    }
}

/// The integral of the energy over all ranges below `edge_mm`, per bin: a sum over bins then is the integral over ranges, wherever
/// range 0, where E(r) has a corner, lies in the lowest bin.
fn energy_of_lowest_bin(edge_mm: f64, bin_mm: f64, energy_mev: impl Fn(f64) -> f64) -> f64 {
    const POINTS: usize = 64;
    let width_mm = edge_mm / POINTS as f64;
    let at = |i: usize| energy_mev((i as f64 + 0.5) * width_mm);
    (0..POINTS).map(at).sum::<f64>() * width_mm / bin_mm
}

/// The root of a rising function that is below 0 at 0.
fn root(rising: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e-6);
    while rising(high) < 0.0 {
        high *= 2.0;
    }
    // Halvings until the ends are neighbouring numbers.
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if rising(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}
