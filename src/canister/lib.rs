//! The Purser canister holds Kaspa and Solana funds under threshold keys and spends them only within a policy. Every attempt is in a
//! certified, hash-chained log.
//!
//! [`purser_core`] makes the decisions and cannot call the Internet Computer; this crate can and makes none. The types of `candid/purser.did` and their conversions are in [`purser_types`].
//!
//! | room | what is in it |
//! |---|---|
//! | [`certification`] | the certified root over a snapshot of the state: the log's tip and the pages |
//! | [`store`] | the one owner of the state: read, commit and certify |
//! | [`ports`] | what the flows need of the Internet Computer, and its one implementation |
//! | [`metrics`] | what is counted: outcomes, times, fees, calls, refusals |
//! | [`flows`] | what a transfer does between its decisions: build, sign, submit, confirm |
//! | [`jobs`] | timers and the queue of transfers under way |
//! | [`web`] | the responses to HTTP gateways |
//! | [`endpoints`] | the methods: caller, arguments, one decision, one commit |
//! | [`lifecycle`] | installation and upgrades |
//!
//! Endpoints decide and commit in one message and never await. Three methods that ask providers are the exception and decide nothing:
//! `refresh_balances`, `refresh_solana_tokens` and `quote_kaspa_transfer`.

pub mod certification;
pub mod endpoints;
pub mod flows;
pub mod jobs;
pub mod lifecycle;
pub mod metrics;
pub mod ports;
pub mod store;
pub mod web;

#[cfg(test)]
mod fixture;

#[cfg(test)]
mod docs;

// Last, because it exports the methods of the modules above it.
#[cfg(not(target_family = "wasm"))]
mod interface;
