//! What the model demands of everything that is let through, built, held back or explained.

use super::model::{Approval, Entry, Limits, Model, number, small};
use super::promises::{Broken, Promise};
use super::zones;
use super::{COLD, DENIED, EXPIRING, OPEN, SMALL};
use crate::base::{Asset, DAY_NS, HOUR_NS, MINUTE_NS, TransferId, WalletId};
use crate::policy::{Counted, RateWindow, Scope, Window};
use crate::transfer::TransferRequest;
use candid::Principal;

const fn length(window: RateWindow) -> u64 {
    match window {
        RateWindow::Minute => MINUTE_NS,
        RateWindow::Hour => HOUR_NS,
        RateWindow::Day => DAY_NS,
    }
}

fn any(_: &Entry) -> bool {
    true
}

impl Model {
    /// Whether a wallet and every one above it is active.
    fn is_active(&self, wallet: WalletId) -> bool {
        let is_active = |scope: &Scope| if let Scope::Wallet(id) = scope { self.wallets[id].active } else { true };
        self.above(wallet).iter().all(is_active)
    }

    /// What the mode leaves of a limit of money.
    fn scaled(&self, max: u64) -> u128 {
        u128::from(max) * u128::from(self.share) / 100
    }

    /// How many have to agree to a request, at least: by what was held in the scopes that ask, and by all that counts there.
    pub fn quorum(&self, agent: Principal, request: &TransferRequest) -> (usize, usize) {
        let amount = u128::from(request.amount.get());
        let mut quorum = (0, 0);
        for scope in self.scopes(agent, request.wallet, request.session) {
            let Some(Approval { threshold, cumulative, quorum: more }) = self.limits.get(&scope).and_then(|limits| limits.approval)
            else {
                continue;
            };
            let used = self.units(scope, request.asset, self.now - DAY_NS, any);
            let reaches = |used: u128| amount >= u128::from(threshold) || used + amount >= u128::from(cumulative);
            quorum.0 = quorum.0.max(if reaches(used.held) { more } else { 0 });
            quorum.1 = quorum.1.max(if reaches(used.total()) { more } else { 0 });
        }
        quorum
    }

    /// Every demand that a request would break if it were let through now.
    pub fn broken_by(&mut self, agent: Principal, request: &TransferRequest, waits: bool) -> Vec<Broken> {
        let now = self.now;
        let mut broken = Vec::new();
        let mut check = |holds: bool, what: &str| {
            if !holds {
                broken.push((Promise::Limits, what.to_owned()));
            }
        };
        check(self.agents.contains(&(request.wallet, agent)), "an agent of the wallet");
        check(self.share > 0, "no emergency");
        check(self.is_active(request.wallet), "an active wallet, and all above it");
        check(now >= self.chain_open_until, "the chain's breaker");
        check(now >= self.breaker_open_until(agent, request.wallet), "the agent's breaker");
        if let Some(session) = request.session {
            let session = self.sessions.get(&session);
            let fits = |s: &super::model::Session| s.wallet == request.wallet && s.agent == agent && now < s.expires_at && !s.ended;
            check(session.is_some_and(fits), "an open session of its own");
        }
        if let Some(made) = request.created_at {
            check(made.nanos() + 10 * MINUTE_NS >= now && made.nanos() <= now + MINUTE_NS, "a request of now");
        }
        if self.keys.contains(&(agent, request.idempotency_key.clone())) {
            broken.push((Promise::Retry, "a key pays once".into()));
        }
        match self.quorum(agent, request) {
            _ if waits => {}
            (0, 0) => {}
            (0, quorum) => {
                broken.push((Promise::NewScope, format!("{quorum} have to agree, with what came under the scope later")))
            }
            (quorum, _) => broken.push((Promise::Unasked, format!("{quorum} have to agree"))),
        }
        for scope in self.scopes(agent, request.wallet, request.session) {
            if let Some(limits) = self.limits.get(&scope).cloned() {
                self.check_scope(scope, &limits, request, &mut broken);
            }
        }
        broken
    }

