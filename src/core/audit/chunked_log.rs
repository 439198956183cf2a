//! Log of bytes in stable memory: appended at the end, trimmed at the beginning, in chunks that are used again.
//!
//! The positions of a log only grow. The memory is divided into chunks, and the log into parts of the size of a chunk. The first eight
//! bytes of a chunk are its label: the part that it holds, plus one, or zero for a free chunk. So a trimmed chunk is free for the
//! next part, and no table of chunks has to be stored.
//!
//! ```text
//! page 0: header     chunk 0: [part 7 + 1 | bytes …]     chunk 1: [0: free]     chunk 2: [part 6 + 1 | bytes …]
//! ```

use ic_stable_structures::Memory;
use std::collections::BTreeMap;

const PAGE_BYTES: u64 = 65_536;
const PAGES_PER_CHUNK: u64 = 4;
const CHUNK_BYTES: u64 = PAGES_PER_CHUNK * PAGE_BYTES;
const LABEL_BYTES: u64 = 8;
/// The bytes of the log in one chunk.
const PART_BYTES: u64 = CHUNK_BYTES - LABEL_BYTES;

/// The error of a stable memory that cannot grow any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryExhausted;

/// A log of bytes in a stable memory; see the module.
pub struct ChunkedLog<M: Memory> {
    memory: M,
    /// The chunk of each part of the log.
    chunks: BTreeMap<u64, u64>,
    free: Vec<u64>,
}

impl<M: Memory> ChunkedLog<M> {
    /// Opens the log in a memory, which may be empty.
    pub fn open(memory: M) -> Self {
        let mut log = Self { memory, chunks: BTreeMap::new(), free: Vec::new() };
        for chunk in 0..log.memory.size().saturating_sub(1) / PAGES_PER_CHUNK {
            let mut label = [0; LABEL_BYTES as usize];
            log.memory.read(address(chunk), &mut label);
            match u64::from_le_bytes(label).checked_sub(1) {
                Some(part) => {
                    log.chunks.insert(part, chunk);
                }
                None => log.free.push(chunk),
            }
        }
        log
    }

    /// Returns bytes of the header page; zeros before the first reservation.
    pub fn header<const N: usize>(&self, offset: u64) -> [u8; N] {
        let mut bytes = [0; N];
        if self.memory.size() > 0 {
            self.memory.read(offset, &mut bytes);
        }
        bytes
    }

    /// Writes the header page, which exists from the first reservation on.
    pub fn set_header(&mut self, bytes: &[u8]) {
        self.memory.write(0, bytes);
    }

    /// Allocates chunks for the positions from `start` up to `end`, so that writing to them cannot fail.
    ///
    /// # Errors
    /// When the memory cannot grow.
    pub fn reserve(&mut self, start: u64, end: u64) -> Result<(), MemoryExhausted> {
        if self.memory.size() == 0 && self.memory.grow(1) < 0 {
            return Err(MemoryExhausted);
        }
        for part in start / PART_BYTES..end.div_ceil(PART_BYTES) {
            if self.chunks.contains_key(&part) {
                continue;
            }
            let chunk = match self.free.pop() {
                Some(chunk) => chunk,
                None => {
                    let pages = self.memory.size();
                    if self.memory.grow(PAGES_PER_CHUNK) < 0 {
                        return Err(MemoryExhausted);
                    }
                    (pages - 1) / PAGES_PER_CHUNK
                }
            };
            self.memory.write(address(chunk), &(part + 1).to_le_bytes());
            self.chunks.insert(part, chunk);
        }
        Ok(())
    }

    /// Writes bytes at a reserved position.
    ///
    /// # Panics
    /// When a position was not reserved.
    pub fn write(&mut self, position: u64, bytes: &[u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let (at, room) = self.locate(position + done as u64).expect("BUG: a log is written where nothing was reserved");
            let length = room.min(bytes.len() - done);
            self.memory.write(at, &bytes[done..done + length]);
            done += length;
        }
    }

