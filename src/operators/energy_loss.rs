//! A_E: energy loss and straggling along E, at fixed theta, z, x; and the scores that the loss gives.
//!
//! Mean: E' = E_m(R_m(E) - rho l) from the material's own range table. Variance: Bohr's per areal length, carried to the axis
//! coordinate c (CSDA range in water on the range axis, energy on the others). Third moment: hard knock-ons. A bin's weight
//! goes to four bins about c(E') (the nearest, its neighbours, and one two or more bins down) as
//!
//!   p_i = < Lagrange polynomial of node i >  over a variable with the wanted mean, variance and third moment,
//!
//! exact in weight and three moments where all p_i >= 0, else on three nodes (two moments), else on two (mean only; the excess
//! variance is reported). Where the variance is too large for neighbouring bins the step is the n-th power of a step of 1/n.
//! Below bin 0 all energy is deposited in the cell. Nuclear reactions take the share 1 - exp(-Sigma(E_mid) rho l) out of all
//! p_i: it counts as absorbed at the energy E_mid of the middle of the step, and slows down until there.
//! Gather form: `psi'[j] = sum_k g[j, k] psi[base[j] + k]`.
//!
//! Source: Bohr straggling (ICRU 49, eq. 4.8 family, in physics/straggling); moment fitting by Lagrange nodes is elementary.
//! Twin: kernels/energy_loss.cu.

use super::Setting;
use crate::central_axis::Crossing;
use crate::phase_space::{EnergyAxis, EnergyCoordinate, Span};
use crate::physics::Material;
use crate::real::{Real, round_keeping_sum};
use std::collections::BTreeMap;

/// What is scored per source bin, in this order: see `Scores`.
pub const SCORES: usize = 8;
pub const WEIGHT: usize = 0;
pub const ENERGY: usize = 1;
pub const DEPOSIT: usize = 2;
pub const STOPPED: usize = 3;
pub const LET_DEPOSIT: usize = 4;
pub const PATH: usize = 5;
pub const ABSORBED: usize = 6;
pub const ABSORBED_ENERGY: usize = 7;

/// Variance in bins^2 above which a step is split: three points carry at most 1 - f^2 = 3/4.
const WIDEST_BINS2: f64 = 0.6;

/// Gather weights and score coefficients by (medium, energy, class).
#[derive(Clone, Debug, Default)]
pub struct EnergyLossTable<T> {
    pub energies: usize,
    pub classes: usize,
    /// Sources per target.
    pub sources: usize,
    /// [medium, target energy, class]: the lowest source bin.
    pub base: Vec<u32>,
    /// [target energy]: one past the highest source bin, over all media and classes.
    pub complete: Vec<u32>,
    /// [medium, target energy, class, source]
    pub weights: Vec<T>,
    /// [medium, source energy, class, score]: weight, energy (MeV), deposit (MeV), stopped weight,
    /// deposit x LET (MeV keV/um), path (mm), absorbed weight, its energy (MeV).
    pub scores: Vec<T>,
    /// Farthest bins that a source reaches down and up.
    pub reach_down: usize,
    pub reach_up: usize,
}

/// Where one source bin's weight goes: bins `lowest..`, negative ones being stopped.
#[derive(Clone, Debug)]
struct Spread {
    lowest: i64,
    weights: Vec<f64>,
    /// Variance beyond the wanted one, coordinate squared.
    excess: f64,
}

impl<T: Real> EnergyLossTable<T> {
    pub fn new(setting: &Setting) -> EnergyLossTable<T> {
        let (energies, classes) = (setting.phase_space.energy.bins(), setting.path_mm.len());
        let media = setting.media.list.len();
        let spreads: Vec<Vec<Spread>> = (0..media * classes)
            .map(|i| {
                spreads_of(setting, i / classes, i % classes)
                    .iter()
                    .map(rounded::<T>)
                    .collect()
            })
            .collect();
        let sources = spreads
            .iter()
            .map(|s| sources_of(s).map(Span::len).max().unwrap_or(1))
            .max()
            .unwrap_or(1);
        let entries = media * energies * classes;
        let mut table = EnergyLossTable {
            energies,
            classes,
            sources: sources.clamp(1, energies),
            base: vec![0; entries],
            complete: vec![0; energies],
            weights: vec![T::ZERO; entries * sources],
            scores: vec![T::ZERO; entries * SCORES],
            reach_down: 0,
            reach_up: 0,
        };
        for (i, spread) in spreads.iter().enumerate() {
            table.fill_gather(i / classes, i % classes, spread);
            table.fill_scores(setting, i / classes, i % classes, spread);
        }
        table
    }

