//! A material: composition, density, and the curves that the operators' stencils are made from.
//!
//! Energies MeV (kinetic); ranges and path lengths g/cm2; powers per (g/cm2). Tables hold from 1 keV to 10 GeV (a user's
//! table: its own span, at least 0.1 to 300 MeV); [`Material::check_energy_mev`] refuses what lies beyond.

use super::bragg;
use super::catalogue::{CatalogueRow, builtin};
use super::characteristic_length::{radiation_length_g_per_cm2, scattering_length_g_per_cm2};
use super::element::Element;
use super::pstar::{self, StoppingPowerRows};
use super::range::Curves;
use super::stopping_power_file::{self, TotalPowers};
use super::straggling;
use crate::case::MaterialSpec;
use crate::error::{Error, Result};
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;

/// A material with its physics tables; cheap to clone.
#[derive(Clone, Debug)]
pub struct Material {
    pub name: String,
    pub density_g_per_cm3: f64,
    pub mean_excitation_energy_ev: f64,
    /// (element symbol, mass fraction), sum 1.
    pub composition: Vec<(String, f64)>,
    pub radiation_length_g_per_cm2: f64,
    /// Gottschalk's X_S.
    pub scattering_length_g_per_cm2: f64,
    /// Where the figures are from, for the `materials` command and the dose file.
    pub source: String,
    constituents: Arc<[(Element, f64)]>,
    curves: Arc<Curves>,
}

impl Material {
    /// A material by Bragg additivity of elemental tables, moved to I by Bethe's logarithm (`bragg.rs`).
    ///
    /// `composition`: (element symbol, mass fraction), normalised here. Without I: ICRU 37's rule for compounds.
    ///
    /// # Errors
    /// Bad data: unknown element, fraction or density that is not positive, implausible I.
    pub fn from_composition(
        name: &str,
        density_g_per_cm3: f64,
        composition: &[(String, f64)],
        mean_excitation_energy_ev: Option<f64>,
    ) -> Result<Self> {
        let constituents =
            constituents_of(composition).map_err(|error| error.key("composition"))?;
        let i_ev = mean_excitation_energy_ev.unwrap_or_else(|| {
            bragg::recommended_mean_excitation_energy_ev(&constituents, density_g_per_cm3)
        });
        let rows = bragg::rows_of_compound(&constituents, i_ev)?;
        let source = "Bragg additivity of NIST PSTAR elements (SRD 124)".to_string();
        Self::assemble(name, density_g_per_cm3, i_ev, constituents, rows, source)
    }

    /// A material with the user's own total mass stopping power; its electronic share is that of the composition.
    ///
    /// # Errors
    /// As `from_composition`; input missing or bad data where the file cannot be used.
    pub fn from_stopping_power_file(
        name: &str,
        density_g_per_cm3: f64,
        composition: &[(String, f64)],
        mean_excitation_energy_ev: Option<f64>,
        path: &Path,
    ) -> Result<Self> {
        let model = Self::from_composition(
            name,
            density_g_per_cm3,
            composition,
            mean_excitation_energy_ev,
        )?;
        Ok(Self {
            source: format!("stopping power: {}", path.display()),
            ..model.with_total(stopping_power_file::read(path)?)
        })
    }

    /// The material of a case's `[materials.NAME]` table; files relative to `base_dir`.
    ///
    /// # Errors
    /// As the two constructors above, with the key `materials.NAME`.
    pub fn from_spec(name: &str, spec: &MaterialSpec, base_dir: &Path) -> Result<Self> {
        let (density, i_ev) = (spec.density_g_per_cm3, spec.mean_excitation_energy_ev);
        let material = match (&spec.base, &spec.stopping_power_file) {
            (Some(base), _) => Self::from_base(name, base, density, i_ev),
            (None, Some(file)) => Self::from_stopping_power_file(
                name,
                density,
                &spec.composition,
                i_ev,
                &base_dir.join(file),
            ),
            (None, None) => Self::from_composition(name, density, &spec.composition, i_ev),
        };
        material.map_err(|error| {
            let key = error
                .key
                .as_ref()
                .map_or(String::new(), |key| format!(".{key}"));
            error.key(format!("materials.{name}{key}"))
        })
    }

    /// The built-in material `base` under another name, density and, where given, I.
    fn from_base(
        name: &str,
        base: &str,
        density_g_per_cm3: f64,
        mean_excitation_energy_ev: Option<f64>,
    ) -> Result<Self> {
        let material = builtin(base).ok_or_else(|| {
            Error::bad_data(format!("there is no built-in material `{base}`")).key("base")
        })?;
        let material = match mean_excitation_energy_ev {
            Some(i_ev) => material
                .with_mean_excitation_energy(i_ev)
                .map_err(|error| error.key("mean_excitation_energy_ev"))?,
            None => material,
        };
        Ok(Self {
            name: name.to_string(),
            density_g_per_cm3,
            ..material
        })
    }

