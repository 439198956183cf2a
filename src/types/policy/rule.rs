//! Policies and their rules.

use crate::chain::Asset;
use crate::chain::Chain;
use crate::named::{Name, name_variants};
use candid::CandidType;
use serde::{Deserialize, Serialize};

/// The time window of a limit of money.
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
        /// The period.
        period: Period,
        /// The time zone, a name of the IANA database.
        time_zone: String,
    },
}

plain_enum! {
    /// A calendar period; weeks start on Monday.
    #[allow(missing_docs, reason = "the names say it")]
    pub enum Period = purser_core::policy::Period {
        Day,
        Week,
        Month,
    }
}

plain_enum! {
    /// The time window of a rate limit, sliding.
    #[allow(missing_docs, reason = "the names say it")]
    pub enum RateWindow = purser_core::policy::RateWindow {
        Minute,
        Hour,
        Day,
    }
}

plain_enum! {
    /// The requests that a rate limit counts.
    pub enum Counted = purser_core::policy::Counted {
        /// Every request that was decided.
        Attempts,
        /// Requests that were allowed or wait for approval.
        Executions,
    }
}

plain_enum! {
    /// A day of the week.
    #[allow(missing_docs, reason = "the names say it")]
    pub enum Weekday = purser_core::policy::Weekday {
        Mon,
        Tue,
        Wed,
        Thu,
        Fri,
        Sat,
        Sun,
    }
}

/// Hours of some days, by local time.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct HoursWindow {
    /// The days on which the window starts.
    pub days: Vec<Weekday>,
    /// The start, `HH:MM`, inclusive.
    pub start: String,
    /// The end, `HH:MM`, exclusive; `24:00` for midnight. An end before the start is on the next day.
    pub end: String,
}

/// The most that one recipient may receive of one asset, in base units, inclusive, fees not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct RecipientLimit {
    /// The asset.
    pub asset: Asset,
    /// The most in one transfer.
    pub per_transaction: Option<u64>,
    /// The most within any 24 hours.
    pub rolling_24h: Option<u64>,
}

/// A recipient on an allowlist; times are in nanoseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Recipient {
    /// The address, of the configured network.
    pub address: String,
    /// The recipient's name, for people, at most 64 bytes.
    pub label: Option<String>,
    /// The recipient's own limits.
    pub limits: Vec<RecipientLimit>,
    /// The time from which it is no longer paid.
    pub expires_at: Option<u64>,
    /// The time from which it can be paid. Only in answers; ignored in arguments.
    pub usable_at: Option<u64>,
}

impl Recipient {
    /// Returns a recipient without conditions.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), label: None, limits: Vec::new(), expires_at: None, usable_at: None }
    }
}

/// A rule of a policy; maxima are inclusive and in base units unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Rule {
    /// The most that one transfer may send, fees not counted.
    PerTransaction {
        /// The asset.
        asset: Asset,
        /// The most.
        max: u64,
    },
    /// The most that may be spent within a window, fees included.
    SpendingLimit {
        /// The asset.
        asset: Asset,
        /// The time window.
        window: Window,
        /// The most.
        max: u64,
    },
    /// The most that may be spent of several assets together within a window.
    ValueLimit {
        /// The assets.
        assets: Vec<Asset>,
        /// The time window.
        window: Window,
        /// The most, in millionths of the unit of account.
        max: u64,
    },
    /// The only recipients on a chain.
    Allowlist {
        /// The chain.
        chain: Chain,
        /// The recipients, 1 to 256.
        recipients: Vec<Recipient>,
        /// The time that a new recipient waits before it can be paid.
        cool_down_seconds: u64,
    },
    /// Every recipient on a chain.
    AnyAddress {
        /// The chain.
        chain: Chain,
    },
    /// The recipients that are never paid.
    Denylist {
        /// The chain.
        chain: Chain,
        /// The addresses, 1 to 256.
        addresses: Vec<String>,
    },
    /// The most requests within a sliding window.
    RateLimit {
        /// The requests that count.
        counted: Counted,
        /// The time window.
        window: RateWindow,
        /// The most, at most 10,000.
        max: u32,
    },
    /// The hours in which transfers may be requested.
    ActiveHours {
        /// The time zone, a name of the IANA database.
        time_zone: String,
        /// The hours, 1 to 16 windows.
        windows: Vec<HoursWindow>,
    },
    /// The approval that transfers need.
    Approval {
        /// The asset; absent for every asset without an approval rule of its own.
        asset: Option<Asset>,
        /// The least amount that needs approval.
        threshold: u64,
        /// The least sum of the last 24 hours, this request included, that needs approval.
        cumulative_24h: Option<u64>,
        /// The group whose members decide.
        group: String,
        /// The number of members who have to agree.
        quorum: u32,
        /// The time to agree, after which the request is denied; 300 when absent.
        timeout_seconds: Option<u64>,
        /// The time that the money stays after the quorum is reached.
        time_lock_seconds: u64,
    },
    /// The least that must be left after a transfer, its fee and its rent.
    MinimumBalance {
        /// The asset.
        asset: Asset,
        /// The least.
        min: u64,
    },
    /// Requests need an open session.
    RequireSession,
}

/// The rules of a scope at one version.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Policy {
    /// The version, counted up from 1.
    pub version: u64,
    /// The policy's name, for people.
    pub name: Option<String>,
    /// The rules; their order never changes a decision.
    pub rules: Vec<PolicyRule>,
}

/// A rule of a policy in an answer, with its kind and a sentence.
///
/// A client reads both of a rule that a later version has added.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct PolicyRule {
    /// The name of the rule's variant.
    pub kind: String,
    /// The rule in a sentence, for people.
    pub description: String,
    /// The rule; absent for a client that does not know it.
    pub rule: Option<Rule>,
}

impl PolicyRule {
    /// Returns a rule with its kind and a sentence.
    pub fn new(rule: Rule, description: String) -> Self {
        Self { kind: rule.name().to_owned(), description, rule: Some(rule) }
    }
}

impl PartialEq<Rule> for PolicyRule {
    fn eq(&self, other: &Rule) -> bool {
        self.rule.as_ref() == Some(other)
    }
}

name_variants!(Rule {
    PerTransaction,
    SpendingLimit,
    ValueLimit,
    Allowlist,
    AnyAddress,
    Denylist,
    RateLimit,
    ActiveHours,
    Approval,
    MinimumBalance,
    RequireSession,
});
