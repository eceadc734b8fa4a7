//! A_stream: free flight along x and z, at fixed E and theta; the displacement is a constant of the angle.
//!
//! A displacement of `whole + fraction` cells: the whole part is an index offset, the fraction c in [0, 1) a step of an
//! advection scheme in flux form. Donor-cell fluxes c psi_i are area weights (`linear`, first order); `cubic` adds the
//! antidiffusive flux that makes the step a 4-point Lagrange interpolation (third order, exact to the third moment):
//!
//!   A_{i+1/2} = c(1-c)/2 (psi_{i+1} - psi_i) - c(1-c^2)/6 (psi_{i+1} - 2 psi_i + psi_{i-1})
//!
//! limited to half of what the donor-cell step leaves in the cell it is taken from, so that psi stays >= 0 and nothing is lost
//! (flux-corrected transport with a local bound). Directions of opposite sign mirror each other bit for bit.
//!
//! Source: Leonard, Comput. Methods Appl. Mech. Eng. 19 (1979) 59 (QUICKEST flux); Boris & Book, J. Comput. Phys. 11 (1973) 38.
//! Twin: kernels/streaming.cu.

use crate::case::Streaming;
use crate::phase_space::{LANES, Span};
use crate::real::Real;

/// A displacement along one axis, in cells: `direction * (whole + fraction)`, fraction in [0, 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Displacement<T> {
    /// +1 or -1.
    pub direction: isize,
    pub whole: usize,
    /// c, c(1-c)/2 and c(1-c^2)/6; the last two are zero for `linear`.
    pub fraction: T,
    pub slope: T,
    pub curvature: T,
}

impl<T: Real> Displacement<T> {
    pub fn new(cells: f64, scheme: Streaming) -> Displacement<T> {
        // A displacement within rounding of a whole number of cells is that number: at theta = 0 nothing may diffuse.
        let nearest = cells.abs().round();
        let distance = if (cells.abs() - nearest).abs() < 1e-12 {
            nearest
        } else {
            cells.abs()
        };
        let (whole, c) = (distance.floor(), distance.fract());
        let cubic = if scheme == Streaming::Cubic { 1.0 } else { 0.0 };
        Displacement {
            direction: if cells < 0.0 { -1 } else { 1 },
            whole: whole as usize,
            fraction: T::from_f64(c),
            slope: T::from_f64(cubic * 0.5 * c * (1.0 - c)),
            curvature: T::from_f64(cubic * c * (1.0 - c * c) / 6.0),
        }
    }

    pub fn is_whole(&self) -> bool {
        self.fraction == T::ZERO
    }

    /// Cells that a row reaches beyond its ends, in its direction.
    pub fn reach(&self) -> usize {
        self.whole + usize::from(!self.is_whole())
    }

    /// What the donor-cell step leaves in a cell: psi - c psi + c psi_upstream.
    #[inline(always)]
    pub fn donor_cell(&self, upstream: T, here: T) -> T {
        here - self.fraction * here + self.fraction * upstream
    }

    /// Antidiffusive flux from a cell to the next downstream, limited by what both hold after the donor-cell step.
    #[inline(always)]
    pub fn antidiffusive_flux(&self, upstream: T, here: T, downstream: T) -> T {
        let step = downstream - here;
        let flux = self.slope * step - self.curvature * (step - (here - upstream));
        let most = T::HALF * self.donor_cell(upstream, here);
        let least = -(T::HALF * self.donor_cell(here, downstream));
        flux.smaller(most).larger(least)
    }
}

/// Advances the cells `span` of a line by the fraction of a displacement, in whole chunks. The cells of `line` within a chunk
/// of both ends of the span are empty.
#[inline(always)]
pub fn advance_line<T: Real>(
    by: &Displacement<T>,
    line: &[T],
    flux: &mut [T],
    advanced: &mut [T],
    span: Span,
) {
    let (up, down) = if by.direction > 0 {
        (LANES - 1, LANES + 1)
    } else {
        (LANES + 1, LANES - 1)
    };
    // Cells at `at + offset - LANES`.
    let chunk = |cells: &[T], at: usize, offset: usize| -> [T; LANES] {
        let first = at + offset - LANES;
        let mut chunk = [T::ZERO; LANES];
        chunk.copy_from_slice(&cells[first..first + LANES]);
        chunk
    };
    flux[span.first - 1] = T::ZERO;
    flux[span.last] = T::ZERO;
    for at in span.range().step_by(LANES) {
        let (upstream, here, downstream) = (
            chunk(line, at, up),
            chunk(line, at, LANES),
            chunk(line, at, down),
        );
        let mut outflow = [T::ZERO; LANES];
        for l in 0..LANES {
            outflow[l] = by.antidiffusive_flux(upstream[l], here[l], downstream[l]);
        }
        flux[at..at + LANES].copy_from_slice(&outflow);
    }
    for at in span.range().step_by(LANES) {
        let (upstream, here) = (chunk(line, at, up), chunk(line, at, LANES));
        let (outflow, inflow) = (chunk(flux, at, LANES), chunk(flux, at, up));
        let mut arrived = [T::ZERO; LANES];
        for l in 0..LANES {
            arrived[l] = by.donor_cell(upstream[l], here[l]) - outflow[l] + inflow[l];
        }
        advanced[at..at + LANES].copy_from_slice(&arrived);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advance(line: &[f64], cells: f64, scheme: Streaming) -> Vec<f64> {
        let by = Displacement::new(cells, scheme);
        let length = line.len().next_multiple_of(LANES);
        let mut padded = vec![0.0; LANES];
        padded.extend_from_slice(line);
        padded.resize(length + 2 * LANES, 0.0);
        let (mut flux, mut advanced) = (vec![0.0; padded.len()], vec![0.0; padded.len()]);
        advance_line(
            &by,
            &padded,
            &mut flux,
            &mut advanced,
            Span::new(LANES, LANES + length),
        );
        advanced[LANES..LANES + line.len()].to_vec()
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
            let advanced = advance(&line, c, Streaming::Cubic);
            assert!((advanced.iter().sum::<f64>() / line.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            // The limiter acts beyond 6 sigma only, below 1e-8 of the maximum.
            assert!((moment(&advanced, 60.0, 1) - c).abs() < 1e-11, "{c}");
            assert!((moment(&advanced, 60.0 + c, 2) - 16.0).abs() < 1e-7, "{c}");
            assert!(moment(&advanced, 60.0 + c, 3).abs() < 1e-5, "{c}");
        }
    }

    #[test]
    fn linear_adds_the_variance_of_area_weights() {
        let advanced = advance(&gaussian(4.0), 0.3, Streaming::Linear);
        assert!((moment(&advanced, 60.3, 2) - 16.0 - 0.3 * 0.7).abs() < 1e-9);
    }

    #[test]
    fn a_single_cell_never_turns_negative_and_loses_nothing() {
        let mut line = vec![0.0; 81];
        line[20] = 1.0;
        for _ in 0..30 {
            line = advance(&line, 0.37, Streaming::Cubic);
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
        let forth = advance(&line, 0.41, Streaming::Cubic);
        let back: Vec<f64> = advance(&mirrored, -0.41, Streaming::Cubic)
            .into_iter()
            .rev()
            .collect();
        assert_eq!(forth, back);
    }
}
