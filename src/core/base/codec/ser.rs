//! Conversion of a serde type into an ICRC-3 value.
//!
//! Structs and maps become `Map`, sequences `Array`, unsigned numbers and booleans `Nat`, signed numbers `Int`, bytes `Blob`. An absent
//! option is left out. An enum variant is its name, or a map from its name to its content.

use super::{CodecError, Value};
use crate::base::Bytes;
use serde::ser::{self, Serialize};

/// Converts a serde type into a value.
///
/// # Errors
/// When the type holds a form that ICRC-3 values lack: floating point numbers, options inside sequences, maps whose keys are not text.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, CodecError> {
    value.serialize(ValueSerializer)?.ok_or_else(|| CodecError("an absent option has no value of its own".into()))
}

/// The serializer. Its result `None` stands for an absent option, which the enclosing struct leaves out.
struct ValueSerializer;

type Serialized = Result<Option<Value>, CodecError>;

fn unsupported<T>(what: &str) -> Result<T, CodecError> {
    Err(CodecError(format!("ICRC-3 values cannot hold {what}")))
}

macro_rules! number {
    ($($method:ident: $from:ty => $variant:ident),*) => {
        $(fn $method(self, v: $from) -> Serialized {
            Ok(Some(Value::$variant(v.into())))
        })*
    };
}

impl ser::Serializer for ValueSerializer {
    type Ok = Option<Value>;
    type Error = CodecError;
    type SerializeSeq = SequenceBuilder;
    type SerializeTuple = SequenceBuilder;
    type SerializeTupleStruct = SequenceBuilder;
    type SerializeTupleVariant = ser::Impossible<Option<Value>, CodecError>;
    type SerializeMap = MapBuilder;
    type SerializeStruct = MapBuilder;
    type SerializeStructVariant = MapBuilder;

    number!(serialize_bool: bool => Nat, serialize_u8: u8 => Nat, serialize_u16: u16 => Nat, serialize_u32: u32 => Nat,
        serialize_u64: u64 => Nat, serialize_u128: u128 => Nat, serialize_i8: i8 => Int, serialize_i16: i16 => Int,
        serialize_i32: i32 => Int, serialize_i64: i64 => Int, serialize_i128: i128 => Int);

    fn is_human_readable(&self) -> bool {
        false
    }
    fn serialize_f32(self, _: f32) -> Serialized {
        unsupported("floating point numbers")
    }
    fn serialize_f64(self, _: f64) -> Serialized {
        unsupported("floating point numbers")
    }
    fn serialize_char(self, v: char) -> Serialized {
        Ok(Some(Value::Text(v.into())))
    }
    fn serialize_str(self, v: &str) -> Serialized {
        Ok(Some(Value::Text(v.into())))
    }
    fn serialize_bytes(self, v: &[u8]) -> Serialized {
        Ok(Some(Value::Blob(Bytes::new(v))))
    }
    fn serialize_none(self) -> Serialized {
        Ok(None)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Serialized {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Serialized {
        unsupported("the unit value")
    }
    fn serialize_unit_struct(self, _: &'static str) -> Serialized {
        unsupported("the unit value")
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Serialized {
        Ok(Some(Value::Text(variant.into())))
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Serialized {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Serialized {
        Ok(Some(Value::Map(vec![(variant.into(), to_value(value)?)])))
    }
    fn serialize_seq(self, len: Option<usize>) -> Result<SequenceBuilder, CodecError> {
        Ok(SequenceBuilder(Vec::with_capacity(len.unwrap_or_default())))
    }
    fn serialize_tuple(self, len: usize) -> Result<SequenceBuilder, CodecError> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<SequenceBuilder, CodecError> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, CodecError> {
        unsupported("tuple variants; name the fields")
    }
    fn serialize_map(self, len: Option<usize>) -> Result<MapBuilder, CodecError> {
        Ok(MapBuilder { variant: None, key: None, entries: Vec::with_capacity(len.unwrap_or_default()) })
    }
    fn serialize_struct(self, _: &'static str, len: usize) -> Result<MapBuilder, CodecError> {
        self.serialize_map(Some(len))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<MapBuilder, CodecError> {
        Ok(MapBuilder { variant: Some(variant), key: None, entries: Vec::with_capacity(len) })
    }
}

/// A sequence that is being built.
struct SequenceBuilder(Vec<Value>);

impl SequenceBuilder {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        self.0.push(to_value(value)?);
        Ok(())
    }
}

impl ser::SerializeSeq for SequenceBuilder {
    type Ok = Option<Value>;
    type Error = CodecError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        self.push(value)
    }
    fn end(self) -> Serialized {
        Ok(Some(Value::Array(self.0)))
    }
}

impl ser::SerializeTuple for SequenceBuilder {
    type Ok = Option<Value>;
    type Error = CodecError;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        self.push(value)
    }
    fn end(self) -> Serialized {
        Ok(Some(Value::Array(self.0)))
    }
}

impl ser::SerializeTupleStruct for SequenceBuilder {
    type Ok = Option<Value>;
    type Error = CodecError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        self.push(value)
    }
    fn end(self) -> Serialized {
        Ok(Some(Value::Array(self.0)))
    }
}

/// A map that is being built; the map of an enum variant is wrapped in the variant's name at its end.
struct MapBuilder {
    variant: Option<&'static str>,
    key: Option<String>,
    entries: Vec<(String, Value)>,
}

impl MapBuilder {
    fn push<T: Serialize + ?Sized>(&mut self, key: String, value: &T) -> Result<(), CodecError> {
        if let Some(value) = value.serialize(ValueSerializer)? {
            self.entries.push((key, value));
        }
        Ok(())
    }

    fn finish(self) -> Serialized {
        let map = Value::Map(self.entries);
        Ok(Some(match self.variant {
            Some(variant) => Value::Map(vec![(variant.into(), map)]),
            None => map,
        }))
    }
}

impl ser::SerializeMap for MapBuilder {
    type Ok = Option<Value>;
    type Error = CodecError;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CodecError> {
        match to_value(key)? {
            Value::Text(text) => self.key = Some(text),
            _ => return unsupported("maps whose keys are not text"),
        }
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CodecError> {
        let key = self.key.take().ok_or_else(|| CodecError("a value came before its key".into()))?;
        self.push(key, value)
    }
    fn end(self) -> Serialized {
        self.finish()
    }
}

impl ser::SerializeStruct for MapBuilder {
    type Ok = Option<Value>;
    type Error = CodecError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), CodecError> {
        self.push(key.into(), value)
    }
    fn end(self) -> Serialized {
        self.finish()
    }
}

impl ser::SerializeStructVariant for MapBuilder {
    type Ok = Option<Value>;
    type Error = CodecError;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), CodecError> {
        self.push(key.into(), value)
    }
    fn end(self) -> Serialized {
        self.finish()
    }
}
