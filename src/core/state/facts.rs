//! What an evaluation reads of the state.

use super::State;
use crate::base::{Amount, Asset, Bytes, Destination, Timestamp};
use crate::policy::{
    ApprovalDemand, AssetValue, CounterKey, Evaluation, Finding, Mode, Policy, PolicyData, RequestContext, Reservation,
    Reservations, ReservedPart, Rule, Scope, ScopedPolicy, Spend, Spent, demands, evaluate, evaluate_unpaid,
};
use crate::transfer::TransferRequest;
use crate::wallet::Wallet;
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Counters that a change which is being decided would replace, by their stored keys.
pub(super) type Counters = BTreeMap<Vec<u8>, Spent>;

/// The state as one request sees it.
struct StateFacts<'a, M: Memory> {
    state: &'a State<M>,
    /// Counters that are looked at instead of those in the state.
    replaced: &'a Counters,
    requester: Principal,
    adjustment: &'a ReservationAdjustment,
    now: Timestamp,
}

/// How what is held differs from the counters while something is judged: holds that end with this very decision, that are the request's
/// own, or that wait behind it do not count; holds that begin with this decision do.
#[derive(Clone, Debug, Default)]
pub(super) struct ReservationAdjustment {
    less: BTreeMap<Bytes, Amount>,
    more: BTreeMap<Bytes, Amount>,
}

impl ReservationAdjustment {
    /// All that is held but for these.
    pub fn without<'a>(reservations: impl IntoIterator<Item = &'a Reservations>) -> Self {
        let mut adjustment = Self::default();
        reservations.into_iter().for_each(|reservations| adjustment.exclude(reservations));
        adjustment
    }

    /// These do not count.
    pub(super) fn exclude(&mut self, reservations: &Reservations) {
        Self::add(&mut self.less, reservations);
    }

    /// These count.
    pub(super) fn count(&mut self, reservations: &Reservations) {
        Self::add(&mut self.more, reservations);
    }

    fn add(sums: &mut BTreeMap<Bytes, Amount>, reservations: &Reservations) {
        for Reservation { key, amount, .. } in &reservations.0 {
            let sum = sums.entry(key.clone()).or_default();
            *sum = sum.checked_add(*amount).unwrap_or(Amount::MAX);
        }
    }

    /// A counter as it is judged by; `None` when it cannot hold so much.
    fn adjust(&self, key: &Bytes, spent: Spent) -> Option<Spent> {
        let of = |sums: &BTreeMap<Bytes, Amount>| sums.get(key).copied().unwrap_or_default();
        let (less, more) = (of(&self.less), of(&self.more));
        if more > less { spent.reserve(more.remaining_after(less)) } else { spent.void(less.remaining_after(more)) }
    }
}

impl<M: Memory> PolicyData for StateFacts<'_, M> {
    fn spent(&self, key: &CounterKey) -> Spent {
        let key = Bytes::new(key.key());
        let spent = self.replaced.get(&key[..]).cloned().unwrap_or_else(|| self.state.tables.spent(&key));
        self.adjustment.adjust(&key, spent).expect("BUG: a counter does not hold a transfer")
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
    /// Counters that are looked at instead of those in the state: a policy that is being set counts what was spent before.
    pub replaced: Rc<Counters>,
    pub wallet_active: bool,
}

/// What an evaluation is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct EvaluationContext<'a> {
    /// Who asks.
    pub agent: Principal,
    /// When.
    pub now: Timestamp,
    /// What counts beside it.
    pub adjustment: &'a ReservationAdjustment,
    /// Whether the request was let through before.
    pub is_recheck: bool,
}

impl<M: Memory> State<M> {
    /// Every policy that binds a request, with what is needed to judge by it.
    pub(super) fn applicable_policies(&self, agent: Principal, request: &TransferRequest) -> ApplicablePolicies {
        self.applicable_policies_with(agent, request, None)
    }

    /// The same as if one of the wallets were `changed`.
    pub(super) fn applicable_policies_with(
        &self,
        agent: Principal,
        request: &TransferRequest,
        changed: Option<&Wallet>,
    ) -> ApplicablePolicies {
        let scoped =
            |scope: Scope| ScopedPolicy { scope, policy: self.tables.policy(&scope), activity: self.tables.activity(&scope) };
        let scopes = self.scopes_with(agent, request, changed);
        let is_active = |scope: &Scope| match scope {
            Scope::Wallet(id) => self.wallet_with(*id, changed).is_some_and(|wallet| !wallet.deactivated),
            Scope::User(_) | Scope::Agent { .. } | Scope::Session(_) => true,
        };
        let wallet_active = scopes.iter().all(is_active);
        ApplicablePolicies { policies: scopes.into_iter().map(scoped).collect(), replaced: Rc::default(), wallet_active }
    }

    /// Evaluates a request in the state as it is.
    pub(super) fn evaluate_request(
        &self,
        applicable: &ApplicablePolicies,
        request: &TransferRequest,
        context: EvaluationContext<'_>,
    ) -> Evaluation {
        self.evaluate_request_in_mode(self.mode(), applicable, request, context)
    }

    /// The same as if operation were in another stage.
    pub(super) fn evaluate_request_in_mode(
        &self,
        mode: Mode,
        applicable: &ApplicablePolicies,
        request: &TransferRequest,
        context: EvaluationContext<'_>,
    ) -> Evaluation {
        let EvaluationContext { agent, now, adjustment, is_recheck } = context;
        let request_context = self.request_context(mode, applicable, request, now, is_recheck);
        let paying = Scope::Wallet(request.wallet);
        if request.is_consolidation() {
            return evaluate_unpaid(&request_context, paying, &applicable.policies, request.asset.chain());
        }
        let data = StateFacts { state: self, replaced: &applicable.replaced, requester: agent, adjustment, now };
        evaluate(&request_context, paying, &applicable.policies, &data, &spend(request, &request.payments()))
    }

