//! The ICRC-3 value and its representation-independent hash.

use crate::base::{Bytes, Hash};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A value as ICRC-3 defines it.
///
/// Maps keep the order of their entries. The hash of a value does not depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// A natural number.
    Nat(u128),
    /// An integer.
    Int(i128),
    /// A text.
    Text(String),
    /// A byte string.
    Blob(Bytes),
    /// A sequence.
    Array(Vec<Value>),
    /// Values by name.
    Map(Vec<(String, Value)>),
}

impl Value {
    /// Returns the entry `key` of a map; `None` when it is absent or the value is no map.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }

    /// Returns the text; `None` for another kind of value.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the natural number; `None` when it exceeds 64 bits, or for another kind of value.
    pub fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Nat(n) => u64::try_from(*n).ok(),
            _ => None,
        }
    }

    /// Returns the bytes; `None` for another kind of value.
    pub fn as_blob(&self) -> Option<&[u8]> {
        match self {
            Self::Blob(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Returns the representation-independent hash of ICRC-3.
    pub fn hash(&self) -> Hash {
        self.hash_with(&mut NameHashes::default())
    }

    /// Returns the representation-independent hash, with the hashes of map keys from a cache.
    ///
    /// The blocks of a log have few different keys, and hashing them anew for every block takes a third of the work.
    pub fn hash_with(&self, names: &mut NameHashes) -> Hash {
        let mut hasher = Sha256::new();
        match self {
            Self::Nat(n) => hasher.update(leb128(*n)),
            Self::Int(i) => hasher.update(sleb128(*i)),
            Self::Text(text) => hasher.update(text.as_bytes()),
            Self::Blob(bytes) => hasher.update(&bytes[..]),
            Self::Array(values) => values.iter().for_each(|value| hasher.update(value.hash_with(names).0)),
            Self::Map(entries) => {
                let mut pairs: Vec<([u8; 32], [u8; 32])> =
                    entries.iter().map(|(name, value)| (names.hash(name), value.hash_with(names).0)).collect();
                pairs.sort_unstable();
                for (key, value) in pairs {
                    hasher.update(key);
                    hasher.update(value);
                }
            }
        }
        Hash(hasher.finalize().into())
    }
}

/// A cache of the hashes of map keys.
///
/// Only for values with a bounded number of different keys, because the cache never drops one.
#[derive(Clone, Debug, Default)]
pub struct NameHashes(BTreeMap<String, [u8; 32]>);

impl NameHashes {
    fn hash(&mut self, name: &str) -> [u8; 32] {
        if let Some(hash) = self.0.get(name) {
            return *hash;
        }
        let hash = Sha256::digest(name.as_bytes()).into();
        self.0.insert(name.to_owned(), hash);
        hash
    }
}

/// Encodes a number in unsigned LEB128, as ICRC-3 hashes naturals and certifies the index of the last block.
pub(crate) fn leb128(mut n: u128) -> Vec<u8> {
    let mut out = Vec::with_capacity(10);
    loop {
        let byte = (n & 0x7f) as u8;
        n >>= 7;
        if n == 0 {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}

/// Encodes a number in signed LEB128, as ICRC-3 hashes integers.
fn sleb128(mut n: i128) -> Vec<u8> {
    let mut out = Vec::with_capacity(10);
    loop {
        let byte = (n & 0x7f) as u8;
        n >>= 7;
        let sign_bit = byte & 0x40 != 0;
        if (n == 0 && !sign_bit) || (n == -1 && sign_bit) {
            out.push(byte);
            return out;
        }
        out.push(byte | 0x80);
    }
}
