//! What an evaluation reads of the state.

use super::State;
use crate::mode::Mode;
use crate::policy::{
    ApprovalDemand, Basis, Circumstances, CounterKey, Evaluation, Facts, Finding, Hold, Holds, Layer, Policy, Rule, Scope, Spend,
    Spent, Valued, demands, evaluate, evaluate_unpaid,
};
use crate::primitives::{Amount, Asset, Bytes, Destination, Timestamp};
use crate::transfer::TransferRequest;
use crate::wallet::Wallet;
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Counters that a change which is being decided would replace, by their stored keys.
pub(super) type Counters = BTreeMap<Vec<u8>, Spent>;

/// The state as one request sees it.
struct Seen<'a, M: Memory> {
    state: &'a State<M>,
    /// Counters that are looked at instead of those in the state.
    replaced: &'a Counters,
    requester: Principal,
    beside: &'a Beside,
    now: Timestamp,
}

/// How what is held differs from the counters while something is judged: holds that end with this very decision, that are the request's
/// own, or that wait behind it do not count; holds that begin with this decision do.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    less: BTreeMap<Bytes, Amount>,
    more: BTreeMap<Bytes, Amount>,
}

impl Beside {
    /// All that is held but for these.
    pub fn without<'a>(holds: impl IntoIterator<Item = &'a Holds>) -> Self {
        let mut beside = Self::default();
        holds.into_iter().for_each(|holds| beside.leave_out(holds));
        beside
    }

    /// These do not count.
    pub(super) fn leave_out(&mut self, holds: &Holds) {
        Self::add(&mut self.less, holds);
    }

    /// These count.
    pub(super) fn count(&mut self, holds: &Holds) {
        Self::add(&mut self.more, holds);
    }

    fn add(sums: &mut BTreeMap<Bytes, Amount>, holds: &Holds) {
        for Hold { key, amount, .. } in &holds.0 {
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

impl<M: Memory> Facts for Seen<'_, M> {
    fn spent(&self, key: &CounterKey) -> Spent {
        let key = Bytes::new(key.key());
        let spent = self.replaced.get(&key[..]).cloned().unwrap_or_else(|| self.state.tables.spent(&key));
        self.beside.adjust(&key, spent).expect("BUG: a counter does not hold a transfer")
    }

    fn value(&self, asset: Asset, amount: Amount) -> Valued {
        let value = self.state.tables.rate(asset).and_then(|rate| rate.value(amount, self.now));
        value.map_or(Valued::Unknown, Valued::At)
    }

    fn approvers(&self, group: &str) -> u32 {
        let members = self.state.approvers_of(group, self.requester).count();
        u32::try_from(members).unwrap_or(u32::MAX)
    }
}

/// The policies that bind a request.
#[derive(Clone)]
pub(super) struct Bound {
    pub layers: Vec<Layer>,
    /// Counters that are looked at instead of those in the state: a policy that is being set counts what was spent before.
    pub replaced: Rc<Counters>,
    pub wallet_active: bool,
}

/// What an evaluation is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    /// Who asks.
    pub agent: Principal,
    /// When.
    pub now: Timestamp,
    /// What counts beside it.
    pub beside: &'a Beside,
    /// Whether the request was let through before.
    pub again: bool,
}

impl<M: Memory> State<M> {
    /// Every policy that binds a request, with what is needed to judge by it.
    pub(super) fn bound(&self, agent: Principal, request: &TransferRequest) -> Bound {
        self.bound_if(agent, request, None)
    }

    /// The same as if one of the wallets were `changed`.
    pub(super) fn bound_if(&self, agent: Principal, request: &TransferRequest, changed: Option<&Wallet>) -> Bound {
        let layer = |scope: Scope| Layer { scope, policy: self.tables.policy(&scope), activity: self.tables.activity(&scope) };
        let scopes = self.scopes_if(agent, request, changed);
        let is_active = |scope: &Scope| match scope {
            Scope::Wallet(id) => self.wallet_if(*id, changed).is_some_and(|wallet| !wallet.deactivated),
            Scope::User(_) | Scope::Agent { .. } | Scope::Session(_) => true,
        };
        let wallet_active = scopes.iter().all(is_active);
        Bound { layers: scopes.into_iter().map(layer).collect(), replaced: Rc::default(), wallet_active }
    }

    /// Evaluates a request in the state as it is.
    pub(super) fn look(&self, bound: &Bound, request: &TransferRequest, look: Look<'_>) -> Evaluation {
        self.look_in(self.mode(), bound, request, look)
    }

