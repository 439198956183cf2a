//! Threshold keys and signatures, checked with DFINITY's crates.

use candid::Principal;
use ic_ed25519::PocketIcMasterPublicKeyId as Ed25519Id;
use ic_secp256k1::PocketIcMasterPublicKeyId as Secp256k1Id;

use crate::Probe;

type Triple = (Vec<u8>, Vec<u8>, Vec<u8>);

fn path() -> Vec<Vec<u8>> {
    vec![vec![1], b"kaspa".to_vec(), vec![0, 0, 0, 7]]
}

fn expected(id: &Principal) -> (ic_secp256k1::PublicKey, ic_secp256k1::PublicKey, ic_ed25519::PublicKey) {
    (
        ic_secp256k1::PublicKey::derive_pocketic_key(Secp256k1Id::EcdsaKey1, id, &path()).0,
        ic_secp256k1::PublicKey::derive_pocketic_key(Secp256k1Id::SchnorrKey1, id, &path()).0,
        ic_ed25519::PublicKey::derive_pocketic_key(Ed25519Id::Key1, id, &path()).0,
    )
}

#[test]
fn should_have_the_keys_pocketic_derives() {
    let mut probe = Probe::new();
    let keys = probe.update::<(Result<Triple, (u32, String)>,)>("keys", ("key_1", path())).0.unwrap();
    let (ecdsa, schnorr, ed25519) = expected(&probe.id);
    assert_eq!(keys, (ecdsa.serialize_sec1(true), schnorr.serialize_sec1(true), ed25519.serialize_raw().to_vec()));
}

#[test]
fn should_sign_so_that_the_public_keys_verify() {
    let mut probe = Probe::new();
    let message = vec![0x5a; 32];
    let mut sign = || probe.update::<(Result<Triple, String>,)>("sign", ("key_1", path(), message.clone())).0.unwrap();
    let (first, second) = (sign(), sign());
    let (ecdsa, schnorr, ed25519) = expected(&probe.id);
    assert!(ecdsa.verify_ecdsa_signature_prehashed(&message, &first.0));
    assert!(schnorr.verify_bip340_signature(&message, &first.1));
    ed25519.verify_signature(&message, &first.2).unwrap();
    assert_ne!(first.1, second.1, "BIP-340 signatures are randomised");
}

#[test]
fn should_refuse_keys_that_do_not_exist() {
    let mut probe = Probe::new();
    let keys = probe.update::<(Result<Triple, (u32, String)>,)>("keys", ("key_2", path())).0.unwrap_err();
    assert_eq!(keys.0, 4);
    let message = vec![0_u8; 32];
    let signed = probe.update::<(Result<Triple, String>,)>("sign", ("key_2", path(), message)).0.unwrap_err();
    assert!(signed.to_lowercase().contains("key"), "{signed}");
}

#[test]
fn should_charge_for_signatures_and_refund_the_surplus() {
    let mut probe = Probe::new();
    let (code, message) = probe.update::<(u32, String)>("sign_with_cycles", (26_153_846_152_u64,));
    assert_eq!(code, 4);
    assert!(message.contains("26153846153 cycles are required"), "{message}");

    probe.net.take_traces();
    assert_eq!(probe.update::<(u32, String)>("sign_with_cycles", (30_000_000_000_u64,)).0, 0);
    let traces = probe.net.take_traces();
    let calls: Vec<_> = traces.iter().flat_map(|trace| &trace.mgmt_calls).collect();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].method.as_str(), calls[0].cycles), ("sign_with_ecdsa", 26_153_846_153));
    assert!(calls[0].response_bytes > 64, "{}", calls[0].response_bytes);
}
