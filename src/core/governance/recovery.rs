//! Recovery of the role Admin, for when too few admins are left for the quorum.
//!
//! A lost key of two admins who both have to agree would lock everybody out for ever: no role, no wider policy, no end of an emergency.
//! The members of the recovery can name new admins after a long time lock, and nothing else. Every admin can cancel it meanwhile, so it is
//! of no use against admins who are there.

use crate::base::DAY_NS;
use crate::chains::config::ConfigError;
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most members of the recovery.
pub const MAX_RECOVERY_MEMBERS: usize = 16;
/// The most admins that one recovery names.
pub const MAX_RECOVERED_ADMINS: usize = 16;
/// The default time lock of a recovery, in nanoseconds: 14 days.
pub const DEFAULT_RECOVERY_LOCK_NS: u64 = 14 * DAY_NS;
/// The shortest time lock of a recovery, in nanoseconds: a day. In less time nobody notices.
pub const MIN_RECOVERY_LOCK_NS: u64 = DAY_NS;
/// The longest time lock of a recovery, in nanoseconds: 90 days, as of other changes.
pub const MAX_RECOVERY_LOCK_NS: u64 = 90 * DAY_NS;

/// The principals who can name new admins, as the installer decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recovery {
    /// The members; 1 to [`MAX_RECOVERY_MEMBERS`].
    pub members: BTreeSet<Principal>,
    /// The number of members who have to agree; 1 to the number of members.
    pub quorum: u32,
    /// The time lock after that, in nanoseconds; [`MIN_RECOVERY_LOCK_NS`] to [`MAX_RECOVERY_LOCK_NS`].
    pub time_lock_ns: u64,
}

impl Recovery {
    /// Checks every field, and that no member is one of the first admins.
    ///
    /// # Errors
    /// When a field cannot be accepted, with the values that would be accepted.
    pub fn validate(&self, admins: &[Principal]) -> Result<(), ConfigError> {
        let error = |field, problem: String| Err(ConfigError { field, problem });
        let members = self.members.len();
        if !(1..=MAX_RECOVERY_MEMBERS).contains(&members) {
            return error("recovery.members", format!("{members} members; 1 to {MAX_RECOVERY_MEMBERS}"));
        }
        if self.members.contains(&Principal::anonymous()) {
            return error("recovery.members", "the anonymous principal is everybody and can recover nothing".into());
        }
        if let Some(admin) = admins.iter().find(|admin| self.members.contains(admin)) {
            return error("recovery.members", format!("{admin} is an admin; a key that is lost with it recovers nothing"));
        }
        if self.quorum == 0 || self.quorum as usize > members {
            return error("recovery.quorum", format!("{} of {members} members; 1 to {members}", self.quorum));
        }
        if !(MIN_RECOVERY_LOCK_NS..=MAX_RECOVERY_LOCK_NS).contains(&self.time_lock_ns) {
            return error("recovery.time_lock_seconds", "between a day (86,400) and 90 days (7,776,000)".into());
        }
        Ok(())
    }
}
