//! A smooth, monotonicity-preserving curve through tabulated points: piecewise cubic Hermite in the logarithms of both axes.
//!
//! Slopes are given (exact derivatives of an integral) or estimated by Fritsch and Carlson's rule as in
//! Fritsch & Butland, SIAM J. Sci. Stat. Comput. 5 (1984) 300 (weighted harmonic mean; third order, second at extrema):
//! the curve has no overshoot and no new extremum between the points.

/// ln y over ln x. Interval `i` is `[x[i], x[i+1]]`; strictly increasing x.
#[derive(Clone, Debug)]
pub struct LogCurve {
    ln_x: Vec<f64>,
    ln_y: Vec<f64>,
    /// d ln y / d ln x at the points.
    slope: Vec<f64>,
    by_x: IntervalLookup,
}

impl LogCurve {
    /// Through positive points; at least two, x strictly increasing.
    pub fn through(x: &[f64], y: &[f64]) -> Self {
        let (ln_x, ln_y) = (logarithms(x), logarithms(y));
        let slope = monotone_slopes(&ln_x, &ln_y);
        Self::from_logarithms(ln_x, ln_y, slope)
    }

    /// From logarithms and slopes d ln y / d ln x that the caller knows.
    pub fn from_logarithms(ln_x: Vec<f64>, ln_y: Vec<f64>, slope: Vec<f64>) -> Self {
        let by_x = IntervalLookup::over(&ln_x);
        Self {
            ln_x,
            ln_y,
            slope,
            by_x,
        }
    }

    /// ln y at ln x inside the points' span; beyond it the end's tangent is followed.
    pub fn ln_value(&self, ln_x: f64) -> f64 {
        let (first, last) = (0, self.ln_x.len() - 1);
        if ln_x <= self.ln_x[first] {
            return self.ln_y[first] + self.slope[first] * (ln_x - self.ln_x[first]);
        }
        if ln_x >= self.ln_x[last] {
            return self.ln_y[last] + self.slope[last] * (ln_x - self.ln_x[last]);
        }
        let i = self.by_x.interval(&self.ln_x, ln_x);
        let width = self.ln_x[i + 1] - self.ln_x[i];
        self.cubic(i).value((ln_x - self.ln_x[i]) / width)
    }

    /// y at x.
    pub fn value(&self, x: f64) -> f64 {
        self.ln_value(x.ln()).exp()
    }

    pub fn ln_points(&self) -> (&[f64], &[f64]) {
        (&self.ln_x, &self.ln_y)
    }

    fn cubic(&self, interval: usize) -> Cubic {
        let (i, j) = (interval, interval + 1);
        let width = self.ln_x[j] - self.ln_x[i];
        Cubic::hermite(
            [self.ln_y[i], self.ln_y[j]],
            [self.slope[i] * width, self.slope[j] * width],
        )
    }
}

/// The inverse of an increasing [`LogCurve`], exact to rounding: Newton on the curve's own cubic.
#[derive(Clone, Debug)]
pub struct InverseLookup(IntervalLookup);

impl InverseLookup {
    pub fn of(curve: &LogCurve) -> Self {
        Self(IntervalLookup::over(&curve.ln_y))
    }

    /// ln x at which the curve has ln y, inside the points' span.
    pub fn ln_x(&self, curve: &LogCurve, ln_y: f64) -> f64 {
        let i = self.0.interval(&curve.ln_y, ln_y);
        let cubic = curve.cubic(i);
        let mut t = (ln_y - curve.ln_y[i]) / (curve.ln_y[i + 1] - curve.ln_y[i]);
        // The points are so close that the chord is within 1e-3 of the cubic: two steps reach rounding.
        for _ in 0..2 {
            t -= (cubic.value(t) - ln_y) / cubic.derivative(t);
        }
        curve.ln_x[i] + t * (curve.ln_x[i + 1] - curve.ln_x[i])
    }
}

/// c0 + c1 t + c2 t^2 + c3 t^3 on t in [0, 1].
struct Cubic([f64; 4]);

