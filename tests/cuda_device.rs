//! The CUDA backend on a GPU: the bits of the CPU, and what it takes. Run by scripts/gpu-check.

#[path = "support/small_cases.rs"]
mod small_cases;

use serde_json::json;
use small_cases::{cases, outcome};
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::backend::cuda::probe;
use smatrix2d::backend::{Machine, open};
use smatrix2d::case::{BackendChoice, Precision};
use smatrix2d::transport::Outcome;
use std::time::Instant;

fn gpu(precision: Precision) -> Box<dyn Machine> {
    open(BackendChoice::Cuda, precision, None).unwrap().machine
}

fn bits(outcome: &Outcome) -> Vec<u64> {
    let deposit = outcome.results.energy_deposit_mev.iter();
    deposit.map(|value| value.to_bits()).collect()
}

#[test]
#[ignore = "needs a GPU"]
fn single_and_double_give_the_bits_of_the_cpu_on_gpu() {
    for (name, text) in cases() {
        for precision in [Precision::Single, Precision::Double] {
            let cpu = outcome(&text, &Cpu::new(precision)).unwrap();
            let cuda = outcome(&text, gpu(precision).as_ref()).unwrap();
            assert!(bits(&cpu) == bits(&cuda), "{name}, {precision:?}");
            assert_eq!((cpu.steps, cpu.cell_updates), (cuda.steps, cuda.cell_updates), "{name}");
        }
    }
}

#[test]
#[ignore = "needs a GPU"]
fn half_gives_the_same_bits_twice_on_gpu() {
    for (name, text) in cases() {
        let once = || bits(&outcome(&text, gpu(Precision::Half).as_ref()).unwrap());
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

/// A 150 MeV beam on the default grid, `spots` of them side by side.
fn water_150_mev(spots: usize) -> String {
    let mut text = include_str!("../examples/water_150mev.toml").to_string();
    let beams = text.split_off(text.find("[[beam]]").unwrap());
    for spot in 0..spots {
        let x_mm = (spot as f64 - 0.5 * (spots as f64 - 1.0)) * 40.0 / spots as f64;
        text.push_str(&beams.replace("[[beam]]", &format!("[[beam]]\nx_mm = {x_mm:?}")));
    }
    text
}

/// Milliseconds of `times` runs after one that warms up, rising.
fn run_ms(text: &str, machine: &dyn Machine, times: usize) -> Vec<f64> {
    let mut taken: Vec<f64> = (0..=times)
        .map(|_| {
            let start = Instant::now();
            outcome(text, machine).unwrap();
            1e3 * start.elapsed().as_secs_f64()
        })
        .skip(1)
        .collect();
    taken.sort_by(f64::total_cmp);
    taken
}

/// Prints a line of JSON per figure; asserts nothing about time.
#[test]
#[ignore = "needs a GPU"]
fn times_of_runs_on_gpu() {
    for precision in [Precision::Single, Precision::Half, Precision::Double] {
        let machine = gpu(precision);
        for spots in [1, 16, 256] {
            let taken = run_ms(&water_150_mev(spots), machine.as_ref(), 5);
            println!("{}", json!({ "run": "water 150 MeV", "spots": spots, "precision": format!("{precision:?}"), "ms": taken }));
        }
    }
    let taken = run_ms(&water_150_mev(1), &Cpu::new(Precision::Single), 3);
    println!("{}", json!({ "run": "water 150 MeV", "spots": 1, "precision": "Single", "backend": "cpu", "ms": taken }));
}