    /// Returns `length` bytes from a position; `None` when the log does not hold them.
    pub fn read(&self, position: u64, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut done = 0;
        while done < length {
            let (at, room) = self.locate(position.checked_add(done as u64)?)?;
            let length = room.min(length - done);
            self.memory.read(at, &mut bytes[done..done + length]);
            done += length;
        }
        Some(bytes)
    }

    /// Frees every chunk that lies wholly before a position.
    pub fn trim(&mut self, before: u64) {
        let kept = self.chunks.split_off(&(before / PART_BYTES));
        for chunk in std::mem::replace(&mut self.chunks, kept).into_values() {
            self.memory.write(address(chunk), &[0; LABEL_BYTES as usize]);
            self.free.push(chunk);
        }
    }

    /// Returns the address of a position, and the number of bytes that follow it in the same chunk.
    fn locate(&self, position: u64) -> Option<(u64, usize)> {
        let chunk = self.chunks.get(&(position / PART_BYTES))?;
        let offset = position % PART_BYTES;
        Some((address(*chunk) + LABEL_BYTES + offset, (PART_BYTES - offset) as usize))
    }
}

fn address(chunk: u64) -> u64 {
    PAGE_BYTES + chunk * CHUNK_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;
    use ic_stable_structures::VectorMemory;

    fn pattern(from: u64, length: u64) -> Vec<u8> {
        (from..from + length).map(|position| (position % 251) as u8).collect()
    }

    #[test]
    fn what_was_written_reads_back_across_chunks_and_openings() {
        let memory = VectorMemory::default();
        let mut log = ChunkedLog::open(memory.clone());
        let end = 3 * PART_BYTES + 100;
        log.reserve(0, end).unwrap();
        log.write(0, &pattern(0, end));
        log.set_header(&[7; 16]);
        for log in [log, ChunkedLog::open(memory)] {
            assert_eq!(log.read(PART_BYTES - 10, 20), Some(pattern(PART_BYTES - 10, 20)));
            assert_eq!(log.read(0, end as usize), Some(pattern(0, end)));
            assert_eq!(log.read(4 * PART_BYTES - 1, 2), None, "beyond the last chunk");
            assert_eq!(log.header::<16>(0), [7; 16]);
        }
    }

    #[test]
    fn what_is_given_up_is_used_again() {
        let memory = VectorMemory::default();
        let mut log = ChunkedLog::open(memory.clone());
        let mut pages = Vec::new();
        for round in 0..10 {
            let (start, end) = (round * PART_BYTES, (round + 1) * PART_BYTES);
            log.reserve(start, end).unwrap();
            log.write(start, &pattern(start, PART_BYTES));
            // The last two parts are kept.
            log.trim(start.saturating_sub(PART_BYTES));
            pages.push(memory.size());
            let log = ChunkedLog::open(memory.clone());
            assert_eq!(log.read(start, PART_BYTES as usize), Some(pattern(start, PART_BYTES)));
            assert_eq!(log.read(start.saturating_sub(PART_BYTES), 9), Some(pattern(start.saturating_sub(PART_BYTES), 9)));
            assert_eq!(log.read(0, 1).is_some(), round < 2);
        }
        assert_eq!(pages[2..], [1 + 3 * PAGES_PER_CHUNK; 8], "three chunks are enough for two and the next");
    }

    #[test]
    fn a_memory_that_cannot_grow_says_so() {
        use ic_stable_structures::RestrictedMemory;
        let mut log = ChunkedLog::open(RestrictedMemory::new(VectorMemory::default(), 0..1 + 2 * PAGES_PER_CHUNK));
        assert_eq!(log.reserve(0, 2 * PART_BYTES), Ok(()));
        assert_eq!(log.reserve(2 * PART_BYTES, 2 * PART_BYTES + 1), Err(MemoryExhausted));
        log.trim(PART_BYTES);
        assert_eq!(log.reserve(2 * PART_BYTES, 2 * PART_BYTES + 1), Ok(()), "what was given up makes room");
    }
}
