//! Nuclear interactions: what they take from the beam, where its energy goes, and the protons that they set free.
//!
//! `local`: nonelastic reactions remove protons along the path; the energy of charged secondaries stays in the cell, the rest
//! leaves with neutrals. `transport`: elastic scattering removes protons too, and the protons and deuterons that come out of all of these
//! are a second phase space, marched by the same operators on coarser axes. Theory: docs/theory-nuclear.md.

mod births;
mod coarse;
mod emission;
mod even_table;
mod frame;
mod further_turns;
mod interactions;
mod leaning;
mod local;
mod modes;
mod parents;
mod population;
mod production;
mod projection;
mod range_variance;
mod removal;
mod second_beams;
mod secondary;

pub use emission::Emission;
pub use further_turns::FurtherTurns;
pub use population::Population;
pub use production::Term;
pub use removal::Removal;
pub use second_beams::{SecondBeams, SecondTables, second_buffer_bytes, second_sets_of_scores};
pub use secondary::Marched;
