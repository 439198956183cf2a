//! Signed transactions before rusty-kaspa's script engine.

use super::{SECRET, amount, any_output, bytes, cases, upstream_entries, upstream_transaction, utxo};
use crate::chains::kaspa::unsigned::SigningError;
use crate::chains::kaspa::verify::SignatureError;
use crate::chains::kaspa::{KeyKind, Outpoint, Output, Transaction, TxId, UnsignedTx, Utxo, WalletKey};
use ic_secp256k1::PrivateKey;
use kaspa_consensus_core::hashing::sighash::SigHashReusedValuesUnsync;
use kaspa_consensus_core::tx::{PopulatedTransaction, UtxoEntry};
use kaspa_txscript::caches::Cache;
use kaspa_txscript::{EngineCtx, EngineFlags, TxScriptEngine};
use proptest::prelude::*;

fn wallet_key(secret: &PrivateKey, kind: KeyKind) -> WalletKey {
    WalletKey::new(kind, &secret.public_key().serialize_sec1(true)).expect("a point")
}

fn sign(secret: &PrivateKey, kind: KeyKind, digest: &[u8; 32]) -> [u8; 64] {
    match kind {
        KeyKind::Schnorr => secret.sign_message_with_bip340_no_rng(digest),
        KeyKind::Ecdsa => secret.sign_digest_with_ecdsa(digest),
    }
}

/// Tells whether the script engine accepts every input.
fn engine_accepts(transaction: &Transaction, spent: &[Utxo]) -> bool {
    let upstream = upstream_transaction(transaction);
    let entries: Vec<UtxoEntry> = upstream_entries(spent);
    let populated = PopulatedTransaction::new(&upstream, entries.clone());
    let (signatures, reused) = (Cache::new(16), SigHashReusedValuesUnsync::new());
    upstream.inputs.iter().zip(&entries).enumerate().all(|(index, (input, entry))| {
        let context = EngineCtx::new(&signatures).with_reused(&reused);
        let limit = input.compute_commit.allowed_script_units();
        TxScriptEngine::from_transaction_input_with_script_units_limit(
            &populated,
            input,
            index,
            entry,
            context,
            EngineFlags::default(),
            limit,
        )
        .execute()
        .is_ok()
    })
}

/// A transaction that spends `amounts` of one key.
fn spending(key: &WalletKey, amounts: &[u64], outputs: Vec<Output>) -> UnsignedTx {
    let script = key.script_public_key();
    let spent: Vec<Utxo> = amounts.iter().zip(1..).map(|(sompi, number)| utxo(number, *sompi, &script)).collect();
    UnsignedTx { transaction: Transaction::unsigned(spent.iter().map(|utxo| utxo.outpoint), outputs), spent }
}

fn signatures(unsigned: &UnsignedTx, secret: &PrivateKey, key: &WalletKey) -> Vec<[u8; 64]> {
    unsigned.digests(key).expect("digests").iter().map(|digest| sign(secret, key.kind(), digest)).collect()
}

fn any_kind() -> impl Strategy<Value = KeyKind> {
    prop_oneof![Just(KeyKind::Schnorr), Just(KeyKind::Ecdsa)]
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn the_engine_accepts_what_is_signed_and_nothing_altered(
        seed: [u8; 32],
        kind in any_kind(),
        amounts in proptest::collection::vec(1..1_000_000_000_000u64, 1..4),
        outputs in proptest::collection::vec(any_output(), 1..3),
        altered in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let secret = PrivateKey::generate_from_seed(&seed);
        let key = wallet_key(&secret, kind);
        let unsigned = spending(&key, &amounts, outputs);
        let signed = unsigned.attach(&key, &signatures(&unsigned, &secret, &key)).expect("valid signatures");
        prop_assert_eq!(signed.id(), unsigned.transaction.id());
        prop_assert!(signed.is_signed() && !unsigned.transaction.is_signed());
        prop_assert!(engine_accepts(&signed, &unsigned.spent));

        // One bit of one signature, its type byte included but not the push before it.
        let mut forged = signed.clone();
        let position = altered.index(amounts.len() * 65);
        forged.inputs[position / 65].signature_script[1 + position % 65] ^= 1 << bit;
        prop_assert!(!engine_accepts(&forged, &unsigned.spent));

        // One sompi more in an output, or in an input.
        let mut forged = signed.clone();
        forged.outputs[0].amount = amount(forged.outputs[0].amount.get() + 1);
        prop_assert!(!engine_accepts(&forged, &unsigned.spent));
        let mut spent = unsigned.spent.clone();
        spent[0].amount = amount(spent[0].amount.get() + 1);
        prop_assert!(!engine_accepts(&signed, &spent));
    }

    #[test]
    fn no_altered_signature_is_attached(seed: [u8; 32], kind in any_kind(), position in 0..64usize, bit in 0..8u8) {
        let secret = PrivateKey::generate_from_seed(&seed);
        let key = wallet_key(&secret, kind);
        let outputs = vec![Output { amount: amount(1), script: key.script_public_key() }];
        let unsigned = spending(&key, &[500_000_000], outputs);
        let mut signatures = signatures(&unsigned, &secret, &key);
        signatures[0][position] ^= 1 << bit;
        let refused = matches!(
            unsigned.attach(&key, &signatures),
            Err(SigningError::Signature { index: 0, error: SignatureError::Mismatch | SignatureError::Malformed })
        );
        prop_assert!(refused);
    }
}

