//! The two encodings of the domain.
//!
//! * [`Value`]: the ICRC-3 value every log entry is made of; any serde type converts to it and back by [`to_value`] and
//!   [`from_value`], so an event has one definition and stays readable for people and for other people's tools.
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

/// Why something could not be encoded or decoded.
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
