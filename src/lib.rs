//! Purser canister.
