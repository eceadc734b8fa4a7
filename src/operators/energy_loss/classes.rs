//! Steps and spreads by class of |angle|, mixed where paths are nearly as long.
//!
//! All that is scored is linear in the spread, so that weight and energy close as for any other; the mean of a mixture is that of its
//! length where range goes evenly with it, and its variance is larger by `share (1 - share)` times the difference of the means squared.

use super::spread::{Spread, spreads_of};
use super::step::{Bins, Step};
use crate::operators::Setting;
use crate::operators::classes::MixedClasses;

/// Paths within this ratio are mixed: steps of 1 mm get at most 6e-6 mm2 of variance by it, 0.4 per mille of the straggling in water.
const LENGTHS_TOGETHER: f64 = 1.005;

/// The step of every bin, and where its weight goes.
pub type OfClass = Vec<(Step, Spread)>;

/// What is made for some classes.
pub struct MadeClasses {
    classes: MixedClasses,
    made: Vec<OfClass>,
}

impl MadeClasses {
    pub fn new(setting: &Setting, bins: &Bins) -> MadeClasses {
        let make = |&class: &usize| {
            let steps = bins.steps(setting, class);
            let spreads = spreads_of(setting, bins, class, &steps);
            steps.into_iter().zip(spreads).collect()
        };
        let classes = MixedClasses::new(setting, LENGTHS_TOGETHER);
        MadeClasses {
            made: classes.made.iter().map(make).collect(),
            classes,
        }
    }

    pub fn of(&self, class: usize) -> OfClass {
        let mix = |low: &OfClass, high: &OfClass, share: f64| {
            let bins = low.iter().zip(high);
            bins.map(|(a, b)| (a.0.mixed(&b.0, share), a.1.mixed(&b.1, share)))
                .collect()
        };
        self.classes.of(class, |place| &self.made[place], mix)
    }

    pub fn bytes(&self) -> usize {
        let of_bin = |(_, spread): &(Step, Spread)| {
            size_of::<(Step, Spread)>() + size_of_val(&spread.weights[..])
        };
        self.made.iter().flatten().map(of_bin).sum()
    }
}
