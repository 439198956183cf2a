//! Evaluation of a request by the policies in the state.

use super::State;
use super::read::request_scopes;
use super::reservations::{ReservationAdjustment, spend};
use crate::base::{Amount, Asset, Bytes, Timestamp};
use crate::policy::{
    ApprovalDemand, AssetValue, CounterKey, Evaluation, Finding, Mode, PolicyData, RequestContext, Scope, ScopedPolicy, Spent,
    demands, evaluate, evaluate_unpaid,
};
use crate::transfer::TransferRequest;
use crate::wallet::Wallet;
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Counters by their stored keys, which an evaluation reads in the place of those in the state.
pub(super) type CounterOverrides = BTreeMap<Vec<u8>, Spent>;

/// The state as the evaluation of one request reads it.
struct StateFacts<'a, M: Memory> {
    state: &'a State<M>,
    counter_overrides: &'a CounterOverrides,
    requester: Principal,
    adjustment: &'a ReservationAdjustment,
    now: Timestamp,
}

impl<M: Memory> PolicyData for StateFacts<'_, M> {
    fn spent(&self, key: &CounterKey) -> Spent {
        let key = Bytes::new(key.key());
        let spent = self.counter_overrides.get(&key[..]).cloned().unwrap_or_else(|| self.state.tables.spent(&key));
        self.adjustment.apply(&key, spent).expect("BUG: a counter does not hold a transfer")
    }

    fn value(&self, asset: Asset, amount: Amount) -> AssetValue {
        let value = self.state.tables.rate(asset).and_then(|rate| rate.value(amount, self.now));
        value.map_or(AssetValue::Unknown, AssetValue::Worth)
    }

    fn approvers(&self, group: &str) -> u32 {
        let members = self.state.approvers_of(group, self.requester).count();
        u32::try_from(members).unwrap_or(u32::MAX)
    }
}

/// The policies that bind a request.
#[derive(Clone)]
pub(super) struct ApplicablePolicies {
    pub policies: Vec<ScopedPolicy>,
    /// Counters that differ from the state: a policy that is about to be set counts earlier spending.
    pub counter_overrides: Rc<CounterOverrides>,
    /// Whether the wallet and all its ancestors are active.
    pub wallet_active: bool,
}

/// The circumstances of one evaluation.
#[derive(Clone, Copy, Debug)]
pub(super) struct EvaluationContext<'a> {
    /// The requester.
    pub agent: Principal,
    /// The time of the evaluation.
    pub now: Timestamp,
    /// The reservations that are left out or added.
    pub adjustment: &'a ReservationAdjustment,
    /// Whether the request was allowed before.
    pub is_recheck: bool,
}

impl<M: Memory> State<M> {
    /// Returns the policies that bind a request.
    pub(super) fn applicable_policies(&self, agent: Principal, request: &TransferRequest) -> ApplicablePolicies {
        self.applicable_policies_with(agent, request, None)
    }

    /// Returns the policies that bind a request; with `changed`, as if one of the wallets were that.
    pub(super) fn applicable_policies_with(
        &self,
        agent: Principal,
        request: &TransferRequest,
        changed: Option<&Wallet>,
    ) -> ApplicablePolicies {
        let scoped =
            |scope: Scope| ScopedPolicy { scope, policy: self.tables.policy(&scope), activity: self.tables.activity(&scope) };
        let wallets = self.wallet_chain(request.wallet, changed);
        let wallet_active = wallets.iter().all(|(_, wallet)| wallet.as_ref().is_some_and(|wallet| !wallet.deactivated));
        let policies = request_scopes(&wallets, agent, request).into_iter().map(scoped).collect();
        ApplicablePolicies { policies, counter_overrides: Rc::default(), wallet_active }
    }

    /// Evaluates a request in the current mode.
    pub(super) fn evaluate_request(
        &self,
        applicable: &ApplicablePolicies,
        request: &TransferRequest,
        context: EvaluationContext<'_>,
    ) -> Evaluation {
        self.evaluate_request_in_mode(self.mode(), applicable, request, context)
    }

    /// Evaluates a request as if the canister operated in another mode.
    pub(super) fn evaluate_request_in_mode(
        &self,
        mode: Mode,
        applicable: &ApplicablePolicies,
        request: &TransferRequest,
        context: EvaluationContext<'_>,
    ) -> Evaluation {
        let request_context = self.request_context(mode, applicable, request, &context);
        let paying = Scope::Wallet(request.wallet);
        if request.is_consolidation() {
            return evaluate_unpaid(&request_context, paying, &applicable.policies, request.asset.chain());
        }
        let data = self.facts(applicable, context);
        evaluate(&request_context, paying, &applicable.policies, &data, &spend(request, &request.payments()))
    }

    /// Returns the approvals that these policies demand for a request in normal operation.
    ///
    /// # Errors
    /// When a rule demands more approvers than a group has: the finding of that rule.
    pub(super) fn approval_demands(
        &self,
        applicable: &ApplicablePolicies,
        request: &TransferRequest,
        context: EvaluationContext<'_>,
    ) -> Result<Vec<ApprovalDemand>, Box<Finding>> {
        // A consolidation is no payment.
        if request.is_consolidation() {
            return Ok(Vec::new());
        }
        let request_context = self.request_context(Mode::Normal, applicable, request, &context);
        let data = self.facts(applicable, context);
        demands(&request_context, &applicable.policies, &data, &spend(request, &request.payments()))
    }

    fn facts<'a>(&'a self, applicable: &'a ApplicablePolicies, context: EvaluationContext<'a>) -> StateFacts<'a, M> {
        let EvaluationContext { agent, now, adjustment, is_recheck: _ } = context;
        StateFacts { state: self, counter_overrides: &applicable.counter_overrides, requester: agent, adjustment, now }
    }

    fn request_context(
        &self,
        mode: Mode,
        applicable: &ApplicablePolicies,
        request: &TransferRequest,
        context: &EvaluationContext<'_>,
    ) -> RequestContext {
        RequestContext {
            mode,
            now: context.now,
            in_session: request.session.is_some(),
            wallet_active: applicable.wallet_active,
            chain_open_until: self.tables.chain_breaker(request.asset.chain()),
            is_recheck: context.is_recheck,
        }
    }
}
