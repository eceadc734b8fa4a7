//! Physical constants: value, unit, source, year. Coefficients of one formula stand beside it, tables in data/.

/// Proton rest energy, MeV. CODATA 2018.
pub const PROTON_MASS_MEV: f64 = 938.272_088_16;

/// Deuteron rest energy, MeV. CODATA 2018.
pub const DEUTERON_MASS_MEV: f64 = 1_875.612_942_57;

/// Atomic mass unit, MeV. CODATA 2018.
pub const ATOMIC_MASS_UNIT_MEV: f64 = 931.494_102_42;

/// Electron rest energy, MeV. CODATA 2018.
pub const ELECTRON_MASS_MEV: f64 = 0.510_998_950;

/// Classical electron radius, cm. CODATA 2018.
pub const CLASSICAL_ELECTRON_RADIUS_CM: f64 = 2.817_940_326_2e-13;

/// Fine-structure constant. CODATA 2018.
pub const FINE_STRUCTURE: f64 = 7.297_352_569_3e-3;

/// Avogadro's number, 1/mol. SI 2019 (exact).
pub const AVOGADRO_PER_MOL: f64 = 6.022_140_76e23;

/// Reduced Planck constant times the speed of light, MeV fm. CODATA 2018.
pub const HBAR_C_MEV_FM: f64 = 197.326_980_4;

/// Bethe's K = 4 pi N_A r_e^2 m_e c^2, MeV cm2/mol. PDG 2022, Table 34.1.
pub const BETHE_K_MEV_CM2_PER_MOL: f64 = 0.307_075;

/// 1 / (4 alpha r_e^2 N_A), g/cm2 per (g/mol): the scale of radiation lengths. PDG 2022, eq. 34.25.
pub const RADIATION_LENGTH_SCALE_G_PER_CM2: f64 = 716.408;

/// Scale E_s of scattering powers, MeV. Gottschalk, Med. Phys. 37 (2010) 352.
pub const SCATTERING_ENERGY_MEV: f64 = 15.0;

/// Highland's energy, MeV. Highland, NIM 129 (1975) 497, as generalised by Gottschalk et al., NIM B 74 (1993) 467.
pub const HIGHLAND_ENERGY_MEV: f64 = 14.1;

/// 1 MeV / (g/cm3 mm2) in Gy mm: 1.602176634e-13 J (SI 2019, exact) per 1e-6 kg/mm.
pub const GRAY_MM_PER_MEV_PER_GRAM_PER_CM3_MM2: f64 = 1.602_176_634e-7;

/// Nuclear charge radius (rms) R = NUCLEAR_RADIUS_FM A^NUCLEAR_RADIUS_EXPONENT, fm. Butkevich et al., NIM A 488 (2002) 282.
pub const NUCLEAR_RADIUS_FM: f64 = 1.27;
pub const NUCLEAR_RADIUS_EXPONENT: f64 = 0.27;

/// Square centimetres per barn (definition).
pub const CM2_PER_BARN: f64 = 1e-24;

/// Densities of a phantom, g/cm3. Hydrogen, the lightest gas, has 8e-8 at a millibar; osmium, the densest element, 22.6 (CRC Handbook of
/// Chemistry and Physics 2014): a density in kg/m3 is caught.
pub const DENSITIES_G_PER_CM3: std::ops::Range<f64> = 1e-8..30.0;
