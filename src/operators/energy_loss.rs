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
//! Source: Bohr straggling (physics/straggling.rs); moment fitting by Lagrange nodes is elementary.
//! Twin: kernels/energy_loss.cu.

mod lagrange;
mod scores;
mod spread;
mod step;

use super::Setting;
use crate::central_axis::Crossing;
use crate::phase_space::{EnergyCoordinate, Span};
use crate::real::{Real, round_keeping_sum};
use scores::{absorbed_moments, score_coefficients};
use spread::{Spread, spreads_of};
use std::collections::BTreeMap;
use step::{Bins, Step};

/// What is scored per source bin, in this order: see `Scores`.
pub const SCORES: usize = 6;
pub const WEIGHT: usize = 0;
pub const ENERGY: usize = 1;
pub const DEPOSIT: usize = 2;
pub const STOPPED: usize = 3;
pub const LET_DEPOSIT: usize = 4;
pub const PATH: usize = 5;

/// Moments of the energy of what reactions take, 0 to 3: scored where anything reacts.
pub const MOMENTS: usize = 4;

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
    /// deposit x LET (MeV keV/um), path (mm).
    pub scores: Vec<T>,
    /// [medium, source energy, class, moment]: absorbed weight times 1, E, E^2, E^3 (MeV). Empty where nothing reacts.
    pub absorbed: Vec<T>,
    /// [medium, target energy, class]: how many weights, from the first, are not zero.
    reached: Vec<u32>,
    /// Farthest bins that a source reaches down and up.
    pub reach_down: usize,
    pub reach_up: usize,
}

impl<T: Real> EnergyLossTable<T> {
    pub fn new(setting: &Setting) -> EnergyLossTable<T> {
        let (energies, classes) = (setting.phase_space.energy.bins(), setting.path_mm.len());
        let media = setting.media.list.len();
        let entries = media * energies * classes;
        let mut table = EnergyLossTable {
            energies,
            classes,
            sources: 1,
            base: vec![0; entries],
            complete: vec![0; energies],
            weights: Vec::new(),
            scores: vec![T::ZERO; entries * SCORES],
            absorbed: Vec::new(),
            reached: vec![0; entries],
            reach_down: 0,
            reach_up: 0,
        };
        let mut spreads: Vec<Vec<Spread>> = Vec::with_capacity(media * classes);
        for medium in 0..media {
            let bins = Bins::new(setting, medium);
            let of_class = |class| table.fill_scores(setting, &bins, class);
            spreads.extend((0..classes).map(of_class));
        }
        let most = |spread: &Vec<Spread>| sources_of(spread).map(Span::len).max();
        // None at all where every bin comes to rest within the step.
        let sources = spreads.iter().filter_map(most).max().unwrap_or(0);
        table.sources = sources.clamp(1, energies);
        table.weights = vec![T::ZERO; entries * table.sources];
        for (i, spread) in spreads.iter().enumerate() {
            table.fill_gather(i / classes, i % classes, spread);
        }
        table
    }

    pub fn bytes(&self) -> usize {
        let per_entry = size_of_val(&self.base[..]) + size_of_val(&self.reached[..]);
        let indices = per_entry + size_of_val(&self.complete[..]);
        let coefficients = size_of_val(&self.scores[..]) + size_of_val(&self.absorbed[..]);
        indices + size_of_val(&self.weights[..]) + coefficients
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

    /// The lowest source bin of a target, and the weights of it and of the bins above that reach the target: the zeros behind them, which
    /// the kernels read in fours, add nothing.
    #[inline(always)]
    pub fn gather(&self, medium: usize, target: usize, class: usize) -> (usize, &[T]) {
        let entry = self.entry(medium, target, class);
        let first = entry * self.sources;
        let weights = &self.weights[first..first + self.reached[entry] as usize];
        (self.base[entry] as usize, weights)
    }

    /// The score coefficients of a source bin.
    #[inline(always)]
    pub fn scores_of(&self, medium: usize, source: usize, class: usize) -> &[T] {
        let at = self.entry(medium, source, class) * SCORES;
        &self.scores[at..at + SCORES]
    }

    pub fn absorbs(&self) -> bool {
        !self.absorbed.is_empty()
    }

    /// The moments that reactions take of a source bin; none where nothing reacts.
    #[inline(always)]
    pub fn absorbed_of(&self, medium: usize, source: usize, class: usize) -> &[T] {
        let at = self.entry(medium, source, class) * MOMENTS;
        &self.absorbed[at..at + MOMENTS]
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
                let weight = T::from_f64(weight.copied().unwrap_or(0.0));
                self.weights[entry * self.sources + source - base] = weight;
                if weight != T::ZERO {
                    self.reached[entry] = (source - base + 1) as u32;
                }
            }
        }
    }

    /// The spreads of a medium at one class, whose scores are filled in.
    fn fill_scores(&mut self, setting: &Setting, bins: &Bins, class: usize) -> Vec<Spread> {
        let steps = bins.steps(setting, class);
        let mut spreads = spreads_of(setting, bins, class, &steps);
        for (source, (spread, step)) in spreads.iter_mut().zip(&steps).enumerate() {
            round_keeping_sum::<T>(&mut spread.weights);
            let highest = spread.lowest + spread.weights.len() as i64 - 1;
            self.reach_down = self
                .reach_down
                .max((source as i64 - spread.lowest).max(0) as usize);
            self.reach_up = self.reach_up.max((highest - source as i64).max(0) as usize);
            let entry = self.entry(bins.medium, source, class);
            let scores = score_coefficients(setting, bins, class, source, step, spread);
            let at = entry * SCORES;
            (0..SCORES).for_each(|q| self.scores[at + q] = T::from_f64(scores[q]));
            self.fill_absorbed(entry, absorbed_moments(step, spread));
        }
        spreads
    }

    fn fill_absorbed(&mut self, entry: usize, moments: [f64; MOMENTS]) {
        if moments[0] == 0.0 {
            return;
        }
        self.absorbed.resize(self.base.len() * MOMENTS, T::ZERO);
        let at = entry * MOMENTS;
        (0..MOMENTS).for_each(|n| self.absorbed[at + n] = T::from_f64(moments[n]));
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

/// Variance that the energy axis adds beyond the physics, summed along the beam's central axis, mm2 of range in water.
pub fn excess_along_axis_mm2(setting: &Setting, class: usize) -> f64 {
    let axis = &setting.phase_space.energy;
    let of_medium = |medium: usize| {
        let bins = Bins::new(setting, medium);
        let steps = bins.steps(setting, class);
        let spreads = spreads_of(setting, &bins, class, &steps);
        (steps, spreads)
    };
    let mut tables: BTreeMap<usize, (Vec<Step>, Vec<Spread>)> = BTreeMap::new();
    let excess_mm2 = |crossing: &Crossing| {
        let medium = crossing.medium;
        let (steps, spreads) = tables.entry(medium).or_insert_with(|| of_medium(medium));
        let above = axis
            .edges_mev
            .partition_point(|&e| e <= crossing.energy_mev);
        let bin = above.clamp(1, axis.bins()) - 1;
        let range_per_coordinate = match axis.kind {
            EnergyCoordinate::WaterRange => 1.0,
            EnergyCoordinate::Energy => {
                let after_mev = steps[bin].mean.unwrap_or(0.0);
                10.0 / setting
                    .water
                    .mass_stopping_power_mev_cm2_per_g(after_mev.max(axis.centers_mev[0]))
            }
        };
        spreads[bin].excess.max(0.0) * range_per_coordinate * range_per_coordinate
    };
    setting.axis.crossings.iter().map(excess_mm2).sum()
}
