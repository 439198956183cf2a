//! Roles of principals.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A power that holds for the whole canister.
///
/// An agent has no role: a principal becomes an agent of one wallet at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// The role that creates wallets, sets policies, grants roles and ends an emergency.
    Admin,
    /// The role that starts an emergency and cancels transfers. It can move no money and grant no power.
    Guardian,
    /// The role of members of groups, who approve transfers. The role alone lets nobody ask for a transfer.
    Approver,
    /// The role that confirms archives of the log, and calls what any role may call.
    Auditor,
    /// The role that calls what any role may call, such as lint and backtest.
    Viewer,
}

impl Role {
    /// Every role, most powerful first.
    pub const ALL: [Self; 5] = [Self::Admin, Self::Guardian, Self::Approver, Self::Auditor, Self::Viewer];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Admin => "Admin",
            Self::Guardian => "Guardian",
            Self::Approver => "Approver",
            Self::Auditor => "Auditor",
            Self::Viewer => "Viewer",
        })
    }
}

/// The roles of one principal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles(pub BTreeSet<Role>);

impl Roles {
    /// Whether the principal has a role.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}
