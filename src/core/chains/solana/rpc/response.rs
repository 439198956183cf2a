//! The canonical bodies: their types, and the parsers of what the replicas agreed on.

use super::Failure;
use crate::chains::solana::account::Account;
use crate::chains::solana::{Blockhash, StatusLookup, TxSignature};
use crate::primitives::Amount;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The envelope of every canonical body.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Canonical<T> {
    /// The result.
    Ok(T),
    /// Why there is none.
    Failed(Failure),
}

/// Both sides of a payment as the chain knows them; `None` is an account that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayerAndRecipient {
    /// Who pays.
    pub payer: Option<Account>,
    /// Who is paid.
    pub recipient: Option<Account>,
}

/// What is known after a broadcast. No answer proves that the transaction was *not* sent: another replica, another provider or an
/// earlier broadcast may have carried the same bytes into the network. Only [`landing`](crate::chains::solana::landing) decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendOutcome {
    /// A node took the transaction, or has processed it already: replicas that come late find it there, and both answers must
    /// read the same for replicas to agree. It says nothing about the transaction's landing.
    Accepted {
        /// Its id.
        signature: TxSignature,
    },
    /// A node refused to take the transaction and did not forward it. Asking the same node again is unlikely to help; an operator
    /// should look. The reservation stays.
    Rejected {
        /// What the node found, cut short, for the operator.
        diagnostic: String,
    },
    /// It may or may not have been sent.
    Unknown {
        /// What came back, cut short, for the operator.
        diagnostic: String,
    },
}

fn parse<T: DeserializeOwned>(canonical: &[u8]) -> Result<T, Failure> {
    let value: Value = serde_json::from_slice(canonical).map_err(|_| Failure::NotJson)?;
    match serde_json::from_value(value).map_err(|_| Failure::Malformed)? {
        Canonical::Ok(value) => Ok(value),
        Canonical::Failed(failure) => Err(failure),
    }
}

/// The answer to `LatestBlockhash` and `GenesisHash`.
pub fn parse_hash(canonical: &[u8]) -> Result<Blockhash, Failure> {
    parse(canonical)
}

/// The answer to `Balance` and `RentExemptMinimum`, in lamports.
pub fn parse_amount(canonical: &[u8]) -> Result<Amount, Failure> {
    parse(canonical)
}

/// The answer to `BlockHeight` and `Slot`: a lower bound, as the request's reading says.
pub fn parse_u64(canonical: &[u8]) -> Result<u64, Failure> {
    parse(canonical)
}

/// The answer to `PayerAndRecipient`.
pub fn parse_payer_and_recipient(canonical: &[u8]) -> Result<PayerAndRecipient, Failure> {
    parse(canonical)
}

/// The answer to `SignatureStatuses`, one for each signature and in their order.
pub fn parse_statuses(canonical: &[u8]) -> Result<Vec<StatusLookup>, Failure> {
    parse(canonical)
}

/// The answer to `Send`. Every failure is an unknown outcome.
pub fn parse_send(canonical: &[u8]) -> SendOutcome {
    parse(canonical).unwrap_or_else(|failure| SendOutcome::Unknown { diagnostic: failure.to_string() })
}
