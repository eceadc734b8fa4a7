//! Progress on stderr: a bar on a terminal, a line each 10 % elsewhere, of runs that take more than a few seconds.

use super::terminal;
use indicatif::{ProgressBar, ProgressStyle};
use smatrix2d::error::Result;
use smatrix2d::march::TableSize;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

/// Shorter runs are over before anyone asks.
const QUIET: Duration = Duration::from_secs(3);

pub enum Reporter {
    Bar(ProgressBar),
    Lines {
        /// Tenths of the work that have been told or passed over.
        told: u64,
        started: Instant,
    },
    Silent,
}

/// A line before tables are built that take long; without it nothing would be heard until the first step.
pub fn tell_tables(tables: TableSize) {
    let TableSize {
        energies,
        angles,
        media,
        large,
    } = tables;
    if large {
        terminal::tell(&format!(
            "large tables come first, for {energies} energy bins, {angles} angle bins and {media} media; wider bins take less"
        ));
    }
}

impl Reporter {
    pub fn on_stderr() -> Result<Self> {
        if !std::io::stderr().is_terminal() {
            return Ok(Self::Lines {
                told: 0,
                started: Instant::now(),
            });
        }
        let style = ProgressStyle::with_template("{bar:40} step {pos}/{len}  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Ok(Self::Bar(ProgressBar::no_length().with_style(style)))
    }

    /// Of a march, before its first step.
    pub fn tell_tables(&self, tables: TableSize) {
        match self {
            Self::Bar(bar) => bar.suspend(|| tell_tables(tables)),
            Self::Lines { .. } => tell_tables(tables),
            Self::Silent => {}
        }
    }

    pub fn tell(&mut self, step: u64, steps: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(steps);
                bar.set_position(step);
            }
            Self::Lines { told, started } => {
                // Fewer than before where the work has another round.
                let tenths = 10 * step / steps.max(1);
                if tenths > *told && started.elapsed() > QUIET {
                    terminal::tell(&format!("step {step} of {steps} ({tenths}0 %)"));
                }
                *told = tenths;
            }
            Self::Silent => {}
        }
    }

    pub fn finish(self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
