//! Columns of cells on their way, side by side in registers: what the columns of a plane along z take. As `Column` in
//! kernels/streaming.cu.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

use super::{Displacement, limited, missed_share, taken};
use crate::real::Real;

/// Cells that are advanced side by side: what registers hold of them fits the narrower instruction sets too.
pub const ABREAST: usize = 8;

/// Neighbouring cells on their way.
pub type Cells<T> = [T; ABREAST];

/// Cells that a column's cells arrive later than they enter.
pub const DELAY: usize = 4;

/// Advances the columns of a plane [place, x] by the fraction of a displacement along z. Places lie in the order of flight, `width`
/// apart; what arrives lies `DELAY` places after where it would. So many places and one more, the last, are empty to begin with.
#[inline(always)]
pub fn advance_plane<T: Real>(plane: &mut [Cells<T>], width: usize, by: &Displacement<T>) {
    if by.spreads() {
        return spread_plane(plane, width, by);
    }
    for x in 0..width {
        let (mut columns, mut at) = (Columns::new(), x);
        while at < plane.len() {
            plane[at] = columns.enter(by, plane[at]);
            at += width;
        }
    }
}

#[inline(always)]
fn spread_plane<T: Real>(plane: &mut [Cells<T>], width: usize, by: &Displacement<T>) {
    let delay = DELAY * width;
    for at in (delay..plane.len()).rev() {
        let here = plane[at - delay];
        let upstream = match at < delay + width {
            true => [T::ZERO; ABREAST],
            false => plane[at - delay - width],
        };
        for l in 0..ABREAST {
            plane[at][l] = by.donor_cell(upstream[l], here[l]);
        }
    }
}

/// Columns on their way: cells enter in the order of flight, and arrive `DELAY` cells later. Indices count from the cell that
/// entered last.
struct Columns<T> {
    cells: [Cells<T>; 3],
    left: [Cells<T>; 2],
    regained: [Cells<T>; 2],
    missed: [Cells<T>; 3],
    held: [Cells<T>; 2],
    again: [Cells<T>; 2],
}

impl<T: Real> Columns<T> {
    #[inline(always)]
    fn new() -> Columns<T> {
        let empty = [T::ZERO; ABREAST];
        Columns {
            cells: [empty; 3],
            left: [empty; 2],
            regained: [empty; 2],
            missed: [empty; 3],
            held: [empty; 2],
            again: [empty; 2],
        }
    }

    /// The next cells of every column enter; those before them by `DELAY` arrive.
    #[inline(always)]
    fn enter(&mut self, by: &Displacement<T>, cells: Cells<T>) -> Cells<T> {
        let empty = [T::ZERO; ABREAST];
        let (mut left, mut regained, mut missed) = (empty, empty, empty);
        let (mut held, mut again, mut arrived) = (empty, empty, empty);
        for l in 0..ABREAST {
            left[l] = by.donor_cell(self.cells[0][l], cells[l]);
            let [here, upstream, far] = [0, 1, 2].map(|i| self.cells[i][l]);
            let all = by.wanted(far, upstream, here, cells[l]);
            regained[l] = limited(all, self.left[1][l], left[l]);
            missed[l] = missed_share::<T>() * (all - regained[l]);
            held[l] = taken(
                self.left[1][l],
                self.regained[1][l],
                self.regained[0][l],
                regained[l],
            );
            let owed = self.missed[2][l] + self.missed[0][l];
            again[l] = limited(owed, self.held[1][l], held[l]);
            arrived[l] = taken(
                self.held[1][l],
                self.again[1][l],
                self.again[0][l],
                again[l],
            );
        }
        shift(&mut self.cells, cells);
        shift(&mut self.left, left);
        shift(&mut self.regained, regained);
        shift(&mut self.missed, missed);
        shift(&mut self.held, held);
        shift(&mut self.again, again);
        arrived
    }
}

#[inline(always)]
fn shift<T: Real, const COUNT: usize>(list: &mut [Cells<T>; COUNT], cells: Cells<T>) {
    for i in (1..COUNT).rev() {
        list[i] = list[i - 1];
    }
    list[0] = cells;
}

#[cfg(test)]
mod tests {
    use super::super::{Limit, Line};
    use super::*;
    use crate::case::Streaming;
    use crate::phase_space::Span;

    /// A line by itself, with what arrives beyond its end.
    fn advanced(line: &[f64], by: &Displacement<f64>) -> Vec<f64> {
        let (room, length) = (4, line.len() + 1);
        let mut lines = Line::new(length + 2 * room);
        lines.cells[room..room + line.len()].copy_from_slice(line);
        if by.is_whole() {
            std::mem::swap(&mut lines.cells, &mut lines.advanced);
        } else {
            lines.advance(by, Limit::Regain, Span::new(room, room + length));
        }
        lines.advanced[room..room + length].to_vec()
    }

    #[test]
    fn columns_are_advanced_as_lines_are_bit_for_bit() {
        const WIDTH: usize = 2;
        let value = |i: usize, column: usize| match (i * 31 + column * 17) % 5 {
            0 => 0.0,
            _ => ((i * 7919 + column * 104_729) % 101) as f64 / 7.0,
        };
        for (cells, scheme) in [
            (0.0, Streaming::Cubic),
            (0.03, Streaming::Cubic),
            (0.5, Streaming::Cubic),
            (0.71, Streaming::Linear),
        ] {
            let by = Displacement::new(cells, scheme, Limit::Regain);
            let empty = [0.0; ABREAST];
            let mut plane = vec![empty; (30 + 1 + DELAY) * WIDTH];
            for (at, cells) in plane.iter_mut().take(30 * WIDTH).enumerate() {
                let column = |l: usize| at % WIDTH * ABREAST + l;
                *cells = std::array::from_fn(|l| value(at / WIDTH, column(l)));
            }
            advance_plane(&mut plane, WIDTH, &by);
            for column in 0..WIDTH * ABREAST {
                let line: Vec<f64> = (0..30).map(|i| value(i, column)).collect();
                for (i, expected) in advanced(&line, &by).iter().enumerate() {
                    let found = plane[(i + DELAY) * WIDTH + column / ABREAST][column % ABREAST];
                    assert_eq!(found, *expected, "{cells} {scheme:?} {i} {column}");
                }
            }
        }
    }
}
