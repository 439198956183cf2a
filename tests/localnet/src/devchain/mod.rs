//! Development chains on loopback, each verified by code that is not ours.

pub mod kaspa;
pub mod solana;
