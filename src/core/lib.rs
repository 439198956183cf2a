//! The pure domain of Purser. Nothing here can touch the Internet Computer: no clock, no randomness, no globals, no calls.
//!
//! | room | what is in it |
//! |---|---|
//! | [`primitives`] | newtypes that every room shares |
//! | [`codec`] | the two encodings: ICRC-3 values for the log, versioned CBOR for stored records |
//! | [`config`] | what an operator decides at installation |
//! | [`roles`] | who may do what |
//! | [`metrics`] | counters and histograms |
//! | [`mode`] | normal and emergency operation |
//! | [`policy`] | rules, counters and the pure evaluation of a request |
//! | [`approval`] | what people are asked before money moves |
//! | [`session`] | a stretch of an agent's work with its own limits |
//! | [`governance`] | groups, rates, and changes that wait for a quorum and a time lock |
//! | [`settings`] | what admins tune for the whole canister |
//! | [`wallet`] | a wallet and its derived keys |
//! | [`transfer`] | one transfer and the transitions it may make |
//! | [`solana_terms`] | what only a transfer on Solana says or has |
//! | [`terms`] | what only a transfer of KAS can say or have |
//! | [`event`] | everything that can happen, as it is logged |
//! | [`audit`] | the hash-chained block log and its verification |
//! | [`state`] | the durable state: `decide`, `commit`, `apply`, replay |
//! | [`chains`] | building and parsing what Kaspa and Solana understand |

pub mod approval;
pub mod audit;
pub mod chains;
pub mod codec;
pub mod config;
pub mod event;
pub mod governance;
pub mod metrics;
pub mod mode;
pub mod policy;
pub mod primitives;
pub mod roles;
pub mod session;
pub mod settings;
pub mod solana_terms;
pub mod state;
pub mod terms;
pub mod transfer;
pub mod wallet;

/// The version of this crate, and of everything that is built with it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
