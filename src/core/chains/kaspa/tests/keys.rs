//! Derivation of public keys against DFINITY's implementation.

use super::{PUBLIC, bytes, cases};
use crate::chains::kaspa::derive_public_key;
use crate::chains::kaspa::keys::{DerivationError, ExtendedKey, MAX_PATH_COMPONENTS};
use candid::Principal;
use ic_secp256k1::{DerivationIndex, DerivationPath, MasterPublicKeyId, PublicKey};
use proptest::prelude::*;

fn upstream_path(path: &[Vec<u8>]) -> DerivationPath {
    DerivationPath::new(path.iter().cloned().map(DerivationIndex).collect())
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn derivation_equals_the_internet_computers(
        seed: [u8; 32],
        chain_code: [u8; 32],
        path in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..5),
    ) {
        let root = ic_secp256k1::PrivateKey::generate_from_seed(&seed).public_key();
        let (expected, expected_chain_code) = root.derive_subkey_with_chain_code(&upstream_path(&path), &chain_code);
        let sec1 = root.serialize_sec1(true);
        let parent = ExtendedKey { public_key: sec1.as_slice().try_into().expect("33 bytes"), chain_code };
        let child = parent.derive(&path).expect("a valid root");
        prop_assert_eq!(child.public_key.to_vec(), expected.serialize_sec1(true));
        prop_assert_eq!(child.chain_code, expected_chain_code);
        prop_assert_eq!(derive_public_key(&sec1, &chain_code, &path), Ok(child.public_key));
    }

    #[test]
    fn deriving_in_two_steps_is_deriving_at_once(chain_code: [u8; 32], path in proptest::collection::vec(any::<[u8; 3]>(), 2..5)) {
        let root = ExtendedKey { public_key: bytes(PUBLIC), chain_code };
        let (first, rest) = path.split_at(1);
        let two_steps = root.derive(first).and_then(|child| child.derive(rest));
        prop_assert_eq!(two_steps, root.derive(&path));
    }
}

#[test]
fn a_wallets_key_is_what_the_management_canister_answers_for_its_path() {
    let canister = Principal::from_text("rwlgt-iiaaa-aaaaa-aaaaa-cai").expect("a principal");
    let path = [vec![1], b"kaspa-schnorr:mainnet".to_vec(), 7u64.to_be_bytes().to_vec()];
    for key in [MasterPublicKeyId::SchnorrKey1, MasterPublicKeyId::EcdsaKey1] {
        let (root, chain_code) = PublicKey::derive_mainnet_key(key, &canister, &[]);
        let (answer, _) = PublicKey::derive_mainnet_key(key, &canister, &path);
        let derived = derive_public_key(&root.serialize_sec1(true), &chain_code, &path).expect("a valid root");
        assert_eq!(derived.to_vec(), answer.serialize_sec1(true));
    }
}

#[test]
fn unusable_roots_are_errors() {
    let chain_code = [7; 32];
    let mut not_a_point = bytes::<33>(PUBLIC);
    not_a_point[0] = 4;
    assert_eq!(derive_public_key(&not_a_point, &chain_code, &[]), Err(DerivationError::InvalidParent));
    assert_eq!(derive_public_key(&[2; 32], &chain_code, &[]), Err(DerivationError::InvalidParent));
    let beyond_the_field = [&[2u8][..], &[0xff; 32]].concat();
    assert_eq!(derive_public_key(&beyond_the_field, &chain_code, &[]), Err(DerivationError::InvalidParent));
    assert_eq!(derive_public_key(&bytes::<33>(PUBLIC), &[7; 31], &[]), Err(DerivationError::InvalidChainCode));
    let path = vec![Vec::new(); MAX_PATH_COMPONENTS + 1];
    let too_long = DerivationError::PathTooLong { components: 256 };
    assert_eq!(derive_public_key(&bytes::<33>(PUBLIC), &chain_code, &path), Err(too_long));
    let root = PublicKey::deserialize_sec1(&bytes::<33>(PUBLIC)).expect("a point");
    let (deepest, _) = root.derive_subkey_with_chain_code(&upstream_path(&path[1..]), &chain_code);
    let found = derive_public_key(&bytes::<33>(PUBLIC), &chain_code, &path[1..]).expect("255 components");
    assert_eq!(found.to_vec(), deepest.serialize_sec1(true));
}
