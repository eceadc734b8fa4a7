//! What a run hands to the dose file: maps, curves, spectra, summary, ledger. Plain data; no physics.

use crate::error::{Error, Result};
use ndarray::{Array1, Array2, Array4};

/// One axis with its cell edges; `centers.len() + 1 == edges.len()`.
#[derive(Clone, Debug)]
pub struct Axis {
    pub centers: Vec<f64>,
    pub edges: Vec<f64>,
}

impl Axis {
    /// Cells between rising `edges`; centres half way.
    pub fn from_edges(edges: Vec<f64>) -> Self {
        let centers = edges
            .windows(2)
            .map(|edge| 0.5 * (edge[0] + edge[1]))
            .collect();
        Self { centers, edges }
    }

    /// Cells around rising `centers`; edges half way between them, the outer cells as wide as their neighbours' halves.
    ///
    /// # Errors
    /// `BadData` for fewer than two centres, or centres that do not rise.
    pub fn from_centers(centers: Vec<f64>) -> Result<Self> {
        let rising = centers.windows(2).all(|pair| pair[0] < pair[1]);
        if centers.len() < 2 || !rising {
            return Err(Error::bad_data(
                "an axis needs at least two cell centres in rising order",
            ));
        }
        let middles = centers.windows(2).map(|pair| 0.5 * (pair[0] + pair[1]));
        let last = centers.len() - 1;
        let mut edges = vec![1.5 * centers[0] - 0.5 * centers[1]];
        edges.extend(middles);
        edges.push(1.5 * centers[last] - 0.5 * centers[last - 1]);
        Ok(Self { centers, edges })
    }

    /// `count` equal cells from `min` on.
    pub fn uniform(min: f64, spacing: f64, count: usize) -> Self {
        Self::from_edges((0..=count).map(|i| min + i as f64 * spacing).collect())
    }

    pub fn len(&self) -> usize {
        self.centers.len()
    }

    pub fn is_empty(&self) -> bool {
        self.centers.is_empty()
    }

    /// Width of cell `i`.
    pub fn width(&self, i: usize) -> f64 {
        self.edges[i + 1] - self.edges[i]
    }
}

/// Results per beam proton (weighted mean over the spots). Maps are `[z, x]`, summed over y.
#[derive(Clone, Debug)]
pub struct Results {
    pub title: String,
    pub z_mm: Axis,
    pub x_mm: Axis,
    pub material_names: Vec<String>,
    pub material_index: Array2<u16>,
    pub density_g_per_cm3: Array2<f64>,
    /// MeV per proton and cell.
    pub energy_deposit_mev: Array2<f64>,
    /// Gy mm per proton.
    pub dose_gy_mm: Option<Array2<f64>>,
    pub let_d_kev_per_um: Option<Array2<f64>>,
    pub let_t_kev_per_um: Option<Array2<f64>>,
    /// Of primary protons (no nonelastic reaction, no large turn, half of the two behind a hydrogen nucleus); where secondary protons are
    /// transported.
    pub let_d_primary_kev_per_um: Option<Array2<f64>>,
    pub energy_deposit_primary_mev: Option<Array2<f64>>,
    /// 1/mm per proton.
    pub fluence_per_mm: Option<Array2<f64>>,
    /// MeV/mm per proton.
    pub depth_dose_mev_per_mm: Array1<f64>,
    pub sigma_x_mm: Array1<f64>,
    pub spectra: Option<Spectra>,
    pub summary: Summary,
    pub bins: BinWidths,
    /// Channel name -> value, in the order in which they are to be written: `weight_in`, `weight_stopped`, ...,
    /// `energy_in_mev`, ..., `weight_residual`, `energy_residual`.
    pub audit: Vec<(String, f64)>,
    /// Ledger per step: channel name -> one value a step.
    pub audit_by_step: Vec<(String, Vec<f64>)>,
    pub storage_is_double: bool,
    pub compression: u8,
}

