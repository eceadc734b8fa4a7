//! Kernels of a jump process on a uniform angle axis: exp(Q), Q moving weight by n bins at rate rho_n either way.
//!
//! Symmetric, positive, weight one, variance 2 sum n^2 rho_n exactly, and exp(Q/2) twice is exp(Q). A kernel is stored as its
//! weights at n = 0, 1, ...; what jumps beyond `reach` is counted there (it leaves the axis).

/// Kernel weights below this are cut; weight and variance stay exact: unit jumps all over the kernel put back what was cut.
const TRUNCATE: f64 = 1e-8;

/// Unit jumps at rate a/2 each way: e^-a I_n(a), the Skellam distribution.
/// I_n by Miller's downward recurrence, normalised by e^a = I_0 + 2 sum I_n (Abramowitz & Stegun 9.12, 9.6.37).
pub fn unit_jump_kernel(a: f64, reach: usize) -> Vec<f64> {
    if a <= 0.0 {
        return vec![1.0];
    }
    // 1e-8 lies 5.7 sigma out; the recurrence starts farther.
    let farthest = (7.0 * a.sqrt()) as usize + 12;
    let mut kernel = vec![0.0; farthest + 2];
    kernel[farthest] = 1e-250;
    let per_step = 2.0 / a;
    for n in (1..=farthest).rev() {
        kernel[n - 1] = kernel[n + 1] + n as f64 * per_step * kernel[n];
        if kernel[n - 1] > 1e200 {
            kernel.iter_mut().skip(n - 1).for_each(|k| *k *= 1e-200);
        }
    }
    let scale = 1.0 / (kernel[0] + 2.0 * kernel[1..].iter().sum::<f64>());
    kernel.iter_mut().for_each(|k| *k *= scale);
    truncated(kernel, a, reach)
}

/// Jumps of any length, by discrete cosine transform: the characteristic function of exp(Q) at k is
/// exp(-2 sum rho_n (1 - cos n k)). `rates[n - 1]` is rho_n.
pub struct JumpTransform {
    /// Half the period in bins: kernels fold over beyond it, where they are below the truncation.
    half_period: usize,
    /// cos(pi n k / half_period), rows by n or k from 0 to half_period.
    cosines: Vec<f64>,
}

impl JumpTransform {
    /// For kernels of up to `reach` bins.
    pub fn new(reach: usize) -> JumpTransform {
        let half_period = (reach + reach / 2).max(64);
        let turn: Vec<f64> = (0..2 * half_period)
            .map(|i| (std::f64::consts::PI * i as f64 / half_period as f64).cos())
            .collect();
        let row = |n: usize| (0..=half_period).map(move |k| n * k % (2 * half_period));
        JumpTransform {
            half_period,
            cosines: (0..=half_period).flat_map(row).map(|i| turn[i]).collect(),
        }
    }

    /// cos(n k) for the other index from 0 to half_period, with one fixed.
    fn cosines(&self, fixed: usize) -> &[f64] {
        let row = self.half_period + 1;
        &self.cosines[fixed * row..(fixed + 1) * row]
    }

    /// sum over n of 2 rho_n (1 - cos n k) at every k.
    pub fn exponent(&self, rates: &[f64]) -> Vec<f64> {
        let mut exponent = vec![0.0; self.half_period + 1];
        for (n, rate) in rates.iter().enumerate() {
            for (e, cosine) in exponent.iter_mut().zip(self.cosines(n + 1)) {
                *e += 2.0 * rate * (1.0 - cosine);
            }
        }
        exponent
    }

    /// The kernel of `length` times the rates whose exponent is given; its variance is `variance`.
    pub fn kernel(&self, exponent: &[f64], length: f64, variance: f64, reach: usize) -> Vec<f64> {
        let most = (reach + 2).min(self.half_period);
        let mut kernel = vec![0.0; most];
        for (k, e) in exponent.iter().enumerate() {
            // Trapezoidal rule over half a period: the ends count half.
            let end = if k == 0 || k == self.half_period {
                0.5
            } else {
                1.0
            };
            let value = end / self.half_period as f64 * (-length * e).exp();
            for (sum, cosine) in kernel.iter_mut().zip(self.cosines(k)) {
                *sum += value * cosine;
            }
        }
        // The kernel falls from its middle on: beyond the cut nothing comes back.
        let falls = kernel.iter().position(|&k| k <= 0.1 * TRUNCATE);
        kernel.truncate(falls.unwrap_or(most));
        truncated(kernel, variance, reach)
    }
}

/// Cuts the tail with weight and variance kept, or counts what is beyond `reach` there.
fn truncated(mut kernel: Vec<f64>, variance: f64, reach: usize) -> Vec<f64> {
    let kept = kernel
        .iter()
        .rposition(|&k| k >= TRUNCATE)
        .unwrap_or(0)
        .max(1);
    if kept > reach {
        let inside = kernel[0] + 2.0 * kernel[1..=reach].iter().sum::<f64>();
        kernel.truncate(reach + 1);
        kernel[reach] += 0.5 * (1.0 - inside);
        return kernel;
    }
    kernel.resize(kept + 1, 0.0);
    kernel[0] = 1.0 - 2.0 * kernel[1..].iter().sum::<f64>();
    let lost = variance - variance_of(&kernel);
    add_unit_jumps(&mut kernel, lost);
    // What the last bin could not hand outwards, some 1e-10 of the variance.
    kernel[1] += 0.5 * (variance - variance_of(&kernel));
    kernel[0] = 1.0 - 2.0 * kernel[1..].iter().sum::<f64>();
    kernel
}

