//! Progress on stderr: a bar on a terminal, a line each 10 % elsewhere.

use indicatif::{ProgressBar, ProgressStyle};
use smatrix2d::error::Result;
use std::io::IsTerminal;

pub enum Reporter {
    Bar(ProgressBar),
    /// Tenths of the work that have been told.
    Lines(u64),
    Silent,
}

impl Reporter {
    pub fn on_stderr() -> Result<Self> {
        if !std::io::stderr().is_terminal() {
            return Ok(Self::Lines(0));
        }
        let style = ProgressStyle::with_template("{bar:40} step {pos}/{len}  {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Ok(Self::Bar(ProgressBar::no_length().with_style(style)))
    }

    pub fn tell(&mut self, step: u64, steps: u64) {
        match self {
            Self::Bar(bar) => {
                bar.set_length(steps);
                bar.set_position(step);
            }
            Self::Lines(told) => {
                let tenths = 10 * step / steps.max(1);
                if tenths > *told {
                    *told = tenths;
                    eprintln!("step {step} of {steps} ({}0 %)", tenths);
                }
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
