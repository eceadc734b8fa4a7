//! The audit of a run: what its ledgers may leave open is what rounding explains.

use crate::case::Precision;
use crate::error::{Error, Kind, Result};
use crate::ledger::Ledger;

/// Residual that rounding can explain: f32 rounds each of ~1e3 partial sums to 6e-8 with random signs; f64 likewise 1e-16.
fn largest_residual(precision: Precision) -> f64 {
    match precision {
        Precision::Double => 1e-12,
        Precision::Single => 1e-6,
        // Rounding to 16 bits is entered in the ledger as a channel of its own; what is left is single arithmetic.
        Precision::Half => 1e-6,
    }
}

/// A ledger must close, as a whole and in every step.
pub fn audit(ledger: &Ledger, precision: Precision) -> Result<()> {
    let (whole, (step, worst)) = (ledger.residual(), ledger.worst_step());
    let limit = largest_residual(precision);
    let most = [
        whole.weight,
        whole.energy_mev,
        worst.weight,
        worst.energy_mev,
    ];
    if most.iter().all(|residual| residual.abs() <= limit) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Audit,
        format!(
            "the ledger does not close: residual {:e} of the weight, {:e} of the energy (worst step {step}: {:e}, {:e}); at most {limit:e} is rounding",
            whole.weight, whole.energy_mev, worst.weight, worst.energy_mev
        ),
    )
    .hint("run with --precision double; if it fails there too, please report the case file"))
}

/// What the primary ledger handed to the second phase space must be what its own ledger found.
pub fn audit_handover(ledger: &Ledger, second: &Ledger, precision: Precision) -> Result<()> {
    let emitted_mev = ledger.reactions.emitted_mev + second.reactions.emitted_mev;
    let lost = emitted_mev - second.entered().energy_mev;
    if lost.abs() <= largest_residual(precision) * ledger.entered().energy_mev {
        return Ok(());
    }
    Err(Error::new(
        Kind::Audit,
        format!("{lost:e} MeV of the secondary protons set free were never transported"),
    )
    .hint("run with --precision double; if it fails there too, please report the case file"))
}
