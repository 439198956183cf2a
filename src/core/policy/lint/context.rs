//! What a policy is judged in, and where its problems go.

use crate::base::{Amount, Asset, Chain, Timestamp};
use candid::Principal;
use std::collections::BTreeSet;

/// How much is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The policy cannot do what it says. It is not put into force.
    Error,
    /// It works, but hardly as it was meant.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// How much.
    pub severity: Severity,
    /// The position of the rule, from 0; `None` when something is missing.
    pub rule_index: Option<u32>,
    /// What is wrong.
    pub problem: String,
    /// What would be right.
    pub remedy: String,
}

/// What a policy is judged in.
pub trait LintContext {
    /// When.
    fn now(&self) -> Timestamp;
    /// The members of a group who may approve; `None` when there is no such group.
    fn approvers(&self, group: &str) -> Option<BTreeSet<Principal>>;
    /// Whose requests the policy binds, as far as that is known.
    fn requesters(&self) -> BTreeSet<Principal>;
    /// Until when an asset has a rate of the unit of account; `None` when it never had one.
    fn rate_expires_at(&self, asset: Asset) -> Option<Timestamp>;
    /// What a request for an asset may pay in fees and rent when it names no cap, in the chain's coin.
    fn fee_cap(&self, asset: Asset) -> Amount;
    /// The least that any transfer pays in fees.
    fn least_fee(&self, chain: Chain) -> Amount;
}

/// Where a rule's problems go.
pub(super) struct At<'a> {
    pub(super) index: usize,
    pub(super) lints: &'a mut Vec<Lint>,
}

impl At<'_> {
    pub(super) fn error(&mut self, problem: impl Into<String>, remedy: impl Into<String>) {
        self.put(Severity::Error, problem.into(), remedy.into());
    }

    pub(super) fn warning(&mut self, problem: impl Into<String>, remedy: impl Into<String>) {
        self.put(Severity::Warning, problem.into(), remedy.into());
    }

    fn put(&mut self, severity: Severity, problem: String, remedy: String) {
        self.lints.push(Lint { severity, rule_index: u32::try_from(self.index).ok(), problem, remedy });
    }
}
