//! Tests of Solana's own features.

pub mod batches;
pub mod lifetimes;
pub mod nonces;
pub mod providers;
pub mod revocations;
pub mod sol_rpc;
pub mod tokens;
