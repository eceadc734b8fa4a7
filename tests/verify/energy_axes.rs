//! energy_axes
