//! Tables of records, and how a record is read.

use crate::base::codec::from_record;
use crate::state::tracked::Map;
use serde::de::DeserializeOwned;

pub(in crate::state) type Records<K, M> = Map<K, Vec<u8>, M>;

pub(in crate::state) fn decode<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> T {
    from_record(bytes).unwrap_or_else(|error| panic!("BUG: table {table} holds what it should not: {error}"))
}
