use super::*;
use crate::base::{Amount, Bytes};
use candid::Principal;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    Plain,
    New(Amount),
    Named { left: Option<u64>, right: bool },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Sample {
    who: Principal,
    amount: Amount,
    blob: Bytes,
    absent: Option<String>,
    present: Option<String>,
    kinds: Vec<Kind>,
    delta: i64,
}

fn sample() -> Sample {
    Sample {
        who: Principal::from_slice(&[1, 2, 3]),
        amount: Amount::MAX,
        blob: Bytes::new([0, 255]),
        absent: None,
        present: Some("text".into()),
        kinds: vec![Kind::Plain, Kind::New(Amount::new(7)), Kind::Named { left: None, right: true }],
        delta: -300,
    }
}

#[test]
fn a_type_survives_both_encodings() {
    let value = to_value(&sample()).unwrap();
    assert_eq!(from_value::<Sample>(value.clone()).unwrap(), sample());
    assert_eq!(decode_value(&encode_value(&value)).unwrap(), value);
    assert_eq!(from_record::<Sample>(&to_record(&sample())).unwrap(), sample());
}

#[test]
fn values_are_readable_and_leave_absent_options_out() {
    let value = to_value(&sample()).unwrap();
    assert_eq!(value.get("who"), Some(&Value::Blob(Bytes::new([1, 2, 3]))));
    assert_eq!(value.get("absent"), None);
    assert_eq!(value.get("delta"), Some(&Value::Int(-300)));
    assert_eq!(
        value.get("kinds"),
        Some(&Value::Array(vec![
            Value::Text("Plain".into()),
            Value::Map(vec![("New".into(), Value::Nat(7))]),
            Value::Map(vec![("Named".into(), Value::Map(vec![("right".into(), Value::Nat(1))]))]),
        ]))
    );
}

/// The test vectors of the ICRC-3 standard's section on hashing.
#[test]
fn hashes_equal_the_published_vectors() {
    let cases = [
        (Value::Nat(42), "684888c0ebb17f374298b65ee2807526c066094c701bcc7ebbe1c1095f494fc1"),
        (Value::Int(-42), "de5a6f78116eca62d7fc5ce159d23ae6b889b365a1739ad2cf36f925a140d0cc"),
        (Value::Text("Hello, World!".into()), "dffd6021bb2bd5b0af676290809ec3a53191dd81c7f70a4b28688a362182986f"),
        (Value::Blob(Bytes::new([1, 2, 3, 4])), "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a"),
        (
            Value::Array(vec![Value::Nat(3), Value::Text("foo".into()), Value::Blob(Bytes::new([5, 6]))]),
            "514a04011caa503990d446b7dec5d79e19c221ae607fb08b2848c67734d468d6",
        ),
        (
            Value::Map(vec![
                (
                    "from".into(),
                    Value::Blob(Bytes::new(hex::decode("00abcdef0012340056789a00bcdef000012345678900abcdef01").unwrap())),
                ),
                (
                    "to".into(),
                    Value::Blob(Bytes::new(hex::decode("00ab0def0012340056789a00bcdef000012345678900abcdef01").unwrap())),
                ),
                ("amount".into(), Value::Nat(42)),
                ("created_at".into(), Value::Nat(1_699_218_263)),
                ("memo".into(), Value::Nat(0)),
            ]),
            "c56ece650e1de4269c5bdeff7875949e3e2033f85b2d193c2ff4f7f78bdcfc75",
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(value.hash().to_string(), expected, "{value:?}");
    }
}

#[test]
fn hostile_bytes_are_refused() {
    assert!(decode_value(&[]).is_err());
    assert!(decode_value(&[0x01, 0x01]).is_err(), "trailing bytes");
    assert!(decode_value(&[0x81; 100]).is_err(), "nesting without end");
    assert!(decode_value(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err(), "a length without content");
    assert!(from_record::<Sample>(&[]).is_err());
    assert!(from_record::<Sample>(&[9, 0]).is_err());
}
