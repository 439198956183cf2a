//! Stored encoding of a value: CBOR with definite lengths and map entries in the order given.
//!
//! Stored bytes stay as they were appended, so this encoding may gain forms but never lose one.

use super::{CodecError, Value};
use crate::base::Bytes;
use minicbor::data::{Tag, Type};
use minicbor::{Decoder, Encoder};

/// The deepest nesting of a value. Deeper input is refused before it can exhaust the stack.
const MAX_DEPTH: usize = 64;
const TAG_POSITIVE_BIGNUM: u64 = 2;
/// The private-use tag of a [`Value::Int`], since CBOR cannot tell 1 from +1.
const TAG_INT: u64 = 80_001;

/// Encodes a value for storage.
pub fn encode_value(value: &Value) -> Vec<u8> {
    let mut encoder = Encoder::new(Vec::with_capacity(256));
    write(&mut encoder, value);
    encoder.into_writer()
}

fn write(e: &mut Encoder<Vec<u8>>, value: &Value) {
    // A `Vec` writer cannot fail; its error type is `Infallible`.
    let written: Result<(), minicbor::encode::Error<core::convert::Infallible>> = (|| {
        match value {
            Value::Nat(n) => match u64::try_from(*n) {
                Ok(small) => e.u64(small)?,
                Err(_) => e.tag(Tag::new(TAG_POSITIVE_BIGNUM))?.bytes(&n.to_be_bytes())?,
            },
            Value::Int(i) => e.tag(Tag::new(TAG_INT))?.bytes(&i.to_be_bytes())?,
            Value::Text(text) => e.str(text)?,
            Value::Blob(bytes) => e.bytes(bytes)?,
            Value::Array(values) => {
                e.array(values.len() as u64)?;
                values.iter().for_each(|value| write(e, value));
                e
            }
            Value::Map(entries) => {
                e.map(entries.len() as u64)?;
                for (key, value) in entries {
                    e.str(key)?;
                    write(e, value);
                }
                e
            }
        };
        Ok(())
    })();
    debug_assert!(written.is_ok(), "writing to memory cannot fail");
}

/// Decodes a stored value.
///
/// # Errors
/// When the bytes are not exactly one value of this encoding.
pub fn decode_value(bytes: &[u8]) -> Result<Value, CodecError> {
    let mut decoder = Decoder::new(bytes);
    let value = read(&mut decoder, MAX_DEPTH)?;
    if decoder.position() != bytes.len() {
        return Err(CodecError("bytes follow the value".into()));
    }
    Ok(value)
}

fn malformed(error: impl std::fmt::Display) -> CodecError {
    CodecError(format!("not a stored value: {error}"))
}

fn read(d: &mut Decoder<'_>, depth: usize) -> Result<Value, CodecError> {
    let deeper = depth.checked_sub(1).ok_or_else(|| malformed("nested too deeply"))?;
    Ok(match d.datatype().map_err(malformed)? {
        Type::U8 | Type::U16 | Type::U32 | Type::U64 => Value::Nat(d.u64().map_err(malformed)?.into()),
        Type::String => Value::Text(d.str().map_err(malformed)?.to_owned()),
        Type::Bytes => Value::Blob(Bytes::new(d.bytes().map_err(malformed)?)),
        Type::Tag => {
            let tag = d.tag().map_err(malformed)?.as_u64();
            let bytes = <[u8; 16]>::try_from(d.bytes().map_err(malformed)?).map_err(|_| malformed("a number of another width"))?;
            match tag {
                TAG_POSITIVE_BIGNUM => Value::Nat(u128::from_be_bytes(bytes)),
                TAG_INT => Value::Int(i128::from_be_bytes(bytes)),
                other => return Err(malformed(format!("unknown tag {other}"))),
            }
        }
        Type::Array => {
            let len = d.array().map_err(malformed)?.ok_or_else(|| malformed("indefinite length"))?;
            let mut values = Vec::new();
            for _ in 0..len {
                values.push(read(d, deeper)?);
            }
            Value::Array(values)
        }
        Type::Map => {
            let len = d.map().map_err(malformed)?.ok_or_else(|| malformed("indefinite length"))?;
            let mut entries = Vec::new();
            for _ in 0..len {
                let key = d.str().map_err(malformed)?.to_owned();
                entries.push((key, read(d, deeper)?));
            }
            Value::Map(entries)
        }
        other => return Err(malformed(format!("unexpected {other}"))),
    })
}
