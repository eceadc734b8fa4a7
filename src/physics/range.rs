//! Range and LET integral of one material, consistent with its stopping power.
//!
//! With S(E) the curve through the table (`curve.rs`): `R(E) = R(E_0) + integral_{E_0}^{E} dE' / S(E')` and
//! `L(E) = L(E_0) + integral S_el dE'`, E_0 the table's first energy. The integrals run over ln E with three-point
//! Gauss-Legendre on pieces at most 0.0125 wide (relative error < 1e-9) and are stored with exact slopes, so that the
//! inverse range is one look-up and a cubic's root (round trip < 1e-12).
//!
//! Outside the table nothing is extrapolated that a result hangs on: below E_0 (1 keV) powers follow the power law that
//! joins R(0) = 0 to R(E_0); above the last energy S stays constant. [`Curves::domain_mev`] is what callers must keep to.

use super::curve::{InverseLookup, LogCurve};
use super::pstar::StoppingPowerRows;

const PIECE_WIDTH: f64 = 0.0125;

/// Abscissae on [0, 1] and weights of three-point Gauss-Legendre.
const GAUSS: [(f64, f64); 3] = [
    (0.112_701_665_379_258_3, 5.0 / 18.0),
    (0.5, 8.0 / 18.0),
    (0.887_298_334_620_741_7, 5.0 / 18.0),
];

/// What a proton of kinetic energy E meets in one material, over E.
#[derive(Clone, Debug)]
pub struct Curves {
    pub rows: StoppingPowerRows,
    total: LogCurve,
    electronic: LogCurve,
    range: LogCurve,
    energy_of_range: InverseLookup,
    let_integral: LogCurve,
    low: LowEnd,
    high: HighEnd,
}

/// The power law below the table: R = R_0 (E/E_0)^p, hence S = S_0 (E/E_0)^(1-p) with p = E_0 / (S_0 R_0).
#[derive(Clone, Copy, Debug)]
struct LowEnd {
    energy_mev: f64,
    range_g_per_cm2: f64,
    exponent: f64,
    total: f64,
    electronic: f64,
}

/// Constant stopping power above the table.
#[derive(Clone, Copy, Debug)]
struct HighEnd {
    energy_mev: f64,
    range_g_per_cm2: f64,
    total: f64,
    electronic: f64,
    let_integral: f64,
}

impl LowEnd {
    fn of(rows: &StoppingPowerRows) -> Self {
        let (energy_mev, total) = (rows.energy_mev[0], rows.total_mev_cm2_per_g[0]);
        let range_g_per_cm2 = rows.first_range_g_per_cm2;
        let exponent = energy_mev / (total * range_g_per_cm2);
        Self {
            energy_mev,
            range_g_per_cm2,
            exponent,
            total,
            electronic: rows.electronic_mev_cm2_per_g[0],
        }
    }

    fn power(&self, at_table_end: f64, energy_mev: f64) -> f64 {
        at_table_end * (energy_mev / self.energy_mev).powf(1.0 - self.exponent)
    }

    fn range(&self, energy_mev: f64) -> f64 {
        self.range_g_per_cm2 * (energy_mev / self.energy_mev).powf(self.exponent)
    }

    fn energy(&self, range_g_per_cm2: f64) -> f64 {
        self.energy_mev * (range_g_per_cm2 / self.range_g_per_cm2).powf(1.0 / self.exponent)
    }

    fn let_integral(&self, energy_mev: f64) -> f64 {
        self.power(self.electronic, energy_mev) * energy_mev / (2.0 - self.exponent)
    }
}

impl Curves {
    pub fn build(rows: StoppingPowerRows) -> Self {
        let total = LogCurve::through(&rows.energy_mev, &rows.total_mev_cm2_per_g);
        let electronic = LogCurve::through(&rows.energy_mev, &rows.electronic_mev_cm2_per_g);
        let low = LowEnd::of(&rows);
        let points = pieces(&rows.energy_mev);
        let range = integral(&points, low.range_g_per_cm2, |ln_e| {
            (ln_e - total.ln_value(ln_e)).exp()
        });
        let let_start = low.let_integral(low.energy_mev);
        let let_integral = integral(&points, let_start, |ln_e| {
            (ln_e + electronic.ln_value(ln_e)).exp()
        });
        let energy_of_range = InverseLookup::of(&range);
        let high = HighEnd::of(&rows, &range, &let_integral);
        Self {
            rows,
            total,
            electronic,
            range,
            energy_of_range,
            let_integral,
            low,
            high,
        }
    }

