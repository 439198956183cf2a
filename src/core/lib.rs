//! The pure domain of Purser. Nothing here can touch the Internet Computer: no clock, no randomness, no globals, no calls.
//!
//! | room | what is in it |
//! |---|---|
//! | [`base`] | newtypes, the two encodings (ICRC-3 values for the log, versioned CBOR for stored records), counters |
//! | [`access`] | roles, and the sessions of agents |
//! | [`wallet`] | wallets and their derived keys |
//! | [`chains`] | building and parsing what Kaspa and Solana understand |
//! | [`policy`] | rules, counters, the mode of operation and the pure evaluation of a request |
//! | [`transfer`] | transfers, their transitions and the approvals they need |
//! | [`governance`] | configuration, settings, groups, rates, and changes that wait for a quorum and a time lock |
//! | [`event`] | everything that can happen, as it is logged |
//! | [`audit`] | the hash-chained block log and its verification |
//! | [`state`] | the durable state: `decide`, `commit`, `apply`, replay |

pub mod access;
pub mod audit;
pub mod base;
pub mod chains;
pub mod event;
pub mod governance;
pub mod policy;
pub mod state;
pub mod transfer;
pub mod wallet;

/// The version of this crate, and of everything that is built with it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
