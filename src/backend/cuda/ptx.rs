//! The kernels' PTX, embedded by build.rs; one module per `kernels/*.cu`.

/// (name, PTX): the name is the `.cu` file's stem.
pub const MODULES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/ptx_modules.rs"));

/// The PTX of `kernels/<name>.cu`.
pub fn module(name: &str) -> Option<&'static str> {
    MODULES
        .iter()
        .find(|(module, _)| *module == name)
        .map(|(_, ptx)| *ptx)
}

#[cfg(test)]
mod tests {
    use super::module;

    #[test]
    fn each_precision_of_the_scattering_kernel_is_embedded() {
        let ptx = module("scattering").unwrap();
        for entry in ["scattering_double", "scattering_single", "scattering_half"] {
            assert!(ptx.contains(&format!(".entry {entry}(")), "{entry}");
        }
        assert!(
            !ptx.contains("fma."),
            "contraction would part the device's bits from the host's"
        );
    }

    #[test]
    fn a_kernel_file_that_does_not_exist_has_no_module() {
        assert!(module("no_such_kernel").is_none());
    }
}
