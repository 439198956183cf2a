//! What may have been spent, counted anew from nothing but the requests and the events: plain lists, exact times, no buckets. It shares
//! no arithmetic with the policy; windows and kinds of rates are borrowed as names.

use super::super::fixture::recipient;
use super::{COLD, DENIED, EXPIRES_AT, EXPIRING, MEMBERS, OPEN, SMALL, USABLE_FROM};
use crate::event::Event;
use crate::policy::{Counted, Decision, Evaluation, RateWindow, RuleKind, Scope, Window};
use crate::primitives::{Asset, DAY_NS, HOUR_NS, MINUTE_NS, SessionId, TransferId, WalletId};
use crate::state::{BatchOutcome, ItemOutcome};
use crate::transfer::TransferRequest;
use candid::Principal;
use std::collections::{BTreeMap, BTreeSet};

/// The demands of one scope, the same numbers for both assets.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    pub per_transaction: Option<u64>,
    pub windows: Vec<(Window, u64)>,
    pub value_24h: Option<u64>,
    pub rates: Vec<(Counted, RateWindow, u32)>,
    pub approval: Option<Approval>,
    /// Whether the scope names recipients, each with its conditions.
    pub recipients: bool,
}

/// Threshold, sum of 24 hours, and how many members have to agree.
#[derive(Clone, Copy, Debug)]
pub struct Approval {
    pub threshold: u64,
    pub cumulative: u64,
    pub quorum: usize,
}

/// What the recipient with limits of its own may receive, per transfer and per 24 hours.
pub const SMALL_LIMITS: (u64, u64) = (300_000, 1_000_000);

#[derive(Clone, Debug)]
struct Entry {
    agent: Principal,
    scopes: Vec<Scope>,
    asset: Asset,
    /// What the recipient with limits of its own receives.
    small: u64,
    /// Amount, fee cap, and the worth of both together.
    amount: u64,
    fee: u64,
    value: u64,
    /// When it ended and what it paid in amount and fee; held while `None`.
    posted: Option<(u64, u64, u64)>,
    /// Bytes of the current attempt are signed, so that it may land.
    signed: bool,
    quarantined: bool,
    waits: bool,
    quorum: usize,
    yes: BTreeSet<Principal>,
}

#[derive(Clone, Debug)]
pub struct Session {
    pub wallet: WalletId,
    pub agent: Principal,
    pub expires_at: u64,
}

/// One agent's breaker.
#[derive(Clone, Copy, Debug, Default)]
struct Breaker {
    denials: u32,
    open_until: u64,
}

#[derive(Debug, Default)]
pub struct Model {
    /// The time of the last thing that happened; it never runs backwards.
    pub now: u64,
    pub limits: BTreeMap<Scope, Limits>,
    pub parents: BTreeMap<WalletId, Vec<Scope>>,
    pub agents: BTreeSet<(WalletId, Principal)>,
    pub approvers: BTreeSet<Principal>,
    pub sessions: BTreeMap<SessionId, Session>,
    /// Worth of 1,000 base units, and until when that is known.
    pub rates: BTreeMap<Asset, (u64, u64)>,
    /// The share of money that is let out, in percent.
    pub share: u64,
    pub chain_open_until: u64,
    entries: BTreeMap<TransferId, Entry>,
    /// When each scope was asked, how often, and how many payments were let through.
    requests: BTreeMap<Scope, Vec<(u64, usize, usize)>>,
    breakers: BTreeMap<(WalletId, Principal), Breaker>,
    keys: BTreeSet<(Principal, String)>,
    /// The largest share of a limit over time that was ever used, in percent: shows that the limits were reached at all.
    pub fullest: u64,
}

fn start(window: &Window, now: u64) -> u64 {
    match window {
        Window::Rolling24h => now - DAY_NS,
        Window::Rolling7d => now - 7 * DAY_NS,
        Window::Rolling30d => now - 30 * DAY_NS,
        // Kolkata's clocks are five and a half hours ahead all year.
        Window::Calendar { .. } => {
            let offset = 5 * HOUR_NS + 30 * MINUTE_NS;
            (now + offset) / DAY_NS * DAY_NS - offset
        }
    }
}

