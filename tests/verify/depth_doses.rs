//! Depth doses of a run and of a reference on the same cells, MeV/mm per proton.

use crate::support::{Overrides, run, worst};
use smatrix2d::curves;
use smatrix2d::results::Summary;
use std::ops::Range;

pub struct DepthDoses {
    pub mine: Vec<f64>,
    pub theirs: Vec<f64>,
    /// Figures of both.
    pub summaries: [Summary; 2],
}

impl DepthDoses {
    pub fn of(case: &str, overrides: Overrides, theirs: Vec<f64>) -> DepthDoses {
        let results = run(case, overrides).results;
        let reference = curves::summarise(&results.z_mm, &theirs, &vec![0.0; theirs.len()]);
        DepthDoses {
            mine: results.depth_dose_mev_per_mm.to_vec(),
            theirs,
            summaries: [results.summary, reference],
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
