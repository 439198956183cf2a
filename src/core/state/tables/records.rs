//! Tables of encoded records.

use crate::base::codec::from_record;
use crate::state::tracked::Map;
use serde::de::DeserializeOwned;

/// A table of encoded records.
pub(in crate::state) type Records<K, M> = Map<K, Vec<u8>, M>;

/// Decodes a record of a table.
///
/// # Panics
/// When the bytes are not such a record: only a bug or corruption leaves such bytes.
pub(in crate::state) fn decode<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> T {
    from_record(bytes).unwrap_or_else(|error| panic!("BUG: table {table} holds what it should not: {error}"))
}
