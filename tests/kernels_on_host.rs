//! The CUDA kernels, run on the host, against plain Rust loops.

use cuda_host::{Argument, Order, launch};
use half::f16;

const ORDERS: [Order; 4] = [
    Order::Forward,
    Order::Reversed,
    Order::Shuffled(1),
    Order::Shuffled(2),
];

/// Twin of `Extents` in kernels/common.cuh.
#[repr(C)]
#[derive(Clone, Copy)]
struct Extents {
    energies: i32,
    thetas: i32,
    zs: i32,
    xs: i32,
}

const EXTENTS: Extents = Extents {
    energies: 3,
    thetas: 7,
    zs: 2,
    xs: 77,
};
const REACH: usize = 2;

/// Numbers in [-0.5, 0.5) without a pattern; two seeds give two lists.
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    (0..count as u64)
        .map(|i| {
            ((i + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 53) as f64
                - 0.5
        })
        .collect()
}

/// The gather along theta, written for `$real` arithmetic; in the kernel's order of summation.
macro_rules! scattered {
    ($psi:expr, $weight:expr, $real:ty) => {{
        let Extents {
            energies,
            thetas,
            zs,
            xs,
        } = EXTENTS;
        let (thetas, plane, taps) = (thetas as usize, (zs * xs) as usize, 2 * REACH + 1);
        let mut out = vec![0.0 as $real; $psi.len()];
        for (index, sum) in out.iter_mut().enumerate() {
            let (row, cell) = (index / plane, index % plane);
            let (energy, theta) = (row / thetas, row % thetas);
            for tap in 0..taps {
                let Some(source) = (theta + REACH)
                    .checked_sub(tap)
                    .filter(|&source| source < thetas)
                else {
                    continue;
                };
                *sum += $weight[(energy * thetas + source) * taps + tap]
                    * $psi[(energy * thetas + source) * plane + cell];
            }
        }
        assert_eq!(out.len(), energies as usize * thetas * plane);
        out
    }};
}

fn run_scattering<Stored: Copy, Real: Copy>(
    kernel: &str,
    psi: &[Stored],
    weight: &[Real],
    empty: Stored,
    order: Order,
) -> Vec<Stored> {
    let mut out = vec![empty; psi.len()];
    let grid = [
        (EXTENTS.xs as u32).div_ceil(32),
        (EXTENTS.thetas * EXTENTS.zs) as u32,
        EXTENTS.energies as u32,
    ];
    let (psi, weight, out_pointer) = (psi.as_ptr(), weight.as_ptr(), out.as_mut_ptr());
    let reach = REACH as i32;
    let arguments = [
        Argument::of(&psi),
        Argument::of(&weight),
        Argument::of(&out_pointer),
        Argument::of(&EXTENTS),
        Argument::of(&reach),
    ];
    // SAFETY: each caller passes the kernel's own types, and buffers as large as the kernel's indices.
    unsafe { launch(kernel, grid, [32, 1, 1], 0, &arguments, order) }.unwrap();
    out
}

fn psi_and_weight() -> (Vec<f64>, Vec<f64>) {
    let rows = (EXTENTS.energies * EXTENTS.thetas) as usize;
    (
        numbers(rows * (EXTENTS.zs * EXTENTS.xs) as usize, 1),
        numbers(rows * (2 * REACH + 1), 1 << 20),
    )
}

#[test]
fn the_scattering_kernel_gives_the_bits_of_a_rust_loop_in_every_precision() {
    let (psi, weight) = psi_and_weight();
    let single = |values: &[f64]| {
        values
            .iter()
            .map(|&value| value as f32)
            .collect::<Vec<f32>>()
    };
    let (psi_single, weight_single) = (single(&psi), single(&weight));
    let psi_half: Vec<f16> = psi.iter().map(|&value| f16::from_f64(value)).collect();
    let psi_of_half: Vec<f32> = psi_half.iter().map(|value| value.to_f32()).collect();
    let wanted_double = scattered!(psi, weight, f64);
    let wanted_single = scattered!(psi_single, weight_single, f32);
    let wanted_half: Vec<f16> = scattered!(psi_of_half, weight_single, f32)
        .into_iter()
        .map(f16::from_f32)
        .collect();
    for order in ORDERS {
        assert_eq!(
            run_scattering("scattering_double", &psi, &weight, f64::NAN, order),
            wanted_double
        );
        assert_eq!(
            run_scattering(
                "scattering_single",
                &psi_single,
                &weight_single,
                f32::NAN,
                order
            ),
            wanted_single
        );
        assert_eq!(
            run_scattering(
                "scattering_half",
                &psi_half,
                &weight_single,
                f16::NAN,
                order
            ),
            wanted_half
        );
    }
}
