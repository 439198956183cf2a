//! The part of the SOL RPC canister's Candid interface that is used, as of its version 1.3.
//!
//! Candid lets a reader leave out fields, not cases: a variant names every case, and what is behind a case of no interest is read as
//! `reserved`, which is also what keeps a new kind of error over there from being an unreadable answer here. An `opt` whose content does
//! not decode reads as null, so nothing is taken for absent before it was read as `opt reserved` too; see `super::read`.

use crate::chains::solana::Cluster;
use candid::{CandidType, Reserved};
use serde::{Deserialize, Serialize};

/// The clusters that the canister knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub enum SolanaCluster {
    /// The cluster whose lamports are money.
    Mainnet,
    /// The developers' cluster. A canister that overrides its providers' addresses serves a local cluster under this name.
    Devnet,
}

impl SolanaCluster {
    /// The name of a cluster; there is none for the testnet, for which the canister has no providers.
    pub const fn of(cluster: Cluster) -> Option<Self> {
        match cluster {
            Cluster::Mainnet => Some(Self::Mainnet),
            Cluster::Devnet | Cluster::Local => Some(Self::Devnet),
            Cluster::Testnet => None,
        }
    }
}

/// Whom the canister asks.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub enum RpcSources {
    /// Its own choice.
    Default(SolanaCluster),
}

/// How the canister makes one answer of several.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub enum ConsensusStrategy {
    /// So many equal answers of so many.
    Threshold {
        /// How many are asked.
        total: Option<u8>,
        /// How many must be equal.
        min: u8,
    },
}

/// How the canister asks.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct RpcConfig {
    /// The longest answer, in bytes.
    #[serde(rename = "responseSizeEstimate")]
    pub response_size_estimate: Option<u64>,
    /// `Equality` when absent.
    #[serde(rename = "responseConsensus")]
    pub response_consensus: Option<ConsensusStrategy>,
}

/// How settled the state must be. The name of each is that of the JSON-RPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub enum CommitmentLevel {
    /// Voted for by two thirds of the stake.
    #[serde(rename = "confirmed")]
    Confirmed,
    /// Past any rollback.
    #[serde(rename = "finalized")]
    Finalized,
}

/// The encoding of an account's data and of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub enum Encoding {
    /// Base 64.
    #[serde(rename = "base64")]
    Base64,
}

/// The part of an account's data that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct DataSlice {
    /// How many bytes.
    pub length: u32,
    /// From which on.
    pub offset: u32,
}

/// Of `getAccountInfo`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct GetAccountInfoParams {
    /// In base58.
    pub pubkey: String,
    /// How settled.
    pub commitment: Option<CommitmentLevel>,
    /// Of the data.
    pub encoding: Option<Encoding>,
    /// Of the data.
    #[serde(rename = "dataSlice")]
    pub data_slice: Option<DataSlice>,
    /// A node that has not reached this slot answers with an error.
    #[serde(rename = "minContextSlot")]
    pub min_context_slot: Option<u64>,
}

/// Of `getBalance`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct GetBalanceParams {
    /// In base58.
    pub pubkey: String,
    /// How settled.
    pub commitment: Option<CommitmentLevel>,
}

/// Of `getSignatureStatuses`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct GetSignatureStatusesParams {
    /// In base58.
    pub signatures: Vec<String>,
    /// Whether more than the node's recent ones are looked up.
    #[serde(rename = "searchTransactionHistory")]
    pub search_transaction_history: Option<bool>,
}

/// Of `sendTransaction`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct SendTransactionParams {
    /// The signed transaction.
    pub transaction: String,
    /// Of it.
    pub encoding: Option<Encoding>,
    /// Whether the node forwards it without trying it out.
    #[serde(rename = "skipPreflight")]
    pub skip_preflight: Option<bool>,
    /// How often the node itself sends it again.
    #[serde(rename = "maxRetries")]
    pub max_retries: Option<u32>,
}

/// What the canister makes of its providers' answers.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub enum Multi<T> {
    /// The answer they agree on.
    Consistent(Result<T, RpcError>),
    /// They do not agree.
    Inconsistent(Reserved),
}

/// An account.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub struct AccountInfo {
    /// What it has.
    pub lamports: u64,
    /// The part of its data that was asked for.
    pub data: AccountData,
    /// The program that owns it, in base58.
    pub owner: String,
    /// Whether it is a program.
    pub executable: bool,
    /// The size of its data in bytes.
    pub space: u64,
}

/// An account's data. The second part of `binary` names the encoding, which is the one that was asked for.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub enum AccountData {
    /// In an encoding that nobody asked for.
    #[serde(rename = "legacyBinary")]
    LegacyBinary(Reserved),
    /// In an encoding that nobody asked for.
    #[serde(rename = "json")]
    Json(Reserved),
    /// In the encoding that was asked for.
    #[serde(rename = "binary")]
    Binary(String, Reserved),
}

/// What became of a transaction.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub struct TransactionStatus {
    /// The slot it landed in.
    pub slot: u64,
    /// Whether it did what it should.
    pub status: Result<(), Reserved>,
    /// The same again.
    pub err: Option<Reserved>,
    /// How settled it is.
    #[serde(rename = "confirmationStatus")]
    pub confirmation_status: Option<ConfirmationStatus>,
}

/// How settled a transaction is. The name of each is that of the JSON-RPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Deserialize, Serialize)]
pub enum ConfirmationStatus {
    /// In a block.
    #[serde(rename = "processed")]
    Processed,
    /// Voted for by two thirds of the stake.
    #[serde(rename = "confirmed")]
    Confirmed,
    /// Past any rollback.
    #[serde(rename = "finalized")]
    Finalized,
}

/// Why there is no answer.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub enum RpcError {
    /// The node's own error.
    JsonRpcError(JsonRpcError),
    /// The canister does not ask.
    ProviderError(ProviderError),
    /// The canister does not understand what it was asked.
    ValidationError(String),
    /// The node was not reached, or not understood.
    HttpOutcallError(HttpOutcallError),
}

/// An error of the JSON-RPC.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub struct JsonRpcError {
    /// Which.
    pub code: i64,
    /// In words.
    pub message: String,
}

/// Why the canister does not ask.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub enum ProviderError {
    /// It wants more cycles.
    TooFewCycles {
        /// So many.
        expected: u128,
        /// Instead of so many.
        received: u128,
    },
    /// It cannot ask like that.
    InvalidRpcConfig(String),
    /// It knows nobody there.
    UnsupportedCluster(String),
}

/// Why a node was not reached, or not understood.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub enum HttpOutcallError {
    /// The outcall failed.
    IcError {
        /// Kind of rejection.
        code: Reserved,
        /// In words.
        message: String,
    },
    /// The answer is none of the JSON-RPC.
    InvalidHttpJsonRpcResponse {
        /// Of HTTP.
        status: u16,
        /// What came.
        body: String,
        /// What is wrong with it.
        #[serde(rename = "parsingError")]
        parsing_error: Reserved,
    },
}