    pub(super) fn from_catalogue(row: CatalogueRow) -> Result<Self> {
        let constituents = constituents_of(&row.composition)?;
        let i_ev = row.mean_excitation_energy_ev;
        let rows = match (
            row.table.split_once('/'),
            row.table_mean_excitation_energy_ev,
        ) {
            (Some(("pstar", stem)), Some(from_ev)) => bragg::move_mean_excitation_energy(
                pstar::rows(stem)?,
                bragg::z_over_a(&constituents),
                from_ev,
                i_ev,
            )?,
            _ => bragg::rows_of_compound(&constituents, i_ev)?,
        };
        let material = Self::assemble(
            row.name,
            row.density_g_per_cm3,
            i_ev,
            constituents,
            rows,
            row.source.to_string(),
        )?;
        match row.table {
            "geant4/water_78ev" => Ok(material.with_total(stopping_power_file::geant4_water()?)),
            _ => Ok(material),
        }
    }

    fn assemble(
        name: &str,
        density_g_per_cm3: f64,
        mean_excitation_energy_ev: f64,
        constituents: Vec<(Element, f64)>,
        rows: StoppingPowerRows,
        source: String,
    ) -> Result<Self> {
        if !(density_g_per_cm3.is_finite() && density_g_per_cm3 > 0.0) {
            return Err(Error::bad_data(format!(
                "density {density_g_per_cm3} g/cm3 is not positive"
            ))
            .key("density_g_per_cm3")
            .hint("give the mass density in g/cm3"));
        }
        let symbol_and_fraction =
            |(element, fraction): &(Element, f64)| (element.symbol.to_string(), *fraction);
        Ok(Self {
            name: name.to_string(),
            density_g_per_cm3,
            mean_excitation_energy_ev,
            composition: constituents.iter().map(symbol_and_fraction).collect(),
            radiation_length_g_per_cm2: radiation_length_g_per_cm2(&constituents),
            scattering_length_g_per_cm2: scattering_length_g_per_cm2(&constituents),
            source,
            constituents: constituents.into(),
            curves: Arc::new(Curves::build(rows)),
        })
    }

    /// The same material with another mean excitation energy, eV (Bethe's logarithm, `bragg.rs`).
    ///
    /// # Errors
    /// Bad data where it differs from the present one by more than a factor of 2.
    pub fn with_mean_excitation_energy(&self, to_ev: f64) -> Result<Self> {
        let from_ev = self.mean_excitation_energy_ev;
        let rows = bragg::move_mean_excitation_energy(
            self.curves.rows.clone(),
            self.z_over_a(),
            from_ev,
            to_ev,
        )?;
        Ok(Self {
            mean_excitation_energy_ev: to_ev,
            source: format!("{}; I moved from {from_ev} to {to_ev} eV", self.source),
            curves: Arc::new(Curves::build(rows)),
            ..self.clone()
        })
    }

    /// (element, mass fraction), sum 1.
    pub fn constituents(&self) -> &[(Element, f64)] {
        &self.constituents
    }

    /// Electrons per mass, mol/g.
    pub fn z_over_a(&self) -> f64 {
        bragg::z_over_a(&self.constituents)
    }

    /// True where energy, range and stopping power are the other's own.
    pub fn shares_curves_with(&self, other: &Material) -> bool {
        Arc::ptr_eq(&self.curves, &other.curves)
    }

    /// First and last energy of the stopping-power table, MeV. Below the first the curves run to 0 by a power law; above
    /// the last the stopping power stays constant: finite, monotone, and not physics.
    pub fn energy_domain_mev(&self) -> (f64, f64) {
        self.curves.domain_mev()
    }

    /// Refuses an energy that the tables do not hold.
    ///
    /// # Errors
    /// Bad data, also for NaN.
    pub fn check_energy_mev(&self, energy_mev: f64) -> Result<()> {
        let (first, last) = self.energy_domain_mev();
        if (first..=last).contains(&energy_mev) {
            return Ok(());
        }
        Err(Error::bad_data(format!("{energy_mev} MeV lies outside the tables of `{}` ({first} to {last} MeV)", self.name))
            .hint("nothing is extrapolated: choose an energy inside, or give a longer stopping_power_file"))
    }

