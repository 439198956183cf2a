//! The requests, each with the transform that fits its answer.

use super::Reading;
use super::transform::Transform;
use crate::chains::solana::{Address, SignedTx, TxSignature, account::ACCOUNT_TYPE_OFFSET};
use serde_json::{Value, json};

/// The most signatures that one status request may ask for.
pub const MAX_SIGNATURES_PER_LOOKUP: usize = 256;

/// Room for the headers of an answer and for a provider's error page.
const BASE_RESPONSE_BYTES: u64 = 4_096;
/// A status with a long error.
const STATUS_BYTES: u64 = 512;

/// How settled the state must be that a node answers from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commitment {
    /// Voted for by two thirds of the stake.
    Confirmed,
    /// Past any rollback.
    Finalized,
}

impl Commitment {
    const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Finalized => "finalized",
        }
    }
}

/// At least one and at most [`MAX_SIGNATURES_PER_LOOKUP`] signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureBatch(Vec<TxSignature>);

impl SignatureBatch {
    /// Takes the signatures, or nothing when there are none or too many.
    pub fn new(signatures: Vec<TxSignature>) -> Option<Self> {
        (1..=MAX_SIGNATURES_PER_LOOKUP).contains(&signatures.len()).then_some(Self(signatures))
    }
}

/// A request to a Solana node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The latest blockhash, confirmed. Replicas rarely agree on it: ask a single one, and take the deadline from
    /// [`Request::BlockHeight`], not from this answer. Parsed by [`parse_hash`](super::parse_hash).
    LatestBlockhash,
    /// The lamports of an account. Parsed by [`parse_amount`](super::parse_amount).
    Balance {
        /// The account.
        address: Address,
        /// How settled.
        commitment: Commitment,
        /// What to keep of the number.
        reading: Reading,
    },
    /// What the payer has and what the recipient is. Parsed by [`parse_payer_and_recipient`](super::parse_payer_and_recipient).
    PayerAndRecipient {
        /// The payer.
        payer: Address,
        /// The recipient.
        recipient: Address,
        /// How settled.
        commitment: Commitment,
        /// What to keep of the payer's lamports. Anyone can move them by sending dust; a bound is harder to disturb.
        payer_lamports: Reading,
        /// What to keep of the recipient's lamports, which may move with every block: best whether they have reached the
        /// rent-exempt minimum ([`Reading::AtLeast`]), which is all that matters.
        recipient_lamports: Reading,
    },
    /// The rent-exempt minimum of an account of `space` bytes. Parsed by [`parse_amount`](super::parse_amount).
    RentExemptMinimum {
        /// The account's size in bytes; 0 for a wallet.
        space: u64,
    },
    /// The statuses of signatures, searched in the whole history. Parsed by [`parse_statuses`](super::parse_statuses).
    SignatureStatuses {
        /// The signatures; the answer is in their order.
        signatures: SignatureBatch,
        /// The node must have reached this slot for its "unknown" to count. Read it with [`Request::Slot`] at finalized
        /// commitment, after the height and before this request. 0 asks for no such proof.
        min_slot: u64,
    },
    /// The block height, which counts blocks, not slots. Parsed by [`parse_u64`](super::parse_u64).
    BlockHeight {
        /// How settled.
        commitment: Commitment,
        /// What to keep of the number.
        reading: Reading,
    },
    /// The slot. Parsed by [`parse_u64`](super::parse_u64).
    Slot {
        /// How settled.
        commitment: Commitment,
        /// What to keep of the number.
        reading: Reading,
    },
    /// The hash of the genesis, which tells clusters apart. Parsed by [`parse_hash`](super::parse_hash).
    GenesisHash,
    /// Broadcast of a signed transaction, without simulation and without the node's own retries: both would answer differently to
    /// different replicas. Parsed by [`parse_send`](super::parse_send).
    Send(SignedTx),
}

impl Request {
    /// The request's HTTP body, to be POSTed as `application/json`.
    pub fn body(&self) -> Vec<u8> {
        let (method, params) = self.method_and_params();
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string().into_bytes()
    }

    /// The context to register with the transform; it tells [`canonicalise`](super::canonicalise) what to keep.
    pub fn transform_context(&self) -> Vec<u8> {
        self.transform().encode()
    }

    /// A limit for the answer, headers included, that holds every well-formed one. The price of an outcall depends on it.
    pub fn max_response_bytes(&self) -> u64 {
        match self {
            Self::SignatureStatuses { signatures, .. } => BASE_RESPONSE_BYTES + STATUS_BYTES * signatures.0.len() as u64,
            _ => BASE_RESPONSE_BYTES,
        }
    }

    fn method_and_params(&self) -> (&'static str, Value) {
        let settled = |commitment: &Commitment| json!({ "commitment": commitment.name() });
        match self {
            Self::LatestBlockhash => ("getLatestBlockhash", json!([settled(&Commitment::Confirmed)])),
            Self::Balance { address, commitment, .. } => ("getBalance", json!([address, settled(commitment)])),
            Self::PayerAndRecipient { payer, recipient, commitment, .. } => {
                // One byte of the data is enough to classify an account, and keeps the answer small whatever its size.
                let slice = json!({ "offset": ACCOUNT_TYPE_OFFSET, "length": 1 });
                let config = json!({ "encoding": "base64", "commitment": commitment.name(), "dataSlice": slice });
                ("getMultipleAccounts", json!([[payer, recipient], config]))
            }
            Self::RentExemptMinimum { space } => ("getMinimumBalanceForRentExemption", json!([space])),
            Self::SignatureStatuses { signatures, .. } => {
                ("getSignatureStatuses", json!([signatures.0, { "searchTransactionHistory": true }]))
            }
            Self::BlockHeight { commitment, .. } => ("getBlockHeight", json!([settled(commitment)])),
            Self::Slot { commitment, .. } => ("getSlot", json!([settled(commitment)])),
            Self::GenesisHash => ("getGenesisHash", json!([])),
            Self::Send(tx) => {
                ("sendTransaction", json!([tx.to_base64(), { "encoding": "base64", "skipPreflight": true, "maxRetries": 0 }]))
            }
        }
    }

    fn transform(&self) -> Transform {
        match self {
            Self::LatestBlockhash => Transform::LatestBlockhash,
            Self::Balance { reading, .. } => Transform::Balance { reading: *reading },
            Self::PayerAndRecipient { payer_lamports, recipient_lamports, .. } => {
                Transform::PayerAndRecipient { payer_lamports: *payer_lamports, recipient_lamports: *recipient_lamports }
            }
            Self::RentExemptMinimum { .. } => Transform::Number { reading: Reading::EXACT },
            Self::SignatureStatuses { signatures, min_slot } => {
                Transform::Statuses { count: signatures.0.len(), min_slot: *min_slot }
            }
            Self::BlockHeight { reading, .. } | Self::Slot { reading, .. } => Transform::Number { reading: *reading },
            Self::GenesisHash => Transform::GenesisHash,
            Self::Send(tx) => Transform::Send { txid: tx.txid() },
        }
    }
}