fn variance_of(kernel: &[f64]) -> f64 {
    let of_pair = |(n, weight): (usize, &f64)| 2.0 * (n * n) as f64 * weight;
    kernel.iter().enumerate().map(of_pair).sum()
}

/// The kernel and then jumps of one bin with a small variance `share`, which the last bin makes inwards only: what a
/// kernel lost with its tail comes back all over it, and two half steps stay one (adding it to the kernel's own unit jumps
/// moves 1e-5 of the weight where the kernel is ten bins wide).
fn add_unit_jumps(kernel: &mut [f64], share: f64) {
    let last = kernel.len() - 1;
    let mut inner = kernel[1.min(last)];
    for n in 0..=last {
        let (here, outer) = (kernel[n], kernel[(n + 1).min(last)]);
        kernel[n] += 0.5 * share * (inner - 2.0 * here + outer);
        inner = here;
    }
}

/// The mean of two kernels, `share` of the second: exact in weight, and in variance where that is linear in between.
pub fn mixed(first: &[f64], second: &[f64], share: f64) -> Vec<f64> {
    let at = |kernel: &[f64], n: usize| kernel.get(n).copied().unwrap_or(0.0);
    let longest = first.len().max(second.len());
    (0..longest)
        .map(|n| (1.0 - share) * at(first, n) + share * at(second, n))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(kernel: &[f64], k: i32) -> f64 {
        let one_side: f64 = kernel
            .iter()
            .enumerate()
            .skip(1)
            .map(|(n, w)| w * (n as f64).powi(k))
            .sum();
        2.0 * one_side + if k == 0 { kernel[0] } else { 0.0 }
    }

    #[test]
    fn unit_jump_kernel_has_weight_one_and_the_exact_variance_at_any_width() {
        for a in [1e-9, 1e-3, 0.04, 0.2, 1.0, 5.0, 40.0, 300.0] {
            let kernel = unit_jump_kernel(a, 1000);
            assert!(kernel.iter().all(|w| *w >= 0.0), "{a}");
            assert!((moment(&kernel, 0) - 1.0).abs() < 1e-13, "{a}");
            assert!((moment(&kernel, 2) / a - 1.0).abs() < 1e-10, "{a}");
        }
    }

    #[test]
    fn two_half_steps_equal_one() {
        for a in [0.7, 1.0, 2.0, 30.0, 300.0, 900.0] {
            let (half, whole) = (unit_jump_kernel(0.5 * a, 400), unit_jump_kernel(a, 400));
            let at = |k: &[f64], n: i64| k.get(n.unsigned_abs() as usize).copied().unwrap_or(0.0);
            for n in 0..200 {
                let twice: f64 = (-400..=400).map(|m| at(&half, m) * at(&half, n - m)).sum();
                // A few tails cut at 1e-8; most for a = 1, where a fifth of what is cut lies in the next bin.
                assert!(
                    (twice - at(&whole, n)).abs() < 3e-7,
                    "{a} {n}: {twice} {}",
                    at(&whole, n)
                );
            }
        }
    }

    #[test]
    fn unit_jumps_by_transform_are_the_bessel_kernel() {
        let transform = JumpTransform::new(80);
        let exponent = transform.exponent(&[0.35]);
        let found = transform.kernel(&exponent, 2.0, 1.4, 80);
        for (n, w) in unit_jump_kernel(1.4, 80).iter().enumerate() {
            assert!((found[n] - w).abs() < 1e-12, "{n}");
        }
    }

    #[test]
    fn long_jumps_keep_weight_variance_and_arrive_at_their_rate() {
        let mut rates = vec![0.02];
        rates.extend((2..=20).map(|n: i32| 1e-3 / f64::from(n).powi(3)));
        let variance: f64 = rates
            .iter()
            .zip(1..)
            .map(|(rate, n)| 2.0 * f64::from(n * n) * rate)
            .sum();
        let transform = JumpTransform::new(80);
        let kernel = transform.kernel(&transform.exponent(&rates), 1.0, variance, 80);
        assert!(
            (moment(&kernel, 0) - 1.0).abs() < 1e-13
                && (moment(&kernel, 2) / variance - 1.0).abs() < 1e-12
        );
        // To first order in the rates; the second is 4 % (a unit jump before or after).
        assert!(
            (kernel[10] / rates[9] - 1.0).abs() < 0.04,
            "{} {}",
            kernel[10],
            rates[9]
        );
        assert!(kernel[20] > 0.9 * rates[19] && kernel.get(25).is_none_or(|w| *w < 1e-8));
    }
}
