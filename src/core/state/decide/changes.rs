//! What a change needs before it happens, and what happens then.

use super::{invalid, not_found};
use crate::access::AgentChange;
use crate::access::Role;
use crate::base::{Chain, Timestamp};
use crate::event::{Event, ModeChanged, PolicySet, TransferSettled};
use crate::governance::settings::Settings;
use crate::governance::{Action, MAX_RATE_AGE_NS, PolicyChange, QuarantineEnd, Rate};
use crate::policy::{self, AllowEntry, MAX_NAME_BYTES, Mode, Policy, Rule, Scope};
use crate::state::{Refusal, State};
use crate::transfer::{MAX_REASON_BYTES, Status};
use crate::wallet::{ParentChange, WalletChange};
use candid::Principal;
use ic_stable_structures::Memory;

/// The most agents one wallet may have.
pub const MAX_AGENTS_PER_WALLET: u64 = 100;

/// Who has to agree to a change, and for how long it can be objected to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ChangeRequirement {
    pub quorum: u32,
    pub time_lock_ns: u64,
}

impl ChangeRequirement {
    const NOTHING: Self = Self { quorum: 1, time_lock_ns: 0 };

    pub const fn is_met_by_one(self) -> bool {
        self.quorum <= 1 && self.time_lock_ns == 0
    }
}

impl<M: Memory> State<M> {
    /// What an action needs in the state as it is: nothing when it narrows power (trap T84).
    pub(super) fn requirement(&self, action: &Action) -> ChangeRequirement {
        let settings = self.settings();
        let full = ChangeRequirement { quorum: settings.quorum, time_lock_ns: settings.time_lock_ns };
        let quorum = ChangeRequirement { time_lock_ns: 0, ..full };
        let when = |so: bool, need: ChangeRequirement| if so { need } else { ChangeRequirement::NOTHING };
        match action {
            Action::SetPolicy(change) => when(self.policy_widens(change), full),
            Action::GrantRole(_) | Action::AddAgent(_) | Action::EndEmergency { .. } | Action::ResolveQuarantine(_) => full,
            Action::RevokeRole(change) => revocation(change.role, full),
            Action::SetGroup(group) => {
                let members = self.tables.group(&group.name).map(|group| group.members).unwrap_or_default();
                when(!group.members.is_subset(&members), full)
            }
            // What is kept for a shorter time can be given up before people have looked.
            Action::ConfigureAudit(new) => when(new.retention_days < self.retention().settings.retention_days, full),
            // A rate is a fact of the day; by the end of a time lock it would be history.
            Action::SetRate(rate) => when(self.rate_widens(rate), quorum),
            Action::ChangeSettings(new) if settings.widens(new) => full,
            // One admin who makes changes harder for all could keep the others from ever undoing it.
            Action::ChangeSettings(new) => when(!settings.has_same_governance(new), quorum),
            Action::ChangeWallet { wallet, change } => {
                let wallet = self.tables.wallet(*wallet);
                let widens = match change {
                    WalletChange::Deactivate | WalletChange::MakePrimary => false,
                    WalletChange::Activate | WalletChange::Owner(_) => true,
                    WalletChange::Parent(ParentChange { .. }) => wallet.is_some_and(|wallet| wallet.parent.is_some()),
                };
                when(widens, full)
            }
            Action::RemovePrincipal(principal) => {
                let roles = self.tables.roles(principal);
                let needs = roles.0.iter().map(|role| revocation(*role, full));
                needs.max_by_key(|need| (need.time_lock_ns, need.quorum)).unwrap_or(ChangeRequirement::NOTHING)
            }
        }
    }

    /// What happens when an action takes effect now.
    ///
    /// # Errors
    /// When it cannot: an argument is unacceptable, something is unknown, out of date, or so already.
    pub(super) fn effects(&self, action: &Action, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        match action {
            Action::SetPolicy(change) => self.policy_effects(change, now),
            Action::GrantRole(change) => self.grant_effects(change),
            Action::RevokeRole(change) => self.revocation_effects(change),
            Action::AddAgent(change) => self.agent_effects(change),
            Action::SetGroup(group) => self.group_effects(group),
            Action::SetRate(rate) => {
                check_rate(rate, now)?;
                Ok(vec![Event::RateSet(*rate)])
            }
            Action::ChangeSettings(settings) => self.settings_effects(settings),
            Action::EndEmergency { reason } => self.end_emergency_effects(reason, now),
            Action::ChangeWallet { wallet, change } => self.wallet_change_events(*wallet, change, now),
            Action::ResolveQuarantine(end) => self.quarantine_effects(end),
            Action::RemovePrincipal(principal) => self.removal_effects(*principal),
            Action::ConfigureAudit(settings) => self.audit_effects(*settings),
        }
    }

