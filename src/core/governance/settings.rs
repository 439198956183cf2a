//! Settings of the whole canister. A change that narrows power acts at once; one that widens it takes a proposal.

use crate::base::{Amount, Asset, Chain, DAY_NS, SECOND_NS};
use crate::chains::registry::rules;
use crate::governance::config::Config;
use crate::policy::MAX_RATE;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The longest time lock of changes, in nanoseconds: 90 days. A longer one would lock everybody out.
pub const MAX_TIME_LOCK_NS: u64 = 90 * DAY_NS;
/// The longest cool-down of a breaker and the longest life of a proposal, in nanoseconds: 30 days.
pub const MAX_COOL_DOWN_NS: u64 = 30 * DAY_NS;
/// The most denials or failures in a row that open a breaker. One that needs more would never open.
pub const MAX_BREAKER_THRESHOLD: u32 = 1_000;
/// The most active wallets that one owner may have. Commands walk an owner's wallets.
pub const MAX_WALLETS_PER_OWNER: u32 = 1_000;
/// The most transfers of one agent that may wait for approval: as many as a wallet has under way.
pub const MAX_PENDING_PER_AGENT: u32 = 100;
/// The fewest admins on a mainnet for whom the default quorum is enough.
pub const MIN_ADMINS_FOR_DEFAULT_QUORUM: usize = 3;

/// The settings that admins tune.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// The number of admins who must approve a change that widens power; at least 1.
    pub quorum: u32,
    /// The time lock of such a change after its quorum, in nanoseconds; at most [`MAX_TIME_LOCK_NS`].
    pub time_lock_ns: u64,
    /// The time that a proposal waits for its quorum, in nanoseconds; from a minute to [`MAX_COOL_DOWN_NS`].
    pub proposal_ttl_ns: u64,
    /// The number of denials in a row that opens an agent's breaker; 1 to [`MAX_BREAKER_THRESHOLD`].
    pub breaker_threshold: u32,
    /// The time that an agent's breaker stays open, in nanoseconds; from a second to [`MAX_COOL_DOWN_NS`].
    pub breaker_cool_down_ns: u64,
    /// The number of failures in a row of a chain's providers that opens the chain's breaker; 1 to [`MAX_BREAKER_THRESHOLD`].
    pub chain_breaker_threshold: u32,
    /// The time that a chain's breaker stays open, in nanoseconds; from a second to [`MAX_COOL_DOWN_NS`].
    pub chain_breaker_cool_down_ns: u64,
    /// The most active wallets of one owner; 1 to [`MAX_WALLETS_PER_OWNER`].
    pub max_wallets_per_owner: u32,
    /// The most transfers of one agent that wait for approval; 1 to [`MAX_PENDING_PER_AGENT`].
    pub max_pending_per_agent: u32,
    /// The most requests of one agent to one wallet within a minute, denied ones included; 1 to [`MAX_RATE`].
    pub attempts_per_minute: u32,
    /// The most requests of one agent to one wallet within an hour, denied ones included; 1 to [`MAX_RATE`].
    pub attempts_per_hour: u32,
    /// The share of every limit of money that holds in limited operation, in percent; 1 to 99.
    pub resume_percent: u8,
    /// The minimum balances of coins, in ascending order of the asset, each once. A coin that is not named keeps nothing.
    pub min_balances: Vec<MinBalance>,
}

/// The minimum balance of a coin: what every wallet keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MinBalance {
    /// The native asset of a chain.
    pub asset: Asset,
    /// The amount in base units.
    pub min: Amount,
}

fn default_min_balance(chain: Chain) -> MinBalance {
    MinBalance { asset: chain.native_asset(), min: rules(chain).default_min_balance() }
}

