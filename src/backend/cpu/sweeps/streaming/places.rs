//! Where cells lie on their way: rows in a line, columns in the order of flight, and where either lands in the grid.

use crate::backend::cpu::sweeps::chunk_span;
use crate::operators::streaming::{ABREAST, DELAY, Displacement, Line};
use crate::phase_space::{LANES, Span};
use crate::real::Real;
use std::ops::Range;

/// Empty cells between rows that lie in one line, so that none sees the next.
pub const GAP: usize = ABREAST;

/// Cells of a column beyond those that depart: one more arrives, the last of all `DELAY` later.
pub const BEYOND: usize = 1 + DELAY;

/// Rows of one angle that are advanced together: of neighbouring energies in depth stepping, of neighbouring planes in path
/// stepping.
pub struct Rows {
    pub energies: Span,
    pub angle: usize,
    pub z: Span,
    /// Whole `ABREAST`s of cells.
    pub x: Span,
}

impl Rows {
    #[inline(always)]
    pub fn count(&self) -> usize {
        self.energies.len() * self.z.len()
    }

    /// (energy, z) of a row; one of the two is the same for all.
    #[inline(always)]
    pub fn place(&self, row: usize) -> (usize, usize) {
        if self.z.len() == 1 {
            (self.energies.first + row, self.z.first)
        } else {
            (self.energies.first, self.z.first + row)
        }
    }

    /// Where a row begins in the line.
    #[inline(always)]
    pub fn start(&self, row: usize) -> usize {
        2 * GAP + row * (self.x.len() + GAP)
    }

    /// The part of the line that cells can arrive in.
    #[inline(always)]
    pub fn span(&self) -> Span {
        Span::new(GAP, self.start(self.count()))
    }
}

/// Where rows arrive: indices count from a row's first cell, before the whole part of the displacement.
pub struct Landing {
    pub low: isize,
    pub high: isize,
    /// The grid's cell that index 0 lands on.
    origin: isize,
    /// Where the first row begins in the line, and how far the next is from it.
    start: usize,
    pitch: usize,
}

impl Landing {
    #[inline(always)]
    pub fn of<T>(rows: &Rows, by: &Displacement<T>) -> Landing {
        let cells = rows.x.len() as isize;
        Landing {
            low: if by.direction > 0 { 0 } else { -1 },
            high: if by.direction > 0 { cells + 1 } else { cells },
            origin: rows.x.first as isize + by.direction * by.whole as isize,
            start: rows.start(0),
            pitch: rows.x.len() + GAP,
        }
    }

    /// Index that lands on cell `x` of the grid.
    #[inline(always)]
    pub fn index(&self, x: usize) -> isize {
        x as isize - self.origin
    }

    /// A row's part of the line between two indices; empty where they are the wrong way round.
    #[inline(always)]
    pub fn in_line(&self, row: usize, first: isize, last: isize) -> Range<usize> {
        let at = |index: isize| (self.start + row * self.pitch).wrapping_add_signed(index);
        if first < last {
            at(first)..at(last)
        } else {
            0..0
        }
    }

    /// Copies what lands on the cells from `x` on, zeros where nothing does.
    #[inline(always)]
    pub fn land<T: Real>(&self, line: &Line<T>, row: usize, x: usize, to: &mut [T]) {
        let (first, count) = (self.index(x), to.len() as isize);
        let low = (self.low - first).clamp(0, count);
        let high = (self.high - first).clamp(low, count);
        let landed = self.in_line(row, first + low, first + high);
        let (low, high) = (low as usize, high as usize);
        to[..low].fill(T::ZERO);
        to[low..high].copy_from_slice(&line.advanced[landed]);
        to[high..].fill(T::ZERO);
    }
}

/// The columns' way along z: places count in the order of flight.
pub struct Flight {
    /// Whole chunks of cells.
    pub x: Span,
    planes: usize,
    direction: isize,
    /// The plane that departs first, and where it lands.
    first: isize,
    landing: isize,
}

impl Flight {
    #[inline(always)]
    pub fn of<T>(planes: Span, by: &Displacement<T>, x: Span) -> Flight {
        let first = if by.direction > 0 {
            planes.first
        } else {
            planes.last - 1
        };
        Flight {
            x,
            planes: planes.len(),
            direction: by.direction,
            first: first as isize,
            landing: first as isize + by.direction * by.whole as isize,
        }
    }

    #[inline(always)]
    pub fn places(&self) -> usize {
        self.planes + BEYOND
    }

    /// `ABREAST`s of columns.
    #[inline(always)]
    pub fn width(&self) -> usize {
        self.x.len() / ABREAST
    }

    /// The cells of a place among the columns.
    #[inline(always)]
    pub fn row(&self, place: usize) -> Range<usize> {
        place * self.width()..(place + 1) * self.width()
    }

    /// Place that a plane departs from.
    #[inline(always)]
    pub fn departure(&self, z: usize) -> usize {
        ((z as isize - self.first) * self.direction) as usize
    }

    /// Place that what arrives at a plane is in.
    #[inline(always)]
    pub fn arrival(&self, z: usize) -> Option<usize> {
        let i = (z as isize - self.landing) * self.direction;
        let arrives = i >= 0 && i <= self.planes as isize;
        if arrives {
            Some(i as usize + DELAY)
        } else {
            None
        }
    }

    /// Plane that the place's cells arrive at.
    #[inline(always)]
    pub fn plane(&self, place: usize) -> isize {
        self.landing + self.direction * (place - DELAY) as isize
    }
}

/// The whole `ABREAST`s that a span of cells touches.
#[inline(always)]
pub fn whole_abreasts(cells: Span) -> Span {
    Span::new(
        cells.first / ABREAST * ABREAST,
        cells.last.next_multiple_of(ABREAST),
    )
}

/// The whole chunks that a span of cells touches.
#[inline(always)]
pub fn whole_chunks(cells: Span) -> Span {
    let chunks = chunk_span(cells);
    Span::new(chunks.first * LANES, chunks.last * LANES)
}

/// The cells `x` of a row that begins at `start`.
#[inline(always)]
pub fn beside(start: usize, x: Span) -> Range<usize> {
    start + x.first..start + x.last
}
