//! Blocks, blockhashes, commitments and forks on top of [`Bank`].
//!
//! ```text
//! height   … F-1   F  ……… 31 blocks ………  T-1     T     pending
//!          finalized ┘          confirmed ┘       └ processed (the tip)
//! ```
//! No clock is used: a block exists because [`Chain::produce`] was called.

use std::collections::{BTreeMap, HashMap};

use sha2::{Digest, Sha256};
use solana_address::Address;
use solana_hash::Hash;
use solana_signature::Signature;
use solana_transaction::versioned::VersionedTransaction;

use super::bank::{Bank, Executed, ExecutionContext, Lifetime};
use super::tx_error::TxError;

/// The maximum age of a blockhash in blocks (`MAX_PROCESSING_AGE`). The hash of block H lands in block H + 151 at the latest, and
/// block H + 151 already answers that it is invalid.
pub const BLOCKHASH_AGE_MAX: u64 = 150;
/// The maximum age of a blockhash in a simulation, six blocks less for forwarding (`MAX_TRANSACTION_FORWARDING_DELAY`).
pub const SIMULATION_AGE_MAX: u64 = 144;
/// Slots after which a node forgets a signature unless asked to search its history.
pub const STATUS_CACHE_SLOTS: u64 = 300;
/// Blocks between the tip and the newest block of each commitment.
const CONFIRMED_LAG: u64 = 1;
const FINALIZED_LAG: u64 = 32;
/// The slot of every block whose height divides by this comes after a skipped slot.
const SKIP_EVERY: u64 = 10;
/// Blocks the chain starts with, enough for a finalized one with a past of its own.
const BLOCKS_AT_START: u64 = 64;
/// Slots skipped before the chain starts: heights and slots are never equal.
const SLOTS_SKIPPED_BEFORE: u64 = 22_000_000;
/// The number of blocks whose accounts are kept: the finality lag and the lag of a stale node.
const BANKS_KEPT: u64 = 512;
/// The maximum lag of a stale node, in blocks.
const STALE_BLOCKS_MAX: u64 = BANKS_KEPT - FINALIZED_LAG - 1;

/// The commitment of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Commitment {
    Processed,
    Confirmed,
    Finalized,
}

impl Commitment {
    /// The name in requests and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Processed => "processed",
            Self::Confirmed => "confirmed",
            Self::Finalized => "finalized",
        }
    }

    fn lag(self) -> u64 {
        match self {
            Self::Processed => 0,
            Self::Confirmed => CONFIRMED_LAG,
            Self::Finalized => FINALIZED_LAG,
        }
    }
}

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
    pub slot: u64,
    pub height: u64,
    pub hash: Hash,
    pub parent_slot: u64,
    pub parent_hash: Hash,
    /// Key of the accounts after this block; consecutive blocks without transactions share one.
    bank: u64,
}

/// A transaction in a block.
#[derive(Clone, Debug)]
pub struct Landed {
    pub tx: VersionedTransaction,
    pub wire: Vec<u8>,
    pub slot: u64,
    pub height: u64,
    pub executed: Executed,
}

#[derive(Clone)]
struct Pending {
    tx: VersionedTransaction,
    wire: Vec<u8>,
    /// Further blocks the node tries for; `None` as long as the transaction is valid.
    retries: Option<u64>,
}

/// The state of the chain.
pub struct Chain {
    blocks: Vec<Block>,
    heights: HashMap<Hash, u64>,
    banks: BTreeMap<u64, Bank>,
    pending: Vec<Pending>,
    landed: Vec<Landed>,
    by_signature: HashMap<Signature, usize>,
    /// Height at which each message landed: mainnet deduplicates messages, not signatures.
    by_message: HashMap<Vec<u8>, u64>,
    fork: u64,
    refuses_nonces: bool,
}

impl Chain {
    /// A chain of a few empty blocks.
    pub fn new() -> Self {
        let slot = litesvm::MAINNET_DEFAULT_SLOT;
        let hash = Self::genesis_hash();
        let height = slot - SLOTS_SKIPPED_BEFORE;
        let first = Block { slot, height, hash, parent_slot: slot - 1, parent_hash: hash, bank: height };
        let mut chain = Self {
            heights: HashMap::from([(hash, height)]),
            banks: BTreeMap::from([(height, Bank::genesis())]),
            blocks: vec![first],
            pending: Vec::new(),
            landed: Vec::new(),
            by_signature: HashMap::new(),
            by_message: HashMap::new(),
            fork: 0,
            refuses_nonces: false,
        };
        (0..BLOCKS_AT_START).for_each(|_| chain.produce());
        chain
    }

