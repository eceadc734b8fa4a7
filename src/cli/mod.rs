//! One file per command.

pub mod devices;
