//! The modes of operation: normal, emergency, and limited after an emergency.

use crate::base::Timestamp;
use serde::{Deserialize, Serialize};

/// The mode of operation of the canister, which says whether money may leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Transfers are decided by their policies.
    #[default]
    Normal,
    /// Nothing new is reserved, built, signed or broadcast. Reads, cancelling, revoking and following what was already broadcast go
    /// on, so that an emergency never keeps anybody from stopping a transfer.
    Emergency {
        /// The time it was switched on.
        since: Timestamp,
    },
    /// Transfers are decided by their policies, with every limit of money reduced to a share. Reservations from before that exceed
    /// the reduced limits wait, so that the money does not leave all at once when an emergency ends.
    Limited {
        /// The time the emergency ended.
        since: Timestamp,
        /// The share of each limit in percent, 1 to 99.
        percent: u8,
    },
}

impl Mode {
    /// Returns whether new spending is refused.
    pub const fn is_emergency(self) -> bool {
        matches!(self, Self::Emergency { .. })
    }
}
