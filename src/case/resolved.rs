//! Writes a case as TOML with every key given: reading it again gives the same case.

use super::names::{EnergyAxisName, Named};
use super::{
    AngleBins, BeamSpec, Case, EnergyAxisSpec, HounsfieldSpec, MaterialSpec, PhantomSpec,
    RegionSpec,
};
use std::fmt::{Debug, Write};
use std::path::Path;

pub fn text(case: &Case) -> String {
    let mut lines = Lines::default();
    lines.key("title", quoted(&case.title));
    phantom(&mut lines, &case.phantom);
    for (name, material) in &case.materials {
        self::material(&mut lines, name, material);
    }
    case.beams.iter().for_each(|spot| beam(&mut lines, spot));
    grid(&mut lines, case);
    transport(&mut lines, case);
    physics(&mut lines, case);
    output_and_run(&mut lines, case);
    lines.text
}

/// The text so far. Floats are written with the fewest digits that read back to the same bits.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn header(&mut self, header: &str) {
        let _ = writeln!(self.text, "\n{header}");
    }

    fn key(&mut self, key: &str, value: impl AsRef<str>) {
        let _ = writeln!(self.text, "{key} = {}", value.as_ref());
    }

    fn value(&mut self, key: &str, value: impl Debug) {
        self.key(key, format!("{value:?}"));
    }

    fn name(&mut self, key: &str, value: impl Named) {
        self.key(key, quoted(value.name()));
    }

    fn optional_number(&mut self, key: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.value(key, value);
        }
    }

    fn optional_path(&mut self, key: &str, value: Option<&Path>) {
        if let Some(path) = value {
            self.key(key, quoted(&path.to_string_lossy()));
        }
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_string()).to_string()
}

fn phantom(lines: &mut Lines, phantom: &PhantomSpec) {
    lines.header("[phantom]");
    if phantom.file.is_none() {
        lines.key("material", quoted(&phantom.material));
    }
    lines.value("x_mm", phantom.x_mm);
    lines.value("z_mm", phantom.z_mm);
    lines.value("spacing_mm", phantom.spacing_mm);
    lines.optional_number("density_g_per_cm3", phantom.density_g_per_cm3);
    lines.optional_path("file", phantom.file.as_deref());
    if let Some(spec) = &phantom.hounsfield {
        hounsfield(lines, spec);
    }
    phantom.regions.iter().for_each(|box_| region(lines, box_));
}

fn hounsfield(lines: &mut Lines, spec: &HounsfieldSpec) {
    lines.header("[phantom.hounsfield]");
    match &spec.file {
        Some(file) => lines.optional_path("file", Some(file)),
        None => lines.name("conversion", spec.conversion),
    }
    lines.name("outside", spec.outside);
}

fn region(lines: &mut Lines, region: &RegionSpec) {
    lines.header("[[phantom.region]]");
    lines.key("material", quoted(&region.material));
    lines.value("z_mm", region.z_mm);
    lines.value("x_mm", region.x_mm);
    lines.optional_number("density_g_per_cm3", region.density_g_per_cm3);
}

fn material(lines: &mut Lines, name: &str, material: &MaterialSpec) {
    lines.header(&format!("[materials.{name}]"));
    if let Some(base) = &material.base {
        lines.key("base", quoted(base));
    }
    lines.value("density_g_per_cm3", material.density_g_per_cm3);
    lines.optional_number(
        "mean_excitation_energy_ev",
        material.mean_excitation_energy_ev,
    );
    if !material.composition.is_empty() {
        let parts = material
            .composition
            .iter()
            .map(|(symbol, fraction)| format!("{symbol} = {fraction:?}"));
        lines.key(
            "composition",
            format!("{{ {} }}", parts.collect::<Vec<_>>().join(", ")),
        );
    }
    lines.optional_path(
        "stopping_power_file",
        material.stopping_power_file.as_deref(),
    );
}

fn beam(lines: &mut Lines, beam: &BeamSpec) {
    lines.header("[[beam]]");
    lines.value("energy_mev", beam.energy_mev);
    lines.value("energy_spread_mev", beam.energy_spread_mev);
    lines.value("x_mm", beam.x_mm);
    lines.value("angle_deg", beam.angle_deg);
    lines.value("sigma_x_mm", beam.sigma_x_mm);
    lines.value("divergence_mrad", beam.divergence_mrad);
    lines.value("correlation", beam.correlation);
    lines.value("weight", beam.weight);
}

fn grid(lines: &mut Lines, case: &Case) {
    let grid = &case.grid;
    lines.header("[grid]");
    match grid.energy_axis {
        EnergyAxisSpec::Range { range_bin_mm } => {
            lines.name("energy_axis", EnergyAxisName::Range);
            // Without the key each beam has bins of its own.
            if let Some(width_mm) = range_bin_mm {
                lines.value("range_bin_mm", width_mm);
            }
        }
        EnergyAxisSpec::Log { energy_bins } => {
            lines.name("energy_axis", EnergyAxisName::Log);
            lines.key("energy_bins", energy_bins.to_string());
        }
        EnergyAxisSpec::Uniform { energy_bins } => {
            lines.name("energy_axis", EnergyAxisName::Uniform);
            lines.key("energy_bins", energy_bins.to_string());
        }
    }
    lines.value("cutoff_mev", grid.cutoff_mev);
    lines.value("angle_max_deg", grid.angle_max_deg);
    match grid.angle_bins {
        AngleBins::WidthDeg(width_deg) => lines.value("angle_bin_deg", width_deg),
        AngleBins::Count(count) => lines.value("angle_bins", count),
    }
}

fn transport(lines: &mut Lines, case: &Case) {
    let transport = &case.transport;
    lines.header("[transport]");
    lines.name("stepping", transport.stepping);
    lines.value("step_mm", transport.step_mm);
    lines.name("splitting", transport.splitting);
    lines.name("streaming", transport.streaming);
    lines.name("backward", transport.backward);
    lines.value("angle_cap_deg", transport.angle_cap_deg);
    lines.value("prune", transport.prune);
    lines.value("max_steps", transport.max_steps);
}

fn physics(lines: &mut Lines, case: &Case) {
    lines.header("[physics]");
    lines.name("scattering", case.physics.scattering);
    lines.name("single_scattering", case.physics.single_scattering);
    lines.value("straggling", case.physics.straggling);
    lines.name("nuclear", case.physics.nuclear);
    let sources = case.physics.nuclear_sources;
    lines.name("cross_sections", sources.cross_sections);
    lines.name("secondaries", sources.secondaries);
    lines.value("energy_loss", case.physics.energy_loss);
}

fn output_and_run(lines: &mut Lines, case: &Case) {
    lines.header("[output]");
    let names: Vec<&str> = case
        .output
        .quantities
        .iter()
        .map(|quantity| quantity.name())
        .collect();
    lines.value("quantities", names);
    lines.value("planes_mm", &case.output.planes_mm);
    lines.value("compression", case.output.compression);
    lines.header("[run]");
    lines.name("backend", case.run.backend);
    lines.name("precision", case.run.precision);
}
