//! Digest of all durable records, whose cost does not depend on their number.
//!
//! The digest is a multiset hash, the AdHash of Bellare and Micciancio ("A New Paradigm for Collision-Free Hashing", 1997). Each record
//! (table, key, value) is hashed to a number of 4096 bits, and the numbers of all records are added modulo 2^4096. A changed record is
//! subtracted and added anew. The order of changes does not matter, so equal states have equal sums however they came about. The best
//! known attack is Wagner's generalised birthday (2002), which with this modulus takes about 2^128 steps and as much memory.

mod recent;
mod sum;

pub use sum::{Sum, TableId};

use crate::base::Hash;
use recent::RecentSums;
use std::cell::RefCell;
use std::rc::Rc;

/// The sum of the records of all tables, shared by the tables that keep it.
#[derive(Clone)]
pub struct MultisetHash(Rc<RefCell<Inner>>);

struct Inner {
    sum: Sum,
    /// Whether the sum has changed since it was last stored.
    is_dirty: bool,
    recent: RecentSums,
    recount: Option<Recount>,
}

/// A sum that is recomputed from the records themselves, a part at a time.
///
/// A record that changes after it was visited changes this sum too, so that at the end it must equal the sum that was kept all along.
struct Recount {
    sum: Sum,
    records: u64,
    /// The table that is being visited.
    table: TableId,
    /// The last visited key of that table.
    last: Option<Vec<u8>>,
}

/// The result of a recount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecountResult {
    /// The number of records.
    pub records: u64,
    /// Whether the recomputed sum is the one that was kept.
    pub agrees: bool,
}

impl MultisetHash {
    /// Continues from a stored sum.
    pub fn new(sum: Sum) -> Self {
        Self(Rc::new(RefCell::new(Inner { sum, is_dirty: false, recent: RecentSums::default(), recount: None })))
    }

    /// Replaces the value `old` of a record by `new`; `None` stands for no record.
    ///
    /// `is_visited` tells whether the key of the record is not greater than another key of the table: a recount in this table then has
    /// visited the record.
    pub fn change(&self, table: TableId, key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>, is_visited: &dyn Fn(&[u8]) -> bool) {
        if old == new {
            return;
        }
        let mut inner = self.0.borrow_mut();
        let inner = &mut *inner;
        inner.is_dirty = true;
        let mut recount = inner
            .recount
            .as_mut()
            .filter(|recount| table < recount.table || (table == recount.table && recount.last.as_deref().is_some_and(is_visited)));
        if let Some(old) = old.map(|old| inner.recent.take(table, key, old)) {
            inner.sum.subtract(&old);
            if let Some(recount) = &mut recount {
                recount.sum.subtract(&old);
                recount.records = recount.records.saturating_sub(1);
            }
        }
        if let Some(new) = new.map(|new| inner.recent.insert(table, key, new)) {
            inner.sum.add(&new);
            if let Some(recount) = &mut recount {
                recount.sum.add(&new);
                recount.records += 1;
            }
        }
    }

    /// Returns the last key that a recount visited in a table; `None` when it is past the table. Begins a recount when there is none.
    pub fn recount_at(&self, table: TableId) -> Option<Option<Vec<u8>>> {
        let mut inner = self.0.borrow_mut();
        let recount = inner.recount.get_or_insert_with(|| Recount { sum: Sum::empty(), records: 0, table, last: None });
        if table > recount.table {
            (recount.table, recount.last) = (table, None);
        }
        (table == recount.table).then(|| recount.last.clone())
    }

    /// Visits the next record of the table in which the recount is.
    pub fn recount(&self, table: TableId, key: &[u8], value: &[u8]) {
        if let Some(recount) = &mut self.0.borrow_mut().recount {
            recount.sum.add(&Sum::of_record(table, key, value));
            recount.records += 1;
            recount.last = Some(key.to_vec());
        }
    }

    /// Ends a recount that has visited every record.
    pub fn end_recount(&self) -> Option<RecountResult> {
        let mut inner = self.0.borrow_mut();
        let recount = inner.recount.take()?;
        Some(RecountResult { records: recount.records, agrees: recount.sum == inner.sum })
    }

    /// Returns the sum to store; `None` when it has not changed since the last call.
    pub fn take_changed(&self) -> Option<Vec<u8>> {
        let mut inner = self.0.borrow_mut();
        std::mem::take(&mut inner.is_dirty).then(|| inner.sum.to_bytes())
    }

    /// Returns one hash over `head` and the sum.
    pub fn digest(&self, head: &[u8]) -> Hash {
        self.0.borrow().sum.digest(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum is the same whether a record's number is still known when it changes or not, and however often the same bytes come back.
    #[test]
    fn what_was_written_lately_is_only_remembered() {
        let n = |n: usize| (n as u64).to_le_bytes();
        let multiset_hash = MultisetHash::new(Sum::empty());
        let records = 2 * RecentSums::LIMIT + 1;
        for key in 0..records {
            multiset_hash.change(1, &n(key), None, Some(b"first"), &|_| false);
        }
        assert_eq!(multiset_hash.0.borrow().recent.len(), RecentSums::LIMIT);
        for key in (0..records).rev() {
            multiset_hash.change(1, &n(key), Some(b"first"), Some(b"second"), &|_| false);
            multiset_hash.change(1, &n(key), Some(b"second"), Some(b"first"), &|_| false);
            multiset_hash.change(1, &n(key), Some(b"first"), Some(b"third"), &|_| false);
        }
        let expected = (0..records).fold(Sum::empty(), |mut sum, key| {
            sum.add(&Sum::of_record(1, &n(key), b"third"));
            sum
        });
        assert!(multiset_hash.0.borrow().sum == expected);
        assert!(multiset_hash.0.borrow().recent.len() <= RecentSums::LIMIT);
    }

    #[test]
    fn the_order_of_changes_does_not_matter_and_a_removed_record_leaves_nothing() {
        let (first, second) = (MultisetHash::new(Sum::empty()), MultisetHash::new(Sum::empty()));
        first.change(1, b"a", None, Some(b"1"), &|_| false);
        first.change(1, b"b", None, Some(b"2"), &|_| false);
        first.change(1, b"a", Some(b"1"), Some(b"3"), &|_| false);
        second.change(1, b"b", None, Some(b"2"), &|_| false);
        second.change(1, b"c", None, Some(b"4"), &|_| false);
        second.change(1, b"a", None, Some(b"3"), &|_| false);
        assert_ne!(first.digest(b""), second.digest(b""));
        second.change(1, b"c", Some(b"4"), None, &|_| false);
        assert_eq!(first.digest(b""), second.digest(b""));
        assert_ne!(first.digest(b""), first.digest(b"head"));
        assert!(first.take_changed().is_some() && first.take_changed().is_none());
    }
}
