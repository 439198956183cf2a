//! ReplayedRequests as a draft would have made it: its own counters, beside the logged findings of the other scopes.

use crate::base::{Amount, Asset, BlockIndex, Destination, Timestamp, TransferId};
use crate::policy::{
    self, Activity, AssetValue, CounterKey, Decision, Evaluation, Finding, Mode, Policy, PolicyData, RequestContext, Rule,
    RuleKind, Scope, ScopedPolicy, Spend, Spent, Window,
};
use crate::state::State;
use crate::state::reservations::spend;
use crate::transfer::{Status, TransferRequest};
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeMap;

/// A request in the log.
pub(super) struct LoggedRequest {
    pub block: BlockIndex,
    pub at: Timestamp,
    pub agent: Principal,
    pub request: TransferRequest,
    pub evaluation: Evaluation,
    pub transfer: Option<TransferId>,
}

/// The history of one scope under a draft of its policy.
pub(super) struct ReplayedRequests<'a, M: Memory> {
    state: &'a State<M>,
    scope: Scope,
    draft: Option<Policy>,
    spent: BTreeMap<CounterKey, Spent>,
    activity: Activity,
}

/// The history as the evaluation of one request reads it.
struct PastFacts<'a, M: Memory> {
    history: &'a ReplayedRequests<'a, M>,
    requester: Principal,
}

impl<M: Memory> PolicyData for PastFacts<'_, M> {
    fn spent(&self, key: &CounterKey) -> Spent {
        self.history.spent.get(key).cloned().unwrap_or_default()
    }

    fn value(&self, asset: Asset, amount: Amount) -> AssetValue {
        self.history.value(asset, amount).map_or(AssetValue::Unknown, AssetValue::Worth)
    }

    fn approvers(&self, group: &str) -> u32 {
        let members = self.history.state.approvers_of(group, self.requester).count();
        u32::try_from(members).unwrap_or(u32::MAX)
    }
}

impl<'a, M: Memory> ReplayedRequests<'a, M> {
    /// Makes an empty history.
    pub(super) fn new(state: &'a State<M>, scope: Scope, draft: Option<Policy>) -> Self {
        Self { state, scope, draft, spent: BTreeMap::new(), activity: Activity::default() }
    }

    /// Returns the decision under the draft with its reason, and counts the request if it is allowed.
    pub(super) fn reassess(&mut self, logged: &LoggedRequest) -> (Decision, String) {
        let paying = Scope::Wallet(logged.request.wallet);
        let findings = &logged.evaluation.findings;
        let others: Vec<&Finding> = findings.iter().filter(|finding| !belongs_to_scope(finding, self.scope, paying)).collect();
        let draft = self.evaluate_draft(logged, paying);
        let decision = if draft.decision == Decision::Deny || others.iter().any(|finding| !finding.passed) {
            Decision::Deny
        } else if draft.decision == Decision::RequireApproval || others.iter().any(|finding| requires_approval(finding)) {
            Decision::RequireApproval
        } else {
            Decision::Allow
        };
        let denial = draft.denials().next().or_else(|| others.iter().copied().find(|finding| !finding.passed));
        let demand = || draft.findings.iter().chain(others.iter().copied()).find(|finding| requires_approval(finding));
        let why = denial.or_else(demand).map_or_else(|| "every rule is content".to_owned(), |finding| finding.message.clone());
        if decision != Decision::Deny {
            self.count(logged);
        }
        let transfers = u16::try_from(logged.request.payments().len()).unwrap_or(u16::MAX);
        self.activity.note_many(1, if decision == Decision::Deny { 0 } else { transfers }, logged.at);
        (decision, why)
    }

    fn evaluate_draft(&self, logged: &LoggedRequest, paying: Scope) -> Evaluation {
        let request = &logged.request;
        let mut policies = vec![ScopedPolicy { scope: self.scope, policy: self.draft.clone(), activity: self.activity.clone() }];
        if self.scope != paying {
            policies.push(ScopedPolicy { scope: paying, policy: Some(permissive_policy(request)), activity: Activity::default() });
        }
        let context = RequestContext {
            mode: Mode::Normal,
            now: logged.at,
            in_session: request.session.is_some(),
            wallet_active: true,
            chain_open_until: None,
            is_recheck: false,
        };
        let payments = request.payments();
        let spend = spend(request, &payments);
        policy::evaluate(&context, paying, &policies, &PastFacts { history: self, requester: logged.agent }, &spend)
    }

