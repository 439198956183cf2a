//! Payloads about agents: denials, breakers, sessions.

use crate::access::{Session, SessionEnd};
use crate::base::{SessionId, Timestamp, WalletId};
use crate::policy::{ReasonCode, Rule};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The payload of [`Event::DenialsAggregated`](crate::event::Event::DenialsAggregated).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenialsAggregated {
    /// The wallet that should have paid.
    pub wallet: WalletId,
    /// The agent who made the requests.
    pub agent: Principal,
    /// The number of denials.
    pub count: u64,
    /// The reason of the last denial.
    pub code: ReasonCode,
    /// The time of the first denial.
    pub since: Timestamp,
}

/// The payload of [`Event::BreakerOpened`](crate::event::Event::BreakerOpened).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BreakerOpened {
    /// The wallet on which the agent is stopped.
    pub wallet: WalletId,
    /// The agent.
    pub agent: Principal,
    /// The time at which the breaker closes.
    pub until: Timestamp,
}

/// The payload of [`Event::SessionOpened`](crate::event::Event::SessionOpened).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionOpened {
    /// The new session.
    pub session: Session,
    /// The rules of the session's policy, which hold beside those of its agent, wallet and owner.
    pub rules: Vec<Rule>,
}

/// The payload of [`Event::SessionClosed`](crate::event::Event::SessionClosed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionClosed {
    /// The session.
    pub id: SessionId,
    /// The reason of the end.
    pub end: SessionEnd,
}