const fn length(window: RateWindow) -> u64 {
    match window {
        RateWindow::Minute => MINUTE_NS,
        RateWindow::Hour => HOUR_NS,
        RateWindow::Day => DAY_NS,
    }
}

/// What the recipient with limits of its own receives of a request.
fn small(request: &TransferRequest) -> u64 {
    let to = recipient(request.asset.chain(), SMALL);
    request.payments().into_iter().filter(|(whom, _)| **whom == to).map(|(_, amount)| amount.get()).sum()
}

impl Model {
    /// Nothing has happened.
    pub fn new(now: u64) -> Self {
        Self { now, share: 100, ..Self::default() }
    }

    pub fn scopes(&self, agent: Principal, request: &TransferRequest) -> Vec<Scope> {
        let mut scopes = self.parents[&request.wallet].clone();
        scopes.extend([Scope::Wallet(request.wallet), Scope::Agent { wallet: request.wallet, agent }]);
        scopes.extend(request.session.map(Scope::Session));
        scopes
    }

    fn value(&self, asset: Asset, amount: u64) -> Option<u64> {
        let (worth, until) = *self.rates.get(&asset)?;
        (self.now < until).then(|| u64::try_from((u128::from(amount) * u128::from(worth)).div_ceil(1_000)).unwrap())
    }

    /// Held, and paid since `since`, as `part` counts it: at least this much counts against a limit.
    fn used(&self, scope: Scope, since: u64, part: impl Fn(&Entry, u64, u64) -> u64) -> u64 {
        let count = |entry: &Entry| match entry.posted {
            None => part(entry, entry.amount, entry.fee),
            Some((at, amount, fee)) if at > since => part(entry, amount, fee),
            Some(_) => 0,
        };
        self.entries.values().filter(|entry| entry.scopes.contains(&scope)).map(count).sum()
    }

    fn units(&self, scope: Scope, asset: Asset, since: u64) -> u64 {
        self.used(scope, since, |entry, amount, fee| if entry.asset == asset { amount + fee } else { 0 })
    }

    fn reaches(&self, scope: Scope, request: &TransferRequest, approval: Approval) -> bool {
        let amount = request.amount.get();
        let used = self.units(scope, request.asset, self.now - DAY_NS);
        amount >= approval.threshold || used + amount >= approval.cumulative
    }

    /// How many have to agree to a request, at least.
    pub fn quorum(&self, agent: Principal, request: &TransferRequest) -> usize {
        let asked = |scope: &Scope| self.limits.get(scope)?.approval.filter(|approval| self.reaches(*scope, request, *approval));
        self.scopes(agent, request).iter().filter_map(asked).map(|approval| approval.quorum).max().unwrap_or(0)
    }

    /// Every demand that a request would break if it were let through now.
    pub fn broken(&mut self, agent: Principal, request: &TransferRequest, waits: bool) -> Vec<String> {
        let now = self.now;
        let mut broken = Vec::new();
        let mut check = |holds: bool, what: &str| {
            if !holds {
                broken.push(what.to_owned());
            }
        };
        check(self.agents.contains(&(request.wallet, agent)), "an agent of the wallet");
        check(!self.keys.contains(&(agent, request.idempotency_key.clone())), "a key pays once");
        check(self.share > 0, "no emergency");
        check(now >= self.chain_open_until, "the chain's breaker");
        check(now >= self.breakers.entry((request.wallet, agent)).or_default().open_until, "the agent's breaker");
        if let Some(session) = request.session {
            let session = self.sessions.get(&session);
            let fits = |s: &Session| s.wallet == request.wallet && s.agent == agent && now < s.expires_at;
            check(session.is_some_and(fits), "an open session of its own");
        }
        if let Some(made) = request.created_at {
            check(made.nanos() + 10 * MINUTE_NS >= now && made.nanos() <= now + MINUTE_NS, "a request of now");
        }
        check(waits || self.quorum(agent, request) == 0, "people agree first");
        for scope in self.scopes(agent, request) {
            if let Some(limits) = self.limits.get(&scope).cloned() {
                self.check_scope(scope, &limits, request, &mut check);
            }
        }
        broken
    }

