//! The pure domain of Purser. Nothing here can touch the Internet Computer: no clock, no randomness, no globals, no calls.
//!
//! * [`primitives`]: newtypes that every room shares
//! * [`chains`]: building and parsing what Kaspa and Solana understand

pub mod chains;
pub mod primitives;
