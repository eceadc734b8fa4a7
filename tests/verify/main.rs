//! Verification of the solver against tables, closed forms and Monte Carlo: docs/verification.md is made of these tests.
//!
//! Each figure that is claimed passes through [`support::claim`], which asserts it and prints it: scripts/verify gathers
//! the printed lines into docs/verification/claims.md.

mod balance;
mod convergence;
mod depth_doses;
mod energy_axes;
mod free_flight;
mod geant4;
mod geant4_nuclear;
mod lateral;
mod let_d;
mod lung;
mod maps;
mod mcsquare;
mod measured;
mod media;
mod moliere;
mod nuclear;
mod operators;
mod ranges;
mod reference;
mod scattering_models;
mod support;
mod symmetry;
mod topas;
mod traps;