/// A field of [`Settings`] that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// The name of the field in the interface.
    pub field: &'static str,
    /// The values that would be accepted.
    pub problem: &'static str,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl Settings {
    /// Returns the settings of a new canister.
    ///
    /// On a mainnet, a change that widens power waits a day, and takes two admins where there are two.
    pub fn new(config: &Config) -> Self {
        let mainnet = config.chains.has_mainnet();
        Self {
            quorum: if mainnet && config.admins.len() > 1 { 2 } else { 1 },
            time_lock_ns: if mainnet { DAY_NS } else { 0 },
            proposal_ttl_ns: 7 * DAY_NS,
            breaker_threshold: 5,
            breaker_cool_down_ns: 300 * SECOND_NS,
            chain_breaker_threshold: 10,
            chain_breaker_cool_down_ns: 60 * SECOND_NS,
            max_wallets_per_owner: 3,
            max_pending_per_agent: 10,
            attempts_per_minute: 60,
            attempts_per_hour: 1_200,
            resume_percent: 10,
            min_balances: Chain::ALL.map(default_min_balance).to_vec(),
        }
    }

    /// Checks that the installer has named a quorum where the default could lock everybody out.
    ///
    /// With two admins on a mainnet both would have to agree, and one lost key would end every wider change. With one admin there is no
    /// second word. Both are possible, but nobody gets them without having said so.
    ///
    /// # Errors
    /// When fewer than [`MIN_ADMINS_FOR_DEFAULT_QUORUM`] admins are named on a mainnet, and no quorum is.
    pub fn require_named_quorum(config: &Config, quorum: Option<u32>) -> Result<(), SettingsError> {
        let admins = config.admins.iter().collect::<BTreeSet<_>>().len();
        if quorum.is_some() || !config.chains.has_mainnet() || admins >= MIN_ADMINS_FOR_DEFAULT_QUORUM {
            return Ok(());
        }
        let problem =
            "on a mainnet, name it, or at least three admins; when as many must agree as there are, one lost key locks all out";
        Err(SettingsError { field: "settings.quorum", problem })
    }

    /// Returns the minimum balance of an asset, in base units. A policy may demand more.
    pub fn min_balance(&self, asset: Asset) -> Amount {
        self.min_balances.iter().find(|balance| balance.asset == asset).map_or(Amount::ZERO, |balance| balance.min)
    }

    /// Returns the settings with other minimum balances; those of coins that are not named stay.
    ///
    /// Nothing is checked here: a coin that is named twice stays twice, which [`Settings::validate`] refuses.
    pub fn with_min_balances(mut self, named: &[MinBalance]) -> Self {
        self.min_balances.retain(|balance| named.iter().all(|other| other.asset != balance.asset));
        self.min_balances.extend(named);
        self.min_balances.sort();
        self
    }

    /// Checks every field.
    ///
    /// # Errors
    /// When a field cannot be accepted: the first such field.
    pub fn validate(&self) -> Result<(), SettingsError> {
        self.validate_numbers()?;
        if self.time_lock_ns > MAX_TIME_LOCK_NS {
            return Err(SettingsError { field: "time_lock_seconds", problem: "at most 90 days" });
        }
        if !(60 * SECOND_NS..=MAX_COOL_DOWN_NS).contains(&self.proposal_ttl_ns) {
            return Err(SettingsError { field: "proposal_ttl_seconds", problem: "between a minute and 30 days" });
        }
        let cool_downs = [
            ("breaker_cool_down_seconds", self.breaker_cool_down_ns),
            ("chain_breaker_cool_down_seconds", self.chain_breaker_cool_down_ns),
        ];
        if let Some((field, _)) = cool_downs.into_iter().find(|(_, ns)| !(SECOND_NS..=MAX_COOL_DOWN_NS).contains(ns)) {
            return Err(SettingsError {
                field,
                problem: "between a second and 30 days: an open breaker that stops nothing is none",
            });
        }
        if !(1..=99).contains(&self.resume_percent) {
            return Err(SettingsError { field: "resume_percent", problem: "between 1 and 99" });
        }
        self.validate_min_balances()
    }

    fn validate_numbers(&self) -> Result<(), SettingsError> {
        let breaker = "at most 1,000: a breaker that never opens is none";
        let wallets = "at most 1,000: an owner's wallets are walked";
        let pending = "at most 100, as a wallet's transfers under way";
        let attempts = "at most 10,000, as in rules";
        // Each number with the most that it may be, and the problem beyond it. Admins bound the quorum, not a number.
        let numbers = [
            ("quorum", self.quorum, u32::MAX, ""),
            ("breaker_threshold", self.breaker_threshold, MAX_BREAKER_THRESHOLD, breaker),
            ("chain_breaker_threshold", self.chain_breaker_threshold, MAX_BREAKER_THRESHOLD, breaker),
            ("max_wallets_per_owner", self.max_wallets_per_owner, MAX_WALLETS_PER_OWNER, wallets),
            ("max_pending_per_agent", self.max_pending_per_agent, MAX_PENDING_PER_AGENT, pending),
            ("attempts_per_minute", self.attempts_per_minute, MAX_RATE, attempts),
            ("attempts_per_hour", self.attempts_per_hour, MAX_RATE, attempts),
        ];
        if let Some((field, ..)) = numbers.iter().find(|(_, number, ..)| *number == 0) {
            return Err(SettingsError { field, problem: "at least 1" });
        }
        match numbers.iter().find(|(_, number, max, _)| number > max) {
            Some((field, .., problem)) => Err(SettingsError { field, problem }),
            None => Ok(()),
        }
    }

    fn validate_min_balances(&self) -> Result<(), SettingsError> {
        let refused = |problem| Err(SettingsError { field: "min_balances", problem });
        if self.min_balances.iter().any(|balance| balance.asset.native_asset() != balance.asset) {
            return refused("coins of chains only; a token's minimum stands in a policy");
        }
        if !self.min_balances.is_sorted_by(|one, next| one.asset < next.asset) {
            return refused("each coin once");
        }
        Ok(())
    }

    /// Returns these settings, which were proposed when `old` were in force, on top of those in force now.
    ///
    /// # Errors
    /// When a setting that was to change has changed since: its name in the interface.
    pub fn rebased(&self, old: &Self, now: &Self) -> Result<Self, &'static str> {
        macro_rules! rebased {
            ($($field:ident: $name:literal,)*) => {
                Self { $($field: rebase($name, &self.$field, &old.$field, &now.$field)?,)* min_balances: self.rebased_min_balances(old, now)? }
            };
        }
        Ok(rebased! {
            quorum: "quorum",
            time_lock_ns: "time_lock_seconds",
            proposal_ttl_ns: "proposal_ttl_seconds",
            breaker_threshold: "breaker_threshold",
            breaker_cool_down_ns: "breaker_cool_down_seconds",
            chain_breaker_threshold: "chain_breaker_threshold",
            chain_breaker_cool_down_ns: "chain_breaker_cool_down_seconds",
            max_wallets_per_owner: "max_wallets_per_owner",
            max_pending_per_agent: "max_pending_per_agent",
            attempts_per_minute: "attempts_per_minute",
            attempts_per_hour: "attempts_per_hour",
            resume_percent: "resume_percent",
        })
    }

    fn rebased_min_balances(&self, old: &Self, now: &Self) -> Result<Vec<MinBalance>, &'static str> {
        let rebased = |asset| {
            let [new, before, present] = [self, old, now].map(|settings| settings.min_balance(asset));
            Ok(MinBalance { asset, min: rebase("min_balances", &new, &before, &present)? })
        };
        Asset::ALL.into_iter().map(rebased).collect()
    }

    /// Whether quorum, time lock and life of proposals are the same in both settings.
    pub fn has_same_governance(&self, new: &Self) -> bool {
        (self.quorum, self.time_lock_ns, self.proposal_ttl_ns) == (new.quorum, new.time_lock_ns, new.proposal_ttl_ns)
    }

    /// Whether the change to `new` widens power: something may happen after it that could not before, or sooner.
    pub fn widens(&self, new: &Self) -> bool {
        let more = [
            (self.breaker_threshold, new.breaker_threshold),
            (self.chain_breaker_threshold, new.chain_breaker_threshold),
            (self.max_wallets_per_owner, new.max_wallets_per_owner),
            (self.max_pending_per_agent, new.max_pending_per_agent),
            (self.attempts_per_minute, new.attempts_per_minute),
            (self.attempts_per_hour, new.attempts_per_hour),
            (self.resume_percent.into(), new.resume_percent.into()),
        ];
        let shorter = [
            (self.time_lock_ns, new.time_lock_ns),
            (self.breaker_cool_down_ns, new.breaker_cool_down_ns),
            (self.chain_breaker_cool_down_ns, new.chain_breaker_cool_down_ns),
        ];
        let keeps_less = self.min_balances.iter().any(|balance| new.min_balance(balance.asset) < balance.min);
        new.quorum < self.quorum
            || more.iter().any(|(old, new)| new > old)
            || shorter.iter().any(|(old, new)| new < old)
            || keeps_less
            || new.proposal_ttl_ns > self.proposal_ttl_ns
    }
}

