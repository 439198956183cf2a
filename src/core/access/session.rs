//! Sessions of agents.

use crate::base::{DAY_NS, SessionId, Timestamp, WalletId};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The longest time to live of a session, in nanoseconds: 30 days.
pub const MAX_SESSION_NS: u64 = 30 * DAY_NS;
/// The most open sessions of one wallet.
pub const MAX_OPEN_SESSIONS_PER_WALLET: u64 = 100;
/// The most open sessions of one agent on one wallet.
pub const MAX_OPEN_SESSIONS_PER_AGENT: u64 = 20;
/// The most sessions of one agent that may be opened within an hour, on all its wallets together.
///
/// Every session takes a block of the log, so their number must be bounded in time too.
pub const MAX_SESSIONS_PER_HOUR: u64 = 60;

/// A limited time in which one agent spends from one wallet, with a policy and counters of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The number of the session. Never reused.
    pub id: SessionId,
    /// The wallet that pays.
    pub wallet: WalletId,
    /// The agent that may name the session in a request.
    pub agent: Principal,
    /// The principal that opened the session: the agent, the wallet's owner or an admin.
    pub opened_by: Principal,
    /// The time of the opening.
    pub opened_at: Timestamp,
    /// The time from which on the session is over.
    pub expires_at: Timestamp,
    /// A name for people.
    pub label: Option<String>,
    /// The recorded end; `None` while none is recorded, even after the session has expired.
    pub ended: Option<SessionEnd>,
}

/// The reason for which a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// A caller closed the session.
    Revoked,
    /// The session expired.
    Expired,
    /// The agent was removed or the wallet deactivated.
    EndedByParent,
}

impl Session {
    /// Whether requests may name the session at a time.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires_at
    }
}
