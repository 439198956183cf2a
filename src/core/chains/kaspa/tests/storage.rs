//! The durable form of transactions: what was stored is what is signed and sent, whatever version reads it.

use super::{any_transaction, cases, tx_id};
use crate::base::Amount;
use crate::chains::kaspa::codec::CodecError;
use crate::chains::kaspa::{Input, Outpoint, Output, ScriptPublicKey, Transaction, TxId, UnsignedTx, Utxo};
use proptest::prelude::*;

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn stored_transactions_are_read_back((transaction, spent) in any_transaction(), cut in any::<prop::sample::Index>()) {
        let bytes = transaction.to_bytes().expect("small");
        prop_assert_eq!(Transaction::from_bytes(&bytes), Ok(transaction.clone()));
        prop_assert_eq!(Transaction::from_bytes(&bytes[..cut.index(bytes.len())]), Err(CodecError::Truncated));

        let unsigned = UnsignedTx { transaction, spent };
        let bytes = unsigned.to_bytes().expect("small");
        prop_assert_eq!(UnsignedTx::from_bytes(&bytes), Ok(unsigned));
        prop_assert_eq!(UnsignedTx::from_bytes(&bytes[..cut.index(bytes.len())]), Err(CodecError::Truncated));
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(transaction) = Transaction::from_bytes(&bytes) {
            prop_assert_eq!(transaction.to_bytes(), Ok(bytes.clone()));
        }
        if let Ok(unsigned) = UnsignedTx::from_bytes(&bytes) {
            prop_assert_eq!(unsigned.to_bytes(), Ok(bytes));
        }
    }

    #[test]
    fn outpoints_are_read_back(transaction: [u8; 32], index: u32) {
        let outpoint = Outpoint { transaction: TxId(transaction), index };
        prop_assert_eq!(Outpoint::from_bytes(&outpoint.to_bytes()), Some(outpoint));
        prop_assert_eq!(Outpoint::from_bytes(&outpoint.to_bytes()[1..]), None);
    }
}

fn small() -> UnsignedTx {
    let outpoint = Outpoint { transaction: TxId([0xab; 32]), index: 0x0102_0304 };
    let script = ScriptPublicKey::from_bytes(vec![0x51, 0x52]);
    let transaction = Transaction {
        inputs: vec![Input { previous: outpoint, signature_script: vec![0x77], sequence: 5, sig_op_count: 1 }],
        outputs: vec![Output { amount: Amount::new(6), script: script.clone() }],
        lock_time: 7,
    };
    let spent = vec![Utxo { outpoint, amount: Amount::new(8), script, block_daa_score: 9, is_coinbase: true }];
    UnsignedTx { transaction, spent }
}

#[test]
fn the_form_is_frozen() {
    let input = format!("0100{}04030201{}01{}", "ab".repeat(32), "0500000000000000", "010077");
    let transaction = format!("01{}{input}{}", "0700000000000000", "0100060000000000000002005152");
    let unsigned = format!("02{transaction}{}", "08000000000000000200515209000000000000000".to_owned() + "1");
    assert_eq!(hex::encode(small().transaction.to_bytes().expect("small")), transaction);
    assert_eq!(hex::encode(small().to_bytes().expect("small")), unsigned);
    let outpoint = hex::encode(small().spent[0].outpoint.to_bytes());
    assert_eq!(outpoint, format!("{}04030201", "ab".repeat(32)));
}

#[test]
fn each_defect_has_its_error() {
    let (transaction, unsigned) = (small().transaction.to_bytes().expect("small"), small().to_bytes().expect("small"));
    let read = |bytes: &[u8]| Transaction::from_bytes(bytes).expect_err("a defect");
    assert_eq!(read(&[&transaction[..], &[0]].concat()), CodecError::TrailingBytes);
    assert_eq!(read(&unsigned), CodecError::UnknownFormat { format: 2 });
    let mut too_many = transaction.clone();
    too_many[9..11].copy_from_slice(&1_001u16.to_le_bytes());
    assert_eq!(read(&too_many), CodecError::TooMany);
    assert_eq!(UnsignedTx::from_bytes(&transaction), Err(CodecError::UnknownFormat { format: 1 }));
    assert_eq!(UnsignedTx::from_bytes(&[&unsigned[..], &[0]].concat()), Err(CodecError::TrailingBytes));
    let mut not_a_bool = unsigned;
    *not_a_bool.last_mut().expect("not empty") = 2;
    assert_eq!(UnsignedTx::from_bytes(&not_a_bool), Err(CodecError::NotABool { found: 2 }));
}

#[test]
fn what_cannot_be_stored_is_refused_when_writing() {
    let mut other_outputs = small();
    other_outputs.spent[0].outpoint.index = 0;
    assert_eq!(other_outputs.to_bytes(), Err(CodecError::Inputs));
    let mut long = small().transaction;
    long.inputs[0].signature_script = vec![0; 65_536];
    assert_eq!(long.to_bytes(), Err(CodecError::ScriptTooLong));
    let mut many = small().transaction;
    many.outputs = vec![many.outputs[0].clone(); 1_001];
    assert_eq!(many.to_bytes(), Err(CodecError::TooMany));
}

#[test]
fn transaction_ids_have_one_spelling() {
    let text = "24f09e09d1966821ff8bb1e71fc7c76fa132f077cd969bd803919a7698905763";
    assert_eq!(tx_id(text).to_string(), text);
    for wrong in [&text[1..], &text.to_uppercase(), &text.replace('2', "g"), &format!("{text}00"), ""] {
        assert!(wrong.parse::<TxId>().is_err(), "{wrong}");
    }
}
