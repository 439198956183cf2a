//! A digest of all durable records that costs the same however many there are.
//!
//! It is a sum. Each record (table, key, value) is hashed to a number of 4096 bits, and the numbers of all records are added modulo
//! 2^4096; a record that changes is subtracted and added anew. The order of changes does not matter, so equal states have equal sums
//! however they came about. This is AdHash (Bellare and Micciancio, "A New Paradigm for Collision-Free Hashing", 1997). The best attack
//! known is Wagner's generalised birthday (2002), which with this modulus takes about 2^128 steps and as much memory.

use crate::base::Hash;
use sha2::{Digest, Sha256};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// The sum's size in bytes.
pub const SUM_BYTES: usize = 512;
const WORDS: usize = SUM_BYTES / 8;
/// The bytes that one call of the hash function gives.
const BLOCK_BYTES: usize = 64;
/// Separates these hashes from every other use of BLAKE2b.
const PERSONAL: &[u8] = b"purser-records-1";

/// Which table a record is in: its memory id.
pub type TableId = u8;

/// The sum of all records: a number of 4096 bits, its lowest word first.
#[derive(Clone, PartialEq, Eq)]
pub struct Sum([u64; WORDS]);

impl Sum {
    /// Of no records.
    pub const fn empty() -> Self {
        Self([0; WORDS])
    }

    /// Reads what [`Sum::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut words = [0; WORDS];
        if bytes.len() != SUM_BYTES {
            return None;
        }
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        Some(Self(words))
    }

    /// The stored form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; SUM_BYTES];
        for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0) {
            *bytes = word.to_le_bytes();
        }
        bytes
    }

    /// Takes a record in.
    pub fn add(&mut self, record: &Sum) {
        let mut carry = false;
        for (word, other) in self.0.iter_mut().zip(record.0) {
            let (sum, first) = word.overflowing_add(other);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*word, carry) = (sum, first || second);
        }
    }

    /// Takes a record out.
    pub fn subtract(&mut self, record: &Sum) {
        let mut borrow = false;
        for (word, other) in self.0.iter_mut().zip(record.0) {
            let (difference, first) = word.overflowing_sub(other);
            let (difference, second) = difference.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (difference, first || second);
        }
    }

    /// The sum of one record.
    pub fn of_record(table: TableId, key: &[u8], value: &[u8]) -> Self {
        Self::expand(&seed(table, key, value))
    }

    fn expand(seed: &Seed) -> Self {
        let params = params();
        let mut seeded = [0; BLOCK_BYTES + 1];
        seeded[..BLOCK_BYTES].copy_from_slice(seed);
        let mut bytes = [0; SUM_BYTES];
        for (counter, block) in (0u8..).zip(bytes.as_chunks_mut::<BLOCK_BYTES>().0) {
            seeded[BLOCK_BYTES] = counter;
            block.copy_from_slice(params.hash(&seeded).as_bytes());
        }
        Self::from_bytes(&bytes).unwrap_or_else(Self::empty)
    }

    /// One hash over `head` and the sum.
    pub fn digest(&self, head: &[u8]) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(b"\x0epurser:state:2");
        hasher.update((head.len() as u64).to_be_bytes());
        hasher.update(head);
        hasher.update(self.to_bytes());
        Hash(hasher.finalize().into())
    }
}

type Seed = [u8; BLOCK_BYTES];

fn params() -> blake2b_simd::Params {
    let mut params = blake2b_simd::Params::new();
    params.hash_length(BLOCK_BYTES).personal(PERSONAL);
    params
}

/// What a record's number is expanded from: a hash of all of it.
fn seed(table: TableId, key: &[u8], value: &[u8]) -> Seed {
    let hash = params().hash(&[&[table], &(key.len() as u64).to_le_bytes()[..], key, value].concat());
    *hash.as_array()
}

