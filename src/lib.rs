//! Deterministic proton-transport dose solver.
//!
//! The modules stand in the order the data takes: case -> phantom, beam -> physics tables -> phase space -> operators
//! -> backend -> transport -> scoring, ledger -> dose file.

pub mod case;
pub mod cli;
pub mod compare;
pub mod constants;
pub mod curves;
pub mod dose_file;
pub mod error;
pub mod phantom;
pub mod physics;
pub mod plot;
pub mod results;
