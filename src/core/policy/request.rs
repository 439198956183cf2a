//! A request as the rules see it: its spending, the policies that bind it, and its context.

use super::activity::Activity;
use super::mode::Mode;
use super::rule::Policy;
use super::scope::{CounterKey, Scope};
use super::spent::Spent;
use crate::base::{Amount, Asset, Destination, Timestamp};
use std::collections::BTreeMap;

/// The spending of a request, which counts against limits.
#[derive(Clone, Copy, Debug)]
pub struct Spend<'a> {
    /// The asset that is sent.
    pub asset: Asset,
    /// The recipients with their amounts in base units: one, or all of a batch. A batch may name a recipient more than once.
    pub payments: &'a [(&'a Destination, Amount)],
    /// The sum of all payments, in base units of the asset.
    pub amount: Amount,
    /// The most the transfer may pay in fees and rent, in base units of the chain's coin.
    pub max_fee: Amount,
}

impl<'a> Spend<'a> {
    /// Returns the amount that each recipient receives, summed up when it is named more than once.
    pub(crate) fn recipients(&self) -> BTreeMap<&'a Destination, Amount> {
        let mut recipients = BTreeMap::<_, Amount>::new();
        for (to, amount) in self.payments {
            let sum = recipients.entry(*to).or_default();
            *sum = sum.checked_add(*amount).unwrap_or(Amount::MAX);
        }
        recipients
    }

    /// Returns the amounts that count against the limits of each asset; `None` on overflow. The coin carries the fee cap.
    pub(crate) fn charges(&self) -> Option<Vec<(Asset, Amount)>> {
        let coin = self.asset.native_asset();
        if self.asset == coin {
            return Some(vec![(coin, self.amount.checked_add(self.max_fee)?)]);
        }
        Some(vec![(self.asset, self.amount), (coin, self.max_fee)])
    }
}

/// A scope that a request falls into, with its policy.
#[derive(Clone, Debug)]
pub struct ScopedPolicy {
    /// The scope.
    pub scope: Scope,
    /// The policy of the scope; `None` when it has none.
    pub policy: Option<Policy>,
    /// The recent requests of the scope, and its circuit breaker.
    pub activity: Activity,
}

/// The value of an amount in the unit of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetValue {
    /// The value in millionths of the unit of account, rounded up.
    Worth(Amount),
    /// There is no rate, or it has expired.
    Unknown,
}

/// The data that an evaluation reads beside the policies, only when a rule needs it.
pub trait PolicyData {
    /// Returns the state of a counter; empty when nothing was ever counted.
    fn spent(&self, key: &CounterKey) -> Spent;
    /// Returns the value of an amount at the present rate.
    fn value(&self, asset: Asset, amount: Amount) -> AssetValue;
    /// Returns the number of members of a group who could approve the request. The requester is not one of them.
    fn approvers(&self, group: &str) -> u32;
}

/// The circumstances of a request.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext {
    /// The mode of operation, which says whether money may leave at all.
    pub mode: Mode,
    /// The time of the evaluation.
    pub now: Timestamp,
    /// Whether the request names a session that is open.
    pub in_session: bool,
    /// Whether the wallet and every wallet above it are active.
    pub wallet_active: bool,
    /// The time until which the chain's circuit breaker is open; past or `None` when it is closed.
    pub chain_open_until: Option<Timestamp>,
    /// Whether the request was let through before. It was then counted as a request and passed breakers and approvals, so rate
    /// limits, breakers and approvals are not evaluated again.
    pub is_recheck: bool,
}

/// The evaluation of one scope's rules on one request.
pub(super) struct RuleEvaluator<'a> {
    pub context: &'a RequestContext,
    pub scoped: &'a ScopedPolicy,
    pub data: &'a dyn PolicyData,
    pub spend: &'a Spend<'a>,
}
