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

mod classes;
mod lagrange;
mod scores;
mod spread;
mod step;

use super::Setting;
use crate::central_axis::Crossing;
use crate::phase_space::{EnergyCoordinate, Span};
use crate::real::{Real, round_keeping_sum};
use classes::MadeClasses;
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

/// Gather weights and score coefficients by medium, class and energy.
#[derive(Clone, Debug, Default)]
pub struct EnergyLossTable<T> {
    pub energies: usize,
    pub classes: usize,
    media: Vec<OfMedium<T>>,
    /// [target energy]: one past the highest source bin, over all media and classes.
    pub complete: Vec<u32>,
    /// Most sources of a target.
    pub sources: usize,
    /// Farthest bins that a source reaches down and up.
    pub reach_down: usize,
    pub reach_up: usize,
    building_bytes: usize,
}

/// One medium's, by [class, energy].
#[derive(Clone, Debug, Default)]
struct OfMedium<T> {
    /// Of targets.
    gathers: Vec<Gather>,
    weights: Vec<T>,
    /// Of sources, `SCORES` each: weight, energy (MeV), deposit (MeV), stopped weight, deposit x LET (MeV keV/um), path (mm).
    scores: Vec<T>,
    /// Of sources, `MOMENTS` each: absorbed weight times 1, E, E^2, E^3 (MeV). Empty where nothing reacts.
    absorbed: Vec<T>,
}

/// Where a target's weights lie, and from which source bin on.
#[derive(Clone, Copy, Debug, Default)]
struct Gather {
    start: usize,
    base: u32,
    count: u32,
}

impl<T: Real> EnergyLossTable<T> {
    pub fn new(setting: &Setting) -> EnergyLossTable<T> {
        let mut table = EnergyLossTable {
            energies: setting.phase_space.energy.bins(),
            classes: setting.path_mm.len(),
            complete: vec![0; setting.phase_space.energy.bins()],
            sources: 1,
            ..Default::default()
        };
        for medium in 0..setting.media.list.len() {
            let of_medium = table.of_medium(setting, medium);
            table.media.push(of_medium);
        }
        if table.absorbs() {
            let entries = table.energies * table.classes;
            for medium in &mut table.media {
                medium.absorbed.resize(entries * MOMENTS, T::ZERO);
            }
        }
        table
    }

    pub fn bytes(&self) -> usize {
        let of_medium = |medium: &OfMedium<T>| {
            let coefficients = size_of_val(&medium.scores[..]) + size_of_val(&medium.absorbed[..]);
            size_of_val(&medium.gathers[..]) + size_of_val(&medium.weights[..]) + coefficients
        };
        let media: usize = self.media.iter().map(of_medium).sum();
        media + size_of_val(&self.complete[..])
    }

    /// Bytes of the spreads that a medium's table was made from, at most.
    pub fn building_bytes(&self) -> usize {
        self.building_bytes
    }

    /// Index of (class, energy) in a medium's lists.
    #[inline(always)]
    fn entry(&self, class: usize, energy: usize) -> usize {
        class * self.energies + energy
    }

    /// The lowest source bin of a target, and the weights of it and of the bins above that reach the target.
    #[inline(always)]
    pub fn gather(&self, medium: usize, target: usize, class: usize) -> (usize, &[T]) {
        let of_medium = &self.media[medium];
        let gather = of_medium.gathers[self.entry(class, target)];
        let weights = &of_medium.weights[gather.start..][..gather.count as usize];
        (gather.base as usize, weights)
    }

    /// The score coefficients of a source bin.
    #[inline(always)]
    pub fn scores_of(&self, medium: usize, source: usize, class: usize) -> &[T] {
        let at = self.entry(class, source) * SCORES;
        &self.media[medium].scores[at..at + SCORES]
    }

    pub fn media(&self) -> usize {
        self.media.len()
    }

    pub fn absorbs(&self) -> bool {
        let absorbs = |medium: &OfMedium<T>| !medium.absorbed.is_empty();
        self.media.iter().any(absorbs)
    }

    /// The moments that reactions take of a source bin; none where nothing reacts.
    #[inline(always)]
    pub fn absorbed_of(&self, medium: usize, source: usize, class: usize) -> &[T] {
        let at = self.entry(class, source) * MOMENTS;
        &self.media[medium].absorbed[at..at + MOMENTS]
    }

