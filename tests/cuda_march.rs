//! The CUDA backend, orchestrator and kernels, run on the host and compared with the CPU backend over whole runs.

#[path = "support/host_launcher.rs"]
mod host_launcher;
#[path = "support/small_cases.rs"]
mod small_cases;

use host_launcher::HostMachine;
use small_cases::{cases, outcome};
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::case::Precision;
use smatrix2d::transport::Outcome;

fn bits(map: &ndarray::Array2<f64>) -> Vec<u64> {
    map.iter().map(|value| value.to_bits()).collect()
}

/// Maps bit for bit; ledger channels to the rounding of sums in another order.
fn assert_same(name: &str, cpu: &Outcome, cuda: &Outcome) {
    let maps = |outcome: &Outcome| {
        let results = &outcome.results;
        let optional = [&results.let_d_kev_per_um, &results.fluence_per_mm].map(|map| map.as_ref().map(bits));
        (bits(&results.energy_deposit_mev), optional)
    };
    assert_eq!(maps(cpu), maps(cuda), "{name}: maps");
    assert_eq!(cpu.steps, cuda.steps, "{name}: steps");
    assert_eq!(cpu.cell_updates, cuda.cell_updates, "{name}: cell updates");
    assert_eq!(cpu.largest_window, cuda.largest_window, "{name}: largest window");
    for ((channel, a), (_, b)) in cpu.ledger.channels().iter().zip(cuda.ledger.channels()) {
        // Some thousand f64 terms of one sign, summed in another order.
        let rounding = 1e-12 * a.abs().max(b.abs()).max(0.1);
        assert!((a - b).abs() <= rounding, "{name}: {channel}: {a:e} {b:e}");
    }
}

#[test]
fn single_and_double_give_the_bits_of_the_cpu_in_every_case() {
    for (name, text) in cases() {
        for precision in [Precision::Single, Precision::Double] {
            let cpu = outcome(&text, &Cpu::new(precision)).unwrap();
            let cuda = outcome(&text, &HostMachine::new(precision)).unwrap();
            assert_same(&format!("{name}, {precision:?}"), &cpu, &cuda);
        }
    }
}
