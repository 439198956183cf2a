//! Groups, rates, and changes that wait for a quorum and a time lock.
//!
//! What narrows power acts at once on one admin's word; what widens it is proposed, agreed to by a quorum of admins, and waits for the
//! time lock, during which every guardian can stop it (traps T83, T84).

mod proposal;

pub use proposal::{Action, Closing, PolicyChange, Proposal, QuarantineEnd};

use crate::primitives::{Amount, Asset, DAY_NS, Timestamp};
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most members of one group.
pub const MAX_GROUP_MEMBERS: usize = 64;
/// The most groups.
pub const MAX_GROUPS: u64 = 64;
/// How long a rate may be valid at most. What is older says nothing about a price.
pub const MAX_RATE_AGE_NS: u64 = 7 * DAY_NS;
/// The most proposals that may be open at a time.
pub const MAX_OPEN_PROPOSALS: usize = 100;
/// The most of them that one admin may have made, so that no admin can keep the others from proposing.
pub const MAX_OPEN_PROPOSALS_PER_ADMIN: usize = 20;
/// The most principals that may hold roles.
pub const MAX_MEMBERS: usize = 256;

/// A named set of principals that approves transfers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// What rules call it; at most [`crate::policy::MAX_NAME_BYTES`].
    pub name: String,
    /// Who is in it; each also holds the role Approver.
    pub members: BTreeSet<Principal>,
}

/// What an asset is worth in the unit of account, as admins say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// Of what.
    pub asset: Asset,
    /// Millionths of the unit of account for `per` base units.
    pub value: Amount,
    /// The number of base units that `value` is the worth of, for example a whole coin; not 0.
    pub per: Amount,
    /// From when on it says nothing.
    pub expires_at: Timestamp,
}

impl Rate {
    /// The worth of an amount, rounded up; `None` when it has expired, or on overflow.
    pub fn value(&self, amount: Amount, now: Timestamp) -> Option<Amount> {
        if now >= self.expires_at || self.per.is_zero() {
            return None;
        }
        let value = (u128::from(amount.get()) * u128::from(self.value.get())).div_ceil(u128::from(self.per.get()));
        u64::try_from(value).ok().map(Amount::new)
    }
}
