//! Groups of approvers, and the bounds of memberships.

use candid::Principal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most members of one group.
pub const MAX_GROUP_MEMBERS: usize = 64;
/// The most groups.
pub const MAX_GROUPS: u64 = 64;
/// The most principals with roles.
pub const MAX_MEMBERS: usize = 256;

/// A named set of principals that approves transfers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The name that rules use; at most [`crate::policy::MAX_NAME_BYTES`].
    pub name: String,
    /// The members, each of whom also has the role Approver.
    pub members: BTreeSet<Principal>,
}
