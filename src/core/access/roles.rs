//! Who may do what.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// A power that holds for the whole canister. Agents are not a role here: an agent is granted one wallet at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Role {
    /// Creates wallets, sets policies, grants powers, ends an emergency.
    Admin,
    /// Starts an emergency and cancels transfers; can move no money and grant no power.
    Guardian,
    /// May be a member of groups that approve transfers; can ask for none by it.
    Approver,
    /// Reads what takes the canister work to answer, and confirms that blocks of the log are archived.
    Auditor,
    /// Has balances refreshed and policies tried out.
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

/// The roles one principal holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roles(pub BTreeSet<Role>);

impl Roles {
    /// Whether `role` is among them.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }
}
