//! What stands where in a dose file: the table of docs/dose-file.md as code.

use super::provenance;
use super::section::{Label, Section, Storage};
use super::{FORMAT_VERSION, hdf5_calls::write_text_attribute};
use crate::results::{Provenance, Results, Spectra};
use hdf5::File;
use ndarray::ArrayView1;

const fn label<'a>(name: &'a str, units: &'a str, long_name: &'a str) -> Label<'a> {
    Label {
        name,
        units,
        long_name,
    }
}

pub const DEPTH: Label = label("z", "mm", "depth along the nominal beam axis");
pub const LATERAL: Label = label("x", "mm", "lateral position");

/// Everything but the root attribute `complete`.
pub fn write(file: &File, results: &Results, provenance: &Provenance) -> hdf5::Result<()> {
    let storage = match results.storage_is_double {
        true => Storage::Double,
        false => Storage::Single,
    };
    let mut root = Section::root(file, storage, results.compression)?;
    write_root_attributes(&root, results, provenance)?;
    write_axes(&mut root, results)?;
    write_phantom(&mut root, results)?;
    write_maps(&mut root, results)?;
    write_curves(&mut root, results)?;
    if let Some(spectra) = &results.spectra {
        write_spectra(&mut root, spectra)?;
    }
    write_summary(&root, results)?;
    write_bins(&root, results)?;
    write_audit(&root, results)?;
    provenance::write(&root.child("provenance")?, provenance)?;
    root.finish()
}

fn write_root_attributes(
    root: &Section,
    results: &Results,
    provenance: &Provenance,
) -> hdf5::Result<()> {
    root.text("Conventions", "CF-1.11")?;
    root.text("title", &results.title)?;
    root.text("source", &provenance::program())?;
    let history = format!("{} {}", provenance.end_time, provenance.command_line);
    root.text("history", history.trim())?;
    root.value("format_version", FORMAT_VERSION)?;
    root.text("exit_reason", &provenance.exit_reason)
}

/// The axes that every map has.
fn write_axes(root: &mut Section, results: &Results) -> hdf5::Result<()> {
    let z = root.cells(DEPTH, &results.z_mm)?;
    write_text_attribute(&z, "axis", "Z")?;
    write_text_attribute(&z, "positive", "down")?;
    let x = root.cells(LATERAL, &results.x_mm)?;
    write_text_attribute(&x, "axis", "X")
}

fn write_phantom(root: &mut Section, results: &Results) -> hdf5::Result<()> {
    let index = label("material_index", "1", "material of the cell");
    let index = root.stored(index, &["z", "x"], results.material_index.view().into_dyn())?;
    let names: Vec<String> = results
        .material_names
        .iter()
        .map(|name| name.replace(' ', "_"))
        .collect();
    let values: Vec<u16> = (0..names.len() as u16).collect();
    index
        .new_attr::<u16>()
        .shape(values.len())
        .create("flag_values")?
        .write(&values)?;
    write_text_attribute(&index, "flag_meanings", &names.join(" "))?;
    let density = label("density", "g/cm3", "mass density of the cell");
    root.variable(density, &["z", "x"], results.density_g_per_cm3.view())
}

fn write_maps(root: &mut Section, results: &Results) -> hdf5::Result<()> {
    let energy = label(
        "energy_deposit",
        "MeV",
        "energy deposited in the cell per proton, summed over y",
    );
    let dose = label("dose", "Gy mm", "dose per proton, integrated over y");
    let let_d = label(
        "let_d",
        "keV/um",
        "dose-averaged linear energy transfer in the medium of the cell",
    );
    let let_t = label(
        "let_t",
        "keV/um",
        "track-averaged linear energy transfer in the medium of the cell",
    );
    let energy_primary = label(
        "energy_deposit_primary",
        "MeV",
        "energy deposited by primary protons: no nonelastic reaction, no large turn by a nucleus; of the two behind a hydrogen nucleus half",
    );
    let let_d_primary = label(
        "let_d_primary",
        "keV/um",
        "dose-averaged linear energy transfer of primary protons, as of energy_deposit_primary",
    );
    let fluence = label(
        "fluence",
        "1/mm",
        "path length per area and proton, integrated over y",
    );
    for (label, map) in [
        (energy, Some(&results.energy_deposit_mev)),
        (dose, results.dose_gy_mm.as_ref()),
        (let_d, results.let_d_kev_per_um.as_ref()),
        (let_t, results.let_t_kev_per_um.as_ref()),
        (energy_primary, results.energy_deposit_primary_mev.as_ref()),
        (let_d_primary, results.let_d_primary_kev_per_um.as_ref()),
        (fluence, results.fluence_per_mm.as_ref()),
    ] {
        if let Some(map) = map {
            root.variable(label, &["z", "x"], map.view())?;
        }
    }
    Ok(())
}

