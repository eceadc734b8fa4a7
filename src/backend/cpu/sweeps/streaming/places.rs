//! Where cells lie on their way: rows in a line, columns in the order of flight, and where either lands in the grid.

use crate::backend::cpu::simd::Chunk;
use crate::backend::cpu::sweeps::chunk_span;
use crate::operators::streaming::{ABREAST, Cells, DELAY, Displacement, Line};
use crate::phase_space::{LANES, Span};
use crate::real::Real;

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
    /// In `ABREAST`s.
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

    /// Cells of a row that depart.
    #[inline(always)]
    pub fn cells(&self) -> usize {
        self.x.len() * ABREAST
    }

    /// Where a row begins in the line.
    #[inline(always)]
    pub fn start(&self, row: usize) -> usize {
        2 * GAP + row * (self.cells() + GAP)
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
        let cells = rows.cells() as isize;
        Landing {
            low: if by.direction > 0 { 0 } else { -1 },
            high: if by.direction > 0 { cells + 1 } else { cells },
            origin: (rows.x.first * ABREAST) as isize + by.direction * by.whole as isize,
            start: rows.start(0),
            pitch: rows.cells() + GAP,
        }
    }

    /// Index that lands on cell `x` of the grid.
    #[inline(always)]
    pub fn index(&self, x: usize) -> isize {
        x as isize - self.origin
    }

    /// A row's part of the line between two indices; empty where they are the wrong way round.
    #[inline(always)]
    pub fn in_line(&self, row: usize, first: isize, last: isize) -> std::ops::Range<usize> {
        let at = |index: isize| (self.start + row * self.pitch).wrapping_add_signed(index);
        if first < last {
            at(first)..at(last)
        } else {
            0..0
        }
    }

    /// Copies what lands on the `ABREAST` cells number `x` of the grid.
    #[inline(always)]
    pub fn land<T: Real>(&self, line: &Line<T>, row: usize, x: usize, to: &mut Cells<T>) {
        let first = self.index(x * ABREAST);
        if first < self.high && first + ABREAST as isize > self.low {
            let at = (self.start + row * self.pitch).wrapping_add_signed(first);
            to.copy_from_slice(&line.advanced[at..at + ABREAST]);
        } else {
            *to = [T::ZERO; ABREAST];
        }
    }
}

/// A column's way along z: places count in the order of flight.
pub struct Flight {
    planes: usize,
    direction: isize,
    /// The plane that departs first, and where it lands.
    first: isize,
    landing: isize,
}

impl Flight {
    #[inline(always)]
    pub fn of<T>(planes: Span, by: &Displacement<T>) -> Flight {
        let first = if by.direction > 0 {
            planes.first
        } else {
            planes.last - 1
        };
        Flight {
            planes: planes.len(),
            direction: by.direction,
            first: first as isize,
            landing: first as isize + by.direction * by.whole as isize,
        }
    }

    #[inline(always)]
    pub fn length(&self) -> usize {
        self.planes + BEYOND
    }

    /// Places of column number `x` among the columns.
    #[inline(always)]
    pub fn column(&self, x: usize) -> std::ops::Range<usize> {
        x * self.length()..(x + 1) * self.length()
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

/// `ABREAST`s that a span of cells touches.
#[inline(always)]
pub fn in_abreasts(cells: Span) -> Span {
    Span::new(cells.first / ABREAST, cells.last.div_ceil(ABREAST))
}

/// `ABREAST`s of the chunks that a span of cells touches.
#[inline(always)]
pub fn written(cells: Span) -> Span {
    let (chunks, each) = (chunk_span(cells), LANES / ABREAST);
    Span::new(chunks.first * each, chunks.last * each)
}

/// The `ABREAST` cells number `i` of a row.
#[inline(always)]
pub fn some<T: Real>(row: &[Chunk<T>], i: usize) -> &Cells<T> {
    &row[i * ABREAST / LANES].0.as_chunks().0[i % (LANES / ABREAST)]
}

#[inline(always)]
pub fn some_mut<T: Real>(row: &mut [Chunk<T>], i: usize) -> &mut Cells<T> {
    &mut row[i * ABREAST / LANES].0.as_chunks_mut().0[i % (LANES / ABREAST)]
}
