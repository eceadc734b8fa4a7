//! Dense throughput: every cell of a 4-D grid holds weight, path stepping, one step after another: in turns as a whole, as a
//! backend takes it, and operator by operator.
//!
//! The measure is one read and one write of psi per operator, against a plain copy of psi measured in the same run.

use super::median;
use crate::backend::{Machine, Stepper, Stride};
use crate::case::{Case, Named, Precision};
use crate::error::{Error, Kind, Result};
use crate::march::March;
use crate::media::Media;
use crate::phantom::Phantom;
use crate::transport::water;
use std::path::Path;
use std::time::Instant;

/// Cells of a benchmark grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cells {
    pub z: usize,
    pub x: usize,
    pub angle: usize,
    pub energy: usize,
}

impl Cells {
    /// `seed`, `S`, `M`, `L`, or NZxNXxNTHETAxNE.
    ///
    /// # Errors
    /// Usage, where the text is none of these.
    pub fn parse(text: &str) -> Result<Cells> {
        let cells = |z, x, angle, energy| Cells {
            z,
            x,
            angle,
            energy,
        };
        match text {
            "seed" => return Ok(cells(40, 40, 72, 200)),
            "S" => return Ok(cells(32, 32, 45, 35)),
            "M" => return Ok(cells(100, 100, 180, 100)),
            "L" => return Ok(cells(200, 200, 360, 200)),
            _ => {}
        }
        let numbers: Vec<usize> = text
            .split('x')
            .filter_map(|n| n.parse().ok())
            .filter(|n| *n > 1)
            .collect();
        match numbers[..] {
            [z, x, angle, energy] if text.split('x').count() == 4 => Ok(cells(z, x, angle, energy)),
            _ => Err(Error::new(Kind::Usage, format!("'{text}' is no grid"))
                .key("--grid")
                .hint("give seed, S, M, L, or four numbers above 1 as in 40x40x72x200 (z, x, angle, energy)")),
        }
    }

    pub fn bins(&self) -> usize {
        self.z * self.x * self.angle * self.energy
    }

    /// The case of this grid: 1 mm cells of water, angles to 60 degrees, energies to 160 MeV, nothing pruned.
    pub fn case(&self, scheme: &str, precision: &str) -> Result<Case> {
        let text = format!(
            "[phantom]\nmaterial = \"water\"\nx_mm = [0.0, {x}.0]\nz_mm = [0.0, {z}.0]\nspacing_mm = [1.0, 1.0]\n\
             [[beam]]\nenergy_mev = 150.0\nenergy_spread_mev = 1.0\nx_mm = {middle:?}\nsigma_x_mm = {sigma:?}\n\
             [grid]\nenergy_axis = \"uniform\"\nenergy_bins = {energy}\nangle_max_deg = 60.0\nangle_bins = {angle}\n\
             [transport]\nstepping = \"path\"\nstep_mm = 1.0\nprune = 0.0\nstreaming = \"{scheme}\"\n\
             [output]\nquantities = [\"dose\"]\n[run]\nprecision = \"{precision}\"\n",
            x = self.x,
            z = self.z,
            middle = 0.5 * self.x as f64,
            sigma = self.x as f64 / 12.0,
            energy = self.energy,
            angle = self.angle,
        );
        Case::parse(&text, Path::new("bench.toml"), &[]).map_err(|error| {
            let message = format!("the grid makes no case: {}", error.message);
            Error::new(Kind::Usage, message)
                .key("--grid")
                .hint("give fewer bins, as in 40x40x72x200 (z, x, angle, energy)")
        })
    }
}

/// Seconds of each operator by itself, of a whole step, and of a copy of psi: medians. A backend that does operators in one pass
/// takes less for a step than for all of them.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Figures {
    pub scattering_s: f64,
    pub streaming_s: f64,
    pub energy_loss_s: f64,
    pub step_s: f64,
    pub copy_s: f64,
    /// Of psi as stored, once.
    pub bytes: f64,
    pub bins: usize,
    /// Weight that the ledger does not find again, of all.
    pub weight_residual: f64,
}

/// Weight that may be missing: 16-bit cells hold the state to 2^-12 of each at worst. A wrong index loses more.
const RESIDUAL_AT_MOST: f64 = 1e-3;

