//! The Purser canister: Kaspa and Solana funds under threshold keys that nobody possesses, spent only within a policy, every attempt
//! in a certified, hash-chained log. The decisions are made in [`purser_core`], which cannot touch the Internet Computer; this crate
//! is its hands.
//!
//! | room | what is in it |
//! |---|---|
//! | [`api`] | the types of `candid/purser.did`, their conversions, the error envelope |
//! | [`endpoints`] | the methods: caller, arguments, one decision, one commit |
//! | [`lifecycle`] | installation and upgrades |
//! | [`store`] | the one owner of the state: read, commit |
//! | [`certification`] | the certified root over the log's tip and the web pages |
//! | [`web`] | `/health` and `/audit/head` for HTTP gateways |
//! | [`ports`] | what the flows need of the Internet Computer, and its one implementation |
//! | [`flows`] | what a transfer does between its decisions: build, sign, submit, confirm |
//! | [`metrics`] | what is counted: outcomes, times, fees, calls, refusals |
//! | [`jobs`] | timers and the queue of transfers under way |
//!
//! Endpoints decide and commit in one message and never await; [`endpoints::balances`] is the one exception and decides nothing.

pub mod api;
pub mod certification;
pub mod endpoints;
pub mod flows;
pub mod jobs;
pub mod lifecycle;
pub mod metrics;
pub mod ports;
pub mod store;
pub mod web;

/// The version of this module.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

// Last, because it exports the methods of the modules above it.
#[cfg(not(target_family = "wasm"))]
mod interface;