    /// Total (electronic + nuclear) mass stopping power, MeV cm2/g.
    pub fn mass_stopping_power_mev_cm2_per_g(&self, energy_mev: f64) -> f64 {
        self.curves.total(energy_mev)
    }

    /// Electronic (unrestricted) mass stopping power, MeV cm2/g: what LET is made of.
    pub fn electronic_mass_stopping_power_mev_cm2_per_g(&self, energy_mev: f64) -> f64 {
        self.curves.electronic(energy_mev)
    }

    /// Integral of the electronic mass stopping power over energy from 0 to E, MeV2 cm2/g (numerator of dose-averaged LET).
    pub fn let_integral_mev2_cm2_per_g(&self, energy_mev: f64) -> f64 {
        self.curves.let_integral(energy_mev)
    }

    /// CSDA range, g/cm2; strictly increasing in E; 0 at E = 0.
    pub fn csda_range_g_per_cm2(&self, energy_mev: f64) -> f64 {
        self.curves.range(energy_mev)
    }

    /// Inverse of `csda_range_g_per_cm2`; 0 for a range <= 0.
    pub fn energy_mev(&self, csda_range_g_per_cm2: f64) -> f64 {
        self.curves.energy(csda_range_g_per_cm2)
    }

    /// Bohr's relativistic variance of the energy loss per areal length, MeV2 cm2/g.
    pub fn straggling_mev2_cm2_per_g(&self, energy_mev: f64) -> f64 {
        straggling::variance_mev2_cm2_per_g(self.z_over_a(), energy_mev)
    }

    /// Third central moment of the energy loss per areal length, MeV3 cm2/g.
    pub fn straggling_skewness_mev3_cm2_per_g(&self, energy_mev: f64) -> f64 {
        straggling::third_moment_mev3_cm2_per_g(self.z_over_a(), energy_mev)
    }

    /// The same with a given total power; electronic share, and the range below the first energy, as they were.
    fn with_total(self, table: TotalPowers) -> Self {
        let scale: Vec<f64> = table
            .energy_mev
            .iter()
            .zip(&table.total_mev_cm2_per_g)
            .map(|(&energy, total)| total / self.mass_stopping_power_mev_cm2_per_g(energy))
            .collect();
        let electronic = |(&energy, scale): (&f64, &f64)| {
            self.electronic_mass_stopping_power_mev_cm2_per_g(energy) * scale
        };
        let rows = StoppingPowerRows {
            electronic_mev_cm2_per_g: table
                .energy_mev
                .iter()
                .zip(&scale)
                .map(electronic)
                .collect(),
            first_range_g_per_cm2: self.csda_range_g_per_cm2(table.energy_mev[0]) / scale[0],
            energy_mev: table.energy_mev,
            total_mev_cm2_per_g: table.total_mev_cm2_per_g,
        };
        Self {
            curves: Arc::new(Curves::build(rows)),
            ..self
        }
    }
}

/// Elements with their fractions, normalised to sum 1.
fn constituents_of(composition: &[(String, f64)]) -> Result<Vec<(Element, f64)>> {
    let sum: f64 = composition.iter().map(|(_, fraction)| fraction).sum();
    let element = |(symbol, fraction): &(String, f64)| {
        if !(fraction.is_finite() && *fraction > 0.0) {
            return Err(Error::bad_data(format!(
                "mass fraction {fraction} of {symbol} is not positive"
            ))
            .hint("give mass fractions that sum to 1; leave out elements that are not there"));
        }
        Ok((Element::by_symbol(symbol)?, fraction / sum))
    };
    if composition.is_empty() {
        return Err(Error::bad_data("the composition is empty")
            .hint("composition = { H = 0.1119, O = 0.8881 }"));
    }
    composition.iter().map(element).collect()
}

/// Fingerprint of all figures that the given materials bring into a run: names, densities, I, compositions, table rows.
pub fn tables_sha256(materials: &[&Material]) -> String {
    let mut hash = Sha256::new();
    for material in materials {
        hash.update(material.name.as_bytes());
        let rows = &material.curves.rows;
        let scalars = [
            material.density_g_per_cm3,
            material.mean_excitation_energy_ev,
            rows.first_range_g_per_cm2,
        ];
        let columns = [
            &rows.energy_mev,
            &rows.electronic_mev_cm2_per_g,
            &rows.total_mev_cm2_per_g,
        ];
        for value in scalars.iter().chain(columns.into_iter().flatten()) {
            hash.update(value.to_le_bytes());
        }
        for (symbol, fraction) in &material.composition {
            hash.update(symbol.as_bytes());
            hash.update(fraction.to_le_bytes());
        }
    }
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
