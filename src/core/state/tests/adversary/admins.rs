//! What others than the agents do: admins, guardians, owners and time.

use super::MEMBERS;
use super::model::Limits;
use super::{Game, OTHER, PARENT, WALLET, accomplice, admin, agent, guardian, other_owner};
use crate::access::Role;
use crate::access::{LabelledAgent, RoleChange};
use crate::base::{Amount, Asset, Chain, DAY_NS, HOUR_NS, MINUTE_NS, SECOND_NS, SessionId, Timestamp, WalletId};
use crate::event::{ChainBreakerOpened, Event, ModeChanged};
use crate::governance::{Action, Group, Rate};
use crate::policy::{Mode, Scope};
use crate::state::NewSession;
use crate::wallet::{ParentChange, WalletChange};
use candid::Principal;

impl Game {
    /// Has an admin change something, if it can be.
    fn attempt_change(&mut self, action: Action) -> bool {
        let decided = self.change(action);
        let done = decided.is_some();
        if let Some(decided) = decided {
            self.commit(decided);
        }
        done
    }

    /// What an asset is worth: `worth` millionths for `per` base units, for so long.
    pub fn rate(&mut self, asset: Asset, worth: u64, per: u64, valid_ns: u64) -> bool {
        let expires_at = Timestamp::from_nanos(self.model.now.max(self.clock).saturating_add(valid_ns));
        let rate = Rate { asset, value: Amount::new(worth), per: Amount::new(per), expires_at };
        self.attempt_change(Action::SetRate(rate))
    }

    fn some_rate(&mut self) {
        let asset = self.dice.pick(&Asset::ALL);
        let (worth, days) = (200 + self.dice.below(3_000), (1 + self.dice.below(7)) * DAY_NS);
        match self.dice.below(6) {
            // Over in a moment.
            0 => {
                let moment = 1 + self.dice.below(10 * MINUTE_NS);
                self.rate(asset, worth, 1_000, moment);
            }
            // A decimal point forgotten, or all of them: worth so much that a few payments are worth more than can be counted.
            1 | 2 if self.is_late_in_the_run() => {
                let (power, share) = (1u64 << self.dice.below(64), u64::MAX / (1 + self.dice.below(4_000_000)));
                let (large, per) = self.dice.pick(&[(power, 1_000), (share, 1), (share, 1), (share, 1)]);
                self.seen.absurd += 1;
                self.rate(asset, large, per, days);
                self.without_values();
                // Payments come and land before anybody notices.
                for turn in 0..150 {
                    match turn % 5 {
                        _ if self.is_over => return,
                        0 => self.ask(),
                        _ => self.chain(),
                    }
                }
            }
            _ => {
                self.rate(asset, worth, 1_000, days);
            }
        }
    }

    /// No scope names a value any more.
    fn without_values(&mut self) {
        let valued = self.model.limits.iter().filter(|(_, limits)| limits.value_24h.is_some());
        let valued: Vec<_> = valued.map(|(scope, limits)| (*scope, Limits { value_24h: None, ..limits.clone() })).collect();
        for (scope, limits) in valued {
            self.set(scope, limits);
        }
    }

    pub fn grant(&mut self, principal: Principal, give: bool) {
        let change = RoleChange { principal, role: Role::Approver };
        self.put(vec![if give { Event::RoleGranted(change) } else { Event::RoleRevoked(change) }]);
    }

    /// A role is lost or given back, as an admin does it or as it stands in a log.
    fn member(&mut self) {
        let member = self.dice.pick(&MEMBERS);
        match (self.model.approvers.contains(&member), self.dice.below(4)) {
            (false, _) => self.grant(member, true),
            (true, 0) => self.grant(member, false),
            (true, 1) => {
                self.attempt_change(Action::RevokeRole(RoleChange { principal: member, role: Role::Approver }));
            }
            _ => self.group(),
        }
    }

    /// Other members, mostly all who may be: who was asked before is not asked any more.
    fn group(&mut self) {
        let mut members = self.model.approvers.clone();
        if self.dice.one_in(3) && members.len() > 1 {
            let gone = self.dice.below(members.len() as u64) as usize;
            let gone = *members.iter().nth(gone).unwrap();
            members.remove(&gone);
        }
        let waiting = self.model.entries.values().filter(|entry| entry.waits && entry.posted.is_none()).count() as u64;
        if self.attempt_change(Action::SetGroup(Group { name: "ops".into(), members })) {
            self.seen.regrouped += waiting;
        }
    }

    /// Towards an emergency, or one stage back from it.
    fn stage(&mut self) {
        let since = Timestamp::from_nanos(self.model.now.max(self.clock));
        let queue = self.plain_within(Scope::Wallet(WALLET));
        match self.dice.below(4) {
            0 if self.model.share == 100 => {
                if let Ok(decided) = self.state.decide_start_emergency(guardian(), "drill".into(), self.time()) {
                    self.commit(decided);
                }
            }
            1 if self.model.share == 100 => {
                let mode = Mode::Limited { since, percent: 50 };
                self.put(vec![Event::ModeChanged(ModeChanged { mode, reason: "drill".into() })]);
            }
            _ if self.attempt_change(Action::EndEmergency { reason: "drill".into() }) => {}
            _ => return,
        }
        if self.model.share > 0 && self.model.share < 100 {
            self.seen.limited += queue;
        }
    }

    fn pause_chains(&mut self) {
        let until = Timestamp::from_nanos(self.model.now.max(self.clock) + MINUTE_NS);
        for chain in [Chain::Kaspa, Chain::Solana] {
            let opened = ChainBreakerOpened { chain, until, note: "down".into() };
            self.put(vec![Event::ChainBreakerOpened(opened)]);
        }
    }

