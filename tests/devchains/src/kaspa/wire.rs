//! The decoder of `POST /transactions`. The order is the REST server's: pydantic's coercions and errors first, then the node
//! library's, whose failures are answered with status 500.

use std::str::FromStr;

use kaspa_consensus_core::{
    subnets::{SUBNETWORK_ID_NATIVE, SubnetworkId},
    tx::{ScriptPublicKey, Transaction, TransactionId, TransactionInput, TransactionOutpoint, TransactionOutput},
};
use serde_json::{Value, json};

/// A body that does not describe a transaction.
pub(super) enum DecodeError {
    /// Status 422 with this body.
    Unprocessable(Value),
    /// Status 500: the model is valid, the conversion raised.
    Raised,
}

/// A decoded submission.
pub(super) struct Submission {
    pub tx: Transaction,
    pub allow_orphan: bool,
}

/// The body of a 422 answer.
pub(super) fn unprocessable(location: &[&str], message: &str, kind: &str) -> Value {
    json!({"detail": [{"loc": location, "msg": message, "type": kind}]})
}

/// Decodes a submission. Fields that the server's model does not have (`gas`, `payload`, `storageMass`) are dropped, as the server
/// does.
pub(super) fn submission(body: &Value) -> Result<Submission, DecodeError> {
    let root = JsonNode { value: body, path: vec!["body".into()] };
    let tx = root.field("transaction")?;
    let inputs = tx.list("inputs")?.iter().map(input).collect::<Result<_, _>>()?;
    let outputs = tx.list("outputs")?.iter().map(output).collect::<Result<_, _>>()?;
    let lock_time = match tx.optional("lockTime") {
        Some(lock_time) => lock_time.number()?,
        None => 0,
    };
    let subnetwork = match tx.optional("subnetworkId") {
        Some(id) => SubnetworkId::from_str(id.text()?).map_err(|_| DecodeError::Raised)?,
        None => SUBNETWORK_ID_NATIVE,
    };
    let version = tx.field("version")?.number()?;
    let allow_orphan = root.optional("allowOrphan").is_some_and(|flag| flag.value == &Value::Bool(true));
    Ok(Submission { tx: Transaction::new(version, inputs, outputs, lock_time, subnetwork, 0, vec![]), allow_orphan })
}

fn input(node: &JsonNode) -> Result<TransactionInput, DecodeError> {
    let previous = node.field("previousOutpoint")?;
    let id = TransactionId::from_str(previous.field("transactionId")?.text()?).map_err(|_| DecodeError::Raised)?;
    let outpoint = TransactionOutpoint::new(id, previous.field("index")?.number()?);
    let script = node.field("signatureScript")?.bytes()?;
    Ok(TransactionInput::new(outpoint, script, node.field("sequence")?.number()?, node.field("sigOpCount")?.number()?))
}

fn output(node: &JsonNode) -> Result<TransactionOutput, DecodeError> {
    let script = node.field("scriptPublicKey")?;
    let key = ScriptPublicKey::from_vec(script.field("version")?.number()?, script.field("scriptPublicKey")?.bytes()?);
    Ok(TransactionOutput::new(node.field("amount")?.number()?, key))
}

/// A JSON value and its path in the body.
struct JsonNode<'a> {
    value: &'a Value,
    path: Vec<String>,
}

impl<'a> JsonNode<'a> {
    fn below(&self, name: &str, value: &'a Value) -> JsonNode<'a> {
        JsonNode { value, path: self.path.iter().cloned().chain([name.to_owned()]).collect() }
    }

    fn field(&self, name: &str) -> Result<JsonNode<'a>, DecodeError> {
        match self.value.get(name) {
            Some(value) => Ok(self.below(name, value)),
            None => Err(self.below(name, &Value::Null).error("field required", "value_error.missing")),
        }
    }

    fn optional(&self, name: &str) -> Option<JsonNode<'a>> {
        self.value.get(name).filter(|value| !value.is_null()).map(|value| self.below(name, value))
    }

    fn list(&self, name: &str) -> Result<Vec<JsonNode<'a>>, DecodeError> {
        let list = self.field(name)?;
        match list.value.as_array() {
            Some(items) => Ok(items.iter().enumerate().map(|(i, item)| list.below(&i.to_string(), item)).collect()),
            None => Err(list.error("value is not a valid list", "type_error.list")),
        }
    }

    fn text(&self) -> Result<&'a str, DecodeError> {
        self.value.as_str().ok_or_else(|| self.error("str type expected", "type_error.str"))
    }

    fn bytes(&self) -> Result<Vec<u8>, DecodeError> {
        hex::decode(self.text()?).map_err(|_| DecodeError::Raised)
    }

    /// An integer, written as a number or as a decimal string. One that `T` cannot hold passes the model and raises later.
    fn number<T: TryFrom<i128>>(&self) -> Result<T, DecodeError> {
        let number = match self.value {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64().map(i128::from).or_else(|| value.as_i64().map(i128::from)),
        };
        let number: i128 = number.ok_or_else(|| self.error("value is not a valid integer", "type_error.integer"))?;
        T::try_from(number).map_err(|_| DecodeError::Raised)
    }

    fn error(&self, message: &str, kind: &str) -> DecodeError {
        let location: Vec<&str> = self.path.iter().map(String::as_str).collect();
        DecodeError::Unprocessable(unprocessable(&location, message, kind))
    }
}