    /// Whether a policy gives more power than the one it replaces.
    fn policy_widens(&self, change: &PolicyChange) -> bool {
        let old = self.tables.policy(&change.scope);
        // Who is new on a list widens, from whenever on it can be paid.
        let new = with_usable_from(&change.rules, old.as_ref(), Timestamp::default());
        policy::widens(&change.scope, old.as_ref(), &new)
    }

    /// The new policy, and the end of what it denies or wants to be asked about and may still be cancelled. What was spent stays spent (trap T13).
    fn policy_effects(&self, change: &PolicyChange, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let PolicyChange { scope, replaces, name, rules } = change;
        self.check_scope(scope, now)?;
        if name.as_ref().is_some_and(|name| name.len() > MAX_NAME_BYTES) {
            return Err(invalid("name", format!("at most {MAX_NAME_BYTES} bytes")));
        }
        policy::validate(rules).map_err(|error| invalid("rules", error.to_string()))?;
        let current = self.tables.last_policy_version(scope);
        if current != *replaces {
            return Err(invalid("replaces", format!("version {current} is in force, not {replaces}; look at it first")));
        }
        let rules = with_usable_from(rules, self.tables.policy(scope).as_ref(), now);
        self.check_workable(*scope, &rules, now)?;
        let policy = Policy { version: current.saturating_add(1), name: name.clone(), rules };
        let past = self.spending_before(*scope, &policy, now);
        let cancellations = self.cancellations_under(*scope, &policy, &past, now)?;
        let Policy { version, name, rules } = policy;
        let set = PolicySet { scope: *scope, version, name, rules, past: past.into_event() };
        Ok([vec![Event::PolicySet(set)], cancellations].concat())
    }

    fn check_scope(&self, scope: &Scope, now: Timestamp) -> Result<(), Refusal> {
        let nobody = |field| Err(invalid(field, "the anonymous principal is everybody and can have no policy"));
        match scope {
            Scope::User(owner) if *owner == Principal::anonymous() => nobody("scope.User"),
            Scope::User(_) => Ok(()),
            Scope::Wallet(wallet) => self.require_wallet(*wallet),
            Scope::Agent { agent, .. } if *agent == Principal::anonymous() => nobody("scope.Agent.agent"),
            Scope::Agent { wallet, .. } => self.require_wallet(*wallet),
            Scope::Session(id) => match self.tables.session(*id) {
                Some(session) if session.is_open(now) => Ok(()),
                _ => Err(not_found("open session", id)),
            },
        }
    }

    fn agent_effects(&self, change: &AgentChange) -> Result<Vec<Event>, Refusal> {
        let AgentChange { wallet, agent } = change;
        self.require_wallet(*wallet)?;
        if *agent == Principal::anonymous() {
            return Err(invalid("agent", "the anonymous principal is everybody and can be no agent"));
        }
        if self.is_agent(*wallet, agent) {
            return Err(Refusal::AlreadySo { what: "the principal already is an agent of the wallet" });
        }
        let current = self.agents(*wallet).len() as u64;
        if current >= MAX_AGENTS_PER_WALLET {
            return Err(Refusal::LimitReached { what: "agents of the wallet", max: MAX_AGENTS_PER_WALLET, current });
        }
        Ok(vec![Event::AgentAdded(*change)])
    }

    /// Whether a rate lets more pass than the valid one: it makes an asset worth less, or is valid for longer.
    fn rate_widens(&self, new: &Rate) -> bool {
        let Some(old) = self.tables.rate(new.asset) else { return true };
        let worth = |a: &Rate, b: &Rate| u128::from(a.value.get()) * u128::from(b.per.get());
        worth(new, &old) < worth(&old, new) || new.expires_at > old.expires_at
    }

    fn settings_effects(&self, settings: &Settings) -> Result<Vec<Event>, Refusal> {
        settings.validate()?;
        if *settings == self.settings() {
            return Err(Refusal::AlreadySo { what: "the settings are these already" });
        }
        self.check_quorum(settings.quorum, self.count(Role::Admin))?;
        Ok(vec![Event::SettingsChanged(Box::new(settings.clone()))])
    }

