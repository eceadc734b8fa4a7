//! The numbers that a key of the case file allows.

use std::fmt;
use std::ops::Bound;

/// The finite numbers between two bounds.
#[derive(Clone, Copy)]
pub struct Allowed {
    low: Bound<f64>,
    high: Bound<f64>,
}

impl Allowed {
    pub const ANY: Self = Self::new(Bound::Unbounded, Bound::Unbounded);
    pub const ABOVE_ZERO: Self = Self::new(Bound::Excluded(0.0), Bound::Unbounded);
    pub const AT_LEAST_ZERO: Self = Self::new(Bound::Included(0.0), Bound::Unbounded);

    /// A kilometre either way: beyond it, differences of coordinates lose their digits.
    pub const COORDINATE_MM: Self = Self::new(Bound::Included(-1e6), Bound::Included(1e6));

    pub const fn new(low: Bound<f64>, high: Bound<f64>) -> Self {
        Self { low, high }
    }

    pub fn holds(&self, number: f64) -> bool {
        let above = match self.low {
            Bound::Included(low) => number >= low,
            Bound::Excluded(low) => number > low,
            Bound::Unbounded => true,
        };
        let below = match self.high {
            Bound::Included(high) => number <= high,
            Bound::Excluded(high) => number < high,
            Bound::Unbounded => true,
        };
        number.is_finite() && above && below
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = match self.low {
            // A small one with its exponent.
            Bound::Included(low) if low > 0.0 && low < 1e-3 => format!("at least {low:e}"),
            Bound::Included(low) => format!("at least {low}"),
            Bound::Excluded(low) => format!("above {low}"),
            Bound::Unbounded => String::new(),
        };
        let high = match self.high {
            Bound::Included(high) => format!("at most {high}"),
            Bound::Excluded(high) => format!("below {high}"),
            Bound::Unbounded => String::new(),
        };
        match (low.as_str(), high.as_str()) {
            ("", "") => write!(f, "a finite number"),
            (low, "") => write!(f, "a finite number {low}"),
            ("", high) => write!(f, "a finite number {high}"),
            (low, high) => write!(f, "a number {low} and {high}"),
        }
    }
}
