//! The CUDA backend, orchestrator and kernels, run on the host and compared with the CPU backend over whole runs.

#[path = "support/host_launcher.rs"]
mod host_launcher;
#[path = "support/small_cases.rs"]
mod small_cases;

use cuda_host::Order;
use host_launcher::{HostLauncher, HostMachine};
use small_cases::{batches, cases, outcome, spots, with_march};
use smatrix2d::backend::Machine;
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::backend::cuda::kernel::Kernel;
use smatrix2d::backend::cuda::{CudaMachine, failure};
use smatrix2d::bench::dense::{Cells, measure};
use smatrix2d::case::{Case, Precision};
use smatrix2d::ledger::Ledger;
use smatrix2d::media::Media;
use smatrix2d::memory::Forecast;
use smatrix2d::phantom::Phantom;
use smatrix2d::transport::{Outcome, water};
use std::path::Path;

fn bits(map: &ndarray::Array2<f64>) -> Vec<u64> {
    map.iter().map(|value| value.to_bits()).collect()
}

/// Maps bit for bit; ledger channels to the rounding of sums in another order.
fn assert_same(name: &str, cpu: &Outcome, cuda: &Outcome) {
    let maps = |outcome: &Outcome| {
        let results = &outcome.results;
        let optional =
            [&results.let_d_kev_per_um, &results.fluence_per_mm].map(|map| map.as_ref().map(bits));
        let nuclear = [
            &results.let_d_primary_kev_per_um,
            &results.energy_deposit_primary_mev,
        ]
        .map(|map| map.as_ref().map(bits));
        (bits(&results.energy_deposit_mev), optional, nuclear)
    };
    assert_eq!(maps(cpu), maps(cuda), "{name}: maps");
    assert_eq!(cpu.steps, cuda.steps, "{name}: steps");
    assert_eq!(cpu.cell_updates, cuda.cell_updates, "{name}: cell updates");
    assert_eq!(
        cpu.largest_window, cuda.largest_window,
        "{name}: largest window"
    );
    let ledgers = |outcome: &Outcome| {
        let all = std::iter::once(&outcome.ledger).chain(&outcome.second_ledger);
        all.flat_map(Ledger::channels).collect::<Vec<_>>()
    };
    for ((channel, a), (_, b)) in ledgers(cpu).iter().zip(ledgers(cuda)) {
        // Some thousand f64 terms of one sign, summed in another order.
        let rounding = 1e-12 * a.abs().max(b.abs()).max(0.1);
        assert!((a - b).abs() <= rounding, "{name}: {channel}: {a:e} {b:e}");
    }
}

fn ledger_bits(text: &str, order: Order) -> Vec<(String, u64)> {
    let machine = HostMachine {
        launcher: HostLauncher::new(order),
        precision: Precision::Single,
    };
    let outcome = outcome(text, &machine).unwrap();
    let channels = outcome.ledger.channels().into_iter();
    channels
        .map(|(name, value)| (name.to_string(), value.to_bits()))
        .collect()
}

#[test]
fn a_warp_that_runs_ahead_leaves_the_same_ledger() {
    let few = ["path", "depth", "path, media, transport, moliere"];
    for (name, text) in cases().into_iter().filter(|(name, _)| few.contains(name)) {
        let forward = ledger_bits(&text, Order::Forward);
        assert_eq!(forward, ledger_bits(&text, Order::WarpsAhead), "{name}");
    }
}

