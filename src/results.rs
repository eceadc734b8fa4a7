//! What a run hands to the dose file: maps, curves, spectra, summary, ledger. Plain data; no physics.

use ndarray::{Array1, Array2, Array4};

/// One axis with its cell edges; `centers.len() + 1 == edges.len()`.
#[derive(Clone, Debug)]
pub struct Axis {
    pub centers: Vec<f64>,
    pub edges: Vec<f64>,
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
    /// 1/mm per proton.
    pub fluence_per_mm: Option<Array2<f64>>,
    /// MeV/mm per proton.
    pub depth_dose_mev_per_mm: Array1<f64>,
    pub sigma_x_mm: Array1<f64>,
    pub spectra: Option<Spectra>,
    pub summary: Summary,
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
