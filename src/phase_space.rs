//! Phase space: the axes, the index order `psi[energy, angle, z, x]` (x fastest), and the active window.
//!
//! psi is the expected number of protons per cell and per beam proton. Twin: kernels/phase_space.cuh.

use crate::case::{AngleBins, EnergyAxisSpec};
use crate::physics::Material;

/// Cells of a row are stored and computed in chunks of this many; rows are padded to a whole number of chunks.
pub const LANES: usize = 16;

/// Energy bins, rising. One representative energy per bin is used for reading, writing, dose and report.
#[derive(Clone, Debug)]
pub struct EnergyAxis {
    /// Representative kinetic energies, MeV.
    pub centers_mev: Vec<f64>,
    /// Energy at the coordinate of bin 0; on the range axis its representative one accounts for all ranges down to 0.
    lowest_mev: f64,
    /// Bin edges, MeV, one more than bins.
    pub edges_mev: Vec<f64>,
    /// The coordinate in which the energy-loss kernel keeps its moments: CSDA range in water in mm, or energy in MeV.
    pub coordinate: Vec<f64>,
    pub kind: EnergyCoordinate,
    /// Bins below this one come to rest in their next step, wherever that leads: their energies are below the cutoff.
    pub first_moving: usize,
}

/// A range this many bins above 0 is 0.
const ROUNDING_BINS: f64 = 1e-9;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnergyCoordinate {
    WaterRange,
    Energy,
}

impl EnergyAxis {
    /// The axis from `cutoff_mev` to above `highest_mev`; on the range axis `aligned_mev` (the beam's energy) is a bin centre,
    /// so that a monoenergetic beam has no width, and the bins go on below the cutoff down to range 0: what a step leaves
    /// there has its rest ahead, in the next cell, and in the cell behind it the falloff would be up to 6 % too steep.
    pub fn new(
        spec: EnergyAxisSpec,
        default_range_bin_mm: f64,
        cutoff_mev: f64,
        aligned_mev: f64,
        highest_mev: f64,
        water: &Material,
    ) -> EnergyAxis {
        match spec {
            EnergyAxisSpec::Range { range_bin_mm } => {
                let bin_mm = range_bin_mm.unwrap_or(default_range_bin_mm);
                Self::uniform_in_range(bin_mm, cutoff_mev, aligned_mev, highest_mev, water)
            }
            EnergyAxisSpec::Log { energy_bins } => {
                let edge = |step: f64, i: f64| cutoff_mev * (step * i).exp();
                Self::in_energy(edge, aligned_mev, highest_mev, energy_bins)
            }
            EnergyAxisSpec::Uniform { energy_bins } => {
                let edge = |step: f64, i: f64| cutoff_mev + step * i;
                Self::in_energy(edge, aligned_mev, highest_mev, energy_bins)
            }
        }
    }

    fn uniform_in_range(
        bin_mm: f64,
        cutoff_mev: f64,
        aligned_mev: f64,
        highest_mev: f64,
        water: &Material,
    ) -> Self {
        let range_mm = |mev: f64| 10.0 * water.csda_range_g_per_cm2(mev);
        let aligned = range_mm(aligned_mev);
        // Some of the lowest bin lies above range 0, its centre by more than rounding.
        let below = (aligned / bin_mm - ROUNDING_BINS).floor() as usize;
        let above = ((range_mm(highest_mev) - aligned) / bin_mm).ceil() as usize + 2;
        let first = aligned - below as f64 * bin_mm;
        let coordinate: Vec<f64> = (0..=below + above)
            .map(|i| first + i as f64 * bin_mm)
            .collect();
        let energy = |mm: f64| water.energy_mev((mm / 10.0).max(0.0));
        let edges = (0..=coordinate.len()).map(|i| energy(first + (i as f64 - 0.5) * bin_mm));
        let mut centers_mev: Vec<f64> = coordinate.iter().map(|&mm| energy(mm)).collect();
        let lowest_mev = centers_mev[0];
        centers_mev[0] = energy_of_lowest_bin(first + 0.5 * bin_mm, bin_mm, energy);
        EnergyAxis {
            centers_mev,
            lowest_mev,
            edges_mev: edges.collect(),
            first_moving: coordinate.partition_point(|&mm| mm < range_mm(cutoff_mev)),
            coordinate,
            kind: EnergyCoordinate::WaterRange,
        }
    }

