//! free_flight
