//! The kernels and where they are: `kernels/MODULE.cu` has each of them for every storage of psi.

use super::twins::{FEW_ROWS, LANES, ROWS};
use Kernel as K;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    Scattering,
    EnergyLoss,
    Transport,
    TransportReacting,
    StreamingX,
    StreamingXLinear,
    StreamingXz,
    StreamingXzLinear,
    Score,
    ScoreReacting,
    Collect,
    TrimZ,
    SumLayers,
    CloseStep,
    CloseMarch,
    Place,
    SumMaps,
    CopyPlane,
    Inject,
}

/// (kernel, module, name without the storage), in the order of `Kernel`.
const TABLE: [(Kernel, &str, &str); 19] = [
    (K::Scattering, "scattering", "scattering"),
    (K::EnergyLoss, "energy_loss", "energy_loss"),
    (K::Transport, "energy_loss", "transport"),
    (K::TransportReacting, "energy_loss", "transport_reacting"),
    (K::StreamingX, "streaming", "streaming_x"),
    (K::StreamingXLinear, "streaming", "streaming_x_linear"),
    (K::StreamingXz, "streaming", "streaming_xz"),
    (K::StreamingXzLinear, "streaming", "streaming_xz_linear"),
    (K::Score, "scoring", "score"),
    (K::ScoreReacting, "scoring", "score_reacting"),
    (K::Collect, "scoring", "collect"),
    (K::TrimZ, "scoring", "trim_z"),
    (K::SumLayers, "scoring", "sum_layers"),
    (K::CloseStep, "scoring", "close_step"),
    (K::CloseMarch, "scoring", "close_march"),
    (K::Place, "transfer", "place"),
    (K::SumMaps, "transfer", "sum_maps"),
    (K::CopyPlane, "transfer", "copy_plane"),
    (K::Inject, "inject", "inject"),
];

impl Kernel {
    pub const COUNT: usize = TABLE.len();

    pub fn all() -> impl Iterator<Item = Kernel> {
        TABLE.iter().map(|(kernel, ..)| *kernel)
    }

    pub fn module(self) -> &'static str {
        TABLE[self as usize].1
    }

    /// Threads of a block: lanes along x, rows.
    pub fn block(self) -> [u32; 3] {
        let few = [
            K::Transport,
            K::TransportReacting,
            K::StreamingXz,
            K::StreamingXzLinear,
        ];
        match few.contains(&self) {
            true => [LANES, FEW_ROWS, 1],
            false => [LANES, ROWS, 1],
        }
    }

    /// Its name in the module.
    pub fn entry(self, storage: Storage) -> String {
        format!("{}_{}", TABLE[self as usize].2, storage.name())
    }
}

/// How cells of psi are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage {
    Double,
    Single,
    Half,
}

impl Storage {
    /// In the order of their numbers.
    pub const ALL: [Storage; 3] = [Storage::Double, Storage::Single, Storage::Half];

    fn name(self) -> &'static str {
        ["double", "single", "half"][self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::{Kernel, Storage, TABLE};
    use crate::backend::cuda::ptx::MODULES;

    #[test]
    fn every_kernel_is_in_its_module_and_every_kernel_of_a_module_is_known() {
        for (module, text) in MODULES {
            let kernels: Vec<Kernel> = Kernel::all().filter(|k| k.module() == *module).collect();
            for kernel in &kernels {
                for storage in Storage::ALL {
                    let entry = format!(".entry {}(", kernel.entry(storage));
                    assert!(text.contains(&entry), "{module}: {entry}");
                }
            }
            let entries = text.matches(".entry ").count();
            assert_eq!(entries, kernels.len() * Storage::ALL.len(), "{module}");
        }
    }

    #[test]
    fn the_table_is_in_the_order_of_the_kernels() {
        for (i, (kernel, ..)) in TABLE.iter().enumerate() {
            assert_eq!(*kernel as usize, i);
        }
    }
}
