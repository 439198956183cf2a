//! Transfers, and the transitions that each may make.
//!
//! ```text
//! AwaitingApproval → Reserved (approved) | Rejected* (rejected, expired, or policies changed) | Cancelled*
//! Reserved → Built → Signed → Submitted → Confirmed*            cancel: Reserved | Expired | Built → Cancelled*
//! Submitted → Failed* (landed with an error: the fee is spent)  Built | Signed | Submitted → Expired → Built (new attempt)
//! Reserved | Expired | Built → Failed* (cannot be built)        Built | Signed | Submitted → Quarantined → Confirmed* | Failed*
//! Quarantined → Submitted (revoked: followed again, until it is proven dead or has landed)
//! (* terminal: the reservation is settled)
//! ```

mod approval;
mod batch;
mod kaspa;
mod outcome;
mod request;
mod solana;
mod status;

pub use approval::*;
pub use batch::*;
pub use outcome::*;
pub use request::*;
pub use status::*;

pub use crate::chains::tx::SignedTx;

use crate::base::{Amount, MINUTE_NS, Timestamp, TransferId};
use crate::chains::registry::{Built, Progress};
use crate::chains::rules::Purpose;
use crate::chains::tx;
use crate::policy::{ReasonCode, Reservations};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// A transaction before its signature, with the record that only its chain has.
pub type BuiltTx = tx::BuiltTx<Built>;

/// The time that the owner of a client-side wallet has to sign a built transfer, in nanoseconds: 10 minutes.
///
/// After it the transfer fails, and its requester asks for a new one.
pub const SIGNING_WINDOW_NS: u64 = 10 * MINUTE_NS;

/// A request that was allowed once, with its reservation and its attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The number of the transfer. Never reused.
    pub id: TransferId,
    /// The requester.
    pub agent: Principal,
    /// The request.
    pub request: TransferRequest,
    /// The version of the wallet's policy that allowed the transfer.
    pub policy_version: u64,
    /// The status.
    pub status: Status,
    /// The reserved amount of the asset, with the fee cap where fees are paid in the same asset.
    pub reserved: Amount,
    /// The number of transactions that were built, the current one included.
    pub attempt: u32,
    /// The time of the reservation.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The transaction of the current attempt, before its signature.
    pub built: Option<BuiltTx>,
    /// The signed transaction of the current attempt.
    pub signed: Option<SignedTx>,
    /// The fee that was paid, once known, in base units of the chain's native asset.
    pub fee_paid: Option<Amount>,
    /// The reason of the end or of the wait, for people.
    pub note: Option<String>,
    /// The reservations in the counters.
    pub reservations: Reservations,
    /// The approval that the transfer needed; kept after its end.
    #[serde(default)]
    pub approval: Option<Approval>,
    /// The reason for which the transfer ended without moving its amount, or stopped, for programs.
    pub code: Option<ReasonCode>,
    /// Whether the transfer is only simulated: nothing is reserved, signed or sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// The progress that only the chain has.
    pub progress: Progress,
}

impl Transfer {
    /// Whether the transfer is a revocation, which moves no money and which no emergency stops.
    pub const fn is_revocation(&self) -> bool {
        matches!(self.request.purpose(), Purpose::Revocation)
    }
}
