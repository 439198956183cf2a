//! The requests, each with the transform that fits its answer.

use super::transform::{FeeBucket, Transform};
use super::{Grid, submit};
use crate::chains::kaspa::{Address, Transaction, TxId};
use serde_json::json;
use std::num::NonZeroU64;

/// The most addresses that one request for unspent outputs may name.
pub const MAX_ADDRESSES: usize = 64;
/// The most transactions that one request for their acceptance may name; the server's own limit.
pub const MAX_TRANSACTION_IDS: usize = 1_000;
/// A sensible step for the lower bounds of DAA and blue scores: both advance by 10 a second, so that replicas which ask within one
/// second of each other agree 29 times in 30, and the bound is at most half a minute old.
pub const DEFAULT_SCORE_STEP: Grid = Grid::of(NonZeroU64::new(300).unwrap());

/// Room for the headers of an answer, a few short fields, or an error text.
const BASE_RESPONSE_BYTES: u64 = 4_096;
/// The description of the DAG lists its tips, which are many when the network is slow.
const DAG_BYTES: u64 = 8_192;
/// An unspent output of an ECDSA key, the longest: measured 376 bytes.
const UTXO_BYTES: u64 = 400;
const ACCEPTANCE_BYTES: u64 = 320;
/// What the Internet Computer allows an answer to have.
const RESPONSE_BYTES_LIMIT: u64 = 2_000_000;

/// The HTTP method of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Without a body.
    Get,
    /// With a JSON body, to be sent as `application/json`.
    Post,
}

/// At least one and at most [`MAX_ADDRESSES`] addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressBatch(Vec<Address>);

impl AddressBatch {
    /// Takes the addresses, or nothing when there are none or too many.
    pub fn new(addresses: Vec<Address>) -> Option<Self> {
        (1..=MAX_ADDRESSES).contains(&addresses.len()).then_some(Self(addresses))
    }
}

impl From<Address> for AddressBatch {
    fn from(address: Address) -> Self {
        Self(vec![address])
    }
}

/// At least one and at most [`MAX_TRANSACTION_IDS`] transaction ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TxIdBatch(Vec<TxId>);

impl TxIdBatch {
    /// Takes the ids, or nothing when there are none or too many.
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
        /// The score is rounded down to a mark of this.
        step: Grid,
    },
    /// The blue score of the virtual chain's sink, from which confirmations are counted. Parsed by
    /// [`parse_blue_score`](super::parse_blue_score).
    BlueScore {
        /// The score is rounded down to a mark of this.
        step: Grid,
    },
    /// The unspent outputs of addresses. Parsed by [`parse_utxos`](super::parse_utxos).
    ///
    /// The server answers with an empty list for an address that has more than 10,000; ask [`Request::Balance`] to tell such a
    /// one from an empty one.
    Utxos {
        /// Whose.
        addresses: AddressBatch,
        /// Outputs accepted above this DAA score are left out: replicas may differ there.
        max_daa_score: u64,
        /// How many to make room for; an outcall whose answer is larger fails.
        expected: u32,
    },
    /// The sum of an address's unspent outputs, the youngest included. Parsed by [`parse_balance`](super::parse_balance).
    Balance {
        /// Whose.
        address: Address,
    },
    /// The fee rate that the node suggests. Parsed by [`parse_feerate`](super::parse_feerate).
    FeeEstimate {
        /// Which of its rates.
        bucket: FeeBucket,
        /// The rate is rounded up to a mark of this, in sompi per gram.
        step: Grid,
        /// A higher rate is taken for this one. Replicas that ask in a rush agree on it where they would not on the rate itself.
        most: u64,
    },
    /// How many unspent outputs an address has, however many. Parsed by [`parse_count`](super::parse_count).
    UtxoCount {
        /// Whose.
        address: Address,
        /// More are taken for this many.
        most: u64,
    },
    /// Whether transactions were accepted. Needs a server with a database. Parsed by
    /// [`parse_acceptance`](super::parse_acceptance).
    Acceptance {
        /// Which transactions.
        transactions: TxIdBatch,
        /// An acceptance above this blue score does not count yet: replicas may differ there.
        max_blue_score: u64,
    },
    /// Whether one transaction was accepted, by another route through the same database, which still knows blue scores that the
    /// batch has lost. Parsed by [`parse_transaction`](super::parse_transaction).
    Transaction {
        /// Which transaction.
        transaction: TxId,
        /// An acceptance above this blue score does not count yet: replicas may differ there.
        max_blue_score: u64,
    },
    /// Broadcast of a signed transaction; a repetition is harmless. Parsed by [`parse_submit`](super::parse_submit).
    Submit(Transaction),
    /// The same for a transaction that is to take the place of another one in the mempool, of which it spends an input and pays a
    /// higher rate. Parsed by [`parse_submit`](super::parse_submit).
    Replace(Transaction),
}

impl Request {
    /// The HTTP method.
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

    /// The path with its query, to be appended to the server's base URL.
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

    /// The body; `None` for GET.
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

    /// The context to register with the transform; it tells [`canonicalise`](super::canonicalise) what to keep.
    pub fn transform_context(&self) -> Vec<u8> {
        self.transform().encode()
    }

    /// A limit for the answer, headers included, that holds every well-formed one. The price of an outcall depends on it.
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
