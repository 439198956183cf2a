//! Governance: changes by proposals.

pub mod proposals;
mod recovery;
mod standing;
