//! Protons born at a plane, in the run's arithmetic: `emission[energy, angle]` times `row[x]`, both rounded once.

use crate::ledger::Amount;
use crate::nuclear::Term;
use crate::phase_space::{Layout, Span, Window};
use crate::real::Real;

/// A term as the backends add it.
pub struct Born<T> {
    /// The box that it fills: all angles, and x from the first to the last place that is not empty.
    pub window: Window,
    /// [energy of the window, angle]
    pub emission: Vec<T>,
    /// By energy of the window: the angles that something is born at.
    angles: Vec<Span>,
    /// A row of psi.
    pub row: Vec<T>,
}

impl<T: Real> Born<T> {
    /// `lead`: place in a row of psi that the grid's first cell has.
    pub fn new(term: &Term, layout: Layout, lead: usize) -> Born<T> {
        let rounded = |list: &[f64]| list.iter().map(|&weight| T::from_f64(weight)).collect();
        let mut row = vec![T::ZERO; layout.row];
        let cells: Vec<T> = rounded(term.row);
        row[lead..lead + cells.len()].copy_from_slice(&cells);
        let x = cells_x(term);
        let emission: Vec<T> = rounded(&term.emission.weights);
        let angles = emission.chunks(layout.angles).map(filled).collect();
        Born {
            window: Window {
                energy: term.emission.energies(),
                angle: Span::new(0, layout.angles),
                z: Span::new(0, 1),
                x: Span::new(lead + x.first, lead + x.last),
            },
            emission,
            angles,
            row,
        }
    }

    /// The rounded emission of one energy, by angle.
    pub fn emission_at(&self, energy: usize) -> &[T] {
        let angles = self.window.angle.len();
        let first = (energy - self.window.energy.first) * angles;
        &self.emission[first..first + angles]
    }

    /// The angles that something is born at, at one energy.
    pub fn angles_at(&self, energy: usize) -> Span {
        match self.window.energy.contains(energy) {
            true => self.angles[energy - self.window.energy.first],
            false => Span::default(),
        }
    }

    /// Weight and energy that it brings, in f64 of the rounded factors.
    pub fn amount(&self, energies_mev: &[f64]) -> Amount {
        let row: f64 = self.row.iter().map(|weight| weight.to_f64()).sum();
        let mut sum = Amount::default();
        for energy in self.window.energy.range() {
            let emission = self.emission_at(energy).iter();
            let weight: f64 = emission.map(|weight| weight.to_f64()).sum();
            sum.add(Amount::new(
                weight * row,
                weight * row * energies_mev[energy],
            ));
        }
        sum
    }
}

/// The cells of x that a term fills.
pub fn cells_x(term: &Term) -> Span {
    filled(term.row)
}

/// From the first to the last of a list that is not zero.
fn filled<T: Real>(list: &[T]) -> Span {
    let holds = |weight: &T| *weight != T::ZERO;
    let first = list.iter().position(holds).unwrap_or(0);
    Span::new(
        first,
        list.iter().rposition(holds).map_or(0, |last| last + 1),
    )
}

/// The box that holds all of them; empty where nothing is born.
pub fn enclosing_all<T>(born: &[Born<T>]) -> Window {
    let all = born.iter().map(|one| one.window).reduce(enclosing);
    all.filter(|window| !window.is_empty()).unwrap_or_default()
}

pub fn enclosing(a: Window, b: Window) -> Window {
    Window {
        energy: a.energy.enclosing(b.energy),
        angle: a.angle.enclosing(b.angle),
        z: a.z.enclosing(b.z),
        x: a.x.enclosing(b.x),
    }
}
