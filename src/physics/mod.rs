//! Physics tables (host only, f64, built once): what a proton of kinetic energy E does per areal length of a material.

mod material;

pub use material::Material;