    fn value(&self, asset: Asset, amount: Amount) -> Option<Amount> {
        let rate = self.state.tables.rate(asset)?;
        // The rate of the past is not known. An expired one is still a fair estimate, so its expiry is not checked.
        rate.value(amount, Timestamp::default())
    }

    /// Counts the spending of an allowed request.
    fn count(&mut self, logged: &LoggedRequest) {
        let request = &logged.request;
        let (amount, max_fee) = self.outcome(logged);
        let payments = request.payments();
        let spend = Spend { amount, max_fee, ..spend(request, &payments) };
        let Some(charges) = spend.charges() else { return };
        // All payments of a batch land together, or none does.
        let moved = |paid: Amount| if amount.is_zero() { Amount::ZERO } else { paid };
        let to = |to: &Destination| CounterKey::to(self.scope, spend.asset, to.clone());
        let mut counted: Vec<_> = spend.recipients().into_iter().map(|(whom, paid)| (to(whom), moved(paid))).collect();
        for (asset, amount) in charges {
            counted.push((CounterKey::units(self.scope, asset), amount));
            if let Some(value) = self.value(asset, amount) {
                counted.push((CounterKey::value(self.scope, asset), value));
                counted.push((CounterKey::valued(self.scope, asset), amount));
            }
        }
        for (key, amount) in counted {
            let spent = self.spent.entry(key).or_default();
            if let Some(more) = spent.clone().reserve(amount).and_then(|spent| spent.post(amount, amount, logged.at)) {
                *spent = more;
            }
        }
    }

    /// Returns the amount that a transfer moved and its fee; amount and fee cap when it did not happen or has not ended.
    fn outcome(&self, logged: &LoggedRequest) -> (Amount, Amount) {
        let (amount, max_fee) = (logged.request.amount, logged.request.max_fee);
        let Some(transfer) = logged.transfer.and_then(|id| self.state.transfer(id)) else { return (amount, max_fee) };
        match transfer.status {
            // A simulated transfer always ends as cancelled; carried out, it would have spent its amount.
            Status::Cancelled if transfer.simulated => (amount, max_fee),
            Status::Confirmed => (amount, transfer.fee_paid.unwrap_or(max_fee)),
            Status::Failed => (Amount::ZERO, transfer.fee_paid.unwrap_or(max_fee)),
            Status::Cancelled | Status::Rejected => (Amount::ZERO, Amount::ZERO),
            _ => (amount, max_fee),
        }
    }
}

/// Returns a policy that allows a request, in the place of the paying wallet's, whose findings are logged.
fn permissive_policy(request: &TransferRequest) -> Policy {
    let (max, window, asset) = (Amount::MAX, Window::Rolling24h, request.asset.canonical_asset());
    let mut rules = vec![
        Rule::PerTransaction { asset, max },
        Rule::SpendingLimit { asset, window: window.clone(), max },
        Rule::AnyAddress { chain: asset.chain() },
    ];
    if asset.native_asset() != asset {
        rules.push(Rule::SpendingLimit { asset: asset.native_asset(), window, max });
    }
    Policy { version: 0, name: None, rules }
}

/// Whether a finding is about the policy of a scope: one of its rules, or that the paying wallet's policy lacks one.
fn belongs_to_scope(finding: &Finding, scope: Scope, paying: Scope) -> bool {
    let standing = matches!(finding.rule, RuleKind::Mode | RuleKind::Wallet | RuleKind::CircuitBreaker | RuleKind::RateLimit);
    let by_rule = finding.rule_index.is_some() || !standing;
    by_rule && finding.scope.unwrap_or(paying) == scope
}

/// Whether a finding demands an approval. Of the passed findings, only these name a threshold.
fn requires_approval(finding: &Finding) -> bool {
    finding.rule == RuleKind::Approval && finding.passed && finding.limit.is_some()
}