    /// Back towards normal operation by one stage.
    fn end_emergency_effects(&self, reason: &str, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        if reason.len() > MAX_REASON_BYTES {
            return Err(invalid("reason", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        let mode = match self.mode() {
            Mode::Emergency { .. } => Mode::Limited { since: now, percent: self.settings().resume_percent },
            Mode::Limited { .. } => Mode::Normal,
            Mode::Normal => return Err(Refusal::AlreadySo { what: "the canister operates normally" }),
        };
        Ok(vec![Event::ModeChanged(ModeChanged { mode, reason: reason.into() })])
    }

    fn quarantine_effects(&self, end: &QuarantineEnd) -> Result<Vec<Event>, Refusal> {
        let QuarantineEnd { transfer: id, landed, fee_paid, note } = end;
        if note.len() > MAX_REASON_BYTES {
            return Err(invalid("note", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        let transfer = self.tables.transfer(*id).ok_or_else(|| not_found("transfer", id))?;
        if transfer.status != Status::Quarantined {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a quarantined transfer" });
        }
        if *fee_paid > transfer.request.max_fee {
            return Err(invalid("fee_paid", format!("at most {}, which was reserved for it", transfer.request.max_fee)));
        }
        let settled = TransferSettled { id: *id, fee_paid: *fee_paid, note: Some(note.clone()), code: None, slot: None };
        Ok(vec![if *landed { Event::TransferConfirmed(settled) } else { Event::TransferFailed(settled) }])
    }

    pub(super) fn count(&self, role: Role) -> u64 {
        self.tables.all_roles().filter(|(_, roles)| roles.has(role)).count() as u64
    }

    /// Whether `admins` could still reach a quorum.
    pub(super) fn check_quorum(&self, quorum: u32, admins: u64) -> Result<(), Refusal> {
        if u64::from(quorum) <= admins {
            return Ok(());
        }
        Err(invalid("quorum", format!("{quorum} of {admins} admins could never agree; name more admins or a smaller quorum first")))
    }
}

/// Taking a power is at once, but for two: admins who lose their role weaken the quorum, and a guardian who does is one fewer to object.
const fn revocation(role: Role, full: ChangeRequirement) -> ChangeRequirement {
    match role {
        Role::Admin => ChangeRequirement { time_lock_ns: 0, ..full },
        Role::Guardian => full,
        Role::Approver | Role::Auditor | Role::Viewer => ChangeRequirement::NOTHING,
    }
}

/// The rules with the time from which on each recipient can be paid: as it was for who is on the list already, after the cool-down for
/// who is new.
fn with_usable_from(rules: &[Rule], old: Option<&Policy>, now: Timestamp) -> Vec<Rule> {
    let listed = |chain: Chain| {
        let rules = old.iter().flat_map(|old| &old.rules);
        let mut lists = rules.filter_map(move |rule| match rule {
            Rule::Allowlist { chain: of, entries, .. } if *of == chain => Some(&entries[..]),
            _ => None,
        });
        lists.next().unwrap_or_default()
    };
    let stamp = |rule: &Rule| match rule {
        Rule::Allowlist { chain, entries, cool_down_ns } => {
            let known = listed(*chain);
            let usable_from = |entry: &AllowEntry| match known.iter().find(|known| known.to == entry.to) {
                Some(known) => known.usable_from,
                None => now.saturating_add(*cool_down_ns),
            };
            let stamp = |entry: &AllowEntry| AllowEntry { usable_from: usable_from(entry), ..entry.clone() };
            Rule::Allowlist { chain: *chain, entries: entries.iter().map(stamp).collect(), cool_down_ns: *cool_down_ns }
        }
        other => other.clone(),
    };
    rules.iter().map(stamp).collect()
}

fn check_rate(rate: &Rate, now: Timestamp) -> Result<(), Refusal> {
    if rate.asset.canonical_asset() != rate.asset {
        return Err(invalid("asset", "wrapped SOL counts as SOL; set the rate of SOL"));
    }
    if let Some(problem) = rate.problem() {
        return Err(invalid("rate", problem));
    }
    if rate.expires_at <= now || rate.expires_at.nanos_since(now) > MAX_RATE_AGE_NS {
        return Err(invalid("expires_at", "a rate is valid for at most 7 days from now, and not over yet"));
    }
    Ok(())
}
