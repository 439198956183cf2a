//! Stable memory: sparse 4 KiB pages outside the wasm instance, with an undo journal per message.

use std::collections::HashMap;

/// Size of a WebAssembly page, the unit in which stable memory grows.
pub const WASM_PAGE: u64 = 65_536;
/// The IC's limit on a canister's stable memory: 500 GiB.
const MAX_WASM_PAGES: u64 = 500 * 1024 * 1024 * 1024 / WASM_PAGE;
const PAGE: usize = 4096;

type Page = Box<[u8; PAGE]>;

/// A stable memory. Changes are provisional until [`StableMemory::commit`]; the cost of a message is proportional to the pages it
/// touches, not to the memory's size.
#[derive(Default)]
pub struct StableMemory {
    wasm_pages: u64,
    committed_wasm_pages: u64,
    /// Absent pages are all zero.
    pages: HashMap<u64, Page>,
    /// Content of each page changed since the last commit, as it was then.
    journal: HashMap<u64, Option<Page>>,
}

/// An access outside the memory.
#[derive(Debug)]
pub struct OutOfBounds;

impl StableMemory {
    /// A memory that holds `bytes` from its beginning, and zeros up to the next page.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let wasm_pages = (bytes.len() as u64).div_ceil(WASM_PAGE);
        let page = |part: &[u8]| {
            let mut page = Box::new([0; PAGE]);
            page[..part.len()].copy_from_slice(part);
            page
        };
        let pages = (0..).zip(bytes.chunks(PAGE).map(page)).collect();
        Self { wasm_pages, committed_wasm_pages: wasm_pages, pages, journal: HashMap::new() }
    }

    /// Size in WebAssembly pages.
    pub fn size(&self) -> u64 {
        self.wasm_pages
    }

    /// Grows by `pages`; the previous size, or `None` (and no change) if the limit would be exceeded.
    pub fn grow(&mut self, pages: u64) -> Option<u64> {
        let size = self.wasm_pages.checked_add(pages).filter(|size| *size <= MAX_WASM_PAGES)?;
        Some(std::mem::replace(&mut self.wasm_pages, size))
    }

    fn check(&self, offset: u64, len: usize) -> Result<(), OutOfBounds> {
        let end = offset.checked_add(len as u64).ok_or(OutOfBounds)?;
        if end <= self.wasm_pages * WASM_PAGE { Ok(()) } else { Err(OutOfBounds) }
    }

    /// Fills `dst` from `offset` on.
    ///
    /// # Errors
    /// The range exceeds the memory.
    pub fn read(&self, offset: u64, dst: &mut [u8]) -> Result<(), OutOfBounds> {
        self.check(offset, dst.len())?;
        for (page, from, part) in spans(offset, dst.len()) {
            let to = &mut dst[part.clone()];
            match self.pages.get(&page) {
                Some(bytes) => to.copy_from_slice(&bytes[from..from + part.len()]),
                None => to.fill(0),
            }
        }
        Ok(())
    }

    /// Writes `src` at `offset`.
    ///
    /// # Errors
    /// The range exceeds the memory.
    pub fn write(&mut self, offset: u64, src: &[u8]) -> Result<(), OutOfBounds> {
        self.check(offset, src.len())?;
        for (page, from, part) in spans(offset, src.len()) {
            let pages = &mut self.pages;
            self.journal.entry(page).or_insert_with(|| pages.get(&page).cloned());
            let bytes = pages.entry(page).or_insert_with(|| Box::new([0; PAGE]));
            bytes[from..from + part.len()].copy_from_slice(&src[part]);
        }
        Ok(())
    }

    /// Commits all changes.
    pub fn commit(&mut self) {
        self.journal.clear();
        self.committed_wasm_pages = self.wasm_pages;
    }

    /// Undoes all changes since the last commit, growth included.
    pub fn rollback(&mut self) {
        for (page, old) in self.journal.drain() {
            match old {
                Some(bytes) => self.pages.insert(page, bytes),
                None => self.pages.remove(&page),
            };
        }
        self.wasm_pages = self.committed_wasm_pages;
    }
}

/// Splits `len` bytes at `offset` at page boundaries into (page, offset in the page, range of the caller's buffer).
fn spans(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        if done == len {
            return None;
        }
        let at = offset + done as u64;
        let from = (at % PAGE as u64) as usize;
        let start = done;
        done = len.min(start + PAGE - from);
        Some((at / PAGE as u64, from, start..done))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn should_undo_writes_and_growth_on_rollback() {
        let mut memory = StableMemory::default();
        assert_eq!(memory.grow(1), Some(0));
        memory.write(4090, b"before the commit").unwrap();
        memory.commit();

        assert_eq!(memory.grow(2), Some(1));
        memory.write(4090, b"after the commit!").unwrap();
        memory.write(100_000, b"in the grown part").unwrap();
        memory.rollback();

        assert_eq!(memory.size(), 1);
        let mut bytes = [0; 17];
        memory.read(4090, &mut bytes).unwrap();
        assert_eq!(&bytes, b"before the commit");
        assert!(memory.read(100_000, &mut bytes).is_err());
        assert_eq!(memory.grow(1), Some(1));
        memory.read(100_000, &mut bytes).unwrap();
        assert_eq!(bytes, [0; 17]);
    }

    #[test]
    fn should_refuse_access_and_growth_beyond_the_limits() {
        let mut memory = StableMemory::default();
        assert_eq!(memory.grow(MAX_WASM_PAGES + 1), None);
        assert_eq!(memory.grow(1), Some(0));
        assert!(memory.write(WASM_PAGE - 1, b"xy").is_err());
        assert!(memory.read(u64::MAX, &mut [0]).is_err());
    }
}
