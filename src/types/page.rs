//! Pages of lists: one style for every list of the interface.

use candid::CandidType;
use candid::ser::ValueSerializer;
use serde::{Deserialize, Serialize};

/// The number of entries on a page when the call names none.
pub const DEFAULT_PAGE: usize = 100;
/// The most entries on a page.
pub const MAX_PAGE: usize = 1_000;
/// The most bytes of entries on a page: 1.5 MiB. A reply may have 2 MB.
pub const MAX_PAGE_BYTES: usize = 3 << 19;

/// A part of a list, and the place where the list continues.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Page<T, K> {
    /// The entries, in the order of the list.
    pub items: Vec<T>,
    /// The `cursor` of the next page; absent at the end of the list.
    pub next: Option<K>,
}

impl<T: CandidType, K> Page<T, K> {
    /// Fills a page with up to `limit` entries, each with its key in the list.
    ///
    /// The page is shorter when its entries would take more than [`MAX_PAGE_BYTES`], and holds at least one entry of a list with entries.
    /// No more than one entry beyond the page is read.
    pub fn fill(limit: usize, entries: impl IntoIterator<Item = (K, T)>) -> Self {
        let (mut items, mut last, mut bytes) = (Vec::new(), None, 0);
        for (key, item) in entries {
            bytes += encoded_len(&item);
            if !items.is_empty() && (items.len() >= limit || bytes > MAX_PAGE_BYTES) {
                return Self { items, next: last };
            }
            items.push(item);
            last = Some(key);
        }
        Self { items, next: None }
    }
}

/// Returns the number of entries on a page for a call's `limit`.
///
/// It is 1 to [`MAX_PAGE`], and [`DEFAULT_PAGE`] when the limit is absent.
pub fn page_size(limit: Option<u32>) -> usize {
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(DEFAULT_PAGE).clamp(1, MAX_PAGE)
}

/// Returns the bytes of a value in Candid, without its type.
fn encoded_len<T: CandidType>(value: &T) -> usize {
    let mut serializer = ValueSerializer::new();
    match value.idl_serialize(&mut serializer) {
        Ok(()) => serializer.get_result().len(),
        // Only a value without an encoding gets here, and the reply would fail with it.
        Err(_) => MAX_PAGE_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_between_one_and_a_thousand_entries() {
        assert_eq!([None, Some(0), Some(7), Some(u32::MAX)].map(page_size), [100, 1, 7, 1_000]);
    }

    #[test]
    fn pages_follow_each_other_without_gap_or_repetition() {
        let list =
            |cursor: Option<u64>| (0..5u64).filter(move |key| cursor.is_none_or(|cursor| *key > cursor)).map(|key| (key, key));
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let page = Page::fill(2, list(cursor));
            assert!((1..=2).contains(&page.items.len()));
            seen.extend(page.items);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, [0, 1, 2, 3, 4]);
        assert_eq!(Page::fill(5, list(None)).next, None, "the list ends with the page");
        assert_eq!(Page::<u64, u64>::fill(5, []), Page { items: vec![], next: None });
    }

    #[test]
    fn a_page_ends_before_its_bytes_exceed_a_reply() {
        let entry = |key: u64| (key, "x".repeat(MAX_PAGE_BYTES / 2 - 8));
        let page = Page::fill(9, (0..4).map(entry));
        assert_eq!((page.items.len(), page.next), (2, Some(1)));
        let large = Page::fill(9, [(0u64, "x".repeat(MAX_PAGE_BYTES + 1)), (1, String::new())]);
        assert_eq!((large.items.len(), large.next), (1, Some(0)), "an entry that is too long alone is shown all the same");
    }

    #[test]
    fn no_entry_beyond_the_page_and_one_is_read() {
        let read = std::cell::Cell::new(0);
        let page = Page::fill(3, (0..100u64).inspect(|_| read.set(read.get() + 1)).map(|key| (key, key)));
        assert_eq!((page.next, read.get()), (Some(2), 4));
    }
}
