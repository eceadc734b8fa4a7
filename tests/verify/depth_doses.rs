//! Depth doses of a run and of a reference on the same cells, MeV/mm per proton.

use crate::support::{Overrides, run, worst};
use smatrix2d::curves;
use smatrix2d::results::{Axis, Results, Summary};
use std::ops::Range;

pub struct DepthDoses {
    z_mm: Axis,
    pub mine: Vec<f64>,
    pub theirs: Vec<f64>,
    /// Figures of both.
    pub summaries: [Summary; 2],
}

impl DepthDoses {
    pub fn of(case: &str, overrides: Overrides, theirs: Vec<f64>) -> DepthDoses {
        DepthDoses::new(&run(case, overrides).results, theirs)
    }

    pub fn new(results: &Results, theirs: Vec<f64>) -> DepthDoses {
        DepthDoses {
            mine: results.depth_dose_mev_per_mm.to_vec(),
            summaries: [results.summary.clone(), summary(&results.z_mm, &theirs)],
            z_mm: results.z_mm.clone(),
            theirs,
        }
    }

    /// The same against a reference that comes less deep, read linearly between its cells.
    pub fn reference_shallower(&self, by_mm: f64) -> DepthDoses {
        let (z_mm, theirs) = (&self.z_mm, &self.theirs);
        let cells = by_mm / (z_mm.edges[1] - z_mm.edges[0]);
        let next = |i: usize| theirs.get(i + 1).unwrap_or(&theirs[i]);
        let moved = (0..theirs.len()).map(|i| theirs[i] + cells * (next(i) - theirs[i]));
        let theirs: Vec<f64> = moved.collect();
        DepthDoses {
            mine: self.mine.clone(),
            summaries: [self.summaries[0].clone(), summary(z_mm, &theirs)],
            z_mm: z_mm.clone(),
            theirs,
        }
    }

    pub fn r80_mm(&self) -> f64 {
        self.summaries[0].r80_mm - self.summaries[1].r80_mm
    }

    pub fn peak_to_entrance(&self) -> f64 {
        self.summaries[0].peak_to_entrance / self.summaries[1].peak_to_entrance - 1.0
    }

    /// Differences in shares of the reference's peak.
    fn differences(&self) -> impl Iterator<Item = f64> {
        let peak = self.summaries[1].peak_mev_per_mm;
        let cells = self.mine.iter().zip(&self.theirs);
        cells.map(move |(a, b)| (a - b) / peak)
    }

    pub fn largest(&self) -> f64 {
        worst(self.differences())
    }

    pub fn rms(&self) -> f64 {
        let squares: f64 = self.differences().map(|d| d * d).sum();
        (squares / self.theirs.len() as f64).sqrt()
    }

    /// Ratio less 1 of the sums over cells.
    pub fn over(&self, cells: Range<usize>) -> f64 {
        let sum = |dose: &[f64]| dose[cells.clone()].iter().sum::<f64>();
        sum(&self.mine) / sum(&self.theirs) - 1.0
    }
}

fn summary(z_mm: &Axis, depth_dose: &[f64]) -> Summary {
    curves::summarise(z_mm, depth_dose, &vec![0.0; depth_dose.len()])
}