    fn check_scope(&mut self, scope: Scope, limits: &Limits, request: &TransferRequest, check: &mut impl FnMut(bool, &str)) {
        let (now, asset, amount) = (self.now, request.asset, request.amount.get());
        let cost = amount.saturating_add(request.max_fee.get());
        let scaled = |max: u64| max * self.share / 100;
        check(limits.per_transaction.is_none_or(|max| amount <= scaled(max)), "per transaction");
        let mut fullest = self.fullest;
        for (window, max) in &limits.windows {
            let total = self.units(scope, asset, start(window, now)).saturating_add(cost);
            fullest = fullest.max(total * 100 / scaled(*max).max(1));
            check(total <= scaled(*max), &format!("{window} of {scope}"));
        }
        if let Some(max) = limits.value_24h {
            let used = self.used(scope, now - DAY_NS, |entry, amount, fee| {
                u64::try_from(u128::from(entry.value) * u128::from(amount + fee) / u128::from(entry.amount + entry.fee)).unwrap()
            });
            check(self.value(asset, cost).is_some_and(|value| used + value <= scaled(max)), "value per 24 hours");
        }
        for (counted, window, max) in &limits.rates {
            let since = now.saturating_sub(length(*window));
            let counts = |(at, attempts, paid): &(u64, usize, usize)| match counted {
                _ if *at <= since => 0,
                Counted::Attempts => *attempts,
                Counted::Executions => *paid,
            };
            let made: usize = self.requests.get(&scope).map_or(0, |requests| requests.iter().map(counts).sum());
            let more = if *counted == Counted::Attempts { 1 } else { request.payments().len() };
            check(made + more <= *max as usize, &format!("{max} {counted:?} per {window} of {scope}"));
        }
        if limits.recipients {
            let chain = asset.chain();
            let (each, daily) = SMALL_LIMITS;
            let moved = |entry: &Entry, amount: u64| if entry.asset == asset && amount > 0 { entry.small } else { 0 };
            let before = self.used(scope, now - DAY_NS, |entry, amount, _| moved(entry, amount));
            let own = small(request);
            check(own == 0 || (own <= each && before + own <= daily), "the recipient's own limits");
            for (to, _) in request.payments() {
                let is = |n: u8| *to == recipient(chain, n);
                check(is(OPEN) || is(SMALL) || is(EXPIRING) || is(COLD), "on the list");
                check(!is(DENIED), "not on the denylist");
                check(!is(EXPIRING) || now < EXPIRES_AT, "the recipient's expiry");
                check(!is(COLD) || now >= USABLE_FROM, "the recipient's cool-down");
            }
        }
        self.fullest = fullest;
    }

    /// Nothing of a request was let through: the breaker of an agent with too many denials opens.
    pub fn nothing_passed(&mut self, agent: Principal, wallet: WalletId) {
        if self.breakers.entry((wallet, agent)).or_default().denials >= 5 {
            self.open_breaker(agent, wallet);
        }
    }

    pub fn open_breaker(&mut self, agent: Principal, wallet: WalletId) {
        let open_until = self.now + 300_000_000_000;
        self.breakers.insert((wallet, agent), Breaker { denials: 0, open_until });
    }

    /// Whether somewhere in a batch the breaker's number of payments is denied in a row, those that were denied before it included.
    pub fn denied_in_a_row(&self, agent: Principal, wallet: WalletId, outcome: &BatchOutcome) -> bool {
        let mut row = self.breakers.get(&(wallet, agent)).map_or(0, |breaker| breaker.denials);
        outcome.items.iter().any(|item| {
            match item {
                ItemOutcome::Denied { evaluation } => row += u32::from(is_own(evaluation)),
                ItemOutcome::Accepted { .. } => row = 0,
                ItemOutcome::Pending { .. } | ItemOutcome::DeniedBefore => {}
            }
            row >= 5
        })
    }