    /// `bins` bins of edges `edge(step, i)`, the step chosen so that `aligned_mev` is a bin centre and bins reach above
    /// `highest_mev`.
    fn in_energy(
        edge: impl Fn(f64, f64) -> f64,
        aligned_mev: f64,
        highest_mev: f64,
        bins: usize,
    ) -> Self {
        let centre =
            |step: f64, i: usize| 0.5 * (edge(step, i as f64) + edge(step, i as f64 + 1.0));
        let step_for = |bin: usize| root(|step| centre(step, bin) - aligned_mev);
        let aligned_bin = (0..bins - 1)
            .rev()
            .find(|&bin| centre(step_for(bin), bins - 1) > highest_mev)
            .unwrap_or(0);
        let step = step_for(aligned_bin);
        let centers: Vec<f64> = (0..bins).map(|i| centre(step, i)).collect();
        EnergyAxis {
            lowest_mev: centers[0],
            coordinate: centers.clone(),
            centers_mev: centers,
            edges_mev: (0..=bins).map(|i| edge(step, i as f64)).collect(),
            kind: EnergyCoordinate::Energy,
            first_moving: 0,
        }
    }

    pub fn bins(&self) -> usize {
        self.centers_mev.len()
    }

    /// The energy that a bin slows down from: that of its coordinate.
    pub fn energy_at_coordinate_mev(&self, bin: usize) -> f64 {
        if bin == 0 {
            self.lowest_mev
        } else {
            self.centers_mev[bin]
        }
    }
}

/// The integral of the energy over all ranges below `edge_mm`, per bin: a sum over bins then is the integral over ranges, wherever
/// range 0, where E(r) has a corner, lies in the lowest bin.
fn energy_of_lowest_bin(edge_mm: f64, bin_mm: f64, energy_mev: impl Fn(f64) -> f64) -> f64 {
    const POINTS: usize = 64;
    let width_mm = edge_mm / POINTS as f64;
    let at = |i: usize| energy_mev((i as f64 + 0.5) * width_mm);
    (0..POINTS).map(at).sum::<f64>() * width_mm / bin_mm
}

/// The root of a rising function that is below 0 at 0.
fn root(rising: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1e-6);
    while rising(high) < 0.0 {
        high *= 2.0;
    }
    // Halvings until the ends are neighbouring numbers.
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if rising(middle) < 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Angle bins about +z, symmetric, signed from +z towards +x. The representative angle is the bin's centre.
#[derive(Clone, Debug)]
pub struct AngleAxis {
    pub bin_rad: f64,
    /// Representative angles, rad, rising.
    pub centers_rad: Vec<f64>,
    /// Full circle: the last bin's neighbour is the first.
    pub periodic: bool,
    /// Index of each bin's |angle|: bins that mirror each other share one, so that mirrored beams give mirrored bits.
    pub mirror_class: Vec<u32>,
    /// |angle| of each class, rad, rising.
    pub class_angles_rad: Vec<f64>,
}

impl AngleAxis {
    pub fn new(angle_max_deg: f64, bins: AngleBins) -> AngleAxis {
        let periodic = angle_max_deg >= 180.0;
        let count = match bins {
            AngleBins::Count(count) => count,
            // An odd number of bins about zero, so that a parallel beam sits in a bin's centre.
            AngleBins::WidthDeg(width) if !periodic => {
                2 * (angle_max_deg / width).round() as usize + 1
            }
            AngleBins::WidthDeg(width) => 2 * (180.0 / width).round() as usize,
        };
        let bin_deg = match bins {
            AngleBins::WidthDeg(width) if !periodic => width,
            _ => 2.0 * angle_max_deg.min(180.0) / count as f64,
        };
        // Twice the centre in bins: even numbers where zero is a centre, odd where it is an edge.
        let lowest = if periodic {
            -(count as i64)
        } else {
            1 - count as i64
        };
        let twice: Vec<i64> = (0..count as i64).map(|i| lowest + 2 * i).collect();
        let mut classes: Vec<i64> = twice.iter().map(|t| t.abs()).collect();
        classes.sort_unstable();
        classes.dedup();
        let angle = |twice: i64| (0.5 * twice as f64 * bin_deg).to_radians();
        AngleAxis {
            bin_rad: bin_deg.to_radians(),
            centers_rad: twice.iter().map(|&t| angle(t)).collect(),
            periodic,
            mirror_class: twice
                .iter()
                .map(|t| classes.binary_search(&t.abs()).unwrap_or(0) as u32)
                .collect(),
            class_angles_rad: classes.iter().map(|&t| angle(t)).collect(),
        }
    }

    pub fn bins(&self) -> usize {
        self.centers_rad.len()
    }

    /// The class of |angle| nearest to an angle.
    pub fn class_nearest(&self, angle_rad: f64) -> usize {
        let half = 0.5 * self.bin_rad;
        let above = |class: &f64| *class + half < angle_rad.abs();
        let class = self.class_angles_rad.partition_point(above);
        class.min(self.class_angles_rad.len() - 1)
    }

