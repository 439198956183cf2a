//! The numbers that admins tune.

use crate::Asset;
use candid::CandidType;
use serde::{Deserialize, Serialize};

/// The settings of the canister.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Settings {
    /// The number of admins who have to agree to a change that widens power; at least 1.
    pub quorum: u32,
    /// The time that such a change waits after the quorum; at most 90 days.
    pub time_lock_seconds: u64,
    /// The time that a proposal waits for its quorum; a minute to 30 days.
    pub proposal_ttl_seconds: u64,
    /// The number of denials in a row that open an agent's circuit breaker.
    pub breaker_threshold: u32,
    /// The time that an agent's circuit breaker stays open.
    pub breaker_cool_down_seconds: u64,
    /// The number of provider failures in a row that open a chain's circuit breaker.
    pub chain_breaker_threshold: u32,
    /// The time that a chain's circuit breaker stays open.
    pub chain_breaker_cool_down_seconds: u64,
    /// The most active wallets of one owner.
    pub max_wallets_per_owner: u32,
    /// The most transfers of one agent that wait for approval at a time.
    pub max_pending_per_agent: u32,
    /// The most requests of one agent to one wallet within a minute.
    pub attempts_per_minute: u32,
    /// The most requests of one agent to one wallet within an hour.
    pub attempts_per_hour: u32,
    /// The share of every limit of money that holds after an emergency, in percent, 1 to 99.
    pub resume_percent: u8,
    /// The minimum balance of every wallet, by coin; none of a coin that is not named.
    pub min_balances: Vec<MinBalance>,
}

/// The minimum balance of a coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct MinBalance {
    /// The native asset of a chain.
    pub asset: Asset,
    /// The least that stays in every wallet, in base units.
    pub min: u64,
}

/// Changes of some settings; an absent one stays, or has its default at installation. Units and ranges are those of [`Settings`].
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
    pub min_balances: Option<Vec<MinBalance>>,
}
