//! Sessions, and what clients say about themselves.

use super::policy::Rule;
use candid::{CandidType, Principal};
use purser_core::access::{Session as CoreSession, SessionEnd};
use purser_core::base::Timestamp;
use serde::{Deserialize, Serialize};

/// A session to be opened.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct OpenSessionArgs {
    /// The wallet it spends from.
    pub wallet_id: u64,
    /// Whose it is; the caller's when absent.
    pub agent: Option<Principal>,
    /// How long it lasts.
    pub ttl_seconds: u64,
    /// For people.
    pub label: Option<String>,
    /// Its own limits.
    pub rules: Vec<Rule>,
}

/// A stretch of an agent's work with its own limits.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Session {
    /// Never reused.
    pub id: u64,
    /// The wallet it spends from.
    pub wallet_id: u64,
    /// Who may name it.
    pub agent: Principal,
    /// Who opened it.
    pub opened_by: Principal,
    /// When, in nanoseconds since the epoch.
    pub opened_at: u64,
    /// When it ends by itself.
    pub expires_at: u64,
    /// For people.
    pub label: Option<String>,
    /// Whether requests may name it.
    pub status: SessionStatus,
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum SessionStatus {
    /// Requests may name it.
    Open,
    /// Its time is over.
    Expired,
    /// Somebody closed it.
    Revoked,
    /// Its agent was removed or its wallet deactivated.
    Cascaded,
}

/// What a client says about itself.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ClientArgs {
    /// Whether its user was let in.
    pub success: bool,
    /// The wallet it came for.
    pub wallet_id: Option<u64>,
    /// Its network address.
    pub address: Option<String>,
    /// Its device's fingerprint.
    pub device: Option<String>,
}

impl Session {
    /// A session as the interface shows it at a time.
    pub fn new(session: CoreSession, now: Timestamp) -> Self {
        let status = match session.ended {
            None if session.is_open(now) => SessionStatus::Open,
            None | Some(SessionEnd::Expired) => SessionStatus::Expired,
            Some(SessionEnd::Revoked) => SessionStatus::Revoked,
            Some(SessionEnd::Cascaded) => SessionStatus::Cascaded,
        };
        Self {
            id: session.id.get(),
            wallet_id: session.wallet.get(),
            agent: session.agent,
            opened_by: session.opened_by,
            opened_at: session.opened_at.nanos(),
            expires_at: session.expires_at.nanos(),
            label: session.label,
            status,
        }
    }
}
