//! Stored records: one version byte, then CBOR with named fields. A later layout gets a new version byte and a reader for the old one.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// The version byte of the only layout so far.
const LAYOUT: u8 = 1;

/// An error of decoding a record. Always a bug or corruption, never user input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordError(String);

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RecordError {}

/// Encodes a record for storage.
///
/// # Panics
/// Never for the domain's types: writing to memory cannot fail and every field type is one that CBOR has.
pub fn to_record<T: Serialize>(record: &T) -> Vec<u8> {
    let mut serializer = minicbor_serde::Serializer::new(vec![LAYOUT]);
    record.serialize(&mut serializer).expect("BUG: a domain type that CBOR cannot hold");
    serializer.into_encoder().into_writer()
}

/// Decodes a stored record.
///
/// # Errors
/// When the bytes have another layout or are not a `T`.
pub fn from_record<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RecordError> {
    match bytes.split_first() {
        Some((&LAYOUT, body)) => minicbor_serde::from_slice(body).map_err(|error| RecordError(error.to_string())),
        Some((layout, _)) => Err(RecordError(format!("unknown record layout {layout}"))),
        None => Err(RecordError("empty record".into())),
    }
}
