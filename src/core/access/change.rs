//! Changes of roles and agents, as actions propose them and events record them.

use super::Role;
use crate::base::{Timestamp, WalletId};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The most bytes of an agent's label.
pub const MAX_AGENT_LABEL_BYTES: usize = 64;

/// A role of one principal that is granted or revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChange {
    /// The principal that gains or loses the role.
    pub principal: Principal,
    /// The role.
    pub role: Role,
}

/// An agent that is added to a wallet or removed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentChange {
    /// The wallet.
    pub wallet: WalletId,
    /// The principal that becomes an agent of the wallet or ceases to be one.
    pub agent: Principal,
}

/// An agent of a wallet with the agent's label, when the agent is added or gets another label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelledAgent {
    /// The wallet.
    pub wallet: WalletId,
    /// The principal that may ask for transfers of the wallet.
    pub agent: Principal,
    /// A name for people, at most [`MAX_AGENT_LABEL_BYTES`]; `None` for an agent without a label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// The record of an agent of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// A name for people.
    pub label: Option<String>,
    /// The time at which the agent was added.
    pub added_at: Timestamp,
}
