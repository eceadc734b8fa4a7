//! The CUDA backend on a GPU: the bits of the CPU. Run by scripts/gpu-check; what it takes is `smatrix2d bench`'s.

#[path = "support/small_cases.rs"]
mod small_cases;

use small_cases::{batches, cases, outcome};
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::backend::cuda::probe;
use smatrix2d::backend::{Machine, open};
use smatrix2d::case::{BackendChoice, Precision};
use smatrix2d::transport::Outcome;

fn gpu(precision: Precision) -> Box<dyn Machine> {
    open(BackendChoice::Cuda, precision, None).unwrap().machine
}

/// All cases, or those that SMATRIX2D_CASES names, a semicolon between them (few, under compute-sanitizer).
fn asked_cases() -> Vec<(&'static str, String)> {
    let mut all = [cases(), batches()].concat();
    if let Ok(asked) = std::env::var("SMATRIX2D_CASES") {
        let names: Vec<&str> = asked.split(';').map(str::trim).collect();
        all.retain(|(name, _)| names.contains(name));
        assert_eq!(all.len(), names.len(), "SMATRIX2D_CASES: {asked}");
    }
    all
}

fn bits(outcome: &Outcome) -> Vec<u64> {
    let deposit = outcome.results.energy_deposit_mev.iter();
    deposit.map(|value| value.to_bits()).collect()
}

#[test]
#[ignore = "needs a GPU"]
fn single_and_double_give_the_bits_of_the_cpu_on_gpu() {
    for precision in [Precision::Single, Precision::Double] {
        let machine = gpu(precision);
        for (name, text) in asked_cases() {
            let cpu = outcome(&text, &Cpu::new(precision)).unwrap();
            let cuda = outcome(&text, machine.as_ref()).unwrap();
            assert!(bits(&cpu) == bits(&cuda), "{name}, {precision:?}");
            assert_eq!(
                (cpu.steps, cpu.cell_updates),
                (cuda.steps, cuda.cell_updates),
                "{name}"
            );
        }
    }
}

#[test]
#[ignore = "needs a GPU"]
fn half_gives_the_same_bits_twice_on_gpu() {
    let machine = gpu(Precision::Half);
    for (name, text) in asked_cases() {
        let once = || bits(&outcome(&text, machine.as_ref()).unwrap());
        assert!(once() == once(), "{name}");
    }
}

#[test]
#[ignore = "needs a GPU"]
fn every_device_has_memory_and_a_uuid_on_gpu() {
    for gpu in probe::probe().unwrap() {
        let free = gpu.memory_free_bytes().unwrap();
        assert!(free > 0 && free <= gpu.memory_total_bytes);
        assert!(gpu.uuid.starts_with("GPU-") || gpu.uuid.starts_with("MIG-"));
        let found = probe::choose(std::slice::from_ref(&gpu), &gpu.uuid).unwrap();
        assert_eq!(found, &gpu);
    }
}