fn write_curves(root: &mut Section, results: &Results) -> hdf5::Result<()> {
    let depth_dose = label(
        "depth_dose",
        "MeV/mm",
        "energy deposited per depth and proton, integrated over x and y",
    );
    root.variable(depth_dose, &["z"], results.depth_dose_mev_per_mm.view())?;
    let sigma = label("sigma_x", "mm", "lateral standard deviation of the fluence");
    root.variable(sigma, &["z"], results.sigma_x_mm.view())
}

fn write_spectrum_axes(root: &mut Section, spectra: &Spectra) -> hdf5::Result<()> {
    root.scale(
        label("plane", "mm", "depth of the scoring plane"),
        &spectra.plane_mm,
    )?;
    root.cells(
        label("energy", "MeV", "kinetic energy"),
        &spectra.energy_mev,
    )?;
    root.cells(
        label(
            "angle",
            "degree",
            "direction in the plane, from +z towards +x",
        ),
        &spectra.angle_deg,
    )?;
    Ok(())
}

fn write_spectra(root: &mut Section, spectra: &Spectra) -> hdf5::Result<()> {
    write_spectrum_axes(root, spectra)?;
    if let Some(spectrum) = &spectra.energy_spectrum_per_mev {
        let label = label(
            "energy_spectrum",
            "1/MeV",
            "protons per energy through the plane, per proton",
        );
        root.variable(label, &["plane", "energy"], spectrum.view())?;
    }
    if let Some(spectrum) = &spectra.angle_spectrum_per_degree {
        let label = label(
            "angle_spectrum",
            "1/degree",
            "protons per angle through the plane, per proton",
        );
        root.variable(label, &["plane", "angle"], spectrum.view())?;
    }
    if let Some(weights) = &spectra.phase_space {
        let label = label(
            "phase_space",
            "1",
            "weight per bin of phase space in the plane, per proton",
        );
        root.stored(
            label,
            &["plane", "energy", "angle", "x"],
            weights.view().into_dyn(),
        )?;
    }
    Ok(())
}

fn write_summary(root: &Section, results: &Results) -> hdf5::Result<()> {
    let group = root.child("summary")?;
    for (name, value) in results.summary.figures() {
        group.value(name, value)?;
    }
    Ok(())
}

/// What a case leaves to defaults that depend on its beams.
fn write_bins(root: &Section, results: &Results) -> hdf5::Result<()> {
    let group = root.child("grid")?;
    for (name, value) in results.bins.figures() {
        group.value(name, value)?;
    }
    Ok(())
}

/// The ledger's totals as attributes of `/audit`, its course as variables over `step` in `/audit/by_step`.
fn write_audit(root: &Section, results: &Results) -> hdf5::Result<()> {
    let group = root.child("audit")?;
    for (name, value) in &results.audit {
        group.value(name, *value)?;
    }
    let Some((_, first)) = results.audit_by_step.first() else {
        return Ok(());
    };
    let mut by_step = group.child("by_step")?;
    let steps: Vec<i64> = (1..=first.len() as i64).collect();
    by_step.scale(label("step", "1", "number of the step"), &steps)?;
    for (name, values) in &results.audit_by_step {
        let units = if name.ends_with("_mev") { "MeV" } else { "1" };
        let long_name = name.replace('_', " ");
        let values = ArrayView1::from(values).into_dyn();
        by_step.stored(label(name, units, &long_name), &["step"], values)?;
    }
    by_step.finish()
}