    pub fn bytes(&self) -> usize {
        let indices = size_of_val(&self.base[..]) + size_of_val(&self.complete[..]);
        indices + size_of_val(&self.weights[..]) + size_of_val(&self.scores[..])
    }

    /// Bytes of the spreads that the table was made from.
    pub fn building_bytes(&self) -> usize {
        let reached = self.weights.iter().filter(|&&w| w != T::ZERO).count();
        self.base.len() * size_of::<Spread>() + reached * size_of::<f64>()
    }

    /// Index of (medium, energy, class).
    #[inline(always)]
    pub fn entry(&self, medium: usize, energy: usize, class: usize) -> usize {
        (medium * self.energies + energy) * self.classes + class
    }

    /// The lowest source bin of a target, and the weights of it and the bins above.
    #[inline(always)]
    pub fn gather(&self, medium: usize, target: usize, class: usize) -> (usize, &[T]) {
        let entry = self.entry(medium, target, class);
        (
            self.base[entry] as usize,
            &self.weights[entry * self.sources..(entry + 1) * self.sources],
        )
    }

    /// The score coefficients of a source bin.
    #[inline(always)]
    pub fn scores_of(&self, medium: usize, source: usize, class: usize) -> &[T] {
        let at = self.entry(medium, source, class) * SCORES;
        &self.scores[at..at + SCORES]
    }

    fn fill_gather(&mut self, medium: usize, class: usize, spreads: &[Spread]) {
        for (target, sources) in sources_of(spreads).enumerate() {
            // The same number of sources everywhere: start low enough that they all exist.
            let base = sources.first.min(self.energies - self.sources);
            let entry = self.entry(medium, target, class);
            self.base[entry] = base as u32;
            self.complete[target] = self.complete[target].max((base + self.sources) as u32);
            for source in sources.range() {
                let k = target as i64 - spreads[source].lowest;
                let weight = usize::try_from(k)
                    .ok()
                    .and_then(|k| spreads[source].weights.get(k));
                self.weights[entry * self.sources + source - base] =
                    T::from_f64(weight.copied().unwrap_or(0.0));
            }
        }
    }

    fn fill_scores(&mut self, setting: &Setting, medium: usize, class: usize, spreads: &[Spread]) {
        for (source, spread) in spreads.iter().enumerate() {
            let highest = spread.lowest + spread.weights.len() as i64 - 1;
            self.reach_down = self
                .reach_down
                .max((source as i64 - spread.lowest).max(0) as usize);
            self.reach_up = self.reach_up.max((highest - source as i64).max(0) as usize);
            let at = self.entry(medium, source, class) * SCORES;
            let scores = score_coefficients(setting, medium, class, source, spread);
            (0..SCORES).for_each(|q| self.scores[at + q] = T::from_f64(scores[q]));
        }
    }
}

/// Per target bin, the span of source bins that reach it.
fn sources_of(spreads: &[Spread]) -> impl Iterator<Item = Span> {
    let mut spans = vec![Span::new(usize::MAX, usize::MAX); spreads.len()];
    for (source, spread) in spreads.iter().enumerate() {
        for k in 0..spread.weights.len() as i64 {
            if let Some(span) = usize::try_from(spread.lowest + k)
                .ok()
                .and_then(|target| spans.get_mut(target))
            {
                *span = if span.is_empty() {
                    Span::new(source, source + 1)
                } else {
                    Span::new(span.first, source + 1)
                };
            }
        }
    }
    spans.into_iter().enumerate().map(|(target, span)| {
        if span.is_empty() {
            Span::new(target, target)
        } else {
            span
        }
    })
}

/// Numbers of parts that a step is split into; a step longer than the last has other errors.
const PARTS: [usize; 13] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64];

