//! The beam at the entry plane: Gaussian in x, angle (correlated) and energy, integrated over bins.
//!
//! The weights' mean and variance equal the beam's exactly, whatever the bin width. A width below what the bins can
//! carry (a parallel beam between two bin centres) takes the smallest width they can, and the excess is reported. A
//! single column holds what lies in it.

mod bins;

use bins::gaussian_between;
pub use bins::{BinWeights, gaussian_on_bins, with_moments};

use crate::case::BeamSpec;
use crate::error::{Error, Result};
use crate::march::March;
use crate::phase_space::{EnergyCoordinate, PhaseSpace, SpatialGrid};
use crate::physics::Material;

/// One spot's phase-space weight at the entry plane: the sum over bins is the injected weight (1 if nothing is cut off).
#[derive(Clone, Debug)]
pub struct Source {
    pub energy: BinWeights,
    pub angle: BinWeights,
    /// One row per bin of `angle`: x and angle may be correlated.
    pub x_by_angle: Vec<BinWeights>,
}

impl Source {
    /// Variance that the bins added, of x, mm2: the mean over its angles.
    pub fn excess_variance_x_mm2(&self) -> f64 {
        let rows = self.angle.weights.iter().zip(&self.x_by_angle);
        rows.map(|(weight, x)| weight * x.excess_variance).sum()
    }

    /// Weight inside the grid, per proton.
    pub fn injected(&self) -> f64 {
        let energy: f64 = self.energy.weights.iter().sum();
        let rows = self.angle.weights.iter().zip(&self.x_by_angle);
        energy
            * rows
                .map(|(weight, x)| weight * x.weights.iter().sum::<f64>())
                .sum::<f64>()
    }
}

/// Smallest share of a beam that must lie inside the grid.
const INJECTED_AT_LEAST: f64 = 0.999;

/// Puts a spot on the bins of a march's phase space.
///
/// # Errors
/// Bad data where less than 99.9 % of the beam falls inside the axes.
pub fn source(beam: &BeamSpec, march: &March, water: &Material) -> Result<Source> {
    let phase_space = &march.phase_space;
    let (mean, sigma) = energy_moments(beam, phase_space.energy.kind, water);
    let energy = gaussian_on_bins(&phase_space.energy.coordinate, mean, sigma);
    let alone = beam.correlation == 0.0 || phase_space.space.cells_x == 1;
    let (angle, x_by_angle) = match alone {
        true => on_their_own(beam, march),
        false => correlated(beam, march),
    };
    let source = Source {
        energy,
        angle,
        x_by_angle,
    };
    check_injected(beam, phase_space, &source)?;
    Ok(source)
}

/// Angle and x of a beam in which neither depends on the other.
fn on_their_own(beam: &BeamSpec, march: &March) -> (BinWeights, Vec<BinWeights>) {
    let centers_rad = &march.phase_space.angle.centers_rad;
    let angle = gaussian_on_bins(
        centers_rad,
        beam.angle_deg.to_radians(),
        1e-3 * beam.divergence_mrad,
    );
    let space = &march.phase_space.space;
    let centers_x = centers_x_mm(&march.phase_space);
    let at_angle = |bin: usize| {
        let sideways = march.source_path_mm() * centers_rad[bin].sin();
        let x_mm = beam.x_mm + sideways;
        match space.cells_x {
            1 => in_one_column(space, x_mm, beam.sigma_x_mm),
            _ => gaussian_on_bins(&centers_x, x_mm, beam.sigma_x_mm),
        }
    };
    let bins = angle.first..angle.first + angle.weights.len();
    let x_by_angle = bins.map(at_angle).collect();
    (angle, x_by_angle)
}

/// A single column holds what lies in it, without place or width.
fn in_one_column(space: &SpatialGrid, x_mm: f64, sigma_x_mm: f64) -> BinWeights {
    let (left_mm, right_mm) = (space.x_min_mm, space.x_min_mm + space.spacing_x_mm);
    BinWeights {
        first: 0,
        weights: vec![gaussian_between(left_mm, right_mm, x_mm, sigma_x_mm)],
        excess_variance: 0.0,
    }
}