    fn of_medium(&mut self, setting: &Setting, medium: usize) -> OfMedium<T> {
        let bins = Bins::new(setting, medium);
        let entries = self.energies * self.classes;
        let mut of_medium = OfMedium {
            gathers: Vec::with_capacity(entries),
            scores: Vec::with_capacity(entries * SCORES),
            ..Default::default()
        };
        let made = MadeClasses::new(setting, &bins);
        let spreads: Vec<Vec<Spread>> = (0..setting.path_mm.len())
            .map(|class| self.spreads(setting, &bins, &made, class, &mut of_medium))
            .collect();
        let of_spread = |spread: &Spread| spread.weights.len();
        let reached = spreads.iter().flatten().map(of_spread).sum::<usize>();
        let built = entries * size_of::<Spread>() + reached * size_of::<f64>();
        self.building_bytes = self.building_bytes.max(built + made.bytes());
        let sources: Vec<Vec<Span>> = spreads
            .iter()
            .map(|of_class| sources_of(of_class))
            .collect();
        let weights = sources.iter().flatten().map(|span| span.len()).sum();
        of_medium.weights.reserve_exact(weights);
        for (spreads, sources) in spreads.iter().zip(&sources) {
            self.fill_gathers(spreads, sources, &mut of_medium);
        }
        of_medium
    }

    /// The weights of a class, target by target; zeros behind the last that reaches it are left out.
    fn fill_gathers(&mut self, spreads: &[Spread], sources: &[Span], of_medium: &mut OfMedium<T>) {
        for (target, sources) in sources.iter().enumerate() {
            let start = of_medium.weights.len();
            let weights = sources.range().map(|source| {
                let k = usize::try_from(target as i64 - spreads[source].lowest).ok();
                let weight = k.and_then(|k| spreads[source].weights.get(k));
                T::from_f64(weight.copied().unwrap_or(0.0))
            });
            of_medium.weights.extend(weights);
            let holds = |weight: &T| *weight != T::ZERO;
            let count = of_medium.weights[start..].iter().rposition(holds);
            let count = count.map_or(0, |last| last + 1);
            of_medium.weights.truncate(start + count);
            of_medium.gathers.push(Gather {
                start,
                base: sources.first as u32,
                count: count as u32,
            });
            self.sources = self.sources.max(count);
            self.complete[target] = self.complete[target].max((sources.first + count) as u32);
        }
    }

    /// The spreads of a medium at one class, whose scores are filled in.
    fn spreads(
        &mut self,
        setting: &Setting,
        bins: &Bins,
        made: &MadeClasses,
        class: usize,
        of_medium: &mut OfMedium<T>,
    ) -> Vec<Spread> {
        let (steps, mut spreads): (Vec<Step>, Vec<Spread>) = made.of(class).into_iter().unzip();
        for (source, (spread, step)) in spreads.iter_mut().zip(&steps).enumerate() {
            round_keeping_sum::<T>(&mut spread.weights);
            let highest = spread.lowest + spread.weights.len() as i64 - 1;
            let [down, up] = [source as i64 - spread.lowest, highest - source as i64];
            self.reach_down = self.reach_down.max(down.max(0) as usize);
            self.reach_up = self.reach_up.max(up.max(0) as usize);
            let scores = score_coefficients(setting, bins, class, source, step, spread);
            of_medium.scores.extend(scores.map(T::from_f64));
            let entry = self.entry(class, source);
            self.fill_absorbed(entry, absorbed_moments(step, spread), of_medium);
        }
        spreads
    }

    fn fill_absorbed(&self, entry: usize, moments: [f64; MOMENTS], of_medium: &mut OfMedium<T>) {
        if moments[0] == 0.0 {
            return;
        }
        let entries = self.energies * self.classes;
        of_medium.absorbed.resize(entries * MOMENTS, T::ZERO);
        let at = entry * MOMENTS;
        of_medium.absorbed[at..at + MOMENTS].copy_from_slice(&moments.map(T::from_f64));
    }
}

/// Per target bin, the span of source bins that reach it.
fn sources_of(spreads: &[Spread]) -> Vec<Span> {
    let bins = 0..spreads.len();
    let mut spans: Vec<Span> = bins.map(|target| Span::new(target, target)).collect();
    for (source, spread) in spreads.iter().enumerate() {
        for k in 0..spread.weights.len() as i64 {
            if let Ok(target) = usize::try_from(spread.lowest + k) {
                spans[target] = spans[target].enclosing(Span::new(source, source + 1));
            }
        }
    }
    spans
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
