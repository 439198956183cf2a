//! What admins tune for the whole canister. Each change is governed like a policy's: tightening acts at once.

use crate::base::{Amount, Asset, DAY_NS, SECOND_NS};
use crate::chains::kaspa::Network as KaspaNetwork;
use crate::chains::solana::Cluster;
use crate::governance::config::Config;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest time lock of changes: 90 days. A longer one would lock everybody out.
pub const MAX_TIME_LOCK_NS: u64 = 90 * DAY_NS;
/// The longest a breaker stays open, and the longest life of a proposal.
pub const MAX_COOL_DOWN_NS: u64 = 30 * DAY_NS;
/// What Solana wallets keep by default: 0.05 SOL (requirement row 154).
pub const DEFAULT_MIN_BALANCE_LAMPORTS: u64 = 50_000_000;

/// The canister's tunable numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// How many admins have to agree to a change that widens power; at least 1.
    pub quorum: u32,
    /// How long such a change waits after the quorum is reached.
    pub time_lock_ns: u64,
    /// How long a proposal waits for its quorum.
    pub proposal_ttl_ns: u64,
    /// How many denials in a row open an agent's circuit breaker.
    pub breaker_threshold: u32,
    /// For how long it stays open.
    pub breaker_cool_down_ns: u64,
    /// How many failures in a row of a chain's providers open the chain's breaker.
    pub chain_breaker_threshold: u32,
    /// For how long it stays open.
    pub chain_breaker_cool_down_ns: u64,
    /// How many active wallets one owner may have.
    pub max_wallets_per_owner: u32,
    /// How many transfers of one agent may wait for approval at a time.
    pub max_pending_per_agent: u32,
    /// How many requests one agent may make of one wallet within a minute, whatever becomes of them.
    pub attempts_per_minute: u32,
    /// The same within an hour.
    pub attempts_per_hour: u32,
    /// The share of every limit of money that is let out after an emergency, in percent; 1 to 99.
    pub resume_percent: u8,
    /// What a wallet keeps of SOL, in lamports.
    pub min_balance_sol: Amount,
    /// What a wallet keeps of KAS, in sompi.
    pub min_balance_kas: Amount,
}

/// A setting that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsError {
    /// The field as the interface calls it.
    pub field: &'static str,
    /// What would be right.
    pub problem: &'static str,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.problem)
    }
}

impl Settings {
    /// What a new canister starts with. Where a mainnet is paid from, changes that widen power wait a day and take two admins where there
    /// are two.
    pub fn new(config: &Config) -> Self {
        let mainnet = config.solana.network == Cluster::Mainnet || config.kaspa.network == KaspaNetwork::Mainnet;
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
            min_balance_sol: Amount::new(DEFAULT_MIN_BALANCE_LAMPORTS),
            min_balance_kas: Amount::ZERO,
        }
    }

    /// What a wallet keeps of an asset whatever its policy says.
    pub const fn min_balance(&self, asset: Asset) -> Amount {
        match asset {
            Asset::Sol => self.min_balance_sol,
            Asset::Kas => self.min_balance_kas,
            Asset::Spl { .. } => Amount::ZERO,
        }
    }

    /// Checks every field.
    ///
    /// # Errors
    /// The first that cannot be accepted.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let numbers = [
            ("quorum", self.quorum),
            ("breaker_threshold", self.breaker_threshold),
            ("chain_breaker_threshold", self.chain_breaker_threshold),
            ("max_wallets_per_owner", self.max_wallets_per_owner),
            ("max_pending_per_agent", self.max_pending_per_agent),
            ("attempts_per_minute", self.attempts_per_minute),
            ("attempts_per_hour", self.attempts_per_hour),
        ];
        if let Some((field, _)) = numbers.into_iter().find(|(_, number)| *number == 0) {
            return Err(SettingsError { field, problem: "at least 1" });
        }
        if self.time_lock_ns > MAX_TIME_LOCK_NS {
            return Err(SettingsError { field: "time_lock_seconds", problem: "at most 90 days" });
        }
        if !(60 * SECOND_NS..=MAX_COOL_DOWN_NS).contains(&self.proposal_ttl_ns) {
            return Err(SettingsError { field: "proposal_ttl_seconds", problem: "between a minute and 30 days" });
        }
        if self.breaker_cool_down_ns > MAX_COOL_DOWN_NS {
            return Err(SettingsError { field: "breaker_cool_down_seconds", problem: "at most 30 days" });
        }
        if self.chain_breaker_cool_down_ns > MAX_COOL_DOWN_NS {
            return Err(SettingsError { field: "chain_breaker_cool_down_seconds", problem: "at most 30 days" });
        }
        if !(1..=99).contains(&self.resume_percent) {
            return Err(SettingsError { field: "resume_percent", problem: "between 1 and 99" });
        }
        Ok(())
    }

    /// Whether changes are made as easily, and as slowly, under `new`.
    pub fn has_same_governance(&self, new: &Self) -> bool {
        (self.quorum, self.time_lock_ns, self.proposal_ttl_ns) == (new.quorum, new.time_lock_ns, new.proposal_ttl_ns)
    }

    /// Whether a change to `new` gives anybody more power or less time to object.
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
            (self.min_balance_sol.get(), new.min_balance_sol.get()),
            (self.min_balance_kas.get(), new.min_balance_kas.get()),
        ];
        new.quorum < self.quorum
            || more.iter().any(|(old, new)| new > old)
            || shorter.iter().any(|(old, new)| new < old)
            || new.proposal_ttl_ns > self.proposal_ttl_ns
    }
}
