//! Parameters of a call: positions first, then a configuration object that most methods share.

use std::fmt::Debug;
use std::ops::Range;
use std::str::FromStr;

use serde_json::Value;

use super::chain::{Block, Chain, Commitment};
use super::error::RpcError;
use super::view::View;

/// The positional parameters of a call.
pub struct Params<'a> {
    values: &'a [Value],
}

impl<'a> Params<'a> {
    /// The parameters of a call.
    pub fn new(values: &'a [Value]) -> Self {
        Self { values }
    }

    fn get(&self, at: usize) -> Option<&'a Value> {
        self.values.get(at).filter(|value| !value.is_null())
    }

    fn required<T>(&self, at: usize, expected: &str, read: impl Fn(&'a Value) -> Option<T>) -> Result<T, RpcError> {
        let Some(value) = self.get(at) else {
            return Err(RpcError::invalid_params(format!("`params` should have at least {} argument(s)", at + 1)));
        };
        read(value).ok_or_else(|| RpcError::invalid_params(format!("Invalid params: invalid type: {value}, expected {expected}.")))
    }

    /// The string at this position.
    ///
    /// # Errors
    /// Invalid params if it is absent or not a string.
    pub fn string(&self, at: usize) -> Result<&'a str, RpcError> {
        self.required(at, "a string", Value::as_str)
    }

    /// The integer at this position.
    ///
    /// # Errors
    /// Invalid params if it is absent or not a `u64`.
    pub fn integer(&self, at: usize) -> Result<u64, RpcError> {
        self.required(at, "u64", Value::as_u64)
    }

    /// A base58 address, hash or signature.
    ///
    /// # Errors
    /// Invalid params if it is malformed.
    pub fn parsed<T: FromStr<Err: Debug>>(&self, at: usize) -> Result<T, RpcError> {
        parse(self.string(at)?)
    }

    /// A list of base58 values, at most `count_max`.
    ///
    /// # Errors
    /// Invalid params if it is malformed.
    pub fn parsed_list<T: FromStr<Err: Debug>>(&self, at: usize, count_max: usize) -> Result<Vec<T>, RpcError> {
        parse_list(self.required(at, "a sequence", Value::as_array)?, count_max)
    }

    /// The list of [`Self::parsed_list`], empty if absent.
    ///
    /// # Errors
    /// Invalid params if it is malformed.
    pub fn parsed_list_or_empty<T: FromStr<Err: Debug>>(&self, at: usize, count_max: usize) -> Result<Vec<T>, RpcError> {
        if self.get(at).is_none() { Ok(Vec::new()) } else { self.parsed_list(at, count_max) }
    }

    /// The configuration object at this position, empty if absent.
    ///
    /// # Errors
    /// Invalid params if it is not an object.
    pub fn config(&self, at: usize) -> Result<Config<'a>, RpcError> {
        match self.get(at) {
            None => Ok(Config { object: None }),
            Some(object) if object.is_object() => Ok(Config { object: Some(object) }),
            Some(other) => Err(RpcError::invalid_params(format!("Invalid params: invalid type: {other}, expected struct."))),
        }
    }
}

fn parse<T: FromStr<Err: Debug>>(text: &str) -> Result<T, RpcError> {
    text.parse().map_err(|e| RpcError::invalid_params(format!("Invalid param: {e:?}")))
}

/// Reads a JSON list of base58 values, at most `count_max`.
///
/// # Errors
/// Invalid params if the list is too long or a value is malformed.
pub fn parse_list<T: FromStr<Err: Debug>>(values: &[Value], count_max: usize) -> Result<Vec<T>, RpcError> {
    if values.len() > count_max {
        return Err(RpcError::invalid_params(format!("Too many inputs provided; max {count_max}")));
    }
    values
        .iter()
        .map(|value| value.as_str().ok_or_else(|| RpcError::invalid_params("Invalid params: expected a string.")).and_then(parse))
        .collect()
}

/// A configuration object.
#[derive(Clone, Copy)]
pub struct Config<'a> {
    object: Option<&'a Value>,
}

impl<'a> Config<'a> {
    /// The value of a field; `None` if it is absent or null.
    pub fn get(&self, field: &str) -> Option<&'a Value> {
        self.object.and_then(|object| object.get(field)).filter(|value| !value.is_null())
    }

    /// A boolean that is false by default.
    pub fn flag(&self, field: &str) -> bool {
        self.get(field).and_then(Value::as_bool).unwrap_or(false)
    }

    /// The integer in a field.
    pub fn integer(&self, field: &str) -> Option<u64> {
        self.get(field).and_then(Value::as_u64)
    }

    /// The part of an account's data that is asked for.
    ///
    /// # Errors
    /// Invalid params if it is not a range.
    pub fn data_slice(&self) -> Result<Option<Range<usize>>, RpcError> {
        let Some(slice) = self.get("dataSlice") else { return Ok(None) };
        let part = |name: &str| slice.get(name).and_then(Value::as_u64).and_then(|part| usize::try_from(part).ok());
        let range = part("offset").zip(part("length")).and_then(|(offset, length)| Some(offset..offset.checked_add(length)?));
        range.map(Some).ok_or_else(|| RpcError::invalid_params("dataSlice needs an offset and a length"))
    }

    /// The name in `encoding`.
    pub fn encoding(&self) -> Option<&'a str> {
        self.get("encoding").and_then(Value::as_str)
    }

    /// The commitment in `field`; finalized by default, as in every method.
    ///
    /// # Errors
    /// Invalid params for an unknown name.
    pub fn commitment(&self, field: &str) -> Result<Commitment, RpcError> {
        match self.get(field).map(|value| value.as_str().unwrap_or_default()) {
            None | Some("finalized") => Ok(Commitment::Finalized),
            Some("confirmed") => Ok(Commitment::Confirmed),
            Some("processed") => Ok(Commitment::Processed),
            Some(other) => Err(RpcError::invalid_params(format!(
                "Invalid params: unknown variant `{other}`, expected one of `processed`, `confirmed`, `finalized`."
            ))),
        }
    }

    /// The block to answer from: that of `commitment`, if it satisfies `minContextSlot`.
    ///
    /// # Errors
    /// -32016 if the block is older than `minContextSlot`.
    pub fn block(&self, chain: &'a Chain, view: View) -> Result<&'a Block, RpcError> {
        self.block_of(chain, view, self.commitment("commitment")?)
    }

    /// The block of [`Self::block`] for another commitment.
    ///
    /// # Errors
    /// -32016 if the block is older than `minContextSlot`.
    pub fn block_of(&self, chain: &'a Chain, view: View, commitment: Commitment) -> Result<&'a Block, RpcError> {
        let block = chain.block(commitment, view.slots_behind);
        if self.min_context_slot() > block.slot {
            let data = serde_json::json!({ "contextSlot": block.slot });
            return Err(RpcError::with_data(-32016, "Minimum context slot has not been reached", data));
        }
        Ok(block)
    }

    /// The oldest slot the caller accepts an answer from.
    pub fn min_context_slot(&self) -> u64 {
        self.integer("minContextSlot").unwrap_or(0)
    }
}
