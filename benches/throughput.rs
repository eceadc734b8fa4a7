//! `cargo bench`: dense throughput against this machine's copy bandwidth, and milliseconds per pencil beam. Prints; never fails on time.
//!
//! `cargo bench -- seed` takes another dense grid (seed, S, M, L or NZxNXxNTHETAxNE); `SMATRIX2D_SIMD=avx2|baseline` asks for
//! less than the processor has. What the figures mean: docs/performance.md.

use smatrix2d::backend::Machine;
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::bench::{Cells, Figures, measure};
use smatrix2d::case::{Case, Precision};
use smatrix2d::error::Result;
use smatrix2d::phantom::Phantom;
use smatrix2d::transport::{self, Outcome};
use std::path::Path;
use std::time::Instant;

/// Odd, so that the median is one of them.
const BEAM_RUNS: usize = 9;
const DENSE_STEPS: usize = 9;

fn main() -> Result<()> {
    let asked = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let grid = asked.unwrap_or("seed".into());
    println!(
        "dense, grid {grid}, single precision, path stepping: ms, and share of copy bandwidth (one read and write of psi per operator)"
    );
    for scheme in ["cubic", "linear"] {
        dense(&grid, scheme)?;
    }
    println!("\npencil beams on water, 1 mm cells, all defaults");
    for energy_mev in [70.0, 100.0, 150.0, 200.0, 230.0] {
        beam(energy_mev)?;
    }
    Ok(())
}

fn dense(grid: &str, scheme: &str) -> Result<()> {
    let machine = Cpu::new(Precision::Single);
    let figures = measure(
        Cells::parse(grid)?,
        scheme,
        &machine,
        Precision::Single,
        DENSE_STEPS,
    )?;
    let line = |name: &str, operators: f64, seconds: f64| {
        let share = 100.0 * figures.share_of_copy(operators, seconds);
        println!("  {name:<12} {:>9.2} ms {share:>6.0} %", 1e3 * seconds);
    };
    let Figures {
        scattering_s,
        streaming_s,
        energy_loss_s,
        step_s,
        copy_s,
        ..
    } = figures;
    println!("{} {scheme}", machine.name());
    line("scattering", 1.0, scattering_s);
    line("streaming", 1.0, streaming_s);
    line("energy loss", 1.0, energy_loss_s);
    line("step", 3.0, step_s);
    line("copy", 1.0, copy_s);
    Ok(())
}

/// A tank that holds the beam, as wide as eight of its widths at the peak.
fn tank(energy_mev: f64) -> String {
    // Bragg-Kleeman, R = 0.0022 E^1.77 cm (Bortfeld, Med. Phys. 24 (1997) 2024), and a tenth more.
    let depth_mm = (1.1 * 0.022 * energy_mev.powf(1.77) + 5.0).ceil();
    format!(
        "[phantom]\nmaterial = \"water\"\nx_mm = [-48.0, 48.0]\nz_mm = [0.0, {depth_mm:.1}]\nspacing_mm = [1.0, 1.0]\n\
         [[beam]]\nenergy_mev = {energy_mev:.1}\n"
    )
}

fn beam(energy_mev: f64) -> Result<()> {
    let case = Case::parse(&tank(energy_mev), Path::new("bench.toml"), &[])?;
    let phantom = Phantom::build(&case, Path::new("."))?;
    let machine = Cpu::new(Precision::Single);
    let timed = || -> Result<(f64, Outcome)> {
        let start = Instant::now();
        let outcome = transport::run(&case, &phantom, &machine, &mut |_| ())?;
        Ok((start.elapsed().as_secs_f64(), outcome))
    };
    let mut runs = (0..BEAM_RUNS)
        .map(|_| timed())
        .collect::<Result<Vec<_>>>()?;
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (seconds, outcome) = &runs[BEAM_RUNS / 2];
    println!(
        "  {energy_mev:>5} MeV {:>7.1} ms  {:>4} steps  {:>6.1} M cell updates  {:.2} ns each",
        1e3 * seconds,
        outcome.steps,
        1e-6 * outcome.cell_updates as f64,
        1e9 * seconds / outcome.cell_updates as f64,
    );
    Ok(())
}
