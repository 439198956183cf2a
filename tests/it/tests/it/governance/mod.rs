//! Governance: changes by proposals.

pub mod proposals;