/// Angle and x of a correlated beam: x, and at every x the angles that go with it. So x is a Gaussian however wide the angle bins
/// are; where these are wider than the angles at one x by more than twice, the divergence takes the excess.
fn correlated(beam: &BeamSpec, march: &March) -> (BinWeights, Vec<BinWeights>) {
    let Joint {
        x_mm,
        sigma_x_mm,
        slope_rad_per_mm,
        sigma_at_x_rad,
    } = Joint::of(beam, march.source_path_mm());
    let centers_x = centers_x_mm(&march.phase_space);
    let x = gaussian_on_bins(&centers_x, x_mm, sigma_x_mm);
    let at_x = |i: usize| {
        let mean = beam.angle_deg.to_radians() + slope_rad_per_mm * (centers_x[x.first + i] - x_mm);
        gaussian_on_bins(&march.phase_space.angle.centers_rad, mean, sigma_at_x_rad)
    };
    let angles: Vec<BinWeights> = (0..x.weights.len()).map(at_x).collect();
    by_angle(&x, &angles)
}

/// x and angle of a correlated beam where it is put, some path behind the entry plane.
struct Joint {
    x_mm: f64,
    sigma_x_mm: f64,
    slope_rad_per_mm: f64,
    sigma_at_x_rad: f64,
}

impl Joint {
    fn of(beam: &BeamSpec, path_mm: f64) -> Joint {
        let (angle_rad, sigma_rad) = (beam.angle_deg.to_radians(), 1e-3 * beam.divergence_mrad);
        let sideways_per_rad = path_mm * angle_rad.cos();
        let covariance =
            beam.correlation * beam.sigma_x_mm * sigma_rad + sideways_per_rad * sigma_rad.powi(2);
        let variance_x = beam.sigma_x_mm.powi(2)
            + sideways_per_rad * (2.0 * covariance - sideways_per_rad * sigma_rad.powi(2));
        let slope = if variance_x > 0.0 {
            covariance / variance_x
        } else {
            0.0
        };
        Joint {
            x_mm: beam.x_mm + path_mm * angle_rad.sin(),
            sigma_x_mm: variance_x.sqrt(),
            slope_rad_per_mm: slope,
            sigma_at_x_rad: (sigma_rad.powi(2) - slope * covariance).max(0.0).sqrt(),
        }
    }
}

/// Weights of x and of the angles at every x, as weights of the angles and of x at every angle.
fn by_angle(x: &BinWeights, angles: &[BinWeights]) -> (BinWeights, Vec<BinWeights>) {
    let held = angles.iter().filter(|bins| !bins.weights.is_empty());
    let first = held.clone().map(|bins| bins.first).min().unwrap_or(0);
    let last = held
        .map(|bins| bins.first + bins.weights.len())
        .max()
        .unwrap_or(0);
    let weight = |i: usize, bin: usize| {
        let share = bin
            .checked_sub(angles[i].first)
            .and_then(|at| angles[i].weights.get(at));
        x.weights[i] * share.copied().unwrap_or(0.0)
    };
    let rows: Vec<Vec<f64>> = (first..last)
        .map(|bin| (0..x.weights.len()).map(|i| weight(i, bin)).collect())
        .collect();
    let sums: Vec<f64> = rows.iter().map(|row| sum_either_way(row)).collect();
    let excess: Vec<f64> = (x.weights.iter().zip(angles))
        .map(|(weight, angles)| weight * angles.excess_variance)
        .collect();
    let x_at = |(row, sum): (&Vec<f64>, &f64)| BinWeights {
        weights: row
            .iter()
            .map(|w| if *sum > 0.0 { w / sum } else { 0.0 })
            .collect(),
        ..x.clone()
    };
    let x_by_angle = rows.iter().zip(&sums).map(x_at).collect();
    let angle = BinWeights {
        first,
        weights: sums,
        excess_variance: sum_either_way(&excess),
    };
    (angle, x_by_angle)
}

/// The mean of the sums upwards and downwards: the same bits for a mirrored beam.
fn sum_either_way(weights: &[f64]) -> f64 {
    0.5 * (weights.iter().sum::<f64>() + weights.iter().rev().sum::<f64>())
}

