//! Changes of who may do what, as they are proposed and logged.

use super::Role;
use crate::base::WalletId;
use candid::Principal;
use serde::{Deserialize, Serialize};

/// See [`Event::RoleGranted`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoleChange {
    /// Whose role.
    pub principal: Principal,
    /// Which.
    pub role: Role,
}

/// See [`Event::AgentAdded`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentChange {
    /// Of which wallet.
    pub wallet: WalletId,
    /// Which principal.
    pub agent: Principal,
}
