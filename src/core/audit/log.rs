//! Stored chain of blocks, with an index by which blocks are found.

use super::Block;
use super::chunked_log::{ChunkedLog, MemoryExhausted};
use super::link_error::LinkError;
use crate::base::codec::{NameHashes, Value, decode_value};
use crate::base::{BlockIndex, Hash, Timestamp};
use ic_stable_structures::Memory;

/// The keys by which a block is found; zero where there are fewer.
///
/// They are stored with the block, so that pruning it does not have to decode it.
pub type IndexKeys = [u64; 3];

/// The bytes of an index entry: the block's start in the data, and its keys. One more entry holds the end of the last block.
const ENTRY: u64 = 32;

/// The stored blocks. A block cannot be changed; the oldest ones can be pruned.
///
/// The header page of the index holds the index of the first kept block and the number of blocks ever appended, both little endian,
/// and then the hash of the block before the first kept one.
pub struct AuditLog<M: Memory> {
    index: ChunkedLog<M>,
    data: ChunkedLog<M>,
    first: u64,
    len: u64,
    /// The hash of the block before the first kept one; zeros while nothing was pruned.
    base_hash: [u8; 32],
    names: NameHashes,
}

impl<M: Memory> AuditLog<M> {
    /// Opens the log in its two memories.
    pub fn open(index: M, data: M) -> Self {
        let (index, data) = (ChunkedLog::open(index), ChunkedLog::open(data));
        let (first, len, base_hash) = (index.header(0), index.header(8), index.header(16));
        Self {
            first: u64::from_le_bytes(first),
            len: u64::from_le_bytes(len),
            base_hash,
            index,
            data,
            names: NameHashes::default(),
        }
    }

    /// Returns the number of blocks ever appended.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether no block was ever appended.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the index of the first kept block. Earlier ones were pruned.
    pub fn first(&self) -> BlockIndex {
        BlockIndex::new(self.first)
    }

    /// Returns the hash of the block before the first kept one; `None` when nothing was pruned.
    pub fn base_hash(&self) -> Option<Hash> {
        (self.first > 0).then_some(Hash(self.base_hash))
    }

    /// Returns the number of bytes of the kept blocks.
    pub fn bytes_kept(&self) -> u64 {
        self.end_of_data().saturating_sub(self.start(self.first).unwrap_or_default())
    }

    /// Allocates memory for more blocks with so many bytes together, so that appending them cannot fail.
    ///
    /// # Errors
    /// When the memory cannot grow.
    pub fn reserve(&mut self, blocks: u64, bytes: u64) -> Result<(), MemoryExhausted> {
        let end = self.end_of_data();
        self.index.reserve(self.len * ENTRY, (self.len + blocks + 1) * ENTRY)?;
        self.data.reserve(end, end + bytes)
    }

    /// Appends a block and returns its index and hash.
    ///
    /// # Panics
    /// When stable memory is exhausted: the message then rolls back, so nothing ever happens unlogged.
    pub fn append(&mut self, block: &Block, keys: IndexKeys) -> (BlockIndex, Hash) {
        let (bytes, hash) = block.to_bytes(&mut self.names);
        (self.append_bytes(&bytes, keys), hash)
    }

    pub(crate) fn append_bytes(&mut self, bytes: &[u8], keys: IndexKeys) -> BlockIndex {
        self.reserve(1, bytes.len() as u64).expect("the audit log cannot grow: stable memory is exhausted");
        let (index, start) = (self.len, self.end_of_data());
        let [first, second, third] = keys;
        let entry = [start, first, second, third].map(u64::to_le_bytes);
        self.index.write(index * ENTRY, entry.as_flattened());
        self.data.write(start, bytes);
        self.index.write((index + 1) * ENTRY, &(start + bytes.len() as u64).to_le_bytes());
        self.len += 1;
        self.write_header();
        BlockIndex::new(index)
    }

    /// Changes a block in place, as only a fault of the memory or of the code could.
    #[cfg(test)]
    pub fn corrupt(&mut self, index: BlockIndex, bytes: &[u8]) {
        let start = self.start(index.get()).expect("the block is kept");
        self.data.write(start, bytes);
    }

    /// Prunes all blocks before `first`, the last of which has the hash `base_hash`.
    ///
    /// # Panics
    /// When no block would be pruned, or none kept.
    pub fn prune(&mut self, first: BlockIndex, base_hash: Hash) {
        assert!(first.get() > self.first && first.get() < self.len, "BUG: the log is pruned to where it is not");
        self.base_hash = base_hash.0;
        if let Some(start) = self.start(first.get()) {
            self.data.trim(start);
        }
        self.index.trim(first.get() * ENTRY);
        self.first = first.get();
        self.write_header();
    }

    /// Returns the bytes of a block as they were appended; `None` when it does not exist or was pruned.
    pub fn bytes(&self, index: BlockIndex) -> Option<Vec<u8>> {
        let index = index.get();
        if !(self.first..self.len).contains(&index) {
            return None;
        }
        let (start, end) = (self.start(index)?, self.start(index + 1)?);
        // An index that was tampered with must not make the canister allocate without bound.
        let length = end.checked_sub(start).filter(|length| *length <= self.end_of_data())?;
        self.data.read(start, usize::try_from(length).ok()?)
    }

    /// Returns a block as a value; `None` when it does not exist, was pruned, or is corrupt.
    pub fn value(&self, index: BlockIndex) -> Option<Value> {
        decode_value(&self.bytes(index)?).ok()
    }

    /// Returns the time of a block.
    pub fn time(&self, index: BlockIndex) -> Option<Timestamp> {
        self.value(index)?.get("ts")?.as_u64().map(Timestamp::from_nanos)
    }

    /// Returns the index of the first block at or after a time. When all are earlier, it is the end of the log.
    ///
    /// The times of blocks never decrease, so a binary search finds it.
    pub fn first_at(&self, time: Timestamp) -> BlockIndex {
        let (mut low, mut high) = (self.first, self.len);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.time(BlockIndex::new(middle)) {
                Some(at) if at >= time => high = middle,
                _ => low = middle + 1,
            }
        }
        BlockIndex::new(low)
    }

    /// Returns the hashes that chain a block to its neighbours: the parent's, and its own.
    pub(super) fn link_hashes(&self, index: BlockIndex, names: &mut NameHashes) -> Result<(Option<Hash>, Hash), LinkError> {
        let bytes = self.bytes(index).ok_or(LinkError::Unreadable)?;
        Block::link_hashes(&bytes, names).map_err(|_| LinkError::Unreadable)
    }

    /// Returns the keys by which a kept block is found.
    pub fn keys(&self, index: BlockIndex) -> IndexKeys {
        let words = [8, 16, 24].map(|offset| self.word(index.get(), offset));
        words.map(Option::unwrap_or_default)
    }

    fn start(&self, index: u64) -> Option<u64> {
        self.word(index, 0)
    }

    fn word(&self, index: u64, offset: u64) -> Option<u64> {
        let bytes = self.index.read(index.checked_mul(ENTRY)?.checked_add(offset)?, 8)?;
        bytes.try_into().ok().map(u64::from_le_bytes)
    }

    fn end_of_data(&self) -> u64 {
        if self.len == self.first { 0 } else { self.start(self.len).unwrap_or_default() }
    }

    fn write_header(&mut self) {
        let header = [&self.first.to_le_bytes()[..], &self.len.to_le_bytes(), &self.base_hash].concat();
        self.index.set_header(&header);
    }
}