/// The spread of every source bin over one step of a medium at one class of |angle|. A bin's step has as many parts as its own
/// variance needs: every part costs the variance that its fraction of a bin needs, so none are made where they are not needed.
fn spreads_of(setting: &Setting, medium: usize, class: usize) -> Vec<Spread> {
    let axis = &setting.phase_space.energy;
    let width = |bin: usize| coordinate(axis, bin as i64) - coordinate(axis, bin as i64 - 1);
    let step = |bin: usize, parts: usize| Step::new(setting, medium, class, bin, parts);
    let parts_of = |bin: usize| {
        let parts = step(bin, 1).variance / width(bin).powi(2) / WIDEST_BINS2;
        let enough = PARTS.iter().find(|&&n| n as f64 >= parts);
        *enough.unwrap_or(&PARTS[PARTS.len() - 1])
    };
    let mut tables: BTreeMap<usize, Vec<Spread>> = BTreeMap::new();
    let mut spread_in_parts = |bin: usize| {
        let parts = parts_of(bin);
        if parts == 1 {
            return spread(setting, &step(bin, 1));
        }
        let table = tables.entry(parts).or_insert_with(|| {
            let all = 0..axis.bins();
            all.map(|bin| spread(setting, &step(bin, parts))).collect()
        });
        (1..parts).fold(table[bin].clone(), |sum, _| compose(&sum, table))
    };
    (0..axis.bins()).map(&mut spread_in_parts).collect()
}

/// `first`, then `second` from every bin that it reaches; stopped weight stays stopped.
fn compose(first: &Spread, second: &[Spread]) -> Spread {
    let reached = |k: usize| usize::try_from(first.lowest + k as i64).ok();
    let ends = first
        .weights
        .iter()
        .enumerate()
        .map(|(k, _)| match reached(k) {
            Some(bin) => (
                second[bin].lowest,
                second[bin].lowest + second[bin].weights.len() as i64,
            ),
            None => (-1, 0),
        });
    let (lowest, end) = ends.fold((i64::MAX, i64::MIN), |(low, high), (l, h)| {
        (low.min(l), high.max(h))
    });
    let mut spread = Spread {
        lowest,
        weights: vec![0.0; (end - lowest) as usize],
        excess: first.excess,
    };
    for (k, &weight) in first.weights.iter().enumerate() {
        match reached(k) {
            None => spread.weights[(-1 - lowest) as usize] += weight,
            Some(bin) => {
                spread.excess += weight * second[bin].excess;
                for (i, &w) in second[bin].weights.iter().enumerate() {
                    spread.weights[(second[bin].lowest - lowest) as usize + i] += weight * w;
                }
            }
        }
    }
    spread
}

fn rounded<T: Real>(spread: &Spread) -> Spread {
    let weights = round_keeping_sum::<T>(&spread.weights)
        .iter()
        .map(|w| w.to_f64())
        .collect();
    Spread { weights, ..*spread }
}

/// One step (or 1/`parts` of it) of a source bin: where its mean goes and with which moments.
struct Step {
    /// Mean energy after the step; 0 where the proton stops.
    after_mev: f64,
    /// In the axis coordinate: variance, and third central moment (negative: towards lower energy).
    variance: f64,
    third: f64,
    /// Areal length asked for, and gone before stopping, g/cm2.
    areal: f64,
    travelled: f64,
    /// Energy in the middle of what was travelled.
    middle_mev: f64,
    /// Share that no nuclear reaction takes.
    survival: f64,
}

impl Step {
    fn new(setting: &Setting, medium: usize, class: usize, bin: usize, parts: usize) -> Step {
        let axis = &setting.phase_space.energy;
        let material = setting.material(medium);
        let energy = axis.centers_mev[bin];
        let areal = setting.areal_g_per_cm2(medium, class, energy) / parts as f64;
        let range = material.csda_range_g_per_cm2(energy);
        let slows = setting.physics.energy_loss;
        let travelled = if slows { areal.min(range) } else { areal };
        let at = |gone: f64| match slows {
            true if gone >= range => 0.0,
            true => material.energy_mev(range - gone),
            false => energy,
        };
        let mut step = Step {
            after_mev: at(areal),
            variance: 0.0,
            third: 0.0,
            areal,
            travelled,
            middle_mev: at(0.5 * travelled),
            survival: 1.0,
        };
        let removal = setting
            .removal
            .cm2_per_g(setting.media.list[medium].material, step.middle_mev);
        step.survival = (-removal * travelled).exp();
        if slows && setting.physics.straggling && step.after_mev > 0.0 {
            step.straggle(setting, material);
        }
        step
    }

    /// Sets the moments that straggling gives.
    fn straggle(&mut self, setting: &Setting, material: &Material) {
        let middle = self.middle_mev;
        let axis = &setting.phase_space.energy;
        let slope = coordinate_slope(setting, axis, material, middle, self.after_mev);
        self.variance = self.areal * material.straggling_mev2_cm2_per_g(middle) * slope * slope;
        self.third =
            -self.areal * material.straggling_skewness_mev3_cm2_per_g(middle) * slope.powi(3);
    }
}

