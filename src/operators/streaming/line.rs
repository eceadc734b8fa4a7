//! Lines of cells on their way, in passes over arrays: what a row along x takes.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use super::{Displacement, Regain, limited, missed_share, taken};
use crate::phase_space::Span;
use crate::real::Real;

/// Lists of cells that a `Line` holds.
pub const LINES: usize = 5;

/// Cells of a line on their way, with room for what a step computes between.
pub struct Line<T> {
    pub cells: Vec<T>,
    pub advanced: Vec<T>,
    left: Vec<T>,
    regained: Vec<T>,
    missed: Vec<T>,
}

impl<T: Real> Line<T> {
    pub fn new(length: usize) -> Line<T> {
        let zeros = || vec![T::ZERO; length];
        Line {
            cells: zeros(),
            advanced: zeros(),
            left: zeros(),
            regained: zeros(),
            missed: zeros(),
        }
    }

    /// Advances `cells` in `span` by the fraction of a displacement. The span holds all that arrives; two cells beyond its ends are
    /// empty.
    #[inline(always)]
    pub fn advance(&mut self, by: &Displacement<T>, regain: Regain, span: Span) {
        self.donor_cells(by, span);
        if by.spreads() {
            std::mem::swap(&mut self.left, &mut self.advanced);
            return;
        }
        for list in [&mut self.left, &mut self.regained, &mut self.missed] {
            empty_beside(list, span);
        }
        match regain {
            Regain::Smooth => self.ask(by, span),
            Regain::Thin => {
                self.ask_of_six(by, span);
                self.take(span);
                std::mem::swap(&mut self.left, &mut self.advanced);
                empty_beside(&mut self.left, span);
                self.ask_again(span);
            }
        }
        self.take(span);
    }

    #[inline(always)]
    fn donor_cells(&mut self, by: &Displacement<T>, span: Span) {
        let upstream = beside(&self.cells, span, -by.direction);
        let here = beside(&self.cells, span, 0);
        let left = &mut self.left[span.range()];
        for i in 0..left.len() {
            left[i] = by.donor_cell(upstream[i], here[i]);
        }
    }

    #[inline(always)]
    fn ask(&mut self, by: &Displacement<T>, span: Span) {
        let upstream = beside(&self.cells, span, -by.direction);
        let here = beside(&self.cells, span, 0);
        let (below, above) = (beside(&self.left, span, -1), beside(&self.left, span, 1));
        let regained = &mut self.regained[span.range()];
        for i in 0..regained.len() {
            regained[i] = limited(by.wanted(upstream[i], here[i]), below[i], above[i]);
        }
    }

    #[inline(always)]
    fn ask_of_six(&mut self, by: &Displacement<T>, span: Span) {
        let far = beside(&self.cells, span, -2 * by.direction);
        let upstream = beside(&self.cells, span, -by.direction);
        let here = beside(&self.cells, span, 0);
        let ahead = beside(&self.cells, span, by.direction);
        let (below, above) = (beside(&self.left, span, -1), beside(&self.left, span, 1));
        let regained = &mut self.regained[span.range()];
        let missed = &mut self.missed[span.range()];
        for i in 0..regained.len() {
            let wanted = by.wanted_of_six(far[i], upstream[i], here[i], ahead[i]);
            regained[i] = limited(wanted, below[i], above[i]);
            missed[i] = missed_share::<T>() * (wanted - regained[i]);
        }
    }

    /// Asks for what both neighbours missed.
    #[inline(always)]
    fn ask_again(&mut self, span: Span) {
        let (before, after) = (
            beside(&self.missed, span, -1),
            beside(&self.missed, span, 1),
        );
        let (below, above) = (beside(&self.left, span, -1), beside(&self.left, span, 1));
        let regained = &mut self.regained[span.range()];
        for i in 0..regained.len() {
            regained[i] = limited(before[i] + after[i], below[i], above[i]);
        }
    }

    #[inline(always)]
    fn take(&mut self, span: Span) {
        let (left, own) = (beside(&self.left, span, 0), beside(&self.regained, span, 0));
        let below = beside(&self.regained, span, -1);
        let above = beside(&self.regained, span, 1);
        let advanced = &mut self.advanced[span.range()];
        for i in 0..advanced.len() {
            advanced[i] = taken(left[i], below[i], own[i], above[i]);
        }
    }
}

/// The cells `steps` beside those of a span.
#[inline(always)]
fn beside<T>(cells: &[T], span: Span, steps: isize) -> &[T] {
    let first = span.first.wrapping_add_signed(steps);
    &cells[first..first + span.len()]
}

