//! Where a transfer stands, and what may follow.

use serde::{Deserialize, Serialize};

/// Where a transfer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// Allowed; amount and worst-case fee are held against every limit.
    Reserved,
    /// The bytes to sign are recorded.
    Built,
    /// The signed bytes and their transaction id are recorded; nothing has left the canister.
    Signed,
    /// The signed bytes may have reached the chain. Whether they did is unknown until the chain says so.
    Submitted,
    /// Provably unable to land; a new attempt is built from here.
    Expired,
    /// Landed and final. Terminal.
    Confirmed,
    /// Landed with an error, or ended by admins: the amount did not move. Terminal.
    Failed,
    /// Ended before its bytes were signed, or after they provably could not land. Terminal.
    Cancelled,
    /// Repeatedly trapped while being driven: left alone until admins have looked.
    Quarantined,
    /// Amount and worst-case fee are held; people have to agree before anything is built.
    AwaitingApproval,
    /// People said no, or nobody said yes in time, or what they were asked about has changed. Terminal.
    Rejected,
}

impl Status {
    /// Whether the reservation is settled and nothing more can happen.
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Confirmed | Self::Failed | Self::Cancelled | Self::Rejected)
    }

    /// Whether no attempt is recorded that could land.
    pub const fn is_before_building(self) -> bool {
        matches!(self, Self::Reserved | Self::Expired)
    }

    /// The transition table: whether `next` may follow.
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
