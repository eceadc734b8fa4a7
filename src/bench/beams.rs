//! Pencil beams in water with all defaults, 1 mm cells: from the parsed case to the scored dose, as `run` computes it, without the file.

use super::median;
use crate::backend::Machine;
use crate::case::{Case, Named, Precision};
use crate::error::Result;
use crate::phantom::Phantom;
use crate::transport;
use std::path::Path;
use std::time::Instant;

/// Spots of a case lie on 40 mm across the beam.
const SPOTS_OVER_MM: f64 = 40.0;

/// A case to time: spots of one energy, and the models that change what they cost, by their names in the case file.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Beams {
    pub energy_mev: f64,
    pub spots: usize,
    pub scattering: &'static str,
    pub nuclear: &'static str,
}

impl Beams {
    /// What comes with defaults.
    pub const fn plain(energy_mev: f64, spots: usize) -> Beams {
        Beams {
            energy_mev,
            spots,
            scattering: "gaussian",
            nuclear: "none",
        }
    }

    /// One beam at therapeutic energies, one with each costlier model at 150 MeV, and `spots` together at 150 MeV.
    pub fn table(spots: usize) -> Vec<Beams> {
        let single =
            [70.0, 100.0, 150.0, 200.0, 230.0].map(|energy_mev| Beams::plain(energy_mev, 1));
        let with = |scattering, nuclear| Beams {
            scattering,
            nuclear,
            ..Beams::plain(150.0, 1)
        };
        let mut table = single.to_vec();
        table.push(with("moliere", "none"));
        table.push(with("gaussian", "local"));
        table.push(with("gaussian", "transport"));
        table.push(with("moliere", "transport"));
        if spots > 1 {
            table.push(Beams::plain(150.0, spots));
        }
        table
    }

    /// A tank that holds the beams, as wide as eight of their widths at the peak.
    ///
    /// # Errors
    /// Those of a case file: an energy that it does not take.
    pub fn case(&self, precision: Precision) -> Result<Case> {
        // Bragg-Kleeman, R = 0.0022 E^1.77 cm (Bortfeld, Med. Phys. 24 (1997) 2024), and a tenth more.
        let depth_mm = (1.1 * 0.022 * self.energy_mev.powf(1.77) + 5.0).ceil();
        let beams: String = (0..self.spots).map(|spot| self.beam(spot)).collect();
        let text = format!(
            "[phantom]\nmaterial = \"water\"\nx_mm = [-48.0, 48.0]\nz_mm = [0.0, {depth_mm:.1}]\nspacing_mm = [1.0, 1.0]\n{beams}\
             [physics]\nscattering = \"{}\"\nnuclear = \"{}\"\n[run]\nprecision = \"{}\"\n",
            self.scattering,
            self.nuclear,
            precision.name(),
        );
        Case::parse(&text, Path::new("bench.toml"), &[])
    }

    fn beam(&self, spot: usize) -> String {
        let place = (spot as f64 + 0.5) / self.spots as f64 - 0.5;
        format!(
            "[[beam]]\nenergy_mev = {:?}\nx_mm = {:?}\n",
            self.energy_mev,
            place * SPOTS_OVER_MM
        )
    }
}

/// What the runs of a case took.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct BeamFigures {
    #[serde(flatten)]
    pub beams: Beams,
    /// Median over the rounds.
    pub run_s: f64,
    pub steps: u64,
    /// Of psi, secondary protons' included.
    pub bin_updates: u64,
}

/// Runs every case once a round, `rounds` times after a round that warms up: what disturbs the machine for a while disturbs all.
///
/// # Errors
/// Those of the cases, and whatever the machine reports.
pub fn measure(
    table: &[Beams],
    machine: &dyn Machine,
    precision: Precision,
    rounds: usize,
) -> Result<Vec<BeamFigures>> {
    let runs = (0..=rounds).map(|_| {
        table
            .iter()
            .map(|beams| timed(*beams, machine, precision))
            .collect()
    });
    let runs = runs.collect::<Result<Vec<Vec<BeamFigures>>>>()?;
    let of = |i: usize| median(runs[1..].iter().map(|round| round[i].run_s).collect());
    let figures = runs[0].iter().enumerate();
    Ok(figures
        .map(|(i, first)| BeamFigures {
            run_s: of(i),
            ..*first
        })
        .collect())
}

fn timed(beams: Beams, machine: &dyn Machine, precision: Precision) -> Result<BeamFigures> {
    let case = beams.case(precision)?;
    let start = Instant::now();
    let phantom = Phantom::build(&case, Path::new("."))?;
    let outcome = transport::run(&case, &phantom, machine, &mut |_| ())?;
    Ok(BeamFigures {
        beams,
        run_s: start.elapsed().as_secs_f64(),
        steps: outcome.steps,
        bin_updates: outcome.cell_updates,
    })
}
