//! Physics tables (host only, f64, built once): what a proton of kinetic energy E does per areal length of a material.

mod material;

pub use material::Material;

pub fn builtin_names() -> Vec<&'static str> {
    vec!["water", "bone_cortical", "lung", "air"]
}
pub fn builtin(name: &str) -> Option<Material> {
    builtin_names().contains(&name).then(|| Material {
        name: name.into(),
        density_g_per_cm3: 1.0,
        mean_excitation_energy_ev: 75.0,
        composition: vec![],
        radiation_length_g_per_cm2: 36.08,
        scattering_length_g_per_cm2: 46.88,
        source: "stub".into(),
    })
}
impl Material {
    pub fn from_spec(
        name: &str,
        _: &crate::case::MaterialSpec,
        _: &std::path::Path,
    ) -> crate::error::Result<Self> {
        Ok(Material {
            name: name.into(),
            ..builtin("water").unwrap()
        })
    }
}