    fn check_scope(&mut self, scope: Scope, limits: &Limits, request: &TransferRequest, broken: &mut Vec<Broken>) {
        let (now, asset, amount) = (self.now, request.asset, request.amount.get());
        let cost = u128::from(amount) + u128::from(request.max_fee.get());
        if limits.per_transaction.is_some_and(|max| u128::from(amount) > self.scaled(max)) {
            broken.push((Promise::Limits, format!("per transaction of {scope}")));
        }
        for (window, max) in &limits.windows {
            let max = self.scaled(*max);
            let used = self.units(scope, asset, zones::since(window, now).0, any);
            let percent = (used.total() + cost) * 100 / max.max(1);
            match used.room(cost, max) {
                None => self.fullest = self.fullest.max(percent as u64),
                Some(promise) => broken.push((promise, format!("{used:?} and {cost} of {max} per {window} of {scope}"))),
            }
        }
        if let Some(max) = limits.value_24h {
            let (max, used) = (self.scaled(max), self.worth(scope, now - DAY_NS));
            match self.value(asset, request.amount.get().saturating_add(request.max_fee.get())) {
                None => broken.push((Promise::Limits, format!("no rate of {asset} for the value per 24 hours of {scope}"))),
                Some(value) => {
                    let how = || format!("worth {used:?} and {value} of {max} per 24 hours of {scope}");
                    broken.extend(used.room(value, max).map(|promise| (promise, how())));
                }
            }
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
            if made + more > *max as usize {
                broken.push((Promise::Limits, format!("{max} {counted:?} per {window} of {scope}")));
            }
        }
        if limits.recipients {
            let numbers: Vec<u8> = request.payments().into_iter().map(|(to, _)| number(to)).collect();
            let found = self.wrong_recipient(&numbers);
            broken.extend(found.map(|what| (Promise::Limits, format!("{what} of {scope}"))));
        }
        if let Some((each, daily)) = limits.small.filter(|_| small(request) > 0) {
            let own = u128::from(small(request));
            if own > self.scaled(each) {
                broken.push((Promise::Limits, format!("the recipient's limit per transaction of {scope}")));
            }
            let (max, used) = (self.scaled(daily), self.sent_to_small(scope, asset, now - DAY_NS));
            let how = || format!("{used:?} and {own} of the recipient's {max} per 24 hours of {scope}");
            broken.extend(used.room(own, max).map(|promise| (promise, how())));
        }
    }

