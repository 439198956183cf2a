//! What may have been spent, counted anew from nothing but the requests and the events: plain lists, exact times, no buckets. It shares
//! no arithmetic with the policy; windows and kinds of rates are borrowed as names.

mod events;

use super::promises::{Broken, Promise};
use super::{SMALL, recipient};
use crate::access::Role;
use crate::access::RoleChange;
use crate::base::{Asset, DAY_NS, Destination, HOUR_NS, Hash, SessionId, TransferId, WalletId};
use crate::chains::solana::transfer::NonceOperation;
use crate::event::{Event, TransferFailed, TransferReserved};
use crate::policy::{Counted, Decision, Evaluation, Mode, RateWindow, RuleKind, Scope, Window};
use crate::transfer::TransferRequest;
use crate::wallet::{ParentChange, WalletChange};
use candid::Principal;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// How many denials in a row open an agent's breaker, and for how long.
const DENIALS: u32 = 5;
const BREAKER_NS: u64 = 300_000_000_000;

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
    /// What the recipient with limits of its own may receive per transfer and per 24 hours, if it has them.
    pub small: Option<(u64, u64)>,
}

/// Threshold, sum of 24 hours, and how many members have to agree.
#[derive(Clone, Copy, Debug)]
pub struct Approval {
    pub threshold: u64,
    pub cumulative: u64,
    pub quorum: usize,
}

/// A transfer that was let through.
#[derive(Clone, Debug)]
pub struct Entry {
    pub id: TransferId,
    pub agent: Principal,
    pub wallet: WalletId,
    pub asset: Asset,
    session: Option<SessionId>,
    /// The scopes that it fell into when it was asked for, those that came to stand above it since, and of those the ones that came with
    /// the last change and of whose demands nothing was looked at yet.
    pub held: Vec<Scope>,
    pub added: Vec<Scope>,
    fresh: Vec<Scope>,
    /// Scopes whose demands came while it might land.
    excused: Vec<Scope>,
    /// What the recipient with limits of its own receives, and the scopes in which it had those limits then.
    pub small: u64,
    limited: Vec<Scope>,
    /// Everybody who is paid, by number.
    pub recipients: BTreeSet<u8>,
    /// Amount, fee cap, and the worth of both together: when it was asked for, and the lowest and highest since.
    pub amount: u64,
    pub fee: u64,
    value: Option<u128>,
    lowest: Option<u128>,
    highest: Option<u128>,
    /// When it ended and what it paid in amount and fee; held while `None`.
    pub posted: Option<(u64, u64, u64)>,
    /// Bytes are recorded that may land once they are signed; those of the current attempt are signed, so that it may land.
    pub built: bool,
    pub signed: bool,
    quarantined: bool,
    /// People were asked about it, and have not agreed.
    pub asked: bool,
    pub waits: bool,
    quorum: usize,
    yes: BTreeSet<Principal>,
    /// When enough had agreed, and whether its session was over then.
    agreed_at: Option<u64>,
    pub late: bool,
    /// No payment, but the upkeep of a nonce account.
    pub operation: Option<NonceOperation>,
    pub revoked: bool,
    /// Parts of one batch have the same.
    pub batch: Option<Hash>,
}