fn test_case(kind: KeyKind) -> (PrivateKey, WalletKey, UnsignedTx) {
    let secret = PrivateKey::deserialize_sec1(&bytes::<32>(SECRET)).expect("a secret key");
    let key = wallet_key(&secret, kind);
    let outputs = vec![Output { amount: amount(700_000_000), script: key.script_public_key() }];
    let unsigned = spending(&key, &[500_000_000, 300_000_000], outputs);
    (secret, key, unsigned)
}

/// `n - s`: the other ECDSA signature of the same digest, with the high `s` that the chain refuses.
fn with_high_s(signature: &[u8; 64]) -> [u8; 64] {
    let signature = k256::ecdsa::Signature::from_slice(signature).expect("a signature");
    let high = k256::ecdsa::Signature::from_scalars(signature.r().to_bytes(), (-*signature.s()).to_bytes()).expect("a signature");
    high.to_bytes().into()
}

#[test]
fn a_high_s_is_brought_down_because_the_engine_refuses_it() {
    let (secret, key, unsigned) = test_case(KeyKind::Ecdsa);
    let low = signatures(&unsigned, &secret, &key);
    let high: Vec<_> = low.iter().map(with_high_s).collect();
    assert_ne!(low, high);
    let signed = unsigned.attach(&key, &high).expect("both are valid signatures");
    assert_eq!(signed, unsigned.attach(&key, &low).expect("valid"));
    assert!(engine_accepts(&signed, &unsigned.spent));
    let mut raw = signed;
    raw.set_signature(0, &high[0]).expect("an input");
    assert!(!engine_accepts(&raw, &unsigned.spent));
}

#[test]
fn signatures_belong_to_their_inputs_and_key() {
    for kind in [KeyKind::Schnorr, KeyKind::Ecdsa] {
        let (secret, key, unsigned) = test_case(kind);
        let mut signatures = signatures(&unsigned, &secret, &key);
        let count = SigningError::SignatureCount { expected: 2, found: 1 };
        assert_eq!(unsigned.attach(&key, &signatures[..1]), Err(count));
        let short = SigningError::Signature { index: 0, error: SignatureError::Length { found: 63 } };
        assert_eq!(unsigned.attach(&key, &[&signatures[0][..63], &signatures[1]]), Err(short));
        signatures.swap(0, 1);
        let mismatch = SigningError::Signature { index: 0, error: SignatureError::Mismatch };
        assert_eq!(unsigned.attach(&key, &signatures), Err(mismatch));
        let zeros = SigningError::Signature { index: 0, error: SignatureError::Malformed };
        assert_eq!(unsigned.attach(&key, &[[0; 64]; 2]), Err(zeros));
        let other = if kind == KeyKind::Schnorr { KeyKind::Ecdsa } else { KeyKind::Schnorr };
        assert_eq!(unsigned.digests(&wallet_key(&secret, other)), Err(SigningError::ForeignInput { index: 0 }));
    }
}

#[test]
fn inputs_that_are_not_the_listed_ones_are_not_signed() {
    let (_, key, mut unsigned) = test_case(KeyKind::Schnorr);
    unsigned.spent.swap(0, 1);
    assert_eq!(unsigned.digests(&key), Err(SigningError::Inputs));
    unsigned.spent.pop();
    assert_eq!(unsigned.digests(&key), Err(SigningError::Inputs));
    unsigned.transaction.inputs[0].previous = Outpoint { transaction: TxId([0xee; 32]), index: 9 };
    assert_eq!(unsigned.digests(&key), Err(SigningError::Inputs));
}