    /// The hash that names this cluster.
    pub fn genesis_hash() -> Hash {
        Hash::new_from_array(Sha256::digest(b"localnet Solana dev chain").into())
    }

    fn tip(&self) -> &Block {
        self.blocks.last().expect("a chain has a first block")
    }

    fn index(&self, height: u64) -> Option<usize> {
        height.checked_sub(self.blocks[0].height).and_then(|at| usize::try_from(at).ok())
    }

    /// The newest block of `commitment`, for a node that is `slots_behind` the others.
    pub fn block(&self, commitment: Commitment, slots_behind: u64) -> &Block {
        let tip = self.tip();
        let seen = tip.slot.saturating_sub(slots_behind);
        let count = self.blocks.partition_point(|block| block.slot <= seen);
        let oldest = tip.height.saturating_sub(STALE_BLOCKS_MAX);
        let height = self.blocks[count.max(1) - 1].height.max(oldest).saturating_sub(commitment.lag());
        self.index(height).map_or(&self.blocks[0], |at| &self.blocks[at])
    }

    /// The block of `slot`, if that slot has one.
    pub fn block_at_slot(&self, slot: u64) -> Option<&Block> {
        self.blocks.binary_search_by_key(&slot, |block| block.slot).ok().map(|at| &self.blocks[at])
    }

    /// The first slot the chain knows.
    pub fn first_slot(&self) -> u64 {
        self.blocks[0].slot
    }

    /// Slots of the newest blocks up to `head`, oldest first.
    pub fn recent_slots(&self, head: &Block, count: usize) -> impl Iterator<Item = u64> {
        let end = self.index(head.height).map_or(0, |at| at + 1);
        self.blocks[end.saturating_sub(count)..end].iter().map(|block| block.slot)
    }

    /// Accounts after `block`.
    pub fn bank(&self, block: &Block) -> &Bank {
        &self.banks[&block.bank]
    }

    /// The transactions in blocks, in order.
    pub fn landed(&self) -> &[Landed] {
        &self.landed
    }

    /// The transaction with this signature, if a block has it.
    pub fn find(&self, signature: &Signature) -> Option<&Landed> {
        self.by_signature.get(signature).map(|&at| &self.landed[at])
    }

    /// Blocks between `hash` and `head`; `None` if `head` does not know it.
    fn hash_age(&self, hash: &Hash, head: &Block) -> Option<u64> {
        self.heights.get(hash).and_then(|height| head.height.checked_sub(*height))
    }

    /// Whether a transaction with `hash` could land right after `head`.
    pub fn is_hash_valid(&self, hash: &Hash, head: &Block) -> bool {
        self.hash_age(hash, head).is_some_and(|age| age <= BLOCKHASH_AGE_MAX)
    }

    /// The lifetime of `tx` right after `head`, with blockhashes of at most `age_max` blocks and the nonces of `bank`; `None` if it
    /// is invalid.
    fn lifetime(&self, tx: &VersionedTransaction, head: &Block, age_max: u64, bank: &Bank) -> Option<Lifetime> {
        match self.hash_age(tx.message.recent_blockhash(), head) {
            Some(age) if age <= age_max => Some(Lifetime::Blockhash),
            _ if self.refuses_nonces => None,
            _ => bank.usable_nonce(tx, &head.hash).map(Lifetime::Nonce),
        }
    }

    /// Sets whether transactions on a nonce are refused.
    pub fn refuse_nonces(&mut self, on: bool) {
        self.refuses_nonces = on;
    }

    /// Whether `head` or a block before it holds the message.
    fn is_processed(&self, tx: &VersionedTransaction, head: &Block) -> bool {
        self.by_message.get(&tx.message.serialize()).is_some_and(|height| *height <= head.height)
    }

    /// Executes `tx` as if right after `head`; answers also the accounts that it would leave.
    pub fn simulate(&self, tx: &VersionedTransaction, head: &Block) -> (Executed, Bank) {
        let mut bank = self.bank(head).clone();
        let executed = match self.lifetime(tx, head, SIMULATION_AGE_MAX, &bank) {
            None => Executed::refused(TxError::blockhash_not_found()),
            Some(_) if self.is_processed(tx, head) => Executed::refused(TxError::already_processed()),
            Some(lifetime) => bank.execute(tx, &ExecutionContext { slot: head.slot, last_hash: head.hash, lifetime }),
        };
        (executed, bank)
    }

