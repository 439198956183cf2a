//! Dev chains on loopback for the tests and the demo. Each checks transactions with code of other authors.

pub mod kaspa;
pub mod solana;
