//! Decisions about Kaspa transfers only.

mod consolidation;
mod replacement;
