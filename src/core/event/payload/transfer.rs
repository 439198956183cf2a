//! Payloads about transfers and their approvals.

use crate::base::{Amount, Timestamp, TransferId};
use crate::chains::registry::{LandedIn, Progress};
use crate::policy::{Evaluation, ReasonCode, Reservations};
use crate::transfer::{Approval, BuiltTx, SignedTx, Status, Transfer, TransferRequest};
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The payload of [`Event::TransferDenied`](crate::event::Event::TransferDenied).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferDenied {
    /// The requester.
    pub agent: Principal,
    /// The request.
    pub request: TransferRequest,
    /// The findings of every rule.
    pub evaluation: Evaluation,
}

/// The payload of [`Event::TransferReserved`](crate::event::Event::TransferReserved).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferReserved {
    /// The new transfer.
    pub id: TransferId,
    /// The requester.
    pub agent: Principal,
    /// The request.
    pub request: TransferRequest,
    /// The reserved amount of the asset, with the fee cap where fees are paid in the same asset.
    pub reserved: Amount,
    /// The findings of every rule, and the version of the wallet's policy.
    pub evaluation: Evaluation,
    /// The reservations in the counters.
    pub reservations: Reservations,
    /// The approval that the transfer needs, if it needs one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Whether the transfer is only simulated, and nothing is reserved.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub simulated: bool,
}

impl TransferReserved {
    /// Returns the new transfer as it is recorded at the time of the event.
    pub fn transfer(&self, at: Timestamp) -> Transfer {
        Transfer {
            id: self.id,
            agent: self.agent,
            request: self.request.clone(),
            policy_version: self.evaluation.policy_version,
            status: if self.approval.is_some() { Status::AwaitingApproval } else { Status::Reserved },
            reserved: self.reserved,
            attempt: 0,
            created_at: at,
            updated_at: at,
            built: None,
            signed: None,
            fee_paid: None,
            note: None,
            reservations: self.reservations.clone(),
            approval: self.approval.clone(),
            code: None,
            simulated: self.simulated,
            progress: Progress::new(self.request.asset.chain()),
        }
    }
}

/// The payload of [`Event::TransferBuilt`](crate::event::Event::TransferBuilt).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferBuilt {
    /// The transfer.
    pub id: TransferId,
    /// The transaction before its signature.
    pub built: BuiltTx,
}

/// The payload of [`Event::TransferSigned`](crate::event::Event::TransferSigned).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferSigned {
    /// The transfer.
    pub id: TransferId,
    /// The signed transaction, which may be broadcast.
    pub signed: SignedTx,
}

/// The payload of a transition that has nothing to add but, at times, a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferTransition {
    /// The transfer.
    pub id: TransferId,
    /// The reason, for people.
    pub note: Option<String>,
}

/// The payload of a transition that takes a transfer off its way: rejected, cancelled, expired or quarantined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferStopped {
    /// The transfer.
    pub id: TransferId,
    /// The reason, for programs.
    pub code: ReasonCode,
    /// The reason, for people.
    pub note: Option<String>,
}

/// The payload of [`Event::TransferConfirmed`](crate::event::Event::TransferConfirmed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferConfirmed {
    /// The transfer.
    pub id: TransferId,
    /// The fee that was paid, in base units of the native asset.
    pub fee_paid: Amount,
    /// A remark about the end, for people.
    pub note: Option<String>,
    /// The place of the transaction in its chain, when a quorum of providers reported one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landed_in: Option<LandedIn>,
}

/// The payload of [`Event::TransferFailed`](crate::event::Event::TransferFailed).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferFailed {
    /// The transfer.
    pub id: TransferId,
    /// The fee that was paid, in base units of the native asset.
    pub fee_paid: Amount,
    /// The reason for which the amount did not move, for programs.
    pub code: ReasonCode,
    /// The message of the chain or the reason of the end, for people.
    pub note: String,
    /// The place of the transaction in its chain, when a quorum of providers reported one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landed_in: Option<LandedIn>,
}

/// The payload of [`Event::ApprovalGiven`](crate::event::Event::ApprovalGiven).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalGiven {
    /// The transfer.
    pub id: TransferId,
    /// The approver.
    pub approver: Principal,
    /// The end of the time lock, once every quorum is reached.
    pub ready_at: Option<Timestamp>,
}