    /// +1, 0 or -1: the side of +z a bin points to.
    pub fn sign(&self, bin: usize) -> i32 {
        if self.centers_rad[bin] > 0.0 {
            1
        } else {
            -i32::from(self.centers_rad[bin] < 0.0)
        }
    }
}

/// The spatial cells. Index order [z, x].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpatialGrid {
    pub x_min_mm: f64,
    pub z_min_mm: f64,
    pub spacing_x_mm: f64,
    pub spacing_z_mm: f64,
    pub cells_x: usize,
    pub cells_z: usize,
}

/// The discretised phase space of one group of spots.
#[derive(Clone, Debug)]
pub struct PhaseSpace {
    pub energy: EnergyAxis,
    pub angle: AngleAxis,
    pub space: SpatialGrid,
    /// z planes that psi holds: 1 in depth stepping (the plane that moves with the beam), all of them in path stepping.
    pub stored_z: usize,
    /// Angle bins `[first, last)` that may hold weight; what scatters beyond is rejected.
    pub angles_allowed: (usize, usize),
}

impl PhaseSpace {
    /// Cells of a stored row: `cells_x` padded to whole chunks.
    pub fn row(&self) -> usize {
        self.space.cells_x.next_multiple_of(LANES)
    }

    pub fn layout(&self) -> Layout {
        Layout {
            energies: self.energy.bins(),
            angles: self.angle.bins(),
            planes: self.stored_z,
            row: self.row(),
        }
    }
}

/// Sizes and strides of a stored psi.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    pub energies: usize,
    pub angles: usize,
    pub planes: usize,
    pub row: usize,
}

impl Layout {
    #[inline(always)]
    pub fn index(&self, energy: usize, angle: usize, z: usize) -> usize {
        ((energy * self.angles + angle) * self.planes + z) * self.row
    }

    /// Cells of psi, padding included.
    pub fn len(&self) -> usize {
        self.energies * self.angles * self.planes * self.row
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The active box of phase space: half-open index ranges. Outside it psi is not stored, and counts as zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Window {
    pub energy: Span,
    pub angle: Span,
    pub z: Span,
    pub x: Span,
}

impl Window {
    pub fn is_empty(&self) -> bool {
        self.energy.is_empty() || self.angle.is_empty() || self.z.is_empty() || self.x.is_empty()
    }

    pub fn cells(&self) -> usize {
        self.energy.len() * self.angle.len() * self.z.len() * self.x.len()
    }
}

/// The axes of psi, slowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dimension {
    Energy,
    Angle,
    Z,
    X,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Low,
    High,
}

impl Window {
    fn span_mut(&mut self, dimension: Dimension) -> &mut Span {
        match dimension {
            Dimension::Energy => &mut self.energy,
            Dimension::Angle => &mut self.angle,
            Dimension::Z => &mut self.z,
            Dimension::X => &mut self.x,
        }
    }

    /// The outermost layer of the window at one end of a dimension.
    pub fn rim(mut self, dimension: Dimension, end: End) -> Window {
        let span = self.span_mut(dimension);
        *span = match end {
            End::Low => Span::new(span.first, span.first + 1),
            End::High => Span::new(span.last - 1, span.last),
        };
        self
    }

    /// The window without that layer.
    pub fn without_rim(mut self, dimension: Dimension, end: End) -> Window {
        let span = self.span_mut(dimension);
        *span = match end {
            End::Low => Span::new(span.first + 1, span.last),
            End::High => Span::new(span.first, span.last - 1),
        };
        self
    }
}

/// A half-open range of indices that is `Copy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    pub first: usize,
    pub last: usize,
}

impl Span {
    #[inline(always)]
    pub fn new(first: usize, last: usize) -> Span {
        Span {
            first,
            last: last.max(first),
        }
    }

    #[inline(always)]
    pub fn range(self) -> std::ops::Range<usize> {
        self.first..self.last
    }

    #[inline(always)]
    pub fn len(self) -> usize {
        self.last - self.first
    }

    #[inline(always)]
    pub fn is_empty(self) -> bool {
        self.last == self.first
    }

    #[inline(always)]
    pub fn contains(self, index: usize) -> bool {
        (self.first..self.last).contains(&index)
    }

    /// The part that two spans share.
    #[inline(always)]
    pub fn shared(self, other: Span) -> Span {
        Span::new(self.first.max(other.first), self.last.min(other.last))
    }

    /// Grown by `below` and `above`, within `limits`.
    pub fn grown(self, below: usize, above: usize, limits: Span) -> Span {
        Span::new(
            self.first.saturating_sub(below).max(limits.first),
            (self.last + above).min(limits.last),
        )
    }
}
