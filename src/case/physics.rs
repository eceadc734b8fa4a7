//! What a case says about physics.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scattering {
    Gaussian,
    Highland,
    Moliere,
    None,
}

/// Screening and form factor of single scattering (`moliere` only): two sources that disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SingleScatteringModel {
    /// Geant4's Wentzel-VI: screening twice Moliere's for light elements, the form factor to its first power.
    WentzelVi,
    /// Moliere's screening, Fano's electrons, the form factor squared.
    Moliere,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nuclear {
    None,
    Local,
    Transport,
}

/// Cross-sections of nuclear interactions: two sources that disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrossSections {
    /// Barashenkov 1989, nonelastic and elastic; hydrogen: Geant4's fit. Geant4's BGG cross-sections.
    Barashenkov,
    /// Nonelastic: ICRU Report 63 (2000), in oxygen 1 to 3 % above Barashenkov's from 80 to 120 MeV, 6 to 8 % from 150 to 230;
    /// elastic the same, where Coulomb scattering does not prevail: in oxygen a fifth to a third below Barashenkov's; hydrogen: Fippel and
    /// Soukup 2004, 13 to 20 % above Geant4's from 40 to 110 MeV. What MCsquare has.
    Icru63,
}

/// What nonelastic reactions set free: two sources that disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secondaries {
    /// Geant4's Binary cascade, tabulated by element: in oxygen at 150 MeV 1.9 protons and 0.14 deuterons, which take 0.50 and 0.007 of
    /// the energy.
    BinaryCascade,
    /// ICRU Report 63 (2000), an evaluation: 2.0 protons and 0.37 deuterons, which take 0.46 and 0.10. What MCsquare has.
    Icru63,
}

/// Where the data of nuclear interactions come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NuclearSources {
    pub cross_sections: CrossSections,
    pub secondaries: Secondaries,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PhysicsSpec {
    pub scattering: Scattering,
    pub single_scattering: SingleScatteringModel,
    pub straggling: bool,
    pub nuclear: Nuclear,
    pub nuclear_sources: NuclearSources,
    pub energy_loss: bool,
}