/// Returns the value of a field that was to become `new` when it was `old`, on top of the value that it has now.
///
/// # Errors
/// When the field was to change, and has changed to something else since: its name.
pub(super) fn rebase<T: Clone + PartialEq>(field: &'static str, new: &T, old: &T, now: &T) -> Result<T, &'static str> {
    if new == old {
        Ok(now.clone())
    } else if now == old || now == new {
        Ok(new.clone())
    } else {
        Err(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Mint;

    fn settings(named: &[(Asset, u64)]) -> Settings {
        let named: Vec<MinBalance> =
            named.iter().map(|(asset, min)| MinBalance { asset: *asset, min: Amount::new(*min) }).collect();
        let numbers = Settings {
            quorum: 1,
            time_lock_ns: 0,
            proposal_ttl_ns: 7 * DAY_NS,
            breaker_threshold: 1,
            breaker_cool_down_ns: SECOND_NS,
            chain_breaker_threshold: 1,
            chain_breaker_cool_down_ns: SECOND_NS,
            max_wallets_per_owner: 1,
            max_pending_per_agent: 1,
            attempts_per_minute: 1,
            attempts_per_hour: 1,
            resume_percent: 10,
            min_balances: Chain::ALL.map(default_min_balance).to_vec(),
        };
        numbers.with_min_balances(&named)
    }

    #[test]
    fn a_coin_that_is_not_named_keeps_its_minimum() {
        let [first, second] = Asset::ALL;
        let changed = settings(&[(second, 7)]);
        assert_eq!((changed.min_balance(second), changed.min_balance(first)), (Amount::new(7), settings(&[]).min_balance(first)));
        assert_eq!((changed.validate(), settings(&[(second, 7), (first, 5)]).validate()), (Ok(()), Ok(())));
    }

    #[test]
    fn a_token_and_a_coin_named_twice_are_refused() {
        let token = Asset::Spl { mint: Mint([7; 32]) };
        let problem = |named: &[(Asset, u64)]| settings(named).validate().map_err(|error| error.to_string());
        assert_eq!(problem(&[(token, 1)]), Err("min_balances: coins of chains only; a token's minimum stands in a policy".into()));
        assert_eq!(problem(&[(Asset::ALL[0], 1), (Asset::ALL[0], 2)]), Err("min_balances: each coin once".into()));
    }

    #[test]
    fn a_proposed_minimum_leaves_that_of_another_coin_as_it_is_now() {
        let [first, second] = Asset::ALL;
        let old = settings(&[(first, 1), (second, 1)]);
        let (proposed, now) = (settings(&[(first, 2), (second, 1)]), settings(&[(first, 1), (second, 9)]));
        assert_eq!(proposed.rebased(&old, &now), Ok(settings(&[(first, 2), (second, 9)])));
        let changed = settings(&[(first, 3), (second, 1)]);
        assert_eq!(proposed.rebased(&old, &changed), Err("min_balances"));
    }

    #[test]
    fn less_of_any_coin_widens() {
        for asset in Asset::ALL {
            let (less, more) = (settings(&[(asset, 9)]), settings(&[(asset, 10)]));
            assert!(more.widens(&less) && !less.widens(&more), "{asset}");
        }
    }
}
