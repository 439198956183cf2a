//! Embedded network.
