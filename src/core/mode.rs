//! Normal and emergency operation.

use crate::primitives::Timestamp;
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
}

impl Mode {
    /// Whether new spending is refused.
    pub const fn is_emergency(self) -> bool {
        matches!(self, Self::Emergency { .. })
    }
}