    /// First and last energy of the table.
    pub fn domain_mev(&self) -> (f64, f64) {
        (self.low.energy_mev, self.high.energy_mev)
    }

    pub fn total(&self, energy_mev: f64) -> f64 {
        if energy_mev < self.low.energy_mev {
            return self.low.power(self.low.total, energy_mev.max(0.0));
        }
        if energy_mev > self.high.energy_mev {
            self.high.total
        } else {
            self.total.value(energy_mev)
        }
    }

    pub fn electronic(&self, energy_mev: f64) -> f64 {
        if energy_mev < self.low.energy_mev {
            return self.low.power(self.low.electronic, energy_mev.max(0.0));
        }
        if energy_mev > self.high.energy_mev {
            self.high.electronic
        } else {
            self.electronic.value(energy_mev)
        }
    }

    pub fn range(&self, energy_mev: f64) -> f64 {
        if energy_mev < self.low.energy_mev {
            return self.low.range(energy_mev.max(0.0));
        }
        if energy_mev > self.high.energy_mev {
            return self.high.range_g_per_cm2
                + (energy_mev - self.high.energy_mev) / self.high.total;
        }
        self.range.value(energy_mev)
    }

    pub fn energy(&self, range_g_per_cm2: f64) -> f64 {
        if range_g_per_cm2 < self.low.range_g_per_cm2 {
            return self.low.energy(range_g_per_cm2.max(0.0));
        }
        if range_g_per_cm2 > self.high.range_g_per_cm2 {
            return self.high.energy_mev
                + (range_g_per_cm2 - self.high.range_g_per_cm2) * self.high.total;
        }
        self.energy_of_range
            .ln_x(&self.range, range_g_per_cm2.ln())
            .exp()
    }

    pub fn let_integral(&self, energy_mev: f64) -> f64 {
        if energy_mev < self.low.energy_mev {
            return self.low.let_integral(energy_mev.max(0.0));
        }
        if energy_mev > self.high.energy_mev {
            return self.high.let_integral
                + (energy_mev - self.high.energy_mev) * self.high.electronic;
        }
        self.let_integral.value(energy_mev)
    }
}

impl HighEnd {
    fn of(rows: &StoppingPowerRows, range: &LogCurve, let_integral: &LogCurve) -> Self {
        let last = rows.energy_mev.len() - 1;
        let last_value = |curve: &LogCurve| {
            curve
                .ln_points()
                .1
                .last()
                .map_or(f64::NAN, |ln_y| ln_y.exp())
        };
        Self {
            energy_mev: rows.energy_mev[last],
            range_g_per_cm2: last_value(range),
            total: rows.total_mev_cm2_per_g[last],
            electronic: rows.electronic_mev_cm2_per_g[last],
            let_integral: last_value(let_integral),
        }
    }
}

/// ln E of the table's energies and of enough points between them.
fn pieces(energy_mev: &[f64]) -> Vec<f64> {
    let mut points = vec![energy_mev[0].ln()];
    for pair in energy_mev.windows(2) {
        let (start, width) = (pair[0].ln(), (pair[1] / pair[0]).ln());
        let count = (width / PIECE_WIDTH).ceil().max(1.0) as usize;
        points.extend((1..count).map(|i| start + width * i as f64 / count as f64));
        points.push(pair[1].ln());
    }
    points
}

/// The curve `start + integral of f d(ln E)` through the points, with its exact slope f / integral.
fn integral(ln_e: &[f64], start: f64, integrand: impl Fn(f64) -> f64) -> LogCurve {
    let mut sum = start;
    let mut ln_sum = vec![sum.ln()];
    let mut slope = vec![integrand(ln_e[0]) / sum];
    for pair in ln_e.windows(2) {
        let width = pair[1] - pair[0];
        sum += GAUSS
            .iter()
            .map(|(t, weight)| weight * width * integrand(pair[0] + t * width))
            .sum::<f64>();
        ln_sum.push(sum.ln());
        slope.push(integrand(pair[1]) / sum);
    }
    LogCurve::from_logarithms(ln_e.to_vec(), ln_sum, slope)
}
