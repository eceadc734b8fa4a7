//! Results with a value of its own in every cell, so that a transposed or shifted map shows.

use ndarray::{Array1, Array2};
use smatrix2d::curves::summarise;
use smatrix2d::results::{Axis, BinWidths, Provenance, Results};

/// A pencil beam that stops at two thirds of the phantom, `nz` by `nx` cells of 1.5 by 0.5 mm.
pub fn sample_results(nz: usize, nx: usize) -> Results {
    let z_mm = Axis::uniform(0.0, 1.5, nz);
    let x_mm = Axis::uniform(-0.25 * nx as f64, 0.5, nx);
    let range = z_mm.edges[nz] * 2.0 / 3.0;
    let energy = Array2::from_shape_fn((nz, nx), |(i, j)| {
        let (z, x) = (z_mm.centers[i], x_mm.centers[j] - 0.7);
        let sigma = 2.0 + z / range;
        let depth = 1.0 / (1.0 - 0.95 * z / range).max(0.05) / (1.0 + ((z - range) / 0.8).exp());
        depth * (-0.5 * (x / sigma).powi(2)).exp() / sigma
    });
    let depth_dose: Array1<f64> = energy
        .rows()
        .into_iter()
        .map(|row| row.sum() / 1.5)
        .collect();
    let sigma_x: Array1<f64> = z_mm.centers.iter().map(|z| 2.0 + z / range).collect();
    let summary = summarise(&z_mm, &depth_dose.to_vec(), &sigma_x.to_vec());
    Results {
        title: "sample beam".into(),
        material_names: vec!["water".into(), "bone cortical".into()],
        material_index: Array2::from_shape_fn((nz, nx), |(i, _)| u16::from(i % 3 == 0)),
        density_g_per_cm3: Array2::from_shape_fn((nz, nx), |(i, j)| {
            1.0 + 0.01 * i as f64 + 1e-4 * j as f64
        }),
        dose_gy_mm: Some(&energy * 2.136e-10),
        let_d_kev_per_um: Some(&energy * 3.0),
        let_t_kev_per_um: None,
        let_d_primary_kev_per_um: None,
        energy_deposit_primary_mev: None,
        fluence_per_mm: Some(&energy * 0.25),
        energy_deposit_mev: energy,
        depth_dose_mev_per_mm: depth_dose,
        sigma_x_mm: sigma_x,
        spectra: None,
        summary,
        bins: BinWidths {
            range_bin_mm: 0.25,
            range_bin_widest_mm: 0.5,
            angle_bin_deg: 0.5,
        },
        audit: vec![
            ("weight_in".into(), 1.0),
            ("energy_in_mev".into(), 150.0),
            ("weight_residual".into(), -3e-9),
        ],
        audit_by_step: vec![
            (
                "weight_stopped".into(),
                (0..nz).map(|i| i as f64 * 0.125).collect(),
            ),
            (
                "energy_deposited_mev".into(),
                (0..nz).map(|i| 0.5 * i as f64).collect(),
            ),
        ],
        storage_is_double: false,
        compression: 4,
        z_mm,
        x_mm,
    }
}

pub fn sample_provenance() -> Provenance {
    Provenance {
        case_text: "title = \"150 MeV à 0°\"\n".into(),
        case_resolved_text: "title = \"sample\"\n".into(),
        backend: "cpu".into(),
        backend_reason: "no CUDA driver".into(),
        precision: "single".into(),
        steps: 90,
        wall_time_s: 0.25,
        start_time: "2030-01-01T00:00:00Z".into(),
        end_time: "2030-01-01T00:00:01Z".into(),
        command_line: "smatrix2d run case.toml".into(),
        exit_reason: "completed".into(),
        ..Provenance::default()
    }
}
