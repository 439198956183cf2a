//! A request as the rules see it: what it would spend, what binds it, and what surrounds it.

use super::activity::Activity;
use super::mode::Mode;
use super::rule::Policy;
use super::scope::{CounterKey, Scope};
use super::spent::Spent;
use crate::base::{Amount, Asset, Destination, Timestamp};
use std::collections::BTreeMap;

/// What a request would do to the limits.
#[derive(Clone, Copy, Debug)]
pub struct Spend<'a> {
    /// What is sent.
    pub asset: Asset,
    /// Everybody who is paid, and how much: one, or all of a batch.
    pub payments: &'a [(&'a Destination, Amount)],
    /// What all of them receive together.
    pub amount: Amount,
    /// The most the transfer may pay in fees and rent, in the chain's coin.
    pub max_fee: Amount,
}

impl<'a> Spend<'a> {
    /// What each recipient receives, however often it is named.
    pub(crate) fn recipients(&self) -> BTreeMap<&'a Destination, Amount> {
        let mut recipients = BTreeMap::<_, Amount>::new();
        for (to, amount) in self.payments {
            let sum = recipients.entry(*to).or_default();
            *sum = sum.checked_add(*amount).unwrap_or(Amount::MAX);
        }
        recipients
    }

    /// What counts against the limits of each asset; `None` on overflow.
    pub(crate) fn charges(&self) -> Option<Vec<(Asset, Amount)>> {
        let coin = self.asset.coin();
        if self.asset == coin {
            return Some(vec![(coin, self.amount.checked_add(self.max_fee)?)]);
        }
        Some(vec![(self.asset, self.amount), (coin, self.max_fee)])
    }
}

/// One scope that a request falls into.
#[derive(Clone, Debug)]
pub struct ScopedPolicy {
    /// Which.
    pub scope: Scope,
    /// What is demanded there, if anything.
    pub policy: Option<Policy>,
    /// Its recent requests.
    pub activity: Activity,
}

/// What a rate of the unit of account says about an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetValue {
    /// In millionths of the unit of account, rounded up.
    Worth(Amount),
    /// There is no rate, or it has expired.
    Unknown,
}

/// What an evaluation reads beside the policies, when a rule asks for it.
pub trait PolicyData {
    /// What a counter says; empty when nothing was ever counted.
    fn spent(&self, key: &CounterKey) -> Spent;
    /// What an amount is worth now.
    fn value(&self, asset: Asset, amount: Amount) -> AssetValue;
    /// How many members of a group could approve the request: the requester is none of them.
    fn approvers(&self, group: &str) -> u32;
}

/// What surrounds a request.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// Whether money may leave at all.
    pub mode: Mode,
    /// The time of the request.
    pub now: Timestamp,
    /// Whether the request names a session that is open.
    pub in_session: bool,
    /// Whether the wallet is active, and every wallet above it.
    pub wallet_active: bool,
    /// Until when the chain's breaker is open.
    pub chain_open_until: Option<Timestamp>,
    /// Whether this is a second look at what was already let through: it was counted as a request then, and the breakers and people
    /// have had their say.
    pub is_recheck: bool,
}

/// One scope's rules at work on one request.
pub(super) struct RuleEvaluator<'a> {
    pub context: &'a RequestContext,
    pub scoped: &'a ScopedPolicy,
    pub data: &'a dyn PolicyData,
    pub spend: &'a Spend<'a>,
}
