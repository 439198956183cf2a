//! The stored chain of blocks.

use super::Block;
use super::chunked_log::{ChunkedLog, Exhausted};
use super::link_error::LinkError;
use crate::base::codec::{NameHashes, Value, decode_value};
use crate::base::{BlockIndex, Hash, Timestamp};
use ic_stable_structures::Memory;

/// What a block is found by; zeros where there is less. Kept with the block, so that giving it up needs no reading of it.
pub type Keys = [u64; 3];

/// The width of an index entry: where a block begins in the data, and what it is found by. One more entry says where the last block ends.
const ENTRY: u64 = 32;

/// The stored blocks. There is no way to change one; the oldest can be given up once they are kept elsewhere.
///
/// The index's own page holds, little endian, the index of the first block that is kept and the number of blocks ever appended, and
/// then the hash of the block before the first that is kept.
pub struct AuditLog<M: Memory> {
    index: ChunkedLog<M>,
    data: ChunkedLog<M>,
    first: u64,
    len: u64,
    /// Zeros while nothing was given up.
    base: [u8; 32],
    names: NameHashes,
}

impl<M: Memory> AuditLog<M> {
    /// Opens the log in its two memories.
    pub fn open(index: M, data: M) -> Self {
        let (index, data) = (ChunkedLog::open(index), ChunkedLog::open(data));
        let (first, len, base) = (index.header(0), index.header(8), index.header(16));
        Self { first: u64::from_le_bytes(first), len: u64::from_le_bytes(len), base, index, data, names: NameHashes::default() }
    }

    /// The number of blocks ever appended.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether nothing was ever logged.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The first block that is still here. Earlier ones were archived.
    pub fn first(&self) -> BlockIndex {
        BlockIndex::new(self.first)
    }

    /// The hash of the block before the first that is still here; `None` when that is the first of all.
    pub fn base(&self) -> Option<Hash> {
        (self.first > 0).then_some(Hash(self.base))
    }

    /// The bytes that the kept blocks take.
    pub fn bytes_kept(&self) -> u64 {
        self.end_of_data().saturating_sub(self.start(self.first).unwrap_or_default())
    }

    /// Makes sure that `bytes` more can be appended, so that appending them cannot fail.
    ///
    /// # Errors
    /// When the memory cannot grow.
    pub fn reserve(&mut self, blocks: u64, bytes: u64) -> Result<(), Exhausted> {
        let end = self.end_of_data();
        self.index.reserve(self.len * ENTRY, (self.len + blocks + 1) * ENTRY)?;
        self.data.reserve(end, end + bytes)
    }

    /// Appends a block and returns its index and hash.
    ///
    /// # Panics
    /// When stable memory is exhausted: the message then rolls back, so nothing ever happens unlogged.
    pub fn append(&mut self, block: &Block, keys: Keys) -> (BlockIndex, Hash) {
        let (bytes, hash) = block.to_bytes(&mut self.names);
        (self.append_bytes(&bytes, keys), hash)
    }

    pub(crate) fn append_bytes(&mut self, bytes: &[u8], keys: Keys) -> BlockIndex {
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

    /// Gives up all blocks before `first`; the last of them has the hash `base`.
    ///
    /// # Panics
    /// When that would be none, or more than there are.
    pub fn prune(&mut self, first: BlockIndex, base: Hash) {
        assert!(first.get() > self.first && first.get() < self.len, "BUG: the log is pruned to where it is not");
        self.base = base.0;
        if let Some(start) = self.start(first.get()) {
            self.data.trim(start);
        }
        self.index.trim(first.get() * ENTRY);
        self.first = first.get();
        self.write_header();
    }

    /// The bytes of a block as they were appended; `None` when there is none, or it was archived.
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

    /// A block as a value; `None` when there is none or its bytes are corrupt.
    pub fn value(&self, index: BlockIndex) -> Option<Value> {
        decode_value(&self.bytes(index)?).ok()
    }

    /// When a block was appended.
    pub fn time(&self, index: BlockIndex) -> Option<Timestamp> {
        self.value(index)?.get("ts")?.as_u64().map(Timestamp::from_nanos)
    }

    /// The first block at or after a time; the end of the log when all are earlier. Times never decrease, so this halves its way.
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

    /// What a block contributes to the chain: its parent and its own hash.
    pub(super) fn link(&self, index: BlockIndex, names: &mut NameHashes) -> Result<(Option<Hash>, Hash), LinkError> {
        let bytes = self.bytes(index).ok_or(LinkError::Unreadable)?;
        Block::link(&bytes, names).map_err(|_| LinkError::Unreadable)
    }

    /// What a kept block is found by.
    pub fn keys(&self, index: BlockIndex) -> Keys {
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
        let header = [&self.first.to_le_bytes()[..], &self.len.to_le_bytes(), &self.base].concat();
        self.index.set_header(&header);
    }
}
