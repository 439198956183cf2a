//! What an evaluation reads of the state.

use super::State;
use crate::mode::Mode;
use crate::policy::{
    Basis, Circumstances, CounterKey, Evaluation, Facts, Hold, Holds, Layer, Rule, Scope, Spend, Spent, Valued, evaluate,
    evaluate_unpaid,
};
use crate::primitives::{Amount, Asset, Bytes, Destination, Timestamp};
use crate::transfer::TransferRequest;
use candid::Principal;
use ic_stable_structures::Memory;

/// The state as one request sees it.
struct Seen<'a, M: Memory> {
    state: &'a State<M>,
    requester: Principal,
    /// What is not counted: holds that end with this very decision, or that are the request's own.
    without: &'a [&'a Holds],
    now: Timestamp,
}

impl<M: Memory> Facts for Seen<'_, M> {
    fn spent(&self, key: &CounterKey) -> Spent {
        let key = key.key();
        let holds = self.without.iter().flat_map(|holds| &holds.0).filter(|hold| hold.key[..] == key[..]);
        holds.fold(self.state.tables.spent(&key), |spent, hold| {
            spent.void(hold.amount).expect("BUG: a counter does not hold a transfer")
        })
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
pub(super) struct Bound {
    pub layers: Vec<Layer>,
    wallet_active: bool,
}

/// What an evaluation is made for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look<'a> {
    /// Who asks.
    pub agent: Principal,
    /// When.
    pub now: Timestamp,
    /// Holds that are not counted.
    pub without: &'a [&'a Holds],
    /// Whether the request was let through before.
    pub again: bool,
}

impl<M: Memory> State<M> {
    /// Every policy that binds a request, with what is needed to judge by it.
    pub(super) fn bound(&self, agent: Principal, request: &TransferRequest) -> Bound {
        let layer = |scope: Scope| Layer { scope, policy: self.tables.policy(&scope), activity: self.tables.activity(&scope) };
        let wallet = self.tables.wallet(request.wallet);
        let scopes = self.scopes_of(agent, request, wallet.as_ref());
        Bound { layers: scopes.into_iter().map(layer).collect(), wallet_active: wallet.is_some_and(|wallet| !wallet.deactivated) }
    }

    /// Evaluates a request in the state as it is.
    pub(super) fn look(&self, bound: &Bound, request: &TransferRequest, look: Look<'_>) -> Evaluation {
        self.look_in(self.mode(), bound, request, look)
    }

    /// The same as if operation were normal.
    pub(super) fn look_ignoring_mode(&self, bound: &Bound, request: &TransferRequest, look: Look<'_>) -> Evaluation {
        self.look_in(Mode::Normal, bound, request, look)
    }

    fn look_in(&self, mode: Mode, bound: &Bound, request: &TransferRequest, look: Look<'_>) -> Evaluation {
        let Look { agent, now, without, again } = look;
        let circumstances = Circumstances {
            mode,
            now,
            in_session: request.session.is_some(),
            // What is under way when a wallet is deactivated is finished.
            wallet_active: again || bound.wallet_active,
            chain_open_until: self.tables.chain_breaker(request.asset.chain()),
            again,
        };
        let paying = Scope::Wallet(request.wallet);
        if request.is_consolidation() {
            return evaluate_unpaid(&circumstances, paying, &bound.layers, request.asset.chain());
        }
        let facts = Seen { state: self, requester: agent, without, now };
        evaluate(&circumstances, paying, &bound.layers, &facts, &spend(request, &request.payments()))
    }

    /// What a request holds against the counters of all its scopes; `None` on overflow.
    pub(super) fn holds(&self, layers: &[Layer], request: &TransferRequest, now: Timestamp) -> Option<Holds> {
        let payments = request.payments();
        let spend = spend(request, &payments);
        let (charges, recipients) = (spend.charges()?, spend.recipients());
        let rates: Vec<_> = charges.iter().map(|(asset, _)| self.tables.rate(*asset)).collect();
        let mut holds = Vec::new();
        let mut wallet_units = Vec::new();
        for layer in layers {
            for ((asset, amount), rate) in charges.iter().zip(&rates) {
                let basis = match (*asset == request.asset.counted_as(), charges.len()) {
                    (true, 1) => Basis::AmountAndFee,
                    (true, _) => Basis::Amount,
                    (false, _) => Basis::Fee,
                };
                let units = hold(&CounterKey::units(layer.scope, *asset), basis, *amount);
                if matches!(layer.scope, Scope::Wallet(id) | Scope::Agent { wallet: id, .. } if id == request.wallet) {
                    wallet_units.push(units.key.clone());
                }
                holds.push(units);
                if let Some(value) = rate.and_then(|rate| rate.value(*amount, now)) {
                    holds.push(hold(&CounterKey::value(layer.scope, *asset), basis, value));
                }
            }
            for (to, amount) in recipients.iter().filter(|(to, _)| has_own_limit(layer, request.asset.counted_as(), to)) {
                let key = CounterKey::to(layer.scope, request.asset.counted_as(), (*to).clone());
                holds.push(hold(&key, Basis::Amount, *amount));
            }
        }
        // Every counter takes it, or nothing is promised. What one wallet and its agents spend of an asset is bounded by the wallet's own
        // limit, which the evaluation has looked at, unless no policy was asked.
        let bounded = |hold: &Hold| !request.is_consolidation() && wallet_units.contains(&hold.key);
        let fits = |hold: &Hold| bounded(hold) || self.tables.spent(&hold.key).reserve(hold.amount).is_some();
        holds.iter().all(fits).then_some(Holds(holds))
    }

    /// The members of a group who may approve what `requester` asks for.
    pub(super) fn approvers_of(&self, group: &str, requester: Principal) -> impl Iterator<Item = Principal> {
        let members = self.tables.group(group).map(|group| group.members).unwrap_or_default();
        let may = move |member: &Principal| *member != requester && self.tables.roles(member).has(crate::roles::Role::Approver);
        members.into_iter().filter(may)
    }
}

fn hold(key: &CounterKey, basis: Basis, amount: Amount) -> Hold {
    Hold { key: Bytes::new(key.key()), basis, amount }
}

/// Whether the recipient has a limit over time of its own.
fn has_own_limit(layer: &Layer, asset: Asset, to: &Destination) -> bool {
    let rules = layer.policy.iter().flat_map(|policy| &policy.rules);
    let entries = rules.flat_map(|rule| if let Rule::Allowlist { entries, .. } = rule { &entries[..] } else { &[] });
    let limits = entries.filter(|entry| entry.to == *to).flat_map(|entry| &entry.limits);
    limits.into_iter().any(|limit| limit.asset == asset && limit.rolling_24h.is_some())
}

/// What a request would do. `payments` are the request's own.
pub(super) fn spend<'a>(request: &'a TransferRequest, payments: &'a [(&'a Destination, Amount)]) -> Spend<'a> {
    Spend { asset: request.asset.counted_as(), payments, amount: request.amount, max_fee: request.max_fee }
}
