//! Reactions settled where they happen: all charged secondaries deposit their energy in the cell.
//!
//! What protons of the second phase space set free counts in LET; what those of the beam set free does not.
//!
//! The protons among them would travel centimetres; `local` leaves their energy behind them, so that the build-up behind the
//! entry plane is missing and the lateral halo stays in the beam.

use super::removal::Removal;
use crate::ledger::Reactions;
use crate::phantom::Phantom;
use crate::scoring::Scores;

/// What reactions leave in the cells where they happened, by the mean energy of the absorbed protons of each cell; and what becomes of
/// their energy.
pub fn on_the_spot(scores: &Scores, removal: &Removal, phantom: &Phantom) -> (Scores, Reactions) {
    let mut left = Scores::of_cells(scores.deposit_mev.dim());
    let mut sum = Reactions::default();
    for (cell, &material) in phantom.material_index.indexed_iter() {
        let (weight, energy_mev) = (scores.absorbed[0][cell], scores.absorbed[1][cell]);
        let Some(reactions) = removal.of(material as usize).filter(|_| weight > 0.0) else {
            continue;
        };
        let mean_mev = energy_mev / weight;
        let fragments_mev = energy_mev * reactions.fragments.at(mean_mev);
        let protons_mev = energy_mev * reactions.protons.at(mean_mev);
        left.nuclear_mev[cell] = fragments_mev;
        match &reactions.protons_let {
            None => left.nuclear_mev[cell] += protons_mev,
            Some(integral) => {
                // MeV2 cm2/g times g/cm3 is MeV2/cm; a MeV/cm is 0.1 keV/um.
                let let_unit = 0.1 * phantom.density_g_per_cm3[cell];
                left.deposit_mev[cell] = protons_mev;
                left.let_deposit[cell] = weight * integral.at(mean_mev) * let_unit;
            }
        }
        sum.fragments_mev += fragments_mev;
        sum.protons_mev += protons_mev;
        sum.neutral_mev += energy_mev - fragments_mev - protons_mev;
    }
    (left, sum)
}
