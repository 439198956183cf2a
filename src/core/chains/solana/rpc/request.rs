//! The requests, each with the transform that fits its answer.

use super::Reading;
use super::context::Transform;
use super::view::{DATA_BYTES, Wanted};
use crate::chains::solana::token::TOKEN_HEAD_BYTES;
use crate::chains::solana::{
    Address, Blockhash, RecentHash, SignedTx, TokenProgram, TxSignature, UnsignedTx, account::ACCOUNT_TYPE_OFFSET,
};
use serde_json::{Value, json};
use std::num::NonZeroU64;

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

    pub(super) fn iter(&self) -> impl Iterator<Item = &TxSignature> {
        self.0.iter()
    }
}

/// What an account without data, and one with [`DATA_BYTES`] in base64, take in an answer.
const ACCOUNT_BYTES: u64 = 256;
const DATA_ACCOUNT_BYTES: u64 = 1_664;
/// How many accounts without data fit into the basic room.
const SMALL_ACCOUNTS: u64 = 8;
/// 150 slots with their prices.
const PRICES_BYTES: u64 = 16_384;
/// About 100 token accounts.
const BALANCES_BYTES: u64 = 65_536;
/// A transaction with its logs, balances and inner instructions: what each has, and what each payment adds, with the creation of a token
/// account and a memo.
const TRANSACTION_BYTES: u64 = 16_384;
const TRANSACTION_PAYMENT_BYTES: u64 = 6_144;
/// A simulation's logs.
const SIMULATION_BYTES: u64 = 32_768;

