//! Requests to a REST server, each with the transform that fits its answer.

use super::transform::{FeeBucket, Transform};
use super::{Grid, submit};
use crate::chains::kaspa::{Address, Transaction, TxId};
use serde_json::json;
use std::num::NonZeroU64;

/// The largest number of addresses in one request for unspent outputs.
pub const MAX_ADDRESSES: usize = 64;
/// The largest number of transactions in one request for acceptances; the server's own limit.
pub const MAX_TRANSACTION_IDS: usize = 1_000;
/// The default grid for lower bounds of DAA and blue scores, with a step of 300.
///
/// Both scores advance by about 10 a second. Replicas that ask within one second therefore agree about 29 times in 30, and the
/// bound is about half a minute old at most.
pub const DEFAULT_SCORE_STEP: Grid = Grid::of(NonZeroU64::new(300).unwrap());

/// The bytes reserved for the headers of an answer, a few short fields, or an error text.
const BASE_RESPONSE_BYTES: u64 = 4_096;
/// The bytes reserved for the description of the DAG; it lists the tips, which are many when the network is slow.
const DAG_BYTES: u64 = 8_192;
/// The bytes reserved for one unspent output; that of an ECDSA key, the longest, has about 376.
const UTXO_BYTES: u64 = 400;
/// The bytes reserved for one acceptance.
const ACCEPTANCE_BYTES: u64 = 320;
/// The largest answer, in bytes, that the Internet Computer allows.
const RESPONSE_BYTES_LIMIT: u64 = 2_000_000;

/// The HTTP method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// The method GET, without a body.
    Get,
    /// The method POST, with a JSON body to be sent as `application/json`.
    Post,
}

/// A list of 1 to [`MAX_ADDRESSES`] addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressBatch(Vec<Address>);

impl AddressBatch {
    /// Wraps addresses; `None` when there are none or more than [`MAX_ADDRESSES`].
    pub fn new(addresses: Vec<Address>) -> Option<Self> {
        (1..=MAX_ADDRESSES).contains(&addresses.len()).then_some(Self(addresses))
    }
}

impl From<Address> for AddressBatch {
    fn from(address: Address) -> Self {
        Self(vec![address])
    }
}

/// A list of 1 to [`MAX_TRANSACTION_IDS`] transaction ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxIdBatch(Vec<TxId>);

impl TxIdBatch {
    /// Wraps ids; `None` when there are none or more than [`MAX_TRANSACTION_IDS`].
    pub fn new(ids: Vec<TxId>) -> Option<Self> {
        (1..=MAX_TRANSACTION_IDS).contains(&ids.len()).then_some(Self(ids))
    }
}

impl From<TxId> for TxIdBatch {
    fn from(id: TxId) -> Self {
        Self(vec![id])
    }
}

/// A request to a REST server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The network's name and its virtual DAA score. Parsed by [`parse_dag`](super::parse_dag).
    Dag {
        /// The grid to whose marks the score is rounded down.
        step: Grid,
    },
    /// The blue score of the virtual chain's sink, from which confirmations are counted. Parsed by
    /// [`parse_blue_score`](super::parse_blue_score).
    BlueScore {
        /// The grid to whose marks the score is rounded down.
        step: Grid,
    },
    /// The unspent outputs of addresses. Parsed by [`parse_utxos`](super::parse_utxos).
    ///
    /// The server answers with an empty list for an address that has more than 10,000; [`Request::Balance`] tells such an address
    /// from an empty one.
    Utxos {
        /// The addresses that own the outputs.
        addresses: AddressBatch,
        /// The highest DAA score of an output that is kept; replicas may differ about younger ones.
        max_daa_score: u64,
        /// The number of outputs to make room for; an outcall with a larger answer fails.
        expected: u32,
    },
    /// The sum of an address's unspent outputs, the youngest included. Parsed by [`parse_balance`](super::parse_balance).
    Balance {
        /// The address that owns the outputs.
        address: Address,
    },
    /// The fee rate that the node suggests. Parsed by [`parse_feerate`](super::parse_feerate).
    FeeEstimate {
        /// The speed for which the node suggests the rate.
        bucket: FeeBucket,
        /// The grid to whose marks the rate is rounded up, in sompi per gram.
        step: Grid,
        /// The highest rate, in sompi per gram; higher ones become this one.
        ///
        /// Rates move fast when many transactions wait; replicas then agree on the maximum where they would not on the rate.
        most: u64,
    },
    /// The number of unspent outputs of an address, also above 10,000. Parsed by [`parse_count`](super::parse_count).
    UtxoCount {
        /// The address that owns the outputs.
        address: Address,
        /// The largest number returned; larger ones become this one.
        most: u64,
    },
    /// The acceptance of transactions, from a server with a database. Parsed by
    /// [`parse_acceptance`](super::parse_acceptance).
    Acceptance {
        /// The ids of the transactions.
        transactions: TxIdBatch,
        /// The highest blue score of an acceptance that counts; replicas may differ about younger ones.
        max_blue_score: u64,
    },
    /// The acceptance of one transaction. Parsed by [`parse_transaction`](super::parse_transaction).
    ///
    /// The server reads the same database by another route, and still knows blue scores that the answer for a batch no longer has.
    Transaction {
        /// The id of the transaction.
        transaction: TxId,
        /// The highest blue score of an acceptance that counts; replicas may differ about younger ones.
        max_blue_score: u64,
    },
    /// The broadcast of a signed transaction, which may be repeated. Parsed by [`parse_submit`](super::parse_submit).
    Submit(Transaction),
    /// The broadcast of a transaction that replaces another in the mempool. Parsed by [`parse_submit`](super::parse_submit).
    ///
    /// The replacement spends an input of the other transaction and pays a higher fee rate.
    Replace(Transaction),
}

