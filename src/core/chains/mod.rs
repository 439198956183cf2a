//! Pure builders and parsers of transactions, addresses and provider answers, one folder for each chain.
//!
//! The rest of the domain reaches a chain through the files beside the folders, such as [`registry`]. Both folders are functions over
//! bytes and integers: they read no policy, no wallet and no clock, and make no call. The same input gives the same output on every
//! replica, and tests need no canister.

mod asset;
pub mod config;
pub mod configs;
pub mod kaspa;
pub mod providers;
pub mod registry;
pub mod rules;
pub mod solana;
pub mod tx;
