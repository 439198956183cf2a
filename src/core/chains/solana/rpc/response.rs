//! The canonical bodies: their types, and the parsers of what the replicas agreed on.

use super::{Failure, Request};
use crate::base::Amount;
use crate::chains::solana::account::Account;
use crate::chains::solana::token::{Holding, Mint, TokenRefusal};
use crate::chains::solana::{Address, Blockhash, SignatureStatus, StatusLookup, TxSignature};
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

/// What was seen of an account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountView {
    /// There is none.
    Missing,
    /// For [`View::Account`](super::View::Account).
    Account(Account),
    /// For [`View::Mint`](super::View::Mint).
    Mint(Mint),
    /// For [`View::Holding`](super::View::Holding).
    Holding(Holding),
    /// For [`View::Nonce`](super::View::Nonce): an initialised nonce account.
    Nonce {
        /// Who may use it.
        authority: Address,
        /// Its value.
        value: Blockhash,
    },
    /// A mint or token account that is none, or not understood.
    Refused(TokenRefusal),
    /// No initialised nonce account.
    NoNonce,
}

/// A recent blockhash, on one node's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatestBlockhash {
    /// The hash.
    pub blockhash: Blockhash,
    /// The slot of the state that knows it: its block has no later one.
    pub slot: u64,
}

/// How far a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochInfo {
    /// Its block height, as the request's reading says.
    pub height: u64,
    /// The slot of the same block, as the request's reading says.
    pub slot: u64,
}

/// What a nonce account shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonceState {
    /// The value that was asked about.
    Unchanged,
    /// Another value.
    Changed {
        /// The slot in which it was seen, rounded up: whoever has reached this slot knows what used the nonce up.
        by_slot: u64,
    },
    /// No initialised nonce account, which proves nothing.
    NoNonce,
}

/// What a node thinks a transaction would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    /// `None` when it would succeed; otherwise the chain's error in compact JSON, cut short.
    pub error: Option<String>,
    /// The compute units it would use, if the node tells.
    pub units: Option<u64>,
    /// The slot of the state in which that is so. One node is asked, so that nobody has to agree on it.
    pub slot: u64,
}

impl Simulation {
    /// Whether the node knows neither such a blockhash nor such a value of a nonce.
    pub fn is_blockhash_not_found(&self) -> bool {
        self.error.as_deref() == Some(r#""BlockhashNotFound""#)
    }
}

/// What the chain says that a transaction in a block cost its payer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The slot of its block.
    pub slot: u64,
    /// Whether it failed.
    pub failed: bool,
    /// The fee.
    pub fee: Amount,
    /// By how much the payer's balance fell: fee, rents and lamports paid.
    pub spent: Amount,
}

/// What a wallet holds of a token.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenBalance {
    /// The token account.
    pub account: Address,
    /// Of what.
    pub mint: Address,
    /// In the mint's base units.
    pub amount: Amount,
    /// Whether nothing moves in or out.
    pub frozen: bool,
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

/// Why a canonical body carries no result, if it carries none.
pub fn failure_of(canonical: &[u8]) -> Option<Failure> {
    parse::<serde::de::IgnoredAny>(canonical).err()
}

fn parse<T: DeserializeOwned>(canonical: &[u8]) -> Result<T, Failure> {
    let value: Value = serde_json::from_slice(canonical).map_err(|_| Failure::NotJson)?;
    match serde_json::from_value(value).map_err(|_| Failure::Malformed)? {
        Canonical::Ok(value) => Ok(value),
        Canonical::Failed(failure) => Err(failure),
    }
}

/// The answer to `LatestBlockhash`.
pub fn parse_latest_blockhash(canonical: &[u8]) -> Result<LatestBlockhash, Failure> {
    parse(canonical)
}

/// The answer to `GenesisHash`.
pub fn parse_hash(canonical: &[u8]) -> Result<Blockhash, Failure> {
    parse(canonical)
}

/// The answer to `Balance` and `RentExemptMinimum`, in lamports.
pub fn parse_amount(canonical: &[u8]) -> Result<Amount, Failure> {
    parse(canonical)
}

/// The answer to `EpochInfo`.
pub fn parse_epoch(canonical: &[u8]) -> Result<EpochInfo, Failure> {
    parse(canonical)
}

/// The answer to `NonceChanged`.
pub fn parse_nonce(canonical: &[u8]) -> Result<NonceState, Failure> {
    parse(canonical)
}

/// The answer to `PriorityPrice`.
pub fn parse_u64(canonical: &[u8]) -> Result<u64, Failure> {
    parse(canonical)
}

/// The answer to `Accounts`, one for each and in their order.
pub fn parse_accounts(canonical: &[u8]) -> Result<Vec<AccountView>, Failure> {
    parse(canonical)
}

/// The answer to `Simulate`.
pub fn parse_simulation(canonical: &[u8]) -> Result<Simulation, Failure> {
    parse(canonical)
}

/// The answer to `Transaction`: `None` when the node knows no such transaction in a finalized block.
pub fn parse_charge(canonical: &[u8]) -> Result<Option<Charge>, Failure> {
    parse(canonical)
}

/// The answer to `TokenBalances`, by account.
pub fn parse_token_balances(canonical: &[u8]) -> Result<Vec<TokenBalance>, Failure> {
    parse(canonical)
}

/// The answer to `SignatureStatuses`, one for each signature and in their order.
pub fn parse_statuses(canonical: &[u8]) -> Result<Vec<StatusLookup>, Failure> {
    parse(canonical)
}

/// The part of an answer on which providers have to agree: all of it, but for how they word a transaction's error, which differs from
/// version to version.
pub fn verdict(request: &Request, canonical: &[u8]) -> Vec<u8> {
    let Request::SignatureStatuses { .. } = request else { return canonical.to_vec() };
    let Ok(mut statuses) = parse_statuses(canonical) else { return canonical.to_vec() };
    for status in &mut statuses {
        if let StatusLookup::Found(SignatureStatus::Finalized { error: Some(error), .. }) = status {
            error.clear();
        }
    }
    serde_json::to_vec(&statuses).unwrap_or_default()
}

/// The answer to `Send`. Every failure is an unknown outcome.
pub fn parse_send(canonical: &[u8]) -> SendOutcome {
    parse(canonical).unwrap_or_else(|failure| SendOutcome::Unknown { diagnostic: failure.to_string() })
}