    /// The same as if operation were in another stage.
    pub(super) fn look_in(&self, mode: Mode, bound: &Bound, request: &TransferRequest, look: Look<'_>) -> Evaluation {
        let Look { agent, now, beside, again } = look;
        let circumstances = self.circumstances(mode, bound, request, now, again);
        let paying = Scope::Wallet(request.wallet);
        if request.is_consolidation() {
            return evaluate_unpaid(&circumstances, paying, &bound.layers, request.asset.chain());
        }
        let facts = Seen { state: self, replaced: &bound.replaced, requester: agent, beside, now };
        evaluate(&circumstances, paying, &bound.layers, &facts, &spend(request, &request.payments()))
    }

    /// Who would have to agree to a request under these policies.
    ///
    /// # Errors
    /// What a rule found that nobody could meet.
    pub(super) fn demands(
        &self,
        bound: &Bound,
        request: &TransferRequest,
        look: Look<'_>,
    ) -> Result<Vec<ApprovalDemand>, Box<Finding>> {
        let Look { agent, now, beside, again } = look;
        // Coins of a wallet that become one are no payment.
        if request.is_consolidation() {
            return Ok(Vec::new());
        }
        let circumstances = self.circumstances(Mode::Normal, bound, request, now, again);
        let facts = Seen { state: self, replaced: &bound.replaced, requester: agent, beside, now };
        demands(&circumstances, &bound.layers, &facts, &spend(request, &request.payments()))
    }

    fn circumstances(&self, mode: Mode, bound: &Bound, request: &TransferRequest, now: Timestamp, again: bool) -> Circumstances {
        Circumstances {
            mode,
            now,
            in_session: request.session.is_some(),
            wallet_active: bound.wallet_active,
            chain_open_until: self.tables.chain_breaker(request.asset.chain()),
            again,
        }
    }

    /// Whether every counter takes these holds beside what it is judged by.
    pub(super) fn takes(&self, holds: &Holds, beside: &Beside) -> bool {
        let takes = |hold: &Hold| {
            let spent = beside.adjust(&hold.key, self.tables.spent(&hold.key));
            spent.and_then(|spent| spent.reserve(hold.amount)).is_some()
        };
        holds.0.iter().all(takes)
    }

    /// What a request holds against the counters of all its scopes; `None` when amount and fee together are more than an amount. Every
    /// counter takes it: no number of transfers holds more than a counter can.
    pub(super) fn holds(&self, layers: &[Layer], request: &TransferRequest, now: Timestamp) -> Option<Holds> {
        let payments = request.payments();
        let spend = spend(request, &payments);
        let (charges, recipients) = (spend.charges()?, spend.recipients());
        let rates: Vec<_> = charges.iter().map(|(asset, _)| self.tables.rate(*asset)).collect();
        let mut holds = Vec::new();
        for layer in layers {
            for ((asset, amount), rate) in charges.iter().zip(&rates) {
                let basis = match (*asset == request.asset.counted_as(), charges.len()) {
                    (true, 1) => Basis::AmountAndFee,
                    (true, _) => Basis::Amount,
                    (false, _) => Basis::Fee,
                };
                holds.push(hold(&CounterKey::units(layer.scope, *asset), basis, *amount));
                if let Some(value) = rate.and_then(|rate| rate.value(*amount, now)) {
                    holds.push(hold(&CounterKey::value(layer.scope, *asset), basis, value));
                }
            }
            for (to, amount) in recipients.iter().filter(|(to, _)| has_own_limit(layer, request.asset.counted_as(), to)) {
                let key = CounterKey::to(layer.scope, request.asset.counted_as(), (*to).clone());
                holds.push(hold(&key, Basis::Amount, *amount));
            }
        }
        Some(Holds(holds))
    }

    /// The members of a group who may approve what `requester` asks for.
    pub(super) fn approvers_of(&self, group: &str, requester: Principal) -> impl Iterator<Item = Principal> {
        let members = self.tables.group(group).map(|group| group.members).unwrap_or_default();
        let may = move |member: &Principal| *member != requester && self.tables.roles(member).has(crate::roles::Role::Approver);
        members.into_iter().filter(may)
    }
}

pub(super) fn hold(key: &CounterKey, basis: Basis, amount: Amount) -> Hold {
    Hold { key: Bytes::new(key.key()), basis, amount }
}

/// Whether the recipient has a limit over time of its own.
fn has_own_limit(layer: &Layer, asset: Asset, to: &Destination) -> bool {
    own_limits(layer.policy.as_ref()).any(|(of, whom)| of == asset && whom == to)
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
    Spend { asset: request.asset.counted_as(), payments, amount: request.amount, max_fee: request.max_fee }
}
