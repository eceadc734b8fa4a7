//! Every CUDA operator alone, on random dense states, run on the host and compared with the CPU backend bit for bit.

#[path = "support/host_launcher.rs"]
mod host_launcher;
#[path = "support/small_cases.rs"]
mod small_cases;

use cuda_host::Order;
use host_launcher::{HostLauncher, HostMachine};
use small_cases::{cases, with_march};
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::backend::{Machine, Stepper, Stride};
use smatrix2d::case::Precision;

/// Numbers in (0, 1] without a pattern, a tenth of them zero.
fn random(count: usize) -> Vec<f64> {
    let number =
        |i: u64| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 11) as f64 / (1u64 << 53) as f64;
    (1..=count as u64)
        .map(|i| (number(i) - 0.1).max(0.0) / count as f64)
        .collect()
}

type Operator = (&'static str, fn(&mut dyn Stepper));

const OPERATORS: [Operator; 5] = [
    ("stream", |s| s.stream(Stride::Whole).unwrap()),
    ("half stream", |s| s.stream(Stride::Half).unwrap()),
    ("scatter", |s| s.scatter(2).unwrap()),
    ("lose energy", |s| s.lose_energy(2).unwrap()),
    ("scatter and lose energy", |s| {
        s.scatter(2).unwrap();
        s.lose_energy(2).unwrap();
    }),
];

/// psi after an operator on the random state, as bits.
fn after(text: &str, machine: &dyn Machine, operator: fn(&mut dyn Stepper)) -> Vec<u64> {
    with_march(text, |march| {
        let layout = march.phase_space.layout();
        let cells_x = march.phase_space.space.cells_x;
        let psi = random(layout.len() / layout.row * cells_x);
        let mut stepper = machine.stepper(march).unwrap();
        let row =
            |i: usize, cells: &mut [f64]| cells.copy_from_slice(&psi[i * cells_x..][..cells_x]);
        stepper.put_state(&row).unwrap();
        operator(stepper.as_mut());
        let state = stepper.state().unwrap();
        assert!(state.iter().any(|w| *w > 0.0));
        state.iter().map(|w| w.to_bits()).collect()
    })
}

#[test]
fn each_operator_gives_the_bits_of_the_cpu_on_random_states_as_does_the_cpu_past_its_caches() {
    for (name, text) in cases() {
        for precision in [Precision::Single, Precision::Double] {
            for (operator, apply) in OPERATORS {
                let cpu = after(&text, &Cpu::new(precision), apply);
                let cuda = after(&text, &HostMachine::new(precision), apply);
                assert!(cpu == cuda, "{name}, {precision:?}, {operator}");
                let past_caches = after(&text, &Cpu::without_caches(precision), apply);
                assert!(
                    cpu == past_caches,
                    "{name}, {precision:?}, {operator}, past the caches"
                );
            }
        }
    }
}

#[test]
fn the_order_of_threads_does_not_change_a_bit() {
    for (name, text) in cases() {
        for (operator, apply) in OPERATORS {
            let in_order = |order: Order| {
                let machine = HostMachine {
                    launcher: HostLauncher::new(order),
                    precision: Precision::Half,
                };
                after(&text, &machine, apply)
            };
            let forward = in_order(Order::Forward);
            assert!(
                forward == in_order(Order::Reversed),
                "{name}, {operator}, reversed"
            );
            assert!(
                forward == in_order(Order::Shuffled(1)),
                "{name}, {operator}, shuffled"
            );
        }
    }
}
