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
pub mod kaspa;
pub mod solana;

pub use approval::*;

use crate::policy::{Evaluation, ReasonCode, Reservations};
use crate::base::{Amount, Asset, Bytes, Destination, MINUTE_NS, SessionId, Timestamp, TransferId, WalletId};
use solana::{NonceOperation, PaymentTerms, SolanaBuilt, SolanaProgress, SolanaTransferParams};
use kaspa::{Batch, FeeSpeed, KaspaProgress, KaspaTransferParams};
use crate::wallet::KeyKind;
use candid::Principal;
use serde::{Deserialize, Serialize};

/// The longest idempotency key, in bytes.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 64;
/// What the keys of the canister's own operations on nonce accounts begin with. They are kept apart from the keys that callers name,
/// whatever those are: see [`TransferRequest::is_operation`].
pub const OPERATION_PREFIX: &str = "nonce-operation:";
/// How long the owner of a client-side wallet has to sign. Whoever still wants the transfer then asks anew.
pub const SIGN_WITHIN_NS: u64 = 10 * MINUTE_NS;
/// The longest reason, in bytes (requirement row 59).
pub const MAX_REASON_BYTES: usize = 1024;

/// What an agent asks for, decoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TransferRequest {
    /// The wallet that pays.
    pub wallet: WalletId,
    /// What is sent.
    pub asset: Asset,
    /// Who receives it.
    pub to: Destination,
    /// What the recipient receives, in base units.
    pub amount: Amount,
    /// The most this transfer may pay in fees, in base units of the chain's coin; on Solana with the rent of accounts it creates.
    pub max_fee: Amount,
    /// Whether the agent named `max_fee`; otherwise it is the cap that was configured when the request came, and no part of what makes
    /// two requests the same.
    pub fee_named: bool,
    /// The key that pays; tells Kaspa's two addresses apart.
    pub source: KeyKind,
    /// The agent's own name for this payment: the same key never pays twice.
    pub idempotency_key: String,
    /// Why, for the log and for people.
    pub reason: Option<String>,
    /// The session it is asked for in.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// When the agent made the request, as the agent says: an old one is not taken for a new one.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// Solana only: memo, vaults, several recipients, nonce accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solana: Option<SolanaTransferParams>,
    /// KAS only: speed, several recipients, consolidation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kaspa: Option<KaspaTransferParams>,
}

impl TransferRequest {
    /// What it does about a nonce account, when it is no payment.
    pub fn nonce_operation(&self) -> Option<NonceOperation> {
        self.solana.as_ref().and_then(|terms| terms.operation)
    }

    /// Whether its key is one of the canister's own, which no caller can name: only the canister makes operations on nonce accounts. The
    /// first modules kept theirs among the caller's, with other names; what they wrote stays as it is.
    pub fn is_operation(&self) -> bool {
        self.nonce_operation().is_some() && self.idempotency_key.starts_with(OPERATION_PREFIX)
    }

    /// What is held of the asset itself: of a coin the fee as well, which for tokens is another asset's.
    pub fn reserved(&self) -> Amount {
        if self.asset.canonical_asset() != self.asset.coin() {
            return self.amount;
        }
        self.amount.checked_add(self.max_fee).unwrap_or(Amount::MAX)
    }

    /// How fast a KAS transfer should go.
    pub fn speed(&self) -> FeeSpeed {
        self.kaspa.as_ref().and_then(|terms| terms.speed).unwrap_or_default()
    }

    /// Whether this only moves the wallet's own coins together, which no policy is asked about.
    pub fn is_consolidation(&self) -> bool {
        self.kaspa.as_ref().is_some_and(|terms| terms.consolidation.is_some())
    }

    /// The part of a batch that this is.
    pub fn batch(&self) -> Option<&Batch> {
        let on_solana = self.solana.as_ref().and_then(|terms| terms.batch.as_ref());
        self.kaspa.as_ref().and_then(|terms| terms.batch.as_ref()).or(on_solana)
    }

    /// Whether this is a part of a batch after the first.
    pub fn is_later_part(&self) -> bool {
        self.batch().is_some_and(|batch| batch.part > 0)
    }

    /// Everybody who is paid, in order: one recipient, or those of a batch.
    pub fn payments(&self) -> Vec<(&Destination, Amount)> {
        match self.batch() {
            Some(batch) => batch.outputs.iter().map(|output| (&output.to, output.amount)).collect(),
            None => vec![(&self.to, self.amount)],
        }
    }

    /// What is said about each of [`TransferRequest::payments`] beside that, in the same order.
    pub fn payment_terms(&self) -> Vec<PaymentTerms<'_>> {
        match self.batch() {
            Some(batch) => {
                let terms = batch.outputs.iter();
                terms.map(|output| PaymentTerms { memo: output.memo.as_deref(), off_curve: output.off_curve }).collect()
            }
            None => {
                let terms = self.solana.as_ref();
                vec![terms.map_or_else(PaymentTerms::default, |terms| PaymentTerms {
                    memo: terms.memo.as_deref(),
                    off_curve: terms.off_curve,
                })]
            }
        }
    }
}

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

/// The bytes a threshold key is asked to sign, recorded before it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuiltTx {
    /// Solana: the serialised message. Kaspa: the unsigned transaction with the amounts of its inputs, in `chains::kaspa`'s
    /// durable encoding.
    pub unsigned: Bytes,
    /// The fee these bytes pay, in base units; on Solana with the rent of accounts they create.
    pub fee: Amount,
    /// Kaspa: the outpoints spent (32-byte transaction id, 4-byte little-endian index), locked until the transfer ends.
    pub inputs: Vec<Bytes>,
    /// Solana: rent, nonce, and what arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solana: Option<SolanaBuilt>,
}

/// What may be broadcast.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedTx {
    /// The wire bytes (Solana) or the durable encoding (Kaspa); re-broadcasts send exactly these.
    pub signed: Bytes,
    /// The transaction id as the chain prints it.
    pub txid: String,
}

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
