//! Events of actions that take effect now.

use crate::access::Role;
use crate::base::text::check_name;
use crate::base::{Chain, Timestamp, amount_text};
use crate::event::{Event, ModeChanged, PolicySet, TransferConfirmed, TransferFailed};
use crate::governance::settings::Settings;
use crate::governance::{Action, MAX_RATE_AGE_NS, PolicyChange, QuarantineEnd, Rate};
use crate::policy::{self, AllowEntry, MAX_NAME_BYTES, Mode, Policy, ReasonCode, Rule, Scope};
use crate::state::refusal::{invalid, not_found};
use crate::state::{Refusal, State};
use crate::transfer::{MAX_REASON_BYTES, Status};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns the events of an action that takes effect now.
    ///
    /// # Errors
    /// When an argument cannot be accepted, a record does not exist, the action is out of date, or the state is already as demanded.
    pub(super) fn action_events(&self, action: &Action, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        match action {
            Action::SetPolicy(change) => self.policy_events(change, now),
            Action::GrantRole(change) => self.grant_events(change),
            Action::RevokeRole(change) => self.revocation_events(change),
            Action::AddAgent(change) => self.agent_events(change),
            Action::SetGroup(group) => self.group_events(group),
            Action::SetRate(rate) => {
                check_rate(rate, now)?;
                Ok(vec![Event::RateSet(*rate)])
            }
            Action::ChangeSettings(settings) => self.settings_events(settings),
            Action::EndEmergency { reason } => self.end_emergency_events(reason, now),
            Action::ChangeWallet { wallet, change } => self.wallet_change_events(*wallet, change, now),
            Action::ResolveQuarantine(end) => self.quarantine_events(end),
            Action::RemovePrincipal(principal) => self.removal_events(*principal),
            Action::ConfigureAudit(settings) => self.audit_settings_events(*settings),
            Action::RecoverAdmins(admins) => self.recovery_events(admins),
        }
    }

    /// Returns the new policy, and the end of transfers that it denies or demands an approval for.
    ///
    /// Spending before the policy stays counted: a new policy must not give a fresh budget.
    fn policy_events(&self, change: &PolicyChange, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let PolicyChange { scope, replaces, name, rules } = change;
        self.check_scope(scope, now)?;
        check_name(name.as_deref().unwrap_or_default(), MAX_NAME_BYTES).map_err(|problem| invalid("name", problem))?;
        policy::validate(rules).map_err(|error| invalid("rules", error.to_string()))?;
        let current = self.tables.last_policy_version(scope);
        if current != *replaces {
            return Err(invalid("replaces", format!("version {current} is in force, not {replaces}; look at it first")));
        }
        let rules = with_usable_from(rules, self.tables.policy(scope).as_ref(), now);
        self.check_lint(*scope, &rules, now)?;
        let policy = Policy { version: current.saturating_add(1), name: name.clone(), rules };
        let prior = self.spending_before(*scope, &policy, now);
        let ended = self.recheck_under_policy(*scope, &policy, &prior, now)?;
        let Policy { version, name, rules } = policy;
        let set = PolicySet { scope: *scope, version, name, rules, prior_spending: prior.into_payload() };
        Ok([vec![Event::PolicySet(set)], ended].concat())
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

    fn settings_events(&self, settings: &Settings) -> Result<Vec<Event>, Refusal> {
        settings.validate()?;
        if *settings == self.settings() {
            return Err(Refusal::AlreadySo { what: "the settings are these already" });
        }
        self.check_quorum(settings.quorum, self.count_holders(Role::Admin))?;
        Ok(vec![Event::SettingsChanged(Box::new(settings.clone()))])
    }

    /// Returns the change of the mode by one stage towards normal operation.
    fn end_emergency_events(&self, reason: &str, now: Timestamp) -> Result<Vec<Event>, Refusal> {
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

    /// Returns the end of a quarantined transfer.
    fn quarantine_events(&self, end: &QuarantineEnd) -> Result<Vec<Event>, Refusal> {
        let QuarantineEnd { transfer: id, landed, fee_paid, note } = end;
        if note.len() > MAX_REASON_BYTES {
            return Err(invalid("note", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        let transfer = self.tables.transfer(*id).ok_or_else(|| not_found("transfer", id))?;
        if transfer.status != Status::Quarantined {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a quarantined transfer" });
        }
        if *fee_paid > transfer.request.max_fee {
            let most = amount_text(transfer.request.asset.native_asset(), transfer.request.max_fee);
            return Err(invalid("fee_paid", format!("at most {most}, which was reserved for it")));
        }
        let (id, fee_paid, note) = (*id, *fee_paid, note.clone());
        Ok(vec![match landed {
            true => Event::TransferConfirmed(TransferConfirmed { id, fee_paid, note: Some(note), landed_in: None }),
            false => Event::TransferFailed(TransferFailed { id, fee_paid, code: ReasonCode::NotLanded, note, landed_in: None }),
        }])
    }
}

/// Returns the rules with the time from which on each listed recipient can be paid.
///
/// A recipient that was listed before keeps its time; a new one gets the end of its cool-down.
pub(super) fn with_usable_from(rules: &[Rule], old: Option<&Policy>, now: Timestamp) -> Vec<Rule> {
    let listed = |chain: Chain| {
        let rules = old.iter().flat_map(|old| &old.rules);
        let mut lists = rules.filter_map(move |rule| match rule {
            Rule::Allowlist { chain: of, entries, .. } if *of == chain => Some(&entries[..]),
            _ => None,
        });
        lists.next().unwrap_or_default()
    };
    let updated = |rule: &Rule| match rule {
        Rule::Allowlist { chain, entries, cool_down_ns } => {
            let known = listed(*chain);
            let usable_from = |entry: &AllowEntry| match known.iter().find(|known| known.to == entry.to) {
                Some(known) => known.usable_from,
                None => now.saturating_add(*cool_down_ns),
            };
            let updated = |entry: &AllowEntry| AllowEntry { usable_from: usable_from(entry), ..entry.clone() };
            Rule::Allowlist { chain: *chain, entries: entries.iter().map(updated).collect(), cool_down_ns: *cool_down_ns }
        }
        other => other.clone(),
    };
    rules.iter().map(updated).collect()
}

fn check_rate(rate: &Rate, now: Timestamp) -> Result<(), Refusal> {
    let canonical = rate.asset.canonical_asset();
    if canonical != rate.asset {
        return Err(invalid("asset", format!("wrapped {canonical} counts as {canonical}; set the rate of {canonical}")));
    }
    rate.validate().map_err(|problem| invalid("rate", problem))?;
    if rate.expires_at <= now || rate.expires_at.nanos_since(now) > MAX_RATE_AGE_NS {
        return Err(invalid("expires_at", "a rate is valid for at most 7 days from now, and not over yet"));
    }
    Ok(())
}
