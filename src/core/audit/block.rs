//! Blocks of the audit log: an event with its time, its caller and the hash of the block before it.

use crate::base::codec::{CodecError, NameHashes, Value, decode_value, encode_value, from_value, to_value};
use crate::base::{Bytes, Hash, Timestamp};
use crate::event::Event;
use candid::Principal;
use std::fmt;

/// The prefix of every block type, which keeps them apart from those of other standards.
const BLOCK_TYPE_PREFIX: &str = "purser.";

/// A decoded block of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The hash of the block before; `None` for the first block.
    pub parent: Option<Hash>,
    /// The time of the block. Never earlier than that of the block before.
    pub at: Timestamp,
    /// The caller; `None` when the canister acted by itself.
    pub actor: Option<Principal>,
    /// The event.
    pub event: Event,
}

/// An error of decoding a block, as a text for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockError(pub String);

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<CodecError> for BlockError {
    fn from(error: CodecError) -> Self {
        Self(error.to_string())
    }
}

impl Block {
    /// Encodes the block as an ICRC-3 value with the entries `phash`, `btype`, `ts`, `actor` and `tx`.
    ///
    /// # Panics
    /// Never: every event is a variant with content, and no event holds a form that values lack.
    pub fn to_value(&self) -> Value {
        let event = to_value(&self.event).expect("BUG: an event that ICRC-3 cannot hold");
        let (mut name, mut payload) = variant(event);
        if name == Event::CHAIN {
            (name, payload) = variant(payload);
        }
        let mut entries = Vec::with_capacity(5);
        if let Some(parent) = &self.parent {
            entries.push(("phash".to_owned(), Value::Blob(Bytes::new(parent.0))));
        }
        entries.push(("btype".to_owned(), Value::Text(format!("{BLOCK_TYPE_PREFIX}{name}"))));
        entries.push(("ts".to_owned(), Value::Nat(self.at.nanos().into())));
        if let Some(actor) = &self.actor {
            entries.push(("actor".to_owned(), Value::Blob(Bytes::new(actor.as_slice()))));
        }
        entries.push(("tx".to_owned(), payload));
        Value::Map(entries)
    }

    /// Decodes a block from a value.
    ///
    /// # Errors
    /// When the value is no block of this log.
    pub fn from_value(value: Value) -> Result<Self, BlockError> {
        let parent = parent(&value)?;
        let at = value.get("ts").and_then(Value::as_u64).map(Timestamp::from_nanos).ok_or_else(|| missing("ts"))?;
        let actor = match value.get("actor") {
            None => None,
            Some(actor) => {
                let bytes = actor.as_blob().ok_or_else(|| missing("actor"))?;
                Some(Principal::try_from_slice(bytes).map_err(|error| BlockError(error.to_string()))?)
            }
        };
        let name = value.get("btype").and_then(Value::as_text).and_then(|text| text.strip_prefix(BLOCK_TYPE_PREFIX));
        let name = name.ok_or_else(|| missing("btype"))?.to_owned();
        let payload = value.get("tx").cloned().ok_or_else(|| missing("tx"))?;
        let is_of_chain = Event::CHAIN_NAMES.contains(&&name[..]);
        let event = Value::Map(vec![(name, payload)]);
        let event = if is_of_chain { Value::Map(vec![(Event::CHAIN.to_owned(), event)]) } else { event };
        let event = from_value(event)?;
        Ok(Self { parent, at, actor, event })
    }

    /// Encodes the block for storage, and returns its hash too.
    pub fn to_bytes(&self, names: &mut NameHashes) -> (Vec<u8>, Hash) {
        let value = self.to_value();
        (encode_value(&value), value.hash_with(names))
    }

    /// Decodes a stored block, and returns its hash too.
    ///
    /// The bytes must be exactly those that were appended: a text and a blob with the same content have the same hash, so another
    /// encoding with the same hash is refused.
    ///
    /// # Errors
    /// When the bytes are no block of this log, or another encoding than the canister writes.
    pub fn from_bytes(bytes: &[u8], names: &mut NameHashes) -> Result<(Self, Hash), BlockError> {
        let block = Self::from_value(decode_value(bytes)?)?;
        let (written, hash) = block.to_bytes(names);
        if written != bytes {
            return Err(BlockError("the block is not encoded as it was written".to_owned()));
        }
        Ok((block, hash))
    }

    /// Returns the hashes that chain a stored block to its neighbours: the parent's, and its own.
    ///
    /// Cheaper than [`Block::from_bytes`], because the event is not decoded.
    ///
    /// # Errors
    /// When the bytes are no value, another encoding than the canister writes, or name no usable parent.
    pub fn link_hashes(bytes: &[u8], names: &mut NameHashes) -> Result<(Option<Hash>, Hash), BlockError> {
        let value = decode_value(bytes)?;
        if encode_value(&value) != bytes {
            return Err(BlockError("the block is not encoded as it was written".to_owned()));
        }
        Ok((parent(&value)?, value.hash_with(names)))
    }

    /// Returns the block types that this version writes, for `icrc3_supported_block_types`.
    pub fn types() -> Vec<String> {
        let names = Event::NAMES.iter().filter(|name| **name != Event::CHAIN).chain(&Event::CHAIN_NAMES);
        names.map(|name| format!("{BLOCK_TYPE_PREFIX}{name}")).collect()
    }
}

/// Returns the name and the content of an encoded variant.
fn variant(value: Value) -> (String, Value) {
    let Value::Map(mut variant) = value else { unreachable!("BUG: an event without content") };
    variant.remove(0)
}

fn missing(field: &str) -> BlockError {
    BlockError(format!("the block has no usable {field}"))
}

fn parent(value: &Value) -> Result<Option<Hash>, BlockError> {
    let Some(hash) = value.get("phash") else { return Ok(None) };
    let hash = hash.as_blob().and_then(|bytes| bytes.try_into().ok()).map(Hash);
    hash.map(Some).ok_or_else(|| missing("phash"))
}

/// Encodes the index of a block in unsigned LEB128, as ICRC-3 certifies it.
pub fn leb128(n: u64) -> Vec<u8> {
    crate::base::codec::leb128(n.into())
}
