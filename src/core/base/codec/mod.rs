//! Encodings of the domain: ICRC-3 values for the log, and versioned CBOR for stored records.
//!
//! * [`Value`]: the ICRC-3 value that every block of the log is made of. [`to_value`] and [`from_value`] convert any serde type, so an
//!   event has one definition, and foreign tools can read it.
//! * [`to_record`] and [`from_record`]: versioned CBOR for stored records, cheaper to write and to read than a value.

mod cbor;
mod de;
mod record;
mod ser;
mod value;

pub use cbor::{decode_value, encode_value};
pub use de::from_value;
pub use record::{RecordError, from_record, to_record};
pub use ser::to_value;
pub(crate) use value::leb128;
pub use value::{NameHashes, Value};

use std::fmt;

/// An error of encoding or decoding, as a text for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError(pub(crate) String);

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CodecError {}

impl serde::ser::Error for CodecError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for CodecError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[cfg(test)]
mod tests;
