//! The interface under bad input.

pub mod compatibility;
pub mod inputs;
