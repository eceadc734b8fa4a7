//! References by quadrature: ranges, straggling, detours, Fermi-Eyges moments; and the curves of tests/data.
//!
//! The stopping powers, scattering powers and straggling variances themselves are checked against their sources in the
//! tests of `physics`; here they are integrated with steps far below those of the solver.

use smatrix2d::case::SingleScatteringModel;
use smatrix2d::physics::scattering_power::{
    differential_moliere_rad2_cm2_per_g, moliere_log_term, pv_mev,
};
use smatrix2d::physics::single_scattering::SingleScattering;
use smatrix2d::physics::{Material, builtin};

pub fn water() -> Material {
    builtin("water").expect("water is built in")
}

pub fn water_range_mm(energy_mev: f64) -> f64 {
    10.0 * water().csda_range_g_per_cm2(energy_mev)
}

/// Midpoints of `count` equal parts of [from, to], and their width.
pub fn midpoints(from: f64, to: f64, count: usize) -> (impl Iterator<Item = f64>, f64) {
    let width = (to - from) / count as f64;
    (
        (0..count).map(move |i| from + (i as f64 + 0.5) * width),
        width,
    )
}

const PARTS: usize = 4000;

/// Gottschalk's T along a beam in water at residual energy, rad2/mm.
pub fn gaussian_power(material: &Material, energy_mev: f64, entry_mev: f64) -> f64 {
    let log_term = moliere_log_term(energy_mev, entry_mev, -8.0);
    0.1 * differential_moliere_rad2_cm2_per_g(
        material.scattering_length_g_per_cm2,
        energy_mev,
        log_term,
    )
}

/// Mean square projected angle, its product with x, and x^2 at a path length s in water: A0 rad2, A1 mm rad, A2 mm2
/// (Fermi-Eyges: Eyges, Phys. Rev. 74 (1948) 1534) of a beam without width.
pub fn fermi_eyges(
    entry_mev: f64,
    s_mm: f64,
    power: &dyn Fn(&Material, f64, f64) -> f64,
) -> [f64; 3] {
    let water = water();
    let range = water.csda_range_g_per_cm2(entry_mev);
    let (points, width) = midpoints(0.0, s_mm, PARTS);
    let mut moments = [0.0; 3];
    for s in points {
        let rate = width * power(&water, water.energy_mev(range - 0.1 * s), entry_mev);
        (0..3).for_each(|k| moments[k] += rate * (s_mm - s).powi(k as i32));
    }
    moments
}

/// Range straggling by the depth at which the mean energy has fallen to `to_mev`: `sqrt(int (dOmega^2/dx) / S^3 dE)`, mm.
pub fn range_straggling_mm(from_mev: f64, to_mev: f64) -> f64 {
    let water = water();
    let (points, width) = midpoints(to_mev.ln(), from_mev.ln(), PARTS);
    let integrand = |ln_e: f64| {
        let e = ln_e.exp();
        e * water.straggling_mev2_cm2_per_g(e) / water.mass_stopping_power_mev_cm2_per_g(e).powi(3)
    };
    10.0 * (points.map(integrand).sum::<f64>() * width).sqrt()
}

/// By how much scattering shortens the mean depth: in the plane and out of it the path is longer than the depth by
/// <theta^2>/2 each, <theta^2> of all collisions, tails included, grown along the path. mm.
pub fn detour_mm(entry_mev: f64) -> f64 {
    let water = water();
    let scattering = SingleScattering::of(&water, SingleScatteringModel::WentzelVi);
    let range = water.csda_range_g_per_cm2(entry_mev);
    // The last 0.05 mm (1.2 MeV) turn where they are.
    let (points, width) = midpoints(0.0, 10.0 * range - 0.05, PARTS);
    let mut angle2 = 0.0;
    points
        .map(|s| {
            let energy = water.energy_mev(range - 0.1 * s);
            angle2 += 0.1 * width * scattering.second_moment_rad2_cm2_per_g(energy);
            angle2 * width
        })
        .sum()
}

/// The projected range of PSTAR: the mean depth at which protons come to rest. CSDA range times the detour factor, which
/// PSTAR prints to four digits, linear in energy between its rows. mm.
pub fn pstar_projected_range_mm(energy_mev: f64) -> f64 {
    let text = include_str!("../../data/pstar/water.csv");
    let rows: Vec<(f64, f64)> = text
        .lines()
        .filter_map(|line| {
            let fields: Vec<f64> = line.split(',').filter_map(|f| f.parse().ok()).collect();
            (fields.len() == 7).then(|| (fields[0], fields[6]))
        })
        .collect();
    let above = rows.partition_point(|row| row.0 < energy_mev);
    let ((low_mev, low), (high_mev, high)) = (rows[above - 1], rows[above]);
    let share = (energy_mev - low_mev) / (high_mev - low_mev);
    water_range_mm(energy_mev) * (low + share * (high - low))
}