impl Cubic {
    fn hermite(value: [f64; 2], slope: [f64; 2]) -> Self {
        let rise = value[1] - value[0];
        Self([
            value[0],
            slope[0],
            3.0 * rise - 2.0 * slope[0] - slope[1],
            slope[0] + slope[1] - 2.0 * rise,
        ])
    }

    fn value(&self, t: f64) -> f64 {
        let Self([c0, c1, c2, c3]) = self;
        c0 + t * (c1 + t * (c2 + t * c3))
    }

    fn derivative(&self, t: f64) -> f64 {
        let Self([_, c1, c2, c3]) = self;
        c1 + t * (2.0 * c2 + t * 3.0 * c3)
    }
}

/// Finds the interval of a sorted list that holds a value: a uniform table of first guesses, then a few steps up.
#[derive(Clone, Debug)]
struct IntervalLookup {
    start: f64,
    per_unit: f64,
    first_interval: Vec<u32>,
}

impl IntervalLookup {
    fn over(sorted: &[f64]) -> Self {
        let cells = 2 * sorted.len();
        let (start, end) = (sorted[0], sorted[sorted.len() - 1]);
        let width = (end - start) / cells as f64;
        let mut interval = 0;
        let first_interval = (0..cells)
            .map(|cell| {
                let low = start + cell as f64 * width;
                while interval + 2 < sorted.len() && sorted[interval + 1] <= low {
                    interval += 1;
                }
                interval as u32
            })
            .collect();
        Self {
            start,
            per_unit: 1.0 / width,
            first_interval,
        }
    }

    fn interval(&self, sorted: &[f64], value: f64) -> usize {
        let cell = ((value - self.start) * self.per_unit) as usize;
        let mut interval = self.first_interval[cell.min(self.first_interval.len() - 1)] as usize;
        while interval + 2 < sorted.len() && sorted[interval + 1] <= value {
            interval += 1;
        }
        while interval > 0 && sorted[interval] > value {
            interval -= 1;
        }
        interval
    }
}

fn logarithms(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value.ln()).collect()
}

fn monotone_slopes(x: &[f64], y: &[f64]) -> Vec<f64> {
    let width: Vec<f64> = x.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let secant: Vec<f64> = y
        .windows(2)
        .zip(&width)
        .map(|(pair, width)| (pair[1] - pair[0]) / width)
        .collect();
    let last = secant.len() - 1;
    let inner =
        (1..=last).map(|i| inner_slope([width[i - 1], width[i]], [secant[i - 1], secant[i]]));
    let first_slope = if last == 0 {
        secant[0]
    } else {
        end_slope([width[0], width[1]], [secant[0], secant[1]])
    };
    let last_slope = if last == 0 {
        secant[0]
    } else {
        end_slope(
            [width[last], width[last - 1]],
            [secant[last], secant[last - 1]],
        )
    };
    std::iter::once(first_slope)
        .chain(inner)
        .chain(std::iter::once(last_slope))
        .collect()
}

/// Weighted harmonic mean of the neighbouring secants; 0 where they differ in sign.
fn inner_slope(width: [f64; 2], secant: [f64; 2]) -> f64 {
    if secant[0] * secant[1] <= 0.0 {
        return 0.0;
    }
    let weight = [2.0 * width[1] + width[0], width[1] + 2.0 * width[0]];
    (weight[0] + weight[1]) / (weight[0] / secant[0] + weight[1] / secant[1])
}

/// Three-point end formula, limited so that the end interval stays monotone; index 0 is the end.
fn end_slope(width: [f64; 2], secant: [f64; 2]) -> f64 {
    let slope =
        ((2.0 * width[0] + width[1]) * secant[0] - width[0] * secant[1]) / (width[0] + width[1]);
    if slope * secant[0] <= 0.0 {
        return 0.0;
    }
    if secant[0] * secant[1] <= 0.0 && slope.abs() > 3.0 * secant[0].abs() {
        return 3.0 * secant[0];
    }
    slope
}
