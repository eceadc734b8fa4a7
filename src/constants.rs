//! Physical constants: value, unit, source, year. No number of physics stands anywhere else but in data/.
