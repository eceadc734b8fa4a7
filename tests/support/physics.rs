//! What tests of physics share: built-in materials, and figures compared relative to the expected one.

use smatrix2d::physics::{Material, builtin};

pub fn material(name: &str) -> Material {
    builtin(name).unwrap_or_else(|| panic!("no material `{name}`"))
}

pub fn assert_within(found: f64, expected: f64, relative: f64, what: &str) {
    let deviation = found / expected - 1.0;
    assert!(
        deviation.abs() <= relative,
        "{what}: {found} instead of {expected} ({deviation:+.2e})"
    );
}
