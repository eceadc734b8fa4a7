//! The execution of CUDA kernels on the host: what it computes, and which mistakes in a kernel it finds.

use cuda_host::{Argument, Order, launch};
use half::f16;

const ORDERS: [Order; 4] = [
    Order::Forward,
    Order::Reversed,
    Order::Shuffled(1),
    Order::Shuffled(2),
];

/// The macro takes the arguments as the kernel declares them; slices go as `as_ptr()` and `as_mut_ptr()`.
macro_rules! run {
    ($kernel:expr, $grid:expr, $block:expr, $shared:expr, $order:expr, $($argument:expr),+) => {
        // SAFETY: each call below passes the kernel's own types and buffers as large as the kernel's indices.
        unsafe { launch($kernel, $grid, $block, $shared, &[$(Argument::of(&$argument)),+], $order) }
    };
}

#[test]
fn every_half_becomes_the_same_float_as_in_rust() {
    let halves: Vec<u16> = (0..=u16::MAX).collect();
    let mut floats = vec![0f32; halves.len()];
    let n = halves.len() as i32;
    run!(
        "check_half_to_float",
        [64, 1, 1],
        [1024, 1, 1],
        0,
        Order::Forward,
        halves.as_ptr(),
        floats.as_mut_ptr(),
        n
    )
    .unwrap();
    for (half, float) in halves.iter().zip(&floats) {
        let wanted = f16::from_bits(*half).to_f32();
        assert!(
            float.to_bits() == wanted.to_bits() || (float.is_nan() && wanted.is_nan()),
            "{half:04x}"
        );
    }
}

/// Rounding is monotone, so it is right everywhere if it is right at and beside every half and every midpoint between two.
#[test]
fn floats_become_the_nearest_half_ties_to_even() {
    let finite = (0..0x7c00u16).map(|bits| f64::from(f16::from_bits(bits).to_f32()));
    let with_midpoints = finite.flat_map(|value| {
        let next = f64::from(f16::from_bits(f16::from_f64(value).to_bits() + 1).to_f32());
        [value as f32, (0.5 * (value + next.min(65536.0))) as f32]
    });
    let beside = with_midpoints.flat_map(|value| [value, value.next_up(), value.next_down()]);
    let special = [f32::INFINITY, f32::NAN, f32::MAX, f32::MIN_POSITIVE, 1e-45];
    let floats: Vec<f32> = beside
        .chain(special)
        .flat_map(|value| [value, -value])
        .collect();
    let mut halves = vec![0u16; floats.len()];
    let (n, blocks) = (floats.len() as i32, floats.len().div_ceil(256) as u32);
    run!(
        "check_float_to_half",
        [blocks, 1, 1],
        [256, 1, 1],
        0,
        Order::Forward,
        floats.as_ptr(),
        halves.as_mut_ptr(),
        n
    )
    .unwrap();
    for (float, half) in floats.iter().zip(&halves) {
        let (half, wanted) = (f16::from_bits(*half), f16::from_f32(*float));
        assert!(
            half.to_bits() == wanted.to_bits() || (half.is_nan() && wanted.is_nan()),
            "{float:e}"
        );
    }
}

#[test]
fn blocks_sum_in_dynamic_shared_memory_whatever_the_thread_order() {
    let numbers: Vec<f64> = (0..1024).map(f64::from).collect();
    for order in ORDERS {
        let mut sums = vec![0f64; 4];
        run!(
            "check_block_sum",
            [4, 1, 1],
            [256, 1, 1],
            256 * 8,
            order,
            numbers.as_ptr(),
            sums.as_mut_ptr()
        )
        .unwrap();
        let wanted: Vec<f64> = numbers
            .chunks(256)
            .map(|chunk| chunk.iter().sum())
            .collect();
        assert_eq!(sums, wanted, "{order:?}");
    }
}

#[test]
fn a_tile_is_transposed_through_static_shared_memory() {
    let numbers: Vec<i32> = (0..32).collect();
    let wanted: Vec<i32> = (0..32).map(|flat| (flat % 4) * 8 + flat / 4).collect();
    for order in ORDERS {
        let mut out = vec![0i32; 32];
        run!(
            "check_transpose",
            [1, 1, 1],
            [8, 4, 1],
            0,
            order,
            numbers.as_ptr(),
            out.as_mut_ptr()
        )
        .unwrap();
        assert_eq!(out, wanted, "{order:?}");
    }
}

