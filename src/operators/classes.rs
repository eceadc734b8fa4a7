//! Classes of |angle| whose paths are nearly as long: stencils are made for some of them, and mixed linearly in between.

use super::Setting;

/// Which classes are made, and of which two of them every class is a mixture.
pub struct MixedClasses {
    pub made: Vec<usize>,
    /// Per class: the first of two neighbours in `made`, and the share of the second.
    mixtures: Vec<(usize, f64)>,
}

impl MixedClasses {
    /// Mixes paths within `ratio` of each other.
    pub fn new(setting: &Setting, ratio: f64) -> MixedClasses {
        let lengths = setting.path_mm;
        let made = classes_to_make(lengths, ratio);
        let mixture = |class: usize| {
            let first = made.partition_point(|&one| one <= class) - 1;
            let low = lengths[made[first]];
            let rise = made.get(first + 1).map_or(0.0, |&one| lengths[one] - low);
            let share = if rise > 0.0 {
                (lengths[class] - low) / rise
            } else {
                0.0
            };
            (first, share)
        };
        MixedClasses {
            mixtures: (0..lengths.len()).map(mixture).collect(),
            made,
        }
    }

    /// What a class is; `made` gives what was made for a place in the list of that name.
    pub fn of<'m, S: Clone + 'm>(
        &self,
        class: usize,
        made: impl Fn(usize) -> &'m S,
        mix: impl Fn(&S, &S, f64) -> S,
    ) -> S {
        match self.mixtures[class] {
            (first, 0.0) => made(first).clone(),
            (first, share) => mix(made(first), made(first + 1), share),
        }
    }
}

/// The first class, the last, and as few between them as leave no wider gap than `ratio`.
fn classes_to_make(lengths: &[f64], ratio: f64) -> Vec<usize> {
    let mut classes = vec![0];
    for class in 1..lengths.len() {
        let last = lengths[classes[classes.len() - 1]];
        let next = lengths.get(class + 1);
        if next.is_none_or(|&length| length > ratio * last) {
            classes.push(class);
        }
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_made_at_the_ends_and_wherever_a_gap_would_be_too_wide() {
        assert_eq!(classes_to_make(&[1.0], 1.1), [0]);
        assert_eq!(classes_to_make(&[1.0; 5], 1.1), [0, 4]);
        assert_eq!(
            classes_to_make(&[1.0, 1.05, 1.1, 1.2, 1.5], 1.1),
            [0, 2, 3, 4]
        );
    }
}
