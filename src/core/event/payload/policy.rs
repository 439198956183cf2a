//! Payloads about policies.

use crate::base::{Amount, Bytes, Timestamp, TransferId};
use crate::policy::{Reservations, Rule, Scope};
use serde::{Deserialize, Serialize};

/// The payload of [`Event::PolicySet`](crate::event::Event::PolicySet).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySet {
    /// The scope of the policy.
    pub scope: Scope,
    /// The version of the policy, which counts up from 1.
    pub version: u64,
    /// A name for people.
    pub name: Option<String>,
    /// All rules from now on; none removes the policy.
    pub rules: Vec<Rule>,
    /// The earlier spending that counts against new limits, if there is any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior_spending: Option<Box<PriorSpending>>,
}

/// The earlier spending that counts against limits that did not exist then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriorSpending {
    /// The postings of recipients who have a limit of their own from now on.
    pub postings: Vec<CounterPostings>,
    /// The reservations of transfers under way against the new limits.
    pub reservations: Vec<AddedReservations>,
}

/// The postings that one counter holds from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterPostings {
    /// The stored key of the counter.
    pub key: Bytes,
    /// The postings, oldest first.
    pub posted: Vec<Posting>,
}

/// An amount that was posted at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The time of the posting.
    pub at: Timestamp,
    /// The amount, in the unit of the counter.
    pub amount: Amount,
}

/// The reservations that a transfer under way takes in addition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedReservations {
    /// The transfer.
    pub transfer: TransferId,
    /// The additional reservations.
    pub reservations: Reservations,
}
