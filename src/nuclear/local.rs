//! Reactions settled where they happen: all charged secondaries deposit their energy in the cell.
//!
//! The protons among them would travel centimetres; `local` leaves their energy behind them, so that the build-up behind the
//! entry plane is missing and the lateral halo stays in the beam.

use super::Removal;
use crate::ledger::Reactions;
use crate::phantom::Phantom;
use crate::scoring::Scores;

/// Deposits what reactions set free in the cells where they happened, by the mean energy of the absorbed protons of each cell.
pub fn settle_on_the_spot(scores: &mut Scores, removal: &Removal, phantom: &Phantom) -> Reactions {
    let mut sum = Reactions::default();
    for (cell, &material) in phantom.material_index.indexed_iter() {
        let (weight, energy_mev) = (scores.absorbed[0][cell], scores.absorbed[1][cell]);
        let Some(reactions) = removal.of(material as usize).filter(|_| weight > 0.0) else {
            continue;
        };
        let mean_mev = energy_mev / weight;
        let fragments_mev = energy_mev * reactions.fragments.at(mean_mev);
        let protons_mev = energy_mev * reactions.protons.at(mean_mev);
        scores.nuclear_mev[cell] += fragments_mev + protons_mev;
        sum.fragments_mev += fragments_mev;
        sum.protons_mev += protons_mev;
        sum.neutral_mev += energy_mev - fragments_mev - protons_mev;
    }
    sum
}
