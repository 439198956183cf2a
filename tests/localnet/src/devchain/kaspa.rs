//! Kaspa dev chain.
