//! Streaming over the active window: rows along x, then (path stepping) columns along z.
//!
//! Rows of one displacement are advanced together, one after the other in a line. They lie in the order of flight along z while
//! their columns are advanced.
// Index loops over fixed sizes are what the compiler vectorises over x; iterator adapters are not inlined into the sweeps.
#![allow(clippy::needless_range_loop)]

mod places;

use super::{at_angle, chunk_span, empty_rows};
use crate::backend::cpu::simd::{Chunk, Sweep, prefetch};
use crate::error::Result;
use crate::memory::Buffer;
use crate::operators::streaming::{
    ABREAST, Cells, DELAY, Displacement, LINES, Limit, Line, advance_plane,
};
use crate::phase_space::{LANES, Layout, Span, Window};
use crate::real::Real;
use places::{BEYOND, Flight, GAP, Landing, Rows, beside, whole_abreasts, whole_chunks};

/// Cells of the rows that are advanced together: enough to hide what a row costs besides, few enough for the nearest cache.
const CELLS_TOGETHER: usize = 1024;

/// Room for streaming: rows that are advanced together, and the columns of a plane, [place in the order of flight, x].
pub struct StreamScratch<T> {
    line: Line<T>,
    columns: Buffer<Cells<T>>,
}

impl<T: Real> StreamScratch<T> {
    /// For rows and planes of `layout`.
    ///
    /// # Errors
    /// Out of memory.
    pub fn new(layout: Layout) -> Result<StreamScratch<T>> {
        Ok(StreamScratch {
            line: Line::new(Self::line_cells(layout) / LINES),
            columns: Buffer::zeroed(Self::column_cells(layout) / ABREAST, "streaming")?,
        })
    }

    /// Cells of a plane's columns.
    pub fn column_cells(layout: Layout) -> usize {
        (layout.planes + BEYOND) * layout.row
    }

    /// Cells of the lines in which rows are advanced.
    pub fn line_cells(layout: Layout) -> usize {
        LINES * (CELLS_TOGETHER.max(layout.row + GAP) + 3 * GAP)
    }
}

/// Streaming, of each energy and angle on its own.
pub struct Stream<'a, T> {
    pub layout: Layout,
    /// The grid's cells.
    pub cells_x: Span,
    pub from: Window,
    pub to: Window,
    /// By energy: the angles that are not empty, before and behind.
    pub angles: &'a [Span],
    /// Per angle bin; none along z in depth stepping.
    pub along_x: &'a [Displacement<T>],
    pub along_z: &'a [Displacement<T>],
    pub limit: Limit,
    pub energies_mev: &'a [f64],
    pub psi: &'a [T],
    pub next: &'a mut [T],
    pub scratch: &'a mut StreamScratch<T>,
    /// True where psi does not stay in the caches until it is read again.
    pub past_caches: bool,
    /// (weight, energy MeV) by side: x_min, x_max, z_min, z_max.
    pub leaked: &'a mut [(f64, f64); 4],
}

impl<T: Real> Sweep for Stream<'_, T> {
    #[inline(always)]
    fn run(mut self) {
        if self.along_z.is_empty() {
            for angle in self.from.angle.range() {
                self.one_plane(angle);
            }
            return;
        }
        for energy in self.from.energy.range() {
            for angle in self.from.angle.range() {
                match self.angles[energy].contains(angle) {
                    true => self.planes(energy, angle),
                    false => self.nothing(energy, angle),
                }
            }
        }
    }
}

