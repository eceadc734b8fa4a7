//! The embedded PTX on a device, against the same kernels on the host: equal bits.

use cuda_host::{Argument, Order, launch};
use cudarc::driver::{CudaContext, LaunchConfig, PushKernelArg};
use cudarc::nvrtc::Ptx;
use half::f16;
use smatrix2d::backend::cuda::{probe, ptx};

/// Twin of `Extents` in kernels/common.cuh.
#[repr(C)]
#[derive(Clone, Copy)]
struct Extents {
    energies: i32,
    thetas: i32,
    zs: i32,
    xs: i32,
}

// SAFETY: four integers, passed by value as the kernel declares them.
unsafe impl cudarc::driver::DeviceRepr for Extents {}

const EXTENTS: Extents = Extents {
    energies: 3,
    thetas: 7,
    zs: 2,
    xs: 77,
};
const REACH: i32 = 2;
const BLOCK: [u32; 3] = [32, 1, 1];

fn grid() -> [u32; 3] {
    let Extents {
        energies,
        thetas,
        zs,
        xs,
    } = EXTENTS;
    [
        (xs as u32).div_ceil(BLOCK[0]),
        (thetas * zs) as u32,
        energies as u32,
    ]
}

/// Numbers in [-0.5, 0.5) without a pattern, stored as f16 bits.
fn halves(count: usize) -> Vec<u16> {
    let number =
        |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 53) as f64 - 0.5;
    (1..=count as u64)
        .map(|i| f16::from_f64(number(i)).to_bits())
        .collect()
}

fn on_host(psi: &[u16], weight: &[f32]) -> Vec<u16> {
    let mut out = vec![0u16; psi.len()];
    let (psi, weight, out_pointer) = (psi.as_ptr(), weight.as_ptr(), out.as_mut_ptr());
    let arguments = [
        Argument::of(&psi),
        Argument::of(&weight),
        Argument::of(&out_pointer),
        Argument::of(&EXTENTS),
        Argument::of(&REACH),
    ];
    // SAFETY: the kernel's own types, and buffers as large as its indices.
    unsafe {
        launch(
            "scattering_half",
            grid(),
            BLOCK,
            0,
            &arguments,
            Order::Forward,
        )
    }
    .unwrap();
    out
}

fn on_device(psi: &[u16], weight: &[f32]) -> Vec<u16> {
    let queue = CudaContext::new(0).unwrap().default_stream();
    let module = queue
        .context()
        .load_module(Ptx::from_src(ptx::module("scattering").unwrap()))
        .unwrap();
    let kernel = module.load_function("scattering_half").unwrap();
    let (psi, weight) = (
        queue.clone_htod(psi).unwrap(),
        queue.clone_htod(weight).unwrap(),
    );
    let mut out = queue.alloc_zeros::<u16>(psi.len()).unwrap();
    let [x, y, z] = grid();
    let shape = LaunchConfig {
        grid_dim: (x, y, z),
        block_dim: (BLOCK[0], 1, 1),
        shared_mem_bytes: 0,
    };
    let mut builder = queue.launch_builder(&kernel);
    builder
        .arg(&psi)
        .arg(&weight)
        .arg(&mut out)
        .arg(&EXTENTS)
        .arg(&REACH);
    // SAFETY: the kernel's own types, and buffers as large as its indices.
    unsafe { builder.launch(shape) }.unwrap();
    queue.clone_dtoh(&out).unwrap()
}

#[test]
#[ignore = "needs a GPU"]
fn the_scattering_kernel_gives_the_host_bits_on_gpu() {
    let rows = (EXTENTS.energies * EXTENTS.thetas) as usize;
    let psi = halves(rows * (EXTENTS.zs * EXTENTS.xs) as usize);
    let weight: Vec<f32> = halves(rows * (2 * REACH + 1) as usize)
        .into_iter()
        .map(|bits| 0.3 * f16::from_bits(bits).to_f32())
        .collect();
    assert_eq!(on_device(&psi, &weight), on_host(&psi, &weight));
}

#[test]
#[ignore = "needs a GPU"]
fn every_device_has_memory_and_a_uuid_on_gpu() {
    for gpu in probe::probe().unwrap() {
        let free = gpu.memory_free_bytes().unwrap();
        assert!(free > 0 && free <= gpu.memory_total_bytes);
        assert!(gpu.uuid.starts_with("GPU-") || gpu.uuid.starts_with("MIG-"));
        assert_eq!(
            probe::choose(std::slice::from_ref(&gpu), &gpu.uuid).unwrap(),
            &gpu
        );
    }
}
