//! State that only Solana has: nonce accounts, revocations, deadlines, settings and providers.

mod apply;
mod deadlines;
mod nonces;
mod operations;
mod providers;
mod read;
mod revocations;
pub(super) mod rules;
mod secrets;
mod signing;
pub(super) mod tables;
mod wallet_keys;