#[test]
fn the_cases_that_run_under_the_sanitizers_take_every_kernel_but_copy_plane() {
    let script = include_str!("../scripts/gpu-check");
    let line = script
        .lines()
        .find_map(|line| line.strip_prefix("SANITIZED = "));
    let machine = HostMachine::new(Precision::Single);
    for name in line.unwrap().trim_matches('"').split(';').map(str::trim) {
        let mut all = cases().into_iter().chain(batches());
        let case = all.find(|(case, _)| *case == name);
        outcome(&case.unwrap_or_else(|| panic!("{name}")).1, &machine).unwrap();
    }
    let taken =
        |kernel: &Kernel| machine.launcher.launched(*kernel) != (*kernel == Kernel::CopyPlane);
    let wrong: Vec<Kernel> = Kernel::all().filter(|kernel| !taken(kernel)).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

#[test]
fn a_batch_of_spots_gives_the_bits_of_the_cpu_which_marches_them_one_by_one() {
    for (name, text) in batches() {
        let cpu = outcome(&text, &Cpu::new(Precision::Single)).unwrap();
        let cuda = outcome(&text, &HostMachine::new(Precision::Single)).unwrap();
        assert_same(name, &cpu, &cuda);
    }
}

#[test]
fn the_bench_of_a_dense_grid_finds_its_weight_again() {
    let cells = Cells::parse("8x12x12x10").unwrap();
    // Rounding of the storage: 2^-24, 2^-53, 2^-12, averaged over cells.
    for (precision, tolerance) in [
        (Precision::Single, 1e-6),
        (Precision::Double, 1e-13),
        (Precision::Half, 1e-4),
    ] {
        for scheme in ["cubic", "linear"] {
            let machine = HostMachine::new(precision);
            let figures = measure(cells, scheme, &machine, precision, 1).unwrap();
            let residual = figures.weight_residual;
            assert!(
                residual.abs() < tolerance,
                "{scheme}, {precision:?}: {residual:e}"
            );
        }
    }
}

#[test]
fn half_storage_closes_its_ledger_and_stays_near_single() {
    for (name, text) in cases() {
        let single = outcome(&text, &HostMachine::new(Precision::Single)).unwrap();
        let half_text = format!("{text}\n[run]\nprecision = \"half\"\n");
        let half = outcome(&half_text, &HostMachine::new(Precision::Half))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let rounding = half.ledger.rounding();
        assert!(
            rounding.weight != 0.0 && rounding.weight.abs() < 1e-3,
            "{name}: {rounding:?}"
        );
        assert_eq!(single.ledger.rounding().weight, 0.0);
        let deposits = |outcome: &Outcome| outcome.results.energy_deposit_mev.clone();
        let most = deposits(&single).fold(0.0_f64, |most, &d| most.max(d));
        let apart =
            (deposits(&half) - deposits(&single)).fold(0.0_f64, |most, d| most.max(d.abs()));
        // Each of some twenty steps rounds a cell twice, by 2^-12 of it at most.
        assert!(apart < 2e-3 * most, "{name}: {}", apart / most);
    }
}

#[test]
fn planes_hold_the_spectra_of_the_cpu() {
    let planes = "[output]\nquantities = [\"dose\", \"energy_spectrum\", \"angle_spectrum\", \"phase_space\"]\nplanes_mm = [0.0, 5.0, 12.0]";
    for (name, text) in cases()
        .into_iter()
        .filter(|(name, _)| name.starts_with("depth"))
    {
        let text = format!("{text}\n{planes}");
        let spectra = |machine: &dyn Machine| outcome(&text, machine).unwrap();
        let (cpu, cuda) = (
            spectra(&Cpu::new(Precision::Single)),
            spectra(&HostMachine::new(Precision::Single)),
        );
        assert_same(name, &cpu, &cuda);
        let (cpu, cuda) = (cpu.results.spectra.unwrap(), cuda.results.spectra.unwrap());
        assert!(cpu.phase_space == cuda.phase_space, "{name}");
        let pairs = [
            (cpu.energy_spectrum_per_mev, cuda.energy_spectrum_per_mev),
            (
                cpu.angle_spectrum_per_degree,
                cuda.angle_spectrum_per_degree,
            ),
        ];
        for (a, b) in pairs {
            let (a, b) = (a.unwrap(), b.unwrap());
            // Sums of f64 in another order.
            assert!(
                (&a - &b).iter().all(|d| d.abs() < 1e-12 * a.sum()),
                "{name}"
            );
        }
    }
}

#[test]
fn a_march_fetches_nothing_that_was_never_written_and_leaves_no_copy_under_way() {
    // Spots that end at different steps.
    let spots = spots(3, "none").replacen("energy_mev = 40.0", "energy_mev = 25.0", 1);
    let path = cases().into_iter().find(|(name, _)| *name == "path");
    for (name, text) in [("spots", spots)].into_iter().chain(path) {
        for precision in [Precision::Single, Precision::Half] {
            let machine = HostMachine::new(precision);
            outcome(&text, &machine).unwrap();
            assert_eq!(machine.launcher.unwritten_downloaded(), 0, "{name}");
            assert_eq!(machine.launcher.fetches_under_way(), 0, "{name}");
        }
    }
}

fn allocations(text: &str) -> usize {
    let machine = HostMachine::new(Precision::Single);
    outcome(text, &machine).unwrap();
    machine.launcher.allocations()
}

/// Runs the case once for each of these allocations, which fails.
fn fail_at_each(text: &str, allocations: std::ops::Range<usize>) {
    for failing in allocations {
        let mut machine = HostMachine::new(Precision::Single);
        machine.launcher.failing_allocation = Some(failing);
        let error = outcome(text, &machine).err().unwrap();
        assert_eq!(error.kind.exit_code(), 71);
        assert!(error.message.contains("bytes for"), "{error}");
        assert_eq!(machine.launcher.arrays_alive(), 0);
    }
}

#[test]
fn a_failed_allocation_is_an_error_that_says_what_and_how_large_and_leaves_nothing_behind() {
    let (_, text) = cases().swap_remove(0);
    fail_at_each(&text, 0..allocations(&text));
}

#[test]
fn a_failed_allocation_of_the_second_phase_space_is_an_error_too() {
    let text = spots(1, "transport");
    let (first, all) = (allocations(&spots(1, "local")), allocations(&text));
    // Tables, psi twice, scores, births, weights and maps at least of two populations.
    assert!(all >= first + 14, "{first} {all}");
    fail_at_each(&text, first..all);
}

#[test]
fn the_forecast_of_device_memory_holds_the_second_phase_space() {
    let (_, text) = cases().swap_remove(0);
    // A coarse beam on a wide phantom: the second phase space is the larger.
    let text = text
        .replace("range_bin_mm = 0.5", "range_bin_mm = 4.0")
        .replace("angle_bin_deg = 2.0", "angle_bin_deg = 15.0")
        .replace("x_mm = [-12.0, 12.0]", "x_mm = [-96.0, 96.0]");
    let forecast_and_found = |nuclear: &str| {
        let text = format!("{text}\n[physics]\nnuclear = {nuclear:?}\n");
        let machine = HostMachine::new(Precision::Single);
        outcome(&text, &machine).unwrap();
        let case = Case::parse(&text, Path::new("small.toml"), &[]).unwrap();
        let phantom = Phantom::build(&case, Path::new("")).unwrap();
        let (media, water) = (Media::new(&phantom), water(&phantom).unwrap());
        let forecast = Forecast::new(&case, &phantom, &media, &water, &machine).unwrap();
        (forecast.peak().device, machine.launcher.most_bytes())
    };
    let (first, (all, found)) = (
        forecast_and_found("local").0,
        forecast_and_found("transport"),
    );
    println!("forecast {first} and {all}, allocated {found}");
    assert!(2 * all > 3 * first, "{first} {all}");
    // Its births are not foreseen.
    let ratio = all as f64 / found as f64;
    assert!((ratio - 1.0).abs() < 0.1, "{ratio}");
}

#[test]
fn as_many_spots_march_together_as_fit_into_free_memory() {
    let (_, text) = cases().swap_remove(0);
    with_march(&text, |march| {
        let tables = CudaMachine::bytes(march, 0, Precision::Single);
        let of_one = CudaMachine::bytes(march, 1, Precision::Single) - tables;
        let mut machine = HostMachine::new(Precision::Single);
        // 90 % of what is free may be taken.
        machine.launcher.free_bytes = of_one * 12;
        assert_eq!(machine.stepper(march).unwrap().batch_capacity(), 10);
        machine.launcher.free_bytes = 1;
        assert_eq!(machine.stepper(march).unwrap().batch_capacity(), 1);
    });
}

#[test]
fn what_a_driver_refuses_ends_with_the_exit_code_and_hint_for_it() {
    let cases = [
        (2, 71, "coarser grid"),
        (222, 69, "version 525 or later"),
        (209, 69, "compute capability 7.5"),
        (221, 69, "libnvidia-ptxjitcompiler"),
        (223, 69, "CUDA_DISABLE_PTX_JIT"),
        (700, 69, "CUDA_LAUNCH_BLOCKING"),
        (719, 69, "CUDA_LAUNCH_BLOCKING"),
        // Too many resources asked for: the launch itself.
        (701, 69, "nvidia-smi"),
        (999, 69, "nvidia-smi"),
    ];
    for (status, code, hint) in cases {
        let error = failure(
            status,
            "CUDA_ERROR_X",
            "loading streaming",
            "GPU 0 (X, driver 510.1)",
        );
        assert_eq!(error.kind.exit_code(), code);
        let text = error.to_string();
        assert!(
            text.contains("driver 510.1")
                && text.contains("loading streaming")
                && text.contains(hint),
            "{text}"
        );
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
