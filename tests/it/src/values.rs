//! Conversion of the interface's ICRC-3 values into the domain's.

use purser_core::audit::Value as CoreValue;
use purser_core::base::Bytes;
use purser_types::Value;

/// The domain's value of an ICRC-3 value of the interface.
///
/// # Panics
/// When a number does not fit 128 bits, which no block of ours holds.
pub fn core(value: &Value) -> CoreValue {
    match value {
        Value::Nat(nat) => CoreValue::Nat(u128::try_from(nat.0.clone()).expect("fits 128 bits")),
        Value::Int(int) => CoreValue::Int(i128::try_from(int.0.clone()).expect("fits 128 bits")),
        Value::Text(text) => CoreValue::Text(text.clone()),
        Value::Blob(blob) => CoreValue::Blob(Bytes::new(blob.to_vec())),
        Value::Array(items) => CoreValue::Array(items.iter().map(core).collect()),
        Value::Map(entries) => CoreValue::Map(entries.iter().map(|(key, value)| (key.clone(), core(value))).collect()),
    }
}