    /// Who would have to agree to a request under these policies.
    ///
    /// # Errors
    /// What a rule found that nobody could meet.
    pub(super) fn demands(
        &self,
        applicable: &ApplicablePolicies,
        request: &TransferRequest,
        context: EvaluationContext<'_>,
    ) -> Result<Vec<ApprovalDemand>, Box<Finding>> {
        let EvaluationContext { agent, now, adjustment, is_recheck } = context;
        // Coins of a wallet that become one are no payment.
        if request.is_consolidation() {
            return Ok(Vec::new());
        }
        let request_context = self.request_context(Mode::Normal, applicable, request, now, is_recheck);
        let data = StateFacts { state: self, replaced: &applicable.replaced, requester: agent, adjustment, now };
        demands(&request_context, &applicable.policies, &data, &spend(request, &request.payments()))
    }

    fn request_context(
        &self,
        mode: Mode,
        applicable: &ApplicablePolicies,
        request: &TransferRequest,
        now: Timestamp,
        is_recheck: bool,
    ) -> RequestContext {
        RequestContext {
            mode,
            now,
            in_session: request.session.is_some(),
            wallet_active: applicable.wallet_active,
            chain_open_until: self.tables.chain_breaker(request.asset.chain()),
            is_recheck,
        }
    }

    /// Whether every counter takes these holds beside what it is judged by.
    pub(super) fn fits_counters(&self, reservations: &Reservations, adjustment: &ReservationAdjustment) -> bool {
        let takes = |reservation: &Reservation| {
            let spent = adjustment.adjust(&reservation.key, self.tables.spent(&reservation.key));
            spent.and_then(|spent| spent.reserve(reservation.amount)).is_some()
        };
        reservations.0.iter().all(takes)
    }

    /// What a request holds against the counters of all its scopes; `None` when amount and fee together are more than an amount. Every
    /// counter takes it: no number of transfers holds more than a counter can.
    pub(super) fn reservations(
        &self,
        policies: &[ScopedPolicy],
        request: &TransferRequest,
        now: Timestamp,
    ) -> Option<Reservations> {
        let payments = request.payments();
        let spend = spend(request, &payments);
        let (charges, recipients) = (spend.charges()?, spend.recipients());
        let rates: Vec<_> = charges.iter().map(|(asset, _)| self.tables.rate(*asset)).collect();
        let mut reservations = Vec::new();
        for scoped in policies {
            for ((asset, amount), rate) in charges.iter().zip(&rates) {
                let part = match (*asset == request.asset.canonical_asset(), charges.len()) {
                    (true, 1) => ReservedPart::AmountAndFee,
                    (true, _) => ReservedPart::Amount,
                    (false, _) => ReservedPart::Fee,
                };
                reservations.push(reservation(&CounterKey::units(scoped.scope, *asset), part, *amount));
                if let Some(value) = rate.and_then(|rate| rate.value(*amount, now)) {
                    reservations.push(reservation(&CounterKey::value(scoped.scope, *asset), part, value));
                }
            }
            for (to, amount) in recipients.iter().filter(|(to, _)| has_own_limit(scoped, request.asset.canonical_asset(), to)) {
                let key = CounterKey::to(scoped.scope, request.asset.canonical_asset(), (*to).clone());
                reservations.push(reservation(&key, ReservedPart::Amount, *amount));
            }
        }
        Some(Reservations(reservations))
    }

    /// The members of a group who may approve what `requester` asks for.
    pub(super) fn approvers_of(&self, group: &str, requester: Principal) -> impl Iterator<Item = Principal> {
        let members = self.tables.group(group).map(|group| group.members).unwrap_or_default();
        let may = move |member: &Principal| *member != requester && self.tables.roles(member).has(crate::access::Role::Approver);
        members.into_iter().filter(may)
    }
}

pub(super) fn reservation(key: &CounterKey, part: ReservedPart, amount: Amount) -> Reservation {
    Reservation { key: Bytes::new(key.key()), part, amount }
}

/// Whether the recipient has a limit over time of its own.
fn has_own_limit(scoped: &ScopedPolicy, asset: Asset, to: &Destination) -> bool {
    own_limits(scoped.policy.as_ref()).any(|(of, whom)| of == asset && whom == to)
}

/// Every recipient that has a limit over time of its own, and of what.
pub(super) fn own_limits(policy: Option<&Policy>) -> impl Iterator<Item = (Asset, &Destination)> {
    let rules = policy.into_iter().flat_map(|policy| &policy.rules);
    let entries = rules.flat_map(|rule| if let Rule::Allowlist { entries, .. } = rule { &entries[..] } else { &[] });
    entries.flat_map(|entry| {
        let limits = entry.limits.iter().filter(|limit| limit.rolling_24h.is_some());
        limits.map(move |limit| (limit.asset, &entry.to))
    })
}

/// What a request would do. `payments` are the request's own.
pub(super) fn spend<'a>(request: &'a TransferRequest, payments: &'a [(&'a Destination, Amount)]) -> Spend<'a> {
    Spend { asset: request.asset.canonical_asset(), payments, amount: request.amount, max_fee: request.max_fee }
}
