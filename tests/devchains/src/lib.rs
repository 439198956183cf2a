//! Development chains on loopback for tests and the demo, each verified by code that is not ours.

pub mod kaspa;
pub mod solana;