/// A request to a Solana node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The latest blockhash, confirmed. Replicas rarely agree on it: ask a single one, and take the deadline from
    /// [`Request::EpochInfo`], not from this answer. Parsed by [`parse_latest_blockhash`](super::parse_latest_blockhash).
    LatestBlockhash {
        /// The node must have reached this slot: the hash of one that is behind is dead soon. 0 asks for no such proof.
        min_slot: u64,
    },
    /// The lamports of an account. Parsed by [`parse_amount`](super::parse_amount).
    Balance {
        /// The account.
        address: Address,
        /// How settled.
        commitment: Commitment,
        /// What to keep of the number.
        reading: Reading,
    },
    /// Accounts, read together. Parsed by [`parse_accounts`](super::parse_accounts).
    Accounts {
        /// Which, and what is wanted of each; the answer is in their order.
        wanted: Vec<Wanted>,
        /// How settled.
        commitment: Commitment,
        /// The node must have reached this slot. 0 asks for no such proof.
        min_slot: u64,
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
        /// The node must have reached this slot for its "unknown" to count: that of the state that showed the transaction's lifetime
        /// to be over. 0 asks for no such proof.
        min_slot: u64,
    },
    /// What a transaction in a finalized block cost its payer. Parsed by [`parse_charge`](super::parse_charge).
    Transaction {
        /// Its id.
        signature: TxSignature,
        /// How many payments it makes: the answer repeats their logs and inner instructions.
        payments: u64,
    },
    /// How far a node is: height, which counts blocks, and slot of the same block. Parsed by [`parse_epoch`](super::parse_epoch).
    EpochInfo {
        /// How settled.
        commitment: Commitment,
        /// What to keep of the block height.
        height: Reading,
        /// What to keep of the slot.
        slot: Reading,
        /// The node must have reached this slot. 0 asks for no such proof.
        min_slot: u64,
    },
    /// Whether a nonce account's finalized value is another than this one. Parsed by [`parse_nonce`](super::parse_nonce).
    NonceChanged {
        /// The account.
        account: Address,
        /// The value that it had.
        value: Blockhash,
        /// The node must have reached this slot: an older state shows an older value.
        min_slot: u64,
        /// What the slot of a change is rounded up to.
        step: NonZeroU64,
    },
    /// The hash of the genesis, which tells clusters apart. Parsed by [`parse_hash`](super::parse_hash).
    GenesisHash,
    /// What would happen if a message were signed and sent now: on the node's own latest blockhash, or on the nonce that it stands on,
    /// so that a network that takes no such transaction says so. One node's opinion. Parsed by
    /// [`parse_simulation`](super::parse_simulation).
    Simulate {
        /// The message.
        tx: UnsignedTx,
        /// The node must have reached this slot, or it may not know the nonce's value yet. 0 asks for no such proof.
        min_slot: u64,
    },
    /// What others paid lately per compute unit to write these accounts: the price that three of four did not exceed, in millionths of a
    /// lamport. One node's opinion. Parsed by [`parse_u64`](super::parse_u64).
    PriorityPrice {
        /// The accounts that a transaction writes.
        accounts: Vec<Address>,
    },
    /// The token accounts that a wallet owns. Parsed by [`parse_token_balances`](super::parse_token_balances).
    TokenBalances {
        /// The wallet.
        owner: Address,
        /// Of which program.
        program: TokenProgram,
    },
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
            Self::Accounts { wanted, .. } => self.accounts_bytes(wanted.len() as u64),
            Self::Transaction { payments, .. } => {
                BASE_RESPONSE_BYTES + TRANSACTION_BYTES + TRANSACTION_PAYMENT_BYTES.saturating_mul(*payments)
            }
            Self::PriorityPrice { .. } => BASE_RESPONSE_BYTES + PRICES_BYTES,
            Self::TokenBalances { .. } => BASE_RESPONSE_BYTES + BALANCES_BYTES,
            Self::Simulate { .. } => BASE_RESPONSE_BYTES + SIMULATION_BYTES,
            _ => BASE_RESPONSE_BYTES,
        }
    }

    /// The limit for an answer with so many of the accounts.
    pub(super) fn accounts_bytes(&self, count: u64) -> u64 {
        let accounts =
            if self.reads_data() { DATA_ACCOUNT_BYTES * count } else { ACCOUNT_BYTES * count.saturating_sub(SMALL_ACCOUNTS) };
        BASE_RESPONSE_BYTES + accounts
    }

    /// The part of each account's data that is read: from where, and how much. One byte is enough to classify an account, and keeps the
    /// answer small whatever its size.
    pub(super) fn data_slice(&self) -> (u32, u32) {
        if self.reads_data() { (0, DATA_BYTES as u32) } else { (ACCOUNT_TYPE_OFFSET as u32, 1) }
    }

    fn reads_data(&self) -> bool {
        matches!(self, Self::Accounts { wanted, .. } if wanted.iter().any(|wanted| wanted.view.needs_data()))
    }

    fn method_and_params(&self) -> (&'static str, Value) {
        let settled = |commitment: &Commitment| json!({ "commitment": commitment.name() });
        let from = |commitment: &Commitment, min_slot: u64| match min_slot {
            0 => settled(commitment),
            _ => json!({ "commitment": commitment.name(), "minContextSlot": min_slot }),
        };
        match self {
            Self::LatestBlockhash { min_slot } => ("getLatestBlockhash", json!([from(&Commitment::Confirmed, *min_slot)])),
            Self::Balance { address, commitment, .. } => ("getBalance", json!([address, settled(commitment)])),
            Self::Accounts { wanted, commitment, min_slot } => {
                let (offset, length) = self.data_slice();
                let slice = json!({ "offset": offset, "length": length });
                let mut config = json!({ "encoding": "base64", "commitment": commitment.name(), "dataSlice": slice });
                if *min_slot > 0 {
                    config["minContextSlot"] = json!(min_slot);
                }
                let addresses: Vec<_> = wanted.iter().map(|wanted| wanted.address).collect();
                ("getMultipleAccounts", json!([addresses, config]))
            }
            Self::RentExemptMinimum { space } => ("getMinimumBalanceForRentExemption", json!([space])),
            Self::SignatureStatuses { signatures, .. } => {
                ("getSignatureStatuses", json!([signatures.0, { "searchTransactionHistory": true }]))
            }
            Self::Transaction { signature, .. } => {
                // Version 1: a node answers with an error about what it holds to be newer than what is asked for.
                let config = json!({
                    "encoding": "base64", "commitment": Commitment::Finalized.name(), "maxSupportedTransactionVersion": 1,
                });
                ("getTransaction", json!([signature, config]))
            }
            Self::EpochInfo { commitment, min_slot, .. } => ("getEpochInfo", json!([from(commitment, *min_slot)])),
            Self::NonceChanged { account, min_slot, .. } => {
                let mut config = json!({ "encoding": "base64", "commitment": Commitment::Finalized.name() });
                if *min_slot > 0 {
                    config["minContextSlot"] = json!(min_slot);
                }
                ("getAccountInfo", json!([account, config]))
            }
            Self::GenesisHash => ("getGenesisHash", json!([])),
            Self::Simulate { tx, min_slot } => {
                let replace = matches!(tx.plan().recent_hash, RecentHash::Blockhash(_));
                let mut config = json!({
                    "encoding": "base64", "commitment": Commitment::Confirmed.name(), "sigVerify": false,
                    "replaceRecentBlockhash": replace,
                });
                if *min_slot > 0 {
                    config["minContextSlot"] = json!(min_slot);
                }
                ("simulateTransaction", json!([tx.to_simulate(), config]))
            }
            Self::PriorityPrice { accounts } => ("getRecentPrioritizationFees", json!([accounts])),
            Self::TokenBalances { owner, program } => {
                let slice = json!({ "offset": 0, "length": TOKEN_HEAD_BYTES });
                let config = json!({ "encoding": "base64", "commitment": Commitment::Finalized.name(), "dataSlice": slice });
                ("getTokenAccountsByOwner", json!([owner, { "programId": program.address() }, config]))
            }
            Self::Send(tx) => {
                ("sendTransaction", json!([tx.to_base64(), { "encoding": "base64", "skipPreflight": true, "maxRetries": 0 }]))
            }
        }
    }

    fn transform(&self) -> Transform {
        match self {
            Self::LatestBlockhash { min_slot } => Transform::LatestBlockhash { min_slot: *min_slot },
            Self::Balance { reading, .. } => Transform::Balance { reading: *reading },
            Self::Accounts { wanted, min_slot, .. } => {
                Transform::Accounts { views: wanted.iter().map(|wanted| wanted.view).collect(), min_slot: *min_slot }
            }
            Self::RentExemptMinimum { .. } => Transform::Number,
            Self::SignatureStatuses { signatures, min_slot } => {
                Transform::Statuses { count: signatures.0.len(), min_slot: *min_slot }
            }
            Self::Transaction { .. } => Transform::Charge,
            Self::EpochInfo { height, slot, min_slot, .. } => {
                Transform::EpochInfo { height: *height, slot: *slot, min_slot: *min_slot }
            }
            Self::NonceChanged { value, min_slot, step, .. } => {
                Transform::NonceChanged { value: *value, min_slot: *min_slot, step: *step }
            }
            Self::GenesisHash => Transform::GenesisHash,
            Self::Simulate { .. } => Transform::Simulation,
            Self::PriorityPrice { .. } => Transform::PriorityPrice,
            Self::TokenBalances { .. } => Transform::TokenBalances,
            Self::Send(tx) => Transform::Send { txid: tx.txid() },
        }
    }
}
