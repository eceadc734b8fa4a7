//! The commands, a file each.

pub mod compare;
pub mod plot;