impl Figures {
    /// One read and one write of psi per operator, at copy bandwidth, over the time taken.
    pub fn share_of_copy(&self, operators: f64, seconds: f64) -> f64 {
        operators * self.copy_s / seconds
    }
}

/// Times `steps` dense steps, and as many operator by operator, after one each that warm up.
///
/// # Errors
/// An audit that fails: what is left and what left do not add up to the state. Whatever the machine reports.
pub fn measure(
    cells: Cells,
    scheme: &str,
    machine: &dyn Machine,
    precision: Precision,
    steps: usize,
) -> Result<Figures> {
    let name = precision.name();
    let case = cells.case(scheme, name)?;
    let phantom = Phantom::build(&case, Path::new("."))?;
    let (media, water) = (Media::new(&phantom), water(&phantom)?);
    let march = March::new(&case, &phantom, &media, &water, 0)?;
    let mut stepper = machine.stepper(&march)?;
    stepper.put_state(&developed_state(cells))?;
    let mut times: Vec<[f64; 5]> = Vec::new();
    for turn in 0..=steps {
        let taken = two_steps(stepper.as_mut(), 2 * turn)?;
        if turn > 0 {
            times.push(taken);
        }
    }
    let weight_residual = weight_residual(stepper.as_mut())?;
    let taken = |part: usize| median(times.iter().map(|t| t[part]).collect());
    Ok(Figures {
        streaming_s: taken(0),
        scattering_s: taken(1),
        energy_loss_s: taken(2),
        step_s: taken(3),
        copy_s: taken(4),
        bytes: (march.phase_space.layout().len() * bytes_per_bin(precision)) as f64,
        bins: cells.bins(),
        weight_residual,
    })
}

/// Ends the march and audits its weight.
fn weight_residual(stepper: &mut dyn Stepper) -> Result<f64> {
    let tallies = stepper.unload(&[1.0], &mut |_| Ok(()))?;
    let residual = tallies[0].ledger.residual().weight;
    if residual.abs() <= RESIDUAL_AT_MOST {
        return Ok(residual);
    }
    let message = format!("the steps lost {residual:.2e} of the weight");
    Err(Error::new(Kind::Audit, message).hint("a fault of the program: please report it"))
}

fn bytes_per_bin(precision: Precision) -> usize {
    match precision {
        Precision::Half => 2,
        Precision::Single => 4,
        Precision::Double => 8,
    }
}

/// Streaming, scattering, energy loss (scores included), another step as a whole, and a copy.
fn two_steps(stepper: &mut dyn Stepper, step: usize) -> Result<[f64; 5]> {
    let mut timed = |work: &mut dyn FnMut(&mut dyn Stepper) -> Result<()>| -> Result<f64> {
        let start = Instant::now();
        work(stepper)?;
        stepper.synchronize()?;
        Ok(start.elapsed().as_secs_f64())
    };
    Ok([
        timed(&mut |s| s.stream(Stride::Whole))?,
        timed(&mut |s| s.scatter(step))?,
        timed(&mut |s| s.lose_energy(step))?,
        timed(&mut |s| {
            s.stream(Stride::Whole)?;
            s.scatter(step + 1)?;
            s.lose_energy(step + 1)
        })?,
        timed(&mut |s| s.copy_state())?,
    ])
}

/// A bell over an axis of n bins.
fn bump(n: usize) -> Vec<f64> {
    let place = |i: usize| (i as f64 + 0.5) / n as f64 - 0.5;
    (0..n).map(|i| (-8.0 * place(i).powi(2)).exp()).collect()
}

/// Rows of a smooth state without empty cells, as a developed beam has in its window: no cell of it is near the smallest number.
fn developed_state(cells: Cells) -> impl Fn(usize, &mut [f64]) {
    let [z, x, angle, energy] = [cells.z, cells.x, cells.angle, cells.energy].map(bump);
    move |row, to| {
        let planes = row / cells.z;
        let weight = energy[planes / cells.angle] * angle[planes % cells.angle] * z[row % cells.z];
        for (cell, share) in to.iter_mut().zip(&x) {
            *cell = weight * share;
        }
    }
}
