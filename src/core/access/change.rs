//! Changes of roles and agents, as actions propose them and events record them.

use super::Role;
use crate::base::WalletId;
use candid::Principal;
use serde::{Deserialize, Serialize};

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
