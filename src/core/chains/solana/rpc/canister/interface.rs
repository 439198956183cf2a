//! The part of the SOL RPC canister's Candid interface that is used, as of its version 1.3.
//!
//! Candid lets a reader leave out fields of records, but not cases of variants. So each variant here names every case, and the
//! content of an unused case is read as `reserved`; a new kind of error in it is then still readable. An `opt` whose content does
//! not decode reads as null, so null counts as absent only after a second reading as `opt reserved`; see `super::read`.

use crate::chains::solana::Cluster;
use candid::{CandidType, Reserved};
use serde::{Deserialize, Serialize};

/// The Solana clusters that the canister knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub enum SolanaCluster {
    /// The cluster whose lamports are money.
    Mainnet,
    /// The cluster on which developers test programs.
    ///
    /// A canister with overridden provider addresses serves a local cluster under this name.
    Devnet,
}

impl SolanaCluster {
    /// Returns the canister's name of a cluster; `None` for the testnet, for which it has no providers.
    pub const fn of(cluster: Cluster) -> Option<Self> {
        match cluster {
            Cluster::Mainnet => Some(Self::Mainnet),
            Cluster::Devnet | Cluster::Local => Some(Self::Devnet),
            Cluster::Testnet => None,
        }
    }
}

/// The providers that the canister asks.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub enum RpcSources {
    /// The canister's own choice of providers for a cluster.
    Default(SolanaCluster),
}

/// The rule by which the canister makes one answer of several.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub enum ConsensusStrategy {
    /// A number of equal answers is enough.
    Threshold {
        /// The number of providers asked; the canister's choice when absent.
        total: Option<u8>,
        /// The number of answers that must be equal.
        min: u8,
    },
}

/// The options of a call.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct RpcConfig {
    /// The expected size of the longest answer, in bytes.
    #[serde(rename = "responseSizeEstimate")]
    pub response_size_estimate: Option<u64>,
    /// The rule of agreement; `Equality`, that is all answers, when absent.
    #[serde(rename = "responseConsensus")]
    pub response_consensus: Option<ConsensusStrategy>,
}

/// The finality of the state read, named as in the JSON-RPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub enum CommitmentLevel {
    /// Two thirds of the stake voted for the state.
    #[serde(rename = "confirmed")]
    Confirmed,
    /// The state cannot be rolled back any more.
    #[serde(rename = "finalized")]
    Finalized,
}

/// The encoding of an account's data and of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub enum Encoding {
    /// The base64 encoding.
    #[serde(rename = "base64")]
    Base64,
}

/// The part of an account's data to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct DataSlice {
    /// The number of bytes.
    pub length: u32,
    /// The offset of the first byte.
    pub offset: u32,
}

/// The parameters of `getAccountInfo`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct GetAccountInfoParams {
    /// The account's address in base58.
    pub pubkey: String,
    /// The finality of the state read.
    pub commitment: Option<CommitmentLevel>,
    /// The encoding of the data.
    pub encoding: Option<Encoding>,
    /// The part of the data to read; all of it when absent.
    #[serde(rename = "dataSlice")]
    pub data_slice: Option<DataSlice>,
    /// The slot that a node must have reached; otherwise it answers with an error.
    #[serde(rename = "minContextSlot")]
    pub min_context_slot: Option<u64>,
}

/// The parameters of `getBalance`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct GetBalanceParams {
    /// The account's address in base58.
    pub pubkey: String,
    /// The finality of the state read.
    pub commitment: Option<CommitmentLevel>,
}

/// The parameters of `getSignatureStatuses`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct GetSignatureStatusesParams {
    /// The signatures in base58.
    pub signatures: Vec<String>,
    /// Whether the whole history is searched, not only the node's recent statuses.
    #[serde(rename = "searchTransactionHistory")]
    pub search_transaction_history: Option<bool>,
}

