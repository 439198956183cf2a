//! Governance: configuration, settings, groups, rates, and changes that wait for a quorum and a time lock.
//!
//! A change that narrows power acts at once on one admin's word, because waiting would protect nobody. A change that widens power is
//! proposed, approved by a quorum of admins, and waits for the time lock, during which every guardian can cancel it.

pub mod config;
mod group;
mod proposal;
mod rate;
mod recovery;
pub mod retention;
pub mod settings;

pub use group::{Group, MAX_GROUP_MEMBERS, MAX_GROUPS, MAX_MEMBERS};
pub use proposal::{
    Action, MAX_EMERGENCY_VETO_NS, MAX_OPEN_PROPOSALS, MAX_OPEN_PROPOSALS_PER_ADMIN, PolicyChange, Proposal, ProposalOutcome,
    QuarantineEnd, ReplacedRecord,
};
pub use rate::{MAX_RATE_AGE_NS, MAX_RATE_UNITS, MAX_UNIT_VALUE, Rate};
pub use recovery::{
    DEFAULT_RECOVERY_LOCK_NS, MAX_RECOVERED_ADMINS, MAX_RECOVERY_LOCK_NS, MAX_RECOVERY_MEMBERS, MIN_RECOVERY_LOCK_NS, Recovery,
};
