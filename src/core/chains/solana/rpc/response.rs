//! The canonical bodies: their types, and the parsers of the bodies that the replicas agreed on.

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
    /// The result of the request.
    Ok(T),
    /// The failure of a request without a result.
    Failed(Failure),
}

/// The content of an account, as far as its view asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountView {
    /// No account exists at the address.
    Missing,
    /// The kind and lamports, for [`View::Account`](super::View::Account).
    Account(Account),
    /// The content of a mint, for [`View::Mint`](super::View::Mint).
    Mint(Mint),
    /// The content of a token account, for [`View::Holding`](super::View::Holding).
    Holding(Holding),
    /// An initialised nonce account, for [`View::Nonce`](super::View::Nonce).
    Nonce {
        /// The address whose signature uses the nonce up.
        authority: Address,
        /// The value of the nonce, which stands where a blockhash would.
        value: Blockhash,
    },
    /// The account is not the mint or token account asked for, or has an extension that is not accepted.
    Refused(TokenRefusal),
    /// The account is not an initialised nonce account.
    NoNonce,
}

/// A recent blockhash, as one node reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LatestBlockhash {
    /// The confirmed blockhash.
    pub blockhash: Blockhash,
    /// The slot of the state that the node answered from; the block of the hash has no later one.
    pub slot: u64,
}

/// The position of a node on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochInfo {
    /// The block height, reduced by the request's reading.
    pub height: u64,
    /// The slot of the same block, reduced by the request's reading.
    pub slot: u64,
}

/// The state of a nonce account, compared with a known value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NonceState {
    /// The account has the value that was asked about.
    Unchanged,
    /// The account has another value.
    Changed {
        /// The slot in which the change was seen, rounded up. A node that has reached this slot knows the transaction that used the
        /// nonce up.
        by_slot: u64,
    },
    /// No initialised nonce account was found, which proves nothing.
    NoNonce,
}

/// The outcome of a simulation, as one node sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simulation {
    /// The chain's error in compact JSON, shortened; `None` when the transaction would succeed.
    pub error: Option<String>,
    /// The compute units that the transaction would use; `None` when the node does not report them.
    pub units: Option<u64>,
    /// The slot of the state that the node simulated on. Only one node is asked, so the slot is kept as it is.
    pub slot: u64,
}

impl Simulation {
    /// Returns whether the node knows neither the message's blockhash nor a nonce with that value.
    pub fn is_blockhash_not_found(&self) -> bool {
        self.error.as_deref() == Some(r#""BlockhashNotFound""#)
    }
}

/// The cost of a transaction in a block to its payer, as the chain reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The slot of the transaction's block.
    pub slot: u64,
    /// Whether the transaction failed.
    pub failed: bool,
    /// The fee in lamports.
    pub fee: Amount,
    /// The lamports by which the payer's balance fell: fee, rents and lamports paid.
    pub spent: Amount,
}

/// The balance of one token account of a wallet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TokenBalance {
    /// The address of the token account.
    pub account: Address,
    /// The mint of the tokens.
    pub mint: Address,
    /// The amount in the mint's base units.
    pub amount: Amount,
    /// Whether the account is frozen, so that no tokens can be moved in or out.
    pub frozen: bool,
}

/// The outcome of a broadcast, as far as it is known.
///
/// No answer proves that the transaction was *not* sent: another replica, another provider or an earlier broadcast may have carried
/// the same bytes into the network. Only [`landing`](crate::chains::solana::landing) decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendOutcome {
    /// A node took the transaction, or has processed it already.
    ///
    /// Both answers give this outcome so that replicas agree: a replica that broadcasts later finds the transaction processed.
    /// Neither says whether the transaction lands.
    Accepted {
        /// The id of the transaction: its first signature.
        signature: TxSignature,
    },
    /// A node refused the transaction and did not forward it.
    ///
    /// The same node is unlikely to take it later; an operator should look. The reservation stays.
    Rejected {
        /// The node's error, shortened, for the operator.
        diagnostic: String,
    },
    /// The transaction may or may not have been sent.
    Unknown {
        /// The node's answer or failure, shortened, for the operator.
        diagnostic: String,
    },
}

/// Returns the failure of a canonical body; `None` when the body carries a result.
pub fn failure_of(canonical: &[u8]) -> Option<Failure> {
    parse::<serde::de::IgnoredAny>(canonical).err()
}

/// Reads a canonical body.
fn parse<T: DeserializeOwned>(canonical: &[u8]) -> Result<T, Failure> {
    let value: Value = serde_json::from_slice(canonical).map_err(|_| Failure::NotJson)?;
    match serde_json::from_value(value).map_err(|_| Failure::Malformed)? {
        Canonical::Ok(value) => Ok(value),
        Canonical::Failed(failure) => Err(failure),
    }
}

