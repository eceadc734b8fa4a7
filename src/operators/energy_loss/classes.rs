//! Classes of |angle| whose paths are nearly as long: steps and spreads are made for some of them, and mixed linearly in between.
//!
//! All that is scored is linear in the spread, so that weight and energy close as for any other; the mean of a mixture is that of its
//! length where range goes evenly with it, and its variance is larger by `share (1 - share)` times the difference of the means squared.

use super::spread::{Spread, spreads_of};
use super::step::{Bins, Step};
use crate::operators::Setting;

/// Paths within this ratio are mixed: steps of 1 mm get at most 6e-6 mm2 of variance by it, 0.4 per mille of the straggling in water.
const LENGTHS_TOGETHER: f64 = 1.005;

/// What is made, and of which classes every class is a mixture.
pub struct MadeClasses {
    made: Vec<(Vec<Step>, Vec<Spread>)>,
    /// Per class: the first of two neighbours in `made`, and the share of the second.
    mixture: Vec<(usize, f64)>,
}

impl MadeClasses {
    pub fn new(setting: &Setting, bins: &Bins) -> MadeClasses {
        let classes = classes_to_make(setting);
        let make = |&class: &usize| {
            let steps = bins.steps(setting, class);
            let spreads = spreads_of(setting, bins, class, &steps);
            (steps, spreads)
        };
        let length = |class: usize| setting.path_mm[class];
        let mixture = |class: usize| {
            let above = classes.partition_point(|&made| made <= class);
            let first = classes[above - 1];
            match classes.get(above) {
                Some(&next) if length(next) > length(first) => {
                    let share = (length(class) - length(first)) / (length(next) - length(first));
                    (above - 1, share)
                }
                _ => (above - 1, 0.0),
            }
        };
        MadeClasses {
            made: classes.iter().map(make).collect(),
            mixture: (0..setting.path_mm.len()).map(mixture).collect(),
        }
    }

    /// The steps and spreads of a class.
    pub fn of(&self, class: usize) -> (Vec<Step>, Vec<Spread>) {
        let (first, share) = self.mixture[class];
        let (steps, spreads) = &self.made[first];
        if share == 0.0 {
            return (steps.clone(), spreads.clone());
        }
        let (next_steps, next_spreads) = &self.made[first + 1];
        let steps = steps.iter().zip(next_steps);
        let spreads = spreads.iter().zip(next_spreads);
        (
            steps.map(|(a, b)| a.mixed(b, share)).collect(),
            spreads.map(|(a, b)| a.mixed(b, share)).collect(),
        )
    }

    pub fn bytes(&self) -> usize {
        let of_spread = |spread: &Spread| size_of::<Spread>() + size_of_val(&spread.weights[..]);
        let of_class = |(steps, spreads): &(Vec<Step>, Vec<Spread>)| {
            size_of_val(&steps[..]) + spreads.iter().map(of_spread).sum::<usize>()
        };
        self.made.iter().map(of_class).sum()
    }
}

/// The first class, the last, and as few between them as leave no gap wider than `LENGTHS_TOGETHER`; all where paths out of the plane
/// differ from class to class.
fn classes_to_make(setting: &Setting) -> Vec<usize> {
    let lengths = setting.path_mm;
    if setting.path_factors.is_some() {
        return (0..lengths.len()).collect();
    }
    let mut classes = vec![0];
    for class in 1..lengths.len() {
        let last = classes[classes.len() - 1];
        let ends = lengths.get(class + 1);
        let wide = |length: &f64| *length > LENGTHS_TOGETHER * lengths[last];
        if ends.is_none_or(wide) {
            classes.push(class);
        }
    }
    classes
}
