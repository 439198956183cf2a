//! Sessions of agents, and reports about clients.

use crate::named::{Named, name_variants};
use crate::policy::Rule;
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};

/// A session to open.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct OpenSessionArgs {
    /// The wallet that the session spends from.
    pub wallet_id: u64,
    /// The agent; the caller when absent.
    pub agent: Option<Principal>,
    /// The session's length, a second to 30 days.
    pub ttl_seconds: u64,
    /// The session's name, for people, at most 64 bytes.
    pub label: Option<String>,
    /// The session's own rules.
    pub rules: Vec<Rule>,
}

/// A period of an agent's work with its own limits; times are in nanoseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Session {
    /// The session's number, never reused.
    pub id: u64,
    /// The wallet that the session spends from.
    pub wallet_id: u64,
    /// The agent whose requests may name it.
    pub agent: Principal,
    /// The principal that opened it.
    pub opened_by: Principal,
    /// The time at which it was opened.
    pub opened_at: u64,
    /// The time at which it ends by itself.
    pub expires_at: u64,
    /// The session's name, for people.
    pub label: Option<String>,
    /// The session's status.
    pub status: Named<SessionStatus>,
}

/// The status of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum SessionStatus {
    /// Requests may name it.
    Open,
    /// The session's time is over.
    Expired,
    /// A caller closed it.
    Revoked,
    /// The agent was removed or the wallet deactivated.
    EndedByParent,
}

name_variants!(SessionStatus { Open, Expired, Revoked, EndedByParent });

/// A report about a client, for the log; the address and the device are kept as keyed hashes.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ClientArgs {
    /// Whether the client's user was let in.
    pub success: bool,
    /// The wallet that the client asked for.
    pub wallet_id: Option<u64>,
    /// The client's network address, at most 256 bytes.
    pub address: Option<String>,
    /// The fingerprint of the client's device, at most 256 bytes.
    pub device: Option<String>,
}
