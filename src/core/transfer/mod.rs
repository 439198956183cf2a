//! One transfer and the transitions it may make.
//!
//! ```text
//! AwaitingApproval → Reserved (approved) | Rejected* (said no, too late, or out of date) | Cancelled*
//! Reserved → Built → Signed → Submitted → Confirmed*            cancel: Reserved | Expired | Built → Cancelled*
//! Submitted → Failed* (landed with an error: the fee is spent)  Built | Signed | Submitted → Expired → Built (new attempt)
//! Reserved | Expired | Built → Failed* (cannot be built)        Built | Signed | Submitted → Quarantined → Confirmed* | Failed*
//! Quarantined → Submitted (revoked: followed again, until it is proven dead or has landed)
//! (* terminal: the reservation is settled)
//! ```

mod approval;
mod batch;
pub mod kaspa;
mod request;
pub mod solana;
mod status;
mod tx;

pub use approval::*;
pub use batch::*;
pub use request::*;
pub use status::*;
pub use tx::*;

use crate::base::{Amount, MINUTE_NS, Timestamp, TransferId};
use crate::policy::{Evaluation, ReasonCode, Reservations};
use candid::Principal;
use kaspa::KaspaProgress;
use serde::{Deserialize, Serialize};
use solana::SolanaProgress;

/// How long the owner of a client-side wallet has to sign. Whoever still wants the transfer then asks anew.
pub const SIGN_WITHIN_NS: u64 = 10 * MINUTE_NS;

/// A transfer that was allowed at least once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// Never reused.
    pub id: TransferId,
    /// Who asked.
    pub agent: Principal,
    /// What was asked.
    pub request: TransferRequest,
    /// The version of the policy that allowed it.
    pub policy_version: u64,
    /// Where it stands.
    pub status: Status,
    /// What is held against the limits: amount and worst-case fee.
    pub reserved: Amount,
    /// How many transactions were built, the current one included.
    pub attempt: u32,
    /// When it was reserved.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The current attempt's bytes to sign.
    pub built: Option<BuiltTx>,
    /// The current attempt's signed bytes.
    pub signed: Option<SignedTx>,
    /// Solana: once the chain's finalized block height passes this, the current attempt cannot land.
    pub deadline_height: Option<u64>,
    /// The fee that was paid, once known.
    pub fee_paid: Option<Amount>,
    /// Why it ended as it did, or why it waits, when there is something to say.
    pub note: Option<String>,
    /// The counters that hold it.
    #[serde(default)]
    pub holds: Reservations,
    /// Who has to agree, when somebody has to; kept when it is over.
    #[serde(default)]
    pub approval: Option<Approval>,
    /// Why it ended without moving money, for programs.
    #[serde(default)]
    pub code: Option<ReasonCode>,
    /// Solana: how far it is beyond what every transfer knows of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solana: Option<SolanaProgress>,
    /// Whether it is only simulated: nothing is held for it, signed or sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
    /// KAS only: signatures so far, and transactions that replace one another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kaspa: Option<KaspaProgress>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Reserved under this id; it is driven to its end from here.
    Accepted {
        /// The new transfer.
        transfer: TransferId,
        /// What every rule found.
        evaluation: Evaluation,
    },
    /// Its money is held under this id; it waits for people.
    Pending {
        /// The new transfer.
        transfer: TransferId,
        /// What every rule found, and who has to agree.
        evaluation: Evaluation,
    },
    /// The same caller sent the same request under the same key before.
    Duplicate {
        /// The transfer that the first request made.
        transfer: TransferId,
    },
    /// Refused by the mode or the policy; nothing is reserved and the key stays free.
    Denied {
        /// What every rule found.
        evaluation: Evaluation,
    },
}

impl Outcome {
    /// What every rule found, when it was refused.
    pub const fn denied(&self) -> Option<&Evaluation> {
        match self {
            Self::Denied { evaluation } => Some(evaluation),
            _ => None,
        }
    }
}