    /// The fee of `tx` right after `head`, in lamports, whether or not the payer can pay; `None` if it is not valid there.
    pub fn fee(&self, tx: &VersionedTransaction, head: &Block) -> Option<u64> {
        let mut bank = self.bank(head).clone();
        let lifetime = self.lifetime(tx, head, BLOCKHASH_AGE_MAX, &bank)?;
        Some(bank.execute(tx, &ExecutionContext { slot: head.slot, last_hash: head.hash, lifetime }).fee)
    }

    /// Queues a transaction for the next block. One with a bad signature is dropped silently.
    pub fn submit(&mut self, tx: VersionedTransaction, wire: Vec<u8>, retries: Option<u64>) {
        if has_valid_signatures(&tx) {
            self.pending.push(Pending { tx, wire, retries });
        }
    }

    /// Adds lamports to an account in every kept block.
    pub fn fund(&mut self, address: &Address, lamports: u64) {
        self.banks.values_mut().for_each(|bank| bank.fund(address, lamports));
    }

    /// Sets an account with data in every kept block.
    pub fn put(&mut self, address: &Address, owner: Address, data: &[u8]) {
        self.banks.values_mut().for_each(|bank| bank.put(address, owner, data.to_vec()));
    }

    /// Produces the next block from the pending transactions.
    pub fn produce(&mut self) {
        let parent = self.tip().clone();
        let height = parent.height + 1;
        let slot = parent.slot + if height.is_multiple_of(SKIP_EVERY) { 2 } else { 1 };
        let landed_before = self.landed.len();
        let bank = self.execute_pending(&parent, slot, height);
        let changed = self.landed.len() > landed_before;
        if let Some(bank) = bank.filter(|_| changed) {
            self.banks.insert(height, bank);
        }
        let hash = self.next_hash(&parent);
        self.heights.insert(hash, height);
        let bank = if changed { height } else { parent.bank };
        self.blocks.push(Block { slot, height, hash, parent_slot: parent.slot, parent_hash: parent.hash, bank });
        self.forget_old_banks();
    }

    /// Executes the pending transactions after `parent`; answers the accounts afterwards, if there were any.
    fn execute_pending(&mut self, parent: &Block, slot: u64, height: u64) -> Option<Bank> {
        let pending = std::mem::take(&mut self.pending);
        if pending.is_empty() {
            return None;
        }
        let mut bank = self.bank(parent).clone();
        for mut one in pending {
            let message = one.tx.message.serialize();
            // Within a block each transaction sees the nonces its predecessors left behind.
            let lifetime = self.lifetime(&one.tx, parent, BLOCKHASH_AGE_MAX, &bank);
            let Some(lifetime) = lifetime.filter(|_| !self.by_message.contains_key(&message)) else {
                continue;
            };
            let executed = bank.execute(&one.tx, &ExecutionContext { slot, last_hash: parent.hash, lifetime });
            if executed.included {
                self.by_message.insert(message, height);
                self.by_signature.insert(one.tx.signatures[0], self.landed.len());
                self.landed.push(Landed { tx: one.tx, wire: one.wire, slot, height, executed });
            } else if one.retries != Some(0) {
                // A payer who cannot pay yet may be able to in a later block.
                one.retries = one.retries.map(|left| left - 1);
                self.pending.push(one);
            }
        }
        Some(bank)
    }

    fn next_hash(&self, parent: &Block) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(parent.hash.as_ref());
        hasher.update(self.fork.to_be_bytes());
        Hash::new_from_array(hasher.finalize().into())
    }

    fn forget_old_banks(&mut self) {
        let oldest = self.tip().height.saturating_sub(BANKS_KEPT);
        if let Some(at) = self.index(oldest) {
            let needed = self.blocks[at].bank;
            self.banks.retain(|key, _| *key >= needed);
        }
    }

    /// Replaces all blocks after the finalized one by as many empty blocks of another fork. Their blockhashes and transactions are
    /// gone.
    pub fn reorg(&mut self) {
        let kept = self.block(Commitment::Finalized, 0).clone();
        let lost = self.tip().height - kept.height;
        self.fork += 1;
        self.blocks.retain(|block| block.height <= kept.height);
        self.heights.retain(|_, height| *height <= kept.height);
        self.banks.retain(|key, _| *key <= kept.bank);
        self.landed.retain(|landed| landed.height <= kept.height);
        self.by_message.retain(|_, height| *height <= kept.height);
        let remaining = self.landed.len();
        self.by_signature.retain(|_, at| *at < remaining);
        self.pending.clear();
        (0..lost).for_each(|_| self.produce());
    }
}

/// Whether every required signature verifies.
pub fn has_valid_signatures(tx: &VersionedTransaction) -> bool {
    tx.verify_with_results().iter().all(|valid| *valid)
}
