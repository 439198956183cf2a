//! The hashes of blocks compared with DFINITY's implementation, which its own ledgers use.

use candid::{Int, Nat};
use icrc_ledger_types::icrc::generic_value::ICRC3Value;
use purser_core::base::codec::{Value, decode_value};
use serde_bytes::ByteBuf;

/// A log with one block of every kind.
const GOLDEN: &str = include_str!("../../core/state/tests/golden.hex");

fn to_icrc3(value: &Value) -> ICRC3Value {
    match value {
        Value::Nat(n) => ICRC3Value::Nat(Nat::from(*n)),
        Value::Int(n) => ICRC3Value::Int(Int::from(*n)),
        Value::Text(text) => ICRC3Value::Text(text.clone()),
        Value::Blob(bytes) => ICRC3Value::Blob(ByteBuf::from(bytes.to_vec())),
        Value::Array(values) => ICRC3Value::Array(values.iter().map(to_icrc3).collect()),
        Value::Map(entries) => ICRC3Value::Map(entries.iter().map(|(name, value)| (name.clone(), to_icrc3(value))).collect()),
    }
}

#[test]
fn every_kind_of_block_has_the_hash_that_another_implementation_gives_it() {
    let mut parent: Option<Vec<u8>> = None;
    for (index, line) in GOLDEN.lines().enumerate() {
        let block = decode_value(&hex::decode(line).expect("a line is hex")).expect("it is a block");
        let hash = to_icrc3(&block).hash();
        assert_eq!(block.hash().0, hash, "block {index}");
        // And so the links of the log are links by their hash too.
        assert_eq!(block.get("phash").and_then(Value::as_blob).map(<[u8]>::to_vec), parent, "block {index}");
        parent = Some(hash.to_vec());
    }
    assert_eq!(GOLDEN.lines().count(), 80);
}

#[test]
fn numbers_of_every_length_have_the_hash_that_another_implementation_gives_them() {
    for n in (0..128).map(|bit| 1u128 << bit).chain([0, u128::MAX]) {
        assert_eq!(Value::Nat(n).hash().0, to_icrc3(&Value::Nat(n)).hash(), "{n}");
    }
    // Its positive integers are not the standard's, as a note in it says: it writes them like natural numbers.
    for n in (0..127).map(|bit| -(1i128 << bit)).chain([i128::MIN, -3, -65]) {
        assert_eq!(Value::Int(n).hash().0, to_icrc3(&Value::Int(n)).hash(), "{n}");
    }
}
