//! The requests to Solana nodes, each with the transform that fits its answer.

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

/// The bytes for the headers of an answer and for a provider's error page.
const BASE_RESPONSE_BYTES: u64 = 4_096;
/// The bytes of a status with a long error.
const STATUS_BYTES: u64 = 512;

/// The finality of the state that a node answers from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commitment {
    /// Two thirds of the stake voted for the state.
    Confirmed,
    /// The state cannot be rolled back any more.
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

/// A list of 1 to [`MAX_SIGNATURES_PER_LOOKUP`] signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureBatch(Vec<TxSignature>);

impl SignatureBatch {
    /// Wraps a list of signatures; `None` when it is empty or longer than [`MAX_SIGNATURES_PER_LOOKUP`].
    pub fn new(signatures: Vec<TxSignature>) -> Option<Self> {
        (1..=MAX_SIGNATURES_PER_LOOKUP).contains(&signatures.len()).then_some(Self(signatures))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &TxSignature> {
        self.0.iter()
    }
}

/// The bytes in an answer of an account without data, and of one with [`DATA_BYTES`] in base64.
const ACCOUNT_BYTES: u64 = 256;
const DATA_ACCOUNT_BYTES: u64 = 1_664;
/// The number of accounts without data that fit into [`BASE_RESPONSE_BYTES`].
const SMALL_ACCOUNTS: u64 = 8;
/// The bytes of the prices of 150 slots.
const PRICES_BYTES: u64 = 16_384;
/// The bytes of about 100 token accounts.
const BALANCES_BYTES: u64 = 65_536;
/// The bytes of a transaction with its logs, balances and inner instructions, and of each of its payments.
///
/// A payment may create a token account and have a memo.
const TRANSACTION_BYTES: u64 = 16_384;
const TRANSACTION_PAYMENT_BYTES: u64 = 6_144;
/// The bytes of a simulation's logs.
const SIMULATION_BYTES: u64 = 32_768;

/// A request to a Solana node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The latest confirmed blockhash.
    ///
    /// Replicas rarely agree on it: ask a single one, and take the deadline from [`Request::EpochInfo`], not from this answer.
    /// Parsed by [`parse_latest_blockhash`](super::parse_latest_blockhash).
    LatestBlockhash {
        /// The slot that the node must have reached; 0 demands none. The blockhash of a node that is behind expires early.
        min_slot: u64,
    },
    /// The lamports of one account. Parsed by [`parse_amount`](super::parse_amount).
    Balance {
        /// The account.
        address: Address,
        /// The finality of the state read.
        commitment: Commitment,
        /// The reading of the lamports.
        reading: Reading,
    },
    /// Several accounts, read together. Parsed by [`parse_accounts`](super::parse_accounts).
    Accounts {
        /// The accounts and their views; the answer is in their order.
        wanted: Vec<Wanted>,
        /// The finality of the state read.
        commitment: Commitment,
        /// The slot that the node must have reached; 0 demands none.
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
        /// The slot that the node must have reached for its "unknown" to count; 0 demands none.
        ///
        /// The slot is that of the state that showed the transaction's lifetime to be over.
        min_slot: u64,
    },
    /// The cost of a transaction in a finalized block, to its payer. Parsed by [`parse_charge`](super::parse_charge).
    Transaction {
        /// The transaction's id.
        signature: TxSignature,
        /// The number of its payments: the answer repeats their logs and inner instructions, so its size limit depends on them.
        payments: u64,
    },
    /// The block height and the slot of the same block, as far as the node is. Parsed by [`parse_epoch`](super::parse_epoch).
    EpochInfo {
        /// The finality of the state read.
        commitment: Commitment,
        /// The reading of the block height.
        height: Reading,
        /// The reading of the slot.
        slot: Reading,
        /// The slot that the node must have reached; 0 demands none.
        min_slot: u64,
    },
    /// The comparison of a nonce account's finalized value with a known one. Parsed by [`parse_nonce`](super::parse_nonce).
    NonceChanged {
        /// The nonce account.
        account: Address,
        /// The value that the account is known to have had.
        value: Blockhash,
        /// The slot that the node must have reached; 0 demands none. An older state shows an older value, which differs as well.
        min_slot: u64,
        /// The multiple that the slot of a change is rounded up to.
        step: NonZeroU64,
    },
    /// The hash of the genesis block, which tells clusters apart. Parsed by [`parse_hash`](super::parse_hash).
    GenesisHash,
    /// The effect that a message would have if it were signed and sent now, as one node sees it.
    ///
    /// A message on a blockhash is simulated on the node's own latest one; a message on a nonce on its own value, so that a network
    /// that takes no such transaction says so. Parsed by [`parse_simulation`](super::parse_simulation).
    Simulate {
        /// The message to simulate, without a signature.
        tx: UnsignedTx,
        /// The slot that the node must have reached, or it may not know the nonce's value yet; 0 demands none.
        min_slot: u64,
    },
    /// The price per compute unit that transactions writing these accounts recently paid, as one node sees it.
    ///
    /// The answer is reduced to the price that three quarters of the recent slots did not exceed, in millionths of a lamport.
    /// Parsed by [`parse_u64`](super::parse_u64).
    PriorityPrice {
        /// The accounts that a transaction writes.
        accounts: Vec<Address>,
    },
    /// The token accounts that a wallet owns under one token program. Parsed by
    /// [`parse_token_balances`](super::parse_token_balances).
    TokenBalances {
        /// The wallet.
        owner: Address,
        /// The token program that keeps the accounts.
        program: TokenProgram,
    },
    /// The broadcast of a signed transaction, without simulation and without the node's own retries.
    ///
    /// Simulation and retries would give different answers to different replicas. Parsed by [`parse_send`](super::parse_send).
    Send(SignedTx),
}

impl Request {
    /// Returns the request's HTTP body, to be POSTed as `application/json`.
    pub fn body(&self) -> Vec<u8> {
        let (method, params) = self.method_and_params();
        json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string().into_bytes()
    }

    /// Returns the context to register with the transform; it tells [`canonicalise`](super::canonicalise) which part to keep.
    pub fn transform_context(&self) -> Vec<u8> {
        self.transform().encode()
    }

    /// Returns a size limit for the answer in bytes, headers included.
    ///
    /// The price of an outcall depends on the limit, so each kind of request has its own. A longer answer fails the outcall.
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

    /// Returns the size limit in bytes for an answer with `count` of the accounts.
    pub(super) fn accounts_bytes(&self, count: u64) -> u64 {
        let accounts =
            if self.reads_data() { DATA_ACCOUNT_BYTES * count } else { ACCOUNT_BYTES * count.saturating_sub(SMALL_ACCOUNTS) };
        BASE_RESPONSE_BYTES + accounts
    }

    /// Returns offset and length in bytes of the part of each account's data that is read.
    ///
    /// One byte, the account type, is enough to classify an account, and keeps the answer small whatever the account's size.
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
                // A node answers with an error about a transaction of a newer version than the one named here.
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
                // A nonce's value must stay: whether the network takes it is part of the question.
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