/// Returns the answer to [`Request::LatestBlockhash`].
///
/// # Errors
/// The failure that the body carries, which is [`Failure::BEHIND`] for a node below the demanded slot; [`Failure::NotJson`] or
/// [`Failure::Malformed`] when it is no canonical body of this answer.
pub fn parse_latest_blockhash(canonical: &[u8]) -> Result<LatestBlockhash, Failure> {
    parse(canonical)
}

/// Returns the answer to [`Request::GenesisHash`].
///
/// # Errors
/// The failure that the body carries; [`Failure::NotJson`] or [`Failure::Malformed`] when it is no canonical body of this answer.
pub fn parse_hash(canonical: &[u8]) -> Result<Blockhash, Failure> {
    parse(canonical)
}

/// Returns the answer to [`Request::Balance`] or [`Request::RentExemptMinimum`], in lamports.
///
/// # Errors
/// The failure that the body carries; [`Failure::NotJson`] or [`Failure::Malformed`] when it is no canonical body of this answer.
pub fn parse_amount(canonical: &[u8]) -> Result<Amount, Failure> {
    parse(canonical)
}

/// Returns the answer to [`Request::EpochInfo`].
///
/// # Errors
/// The failure that the body carries, which is [`Failure::BEHIND`] for a node below the demanded slot; [`Failure::NotJson`] or
/// [`Failure::Malformed`] when it is no canonical body of this answer.
pub fn parse_epoch(canonical: &[u8]) -> Result<EpochInfo, Failure> {
    parse(canonical)
}

/// Returns the answer to [`Request::NonceChanged`].
///
/// # Errors
/// The failure that the body carries, which is [`Failure::BEHIND`] for a node below the demanded slot; [`Failure::NotJson`] or
/// [`Failure::Malformed`] when it is no canonical body of this answer.
pub fn parse_nonce(canonical: &[u8]) -> Result<NonceState, Failure> {
    parse(canonical)
}

/// Returns the answer to [`Request::PriorityPrice`], in millionths of a lamport per compute unit.
///
/// # Errors
/// The failure that the body carries, which is [`Failure::Malformed`] for an empty list of prices; [`Failure::NotJson`] or
/// [`Failure::Malformed`] when it is no canonical body of this answer.
pub fn parse_u64(canonical: &[u8]) -> Result<u64, Failure> {
    parse(canonical)
}

/// Returns the answer to [`Request::Accounts`], one view for each account in their order.
///
/// # Errors
/// The failure that the body carries, which is [`Failure::BEHIND`] for a node below the demanded slot; [`Failure::NotJson`] or
/// [`Failure::Malformed`] when it is no canonical body of this answer.
pub fn parse_accounts(canonical: &[u8]) -> Result<Vec<AccountView>, Failure> {
    parse(canonical)
}

/// Returns the answer to [`Request::Simulate`]. A transaction that would fail is a result, not a failure.
///
/// # Errors
/// The failure that the body carries; [`Failure::NotJson`] or [`Failure::Malformed`] when it is no canonical body of this answer.
pub fn parse_simulation(canonical: &[u8]) -> Result<Simulation, Failure> {
    parse(canonical)
}

/// Returns the answer to [`Request::Transaction`]: `None` when the node knows no such transaction in a finalized block.
///
/// # Errors
/// The failure that the body carries, which is [`Failure::Malformed`] for a missing payer or one whose balance rose;
/// [`Failure::NotJson`] or [`Failure::Malformed`] when it is no canonical body of this answer.
pub fn parse_charge(canonical: &[u8]) -> Result<Option<Charge>, Failure> {
    parse(canonical)
}

/// Returns the answer to [`Request::TokenBalances`], sorted by account.
///
/// # Errors
/// The failure that the body carries; [`Failure::NotJson`] or [`Failure::Malformed`] when it is no canonical body of this answer.
pub fn parse_token_balances(canonical: &[u8]) -> Result<Vec<TokenBalance>, Failure> {
    parse(canonical)
}

/// Returns the answer to [`Request::SignatureStatuses`], one status for each signature in their order.
///
/// # Errors
/// The failure that the body carries; [`Failure::NotJson`] or [`Failure::Malformed`] when it is no canonical body of this answer. A
/// node below the demanded slot is no failure: each signature that it does not know is [`StatusLookup::Unavailable`].
pub fn parse_statuses(canonical: &[u8]) -> Result<Vec<StatusLookup>, Failure> {
    parse(canonical)
}

/// Returns the part of a canonical body on which providers have to agree.
///
/// That is all of it, except the text of a finalized transaction's error, which differs between versions of nodes.
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

/// Returns the answer to [`Request::Send`]. Every failure is an unknown outcome.
pub fn parse_send(canonical: &[u8]) -> SendOutcome {
    parse(canonical).unwrap_or_else(|failure| SendOutcome::Unknown { diagnostic: failure.to_string() })
}