    /// Why one of so numbered recipients may not be paid, if so.
    fn wrong_recipient(&self, numbers: &[u8]) -> Option<&'static str> {
        numbers.iter().find_map(|number| match *number {
            OPEN | SMALL => None,
            DENIED => Some("not on the denylist"),
            EXPIRING => (self.now >= self.expires_at).then_some("the recipient's expiry"),
            COLD => (self.now < self.usable_from).then_some("the recipient's cool-down"),
            _ => Some("on the list"),
        })
    }

    /// Demands of a transaction that is built now: its wallet is active, it was agreed to in time, and all that may land beside what has is
    /// within every limit.
    pub fn judge_built(&mut self, id: TransferId) {
        let entry = &self.entries[&id];
        // No policy is asked about the upkeep of nonce accounts.
        if entry.operation.is_some() {
            return;
        }
        let mut broken = Vec::new();
        let mut put = |promise, how: String| broken.push((promise, format!("transfer {id} is built: {how}")));
        if !self.is_active(entry.wallet) {
            put(Promise::Inactive, format!("wallet {} or one above it is deactivated", entry.wallet));
        }
        if entry.late {
            put(Promise::Late, "people agreed when its session was over".into());
        }
        let cost = u128::from(entry.amount) + u128::from(entry.fee);
        for scope in self.scopes_of(entry) {
            let Some(limits) = self.limits.get(&scope) else { continue };
            let is_new = entry.within(scope) == Some(false);
            let tight = |promise: Promise| match promise {
                Promise::Limits if is_new => Promise::NewScope,
                Promise::Limits if self.share < 100 => Promise::Moves,
                promise => promise,
            };
            if limits.per_transaction.is_some_and(|max| u128::from(entry.amount) > self.scaled(max)) {
                put(tight(Promise::Limits), format!("{} is more than {scope} allows per transaction", entry.amount));
            }
            let numbers: Vec<u8> = entry.recipients.iter().copied().filter(|_| limits.recipients).collect();
            if let Some(what) = self.wrong_recipient(&numbers) {
                put(tight(Promise::Limits), format!("{what} of {scope}"));
            }
            for (window, max) in &limits.windows {
                let (max, since) = (self.scaled(*max), zones::since(window, self.now).0);
                let may_land = |other: &Entry| other.operation.is_none() && (other.built || other.posted.is_some());
                let used = self.units(scope, entry.asset, since, may_land);
                if let Some(promise) = used.room(cost, max) {
                    put(tight(promise), format!("{used:?} and {cost} of {max} per {window} of {scope}"));
                }
            }
        }
        self.broken.extend(broken);
    }

    /// Why a scope would ask people about a transfer that nobody was asked about: only what was asked for before it counts beside it.
    pub fn asks(&self, id: TransferId, entry: &Entry, scope: Scope, approval: Approval) -> Option<String> {
        let Approval { threshold, cumulative, .. } = approval;
        if entry.amount >= threshold {
            return Some(format!("{} reaches the {threshold} from which on {scope} asks", entry.amount));
        }
        let counted_then = |other: &Entry| entry.within(scope) == Some(false) || other.within(scope) == Some(true);
        let mut used = u128::from(entry.amount);
        for (_, other) in self.entries.range(..id).filter(|(_, other)| other.asset == entry.asset && counted_then(other)) {
            if other.within(scope).is_none() {
                continue;
            }
            // The fees of its own batch are no part of the sum that was asked about.
            let is_own = other.batch.is_some() && other.batch == entry.batch;
            let counts = other.counts(self.now - DAY_NS);
            used += counts.map_or(0, |(amount, fee)| u128::from(amount) + if is_own { 0 } else { u128::from(fee) });
        }
        let how = || format!("{used} reach the {cumulative} within 24 hours from which on {scope} asks");
        (used >= u128::from(cumulative)).then(how)
    }

    /// The promise that is broken when a transfer is held back now, if one is: it fits every limit beside all that is older, may land or
    /// was asked about.
    pub fn wait_reason(&self, id: TransferId) -> Option<Promise> {
        let entry = &self.entries[&id];
        let is_agent = self.agents.contains(&(entry.wallet, entry.agent));
        let binds = !entry.is_plain() || self.share == 0 || !self.is_active(entry.wallet) || !is_agent;
        if binds || entry.operation.is_some() || entry.recipients.iter().any(|number| *number != OPEN) {
            return None;
        }
        // No policy holds back the upkeep of nonce accounts: it is as good as on its way, however late it came.
        let stands = |other: &Entry| other.id != id && (other.id < id || !other.is_plain() || other.operation.is_some());
        let cost = u128::from(entry.amount) + u128::from(entry.fee);
        for scope in self.scopes_of(entry) {
            let Some(limits) = self.limits.get(&scope) else { continue };
            if limits.per_transaction.is_some_and(|max| u128::from(entry.amount) > self.scaled(max)) {
                return None;
            }
            for (window, max) in &limits.windows {
                // What a calendar counts too much is told by itself.
                let slack = if matches!(window, Window::Calendar { .. }) { 6 * HOUR_NS } else { 0 };
                let since = zones::since(window, self.now).1.saturating_sub(slack);
                let used = self.units(scope, entry.asset, since, stands).total();
                if used + cost > self.scaled(*max) {
                    return None;
                }
            }
            if let Some(max) = limits.value_24h {
                let used = self.worth_at_most(scope, zones::since(&Window::Rolling24h, self.now).1, stands);
                let value = self.value(entry.asset, entry.amount + entry.fee)?;
                if used + value > self.scaled(max) {
                    return None;
                }
            }
            if let Some(Approval { threshold, cumulative, .. }) = limits.approval.filter(|_| !entry.asked) {
                let used = self.units(scope, entry.asset, zones::since(&Window::Rolling24h, self.now).1, any).total();
                if entry.amount >= threshold || used >= u128::from(cumulative) {
                    return None;
                }
            }
        }
        Some(if self.share < 100 { Promise::Moves } else { Promise::Displaced })
    }

    /// What a finding says of a window's use, against what it is at least and at most.
    pub fn explained(&mut self, scope: Scope, asset: Asset, window: &Window, used: u64) {
        let (least_since, most_since) = zones::since(window, self.now);
        let least = self.units(scope, asset, least_since, any);
        let most = self.units(scope, asset, most_since, any).total();
        let is_calendar = matches!(window, Window::Calendar { .. });
        let own = if is_calendar { Promise::Calendar } else { Promise::Rolling };
        let used = u128::from(used);
        if used < least.held {
            self.broken.push((own, format!("{used} instead of at least {least:?} count per {window} of {scope}")));
        } else if used < least.total() {
            self.broken.push((Promise::NewScope, format!("{used} instead of at least {least:?} count per {window} of {scope}")));
        }
        if used > most {
            self.broken.push((own, format!("{used} instead of at most {most} count per {window} of {scope}")));
        }
    }
}