#[derive(Clone, Debug)]
pub struct Session {
    pub wallet: WalletId,
    pub agent: Principal,
    pub expires_at: u64,
    pub ended: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Wallet {
    pub owner: Principal,
    pub parent: Option<WalletId>,
    pub active: bool,
    pub primary: bool,
}

/// What a payment says to its agent's breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Denied,
    Passed,
    Silent,
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
    pub wallets: BTreeMap<WalletId, Wallet>,
    pub agents: BTreeSet<(WalletId, Principal)>,
    pub approvers: BTreeSet<Principal>,
    pub members: BTreeSet<Principal>,
    pub sessions: BTreeMap<SessionId, Session>,
    /// Worth of so many base units, and until when that is known.
    pub rates: BTreeMap<Asset, (u64, u64, u64)>,
    /// The share of money that is let out, in percent.
    pub share: u64,
    pub chain_open_until: u64,
    pub entries: BTreeMap<TransferId, Entry>,
    /// When each scope was asked, how often, and how many payments were let through: of the last day.
    pub requests: BTreeMap<Scope, VecDeque<(u64, usize, usize)>>,
    breakers: BTreeMap<(WalletId, Principal), Breaker>,
    pub keys: BTreeSet<(Principal, String)>,
    /// The largest share of a limit over time that was ever used, in percent: shows that the limits were reached at all.
    pub fullest: u64,
    /// When two recipients' entries expire and become usable.
    pub expires_at: u64,
    pub usable_from: u64,
    /// What was broken and not told yet.
    pub broken: Vec<Broken>,
}

/// What counts in a scope: because it was held there, in a measure that was known only later, because the scope came to stand above it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sums {
    pub held: u128,
    pub later: u128,
    pub added: u128,
}

impl Sums {
    pub fn total(self) -> u128 {
        self.held + self.later + self.added
    }

    /// Whether there is room for `more`; else the promise that is broken by it.
    pub fn room(self, more: u128, max: u128) -> Option<Promise> {
        if self.total() + more <= max {
            None
        } else if self.held + more > max {
            Some(Promise::Limits)
        } else if self.held + self.later + more > max {
            Some(Promise::Before)
        } else {
            Some(Promise::NewScope)
        }
    }
}

/// A part of `value`, as the part that was spent of all that was held.
fn part(value: u128, spent: u64, reserved: u64, up: bool) -> u128 {
    let (product, reserved) = (value * u128::from(spent), u128::from(reserved.max(1)));
    if up { product.div_ceil(reserved) } else { product / reserved }
}

impl Entry {
    /// What it counts after `since`: amount and fee.
    pub fn counts(&self, since: u64) -> Option<(u64, u64)> {
        match self.posted {
            None => Some((self.amount, self.fee)),
            Some((at, amount, fee)) if at > since => Some((amount, fee)),
            Some(_) => None,
        }
    }

    /// Whether it counts in a scope, and whether it did when it was asked for.
    pub fn within(&self, scope: Scope) -> Option<bool> {
        if self.held.contains(&scope) {
            return Some(true);
        }
        self.added.contains(&scope).then_some(false)
    }

    /// Whether it may still be cancelled: nothing of it is signed, nobody took it out of the canister's hands, and it is a payment.
    fn may_be_cancelled(&self) -> bool {
        self.posted.is_none() && !self.signed && !self.quarantined && self.operation.is_none()
    }

    /// Only waits to be built, without anybody having been asked.
    pub fn is_plain(&self) -> bool {
        self.posted.is_none() && !self.built && !self.waits && !self.asked
    }
}

/// What the recipient with limits of its own receives of a request.
pub fn small(request: &TransferRequest) -> u64 {
    let to = recipient(request.asset.chain(), SMALL);
    request.payments().into_iter().filter(|(whom, _)| **whom == to).map(|(_, amount)| amount.get()).sum()
}

/// The fixture's recipients are numbers, repeated.
pub fn number(to: &Destination) -> u8 {
    to.payload[0]
}

impl Model {
    /// Nothing has happened.
    pub fn new(now: u64) -> Self {
        Self { now, share: 100, expires_at: now + 3 * DAY_NS, usable_from: now + 2 * DAY_NS, ..Self::default() }
    }

    /// The scopes that stand above a wallet's agents, outermost first.
    pub fn above(&self, wallet: WalletId) -> Vec<Scope> {
        let mut line = vec![wallet];
        while let Some(parent) = self.wallets[line.last().unwrap()].parent {
            line.push(parent);
        }
        let wallets = line.into_iter().rev().map(Scope::Wallet);
        [Scope::User(self.wallets[&wallet].owner)].into_iter().chain(wallets).collect()
    }

