//! Physics tables (host only, f64, built once): what a proton of kinetic energy E does per areal length of a material.
//!
//! `data/` (figures with their sources) -> [`Material`] (curves over energy) -> stencil tables of the operators.

mod bragg;
mod catalogue;
mod characteristic_length;
mod curve;
pub mod elastic_protons;
mod elastic_transfers;
mod element;
mod kinematics;
mod material;
pub mod nuclear;
mod nuclear_tables;
mod pstar;
mod range;
pub mod scattering_power;
pub mod secondary_spectra;
pub mod single_scattering;
mod spectra_files;
mod stopping_power_file;
mod straggling;

pub use catalogue::{builtin, builtin_names};
pub use element::Element;
pub use kinematics::{beta_squared, pv_mev};
pub use material::{Material, tables_sha256};
pub use straggling::range_sigma_mm;