#[test]
fn lanes_of_a_warp_exchange_values_and_votes() {
    let values: Vec<f32> = (0..64).map(|i| (i % 7) as f32 - 3.0).collect();
    for order in ORDERS {
        let [mut sum, mut above, mut below, mut fifth] = [(); 4].map(|()| vec![0f32; 64]);
        let mut votes = vec![0u32; 64];
        run!(
            "check_warp",
            [1, 1, 1],
            [64, 1, 1],
            0,
            order,
            values.as_ptr(),
            sum.as_mut_ptr(),
            above.as_mut_ptr(),
            below.as_mut_ptr(),
            fifth.as_mut_ptr(),
            votes.as_mut_ptr()
        )
        .unwrap();
        for (thread, value) in values.iter().enumerate() {
            let (warp, lane) = (&values[thread / 32 * 32..][..32], thread % 32);
            let vote: u32 = (0..32)
                .filter(|&lane| warp[lane] > 0.0)
                .map(|lane| 1 << lane)
                .sum();
            assert_eq!(
                sum[thread],
                warp.iter().sum::<f32>(),
                "small whole numbers: exact in any order"
            );
            assert_eq!(above[thread], *warp.get(lane + 1).unwrap_or(value));
            assert_eq!(
                below[thread],
                if lane == 0 { *value } else { warp[lane - 1] }
            );
            assert_eq!((fifth[thread], votes[thread]), (warp[5], vote));
        }
    }
}

#[test]
fn a_missing_barrier_is_found_by_another_thread_order() {
    let numbers: Vec<f32> = (0..256).map(|i| i as f32).collect();
    let [forward, reversed] = [Order::Forward, Order::Reversed].map(|order| {
        let mut out = vec![0f32; 256];
        run!(
            "broken_missing_barrier",
            [1, 1, 1],
            [256, 1, 1],
            0,
            order,
            numbers.as_ptr(),
            out.as_mut_ptr()
        )
        .unwrap();
        out
    });
    assert_ne!(forward, reversed);
}

#[test]
fn threads_that_wait_for_ever_are_an_error_and_the_next_launch_works() {
    let mut out = vec![0f32; 256];
    let early = run!(
        "broken_early_return",
        [1, 1, 1],
        [256, 1, 1],
        0,
        Order::Forward,
        out.as_mut_ptr(),
        100i32
    );
    let two = run!(
        "broken_two_barriers",
        [1, 1, 1],
        [32, 1, 1],
        0,
        Order::Forward,
        out.as_mut_ptr()
    );
    let lane = run!(
        "broken_missing_lane",
        [1, 1, 1],
        [32, 1, 1],
        0,
        Order::Forward,
        out.as_mut_ptr()
    );
    let cases = [
        (early, "100 threads at __syncthreads"),
        (two, "and line"),
        (lane, "31 at a warp's barrier"),
    ];
    for (result, wanted) in cases {
        let why = result.unwrap_err().to_string();
        assert!(why.contains(wanted), "{why}");
    }
    run!(
        "broken_early_return",
        [1, 1, 1],
        [256, 1, 1],
        0,
        Order::Forward,
        out.as_mut_ptr(),
        256i32
    )
    .unwrap();
    assert_eq!(out, vec![1.0; 256]);
}

#[test]
fn launches_that_cuda_would_refuse_are_refused() {
    let (pointer, n) = (std::ptr::null_mut::<f32>(), 1i32);
    let shapes = [
        ([1, 1, 1], [1025, 1, 1], 0),
        ([1, 1, 1], [0, 1, 1], 0),
        ([1, 65536, 1], [1, 1, 1], 0),
        ([1, 1, 1], [1, 1, 1], 1 << 20),
    ];
    for (grid, block, shared) in shapes {
        let why = run!(
            "broken_early_return",
            grid,
            block,
            shared,
            Order::Forward,
            pointer,
            n
        )
        .unwrap_err();
        assert!(why.to_string().contains("CUDA would refuse"), "{why}");
    }
    let one_missing = run!(
        "broken_early_return",
        [1, 1, 1],
        [1, 1, 1],
        0,
        Order::Forward,
        pointer
    );
    assert!(
        one_missing
            .unwrap_err()
            .to_string()
            .contains("argument sizes [8] bytes, but the parameters have [8, 4]")
    );
    let no_such = run!(
        "no_such_kernel",
        [1, 1, 1],
        [1, 1, 1],
        0,
        Order::Forward,
        pointer
    )
    .unwrap_err();
    assert!(
        no_such.to_string().contains("scattering_double"),
        "{no_such}"
    );
}