/// Skewness of the ranges that are left where the mean range has fallen to that of `to_mev`. With D = (d kappa_2/dx) / S^2 the
/// moments of the residual range r obey
///
///   dk2/dx = D(r),    dk3/dx = -(d kappa_3/dx) / S^3 + 3 k2 dD/dr
///
/// (third moment of the Fokker-Planck equation in r to first order in k2: protons that have more range left straggle more).
pub fn range_skewness(from_mev: f64, to_mev: f64) -> f64 {
    let water = water();
    let energy = |r_mm: f64| water.energy_mev(0.1 * r_mm);
    let per_loss = |r_mm: f64| 10.0 / water.mass_stopping_power_mev_cm2_per_g(energy(r_mm));
    let diffusion = |r: f64| 0.1 * water.straggling_mev2_cm2_per_g(energy(r)) * per_loss(r).powi(2);
    let third =
        |r: f64| 0.1 * water.straggling_skewness_mev3_cm2_per_g(energy(r)) * per_loss(r).powi(3);
    let (points, width) = midpoints(
        0.0,
        water_range_mm(from_mev) - water_range_mm(to_mev),
        PARTS,
    );
    let (mut k2, mut k3) = (0.0, 0.0);
    for path in points {
        let r = water_range_mm(from_mev) - path;
        let slope = (diffusion(1.01 * r) - diffusion(0.99 * r)) / (0.02 * r);
        let middle = k2 + 0.5 * width * diffusion(r);
        k3 += width * (3.0 * middle * slope - third(r));
        k2 += width * diffusion(r);
    }
    k3 / k2.powf(1.5)
}

/// (deviation in sigmas, weight) of a distribution of mean 0, variance 1 and the given skewness (<= 0): Pearson's type III,
/// which is a Gaussian for skewness 0.
fn spread(skewness: f64) -> Vec<(f64, f64)> {
    let (points, _) = midpoints(-8.0, 8.0, 800);
    let log_density = |u: f64| {
        if skewness == 0.0 {
            return -0.5 * u * u;
        }
        let shape = 4.0 / (skewness * skewness);
        let scaled = 1.0 + u / (shape.sqrt() * skewness.signum());
        if scaled <= 0.0 {
            return f64::NEG_INFINITY;
        }
        (shape - 1.0) * scaled.ln() - shape * (scaled - 1.0)
    };
    let density: Vec<(f64, f64)> = points.map(|u| (u, log_density(u).exp())).collect();
    let sum: f64 = density.iter().map(|(_, p)| p).sum();
    density.into_iter().map(|(u, p)| (u, p / sum)).collect()
}

/// Depth dose (MeV/mm) on cells of `spacing_mm` of protons whose ranges spread about `mean_range_mm`: E(r) convolved with
/// the straggling.
pub fn depth_dose(
    [mean_range_mm, sigma_mm, skewness]: [f64; 3],
    spacing_mm: f64,
    cells: usize,
) -> Vec<f64> {
    let (water, spread) = (water(), spread(skewness));
    let energy_at = |z: f64| -> f64 {
        let energy = |u: f64| water.energy_mev(0.1 * (mean_range_mm + sigma_mm * u - z));
        spread.iter().map(|&(u, weight)| weight * energy(u)).sum()
    };
    let edges: Vec<f64> = (0..=cells)
        .map(|i| energy_at(i as f64 * spacing_mm))
        .collect();
    edges
        .windows(2)
        .map(|e| (e[0] - e[1]) / spacing_mm)
        .collect()
}

pub fn pv(energy_mev: f64) -> f64 {
    pv_mev(energy_mev)
}

/// Columns of a file in tests/data; an empty field is NaN.
pub fn columns(file: &str) -> Vec<Vec<f64>> {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let rows: Vec<Vec<f64>> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| {
            line.split(',')
                .map(|field| field.parse().unwrap_or(f64::NAN))
                .collect()
        })
        .collect();
    (0..rows[0].len())
        .map(|column| rows.iter().map(|row| row[column]).collect())
        .collect()
}

/// By how much protons come deeper with Geant4's usual tables, of 20 bins a decade, than with those of 100, mm: for an energy of
/// the file.
pub fn geant4_range_excess_mm(energy_mev: f64) -> f64 {
    let ranges = columns("geant4_csda_ranges.csv");
    let row = ranges[0].iter().position(|&mev| mev == energy_mev);
    let row = row.unwrap_or_else(|| panic!("no {energy_mev} MeV"));
    ranges[1][row] - ranges[2][row]
}
