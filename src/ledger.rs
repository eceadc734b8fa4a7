//! The ledger: where every proton and every MeV went, step by step.
//!
//! weight: in = alive + stopped + leaked(x-, x+, z-, z+) + rejected + absorbed + pruned + rounding (+ residual)
//! energy: in = alive + deposited + leaked + rejected + absorbed + pruned + rounding (+ residual)
//! absorbed energy = fragments + protons + emitted + neutral (the split of nuclear interactions)
//!
//! Every term is measured on its own, never as what is left over; `alive` is summed from psi itself. Sums in f64, fixed order.

/// Protons and MeV of one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount {
    pub weight: f64,
    pub energy_mev: f64,
}

impl Amount {
    pub fn new(weight: f64, energy_mev: f64) -> Amount {
        Amount { weight, energy_mev }
    }

    pub fn add(&mut self, other: Amount) {
        self.weight += other.weight;
        self.energy_mev += other.energy_mev;
    }

    /// What lacks to a weight of one, at the mean energy.
    pub fn lacking_to_one(self) -> Amount {
        let weight = 1.0 - self.weight;
        Amount::new(weight, weight * self.energy_mev / self.weight)
    }

    fn scaled(self, factor: f64) -> Amount {
        Amount::new(factor * self.weight, factor * self.energy_mev)
    }
}

/// Sides of the grid that weight can leave through.
pub const SIDES: [&str; 4] = ["x_min", "x_max", "z_min", "z_max"];

/// One step: what left since the step before, and what was alive when the step's energy loss began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepEntry {
    /// Secondary protons that were born before this step's operators.
    pub born: Amount,
    pub leaked: [Amount; 4],
    pub rejected: Amount,
    /// Measured from psi before the energy loss.
    pub alive: Amount,
    /// Protons that stopped, and all energy deposited, in this step's energy loss.
    pub stopped_weight: f64,
    pub deposited_mev: f64,
    /// Taken by nuclear reactions in this step's energy loss.
    pub absorbed: Amount,
    pub pruned: Amount,
    /// What 16-bit storage took (or, negative, added), before and after `alive` was measured; zero in other precisions.
    pub rounding_before: Amount,
    pub rounding_after: Amount,
}

impl StepEntry {
    /// What the step before handed on, less what is found or left on the way.
    fn residual(&self, handed_on: Amount) -> Amount {
        let mut rest = handed_on;
        rest.add(self.born);
        self.leaked
            .iter()
            .chain([&self.rejected, &self.rounding_before, &self.alive])
            .for_each(|gone| rest.add(gone.scaled(-1.0)));
        rest
    }

    fn handed_on(&self) -> Amount {
        let mut rest = self.alive;
        rest.add(Amount::new(-self.stopped_weight, -self.deposited_mev));
        rest.add(self.absorbed.scaled(-1.0));
        rest.add(self.pruned.scaled(-1.0));
        rest.add(self.rounding_after.scaled(-1.0));
        rest
    }

    fn add_scaled(&mut self, other: &StepEntry, factor: f64) {
        for (mine, theirs) in self.leaked.iter_mut().zip(&other.leaked) {
            mine.add(theirs.scaled(factor));
        }
        self.born.add(other.born.scaled(factor));
        self.rejected.add(other.rejected.scaled(factor));
        self.alive.add(other.alive.scaled(factor));
        self.stopped_weight += factor * other.stopped_weight;
        self.deposited_mev += factor * other.deposited_mev;
        self.absorbed.add(other.absorbed.scaled(factor));
        self.pruned.add(other.pruned.scaled(factor));
        self.rounding_before
            .add(other.rounding_before.scaled(factor));
        self.rounding_after.add(other.rounding_after.scaled(factor));
    }

    fn rounding(&self) -> Amount {
        let mut sum = self.rounding_before;
        sum.add(self.rounding_after);
        sum
    }
}

/// What became of the energy of absorbed protons, MeV.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Reactions {
    /// Deuterons, alphas and recoils: deposited where the reaction happened.
    pub fragments_mev: f64,
    /// Secondary protons deposited where the reaction happened.
    pub protons_mev: f64,
    /// Secondary protons handed to the second phase space, whose own ledger follows them.
    pub emitted_mev: f64,
    /// Neutrons, gammas and binding: leaves.
    pub neutral_mev: f64,
}

impl Reactions {
    pub fn add_scaled(&mut self, other: &Reactions, factor: f64) {
        self.fragments_mev += factor * other.fragments_mev;
        self.protons_mev += factor * other.protons_mev;
        self.emitted_mev += factor * other.emitted_mev;
        self.neutral_mev += factor * other.neutral_mev;
    }

