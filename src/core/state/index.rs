//! Index of the blocks by their subjects.
//!
//! The index is made from the blocks alone, as they are appended, and so again by a replay. It is one map without values. Its keys hold
//! the kind of the subject in the highest byte, the subject in the other seven, and the index of the block. A longer subject is hashed,
//! and the blocks found by it are compared with it. A block with a request to a wallet has a kind of its own, so that requests are
//! found without decoding the other blocks about the wallet.

use super::State;
use super::tables::Tables;
use crate::audit::{Block, IndexKeys, Value};
use crate::base::{BlockIndex, TransferId, WalletId};
use crate::event::Subject;
use candid::Principal;
use ic_stable_structures::Memory;
use sha2::{Digest, Sha256};
use std::ops::Range;

const KIND_WALLET: u64 = 1 << 56;
const KIND_ACTOR: u64 = 2 << 56;
const KIND_TRANSFER: u64 = 3 << 56;
const KIND_REQUEST: u64 = 4 << 56;
/// The bits of a key that hold the subject.
const SUBJECT_MASK: u64 = (1 << 56) - 1;
/// The most blocks that are decoded for one page beyond those on it.
const MAX_SCANNED: usize = 1_000;

/// A filter of blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// All blocks.
    All,
    /// The blocks about a wallet, its transfers included.
    Wallet(WalletId),
    /// The blocks of commands of a principal.
    Actor(Principal),
    /// The blocks about a transfer.
    Transfer(TransferId),
}

/// A page of filtered blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The first block that may be on the page.
    pub from: BlockIndex,
    /// The first block that may not be on the page any more.
    pub until: BlockIndex,
    /// Whether the newest blocks come first.
    pub newest_first: bool,
    /// The most blocks on the page.
    pub limit: usize,
}

const fn key(kind: u64, subject: u64) -> u64 {
    kind | (subject & SUBJECT_MASK)
}

fn actor_key(actor: &Principal) -> u64 {
    let hash: [u8; 32] = Sha256::digest(actor.as_slice()).into();
    let [first, ..] = hash.as_chunks::<8>().0 else { unreachable!("a hash has 32 bytes") };
    key(KIND_ACTOR, u64::from_be_bytes(*first))
}

impl<M: Memory> Tables<M> {
    /// Returns the keys of a block that is about to be appended.
    pub(super) fn subject_keys(&self, block: &Block) -> IndexKeys {
        let (wallet, transfer) = self.wallet_and_transfer(block.event.subject());
        let actor = block.actor.as_ref().map(actor_key);
        [wallet, transfer.map(|id| key(KIND_TRANSFER, id.get())), actor].map(Option::unwrap_or_default)
    }

    /// Returns the key of the wallet that a subject stands for, and the transfer.
    fn wallet_and_transfer(&self, subject: Subject) -> (Option<u64>, Option<TransferId>) {
        let wallet_key = |id: WalletId| Some(key(KIND_WALLET, id.get()));
        match subject {
            Subject::Canister => (None, None),
            Subject::Wallet(wallet) => (wallet_key(wallet), None),
            Subject::Request(wallet, transfer) => (Some(key(KIND_REQUEST, wallet.get())), transfer),
            Subject::Transfer(id) => (self.transfer(id).and_then(|transfer| wallet_key(transfer.request.wallet)), Some(id)),
            Subject::Session(id) => (self.session(id).and_then(|session| wallet_key(session.wallet)), None),
            // The subject of an action is never a proposal, so the recursion ends.
            Subject::Proposal(id) => match self.proposal(id).map(|proposal| proposal.action.subject()) {
                None | Some(Subject::Proposal(_)) => (None, None),
                Some(subject) => self.wallet_and_transfer(subject),
            },
        }
    }

    /// Adds an appended block to the index.
    pub(super) fn index_block(&mut self, index: BlockIndex, keys: IndexKeys) {
        for key in keys.into_iter().filter(|key| *key != 0) {
            self.blocks_by_subject.insert((key, index.get()), ());
        }
    }

    /// Removes a block that is about to be pruned from the index.
    pub(super) fn unindex_block(&mut self, index: BlockIndex) {
        for key in self.log.keys(index).into_iter().filter(|key| *key != 0) {
            self.blocks_by_subject.remove(&(key, index.get()));
        }
    }
}

impl<M: Memory> State<M> {
    /// Returns a page of the kept blocks that pass a filter, and where the next page begins.
    ///
    /// The second value is the next page's `from`, or its `until` when the newest blocks come first; `None` after the last page. A page
    /// may hold fewer blocks than its limit and still not be the last one.
    pub fn find_blocks(&self, filter: Filter, page: Page) -> (Vec<(BlockIndex, Value)>, Option<BlockIndex>) {
        let from = page.from.max(self.first_block()).get();
        let until = page.until.get().min(self.log_len());
        let range = from..until.max(from);
        let found: Box<dyn DoubleEndedIterator<Item = u64>> = match filter {
            Filter::All => Box::new(range),
            Filter::Wallet(id) => Box::new(self.wallet_blocks(id, &range, page).into_iter()),
            Filter::Actor(actor) => Box::new(self.indexed_blocks(actor_key(&actor), &range)),
            Filter::Transfer(id) => Box::new(self.indexed_blocks(key(KIND_TRANSFER, id.get()), &range)),
        };
        if page.newest_first { self.read_page(found.rev(), filter, page) } else { self.read_page(found, filter, page) }
    }

    /// Returns up to `limit` blocks with requests to a wallet, newest first.
    pub fn request_blocks(&self, wallet: WalletId, limit: usize) -> Vec<BlockIndex> {
        self.indexed_blocks(key(KIND_REQUEST, wallet.get()), &(0..u64::MAX)).rev().take(limit).map(BlockIndex::new).collect()
    }

    /// Returns the blocks about a wallet and with requests to it, ascending.
    ///
    /// Only as many as one page can scan are read, from the end of the range where the page begins.
    fn wallet_blocks(&self, id: WalletId, range: &Range<u64>, page: Page) -> Vec<u64> {
        let most = page.limit + MAX_SCANNED + 1;
        let mut indices = Vec::new();
        for kind in [KIND_WALLET, KIND_REQUEST] {
            let found = self.indexed_blocks(key(kind, id.get()), range);
            if page.newest_first { indices.extend(found.rev().take(most)) } else { indices.extend(found.take(most)) }
        }
        indices.sort_unstable();
        indices
    }

    fn indexed_blocks(&self, key: u64, range: &Range<u64>) -> impl DoubleEndedIterator<Item = u64> {
        self.tables.blocks_by_subject.keys_range((key, range.start)..(key, range.end)).map(|(_, index)| index)
    }

    fn read_page(
        &self,
        indices: impl Iterator<Item = u64>,
        filter: Filter,
        page: Page,
    ) -> (Vec<(BlockIndex, Value)>, Option<BlockIndex>) {
        let mut found = Vec::new();
        for (scanned, index) in indices.map(BlockIndex::new).enumerate() {
            if found.len() == page.limit || scanned == page.limit + MAX_SCANNED {
                // The next page begins at this block. For a descending page, its `until` is the successor, which it excludes.
                return (found, Some(if page.newest_first { index.next() } else { index }));
            }
            let value = self.block(index).filter(|value| match filter {
                // Two principals may share a key, which holds seven bytes of a hash.
                Filter::Actor(actor) => value.get("actor").and_then(Value::as_blob) == Some(actor.as_slice()),
                _ => true,
            });
            found.extend(value.map(|value| (index, value)));
        }
        (found, None)
    }
}
