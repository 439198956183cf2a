//! Pure builders and parsers of transactions, addresses and provider answers, one module for each chain.
//!
//! Both modules are functions over bytes and integers: they read no policy, no wallet and no clock, and make no call. The same
//! input gives the same output on every replica, and tests need no canister.

mod asset;
pub mod kaspa;
pub mod solana;
