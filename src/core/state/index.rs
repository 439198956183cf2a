//! Finding blocks by what they are about. The indices are made from the blocks alone, as they are appended, and so again by a replay.
//!
//! One map without values holds them all: the kind of subject in the highest byte, the subject in the other seven, and the block's
//! index. Subjects that are longer are hashed, and what is found by them is compared with the block. A block in which something was
//! asked of a wallet is entered as that, any other block about the wallet as such, so that requests are found without reading the rest.

use super::State;
use super::tables::Tables;
use crate::audit::{Block, Keys, Value};
use crate::base::{BlockIndex, Timestamp, TransferId, WalletId};
use crate::event::Subject;
use candid::Principal;
use ic_stable_structures::Memory;
use sha2::{Digest, Sha256};
use std::ops::Range;

const WALLET: u64 = 1 << 56;
const ACTOR: u64 = 2 << 56;
const TRANSFER: u64 = 3 << 56;
const REQUEST: u64 = 4 << 56;
/// What of a key is the subject.
const SUBJECT: u64 = (1 << 56) - 1;
/// The most blocks that are looked at for one page beyond those it holds.
const MAX_SCANNED: usize = 1_000;

/// Which blocks are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// Every one.
    All,
    /// Those about a wallet, its transfers included.
    Wallet(WalletId),
    /// Those on a principal's word.
    Actor(Principal),
    /// Those about a transfer.
    Transfer(TransferId),
}

/// Which part of them is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// No earlier block.
    pub from: BlockIndex,
    /// No block at or after this one.
    pub until: BlockIndex,
    /// Newest first.
    pub newest_first: bool,
    /// At most so many.
    pub limit: usize,
}

const fn key(kind: u64, subject: u64) -> u64 {
    kind | (subject & SUBJECT)
}

fn actor_key(actor: &Principal) -> u64 {
    let hash: [u8; 32] = Sha256::digest(actor.as_slice()).into();
    let [first, ..] = hash.as_chunks::<8>().0 else { unreachable!("a hash has 32 bytes") };
    key(ACTOR, u64::from_be_bytes(*first))
}

impl<M: Memory> Tables<M> {
    /// What a block that is about to be appended is found by.
    pub(super) fn subject_keys(&self, block: &Block) -> Keys {
        let (wallet, transfer) = self.wallet_and_transfer(block.event.subject());
        let actor = block.actor.as_ref().map(actor_key);
        [wallet, transfer.map(|id| key(TRANSFER, id.get())), actor].map(Option::unwrap_or_default)
    }

    /// The key of the wallet that a subject stands for, and the transfer.
    fn wallet_and_transfer(&self, subject: Subject) -> (Option<u64>, Option<TransferId>) {
        let of_wallet = |id: WalletId| Some(key(WALLET, id.get()));
        match subject {
            Subject::Canister => (None, None),
            Subject::Wallet(wallet) => (of_wallet(wallet), None),
            Subject::Request(wallet, transfer) => (Some(key(REQUEST, wallet.get())), transfer),
            Subject::Transfer(id) => (self.transfer(id).and_then(|transfer| of_wallet(transfer.request.wallet)), Some(id)),
            Subject::Session(id) => (self.session(id).and_then(|session| of_wallet(session.wallet)), None),
            // No action is about a proposal.
            Subject::Proposal(id) => match self.proposal(id).map(|proposal| proposal.action.subject()) {
                None | Some(Subject::Proposal(_)) => (None, None),
                Some(subject) => self.wallet_and_transfer(subject),
            },
        }
    }

    /// Enters an appended block in the indices.
    pub(super) fn index_block(&mut self, index: BlockIndex, keys: Keys) {
        for key in keys.into_iter().filter(|key| *key != 0) {
            self.blocks_by_subject.insert((key, index.get()), ());
        }
    }

    /// Takes a block that is given up out of the indices.
    pub(super) fn forget_block(&mut self, index: BlockIndex) {
        for key in self.log.keys(index).into_iter().filter(|key| *key != 0) {
            self.blocks_by_subject.remove(&(key, index.get()));
        }
    }
}

impl<M: Memory> State<M> {
    /// The kept blocks that are wanted, and where to look for more: the next `from`, or `until` when the newest come first; `None` at the
    /// end.
    pub fn find_blocks(&self, filter: Filter, page: Page) -> (Vec<(BlockIndex, Value)>, Option<BlockIndex>) {
        let from = page.from.max(self.first_block()).get();
        let until = page.until.get().min(self.log_len());
        let range = from..until.max(from);
        let found: Box<dyn DoubleEndedIterator<Item = u64>> = match filter {
            Filter::All => Box::new(range),
            Filter::Wallet(id) => Box::new(self.wallet_blocks(id, &range, page).into_iter()),
            Filter::Actor(actor) => Box::new(self.found(actor_key(&actor), &range)),
            Filter::Transfer(id) => Box::new(self.found(key(TRANSFER, id.get()), &range)),
        };
        if page.newest_first { self.collect(found.rev(), filter, page) } else { self.collect(found, filter, page) }
    }

    /// Up to `limit` blocks in which something was asked of a wallet, newest first.
    pub fn request_blocks(&self, wallet: WalletId, limit: usize) -> Vec<BlockIndex> {
        self.found(key(REQUEST, wallet.get()), &(0..u64::MAX)).rev().take(limit).map(BlockIndex::new).collect()
    }

    /// The blocks of both kinds about a wallet, ascending: as many as one page looks at, from the end where it begins.
    fn wallet_blocks(&self, id: WalletId, range: &Range<u64>, page: Page) -> Vec<u64> {
        let most = page.limit + MAX_SCANNED + 1;
        let mut indices = Vec::new();
        for kind in [WALLET, REQUEST] {
            let found = self.found(key(kind, id.get()), range);
            if page.newest_first { indices.extend(found.rev().take(most)) } else { indices.extend(found.take(most)) }
        }
        indices.sort_unstable();
        indices
    }

    fn found(&self, key: u64, range: &Range<u64>) -> impl DoubleEndedIterator<Item = u64> {
        self.tables.blocks_by_subject.keys_range((key, range.start)..(key, range.end)).map(|(_, index)| index)
    }

    /// The first kept block at or after a time.
    pub fn first_block_at(&self, time: Timestamp) -> BlockIndex {
        self.tables.log.first_at(time)
    }

    fn collect(
        &self,
        indices: impl Iterator<Item = u64>,
        filter: Filter,
        page: Page,
    ) -> (Vec<(BlockIndex, Value)>, Option<BlockIndex>) {
        let mut found = Vec::new();
        for (looked_at, index) in indices.map(BlockIndex::new).enumerate() {
            if found.len() == page.limit || looked_at == page.limit + MAX_SCANNED {
                // Going on upwards begins here; going on downwards ends before the next one, which is this one's successor.
                return (found, Some(if page.newest_first { index.next() } else { index }));
            }
            let value = self.block(index).filter(|value| match filter {
                Filter::Actor(actor) => value.get("actor").and_then(Value::as_blob) == Some(actor.as_slice()),
                _ => true,
            });
            found.extend(value.map(|value| (index, value)));
        }
        (found, None)
    }
}
