//! Lines of cells on their way, in passes over arrays: what a row along x takes.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use super::{Displacement, Limit, limited, missed_share, taken};
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
    pub fn advance(&mut self, by: &Displacement<T>, limit: Limit, span: Span) {
        match limit {
            _ if by.spreads() => self.spread(by, span),
            Limit::Flow => self.flow(by, span),
            Limit::Regain => self.regain(by, span),
        }
    }

    #[inline(always)]
    fn spread(&mut self, by: &Displacement<T>, span: Span) {
        self.donor_cells(by, span);
        std::mem::swap(&mut self.left, &mut self.advanced);
    }

    #[inline(always)]
    fn flow(&mut self, by: &Displacement<T>, span: Span) {
        self.flows(by, span);
        empty_beside(&mut self.left, span);
        self.arrive(by, span);
    }

    #[inline(always)]
    fn regain(&mut self, by: &Displacement<T>, span: Span) {
        self.donor_cells(by, span);
        for list in [&mut self.left, &mut self.regained, &mut self.missed] {
            empty_beside(list, span);
        }
        self.ask(by, span);
        self.take(span);
        std::mem::swap(&mut self.left, &mut self.advanced);
        empty_beside(&mut self.left, span);
        self.ask_again(span);
        self.take(span);
    }

    /// What leaves each cell.
    #[inline(always)]
    fn flows(&mut self, by: &Displacement<T>, span: Span) {
        let upstream = beside(&self.cells, span, -by.direction);
        let here = beside(&self.cells, span, 0);
        let ahead = beside(&self.cells, span, by.direction);
        let flows = &mut self.left[span.range()];
        for i in 0..flows.len() {
            flows[i] = by.flow(upstream[i], here[i], ahead[i]);
        }
    }

    #[inline(always)]
    fn arrive(&mut self, by: &Displacement<T>, span: Span) {
        let here = beside(&self.cells, span, 0);
        let leaving = beside(&self.left, span, 0);
        let entering = beside(&self.left, span, -by.direction);
        let advanced = &mut self.advanced[span.range()];
        for i in 0..advanced.len() {
            advanced[i] = here[i] - leaving[i] + entering[i];
        }
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
        let far = beside(&self.cells, span, -2 * by.direction);
        let upstream = beside(&self.cells, span, -by.direction);
        let here = beside(&self.cells, span, 0);
        let ahead = beside(&self.cells, span, by.direction);
        let (below, above) = (beside(&self.left, span, -1), beside(&self.left, span, 1));
        let regained = &mut self.regained[span.range()];
        let missed = &mut self.missed[span.range()];
        for i in 0..regained.len() {
            let wanted = by.wanted(far[i], upstream[i], here[i], ahead[i]);
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

    fn advance(line: &[f64], cells: f64, scheme: Streaming, limit: Limit) -> Vec<f64> {
        let by = Displacement::new(cells, scheme, limit);
        let length = line.len().next_multiple_of(LANES);
        let mut lines = Line::new(length + 2 * LANES);
        lines.cells[LANES..LANES + line.len()].copy_from_slice(line);
        lines.advance(&by, limit, Span::new(LANES, LANES + length));
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

    fn flow(line: &[f64], cells: f64) -> Vec<f64> {
        advance(line, cells, Streaming::Cubic, Limit::Flow)
    }

    #[test]
    fn flow_is_lagranges_of_four_points_where_a_line_is_smooth() {
        let line = gaussian(4.0);
        for c in [0.01, 0.25, 0.5, 0.9] {
            let advanced = flow(&line, c);
            let sum = |line: &[f64]| line.iter().sum::<f64>();
            assert!((sum(&advanced) / sum(&line) - 1.0).abs() < 1e-14);
            // But for the maximum, which it cuts, and the tails beyond four sigma, where a cell is many times its neighbour.
            for i in (44..58_usize).chain(63..77) {
                let node = |k: isize| line[i.wrapping_add_signed(-k)];
                // The polynomial through nodes -1 to 2 behind the cell, at c.
                let lagrange = -c * (1.0 - c) * (2.0 - c) / 6.0 * node(-1)
                    + (1.0 + c) * (1.0 - c) * (2.0 - c) / 2.0 * node(0)
                    + (1.0 + c) * c * (2.0 - c) / 2.0 * node(1)
                    - (1.0 + c) * c * (1.0 - c) / 6.0 * node(2);
                assert!((advanced[i] - lagrange).abs() < 1e-14, "{c} {i}");
            }
        }
    }

    /// Two media side by side: at one energy protons of one, at another those of the other.
    #[test]
    fn what_meets_at_an_edge_adds_up_to_an_even_line() {
        let mut parts = [0, 1].map(|part| {
            let cell = |i| f64::from(u8::from((i < 60) == (part == 0)));
            (0..120).map(cell).collect::<Vec<f64>>()
        });
        for step in 0..50 {
            let c = [0.03, 0.4, -0.2][step % 3];
            parts = parts.map(|line| flow(&line, c));
            for i in 55..65 {
                let sum = parts[0][i] + parts[1][i];
                assert!((sum - 1.0).abs() < 1e-14, "{step} {i}: {sum}");
            }
        }
    }

    #[test]
    fn flow_leaves_a_cell_between_what_it_and_its_upstream_neighbour_held() {
        let line: Vec<f64> = (0..64)
            .map(|i| {
                if i % 11 < 4 {
                    0.0
                } else {
                    f64::from(i * 7919 % 101)
                }
            })
            .collect();
        for c in [0.05, 0.5, 0.93] {
            let advanced = flow(&line, c);
            for i in 1..line.len() {
                let (low, high) = (line[i - 1].min(line[i]), line[i - 1].max(line[i]));
                let slack = 1e-14 * high;
                assert!(
                    (low - slack..=high + slack).contains(&advanced[i]),
                    "{c} {i}"
                );
                assert!(advanced[i] >= 0.0);
            }
        }
    }

    #[test]
    fn six_points_keep_five_moments_of_a_smooth_line() {
        for c in [0.01, 0.25, 0.5, 0.9, -0.3] {
            let advanced = advance(&gaussian(4.0), c, Streaming::Cubic, Limit::Regain);
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
                line = advance(&line, c, Streaming::Cubic, Limit::Regain);
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
        let advanced = advance(&gaussian(4.0), 0.3, Streaming::Linear, Limit::Regain);
        assert!((moment(&advanced, 60.3, 2) - 16.0 - 0.3 * 0.7).abs() < 1e-9);
    }

    #[test]
    fn a_single_cell_never_turns_negative_and_loses_nothing() {
        let mut line = vec![0.0; 81];
        line[20] = 1.0;
        for _ in 0..30 {
            line = advance(&line, 0.37, Streaming::Cubic, Limit::Regain);
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
        for limit in [Limit::Flow, Limit::Regain] {
            let forth = advance(&line, 0.41, Streaming::Cubic, limit);
            let mut back = advance(&mirrored, -0.41, Streaming::Cubic, limit);
            back.reverse();
            assert_eq!(forth, back, "{limit:?}");
        }
    }
}
