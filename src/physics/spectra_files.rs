//! The files of `secondary_spectra.rs`, read once a run.
//!
//! ICRU 63: the files' integrals fall short of multiplicity times cross-section where the evaporation peak lies inside the first bin (light
//! nuclei: by 5 % at 150 MeV, 10 % at 250; calcium, whose barrier keeps the peak at 4 MeV, by nothing). The files have 0 at no
//! energy; what is missing is put there, up to the density at the first bin's end, so that it falls off linearly over that bin.
//! Scaling all of the spectrum instead would give the fast secondaries the energy of slow ones. What is left (aluminium:
//! 3 % from 20 to 50 MeV), or too much, is scaled: the integral is multiplicity times cross-section of `nuclear.rs`.
//!
//! Binary cascade: the integrals are the multiplicities by construction, the energies the shares (docs/verification/draw/geant4_reactions.py).

use super::element::Element;
use super::nuclear::NuclearReactions;
use super::secondary_spectra::{
    ANGLE_POINTS, Density, ENERGY_POINTS, Traveller, energies_mev, integral, solid_angle_weights_sr,
};
use crate::case::{CrossSections, NuclearSources, Secondaries};
use crate::constants::{AVOGADRO_PER_MOL, CM2_PER_BARN};
use crate::error::{Error, Result};
use std::sync::OnceLock;

/// (incident energy, density), increasing energy.
type Tables = Vec<(f64, Box<Density>)>;

struct File {
    symbol: &'static str,
    text: &'static str,
    tables: OnceLock<Option<Tables>>,
}

/// The files of the elements that both sources have, and of some more.
macro_rules! files {
    ($folder:literal, $kind:literal $(, $more:literal $name:literal)*) => {
        files!(@ $folder, $kind, "C" "c", "N" "n", "O" "o", "Al" "al", "P" "p", "Ca" "ca" $(, $more $name)*)
    };
    (@ $folder:literal, $kind:literal $(, $symbol:literal $name:literal)*) => {
        [$(File {
            symbol: $symbol,
            text: include_str!(concat!("../../data/", $folder, "/", $kind, "_", $name, ".csv")),
            tables: OnceLock::new(),
        }),*]
    };
}

/// By `Traveller`.
static ICRU63: [[File; 6]; 2] = [files!("icru63", "protons"), files!("icru63", "deuterons")];
static BINARY_CASCADE: [[File; 8]; 2] = [
    files!("binary_cascade", "protons", "Cu" "cu", "Pb" "pb"),
    files!("binary_cascade", "deuterons", "Cu" "cu", "Pb" "pb"),
];

/// The tables of the element that is nearest in Z.
pub(super) fn nearest(
    element: &Element,
    traveller: Traveller,
    source: Secondaries,
) -> Result<&'static [(f64, Box<Density>)]> {
    let files: &'static [File] = match source {
        Secondaries::BinaryCascade => &BINARY_CASCADE[traveller as usize],
        Secondaries::Icru63 => &ICRU63[traveller as usize],
    };
    element
        .nearest(files.iter(), |file| file.symbol)?
        .and_then(|(measured, file)| file.read(&measured, traveller, source))
        .ok_or_else(|| Error::internal("a table of secondaries' spectra is damaged"))
}

impl File {
    fn read(
        &'static self,
        element: &Element,
        traveller: Traveller,
        source: Secondaries,
    ) -> Option<&'static [(f64, Box<Density>)]> {
        let tables = || match source {
            Secondaries::BinaryCascade => parse(self.text),
            Secondaries::Icru63 => filled(parse(self.text)?, element, traveller),
        };
        self.tables.get_or_init(tables).as_deref()
    }
}

fn filled(mut tables: Tables, element: &Element, traveller: Traveller) -> Option<Tables> {
    let icru63 = NuclearSources {
        cross_sections: CrossSections::Icru63,
        secondaries: Secondaries::Icru63,
    };
    let reactions = NuclearReactions::of_element(element, 1.0, icru63).ok()?;
    let cm2_per_g_and_barn = AVOGADRO_PER_MOL * CM2_PER_BARN / element.atomic_mass_g_per_mol;
    for (incident_mev, density) in &mut tables {
        let number = reactions.multiplicity(traveller.secondary(), *incident_mev)
            * reactions.nonelastic_cm2_per_g(*incident_mev);
        fill_first_bin(density, *incident_mev, number / cm2_per_g_and_barn);
    }
    Some(tables)
}

/// Puts what the integral lacks of `barn` at no energy, with the angles of the first bin's end and no more than there.
fn fill_first_bin(density: &mut Density, incident_mev: f64, barn: f64) {
    let width_mev = energies_mev(incident_mev)[1];
    let missing_barn = barn - integral(density, width_mev, |_| 1.0);
    let weights = solid_angle_weights_sr();
    let at_first: f64 = density[1].iter().zip(weights).map(|(d, w)| d * w).sum();
    if missing_barn > 0.0 && at_first > 0.0 {
        let ratio = (missing_barn / (0.5 * width_mev * at_first)).min(1.0);
        density[0] = density[1].map(|value| ratio * value);
    }
}

/// Rows `incident energy, bin, 13 densities`; rows that are left out are 0.
fn parse(text: &str) -> Option<Vec<(f64, Box<Density>)>> {
    let mut tables: Vec<(f64, Box<Density>)> = Vec::new();
    for line in text
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
    {
        let values = line
            .split(',')
            .map(|field| field.parse().ok())
            .collect::<Option<Vec<f64>>>()?;
        let (incident_mev, bin) = (*values.first()?, *values.get(1)? as usize);
        if tables
            .last()
            .is_none_or(|(energy, _)| *energy != incident_mev)
        {
            tables.push((incident_mev, Box::new([[0.0; ANGLE_POINTS]; ENERGY_POINTS])));
        }
        let (_, table) = tables.last_mut()?;
        *table.get_mut(bin)? = values.get(2..)?.try_into().ok()?;
    }
    (!tables.is_empty()).then_some(tables)
}