#[inline(always)]
fn empty_beside<T: Real>(cells: &mut [T], span: Span) {
    cells[span.first - 1] = T::ZERO;
    cells[span.last] = T::ZERO;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::Streaming;
    use crate::phase_space::LANES;

    fn advance(line: &[f64], cells: f64, scheme: Streaming, regain: Regain) -> Vec<f64> {
        let by = Displacement::new(cells, scheme, regain);
        let length = line.len().next_multiple_of(LANES);
        let mut lines = Line::new(length + 2 * LANES);
        lines.cells[LANES..LANES + line.len()].copy_from_slice(line);
        lines.advance(&by, regain, Span::new(LANES, LANES + length));
        lines.advanced[LANES..LANES + line.len()].to_vec()
    }

    fn gaussian(sigma: f64) -> Vec<f64> {
        (0..120)
            .map(|i| (-0.5 * ((f64::from(i) - 60.0) / sigma).powi(2)).exp())
            .collect()
    }

    fn moment(line: &[f64], about: f64, k: i32) -> f64 {
        let sum: f64 = line.iter().sum();
        line.iter()
            .enumerate()
            .map(|(i, p)| p * (i as f64 - about).powi(k))
            .sum::<f64>()
            / sum
    }

    #[test]
    fn cubic_keeps_weight_mean_variance_and_third_moment_of_a_smooth_line() {
        let line = gaussian(4.0);
        for c in [0.01, 0.25, 0.5, 0.9, -0.3] {
            let advanced = advance(&line, c, Streaming::Cubic, Regain::Smooth);
            assert!((advanced.iter().sum::<f64>() / line.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            // The limiter acts beyond 6 sigma only, below 1e-8 of the maximum.
            assert!((moment(&advanced, 60.0, 1) - c).abs() < 1e-11, "{c}");
            assert!((moment(&advanced, 60.0 + c, 2) - 16.0).abs() < 1e-7, "{c}");
            assert!(moment(&advanced, 60.0 + c, 3).abs() < 1e-5, "{c}");
        }
    }

    #[test]
    fn six_points_keep_five_moments_of_a_smooth_line() {
        for c in [0.01, 0.25, 0.5, 0.9, -0.3] {
            let advanced = advance(&gaussian(4.0), c, Streaming::Cubic, Regain::Thin);
            let about = |k: i32| moment(&advanced, 60.0 + c, k);
            // In units of the moments' own size; the limit acts beyond 6 sigma only.
            assert!(about(1).abs() < 1e-11 && about(3).abs() < 1e-5, "{c}");
            assert!((about(2) - 16.0).abs() < 1e-6, "{c} {}", about(2));
            assert!((about(4) / 768.0 - 1.0).abs() < 1e-5, "{c} {}", about(4));
            assert!(about(5).abs() / 1024.0 < 1e-5, "{c} {}", about(5));
        }
    }

    #[test]
    fn a_single_cell_on_its_way_keeps_its_mean_and_stays_thin() {
        for c in [0.02_f64, 0.2, 0.37, 0.5, 0.71, 0.87, -0.97] {
            let (mut line, start) = (vec![0.0; 160], if c > 0.0 { 20 } else { 140 });
            line[start] = 1.0;
            let steps = (100.0 / c.abs().max(0.25)) as usize;
            for _ in 0..steps {
                line = advance(&line, c, Streaming::Cubic, Regain::Thin);
            }
            let mean = start as f64 + c * steps as f64;
            assert!((moment(&line, mean, 1)).abs() < 1e-10, "{c}");
            // c(1-c), at most 0.25, cannot be less; asked once it is 1.5 to 3.
            let variance = moment(&line, mean, 2);
            assert!(variance < 0.8, "{c}: {variance} cells^2");
        }
    }

    #[test]
    fn linear_adds_the_variance_of_area_weights() {
        let advanced = advance(&gaussian(4.0), 0.3, Streaming::Linear, Regain::Thin);
        assert!((moment(&advanced, 60.3, 2) - 16.0 - 0.3 * 0.7).abs() < 1e-9);
    }

    #[test]
    fn a_single_cell_never_turns_negative_and_loses_nothing() {
        let mut line = vec![0.0; 81];
        line[20] = 1.0;
        for _ in 0..30 {
            line = advance(&line, 0.37, Streaming::Cubic, Regain::Thin);
            assert!(line.iter().all(|p| *p >= 0.0));
        }
        assert!((line.iter().sum::<f64>() - 1.0).abs() < 1e-14);
    }

    #[test]
    fn opposite_directions_mirror_each_other_bit_for_bit() {
        let line: Vec<f64> = (0..64)
            .map(|i| {
                if (4..60).contains(&i) {
                    ((i * 7919) % 101) as f64 / 7.0
                } else {
                    0.0
                }
            })
            .collect();
        let mirrored: Vec<f64> = line.iter().rev().copied().collect();
        let forth = advance(&line, 0.41, Streaming::Cubic, Regain::Thin);
        let back: Vec<f64> = advance(&mirrored, -0.41, Streaming::Cubic, Regain::Thin)
            .into_iter()
            .rev()
            .collect();
        assert_eq!(forth, back);
    }
}
