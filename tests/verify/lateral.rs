//! lateral