/// The numbers of records that were written lately, by what they are expanded from: what was just written is what changes next, and
/// taking it out then costs one hash instead of nine. Only saves work; an upgrade forgets it.
#[derive(Default)]
struct Recent {
    sums: BTreeMap<Seed, Sum>,
    /// The same in the order of their writing, those that were taken out since included.
    written: VecDeque<Seed>,
}

impl Recent {
    /// 330 kB at most. One transfer writes about 60 records from its request to its end.
    const LIMIT: usize = 512;

    fn write(&mut self, seed: Seed) -> Sum {
        let sum = Sum::expand(&seed);
        if self.written.len() == Self::LIMIT {
            let oldest = self.written.pop_front();
            oldest.map(|oldest| self.sums.remove(&oldest));
        }
        self.written.push_back(seed);
        self.sums.insert(seed, sum.clone());
        sum
    }

    fn take_out(&mut self, seed: &Seed) -> Sum {
        self.sums.remove(seed).unwrap_or_else(|| Sum::expand(seed))
    }
}

/// The sum of the records of all tables, shared by the tables that keep it.
#[derive(Clone)]
pub struct MultisetHash(Rc<RefCell<Inner>>);

struct Inner {
    sum: Sum,
    is_dirty: bool,
    recent: Recent,
    recount: Option<Recount>,
}

/// A sum that is being made anew from the records themselves, a part at a time. Records that change after they were visited change
/// this sum too, so that at the end it must equal the one that was kept all along.
struct Recount {
    sum: Sum,
    records: u64,
    /// The table that is being visited, and the last key that was.
    table: TableId,
    last: Option<Vec<u8>>,
}

/// What a recount found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recounted {
    /// How many records there are.
    pub records: u64,
    /// Whether they are those that the digest is of.
    pub agrees: bool,
}

impl MultisetHash {
    /// Goes on from a stored sum.
    pub fn new(sum: Sum) -> Self {
        Self(Rc::new(RefCell::new(Inner { sum, is_dirty: false, recent: Recent::default(), recount: None })))
    }

    /// A record changed from `old` to `new`; `None` where there is none. `is_before` says whether its key stands before or at another.
    pub fn change(&self, table: TableId, key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>, is_before: &dyn Fn(&[u8]) -> bool) {
        if old == new {
            return;
        }
        let mut inner = self.0.borrow_mut();
        let inner = &mut *inner;
        inner.is_dirty = true;
        let mut recount = inner
            .recount
            .as_mut()
            .filter(|recount| table < recount.table || (table == recount.table && recount.last.as_deref().is_some_and(is_before)));
        if let Some(old) = old.map(|old| inner.recent.take_out(&seed(table, key, old))) {
            inner.sum.subtract(&old);
            if let Some(recount) = &mut recount {
                recount.sum.subtract(&old);
                recount.records = recount.records.saturating_sub(1);
            }
        }
        if let Some(new) = new.map(|new| inner.recent.write(seed(table, key, new))) {
            inner.sum.add(&new);
            if let Some(recount) = &mut recount {
                recount.sum.add(&new);
                recount.records += 1;
            }
        }
    }

    /// Where a recount stands in a table: `None` when it is past it, else the last key it visited there. Begins one when there is none.
    pub fn recount_at(&self, table: TableId) -> Option<Option<Vec<u8>>> {
        let mut inner = self.0.borrow_mut();
        let recount = inner.recount.get_or_insert_with(|| Recount { sum: Sum::empty(), records: 0, table, last: None });
        if table > recount.table {
            (recount.table, recount.last) = (table, None);
        }
        (table == recount.table).then(|| recount.last.clone())
    }

    /// A recount visits the next record of the table it stands in.
    pub fn recount(&self, table: TableId, key: &[u8], value: &[u8]) {
        if let Some(recount) = &mut self.0.borrow_mut().recount {
            recount.sum.add(&Sum::of_record(table, key, value));
            recount.records += 1;
            recount.last = Some(key.to_vec());
        }
    }

