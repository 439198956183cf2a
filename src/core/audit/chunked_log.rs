//! Bytes that are written at one end and given up at the other, in a memory that is used again.
//!
//! A log has positions that only ever grow. The memory is cut into chunks; each names in its first eight bytes the part of the log
//! it holds, so that whatever is given up is free for what is written next, and no table of chunks has to be kept.
//!
//! ```text
//! page 0: the owner's own     chunk 0: [part 7 + 1 | bytes …]     chunk 1: [0: free]     chunk 2: [part 6 + 1 | bytes …]
//! ```

use ic_stable_structures::Memory;
use std::collections::BTreeMap;

const PAGE: u64 = 65_536;
const PAGES_PER_CHUNK: u64 = 4;
const CHUNK: u64 = PAGES_PER_CHUNK * PAGE;
const LABEL: u64 = 8;
/// What a chunk holds of the log.
const PART: u64 = CHUNK - LABEL;

/// The memory cannot grow any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted;

/// See the module.
pub struct ChunkedLog<M: Memory> {
    memory: M,
    /// Where each part of the log is.
    chunks: BTreeMap<u64, u64>,
    free: Vec<u64>,
}

impl<M: Memory> ChunkedLog<M> {
    /// Opens what is in the memory.
    pub fn open(memory: M) -> Self {
        let mut log = Self { memory, chunks: BTreeMap::new(), free: Vec::new() };
        for chunk in 0..log.memory.size().saturating_sub(1) / PAGES_PER_CHUNK {
            let mut label = [0; LABEL as usize];
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

    /// Some bytes of the owner's page; zeros before anything was reserved.
    pub fn header<const N: usize>(&self, offset: u64) -> [u8; N] {
        let mut bytes = [0; N];
        if self.memory.size() > 0 {
            self.memory.read(offset, &mut bytes);
        }
        bytes
    }

    /// Writes the owner's page, which exists as soon as anything was reserved.
    pub fn set_header(&mut self, bytes: &[u8]) {
        self.memory.write(0, bytes);
    }

    /// Makes sure that the positions from `start` up to `end` can be written.
    pub fn reserve(&mut self, start: u64, end: u64) -> Result<(), Exhausted> {
        if self.memory.size() == 0 && self.memory.grow(1) < 0 {
            return Err(Exhausted);
        }
        for part in start / PART..end.div_ceil(PART) {
            if self.chunks.contains_key(&part) {
                continue;
            }
            let chunk = match self.free.pop() {
                Some(chunk) => chunk,
                None => {
                    let pages = self.memory.size();
                    if self.memory.grow(PAGES_PER_CHUNK) < 0 {
                        return Err(Exhausted);
                    }
                    (pages - 1) / PAGES_PER_CHUNK
                }
            };
            self.memory.write(address(chunk), &(part + 1).to_le_bytes());
            self.chunks.insert(part, chunk);
        }
        Ok(())
    }

    /// Writes at a position that was reserved.
    ///
    /// # Panics
    /// When it was not.
    pub fn write(&mut self, position: u64, bytes: &[u8]) {
        let mut done = 0;
        while done < bytes.len() {
            let (at, room) = self.place(position + done as u64).expect("BUG: a log is written where nothing was reserved");
            let length = room.min(bytes.len() - done);
            self.memory.write(at, &bytes[done..done + length]);
            done += length;
        }
    }

    /// Reads `length` bytes from a position; `None` when the log does not hold them.
    pub fn read(&self, position: u64, length: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; length];
        let mut done = 0;
        while done < length {
            let (at, room) = self.place(position.checked_add(done as u64)?)?;
            let length = room.min(length - done);
            self.memory.read(at, &mut bytes[done..done + length]);
            done += length;
        }
        Some(bytes)
    }

    /// Gives up whatever lies before a position, as far as whole chunks go.
    pub fn trim(&mut self, before: u64) {
        let kept = self.chunks.split_off(&(before / PART));
        for chunk in std::mem::replace(&mut self.chunks, kept).into_values() {
            self.memory.write(address(chunk), &[0; LABEL as usize]);
            self.free.push(chunk);
        }
    }

    /// Where a position is in the memory, and how many bytes follow it there.
    fn place(&self, position: u64) -> Option<(u64, usize)> {
        let chunk = self.chunks.get(&(position / PART))?;
        let offset = position % PART;
        Some((address(*chunk) + LABEL + offset, (PART - offset) as usize))
    }
}

fn address(chunk: u64) -> u64 {
    PAGE + chunk * CHUNK
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
        let end = 3 * PART + 100;
        log.reserve(0, end).unwrap();
        log.write(0, &pattern(0, end));
        log.set_header(&[7; 16]);
        for log in [log, ChunkedLog::open(memory)] {
            assert_eq!(log.read(PART - 10, 20), Some(pattern(PART - 10, 20)));
            assert_eq!(log.read(0, end as usize), Some(pattern(0, end)));
            assert_eq!(log.read(4 * PART - 1, 2), None, "beyond the last chunk");
            assert_eq!(log.header::<16>(0), [7; 16]);
        }
    }

    #[test]
    fn what_is_given_up_is_used_again() {
        let memory = VectorMemory::default();
        let mut log = ChunkedLog::open(memory.clone());
        let mut pages = Vec::new();
        for round in 0..10 {
            let (start, end) = (round * PART, (round + 1) * PART);
            log.reserve(start, end).unwrap();
            log.write(start, &pattern(start, PART));
            // The last two parts are kept.
            log.trim(start.saturating_sub(PART));
            pages.push(memory.size());
            let log = ChunkedLog::open(memory.clone());
            assert_eq!(log.read(start, PART as usize), Some(pattern(start, PART)));
            assert_eq!(log.read(start.saturating_sub(PART), 9), Some(pattern(start.saturating_sub(PART), 9)));
            assert_eq!(log.read(0, 1).is_some(), round < 2);
        }
        assert_eq!(pages[2..], [1 + 3 * PAGES_PER_CHUNK; 8], "three chunks are enough for two and the next");
    }

    #[test]
    fn a_memory_that_cannot_grow_says_so() {
        use ic_stable_structures::RestrictedMemory;
        let mut log = ChunkedLog::open(RestrictedMemory::new(VectorMemory::default(), 0..1 + 2 * PAGES_PER_CHUNK));
        assert_eq!(log.reserve(0, 2 * PART), Ok(()));
        assert_eq!(log.reserve(2 * PART, 2 * PART + 1), Err(Exhausted));
        log.trim(PART);
        assert_eq!(log.reserve(2 * PART, 2 * PART + 1), Ok(()), "what was given up makes room");
    }
}