/// Spectra at planes; `plane_mm` are the depths actually scored.
#[derive(Clone, Debug)]
pub struct Spectra {
    pub plane_mm: Vec<f64>,
    pub energy_mev: Axis,
    pub angle_deg: Axis,
    /// (plane, energy) 1/MeV per proton.
    pub energy_spectrum_per_mev: Option<Array2<f64>>,
    /// (plane, angle) 1/degree per proton.
    pub angle_spectrum_per_degree: Option<Array2<f64>>,
    /// (plane, energy, angle, x): weight per bin, per proton.
    pub phase_space: Option<Array4<f32>>,
}

/// Figures of the depth dose and the beam; NaN where the curve does not have them.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub r90_mm: f64,
    pub r80_mm: f64,
    pub r50_mm: f64,
    pub r20_mm: f64,
    pub falloff_80_20_mm: f64,
    pub peak_depth_mm: f64,
    pub peak_width_mm: f64,
    pub peak_mev_per_mm: f64,
    pub peak_to_entrance: f64,
    pub sigma_at_peak_mm: f64,
}

impl Summary {
    /// The summary of a run without a depth dose: every figure NaN.
    pub fn without_curve() -> Self {
        Self {
            r90_mm: f64::NAN,
            r80_mm: f64::NAN,
            r50_mm: f64::NAN,
            r20_mm: f64::NAN,
            falloff_80_20_mm: f64::NAN,
            peak_depth_mm: f64::NAN,
            peak_width_mm: f64::NAN,
            peak_mev_per_mm: f64::NAN,
            peak_to_entrance: f64::NAN,
            sigma_at_peak_mm: f64::NAN,
        }
    }

    /// Every figure by the name under which it is written.
    pub fn figures(&self) -> [(&'static str, f64); 10] {
        [
            ("r90_mm", self.r90_mm),
            ("r80_mm", self.r80_mm),
            ("r50_mm", self.r50_mm),
            ("r20_mm", self.r20_mm),
            ("falloff_80_20_mm", self.falloff_80_20_mm),
            ("peak_depth_mm", self.peak_depth_mm),
            ("peak_width_mm", self.peak_width_mm),
            ("peak_mev_per_mm", self.peak_mev_per_mm),
            ("peak_to_entrance", self.peak_to_entrance),
            ("sigma_at_peak_mm", self.sigma_at_peak_mm),
        ]
    }
}

/// Widths of the bins that the beams were marched on, defaults included.
#[derive(Clone, Copy, Debug)]
pub struct BinWidths {
    /// Range bins, narrowest and widest of all beams; NaN where the energy axis is not in range.
    pub range_bin_mm: f64,
    pub range_bin_widest_mm: f64,
    pub angle_bin_deg: f64,
}

impl BinWidths {
    /// Those of no beam.
    pub const NONE: Self = Self {
        range_bin_mm: f64::NAN,
        range_bin_widest_mm: f64::NAN,
        angle_bin_deg: f64::NAN,
    };

    /// With those of one more beam; all have the same angle axis.
    pub fn with(self, beam: Self) -> Self {
        Self {
            range_bin_mm: beam.range_bin_mm.min(self.range_bin_mm),
            range_bin_widest_mm: beam.range_bin_widest_mm.max(self.range_bin_widest_mm),
            angle_bin_deg: beam.angle_bin_deg,
        }
    }

    /// Every width by the name under which it is written.
    pub fn figures(&self) -> [(&'static str, f64); 3] {
        [
            ("range_bin_mm", self.range_bin_mm),
            ("range_bin_widest_mm", self.range_bin_widest_mm),
            ("angle_bin_deg", self.angle_bin_deg),
        ]
    }
}

/// How the run was made; written to `/provenance`.
#[derive(Clone, Debug, Default)]
pub struct Provenance {
    pub case_text: String,
    pub case_resolved_text: String,
    pub physics_tables_sha256: String,
    pub backend: String,
    pub backend_reason: String,
    pub gpu_name: String,
    pub gpu_uuid: String,
    pub driver: String,
    pub precision: String,
    pub steps: u64,
    pub wall_time_s: f64,
    pub start_time: String,
    pub end_time: String,
    pub command_line: String,
    pub exit_reason: String,
}
