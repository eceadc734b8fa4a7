//! What to change where psi does not fit: the axis that is finer than usual by most.

use crate::case::{AngleBins, EnergyAxisSpec, Precision, Stepping};
use crate::march::March;
use crate::phase_space::LANES;

/// The key to change, and how, so that psi takes `factor` times less.
pub fn remedy(march: &March, factor: f64) -> (&'static str, String) {
    let case = march.case;
    if case.run.precision == Precision::Double && factor <= 2.0 {
        return (
            "run.precision",
            "precision = \"single\" takes half of it".into(),
        );
    }
    let axes = axes_of(march);
    let finest = axes
        .iter()
        .max_by(|a, b| a.fineness().total_cmp(&b.fineness()));
    let (key, mut hint) = match finest {
        Some(axis) if axis.fineness() >= COARSEST * factor => (axis.key, axis.coarsened(factor)),
        _ => {
            let each = factor.powf(1.0 / axes.len() as f64);
            let hint = format!(
                "{factor:.0} times fewer bins would fit: coarsen range_bin_mm, angle_bin_deg and spacing_mm {each:.1} times each"
            );
            ("phantom.spacing_mm", hint)
        }
    };
    if case.transport.stepping == Stepping::Path && case.grid.angle_max_deg < 90.0 {
        hint.push_str("; or stepping = \"depth\", which holds one plane at a time");
    }
    (key, hint)
}

/// The axes of psi that a case can coarsen.
fn axes_of(march: &March) -> Vec<AxisOfPsi> {
    let (phase_space, case) = (&march.phase_space, march.case);
    let coordinate = &phase_space.energy.coordinate;
    let energy = match case.grid.energy_axis {
        EnergyAxisSpec::Range { .. } => AxisOfPsi::by_width(
            "grid.range_bin_mm",
            coordinate[1] - coordinate[0],
            coordinate.len(),
            400.0,
        ),
        EnergyAxisSpec::Log { .. } | EnergyAxisSpec::Uniform { .. } => {
            AxisOfPsi::by_count("grid.energy_bins", coordinate.len(), 400.0)
        }
    };
    let bins = phase_space.angle.bins();
    let angle = match case.grid.angle_bins {
        AngleBins::WidthDeg(width) => AxisOfPsi::by_width("grid.angle_bin_deg", width, bins, 80.0),
        AngleBins::Count(_) => AxisOfPsi::by_count("grid.angle_bins", bins, 80.0),
    };
    let space = &phase_space.space;
    let spacing_mm = [space.spacing_x_mm, space.spacing_z_mm];
    let mut axes = vec![
        energy,
        angle,
        AxisOfPsi::of_cells(0, spacing_mm, space.cells_x, LANES, 100.0),
    ];
    if phase_space.stored_z > 1 {
        axes.push(AxisOfPsi::of_cells(1, spacing_mm, space.cells_z, 1, 200.0));
    }
    axes
}

/// One axis alone is not coarsened below this share of its usual bins.
const COARSEST: f64 = 0.25;

/// An axis of psi.
struct AxisOfPsi {
    key: &'static str,
    bins: usize,
    /// Bins that usual cases have.
    usual: f64,
    set_by: SetBy,
}

/// How the case sets an axis.
enum SetBy {
    Width(f64),
    Count,
    /// Cells along x (0) or z (1), which must divide the extent; memory holds whole numbers of `lanes`.
    Cells {
        along: usize,
        spacing_mm: [f64; 2],
        lanes: usize,
    },
}

impl AxisOfPsi {
    fn by_width(key: &'static str, width: f64, bins: usize, usual: f64) -> AxisOfPsi {
        AxisOfPsi {
            key,
            bins,
            usual,
            set_by: SetBy::Width(width),
        }
    }

    fn by_count(key: &'static str, bins: usize, usual: f64) -> AxisOfPsi {
        AxisOfPsi {
            key,
            bins,
            usual,
            set_by: SetBy::Count,
        }
    }

    fn of_cells(
        along: usize,
        spacing_mm: [f64; 2],
        cells: usize,
        lanes: usize,
        usual: f64,
    ) -> AxisOfPsi {
        AxisOfPsi {
            key: "phantom.spacing_mm",
            bins: cells,
            usual,
            set_by: SetBy::Cells {
                along,
                spacing_mm,
                lanes,
            },
        }
    }

    fn fineness(&self) -> f64 {
        self.bins as f64 / self.usual
    }

    fn coarsened(&self, factor: f64) -> String {
        let name = self.key.rsplit('.').next().unwrap_or(self.key);
        match self.set_by {
            SetBy::Width(width) => {
                let wider = rounded_up(width * factor);
                format!("{name} = {wider} would fit (now {width:.3})")
            }
            SetBy::Count => {
                let fewer = (self.bins as f64 / factor).floor();
                format!("{name} = {fewer} would fit (now {})", self.bins)
            }
            SetBy::Cells {
                along,
                spacing_mm,
                lanes,
            } => {
                let held = self.bins.next_multiple_of(lanes) as f64 / factor;
                let most = (held as usize / lanes * lanes).max(1);
                let mut wider_mm = spacing_mm;
                wider_mm[along] = dividing(self.bins as f64 * spacing_mm[along], most);
                format!("{name} = {wider_mm:?} would fit (now {spacing_mm:?})")
            }
        }
    }
}

/// A width that divides a length into at most so many cells: one of few digits where it takes no more than a tenth fewer.
fn dividing(length_mm: f64, most: usize) -> f64 {
    let width = |cells: usize| length_mm / cells as f64;
    let short = |cells: &usize| {
        let thousandths = 1e3 * width(*cells);
        (thousandths - thousandths.round()).abs() < 1e-6
    };
    let few_digits = (most - most / 10..=most).rev().find(short);
    few_digits.map_or_else(|| width(most), |cells| (1e3 * width(cells)).round() / 1e3)
}

/// Two digits, never less than the value.
fn rounded_up(value: f64) -> String {
    let digits = 1 - value.log10().floor() as i32;
    let scale = 10f64.powi(digits);
    format!(
        "{:.*}",
        digits.max(0) as usize,
        (value * scale).ceil() / scale
    )
}
