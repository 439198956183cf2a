//! Conversion of an ICRC-3 value into a serde type, the inverse of `ser`.

use super::{CodecError, Value};
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{self, DeserializeOwned, EnumAccess, IntoDeserializer, VariantAccess, Visitor};

/// Converts a value back into the type it was made from.
///
/// # Errors
/// When the value has another shape.
pub fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, CodecError> {
    T::deserialize(value)
}

impl<'de> IntoDeserializer<'de, CodecError> for Value {
    type Deserializer = Self;
    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> de::Deserializer<'de> for Value {
    type Error = CodecError;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self {
            Self::Nat(n) => match u64::try_from(n) {
                Ok(small) => visitor.visit_u64(small),
                Err(_) => visitor.visit_u128(n),
            },
            Self::Int(i) => match i64::try_from(i) {
                Ok(small) => visitor.visit_i64(small),
                Err(_) => visitor.visit_i128(i),
            },
            Self::Text(text) => visitor.visit_string(text),
            Self::Blob(bytes) => visitor.visit_byte_buf(bytes.into_vec()),
            Self::Array(values) => {
                let mut items = SeqDeserializer::new(values.into_iter());
                let result = visitor.visit_seq(&mut items)?;
                items.end()?;
                Ok(result)
            }
            Self::Map(entries) => {
                let mut fields = MapDeserializer::new(entries.into_iter());
                let result = visitor.visit_map(&mut fields)?;
                fields.end()?;
                Ok(result)
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self {
            Self::Nat(0) => visitor.visit_bool(false),
            Self::Nat(1) => visitor.visit_bool(true),
            _ => Err(CodecError("expected 0 or 1".into())),
        }
    }

    /// Lends the bytes instead of handing them over: a principal reads owned bytes as its Candid form, and lent bytes as they are.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        match self {
            Self::Blob(bytes) => visitor.visit_bytes(&bytes),
            _ => Err(CodecError("expected a blob".into())),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, CodecError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, CodecError> {
        match self {
            Self::Text(name) => visitor.visit_enum(EnumValue { name, content: None }),
            Self::Map(mut entries) if entries.len() == 1 => {
                let (name, content) = entries.remove(0);
                visitor.visit_enum(EnumValue { name, content: Some(content) })
            }
            _ => Err(CodecError("expected a variant: its name, or a map from its name to its content".into())),
        }
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}

struct EnumValue {
    name: String,
    content: Option<Value>,
}

impl<'de> EnumAccess<'de> for EnumValue {
    type Error = CodecError;
    type Variant = VariantContent;

    fn variant_seed<V: de::DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, VariantContent), CodecError> {
        let name = seed.deserialize(IntoDeserializer::<CodecError>::into_deserializer(self.name))?;
        Ok((name, VariantContent(self.content)))
    }
}

struct VariantContent(Option<Value>);

impl VariantContent {
    fn required(self) -> Result<Value, CodecError> {
        self.0.ok_or_else(|| CodecError("the variant has content".into()))
    }
}

impl<'de> VariantAccess<'de> for VariantContent {
    type Error = CodecError;

    fn unit_variant(self) -> Result<(), CodecError> {
        match self.0 {
            None => Ok(()),
            Some(_) => Err(CodecError("the variant has no content".into())),
        }
    }

    fn newtype_variant_seed<T: de::DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, CodecError> {
        seed.deserialize(self.required()?)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, CodecError> {
        de::Deserializer::deserialize_any(self.required()?, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, CodecError> {
        de::Deserializer::deserialize_any(self.required()?, visitor)
    }
}