impl Request {
    /// Returns the HTTP method.
    pub const fn method(&self) -> Method {
        match self {
            Self::Utxos { .. } | Self::Acceptance { .. } | Self::Submit(_) | Self::Replace(_) => Method::Post,
            Self::Dag { .. }
            | Self::BlueScore { .. }
            | Self::Balance { .. }
            | Self::FeeEstimate { .. }
            | Self::UtxoCount { .. }
            | Self::Transaction { .. } => Method::Get,
        }
    }

    /// Returns the path with its query, to be appended to the server's base URL.
    pub fn path(&self) -> String {
        match self {
            Self::Dag { .. } => "/info/blockdag".to_owned(),
            Self::BlueScore { .. } => "/info/virtual-chain-blue-score".to_owned(),
            Self::Utxos { .. } => "/addresses/utxos".to_owned(),
            Self::Balance { address } => format!("/addresses/{address}/balance"),
            Self::FeeEstimate { .. } => "/info/fee-estimate".to_owned(),
            Self::Acceptance { .. } => "/transactions/acceptance".to_owned(),
            Self::Transaction { transaction, .. } => format!("/transactions/{transaction}?inputs=false&outputs=false"),
            Self::UtxoCount { address, .. } => format!("/addresses/{address}/utxos/count"),
            Self::Submit(_) => "/transactions".to_owned(),
            Self::Replace(_) => "/transactions?replaceByFee=true".to_owned(),
        }
    }

    /// Returns the JSON body; `None` for GET.
    pub fn body(&self) -> Option<Vec<u8>> {
        match self {
            Self::Utxos { addresses, .. } => {
                let addresses: Vec<String> = addresses.0.iter().map(Address::to_string).collect();
                Some(json!({ "addresses": addresses }).to_string().into_bytes())
            }
            Self::Acceptance { transactions, .. } => Some(json!({ "transactionIds": transactions.0 }).to_string().into_bytes()),
            Self::Submit(transaction) | Self::Replace(transaction) => Some(submit::body(transaction)),
            Self::Dag { .. }
            | Self::BlueScore { .. }
            | Self::Balance { .. }
            | Self::FeeEstimate { .. }
            | Self::UtxoCount { .. }
            | Self::Transaction { .. } => None,
        }
    }

    /// Returns the context of the transform, from which [`canonicalise`](super::canonicalise) knows the part to keep.
    pub fn transform_context(&self) -> Vec<u8> {
        self.transform().encode()
    }

    /// Returns the limit on the answer, in bytes, headers included; at most 2,000,000.
    ///
    /// A well-formed answer of the expected size fits. The price of an outcall depends on the limit, so it is no larger than
    /// needed.
    pub fn max_response_bytes(&self) -> u64 {
        let body = match self {
            Self::Dag { .. } => DAG_BYTES,
            Self::Utxos { expected, .. } => UTXO_BYTES * u64::from(*expected),
            Self::Acceptance { transactions, .. } => ACCEPTANCE_BYTES * transactions.0.len() as u64,
            Self::BlueScore { .. }
            | Self::Balance { .. }
            | Self::FeeEstimate { .. }
            | Self::UtxoCount { .. }
            | Self::Transaction { .. }
            | Self::Submit(_)
            | Self::Replace(_) => 0,
        };
        (BASE_RESPONSE_BYTES + body).min(RESPONSE_BYTES_LIMIT)
    }

    fn transform(&self) -> Transform {
        match self {
            Self::Dag { step } => Transform::Dag { step: *step },
            Self::BlueScore { step } => Transform::BlueScore { step: *step },
            Self::Utxos { max_daa_score, .. } => Transform::Utxos { max_daa_score: *max_daa_score },
            Self::Balance { address } => Transform::Balance { address: address.to_string() },
            Self::FeeEstimate { bucket, step, most } => Transform::FeeEstimate { bucket: *bucket, step: *step, most: *most },
            Self::UtxoCount { most, .. } => Transform::UtxoCount { most: *most },
            Self::Acceptance { max_blue_score, .. } => Transform::Acceptance { max_blue_score: *max_blue_score },
            Self::Transaction { transaction, max_blue_score } => {
                Transform::Transaction { id: *transaction, max_blue_score: *max_blue_score }
            }
            Self::Submit(transaction) | Self::Replace(transaction) => Transform::Submit { id: transaction.id() },
        }
    }
}
