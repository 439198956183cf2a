//! What admins tune.

use candid::CandidType;
use purser_core::base::{Amount, SECOND_NS};
use purser_core::governance::settings as domain;
use serde::{Deserialize, Serialize};

/// The canister's tunable numbers.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Settings {
    /// How many admins have to agree to a change that widens power.
    pub quorum: u32,
    /// How long such a change waits after the quorum is reached.
    pub time_lock_seconds: u64,
    /// How long a proposal waits for its quorum.
    pub proposal_ttl_seconds: u64,
    /// How many denials in a row open an agent's circuit breaker.
    pub breaker_threshold: u32,
    /// For how long it stays open.
    pub breaker_cool_down_seconds: u64,
    /// How many failures in a row of a chain's providers open the chain's breaker.
    pub chain_breaker_threshold: u32,
    /// For how long it stays open.
    pub chain_breaker_cool_down_seconds: u64,
    /// How many active wallets one owner may have.
    pub max_wallets_per_owner: u32,
    /// How many transfers of one agent may wait for approval at a time.
    pub max_pending_per_agent: u32,
    /// How many requests one agent may make of one wallet within a minute.
    pub attempts_per_minute: u32,
    /// The same within an hour.
    pub attempts_per_hour: u32,
    /// The share of every limit that is let out after an emergency, in percent.
    pub resume_percent: u8,
    /// What a wallet keeps of SOL, in lamports.
    pub min_balance_sol: u64,
    /// What a wallet keeps of KAS, in sompi.
    pub min_balance_kas: u64,
}

/// Some of them; the others stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, CandidType, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as in `Settings`")]
pub struct SettingsInit {
    pub quorum: Option<u32>,
    pub time_lock_seconds: Option<u64>,
    pub proposal_ttl_seconds: Option<u64>,
    pub breaker_threshold: Option<u32>,
    pub breaker_cool_down_seconds: Option<u64>,
    pub chain_breaker_threshold: Option<u32>,
    pub chain_breaker_cool_down_seconds: Option<u64>,
    pub max_wallets_per_owner: Option<u32>,
    pub max_pending_per_agent: Option<u32>,
    pub attempts_per_minute: Option<u32>,
    pub attempts_per_hour: Option<u32>,
    pub resume_percent: Option<u8>,
    pub min_balance_sol: Option<u64>,
    pub min_balance_kas: Option<u64>,
}

impl SettingsInit {
    /// Fills in what is absent. Nothing is judged here: a duration too long to be counted stays too long.
    pub fn over(self, current: domain::Settings) -> domain::Settings {
        let nanos = |seconds: Option<u64>, held: u64| seconds.map_or(held, |seconds| seconds.saturating_mul(SECOND_NS));
        domain::Settings {
            quorum: self.quorum.unwrap_or(current.quorum),
            time_lock_ns: nanos(self.time_lock_seconds, current.time_lock_ns),
            proposal_ttl_ns: nanos(self.proposal_ttl_seconds, current.proposal_ttl_ns),
            breaker_threshold: self.breaker_threshold.unwrap_or(current.breaker_threshold),
            breaker_cool_down_ns: nanos(self.breaker_cool_down_seconds, current.breaker_cool_down_ns),
            chain_breaker_threshold: self.chain_breaker_threshold.unwrap_or(current.chain_breaker_threshold),
            chain_breaker_cool_down_ns: nanos(self.chain_breaker_cool_down_seconds, current.chain_breaker_cool_down_ns),
            max_wallets_per_owner: self.max_wallets_per_owner.unwrap_or(current.max_wallets_per_owner),
            max_pending_per_agent: self.max_pending_per_agent.unwrap_or(current.max_pending_per_agent),
            attempts_per_minute: self.attempts_per_minute.unwrap_or(current.attempts_per_minute),
            attempts_per_hour: self.attempts_per_hour.unwrap_or(current.attempts_per_hour),
            resume_percent: self.resume_percent.unwrap_or(current.resume_percent),
            min_balance_sol: self.min_balance_sol.map_or(current.min_balance_sol, Amount::new),
            min_balance_kas: self.min_balance_kas.map_or(current.min_balance_kas, Amount::new),
        }
    }
}

impl From<domain::Settings> for Settings {
    fn from(settings: domain::Settings) -> Self {
        Self {
            quorum: settings.quorum,
            time_lock_seconds: settings.time_lock_ns / SECOND_NS,
            proposal_ttl_seconds: settings.proposal_ttl_ns / SECOND_NS,
            breaker_threshold: settings.breaker_threshold,
            breaker_cool_down_seconds: settings.breaker_cool_down_ns / SECOND_NS,
            chain_breaker_threshold: settings.chain_breaker_threshold,
            chain_breaker_cool_down_seconds: settings.chain_breaker_cool_down_ns / SECOND_NS,
            max_wallets_per_owner: settings.max_wallets_per_owner,
            max_pending_per_agent: settings.max_pending_per_agent,
            attempts_per_minute: settings.attempts_per_minute,
            attempts_per_hour: settings.attempts_per_hour,
            resume_percent: settings.resume_percent,
            min_balance_sol: settings.min_balance_sol.get(),
            min_balance_kas: settings.min_balance_kas.get(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::fixture;

    #[test]
    fn what_is_absent_stays_and_what_is_said_comes() {
        let current = domain::Settings::new(&fixture::config());
        assert_eq!(SettingsInit::default().over(current.clone()), current);
        let shown = Settings::from(current.clone());
        assert_eq!((shown.quorum, shown.time_lock_seconds, shown.proposal_ttl_seconds), (1, 0, 604_800));
        assert_eq!((shown.breaker_cool_down_seconds, shown.min_balance_sol), (300, 50_000_000));
        let said = SettingsInit {
            time_lock_seconds: Some(86_400),
            resume_percent: Some(25),
            min_balance_kas: Some(7),
            ..SettingsInit::default()
        };
        let expected = domain::Settings {
            time_lock_ns: 86_400_000_000_000,
            resume_percent: 25,
            min_balance_kas: Amount::new(7),
            ..current.clone()
        };
        assert_eq!(said.over(current), expected);
    }

    #[test]
    fn a_duration_beyond_counting_is_refused_not_wrapped() {
        let current = domain::Settings::new(&fixture::config());
        let endless = SettingsInit { time_lock_seconds: Some(u64::MAX), ..SettingsInit::default() }.over(current);
        assert_eq!(endless.validate().map_err(|error| error.field), Err("time_lock_seconds"));
    }
}
