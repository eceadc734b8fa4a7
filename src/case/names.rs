//! The words that enumerated keys take, once for reading and writing; and the nearest name to a mistyped one.

use super::{
    BackendChoice, Backward, Conversion, CrossSections, Nuclear, Outside, Precision, Quantity,
    Scattering, Secondaries, SingleScatteringModel, Splitting, Stepping, Streaming,
};

/// A type whose values have names in the case file.
pub trait Named: Copy + PartialEq + 'static {
    const NAMES: &'static [(&'static str, Self)];
    /// Words that are no names, and the values that they mean: for hints.
    const WORDS: &'static [(&'static str, Self)] = &[];

    fn name(self) -> &'static str {
        let entry = Self::NAMES.iter().find(|(_, value)| *value == self);
        entry.map_or("", |(name, _)| name)
    }

    fn from_name(name: &str) -> Option<Self> {
        let entry = Self::NAMES.iter().find(|(known, _)| *known == name);
        entry.map(|(_, value)| *value)
    }

    /// The name that a word, which is none, stands for: the one it means, else the nearest.
    fn meant(word: &str) -> Option<&'static str> {
        let lower = word.to_lowercase();
        let entry = Self::WORDS.iter().find(|(known, _)| *known == lower);
        let names = || Self::NAMES.iter().map(|(name, _)| *name);
        entry.map_or_else(|| nearest(word, names()), |(_, value)| Some(value.name()))
    }
}

/// The shapes of `[grid] energy_axis`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnergyAxisName {
    Range,
    Log,
    Uniform,
}

impl Named for EnergyAxisName {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("range", Self::Range),
        ("log", Self::Log),
        ("uniform", Self::Uniform),
    ];
}

impl Named for Stepping {
    const NAMES: &'static [(&'static str, Self)] = &[("depth", Self::Depth), ("path", Self::Path)];
}

impl Named for Splitting {
    const NAMES: &'static [(&'static str, Self)] = &[("strang", Self::Strang), ("lie", Self::Lie)];
}

impl Named for Streaming {
    const NAMES: &'static [(&'static str, Self)] =
        &[("cubic", Self::Cubic), ("linear", Self::Linear)];
}

impl Named for Backward {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("reject", Self::Reject),
        ("angular-cap", Self::AngularCap),
        ("allowance", Self::Allowance),
    ];
}

impl Named for Scattering {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("gaussian", Self::Gaussian),
        ("highland", Self::Highland),
        ("moliere", Self::Moliere),
        ("none", Self::None),
    ];
}

impl Named for SingleScatteringModel {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("wentzel-vi", SingleScatteringModel::WentzelVi),
        ("moliere", SingleScatteringModel::Moliere),
    ];
}

impl Named for Nuclear {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("none", Self::None),
        ("local", Self::Local),
        ("transport", Self::Transport),
    ];
}

impl Named for CrossSections {
    const NAMES: &'static [(&'static str, Self)] =
        &[("barashenkov", Self::Barashenkov), ("icru63", Self::Icru63)];
}

impl Named for Secondaries {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("binary_cascade", Self::BinaryCascade),
        ("icru63", Self::Icru63),
    ];
}

impl Named for Quantity {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("dose", Self::Dose),
        ("let_d", Self::LetD),
        ("let_t", Self::LetT),
        ("fluence", Self::Fluence),
        ("energy_spectrum", Self::EnergySpectrum),
        ("angle_spectrum", Self::AngleSpectrum),
        ("phase_space", Self::PhaseSpace),
    ];
}

impl Named for BackendChoice {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("cuda", Self::Cuda),
        ("cpu", Self::Cpu),
    ];
    const WORDS: &'static [(&'static str, Self)] = &[("gpu", Self::Cuda)];
}

impl Named for Conversion {
    const NAMES: &'static [(&'static str, Self)] = &[("schneider2000", Self::Schneider2000)];
}

impl Named for Outside {
    const NAMES: &'static [(&'static str, Self)] =
        &[("refuse", Self::Refuse), ("clamp", Self::Clamp)];
}

impl Named for Precision {
    const NAMES: &'static [(&'static str, Self)] = &[
        ("single", Self::Single),
        ("double", Self::Double),
        ("half", Self::Half),
    ];
}

/// The known name nearest to `found` (Levenshtein distance at most a third of its length, or 2).
pub fn nearest<'k>(found: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let limit = (found.chars().count() / 3).max(2);
    let candidates = known.into_iter().map(|name| (distance(found, name), name));
    let best = candidates.min_by_key(|(distance, _)| *distance)?;
    (best.0 <= limit).then_some(best.1)
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().flat_map(char::to_lowercase).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn nearest_name_is_found_within_a_third_of_the_length() {
        let known = ["energy_mev", "sigma_x_mm", "weight"];
        assert_eq!(nearest("energy_mv", known), Some("energy_mev"));
        assert_eq!(nearest("Weight", known), Some("weight"));
        assert_eq!(nearest("divergence", known), None);
    }
}