    /// Ends a recount that has visited everything.
    pub fn end_recount(&self) -> Option<Recounted> {
        let mut inner = self.0.borrow_mut();
        let recount = inner.recount.take()?;
        Some(Recounted { records: recount.records, agrees: recount.sum == inner.sum })
    }

    /// The sum to store, when it changed since this was last asked.
    pub fn take_changed(&self) -> Option<Vec<u8>> {
        let mut inner = self.0.borrow_mut();
        std::mem::take(&mut inner.is_dirty).then(|| inner.sum.to_bytes())
    }

    /// One hash over `head` and the sum.
    pub fn digest(&self, head: &[u8]) -> Hash {
        self.0.borrow().sum.digest(head)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: u8) -> Sum {
        Sum::of_record(1, &[n], &[n, n])
    }

    #[test]
    fn sums_are_numbers_modulo_two_to_the_4096th() {
        let (a, b) = (record(1), record(2));
        let mut sum = a.clone();
        sum.add(&b);
        assert_eq!(hex::encode(Sha256::digest(sum.to_bytes())), PYTHON_SUM);
        sum.subtract(&a);
        assert!(sum == b);
        // All ones is minus one: carries and borrows go through every word, and past the last.
        let (minus_one, mut one) = (Sum([u64::MAX; WORDS]), Sum::empty());
        one.0[0] = 1;
        let mut sum = minus_one.clone();
        sum.add(&one);
        assert!(sum == Sum::empty());
        sum.subtract(&one);
        assert!(sum == minus_one);
    }

    /// Frozen: another expansion would make every earlier checkpoint incomparable. From Python's hashlib.blake2b with the same
    /// parameters: `H(b"\x01" + (1).to_bytes(8, "little") + b"k" + b"v")`, then `H(that + bytes([i]))` for i = 0 and 7.
    /// The sum above is of `int.from_bytes` of two such records, modulo `2**4096`, under SHA-256.
    #[test]
    fn a_record_is_expanded_as_in_the_first_version() {
        let bytes = Sum::of_record(1, b"k", b"v").to_bytes();
        assert_eq!(hex::encode(&bytes[..64]), PYTHON_FIRST);
        assert_eq!(hex::encode(&bytes[SUM_BYTES - 64..]), PYTHON_LAST);
    }

    const PYTHON_FIRST: &str = "19c1d72d9bc811c6fa73fbf69e4cf88246556ab8c9fd33479dfe1ef45553e7d800c127872a416fd8b6acd8adb7fd388f1c2b284a586b9b0d45b987cf17f57ffd";
    const PYTHON_LAST: &str = "1120fdbb9a08fe9e8026b67d5f4da8765423253aec40bf296abb398191e124456b02a30469e6dd91a8700fce715086b19d942a40d5cfacd519e12c78b008f0bf";
    const PYTHON_SUM: &str = "cdb3d101ba5ff5105c24a2f025a2c3849d6a305a4208cea34e24f8d238981631";

    #[test]
    fn table_key_and_value_are_told_apart() {
        let sums = [Sum::of_record(1, b"ab", b"c"), Sum::of_record(1, b"a", b"bc"), Sum::of_record(2, b"ab", b"c")];
        assert!(sums[0] != sums[1] && sums[0] != sums[2] && sums[1] != sums[2]);
    }

    /// The sum is the same whether a record's number is still known when it changes or not, and however often the same bytes come back.
    #[test]
    fn what_was_written_lately_is_only_remembered() {
        let n = |n: usize| (n as u64).to_le_bytes();
        let multiset_hash = MultisetHash::new(Sum::empty());
        let records = 2 * Recent::LIMIT + 1;
        for key in 0..records {
            multiset_hash.change(1, &n(key), None, Some(b"first"), &|_| false);
        }
        assert_eq!(multiset_hash.0.borrow().recent.sums.len(), Recent::LIMIT);
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
        assert!(multiset_hash.0.borrow().recent.sums.len() <= Recent::LIMIT);
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