/// The parameters of `sendTransaction`.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Deserialize)]
pub struct SendTransactionParams {
    /// The signed wire bytes in the given encoding.
    pub transaction: String,
    /// The encoding of the transaction.
    pub encoding: Option<Encoding>,
    /// Whether the node forwards the transaction without simulating it.
    #[serde(rename = "skipPreflight")]
    pub skip_preflight: Option<bool>,
    /// The number of times that the node itself sends the transaction again.
    #[serde(rename = "maxRetries")]
    pub max_retries: Option<u32>,
}

/// The result of comparing the providers' answers.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub enum Multi<T> {
    /// The answer on which the providers agree.
    Consistent(Result<T, RpcError>),
    /// The providers do not agree; their answers are not read.
    Inconsistent(Reserved),
}

/// An account of the cluster.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub struct AccountInfo {
    /// The lamports of the account.
    pub lamports: u64,
    /// The part of the account's data that was asked for.
    pub data: AccountData,
    /// The program that owns it, in base58.
    pub owner: String,
    /// Whether the account is a program.
    pub executable: bool,
    /// The full size of the account's data in bytes.
    pub space: u64,
}

/// The data of an account, by encoding.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub enum AccountData {
    /// Data in the old base58 encoding, which is never asked for.
    #[serde(rename = "legacyBinary")]
    LegacyBinary(Reserved),
    /// Data as parsed JSON, which is never asked for.
    #[serde(rename = "json")]
    Json(Reserved),
    /// Data in the encoding that the second part names; only base64 is asked for.
    #[serde(rename = "binary")]
    Binary(String, Reserved),
}

/// The status of a transaction.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub struct TransactionStatus {
    /// The slot of the transaction's block.
    pub slot: u64,
    /// Whether the transaction succeeded; the error itself is not read.
    pub status: Result<(), Reserved>,
    /// The error once more; a status is refused unless this is present exactly when `status` is an error.
    pub err: Option<Reserved>,
    /// The finality of the transaction's block.
    #[serde(rename = "confirmationStatus")]
    pub confirmation_status: Option<ConfirmationStatus>,
}

/// The finality of a transaction's block, named as in the JSON-RPC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Deserialize, Serialize)]
pub enum ConfirmationStatus {
    /// The transaction is in a block.
    #[serde(rename = "processed")]
    Processed,
    /// Two thirds of the stake voted for the block.
    #[serde(rename = "confirmed")]
    Confirmed,
    /// The block cannot be rolled back any more.
    #[serde(rename = "finalized")]
    Finalized,
}

/// A reason why the canister has no result.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub enum RpcError {
    /// An error that the node returned.
    JsonRpcError(JsonRpcError),
    /// An error of the canister, which did not ask its providers.
    ProviderError(ProviderError),
    /// A request that the canister found invalid, in words.
    ValidationError(String),
    /// An outcall that did not reach a node, or whose answer was not JSON-RPC.
    HttpOutcallError(HttpOutcallError),
}

/// An error object of JSON-RPC.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub struct JsonRpcError {
    /// The code of the error.
    pub code: i64,
    /// The node's message.
    pub message: String,
}

/// A reason why the canister did not ask its providers.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub enum ProviderError {
    /// Too few cycles were attached to the call.
    TooFewCycles {
        /// The cycles that the canister demands.
        expected: u128,
        /// The cycles that it received.
        received: u128,
    },
    /// The options of the call do not fit, in words.
    InvalidRpcConfig(String),
    /// The canister has no providers for the cluster.
    UnsupportedCluster(String),
}

/// A reason why an outcall gave no JSON-RPC answer.
#[derive(Clone, Debug, CandidType, Deserialize)]
pub enum HttpOutcallError {
    /// The outcall was rejected by the Internet Computer.
    IcError {
        /// The rejection's code, which is not read.
        code: Reserved,
        /// The rejection's message.
        message: String,
    },
    /// The answer is not JSON-RPC.
    InvalidHttpJsonRpcResponse {
        /// The HTTP status code.
        status: u16,
        /// The body of the answer.
        body: String,
        /// The parser's message, which is not read.
        #[serde(rename = "parsingError")]
        parsing_error: Reserved,
    },
}