impl<T: Real> Stream<'_, T> {
    /// Depth stepping: the rows of all energies.
    #[inline(always)]
    fn one_plane(&mut self, angle: usize) {
        let (all, together) = (self.from.energy, self.together());
        let energies = at_angle(self.angles, all, angle);
        for energy in all.first..energies.first {
            self.nothing(energy, angle);
        }
        for energy in energies.last..all.last {
            self.nothing(energy, angle);
        }
        for first in energies.range().step_by(together) {
            let last = (first + together).min(energies.last);
            let rows = self.rows(Span::new(first, last), angle, self.from.z);
            self.advance(&rows);
            let landing = Landing::of(&rows, &self.along_x[angle]);
            let to = whole_chunks(self.to.x);
            for row in 0..rows.count() {
                let start = self.row_of(&rows, row);
                let next = &mut self.next[beside(start, to)];
                landing.land(&self.scratch.line, row, to.first, next);
            }
        }
    }

    /// Rows that nothing arrives in.
    #[inline(always)]
    fn nothing(&mut self, energy: usize, angle: usize) {
        let (z, chunks) = (self.to.z, chunk_span(self.to.x));
        let next: &mut [Chunk<T>] = bytemuck::cast_slice_mut(self.next);
        empty_rows(next, self.layout, energy, angle, z, chunks);
    }

    /// Path stepping: the rows of all planes, then their columns.
    #[inline(always)]
    fn planes(&mut self, energy: usize, angle: usize) {
        let (planes, together) = (self.from.z, self.together());
        let flight = Flight::of(planes, &self.along_z[angle], whole_chunks(self.to.x));
        for first in planes.range().step_by(together) {
            let last = (first + together).min(planes.last);
            let rows = self.rows(Span::new(energy, energy + 1), angle, Span::new(first, last));
            self.advance(&rows);
            self.enter(&rows, &flight);
        }
        let columns = &mut self.scratch.columns[..flight.places() * flight.width()];
        columns[planes.len() * flight.width()..].fill([T::ZERO; ABREAST]);
        advance_plane(columns, flight.width(), &self.along_z[angle]);
        self.settle(&flight, energy, angle);
    }

    /// Rows that fit in the line.
    #[inline(always)]
    fn together(&self) -> usize {
        (CELLS_TOGETHER / (whole_abreasts(self.from.x).len() + GAP)).max(1)
    }

    #[inline(always)]
    fn rows(&self, energies: Span, angle: usize, z: Span) -> Rows {
        Rows {
            energies,
            angle,
            z,
            x: whole_abreasts(self.from.x),
        }
    }

    /// First cell of a row in psi.
    #[inline(always)]
    fn row_of(&self, rows: &Rows, row: usize) -> usize {
        let (energy, z) = rows.place(row);
        self.layout.index(energy, rows.angle, z)
    }

    /// Advances rows of psi in the scratch by the fraction of their displacement, and takes off what leaves the grid.
    #[inline(always)]
    fn advance(&mut self, rows: &Rows) {
        let by = &self.along_x[rows.angle];
        self.depart(rows);
        let line = &mut self.scratch.line;
        if by.is_whole() {
            std::mem::swap(&mut line.cells, &mut line.advanced);
        } else {
            line.advance(by, self.limit, rows.span());
        }
        let landing = Landing::of(rows, by);
        let low = landing
            .index(self.cells_x.first)
            .clamp(landing.low, landing.high);
        let high = landing
            .index(self.cells_x.last)
            .clamp(landing.low, landing.high);
        for row in 0..rows.count() {
            let mev = self.energies_mev[rows.place(row).0];
            let below = landing.in_line(row, landing.low, low);
            let above = landing.in_line(row, high, landing.high);
            leak(&mut line.advanced[below], mev, &mut self.leaked[0]);
            leak(&mut line.advanced[above], mev, &mut self.leaked[1]);
        }
    }

    /// Copies rows of psi into the line, empty cells between them, and asks for those that come next.
    #[inline(always)]
    fn depart(&mut self, rows: &Rows) {
        self.scratch.line.cells[..2 * GAP].fill(T::ZERO);
        for row in 0..rows.count() {
            let here = beside(self.row_of(rows, row), rows.x);
            let coming = here.start + rows.count() * self.layout.row;
            prefetch(self.psi, coming, rows.x.len());
            let from = &self.psi[here];
            let (start, end) = (rows.start(row), rows.start(row + 1) - GAP);
            let cells = &mut self.scratch.line.cells;
            cells[start..end].copy_from_slice(from);
            cells[end..end + GAP].copy_from_slice(&[T::ZERO; GAP]);
        }
        let end = rows.span().last;
        self.scratch.line.cells[end..end + GAP].fill(T::ZERO);
    }

    /// Brings rows that were advanced to where they enter the columns.
    #[inline(always)]
    fn enter(&mut self, rows: &Rows, flight: &Flight) {
        let StreamScratch { line, columns } = &mut *self.scratch;
        let landing = Landing::of(rows, &self.along_x[rows.angle]);
        for row in 0..rows.count() {
            let place = flight.departure(rows.z.first + row);
            let to = columns[flight.row(place)].as_flattened_mut();
            landing.land(line, row, flight.x.first, to);
        }
    }

    /// Writes the columns that were advanced to psi's planes, and enters what leaves the grid.
    #[inline(always)]
    fn settle(&mut self, flight: &Flight, energy: usize, angle: usize) {
        let columns = &mut self.scratch.columns;
        for z in self.to.z.range() {
            let next = &mut self.next[beside(self.layout.index(energy, angle, z), flight.x)];
            match flight.arrival(z) {
                Some(place) => put(
                    columns[flight.row(place)].as_flattened(),
                    next,
                    self.past_caches,
                ),
                None => next.fill(T::ZERO),
            }
        }
        let mev = self.energies_mev[energy];
        for place in DELAY..flight.places() {
            let z = flight.plane(place);
            let side = if z < 0 { 2 } else { 3 };
            if z < 0 || z >= self.layout.planes as isize {
                let cells = columns[flight.row(place)].as_flattened_mut();
                leak(cells, mev, &mut self.leaked[side]);
            }
        }
    }
}

/// Writes whole chunks of psi.
#[inline(always)]
fn put<T: Real>(from: &[T], to: &mut [T], past_caches: bool) {
    if !past_caches {
        return to.copy_from_slice(from);
    }
    let to: &mut [Chunk<T>] = bytemuck::cast_slice_mut(to);
    for i in 0..to.len() {
        let mut chunk = Chunk::ZERO;
        chunk.0.copy_from_slice(&from[i * LANES..(i + 1) * LANES]);
        chunk.write_past_caches(&mut to[i]);
    }
}

/// Takes what lies beyond a side into the ledger.
#[inline(always)]
fn leak<T: Real>(beyond: &mut [T], energy_mev: f64, leaked: &mut (f64, f64)) {
    let mut weight = 0.0;
    for cell in beyond {
        weight += cell.to_f64();
        *cell = T::ZERO;
    }
    leaked.0 += weight;
    leaked.1 += weight * energy_mev;
}
