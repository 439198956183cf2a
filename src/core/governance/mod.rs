//! Groups, rates, and changes that wait for a quorum and a time lock.
//!
//! What narrows power acts at once on one admin's word; what widens it is proposed, agreed to by a quorum of admins, and waits for the
//! time lock, during which every guardian can stop it (traps T83, T84).

pub mod config;
mod proposal;
pub mod retention;
pub mod settings;

pub use proposal::{Action, PolicyChange, Proposal, ProposalOutcome, QuarantineEnd};

use crate::base::{Amount, Asset, DAY_NS, Timestamp};
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

/// The most that a whole coin, or one base unit of a token, may be worth: a thousand million of the unit of account, in millionths. A
/// rate beyond it has forgotten how many base units a coin has.
pub const MAX_WORTH: u64 = 1_000_000_000_000_000;
/// The most base units that a rate may name the worth of: a whole coin with 18 decimals.
pub const MAX_RATE_PER: u64 = 1_000_000_000_000_000_000;

/// What an asset is worth in the unit of account, as admins say.
///
/// No oracle says it, for four reasons. Whoever moves a price would move the limit, and a market or a provider is easier to move than a
/// quorum of admins. A decision reads nothing but the state, so that nothing can happen between the decision and the reservation, and
/// the log replays; a price would have to be fetched first. Many tokens have no market, or one that a single payment moves. And a limit
/// of value is a bound on damage, for which the price of the week is exact enough: a rate is valid for at most seven days, and where it
/// has expired, nothing passes.
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
    /// Why admins may not say this, with what would be right; `None` when they may.
    pub fn problem(&self) -> Option<String> {
        let (value, per) = (u128::from(self.value.get()), u128::from(self.per.get()));
        if value == 0 || per == 0 {
            return Some("a worth of 0, or of 0 base units, says nothing; both are at least 1".into());
        }
        if self.per.get() > MAX_RATE_PER {
            return Some(format!("per: at most {MAX_RATE_PER} base units; usually one whole coin"));
        }
        let coin = 10u128.pow(self.asset.decimals().unwrap_or(0).into());
        // Millionths of the unit of account for a whole coin, or for the base unit of a token.
        let worth = value * coin / per;
        let what = match self.asset.decimals() {
            Some(_) => format!("1 {} ({coin} base units)", self.asset),
            None => format!("1 base unit of {}", self.asset),
        };
        let remedy = "value is the worth of per base units, in millionths of the unit of account";
        if worth > u128::from(MAX_WORTH) {
            let (units, most) = (worth / 1_000_000, MAX_WORTH / 1_000_000);
            return Some(format!("{what} would be worth {units} units of account, at most {most}; {remedy}: is per too small?"));
        }
        let nothing = self.asset.decimals().is_some() && worth == 0;
        nothing.then(|| format!("{what} would be worth less than a millionth of the unit of account; {remedy}: is per too large?"))
    }

    /// The worth of an amount, rounded up; the largest amount when it is more than that, and `None` when the rate has expired.
    pub fn value(&self, amount: Amount, now: Timestamp) -> Option<Amount> {
        if now >= self.expires_at || self.per.is_zero() {
            return None;
        }
        let value = (u128::from(amount.get()) * u128::from(self.value.get())).div_ceil(u128::from(self.per.get()));
        Some(u64::try_from(value).map_or(Amount::MAX, Amount::new))
    }
}
