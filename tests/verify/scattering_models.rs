//! scattering_models
