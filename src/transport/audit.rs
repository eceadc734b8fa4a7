//! The audit of a run: what its ledgers may leave open is what rounding explains.

use crate::case::Precision;
use crate::error::{Error, Kind, Result};
use crate::ledger::{Amount, Ledger};

/// Residual that rounding can explain: f32 rounds each of ~1e3 partial sums to 6e-8 with random signs; f64 likewise 1e-16. Rounding to 16
/// bits is entered in the ledger as a channel of its own; what is left is single arithmetic.
fn largest_residual(precision: Precision) -> f64 {
    match precision {
        Precision::Double => 1e-12,
        Precision::Single | Precision::Half => 1e-6,
    }
}

/// The same of a whole march. In a gas a step changes a bin by a few of its last places, and rounds it to the same side step after step: by a
/// quarter of the last place on average, at most 2^-25 of the number.
fn largest_residual_after(steps: usize, precision: Precision) -> f64 {
    let one_way = match precision {
        Precision::Double => 0.5_f64.powi(54),
        Precision::Single | Precision::Half => 0.5_f64.powi(25),
    };
    largest_residual(precision).max(steps as f64 * one_way)
}

/// A ledger must close, as a whole and in every step.
pub fn audit(ledger: &Ledger, precision: Precision) -> Result<()> {
    let (whole, (step, worst)) = (ledger.residual(), ledger.worst_step());
    let limit = largest_residual_after(ledger.steps.len(), precision);
    let of_a_step = largest_residual(precision);
    let within = |residual: Amount, most: f64| {
        residual.weight.abs() <= most && residual.energy_mev.abs() <= most
    };
    if within(whole, limit) && within(worst, of_a_step) {
        return Ok(());
    }
    Err(Error::new(
        Kind::Audit,
        format!(
            "the ledger does not close: residual {:e} of the weight, {:e} of the energy (worst step {step}: {:e}, {:e}); at most {limit:e}, in a step {of_a_step:e}, is rounding",
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
