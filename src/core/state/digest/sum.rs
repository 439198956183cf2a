//! Sums of records: numbers of 4096 bits.

use crate::base::Hash;
use sha2::{Digest, Sha256};

/// The size of a sum, in bytes.
pub const SUM_BYTES: usize = 512;
const WORDS: usize = SUM_BYTES / 8;
/// The bytes of one hash.
const BLOCK_BYTES: usize = 64;
/// The personalisation that separates these hashes from every other use of BLAKE2b.
const PERSONAL: &[u8] = b"purser-records-1";

/// The identifier of a table: its memory id.
pub type TableId = u8;

/// The hash of a record, from which its number is expanded.
pub(super) type Seed = [u8; BLOCK_BYTES];

/// A number of 4096 bits, its lowest word first: the number of one record, or the sum of many.
#[derive(Clone, PartialEq, Eq)]
pub struct Sum([u64; WORDS]);

impl Sum {
    /// Returns the sum of no records.
    pub const fn empty() -> Self {
        Self([0; WORDS])
    }

    /// Decodes a stored sum; `None` when the length is wrong.
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

    /// Encodes the sum for storage.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![0; SUM_BYTES];
        for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0) {
            *bytes = word.to_le_bytes();
        }
        bytes
    }

    /// Adds a number, modulo 2^4096.
    pub fn add(&mut self, record: &Sum) {
        let mut carry = false;
        for (word, other) in self.0.iter_mut().zip(record.0) {
            let (sum, first) = word.overflowing_add(other);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*word, carry) = (sum, first || second);
        }
    }

    /// Subtracts a number, modulo 2^4096.
    pub fn subtract(&mut self, record: &Sum) {
        let mut borrow = false;
        for (word, other) in self.0.iter_mut().zip(record.0) {
            let (difference, first) = word.overflowing_sub(other);
            let (difference, second) = difference.overflowing_sub(u64::from(borrow));
            (*word, borrow) = (difference, first || second);
        }
    }

    /// Returns the number of one record.
    pub fn of_record(table: TableId, key: &[u8], value: &[u8]) -> Self {
        Self::expand(&seed(table, key, value))
    }

    /// Expands a seed to a number: the hashes of the seed with the counters 0 to 7, one after the other.
    pub(super) fn expand(seed: &Seed) -> Self {
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

    /// Returns one hash over `head` and the sum.
    pub fn digest(&self, head: &[u8]) -> Hash {
        let mut hasher = Sha256::new();
        hasher.update(b"\x0epurser:state:2");
        hasher.update((head.len() as u64).to_be_bytes());
        hasher.update(head);
        hasher.update(self.to_bytes());
        Hash(hasher.finalize().into())
    }
}

fn params() -> blake2b_simd::Params {
    let mut params = blake2b_simd::Params::new();
    params.hash_length(BLOCK_BYTES).personal(PERSONAL);
    params
}

/// Returns the hash of a record. The length of the key separates it from the value.
pub(super) fn seed(table: TableId, key: &[u8], value: &[u8]) -> Seed {
    let hash = params().hash(&[&[table], &(key.len() as u64).to_le_bytes()[..], key, value].concat());
    *hash.as_array()
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
}
