//! Requests and transfers.

use crate::asset::Units;
use crate::batch::Payment;
use crate::chain::Asset;
use crate::chain::{TransferDetails, TransferParams};
use crate::named::{Named, name_variants};
use crate::policy::{ApprovalDemand, Evaluation, ReasonCode};
use crate::status::Status;
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// A request of an agent to pay.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct TransferArgs {
    /// The wallet that pays.
    pub wallet_id: u64,
    /// The asset.
    pub asset: Asset,
    /// The recipient's address on the asset's chain.
    pub to: String,
    /// The amount that the recipient receives, in base units; at least 1.
    pub amount: u64,
    /// The most that it may pay in fees, in base units of the native asset; the configured cap when absent.
    pub max_fee: Option<u64>,
    /// The caller's name for the payment, 1 to 64 bytes; the same request under the same name is made once.
    pub idempotency_key: String,
    /// The reason, for the log and for people, at most 1,024 bytes.
    pub reason: Option<String>,
    /// The session that the request is made in.
    pub session_id: Option<u64>,
    /// The time of the request, in nanoseconds since the epoch; at most 10 minutes ago and a minute ahead.
    pub created_at: Option<u64>,
    /// The parameters that only the asset's chain has; those of another chain are refused.
    pub params: Option<TransferParams>,
}

/// The end of a quarantine, as an admin saw it on the chain.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ResolveQuarantineArgs {
    /// The transfer.
    pub transfer_id: u64,
    /// Whether the amount moved.
    pub landed: bool,
    /// The fee that was paid, in base units of the native asset.
    pub fee_paid: u64,
    /// The evidence, for the log and for people, at most 1,024 bytes.
    pub note: String,
}

/// A transfer that was allowed at least once; amounts are in base units, times in nanoseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Transfer {
    /// The transfer's number, never reused.
    pub id: u64,
    /// The wallet that pays.
    pub wallet_id: u64,
    /// The agent that requested it.
    pub agent: Principal,
    /// The asset.
    pub asset: Named<Asset>,
    /// The recipient's address.
    pub to: String,
    /// The amount that the recipient receives.
    pub amount: u64,
    /// The most that it may pay in fees.
    pub max_fee: u64,
    /// The units of the amount.
    pub units: Units,
    /// The units of fees: those of the native asset of the transfer's chain.
    pub fee_units: Units,
    /// The agent's name for it.
    pub idempotency_key: String,
    /// The agent's reason.
    pub reason: Option<String>,
    /// The version of the policy that allowed it.
    pub policy_version: u64,
    /// The transfer's status.
    pub status: Named<Status>,
    /// The amount and worst-case fee that count against the limits; 0 once final.
    pub reserved: u64,
    /// The number of transactions that were built; at most one of them can ever land.
    pub attempt: u32,
    /// The time of the reservation.
    pub created_at: u64,
    /// The time of the last change.
    pub updated_at: u64,
    /// The current transaction's id, once it is signed.
    pub txid: Option<String>,
    /// The fee that was paid, once it is known.
    pub fee_paid: Option<u64>,
    /// The reason why it ended as it did, or why it waits.
    pub note: Option<String>,
    /// The details that only the asset's chain has; absent for a client that does not know the chain.
    pub details: Option<TransferDetails>,
    /// The payments of a part of a batch; empty for other transfers.
    pub payments: Vec<Payment>,
    /// Whether it is simulated, and so ends before anything is signed.
    pub simulated: bool,
    /// The session of the request.
    pub session_id: Option<u64>,
    /// The stable code of the reason why it ended without moving money, or stopped, such as `SIMULATION_FAILED`.
    pub code: Option<String>,
    /// The same code as a variant; absent when this version does not know it.
    pub reason_code: Option<ReasonCode>,
    /// The approval that it needs or needed.
    pub approval: Option<Approval>,
    /// The messages that the owner of a client-side wallet has to sign. Only where one transfer is read, not in lists.
    pub to_sign: Option<ToSign>,
}

/// A choice among the transfers of one wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct TransferFilter {
    /// The wallet.
    pub wallet_id: u64,
    /// The agent who asked; any agent when absent.
    pub agent: Option<Principal>,
    /// The status; any status when absent.
    pub status: Option<Status>,
}

/// The messages to sign outside the canister.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ToSign {
    /// The messages in order. Ed25519: the whole message; BIP340 and ECDSA: the 32-byte digest of each input.
    pub messages: Vec<ByteBuf>,
    /// The time at which the unsigned transfer ends, in nanoseconds since the epoch.
    pub expires_at: u64,
}

/// The approval of a transfer: the groups that are asked, and the members who agree.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Approval {
    /// The demands, each of which has to be met.
    pub demands: Vec<ApprovalDemand>,
    /// The SHA-256 that approvers agree to, over the transfer, its request, the policy's version and the expiry.
    pub intent_hash: ByteBuf,
    /// The end of the time to approve, in nanoseconds since the epoch.
    pub expires_at: u64,
    /// The approvers who agree.
    pub approved_by: Vec<Principal>,
    /// The time at which the transfer goes on, once every quorum is reached, in nanoseconds since the epoch.
    pub ready_at: Option<u64>,
}

/// The outcome of a request.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum TransferOutcome {
    /// The money is reserved; the canister signs and sends.
    Accepted {
        /// The new transfer.
        transfer_id: u64,
        /// The evaluation.
        evaluation: Evaluation,
    },
    /// The money is reserved; approvers have to agree first.
    Pending {
        /// The new transfer.
        transfer: Box<Transfer>,
        /// The evaluation, with the approvals that it demands.
        evaluation: Evaluation,
    },
    /// The same request was made before under the same idempotency key.
    Duplicate {
        /// The transfer of the first request.
        transfer: Box<Transfer>,
    },
    /// Nothing is reserved.
    Denied {
        /// The evaluation.
        evaluation: Evaluation,
    },
}

name_variants!(TransferOutcome { Accepted, Pending, Duplicate, Denied });

/// The answer to a request: its outcome, and the transfer even for a client that does not know the outcome.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct TransferAnswer {
    /// The transfer that the request made, or that the same request made before; absent when it was denied.
    pub transfer_id: Option<u64>,
    /// The outcome.
    pub outcome: Named<TransferOutcome>,
}

impl From<TransferOutcome> for TransferAnswer {
    fn from(outcome: TransferOutcome) -> Self {
        let transfer_id = match &outcome {
            TransferOutcome::Accepted { transfer_id, .. } => Some(*transfer_id),
            TransferOutcome::Pending { transfer, .. } | TransferOutcome::Duplicate { transfer } => Some(transfer.id),
            TransferOutcome::Denied { .. } => None,
        };
        Self { transfer_id, outcome: outcome.into() }
    }
}