    pub fn scopes(&self, agent: Principal, wallet: WalletId, session: Option<SessionId>) -> Vec<Scope> {
        let mut scopes = self.above(wallet);
        scopes.push(Scope::Agent { wallet, agent });
        scopes.extend(session.map(Scope::Session));
        scopes
    }

    /// Those that bind a transfer now.
    pub fn scopes_of(&self, entry: &Entry) -> Vec<Scope> {
        self.scopes(entry.agent, entry.wallet, entry.session)
    }

    /// What an amount is worth, rounded up, while a rate is valid.
    pub fn value(&self, asset: Asset, amount: u64) -> Option<u128> {
        let (worth, per, until) = *self.rates.get(&asset)?;
        (self.now < until).then(|| (u128::from(amount) * u128::from(worth)).div_ceil(u128::from(per)))
    }

    /// Everything that counts in a scope after `since`, of each entry as `count` says: what was measured when it was asked for, else later.
    fn sums(&self, scope: Scope, since: u64, count: impl Fn(&Entry, u64, u64) -> (u128, u128)) -> Sums {
        let mut sums = Sums::default();
        for entry in self.entries.values() {
            let Some(held) = entry.within(scope) else { continue };
            let Some((amount, fee)) = entry.counts(since) else { continue };
            let (known, later) = count(entry, amount, fee);
            match held {
                true => (sums.held, sums.later) = (sums.held + known, sums.later + later),
                false => sums.added += known + later,
            }
        }
        sums
    }

    /// Base units held, and paid since.
    pub fn units(&self, scope: Scope, asset: Asset, since: u64, counts: impl Fn(&Entry) -> bool) -> Sums {
        self.sums(scope, since, |entry, amount, fee| {
            let is = entry.asset == asset && counts(entry);
            (if is { u128::from(amount) + u128::from(fee) } else { 0 }, 0)
        })
    }

    /// What that is worth, at least.
    pub fn worth(&self, scope: Scope, since: u64) -> Sums {
        self.sums(scope, since, |entry, amount, fee| {
            let of = |value: u128| part(value, amount + fee, entry.amount + entry.fee, false);
            match (entry.within(scope), entry.value) {
                (Some(true), Some(value)) => (of(value), 0),
                // Of what was never worth anything to the scope that is told at the present rate, and not as long as there is none.
                _ if self.value(entry.asset, 1).is_none() => (0, 0),
                _ => (0, of(entry.lowest.unwrap_or(0))),
            }
        })
    }

    /// What that is worth, at most.
    pub fn worth_at_most(&self, scope: Scope, since: u64, counts: impl Fn(&Entry) -> bool) -> u128 {
        let sums = self.sums(scope, since, |entry, amount, fee| {
            let value = match (entry.within(scope), entry.value) {
                (Some(true), Some(value)) => value,
                _ => entry.highest.unwrap_or(0),
            };
            (if counts(entry) { part(value, amount + fee, entry.amount + entry.fee, true) } else { 0 }, 0)
        });
        sums.total()
    }

    /// What the recipient with limits of its own was promised and sent.
    pub fn sent_to_small(&self, scope: Scope, asset: Asset, since: u64) -> Sums {
        self.sums(scope, since, |entry, amount, _| {
            let moved = if entry.asset == asset && amount > 0 { u128::from(entry.small) } else { 0 };
            if entry.limited.contains(&scope) { (moved, 0) } else { (0, moved) }
        })
    }
}

/// Whether a denial is the agent's own doing.
pub fn is_own_doing(evaluation: &Evaluation) -> bool {
    let own = |kind: RuleKind| !matches!(kind, RuleKind::Mode | RuleKind::CircuitBreaker | RuleKind::Wallet);
    evaluation.findings.iter().any(|finding| !finding.passed && own(finding.rule))
}