    /// A request was decided and its answer is committed at `now`; of a batch every denial and every part, of which the first counts as
    /// an attempt, and which people are asked about with the whole.
    pub fn answered(
        &mut self,
        agent: Principal,
        request: &TransferRequest,
        evaluation: &Evaluation,
        let_through: Option<(TransferId, usize)>,
    ) {
        let paid = if let_through.is_some() { request.payments().len() } else { 0 };
        for scope in self.scopes(agent, request) {
            let attempts = usize::from(!request.is_later_part());
            self.requests.entry(scope).or_default().push((self.now, attempts, paid));
        }
        let breaker = self.breakers.entry((request.wallet, agent)).or_default();
        let Some((id, quorum)) = let_through else {
            breaker.denials += u32::from(is_own(evaluation));
            return;
        };
        let waits = evaluation.decision == Decision::RequireApproval;
        if !waits {
            breaker.denials = 0;
        }
        self.keys.insert((agent, request.idempotency_key.clone()));
        let (amount, fee) = (request.amount.get(), request.max_fee.get());
        let entry = Entry {
            agent,
            scopes: self.scopes(agent, request),
            asset: request.asset,
            small: small(request),
            amount,
            fee,
            value: self.value(request.asset, amount + fee).unwrap_or(0),
            posted: None,
            signed: false,
            quarantined: false,
            waits,
            quorum,
            yes: BTreeSet::new(),
        };
        assert!(self.entries.insert(id, entry).is_none(), "ids are never reused");
    }

    /// Whatever else happened, at `now`.
    pub fn happened(&mut self, event: &Event) {
        let (now, share, approvers) = (self.now, self.share, &self.approvers);
        let entries = &mut self.entries;
        match event {
            Event::ApprovalGiven(given) => {
                assert!(
                    MEMBERS.contains(&given.approver) && approvers.contains(&given.approver),
                    "{} may not agree",
                    given.approver
                );
                let entry = entry(entries, &given.id);
                assert_ne!(given.approver, entry.agent, "the requester never counts");
                entry.yes.insert(given.approver);
            }
            Event::TransferApproved(step) => {
                let entry = entry(entries, &step.id);
                let yes = entry.yes.intersection(approvers).count();
                assert!(entry.waits && yes >= entry.quorum, "{yes} of {} agreed", entry.quorum);
                entry.waits = false;
            }
            Event::TransferBuilt(built) => {
                let entry = entry(entries, &built.id);
                assert!(!entry.waits && !entry.signed && entry.posted.is_none(), "built while it waits, may land or has ended");
            }
            Event::TransferSigned(signed) => entry(entries, &signed.id).signed = true,
            Event::TransferSubmitted(_) => assert!(share > 0, "sent in an emergency"),
            Event::TransferQuarantined(step) => entry(entries, &step.id).quarantined = true,
            Event::TransferExpired(step) => entry(entries, &step.id).signed = false,
            Event::TransferConfirmed(settled) => {
                let entry = entry(entries, &settled.id);
                assert!((entry.signed || entry.quarantined) && entry.posted.is_none());
                entry.posted = Some((now, entry.amount, settled.fee_paid.get()));
            }
            Event::TransferFailed(settled) => {
                let entry = entry(entries, &settled.id);
                assert_eq!(entry.posted, None, "it ends once");
                // Whatever people say about signed bytes, they may land.
                let may_land = entry.quarantined && entry.signed;
                entry.posted = Some(if may_land { (now, entry.amount, entry.fee) } else { (now, 0, settled.fee_paid.get()) });
            }
            Event::TransferCancelled(step) => {
                let entry = entry(entries, &step.id);
                assert!(!entry.signed && entry.posted.is_none(), "called off though it may land");
                entry.posted = Some((now, 0, 0));
            }
            Event::TransferRejected(rejected) => {
                let entry = entry(entries, &rejected.id);
                assert!(entry.waits && entry.posted.is_none());
                entry.posted = Some((now, 0, 0));
            }
            _ => {}
        }
        // What is older than every window counts nowhere.
        let horizon = now.saturating_sub(31 * DAY_NS);
        self.entries.retain(|_, entry| entry.posted.is_none_or(|(at, amount, fee)| at > horizon && amount + fee > 0));
    }
}

/// Whether a denial is the agent's doing.
fn is_own(evaluation: &Evaluation) -> bool {
    let own = |kind: RuleKind| !matches!(kind, RuleKind::Mode | RuleKind::CircuitBreaker | RuleKind::Wallet);
    evaluation.findings.iter().any(|finding| !finding.passed && own(finding.rule))
}

fn entry<'a>(entries: &'a mut BTreeMap<TransferId, Entry>, id: &TransferId) -> &'a mut Entry {
    entries.get_mut(id).expect("it was let through and has not ended")
}