fn check_injected(beam: &BeamSpec, phase_space: &PhaseSpace, source: &Source) -> Result<()> {
    if source.injected() >= INJECTED_AT_LEAST {
        return Ok(());
    }
    let share = inside(beam, phase_space);
    let which = format!(
        "the beam at x = {} mm, {} degree, {} MeV",
        beam.x_mm, beam.angle_deg, beam.energy_mev
    );
    let energies: f64 = source.energy.weights.iter().sum();
    if energies < INJECTED_AT_LEAST {
        return Err(Error::bad_data(format!(
            "only {energies:.4} of the energies of {which}, spread by {} MeV, lie on the energy axis (at least {INJECTED_AT_LEAST} is needed)",
            beam.energy_spread_mev
        ))
        .hint("lower energy_spread_mev: on the range axis the spread is a Gaussian in range, which must end above 0"));
    }
    if share >= INJECTED_AT_LEAST {
        return Err(Error::bad_data(format!(
            "{which} lies inside the grid, but {} cells of {} mm and {} angle bins of {:.3} degree cannot hold its place and width",
            phase_space.space.cells_x,
            phase_space.space.spacing_x_mm,
            phase_space.angle.bins(),
            phase_space.angle.bin_rad.to_degrees()
        ))
        .hint("lower phantom.spacing_mm in x (or grid.angle_bin_deg): a beam needs its own cell and one either side"));
    }
    Err(Error::bad_data(format!(
        "only {share:.4} of {which} falls inside the grid (at least {INJECTED_AT_LEAST} is needed)"
    ))
    .hint("widen phantom.x_mm or grid.angle_max_deg, or narrow the beam"))
}

/// Share of the beam between the outer edges of x and angle, whatever the bins between them.
fn inside(beam: &BeamSpec, phase_space: &PhaseSpace) -> f64 {
    let (space, angle) = (&phase_space.space, &phase_space.angle);
    let x_max_mm = space.x_min_mm + space.cells_x as f64 * space.spacing_x_mm;
    let half_rad = 0.5 * angle.bins() as f64 * angle.bin_rad;
    let in_x = gaussian_between(space.x_min_mm, x_max_mm, beam.x_mm, beam.sigma_x_mm);
    let mean_rad = beam.angle_deg.to_radians();
    in_x * gaussian_between(-half_rad, half_rad, mean_rad, 1e-3 * beam.divergence_mrad)
}

/// Mean and standard deviation in the energy axis' own coordinate.
fn energy_moments(beam: &BeamSpec, kind: EnergyCoordinate, water: &Material) -> (f64, f64) {
    match kind {
        EnergyCoordinate::Energy => (beam.energy_mev, beam.energy_spread_mev),
        EnergyCoordinate::WaterRange => range_moments_mm(beam, water),
    }
}

/// Of the range of Gaussian energies, which is no Gaussian: `R' sigma` and `R + R'' sigma^2/2`, `R' = 1/S`, to second order in sigma.
fn range_moments_mm(beam: &BeamSpec, water: &Material) -> (f64, f64) {
    let (energy, sigma) = (beam.energy_mev, beam.energy_spread_mev);
    let mm_per_mev = |energy: f64| 10.0 / water.mass_stopping_power_mev_cm2_per_g(energy);
    let range_mm = 10.0 * water.csda_range_g_per_cm2(energy);
    // 1 % to either side: far enough for a table's intervals not to show, near enough for a curve of R.
    let aside = 0.01 * energy;
    let curvature = (mm_per_mev(energy + aside) - mm_per_mev(energy - aside)) / (2.0 * aside);
    (
        range_mm + 0.5 * curvature * sigma * sigma,
        mm_per_mev(energy) * sigma,
    )
}

fn centers_x_mm(phase_space: &PhaseSpace) -> Vec<f64> {
    let space = &phase_space.space;
    (0..space.cells_x)
        .map(|i| space.x_min_mm + (i as f64 + 0.5) * space.spacing_x_mm)
        .collect()
}