    fn energy_mev(&self) -> f64 {
        self.fragments_mev + self.protons_mev + self.emitted_mev + self.neutral_mev
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ledger {
    pub injected: Amount,
    /// Beam weight that fell outside the grid at the entry plane.
    pub not_injected: Amount,
    pub steps: Vec<StepEntry>,
    pub reactions: Reactions,
    /// After the last step: what left through the far side, and what was still alive.
    pub last_leaked: [Amount; 4],
    pub last_rounding: Amount,
    pub alive: Amount,
}

impl Ledger {
    /// Adds `factor` times another run's ledger, step by step.
    pub fn add_scaled(&mut self, other: &Ledger, factor: f64) {
        self.injected.add(other.injected.scaled(factor));
        self.not_injected.add(other.not_injected.scaled(factor));
        let mut other = other.clone();
        other.extend_to(self.steps.len());
        self.extend_to(other.steps.len());
        for (mine, theirs) in self.steps.iter_mut().zip(&other.steps) {
            mine.add_scaled(theirs, factor);
        }
        for (mine, theirs) in self.last_leaked.iter_mut().zip(&other.last_leaked) {
            mine.add(theirs.scaled(factor));
        }
        self.last_rounding.add(other.last_rounding.scaled(factor));
        self.alive.add(other.alive.scaled(factor));
        self.reactions.add_scaled(&other.reactions, factor);
    }

    /// Steps behind the last one, at whose beginning what the last one handed on leaves.
    fn extend_to(&mut self, steps: usize) {
        let ended = self.steps.len();
        if steps > ended {
            self.steps.resize(steps, StepEntry::default());
            self.steps[ended].leaked = std::mem::take(&mut self.last_leaked);
            self.steps[ended].rounding_before = std::mem::take(&mut self.last_rounding);
        }
    }

    fn total(&self, of: impl Fn(&StepEntry) -> Amount) -> Amount {
        let mut sum = Amount::default();
        self.steps.iter().for_each(|step| sum.add(of(step)));
        sum
    }

    pub fn leaked(&self, side: usize) -> Amount {
        let mut sum = self.total(|step| step.leaked[side]);
        sum.add(self.last_leaked[side]);
        sum
    }

    pub fn rejected(&self) -> Amount {
        self.total(|step| step.rejected)
    }

    pub fn pruned(&self) -> Amount {
        self.total(|step| step.pruned)
    }

    /// Protons that reactions took; their energy by what became of it.
    pub fn absorbed(&self) -> Amount {
        Amount::new(
            self.total(|step| step.absorbed).weight,
            self.reactions.energy_mev(),
        )
    }

    /// What 16-bit storage took; zero in other precisions.
    pub fn rounding(&self) -> Amount {
        let mut sum = self.total(StepEntry::rounding);
        sum.add(self.last_rounding);
        sum
    }

    /// Protons stopped, MeV deposited.
    pub fn deposited(&self) -> Amount {
        self.total(|step| Amount::new(step.stopped_weight, step.deposited_mev))
    }

    /// All that came in: the beam, or what was born on the way.
    pub fn entered(&self) -> Amount {
        let mut sum = self.injected;
        sum.add(self.total(|step| step.born));
        sum
    }

    /// What entered less every channel, relative to what entered.
    pub fn residual(&self) -> Amount {
        let mut rest = self.entered();
        let leaks = (0..SIDES.len()).map(|side| self.leaked(side));
        leaks
            .chain([
                self.rejected(),
                self.pruned(),
                self.rounding(),
                self.absorbed(),
                self.deposited(),
                self.alive,
            ])
            .for_each(|gone| {
                rest.add(gone.scaled(-1.0));
            });
        relative(rest, self.entered())
    }

    /// The step whose own balance is worst: its index and relative residual.
    pub fn worst_step(&self) -> (usize, Amount) {
        let (mut handed_on, entered) = (self.injected, self.entered());
        let mut worst = (0, Amount::default());
        for (i, step) in self.steps.iter().enumerate() {
            let residual = relative(step.residual(handed_on), entered);
            if residual.weight.abs().max(residual.energy_mev.abs())
                > worst.1.weight.abs().max(worst.1.energy_mev.abs())
            {
                worst = (i, residual);
            }
            handed_on = step.handed_on();
        }
        worst
    }

    /// Channel names and values for the dose file's `/audit`.
    pub fn channels(&self) -> Vec<(String, f64)> {
        let mut list = Vec::new();
        let mut put = |name: &str, amount: Amount| {
            list.push((format!("weight_{name}"), amount.weight));
            list.push((format!("energy_{name}_mev"), amount.energy_mev));
        };
        put("in", self.entered());
        put("not_injected", self.not_injected);
        put("alive", self.alive);
        for (side, name) in SIDES.iter().enumerate() {
            put(&format!("leaked_{name}"), self.leaked(side));
        }
        put("rejected", self.rejected());
        put("pruned", self.pruned());
        put("rounding", self.rounding());
        let deposited = self.deposited();
        list.push(("weight_stopped".into(), deposited.weight));
        list.push(("energy_deposited_mev".into(), deposited.energy_mev));
        list.push(("weight_absorbed".into(), self.absorbed().weight));
        let Reactions {
            fragments_mev,
            protons_mev,
            emitted_mev,
            neutral_mev,
        } = self.reactions;
        list.push(("energy_nuclear_fragments_mev".into(), fragments_mev));
        list.push(("energy_nuclear_protons_mev".into(), protons_mev));
        list.push(("energy_nuclear_emitted_mev".into(), emitted_mev));
        list.push(("energy_nuclear_neutral_mev".into(), neutral_mev));
        let (residual, (_, worst)) = (self.residual(), self.worst_step());
        list.push(("weight_residual".into(), residual.weight));
        list.push(("energy_residual".into(), residual.energy_mev));
        list.push(("weight_residual_worst_step".into(), worst.weight));
        list.push(("energy_residual_worst_step".into(), worst.energy_mev));
        list
    }

    /// Channel names and one value a step, for `/audit/by_step`.
    pub fn channels_by_step(&self) -> Vec<(String, Vec<f64>)> {
        let series = |name: &str, of: &dyn Fn(&StepEntry) -> f64| {
            (name.to_string(), self.steps.iter().map(of).collect())
        };
        let mut list = vec![
            series("weight_alive", &|s| s.alive.weight),
            series("energy_alive_mev", &|s| s.alive.energy_mev),
            series("weight_stopped", &|s| s.stopped_weight),
            series("energy_deposited_mev", &|s| s.deposited_mev),
            series("weight_rejected", &|s| s.rejected.weight),
            series("energy_rejected_mev", &|s| s.rejected.energy_mev),
            series("weight_absorbed", &|s| s.absorbed.weight),
            series("energy_absorbed_mev", &|s| s.absorbed.energy_mev),
            series("weight_pruned", &|s| s.pruned.weight),
            series("energy_pruned_mev", &|s| s.pruned.energy_mev),
            series("weight_rounding", &|s| s.rounding().weight),
            series("energy_rounding_mev", &|s| s.rounding().energy_mev),
        ];
        for (side, name) in SIDES.iter().enumerate() {
            list.push(series(&format!("weight_leaked_{name}"), &|s| {
                s.leaked[side].weight
            }));
            list.push(series(&format!("energy_leaked_{name}_mev"), &|s| {
                s.leaked[side].energy_mev
            }));
        }
        list
    }
}

/// Ratios; a ledger that nothing entered has no residual unless something is in it.
fn relative(amount: Amount, to: Amount) -> Amount {
    let ratio = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a / b };
    Amount::new(
        ratio(amount.weight, to.weight),
        ratio(amount.energy_mev, to.energy_mev),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closed() -> Ledger {
        let step = StepEntry {
            alive: Amount::new(1.0, 100.0),
            stopped_weight: 0.75,
            deposited_mev: 90.0,
            pruned: Amount::new(0.05, 2.0),
            ..Default::default()
        };
        let mut ledger = Ledger {
            injected: Amount::new(1.0, 100.0),
            steps: vec![step],
            ..Default::default()
        };
        ledger.last_leaked[3] = Amount::new(0.2, 8.0);
        ledger
    }

    #[test]
    fn a_closed_ledger_has_no_residual_and_an_injected_loss_shows() {
        assert!(
            closed().residual().weight.abs() < 1e-15
                && closed().residual().energy_mev.abs() < 1e-15
        );
        let mut lossy = closed();
        lossy.steps[0].alive = Amount::new(0.99, 99.5);
        assert!((lossy.worst_step().1.weight - 0.01).abs() < 1e-12);
        lossy.last_leaked[3].weight -= 1e-5;
        assert!((lossy.residual().weight - 1e-5).abs() < 1e-12);
    }

    #[test]
    fn ledgers_of_different_length_add_up_step_by_step() {
        let mut longer = closed();
        longer.extend_to(3);
        for (first, second) in [(closed(), longer.clone()), (longer, closed())] {
            let mut sum = first;
            sum.add_scaled(&second, 2.0);
            let (worst, whole) = (sum.worst_step().1, sum.residual());
            assert!(worst.weight.abs() < 1e-15 && whole.weight.abs() < 1e-15);
            assert_eq!(sum.leaked(3), Amount::new(0.2 + 2.0 * 0.2, 8.0 + 2.0 * 8.0));
        }
    }
}
