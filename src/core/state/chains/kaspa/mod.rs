//! State that only Kaspa has: locked coins, consolidations, signatures by input, replacements.

mod apply;
mod consolidation;
mod read;
mod replacement;
pub(super) mod rules;
mod signing;
pub(super) mod tables;
mod wallet_keys;
