//! Deterministic proton-transport dose solver.
//!
//! The modules stand in the order the data takes: case -> phantom, beam -> physics tables -> phase space -> operators
//! -> backend -> transport -> scoring, ledger -> dose file.

pub mod case;

pub mod phantom;

pub mod beam;
pub mod central_axis;
pub mod media;

pub mod constants;
pub mod physics;

pub mod phase_space;
pub mod real;

pub mod nuclear;
pub mod operators;

pub mod backend;
pub mod march;
pub mod transport;

pub mod curves;
pub mod ledger;
pub mod scoring;
pub mod spectra;

pub mod dose_file;
pub mod results;

pub mod bench;
pub mod compare;
pub mod plot;
pub mod sobp;

pub mod error;
pub mod memory;
pub mod text_file;
