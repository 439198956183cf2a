//! The stored chain of blocks.

use super::Block;
use crate::codec::{NameHashes, Value, decode_value};
use crate::primitives::{BlockIndex, Hash};
use ic_stable_structures::{Memory, StableLog};

/// The stored blocks. There is no way to change or remove one.
pub struct AuditLog<M: Memory> {
    blocks: StableLog<Vec<u8>, M, M>,
    names: NameHashes,
}

/// Why a block does not belong where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// The stored bytes are not a block.
    Unreadable,
    /// It names another parent than the block before it.
    WrongParent,
    /// It is the last block and has another hash than the one recorded when it was appended.
    WrongTip,
}

/// The result of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntegrityReport {
    /// Whether every checked block belongs where it stands.
    pub valid: bool,
    /// How many blocks were checked.
    pub entries_checked: u64,
    /// The first block that does not belong, and why.
    pub first_broken_at: Option<(BlockIndex, Break)>,
}

impl<M: Memory> AuditLog<M> {
    /// Opens the log in its two memories.
    pub fn open(index: M, data: M) -> Self {
        Self { blocks: StableLog::init(index, data), names: NameHashes::default() }
    }

    /// The number of blocks.
    pub fn len(&self) -> u64 {
        self.blocks.len()
    }

    /// Whether nothing was ever logged.
    pub fn is_empty(&self) -> bool {
        self.blocks.len() == 0
    }

    /// Appends a block and returns its index and hash.
    ///
    /// # Panics
    /// When stable memory is exhausted: the message then rolls back, so nothing ever happens unlogged.
    pub fn append(&mut self, block: &Block) -> (BlockIndex, Hash) {
        let (bytes, hash) = block.to_bytes(&mut self.names);
        let index = self.blocks.append(&bytes).expect("the audit log cannot grow: stable memory is exhausted");
        (BlockIndex::new(index), hash)
    }

    /// The bytes of a block as they were appended.
    pub fn bytes(&self, index: BlockIndex) -> Option<Vec<u8>> {
        self.blocks.get(index.get())
    }

    /// A block as a value; `None` when there is none or its bytes are corrupt.
    pub fn value(&self, index: BlockIndex) -> Option<Value> {
        decode_value(&self.bytes(index)?).ok()
    }

    /// Checks up to `limit` blocks from `from` on: that each can be read and names the hash of the block before it, and, when the
    /// last block is among them, that its hash is `tip`.
    pub fn verify(&self, from: BlockIndex, limit: u64, tip: Option<Hash>) -> IntegrityReport {
        let end = from.get().saturating_add(limit).min(self.len());
        let mut expected_parent = match from.get().checked_sub(1) {
            None => None,
            Some(before) => self.value(BlockIndex::new(before)).map(|value| value.hash()),
        };
        let mut checked = 0;
        let mut names = NameHashes::default();
        for raw in from.get()..end {
            let index = BlockIndex::new(raw);
            checked += 1;
            let broken =
                |reason| IntegrityReport { valid: false, entries_checked: checked, first_broken_at: Some((index, reason)) };
            let stored = self.bytes(index).and_then(|bytes| Block::link(&bytes, &mut names).ok());
            let Some((parent, hash)) = stored else { return broken(Break::Unreadable) };
            if parent != expected_parent {
                return broken(Break::WrongParent);
            }
            if raw + 1 == self.len() && Some(hash) != tip {
                return broken(Break::WrongTip);
            }
            expected_parent = Some(hash);
        }
        IntegrityReport { valid: true, entries_checked: checked, first_broken_at: None }
    }
}
