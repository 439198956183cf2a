//! Rules and the explanation of a decision.

mod evaluation;
mod parse;
mod show;

pub use evaluation::{ApprovalDemand, Decision, Evaluation, Finding, ReasonCode, RuleKind};
pub use parse::{parse_rules, parse_scope};

use super::wallet::{Asset, Chain};
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};

/// Whose policy, and whose spending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Scope {
    /// All wallets of one owner.
    User(Principal),
    /// One wallet.
    Wallet(u64),
    /// One agent of one wallet.
    Agent {
        /// The wallet.
        wallet_id: u64,
        /// The agent.
        agent: Principal,
    },
    /// One session.
    Session(u64),
}

/// The stretch of time that a limit looks back on.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Window {
    /// The last 24 hours, sliding.
    Rolling24h,
    /// The last 7 days, sliding.
    Rolling7d,
    /// The last 30 days, sliding.
    Rolling30d,
    /// The current day, week or month.
    Calendar {
        /// Which.
        period: Period,
        /// By whose clocks: a name of the IANA database.
        time_zone: String,
    },
}

/// A calendar period; weeks start on Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they say it")]
pub enum Period {
    Day,
    Week,
    Month,
}

/// The stretch of time that a rate limit looks back on, sliding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they say it")]
pub enum RateWindow {
    Minute,
    Hour,
    Day,
}

/// What a rate limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Counted {
    /// Every request that was decided.
    Attempts,
    /// Requests that were allowed or wait for an approval.
    Executions,
}

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
#[allow(missing_docs, reason = "they say it")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// Some hours of some days, by local time.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct HoursWindow {
    /// On which days it starts.
    pub days: Vec<Weekday>,
    /// `HH:MM`, inclusive.
    pub start: String,
    /// `HH:MM`, exclusive; `24:00` for midnight, and an earlier time than `start` for one on the next day.
    pub end: String,
}

/// What one recipient may receive of one asset, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct RecipientLimit {
    /// Of what.
    pub asset: Asset,
    /// In one transfer.
    pub per_transaction: Option<u64>,
    /// Within any 24 hours, fees not counted.
    pub rolling_24h: Option<u64>,
}

/// A recipient that may be paid.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Recipient {
    /// As text.
    pub address: String,
    /// For people.
    pub label: Option<String>,
    /// Its own limits.
    pub limits: Vec<RecipientLimit>,
    /// From when on it is not paid any more, in nanoseconds since the epoch.
    pub expires_at: Option<u64>,
    /// From when on it can be paid. The canister's word; ignored in what it is told.
    pub usable_from: Option<u64>,
}

impl Recipient {
    /// A recipient without conditions.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), label: None, limits: Vec::new(), expires_at: None, usable_from: None }
    }
}

/// One demand of a policy.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Rule {
    /// What one transfer may send, fees not counted.
    PerTransaction {
        /// Of what.
        asset: Asset,
        /// Inclusive, in base units.
        max: u64,
    },
    /// What a window may spend, fees included.
    SpendingLimit {
        /// Of what.
        asset: Asset,
        /// Over which time.
        window: Window,
        /// Inclusive, in base units.
        max: u64,
    },
    /// What a window may spend of several assets together.
    ValueLimit {
        /// Of which assets.
        assets: Vec<Asset>,
        /// Over which time.
        window: Window,
        /// Inclusive, in millionths of the unit of account.
        max: u64,
    },
    /// The only recipients on a chain.
    Allowlist {
        /// Which chain.
        chain: Chain,
        /// Who.
        recipients: Vec<Recipient>,
        /// How long a new one waits before it can be paid.
        cool_down_seconds: u64,
    },
    /// Every recipient on a chain.
    AnyAddress {
        /// Which chain.
        chain: Chain,
    },
    /// Recipients that are never paid.
    Denylist {
        /// Which chain.
        chain: Chain,
        /// As text.
        addresses: Vec<String>,
    },
    /// How many requests may be made within a sliding window.
    RateLimit {
        /// Which count.
        counted: Counted,
        /// Over which time.
        window: RateWindow,
        /// Inclusive.
        max: u32,
    },
    /// When transfers may be asked for.
    ActiveHours {
        /// A name of the IANA database.
        time_zone: String,
        /// At least one has to be open.
        windows: Vec<HoursWindow>,
    },
    /// When people have to agree first.
    Approval {
        /// Of what; absent for every asset without an approval rule of its own.
        asset: Option<Asset>,
        /// Amounts of at least this, in base units.
        threshold: u64,
        /// Requests that bring the last 24 hours to at least this.
        cumulative_24h: Option<u64>,
        /// Whose members decide.
        group: String,
        /// How many of them.
        quorum: u32,
        /// After this the request is denied; 300 when absent.
        timeout_seconds: Option<u64>,
        /// How long the money stays after the quorum is reached.
        time_lock_seconds: u64,
    },
    /// What must be left after a transfer, its fee and its rent.
    MinimumBalance {
        /// Of what.
        asset: Asset,
        /// Inclusive, in base units.
        min: u64,
    },
    /// Transfers are asked for within a session only.
    RequireSession,
}

/// All rules of a scope at one version.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Policy {
    /// Counts up from 1.
    pub version: u64,
    /// For people.
    pub name: Option<String>,
    /// The order never changes a decision.
    pub rules: Vec<Rule>,
}

#[cfg(test)]
mod tests;
