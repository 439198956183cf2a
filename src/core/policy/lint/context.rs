//! The context that policies are linted in, and the list that takes their problems.

use crate::base::{Amount, Asset, Chain, Timestamp};
use candid::Principal;
use std::collections::BTreeSet;

/// The severity of a problem. Errors come first in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The policy cannot do what it says. It is refused, unless the policy in force has the same problem.
    Error,
    /// The policy works, but probably not as it was meant.
    Warning,
}

/// A problem of a policy, with its remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// The severity of the problem.
    pub severity: Severity,
    /// The position of the rule, from 0; `None` when a rule is missing.
    pub rule_index: Option<u32>,
    /// The problem, for people.
    pub problem: String,
    /// The change that would remove it, for people.
    pub remedy: String,
}

/// The data that a policy is linted with.
pub trait LintContext {
    /// Returns the time at which the policy is linted.
    fn now(&self) -> Timestamp;
    /// Returns the members of a group who may approve; `None` when there is no such group.
    fn approvers(&self, group: &str) -> Option<BTreeSet<Principal>>;
    /// Returns the agents whose requests the policy binds, as far as they are known now.
    fn requesters(&self) -> BTreeSet<Principal>;
    /// Returns the time at which the rate of an asset expires; `None` when it never had one.
    fn rate_expires_at(&self, asset: Asset) -> Option<Timestamp>;
    /// Returns the fee cap of a request for an asset that names none, in base units of the chain's coin.
    fn fee_cap(&self, asset: Asset) -> Amount;
    /// Returns the least that any transfer on a chain pays in fees, in base units of the chain's coin.
    fn least_fee(&self, chain: Chain) -> Amount;
}

/// The position of a rule, and the list that takes its problems.
pub(super) struct At<'a> {
    pub(super) index: usize,
    pub(super) lints: &'a mut Vec<Lint>,
}

impl At<'_> {
    /// Adds an error about the rule.
    pub(super) fn error(&mut self, problem: impl Into<String>, remedy: impl Into<String>) {
        self.put(Severity::Error, problem.into(), remedy.into());
    }

    /// Adds a warning about the rule.
    pub(super) fn warning(&mut self, problem: impl Into<String>, remedy: impl Into<String>) {
        self.put(Severity::Warning, problem.into(), remedy.into());
    }

    fn put(&mut self, severity: Severity, problem: String, remedy: String) {
        self.lints.push(Lint { severity, rule_index: u32::try_from(self.index).ok(), problem, remedy });
    }
}
