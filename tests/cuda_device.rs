//! The CUDA backend on a GPU: the bits of the CPU, and what it takes. Run by scripts/gpu-check.

#[path = "support/small_cases.rs"]
mod small_cases;

use serde_json::json;
use small_cases::{cases, outcome};
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::backend::cuda::probe;
use smatrix2d::backend::{Machine, Stepper, Stride, open};
use smatrix2d::beam::{Source, source};
use smatrix2d::bench::dense::Cells;
use smatrix2d::case::{BackendChoice, Case, Precision};
use smatrix2d::march::March;
use smatrix2d::media::Media;
use smatrix2d::phantom::Phantom;
use smatrix2d::transport::{Outcome, water};
use std::path::Path;
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

/// Milliseconds of each part of a march of all beams of a case together, the second time.
fn parts_ms(text: &str, machine: &dyn Machine) -> serde_json::Value {
    let case = Case::parse(text, Path::new("parts.toml"), &[]).unwrap();
    let phantom = Phantom::build(&case, Path::new("")).unwrap();
    let (media, water) = (Media::new(&phantom), water(&phantom).unwrap());
    let mut parts = Vec::new();
    for _ in 0..2 {
        let mut start = Instant::now();
        parts.clear();
        let mut part = |name: &'static str| {
            parts.push((name.to_string(), json!(1e3 * start.elapsed().as_secs_f64())));
            start = Instant::now();
        };
        let march = March::new(&case, &phantom, &media, &water, 0).unwrap();
        part("march_new");
        let mut stepper = machine.stepper(&march).unwrap();
        part("tables");
        let sources = case
            .beams
            .iter()
            .map(|beam| source(beam, &march, &water).unwrap());
        let sources: Vec<Source> = sources.collect();
        part("sources");
        stepper.load(&sources).unwrap();
        stepper.synchronize().unwrap();
        part("load");
        stepper.stream(Stride::Half).unwrap();
        for step in 0..march.most_steps() {
            stepper.scatter(step).unwrap();
            stepper.lose_energy(step).unwrap();
            stepper.stream(Stride::Whole).unwrap();
            if stepper.is_empty() {
                break;
            }
        }
        part("queueing");
        stepper.synchronize().unwrap();
        part("waiting");
        let unloaded = stepper.unload(&vec![1.0; sources.len()]).unwrap();
        part("unload");
        assert_eq!(unloaded.tallies.len(), sources.len());
    }
    parts.into_iter().collect::<serde_json::Map<_, _>>().into()
}

/// Median milliseconds of a whole dense step and of a copy of psi, of `steps` after one that warms up.
fn dense_ms(grid: &str, machine: &dyn Machine, precision: &str, steps: usize) -> (f64, f64) {
    let cells = Cells::parse(grid).unwrap();
    let case = cells.case("cubic", precision).unwrap();
    let phantom = Phantom::build(&case, Path::new("")).unwrap();
    let (media, water) = (Media::new(&phantom), water(&phantom).unwrap());
    let march = March::new(&case, &phantom, &media, &water, 0).unwrap();
    let mut stepper = machine.stepper(&march).unwrap();
    let x = cells.x;
    let psi: Vec<f64> = (0..cells.bins())
        .map(|i| (1.0 + (i % x % 7) as f64) / cells.bins() as f64)
        .collect();
    stepper.put_state(&psi).unwrap();
    drop(psi);
    let mut timed = |work: &mut dyn FnMut(&mut dyn Stepper)| {
        let mut times: Vec<f64> = (0..=steps)
            .map(|_| {
                stepper.synchronize().unwrap();
                let start = Instant::now();
                work(stepper.as_mut());
                stepper.synchronize().unwrap();
                1e3 * start.elapsed().as_secs_f64()
            })
            .skip(1)
            .collect();
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let step = timed(&mut |s| {
        s.stream(Stride::Whole).unwrap();
        s.scatter(1).unwrap();
        s.lose_energy(1).unwrap();
    });
    (step, timed(&mut |s| s.copy_state().unwrap()))
}

#[test]
#[ignore = "needs a GPU"]
fn times_of_dense_steps_on_gpu() {
    for (precision, name) in [
        (Precision::Single, "single"),
        (Precision::Half, "half"),
        (Precision::Double, "double"),
    ] {
        let machine = gpu(precision);
        for grid in ["seed", "M", "L"] {
            let fits = grid != "L" || name == "single";
            if fits {
                let (step, copy) = dense_ms(grid, machine.as_ref(), name, 7);
                println!(
                    "{}",
                    json!({ "dense": grid, "precision": name, "step_ms": step, "copy_ms": copy, "share_of_copy": 3.0 * copy / step })
                );
            }
        }
    }
}

/// Prints a line of JSON per figure; asserts nothing about time.
#[test]
#[ignore = "needs a GPU"]
fn times_of_runs_on_gpu() {
    for precision in [Precision::Single, Precision::Half, Precision::Double] {
        let machine = gpu(precision);
        for spots in [1, 16, 256] {
            let taken = run_ms(&water_150_mev(spots), machine.as_ref(), 5);
            println!(
                "{}",
                json!({ "run": "water 150 MeV", "spots": spots, "precision": format!("{precision:?}"), "ms": taken })
            );
        }
    }
    let machine = gpu(Precision::Single);
    for spots in [1, 256] {
        println!(
            "{}",
            json!({ "parts_ms": parts_ms(&water_150_mev(spots), machine.as_ref()), "spots": spots })
        );
    }
    let taken = run_ms(&water_150_mev(1), &Cpu::new(Precision::Single), 3);
    println!(
        "{}",
        json!({ "run": "water 150 MeV", "spots": 1, "precision": "Single", "backend": "cpu", "ms": taken })
    );
}
