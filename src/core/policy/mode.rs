//! Normal and emergency operation.

use crate::base::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether money may leave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// Transfers are decided by their policies.
    #[default]
    Normal,
    /// Nothing new is reserved, built, signed or broadcast. Reads, cancelling, revoking and following what was already
    /// broadcast go on, so that nobody is locked in (trap T82).
    Emergency {
        /// When it was switched on.
        since: Timestamp,
    },
    /// After an emergency: transfers are decided by their policies, with every limit of money reduced to a share. What was reserved
    /// before and exceeds it waits (requirement row 138).
    Limited {
        /// When the emergency ended.
        since: Timestamp,
        /// The share of each limit, in percent; 1 to 99.
        percent: u8,
    },
}

impl Mode {
    /// Whether new spending is refused.
    pub const fn is_emergency(self) -> bool {
        matches!(self, Self::Emergency { .. })
    }
}
