//! `materials`: the built-in materials, or one's table of stopping power and range.

use super::terminal::{self, Format};
use serde_json::{Value, json};
use smatrix2d::case::nearest;
use smatrix2d::error::{Error, Kind, Result};
use smatrix2d::physics::{self, Material};
use std::fmt::Write;

/// Energies of the printed table, MeV: those of PSTAR that a therapy beam passes through.
const TABLE_ENERGIES_MEV: &[f64] = &[
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 100.0, 120.0,
    150.0, 175.0, 200.0, 225.0, 250.0, 300.0,
];

#[derive(clap::Args)]
pub struct MaterialsArgs {
    /// Material whose table to print
    name: Option<String>,
    #[command(flatten)]
    format: Format,
}

pub fn run(arguments: MaterialsArgs) -> Result<()> {
    let format = arguments.format;
    match &arguments.name {
        None => format.print(list_text, || all().iter().map(figures).collect()),
        Some(name) => {
            let material = find(name)?;
            format.print(|| table_text(&material), || table_json(&material))
        }
    }
}

fn all() -> Vec<Material> {
    physics::builtin_names()
        .into_iter()
        .filter_map(physics::builtin)
        .collect()
}

fn find(name: &str) -> Result<Material> {
    physics::builtin(name).ok_or_else(|| {
        let error = Error::new(
            Kind::Usage,
            format!("there is no built-in material \"{name}\""),
        );
        match nearest(name, physics::builtin_names()) {
            Some(near) => error.hint(format!("did you mean \"{near}\"?")),
            None => error.hint("`smatrix2d materials` lists them"),
        }
    })
}

fn list_text() -> String {
    let mut text = format!("{:24}{:>12}{:>8}  source\n", "name", "g/cm3", "I (eV)");
    for material in all() {
        let _ = writeln!(
            text,
            "{:24}{:>12}{:>8}  {}",
            material.name,
            material.density_g_per_cm3,
            material.mean_excitation_energy_ev,
            material.source
        );
    }
    text
}

fn table_text(material: &Material) -> String {
    let composition: Vec<String> = material
        .composition
        .iter()
        .map(|(symbol, fraction)| format!("{symbol} {fraction}"))
        .collect();
    let mut text = terminal::table(&[
        ("name", material.name.clone()),
        ("density", format!("{} g/cm3", material.density_g_per_cm3)),
        (
            "mean excitation energy",
            format!("{} eV", material.mean_excitation_energy_ev),
        ),
        ("composition", composition.join(", ")),
        (
            "radiation length",
            format!("{:.3} g/cm2", material.radiation_length_g_per_cm2),
        ),
        (
            "scattering length",
            format!("{:.3} g/cm2", material.scattering_length_g_per_cm2),
        ),
        ("source", material.source.clone()),
    ]);
    let _ = writeln!(
        text,
        "\n{:>10}{:>20}{:>16}",
        "MeV", "S/rho (MeV cm2/g)", "CSDA (g/cm2)"
    );
    for energy_mev in TABLE_ENERGIES_MEV {
        let power = material.mass_stopping_power_mev_cm2_per_g(*energy_mev);
        let range = material.csda_range_g_per_cm2(*energy_mev);
        let _ = writeln!(text, "{energy_mev:>10}{power:>20.4}{range:>16.6}");
    }
    text
}

fn figures(material: &Material) -> Value {
    let composition: serde_json::Map<String, Value> = material
        .composition
        .iter()
        .map(|(symbol, fraction)| (symbol.clone(), json!(fraction)))
        .collect();
    json!({
        "name": material.name,
        "density_g_per_cm3": material.density_g_per_cm3,
        "mean_excitation_energy_ev": material.mean_excitation_energy_ev,
        "composition": composition,
        "radiation_length_g_per_cm2": material.radiation_length_g_per_cm2,
        "scattering_length_g_per_cm2": material.scattering_length_g_per_cm2,
        "source": material.source,
    })
}

fn table_json(material: &Material) -> Value {
    let column = |of: &dyn Fn(f64) -> f64| {
        TABLE_ENERGIES_MEV
            .iter()
            .map(|energy| of(*energy))
            .collect::<Vec<_>>()
    };
    let mut value = figures(material);
    value["energy_mev"] = json!(TABLE_ENERGIES_MEV);
    value["mass_stopping_power_mev_cm2_per_g"] =
        json!(column(&|e| material.mass_stopping_power_mev_cm2_per_g(e)));
    value["csda_range_g_per_cm2"] = json!(column(&|e| material.csda_range_g_per_cm2(e)));
    value
}
