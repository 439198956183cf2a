//! Kaspa.
