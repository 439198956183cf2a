//! The management canister.

pub mod cycles;
