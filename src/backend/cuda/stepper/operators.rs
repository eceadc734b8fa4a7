//! The operators as launches: which kernel, on how many blocks, with what.

use super::CudaStepper;
use crate::backend::Stride;
use crate::backend::born::{Born, enclosing_all};
use crate::backend::cuda::batch::WINDOW_SLOTS;
use crate::backend::cuda::kernel::Kernel;
use crate::backend::cuda::launcher::Argument;
use crate::backend::cuda::stored::Stored;
use crate::backend::cuda::twins::{self, FOUR, ROWS};
use crate::case::Streaming;
use crate::error::Result;

/// Spots from which on depth stepping walks up in energy: a spot of one plane has some hundred fours of cells by (x, angle), a
/// device ten thousand threads and more.
const SPOTS_TO_WALK: i32 = 16;

impl<S: Stored> CudaStepper<'_, S> {
    /// A kernel that scores: where reactions take something, the one that scores them too.
    fn scoring(&self, kernel: Kernel, reacting: Kernel) -> Kernel {
        match self.twin.reacts {
            0 => kernel,
            _ => reacting,
        }
    }

    /// Queues `kernel` with `blocks` blocks a spot; the march comes first among its arguments.
    pub(super) fn launch(&self, kernel: Kernel, blocks: i32, arguments: &[Argument]) -> Result<()> {
        self.launch_for(&self.twin, kernel, [blocks, self.twin.spots], 0, arguments)
    }

    pub(super) fn launch_for(
        &self,
        march: &twins::March,
        kernel: Kernel,
        grid: [i32; 2],
        shared_bytes: u32,
        arguments: &[Argument],
    ) -> Result<()> {
        let all: Vec<Argument> = std::iter::once(Argument::of(march))
            .chain(arguments.iter().copied())
            .collect();
        // SAFETY: every caller passes the parameters that this kernel declares; `march` holds live addresses.
        unsafe {
            self.launcher.launch(
                kernel,
                S::STORAGE,
                [grid[0] as u32, grid[1] as u32, 1],
                shared_bytes,
                &all,
            )
        }
    }

    /// Lets the kernels see the scattering of a step.
    fn take_scattering_of(&mut self, step: usize) {
        self.twin.scattering = self.packed.scattering(step);
    }

    /// An operator that reads media: psi to the next psi.
    fn operate(&mut self, kernel: Kernel, step: usize) -> Result<()> {
        let (psi, next, to, plane) = (
            self.psi()?,
            self.next()?,
            self.next_slot(),
            self.plane(step),
        );
        let arguments = [
            Argument::of(&psi),
            Argument::of(&next),
            Argument::of(&self.slot),
            Argument::of(&to),
            Argument::of(&plane),
        ];
        self.launch(kernel, self.twin.blocks, &arguments)?;
        self.advance();
        Ok(())
    }

    /// Bytes of shared memory that a walk up in energy needs in a block.
    fn walk_bytes(&self) -> u32 {
        let threads = Kernel::Transport.block().iter().product::<u32>() as usize;
        (self.packed.ring * FOUR * threads * size_of::<S::Arithmetic>()) as u32
    }

    /// True where scattering and energy loss go in one pass: enough cells to fill the device by (z, x, angle) alone.
    pub(super) fn walks(&self) -> bool {
        let many = !self.depth_stepping() || self.twin.spots >= SPOTS_TO_WALK;
        many && self.walk_bytes() <= self.launcher.shared_bytes_max()
    }

    /// Does a scattering that waited for an energy loss and got something else.
    pub(super) fn finish_scattering(&mut self) -> Result<()> {
        match self.pending.take() {
            Some(step) => self.scatter_now(step),
            None => Ok(()),
        }
    }

    pub(super) fn scatter_now(&mut self, step: usize) -> Result<()> {
        self.take_scattering_of(step);
        self.operate(Kernel::Scattering, step)
    }

    /// Adds what is born at the plane; the window grows to hold it.
    pub(super) fn inject_now(&mut self, born: &[Born<S::Arithmetic>]) -> Result<()> {
        let list = self.births.upload(born)?;
        let window: twins::Window = enclosing_all(born).into();
        let (psi, to, count) = (self.psi()?, self.next_slot(), born.len() as i32);
        let arguments = [
            Argument::of(&psi),
            Argument::of(&list),
            Argument::of(&count),
            Argument::of(&window),
            Argument::of(&self.slot),
            Argument::of(&to),
        ];
        self.launch(Kernel::Inject, self.twin.blocks, &arguments)?;
        self.slot = to;
        Ok(())
    }

    /// psi to the next psi along x, and along z in path stepping.
    pub(super) fn stream_now(&mut self, stride: Stride) -> Result<()> {
        let (psi, next, to) = (self.psi()?, self.next()?, self.next_slot());
        let (along_x, along_z) = (
            self.packed.displacements_x(stride),
            self.packed.displacements_z(stride),
        );
        let arguments = [
            Argument::of(&along_x),
            Argument::of(&along_z),
            Argument::of(&psi),
            Argument::of(&next),
            Argument::of(&self.slot),
            Argument::of(&to),
        ];
        let linear = self.march.case.transport.streaming == Streaming::Linear;
        // One plane: nothing streams along z.
        let without_z = [&arguments[..1], &arguments[2..]].concat();
        let (kernel, arguments) = match (self.depth_stepping(), linear) {
            (true, false) => (Kernel::StreamingX, &without_z[..]),
            (true, true) => (Kernel::StreamingXLinear, &without_z[..]),
            (false, false) => (Kernel::StreamingXz, &arguments[..]),
            (false, true) => (Kernel::StreamingXzLinear, &arguments[..]),
        };
        self.launch(kernel, self.twin.blocks, arguments)?;
        self.advance();
        Ok(())
    }

    /// Both operators and the scores in one pass; returns the slot of the window between them.
    pub(super) fn scatter_and_lose_energy(&mut self, step: usize) -> Result<u32> {
        self.take_scattering_of(step);
        let (psi, next, plane) = (self.psi()?, self.next()?, self.plane(step));
        let middle = self.next_slot();
        let to = (middle + 1) % WINDOW_SLOTS;
        let ring = self.packed.ring as i32;
        let arguments = [
            Argument::of(&psi),
            Argument::of(&next),
            Argument::of(&self.slot),
            Argument::of(&middle),
            Argument::of(&to),
            Argument::of(&plane),
            Argument::of(&ring),
        ];
        let grid = [self.twin.blocks, self.twin.spots];
        let kernel = self.scoring(Kernel::Transport, Kernel::TransportReacting);
        self.launch_for(&self.twin, kernel, grid, self.walk_bytes(), &arguments)?;
        self.turn += 1;
        self.slot = to;
        self.collect(middle, step)?;
        Ok(middle)
    }

    /// Scores, then the energy loss; returns the slot of the window before it.
    pub(super) fn score_and_lose_energy(&mut self, step: usize) -> Result<u32> {
        let (psi, plane, before) = (self.psi()?, self.plane(step), self.slot);
        let arguments = [
            Argument::of(&psi),
            Argument::of(&before),
            Argument::of(&plane),
        ];
        let kernel = self.scoring(Kernel::Score, Kernel::ScoreReacting);
        self.launch(kernel, self.twin.blocks, &arguments)?;
        self.collect(before, step)?;
        self.operate(Kernel::EnergyLoss, step)?;
        Ok(before)
    }

    fn collect(&self, slot: u32, step: usize) -> Result<()> {
        let plane = self.plane(step);
        let arguments = [Argument::of(&slot), Argument::of(&plane)];
        self.launch(Kernel::Collect, self.twin.collect_blocks, &arguments)
    }

    /// Trims the window and enters the step; `before` is the slot of the window that lost energy.
    pub(super) fn close_step(&mut self, before: u32, step: usize) -> Result<()> {
        if self.twin.prune > 0.0 {
            if self.twin.layout.planes > 1 {
                self.launch(
                    Kernel::TrimZ,
                    self.twin.collect_blocks,
                    &[Argument::of(&self.slot)],
                )?;
            }
            self.sum_layers(&self.twin)?;
        }
        let (psi, to, step) = (self.psi()?, self.next_slot(), step as i32);
        let births_end = self.births_end.unwrap_or(-1);
        let arguments = [
            Argument::of(&psi),
            Argument::of(&before),
            Argument::of(&self.slot),
            Argument::of(&to),
            Argument::of(&step),
            Argument::of(&births_end),
        ];
        self.launch(Kernel::CloseStep, 1, &arguments)?;
        self.slot = to;
        Ok(())
    }

    pub(super) fn sum_layers(&self, march: &twins::March) -> Result<()> {
        let psi = self.psi()?;
        let arguments = [Argument::of(&psi), Argument::of(&self.slot)];
        let layers_of_a_block = if march.layout.planes > 1 { 1 } else { ROWS };
        let blocks = (march.layout.energies as u32).div_ceil(layers_of_a_block);
        let grid = [blocks as i32, march.spots];
        self.launch_for(march, Kernel::SumLayers, grid, 0, &arguments)
    }
}
