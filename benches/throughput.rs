//! `cargo bench`: dense throughput against this machine's copy bandwidth, and milliseconds per pencil beam. Prints; never fails on time.
//!
//! `cargo bench -- seed` takes another dense grid (seed, S, M, L or NZxNXxNTHETAxNE); `SMATRIX2D_SIMD=avx2|baseline` asks for
//! less than the processor has. What the figures mean: docs/performance.md.

use smatrix2d::backend::Machine;
use smatrix2d::backend::cpu::Cpu;
use smatrix2d::bench::beams::{Beams, measure as measure_beams};
use smatrix2d::bench::dense::{Cells, Figures, measure};
use smatrix2d::case::Precision;
use smatrix2d::error::Result;

/// Odd, so that the median is one of them.
const BEAM_ROUNDS: usize = 9;
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
    beams()
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

fn beams() -> Result<()> {
    let machine = Cpu::new(Precision::Single);
    for figures in measure_beams(&Beams::table(1), &machine, Precision::Single, BEAM_ROUNDS)? {
        let Beams {
            energy_mev,
            scattering,
            nuclear,
            ..
        } = figures.beams;
        println!(
            "  {energy_mev:>5} MeV {scattering:>9} {nuclear:>9} {:>7.1} ms  {:>4} steps  {:>6.1} M bin updates  {:.2} ns each",
            1e3 * figures.run_s,
            figures.steps,
            1e-6 * figures.bin_updates as f64,
            1e9 * figures.run_s / figures.bin_updates as f64,
        );
    }
    Ok(())
}