    /// An agent comes or goes.
    fn agents(&mut self) {
        let agent = self.dice.pick(&[accomplice(), accomplice(), admin()]);
        if !self.model.agents.contains(&(WALLET, agent)) {
            self.attempt_change(Action::AddAgent(LabelledAgent { wallet: WALLET, agent, label: None }));
        } else if self.dice.one_in(3) {
            let decided = self.state.decide_remove_agent(admin(), WALLET, agent);
            self.attempt(decided);
        }
    }

    /// Whose a wallet is, what stands above it, whether it takes anything, whether it stands first.
    fn wallets(&mut self) {
        let wallet = self.dice.pick(&[WALLET, WALLET, PARENT]);
        let known = self.model.wallets[&wallet];
        let parents: &[Option<WalletId>] =
            if wallet == WALLET { &[None, Some(PARENT), Some(PARENT), Some(OTHER)] } else { &[None, Some(OTHER)] };
        let change = match self.dice.below(8) {
            0..3 => WalletChange::Parent(ParentChange { parent: self.dice.pick(parents) }),
            3 => WalletChange::Owner(if known.owner == admin() { other_owner() } else { admin() }),
            4 => WalletChange::MakePrimary,
            5 => WalletChange::Deactivate,
            _ => WalletChange::Activate,
        };
        let is_new_above = matches!(change, WalletChange::Parent(ParentChange { parent: Some(_) }) | WalletChange::Owner(_));
        let open = |entry: &&super::model::Entry| entry.posted.is_none() && entry.wallet == wallet;
        let queue = self.plain_within(Scope::Wallet(wallet));
        let waiting = self.model.entries.values().filter(open).filter(|entry| entry.waits || entry.is_plain()).count() as u64;
        let deactivates = change == WalletChange::Deactivate;
        if self.attempt_change(Action::ChangeWallet { wallet, change }) {
            self.model.check_first();
            self.model.check_asked(None);
            self.seen.adopted += if is_new_above { queue } else { 0 };
            self.seen.deactivated += if deactivates { waiting } else { 0 };
        }
    }

    pub fn admins(&mut self) {
        // What would stop all the rest for long is mended first, mostly.
        let idle: Vec<WalletId> =
            self.model.wallets.iter().filter(|(_, wallet)| !wallet.active).map(|(wallet, _)| *wallet).collect();
        if let Some(wallet) = idle.first().filter(|_| self.dice.one_in(2)) {
            self.attempt_change(Action::ChangeWallet { wallet: *wallet, change: WalletChange::Activate });
            self.model.check_first();
        }
        if self.model.share == 0 {
            self.stage();
        }
        for asset in Asset::ALL {
            let valid = self.model.rates.get(&asset).is_some_and(|(_, per, until)| *per == 1_000 && *until > self.model.now);
            if !valid && self.dice.one_in(6) {
                let worth = 200 + self.dice.below(3_000);
                self.rate(asset, worth, 1_000, 7 * DAY_NS);
            }
        }
        match self.dice.below(24) {
            0..7 => self.tune(),
            7..10 => self.some_rate(),
            10..12 => self.member(),
            12 => self.group(),
            13..15 => self.stage(),
            15 => self.pause_chains(),
            16..18 => self.agents(),
            18..22 => self.wallets(),
            _ => self.nonces(),
        }
    }

    /// A session begins, for minutes or for weeks, or one is closed; what is over is cleaned up.
    pub fn sessions(&mut self) {
        let caller = self.dice.pick(&[agent(), agent(), accomplice()]);
        match self.dice.below(6) {
            0 => {
                if let Some(decided) = self.state.decide_expired_sessions(self.time(), 10) {
                    self.commit(decided);
                }
            }
            1 => {
                let open: Vec<SessionId> =
                    self.model.sessions.iter().filter(|(_, session)| !session.ended).map(|(id, _)| *id).collect();
                if let Some(id) = open.last().filter(|_| open.len() > 3) {
                    let decided = self.state.decide_close_session(guardian(), *id, self.time());
                    self.attempt(decided);
                }
            }
            _ => {
                let ttl_ns =
                    self.dice.pick(&[10 * MINUTE_NS, 10 * MINUTE_NS, HOUR_NS, HOUR_NS, 30 * DAY_NS]) - self.dice.below(SECOND_NS);
                let new = NewSession { wallet: WALLET, agent: caller, ttl_ns, label: None, rules: Vec::new() };
                if let Ok((decided, _)) = self.state.decide_open_session(caller, new, self.time()) {
                    self.commit(decided);
                }
            }
        }
    }

    /// The clock stands, moves, jumps, or steps back; at times to where a calendar turns a page.
    pub fn pass_time(&mut self) {
        let step = match self.dice.below(1_200) {
            0..18 => {
                return self.clock = self.clock.saturating_sub(self.dice.below(26 * HOUR_NS)).max(self.epoch);
            }
            18..27 => self.dice.below(20 * HOUR_NS),
            27..120 => self.dice.below(HOUR_NS),
            120..360 => self.dice.below(MINUTE_NS),
            360..720 => self.dice.below(SECOND_NS),
            720..750 => return self.clock = self.model.now,
            750 => self.dice.below(4 * DAY_NS),
            751 => {
                let end = self.dice.turn_of_a_page(self.model.now);
                let moment = end.saturating_add(self.dice.below(10 * HOUR_NS)).saturating_sub(6 * HOUR_NS);
                return self.clock = moment.max(self.clock);
            }
            _ => 0,
        };
        self.clock += step;
    }
}
