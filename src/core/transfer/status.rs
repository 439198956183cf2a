//! Status of a transfer, with the table of transitions.

use serde::{Deserialize, Serialize};

/// The status of a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// The transfer is allowed, and every counter holds its amount and fee cap.
    Reserved,
    /// The bytes to sign are recorded.
    Built,
    /// The signed bytes and their transaction id are recorded. Nothing has left the canister.
    Signed,
    /// The signed bytes may have reached the chain. The outcome is unknown until the chain shows it.
    Submitted,
    /// The last attempt is proven dead. The next attempt starts here.
    Expired,
    /// The transfer landed and is final. Terminal.
    Confirmed,
    /// The transfer landed with an error, could not be built, or was ended by admins. The amount did not move. Terminal.
    Failed,
    /// The transfer was ended before signed bytes of it could land. Terminal.
    Cancelled,
    /// The transfer trapped repeatedly or was taken over by an admin. Only admins end it.
    Quarantined,
    /// The transfer is reserved and waits for approval.
    AwaitingApproval,
    /// The approval was refused, came too late, or was overtaken by a change of the policies. Terminal.
    Rejected,
}

impl Status {
    /// Whether the reservation is settled and no transition may follow.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Confirmed | Self::Failed | Self::Cancelled | Self::Rejected)
    }

    /// Whether the next step is to build an attempt. No recorded attempt can land in such a status.
    pub const fn awaits_build(self) -> bool {
        matches!(self, Self::Reserved | Self::Expired)
    }

    /// Whether `next` may follow this status.
    pub const fn may_become(self, next: Self) -> bool {
        use Status::*;
        matches!(
            (self, next),
            (AwaitingApproval, Reserved | Rejected | Cancelled)
                | (Reserved | Expired, Built | Cancelled | Failed)
                | (Built, Signed | Expired | Cancelled | Failed | Quarantined)
                | (Signed, Submitted | Expired | Quarantined)
                | (Submitted, Confirmed | Failed | Expired | Quarantined)
                | (Quarantined, Confirmed | Failed | Submitted)
        )
    }
}