/// dc/dE at the end of the step per unit of energy lost at its middle: a difference in energy grows as S does.
fn coordinate_slope(
    setting: &Setting,
    axis: &EnergyAxis,
    material: &Material,
    middle_mev: f64,
    after_mev: f64,
) -> f64 {
    match axis.kind {
        EnergyCoordinate::WaterRange => {
            10.0 / setting.water.mass_stopping_power_mev_cm2_per_g(middle_mev)
        }
        EnergyCoordinate::Energy => {
            material.mass_stopping_power_mev_cm2_per_g(after_mev)
                / material.mass_stopping_power_mev_cm2_per_g(middle_mev)
        }
    }
}

/// Coordinate of bin `i`, continued evenly below bin 0 and above the last.
fn coordinate(axis: &EnergyAxis, i: i64) -> f64 {
    let (c, n) = (&axis.coordinate, axis.bins() as i64);
    match i {
        i if i < 0 => c[0] + (c[1] - c[0]) * i as f64,
        i if i >= n => {
            c[n as usize - 1] + (c[n as usize - 1] - c[n as usize - 2]) * (i - n + 1) as f64
        }
        i => c[i as usize],
    }
}

/// Where the weight of a step's bin goes, without what is absorbed.
fn spread(setting: &Setting, step: &Step) -> Spread {
    let mut spread = spread_of_all(setting, step);
    spread.weights.iter_mut().for_each(|w| *w *= step.survival);
    spread
}

/// A whole bin below the first, there is nothing to share with it: all stops.
fn spread_of_all(setting: &Setting, step: &Step) -> Spread {
    let axis = &setting.phase_space.energy;
    let mean = match axis.kind {
        EnergyCoordinate::Energy => step.after_mev,
        EnergyCoordinate::WaterRange => 10.0 * setting.water.csda_range_g_per_cm2(step.after_mev),
    };
    if step.after_mev <= 0.0 || mean <= coordinate(axis, -1) {
        return Spread {
            lowest: -1,
            weights: vec![1.0],
            excess: 0.0,
        };
    }
    let below = axis.coordinate.partition_point(|&c| c <= mean) as i64 - 1;
    let low = mean - coordinate(axis, below);
    let nearest = if low <= coordinate(axis, below + 1) - mean {
        below
    } else {
        below + 1
    };
    let mut spread = spread_about(axis, nearest, below, mean, step);
    cap_at_top(&mut spread, axis.bins() as i64);
    spread
}

/// How far below the nearest bin the fourth node may lie. A third moment larger than `n - 1` times the variance, in bins, needs
/// it at `n`: 3 at 230 MeV with bins of 0.5 mm of range, more with finer ones.
const FOURTH_NODES: std::ops::RangeInclusive<i64> = 2..=8;

/// Four nodes, the fourth as near as it can be, else three, else two.
fn spread_about(axis: &EnergyAxis, nearest: i64, below: i64, mean: f64, step: &Step) -> Spread {
    let offset = |i: i64| coordinate(axis, i) - mean;
    if step.variance > 0.0 {
        for far in FOURTH_NODES {
            let nodes = [nearest - far, nearest - 1, nearest, nearest + 1];
            let four = lagrange_weights(nodes.map(offset), step);
            if positive(&four) {
                let mut weights = clamped(&four);
                weights.splice(1..1, std::iter::repeat_n(0.0, (far - 2) as usize));
                return Spread {
                    lowest: nearest - far,
                    weights,
                    excess: 0.0,
                };
            }
        }
    }
    let three = lagrange_weights([nearest - 1, nearest, nearest + 1].map(offset), step);
    if positive(&three) {
        return Spread {
            lowest: nearest - 1,
            weights: clamped(&three),
            excess: 0.0,
        };
    }
    let ends = [below, below + 1].map(offset);
    Spread {
        lowest: below,
        weights: clamped(&lagrange_weights(ends, step)),
        excess: -ends[0] * ends[1] - step.variance,
    }
}

/// Rounding may leave -1e-17 where the mean is on a node.
const ROUNDING: f64 = 1e-12;

fn positive(weights: &[f64]) -> bool {
    weights.iter().all(|w| *w >= -ROUNDING)
}

fn clamped(weights: &[f64]) -> Vec<f64> {
    weights
        .iter()
        .map(|&w| if w.abs() <= ROUNDING { 0.0 } else { w })
        .collect()
}

