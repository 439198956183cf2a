//! What an agent asks for.

use super::batch::Batch;
use super::kaspa::{FeeSpeed, KaspaTransferParams};
use super::solana::{NonceOperation, PaymentTerms, SolanaTransferParams};
use crate::base::{Amount, Asset, Destination, SessionId, Timestamp, WalletId};
use crate::wallet::KeyKind;
use serde::{Deserialize, Serialize};

/// The longest idempotency key, in bytes.
pub const MAX_IDEMPOTENCY_KEY_BYTES: usize = 64;

/// What the keys of the canister's own operations on nonce accounts begin with. They are kept apart from the keys that callers name,
/// whatever those are: see [`TransferRequest::is_operation`].
pub const OPERATION_PREFIX: &str = "nonce-operation:";

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
