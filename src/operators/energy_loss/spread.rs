//! Where the weight of every bin goes in a step: the step of a bin is as many equal parts as its variance needs, and every part
//! moves weight to nodes by lagrange.rs; what reactions take is left out.

use super::lagrange::spread_about;
use super::step::{Bins, Step};
use crate::operators::Setting;
use crate::phase_space::EnergyAxis;
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Variance in bins^2 above which a step is split: three points carry at most 1 - f^2 = 3/4.
const WIDEST_BINS2: f64 = 0.6;

/// Where one source bin's weight goes: bins `lowest..`, negative ones being stopped.
#[derive(Clone, Debug)]
pub struct Spread {
    pub lowest: i64,
    pub weights: Vec<f64>,
    /// Variance beyond the wanted one, coordinate squared.
    pub excess: f64,
}

impl Spread {
    /// The mixture with another, `share` of it.
    pub fn mixed(&self, other: &Spread, share: f64) -> Spread {
        let end = |spread: &Spread| spread.lowest + spread.weights.len() as i64;
        let lowest = self.lowest.min(other.lowest);
        let mut weights = vec![0.0; (end(self).max(end(other)) - lowest) as usize];
        for (spread, share) in [(self, 1.0 - share), (other, share)] {
            let into = weights[(spread.lowest - lowest) as usize..].iter_mut();
            into.zip(&spread.weights)
                .for_each(|(sum, weight)| *sum += share * weight);
        }
        Spread {
            lowest,
            weights,
            excess: self.excess,
        }
    }
}

/// Numbers of parts that a step is split into; a step longer than the last has other errors.
const PARTS: [usize; 13] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64];

/// The spread of every source bin over one step at one class of |angle|, the bins' whole steps given. A bin's step has as many parts
/// as its own variance needs: every part costs the variance that its fraction of a bin needs, so none are made where they are not
/// needed.
pub fn spreads_of(setting: &Setting, bins: &Bins, class: usize, whole: &[Step]) -> Vec<Spread> {
    let axis = &setting.phase_space.energy;
    let width = |bin: usize| coordinate(axis, bin as i64) - coordinate(axis, bin as i64 - 1);
    let parts_of = |bin: usize| {
        let parts = whole[bin].variance / width(bin).powi(2) / WIDEST_BINS2;
        let enough = PARTS.iter().find(|&&n| n as f64 >= parts);
        *enough.unwrap_or(&PARTS[PARTS.len() - 1])
    };
    let mut tables: BTreeMap<usize, Part> = BTreeMap::new();
    let mut spread_in_parts = |bin: usize| {
        let parts = parts_of(bin);
        if parts == 1 {
            return spread(setting, &whole[bin]);
        }
        let part = tables.entry(parts).or_insert_with(|| Part {
            parts,
            setting,
            bins,
            class,
            spreads: vec![OnceCell::new(); axis.bins()],
        });
        (1..parts).fold(part.of(bin).clone(), |sum, _| compose(&sum, part))
    };
    (0..axis.bins()).map(&mut spread_in_parts).collect()
}

/// The spreads of one of so many parts of a step: only some bins' are ever asked for.
struct Part<'a> {
    parts: usize,
    setting: &'a Setting<'a>,
    bins: &'a Bins,
    class: usize,
    spreads: Vec<OnceCell<Spread>>,
}

impl Part<'_> {
    fn of(&self, bin: usize) -> &Spread {
        self.spreads[bin].get_or_init(|| {
            let step = Step::new(self.setting, self.bins, self.class, bin, self.parts);
            spread(self.setting, &step)
        })
    }
}

/// `first`, then `second` from every bin that it reaches; stopped weight stays stopped.
fn compose(first: &Spread, second: &Part) -> Spread {
    let reached = |k: usize| usize::try_from(first.lowest + k as i64).ok();
    let ends = first
        .weights
        .iter()
        .enumerate()
        .map(|(k, _)| match reached(k) {
            Some(bin) => (
                second.of(bin).lowest,
                second.of(bin).lowest + second.of(bin).weights.len() as i64,
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
                let next = second.of(bin);
                spread.excess += weight * next.excess;
                for (i, &w) in next.weights.iter().enumerate() {
                    spread.weights[(next.lowest - lowest) as usize + i] += weight * w;
                }
            }
        }
    }
    spread
}

/// Coordinate of bin `i`, continued evenly below bin 0 and above the last.
pub fn coordinate(axis: &EnergyAxis, i: i64) -> f64 {
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
    let Some(mean) = step.mean.filter(|&mean| mean > coordinate(axis, -1)) else {
        return Spread {
            lowest: -1,
            weights: vec![1.0],
            excess: 0.0,
        };
    };
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