/// Expectation of each node's Lagrange polynomial over a variable of mean 0 and the step's variance and third moment:
/// < (X-a)(X-b)(X-c) > = m3 - (a+b+c) m2 - abc, and likewise for fewer factors.
fn lagrange_weights<const N: usize>(nodes: [f64; N], step: &Step) -> [f64; N] {
    std::array::from_fn(|i| {
        let others = (0..N).filter(|&k| k != i).map(|k| nodes[k]);
        let (sum, product) = others
            .clone()
            .fold((0.0, 1.0), |(sum, product), d| (sum + d, product * d));
        let expectation = match N {
            2 => -product,
            3 => step.variance + product,
            _ => step.third - sum * step.variance - product,
        };
        expectation / others.map(|d| nodes[i] - d).product::<f64>()
    })
}

/// Weight above the last bin stays in the last bin (only where energy loss is off or the step is tiny).
fn cap_at_top(spread: &mut Spread, bins: i64) {
    while spread.lowest + spread.weights.len() as i64 > bins && spread.weights.len() > 1 {
        let over = spread.weights.pop().unwrap_or(0.0);
        if let Some(last) = spread.weights.last_mut() {
            *last += over;
        }
    }
    spread.lowest = spread.lowest.min(bins - 1);
}

/// Scores of a source bin per unit weight; the deposit telescopes with the spread, so that energy closes to rounding.
fn score_coefficients(
    setting: &Setting,
    medium: usize,
    class: usize,
    bin: usize,
    spread: &Spread,
) -> [f64; SCORES] {
    let (axis, material) = (&setting.phase_space.energy, setting.material(medium));
    let energy = axis.centers_mev[bin];
    let step = Step::new(setting, medium, class, bin, 1);
    let let_integral = |mev: f64| material.let_integral_mev2_cm2_per_g(mev);
    let mut scores = [0.0; SCORES];
    (scores[WEIGHT], scores[ENERGY]) = (1.0, energy);
    scores[ABSORBED] = absorbed(&step, spread);
    scores[ABSORBED_ENERGY] = scores[ABSORBED] * step.middle_mev;
    scores[DEPOSIT] = energy - scores[ABSORBED_ENERGY];
    scores[LET_DEPOSIT] = let_integral(energy) - scores[ABSORBED] * let_integral(step.middle_mev);
    for (k, &weight) in spread.weights.iter().enumerate() {
        match usize::try_from(spread.lowest + k as i64) {
            Ok(target) => {
                scores[DEPOSIT] -= weight * axis.centers_mev[target];
                scores[LET_DEPOSIT] -= weight * let_integral(axis.centers_mev[target]);
            }
            Err(_) => scores[STOPPED] += weight,
        }
    }
    // MeV2 cm2/g times g/cm3 is MeV2/cm; a MeV/cm is 0.1 keV/um.
    scores[LET_DEPOSIT] *= 0.1 * setting.media.list[medium].density_g_per_cm3;
    let whole = setting.path_mm[class] * setting.path_factor(class, energy);
    let share = if step.areal > 0.0 {
        step.travelled / step.areal
    } else {
        1.0
    };
    scores[PATH] = whole * share * (1.0 - 0.5 * scores[ABSORBED]);
    scores
}

/// What the spread leaves out; nothing where there are no reactions, whatever the rounding.
fn absorbed(step: &Step, spread: &Spread) -> f64 {
    if step.survival < 1.0 {
        1.0 - spread.weights.iter().sum::<f64>()
    } else {
        0.0
    }
}

/// Variance that the energy axis adds beyond the physics, summed along the beam's central axis, mm2 of range in water.
pub fn excess_along_axis_mm2(setting: &Setting, class: usize) -> f64 {
    let axis = &setting.phase_space.energy;
    let mut spreads: BTreeMap<usize, Vec<Spread>> = BTreeMap::new();
    let excess_mm2 = |crossing: &Crossing| {
        let medium = crossing.medium;
        let table = spreads
            .entry(medium)
            .or_insert_with(|| spreads_of(setting, medium, class));
        let above = axis
            .edges_mev
            .partition_point(|&e| e <= crossing.energy_mev);
        let bin = above.clamp(1, axis.bins()) - 1;
        let range_per_coordinate = match axis.kind {
            EnergyCoordinate::WaterRange => 1.0,
            EnergyCoordinate::Energy => {
                let after_mev = Step::new(setting, medium, class, bin, 1).after_mev;
                10.0 / setting
                    .water
                    .mass_stopping_power_mev_cm2_per_g(after_mev.max(axis.centers_mev[0]))
            }
        };
        table[bin].excess.max(0.0) * range_per_coordinate * range_per_coordinate
    };
    setting.axis.crossings.iter().map(excess_mm2).sum()
}
