//! Errors of the runtime as the JSON-RPC shows them.

use std::fmt::{Debug, Display};

use serde_json::{Map, Value, json};

/// An error of the runtime, in the two forms the RPC shows it.
#[derive(Clone, Debug)]
pub struct TxError {
    /// The form in `data.err`, for instance `"BlockhashNotFound"`.
    pub json: Value,
    /// The form in messages, for instance `Blockhash not found`.
    pub text: String,
}

impl TxError {
    /// The error of LiteSVM in both forms.
    pub fn of(error: &(impl Debug + Display)) -> Self {
        Self { json: variant(&format!("{error:?}")), text: error.to_string() }
    }

    /// The error of a transaction with neither a recent blockhash nor the current value of a nonce.
    pub fn blockhash_not_found() -> Self {
        Self { json: "BlockhashNotFound".into(), text: "Blockhash not found".into() }
    }

    /// The error of a message that was processed before.
    pub fn already_processed() -> Self {
        Self { json: "AlreadyProcessed".into(), text: "This transaction has already been processed".into() }
    }
}

/// The JSON form of an enum value printed with `{:?}`: serde's default representation. LiteSVM's errors are serialisable only with
/// a feature that the rest of the workspace does not use.
fn variant(debug: &str) -> Value {
    let debug = debug.trim();
    if let Some((name, fields)) = debug.strip_suffix(" }").and_then(|rest| rest.split_once(" { ")) {
        let fields: Map<_, _> = fields
            .split(", ")
            .filter_map(|field| field.split_once(": "))
            .map(|(key, value)| (key.to_owned(), variant(value)))
            .collect();
        return json!({ name: fields });
    }
    if let Some((name, items)) = debug.strip_suffix(')').and_then(|rest| rest.split_once('(')) {
        let mut items: Vec<_> = items.splitn(2, ", ").map(variant).collect();
        let content = if items.len() == 1 { items.remove(0) } else { items.into() };
        return json!({ name: content });
    }
    debug.parse::<u64>().map_or_else(|_| debug.into(), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn should_render_runtime_errors_as_serde_does() {
        assert_eq!(variant("BlockhashNotFound"), json!("BlockhashNotFound"));
        assert_eq!(variant("DuplicateInstruction(3)"), json!({"DuplicateInstruction": 3}));
        assert_eq!(
            variant("InsufficientFundsForRent { account_index: 1 }"),
            json!({"InsufficientFundsForRent": {"account_index": 1}})
        );
        assert_eq!(variant("InstructionError(2, Custom(1))"), json!({"InstructionError": [2, {"Custom": 1}]}));
        assert_eq!(variant("InstructionError(0, InvalidArgument)"), json!({"InstructionError": [0, "InvalidArgument"]}));
    }
}
