//! A stretch of an agent's work with its own limits.

use crate::base::{DAY_NS, SessionId, Timestamp, WalletId};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The longest a session may last.
pub const MAX_SESSION_NS: u64 = 30 * DAY_NS;
/// The most sessions one wallet may have open at a time.
pub const MAX_OPEN_SESSIONS_PER_WALLET: u64 = 100;
/// The most of these that one agent may have.
pub const MAX_OPEN_SESSIONS_PER_AGENT: u64 = 20;
/// The most sessions that may be opened for one agent within an hour, on all its wallets: each is an entry in the log.
pub const MAX_SESSIONS_PER_HOUR: u64 = 60;

/// One agent on one wallet for a while. Its policy and its counters are its own; nothing is shared between sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Never reused.
    pub id: SessionId,
    /// The wallet it spends from.
    pub wallet: WalletId,
    /// Who may name it in a request.
    pub agent: Principal,
    /// Who opened it: the agent itself, the wallet's owner or an admin.
    pub opened_by: Principal,
    /// When.
    pub opened_at: Timestamp,
    /// It ends by itself then.
    pub expires_at: Timestamp,
    /// For people.
    pub label: Option<String>,
    /// How it ended, when it did before it expired.
    pub ended: Option<SessionEnd>,
}

/// How a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionEnd {
    /// Somebody ended it.
    Revoked,
    /// Its time was over.
    Expired,
    /// Its agent was removed or its wallet deactivated.
    Cascaded,
}

impl Session {
    /// Whether requests may name it.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.ended.is_none() && now < self.expires_at
    }
}
