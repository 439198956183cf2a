use super::*;
use crate::chains::solana::fixtures::{payer, payer_key};
use ic_ed25519::{CanisterId, MasterPublicKeyId, PrivateKey};
use proptest::prelude::*;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    hex::decode(text).expect("hex").try_into().expect("the right length")
}

fn key(public_key: &str, chain_code: &str) -> ExtendedKey {
    ExtendedKey { public_key: Address::from_bytes(bytes(public_key)), chain_code: bytes(chain_code) }
}

/// What a canister would be answered for the empty path.
fn canister_root(master: MasterPublicKeyId, canister: &str) -> ExtendedKey {
    let canister = CanisterId::from_text(canister).expect("a canister id");
    let (public_key, chain_code) = PublicKey::derive_mainnet_key(master, &canister, &[]);
    ExtendedKey { public_key: Address::from_bytes(public_key.serialize_raw()), chain_code }
}

#[test]
fn derivation_matches_the_published_vectors() {
    // From DFINITY's tests of `ic-ed25519`.
    let zero = "00".repeat(32);
    let root = key("931387a550eb4524a7af29381b938df38e76aeecac08e2cfaae4f4ca99bb4881", &zero);
    let child = key(
        "6f3086e738ab5417c6e02504464f208a763f0fba0c4d7ade40694773b6c2273c",
        "d34e4e22d2c008ccc7e9bb9882fbc025a1e5516e3421d8e932dbc0be35f787a0",
    );
    let grandchild = key(
        "8efb675fcaf45c93e785ff535e380d9019c876a7c5faed264b911f97ef34d838",
        "2562ad75c50708f8d20c442e48b3f8ee851570be256ef0a7060b9f755a837216",
    );
    let [one, two] = [vec![0, 0, 0, 1], vec![0, 0, 0, 2]];
    assert_eq!(derive(&root, std::slice::from_ref(&one)), Ok(child));
    assert_eq!(derive(&child, std::slice::from_ref(&two)), Ok(grandchild));
    assert_eq!(derive(&root, &[one, two]), Ok(grandchild));
    assert_eq!(derive(&root, &[]), Ok(root));
}

#[test]
fn keys_below_a_canister_root_are_those_of_mainnet() {
    // From DFINITY's tests of `ic-ed25519`: what mainnet answered to this canister.
    let canister = "h5jwf-5iaaa-aaaan-qmvoa-cai";
    let production = canister_root(MasterPublicKeyId::Key1, canister);
    let path = [bytes::<3>("abcdef").to_vec(), bytes::<3>("012345").to_vec()];
    let child = derive_public_key(production.public_key.as_bytes(), &production.chain_code, &path);
    assert_eq!(child, Ok(bytes("43f0008b26564b6da51f585ad47669dfeb1db6d94d7dd216bd304fc1f5f5e997")));

    let test = canister_root(MasterPublicKeyId::TestKey1, canister);
    let path = ["Hello", "Threshold", "Signatures"].map(|component| component.as_bytes().to_vec());
    let child = derive_public_key(test.public_key.as_bytes(), &test.chain_code, &path);
    assert_eq!(child, Ok(bytes("d9a2ce6a3cd33fe16dce37e045609e51ff516e93bb51013823d6d7a915e3cfb9")));
}

#[test]
fn roots_are_the_addresses_of_known_canisters() {
    // The minters of ckSOL, whose address is their root key.
    for (canister, address) in [
        ("lh22c-kyaaa-aaaar-qb5nq-cai", "GXVewvv6HehcLFYCmwpqh5CrMjqN9zJ8rqzGq3HEt9Ax"),
        ("ljyxk-riaaa-aaaar-qb5mq-cai", "Br8eRkeya8hy3sHCYqtWqGeNNZ349aPSUKGVYFWKKer1"),
    ] {
        let root = canister_root(MasterPublicKeyId::Key1, canister);
        assert_eq!(derive(&root, &[]).map(|key| key.public_key.to_string()), Ok(address.to_owned()));
    }
}

#[test]
fn the_path_may_be_as_long_as_the_ic_allows() {
    let root = canister_root(MasterPublicKeyId::TestKey1, "aaaaa-aa");
    assert!(derive(&root, &vec![vec![7]; 255]).is_ok());
    assert_eq!(derive(&root, &vec![vec![]; 256]), Err(KeyError::PathTooLong { components: 256 }));
    let twice = derive(&root, &[vec![], vec![]]).expect("a key");
    assert_ne!(derive(&root, &[vec![]]).expect("a key"), twice, "an empty component counts");
}

#[test]
fn unusable_roots_are_refused() {
    for root in [
        // Not on the curve; the neutral element; it again, not canonical; small order; mixed order.
        "0200000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "868b1e2248079aa8e24834a827ae8892ed0c826f87c897893cefffce3ac15242",
    ] {
        assert_eq!(derive_public_key(&bytes::<32>(root), &[0; 32], &[vec![1]]), Err(KeyError::InvalidRoot), "{root}");
    }
    let good = *payer().as_bytes();
    assert!(derive_public_key(&good, &[0; 32], &[vec![1]]).is_ok());
    for length in [0, 31, 33] {
        assert_eq!(derive_public_key(&vec![1; length], &[0; 32], &[]), Err(KeyError::InvalidRoot));
        assert_eq!(derive_public_key(&good, &vec![1; length], &[]), Err(KeyError::InvalidChainCode));
    }
}

#[test]
fn signatures_of_rfc_8032_are_verified() {
    for (public_key, message, signature) in [
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ] {
        let public_key = Address::from_bytes(bytes(public_key));
        let signature = TxSignature::from_bytes(bytes(signature));
        let message = hex::decode(message).expect("hex");
        assert_eq!(verify(&public_key, &message, &signature), Ok(()));
        assert_eq!(verify(&public_key, b"another", &signature), Err(InvalidSignature));
        assert_eq!(verify(&payer(), &message, &signature), Err(InvalidSignature));
    }
}

#[test]
fn signatures_that_only_the_laxer_rule_accepts_are_refused() {
    // Made for the payer's key and this message with an independent implementation of the curve. All of them satisfy ZIP 215.
    let message = b"purser";
    let good = "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca57289199e178295dfa9195ac1789d3aa2c451214d1961e1727f375c9090b4f1fb0b";
    assert_eq!(verify(&payer(), message, &TxSignature::from_bytes(bytes(good))), Ok(()));
    for (what, public_key, signature) in [
        (
            "nonce point of small order",
            payer(),
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa2364e08a783869e7677d091eab283ecbdd6802695da6f067faf57f47cf389104",
        ),
        (
            "nonce point of mixed order",
            payer(),
            "3ca40d9bdb2e49622cc48561a824a21b5d55215b5d5fae10264029508be9a2d4c5d630e582460dc79374bb7c6934f740016779b014137252b42c6215cda9b90e",
        ),
        (
            "neutral nonce point",
            payer(),
            "0100000000000000000000000000000000000000000000000000000000000000fb7e2ac38e8574e051bdf1cceb672e9a6875394e362ef6b45e515a4adaa11a0f",
        ),
        (
            "key of mixed order",
            Address::from_bytes(bytes("a7616993ef2aa466868fd5a51c20d70be2519bce6955b61eca687b915d0aaabd")),
            "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca5729ca563c5c1cc6f3c5a8cb274dd453deb88ade97543a2b67904992cc68ff5430c",
        ),
    ] {
        let signature = TxSignature::from_bytes(bytes(signature));
        let lax = PublicKey::deserialize_raw(public_key.as_bytes()).expect("a point");
        assert!(lax.verify_signature(message, signature.as_bytes()).is_ok(), "{what}: the vector is wrong");
        assert_eq!(verify(&public_key, message, &signature), Err(InvalidSignature), "{what}");
    }
    // The good one with the group's order added to its scalar.
    let malleated = "7767a3242dc9b58bbc68488c1265cc6cc5f26c6f3c88a5d55e901b0734dca57276ed93749cf8f101f0f6b81b7c3481d951214d1961e1727f375c9090b4f1fb1b";
    assert_eq!(verify(&payer(), message, &TxSignature::from_bytes(bytes(malleated))), Err(InvalidSignature));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_the_derived_secret_signs_the_derived_key_verifies(
        seed: [u8; 32],
        chain_code: [u8; 32],
        path in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..5),
        message in prop::collection::vec(any::<u8>(), 0..200),
        split: prop::sample::Index,
    ) {
        let secret = PrivateKey::deserialize_raw_32(&seed);
        let root = ExtendedKey { public_key: Address::from_bytes(secret.public_key().serialize_raw()), chain_code };
        let child = derive(&root, &path).expect("a key");

        let components = DerivationPath::new(path.iter().cloned().map(DerivationIndex).collect());
        let (signer, signer_chain_code) = secret.derive_subkey_with_chain_code(&components, &chain_code);
        prop_assert_eq!(child.chain_code, signer_chain_code);
        let signature = TxSignature::from_bytes(signer.sign_message(&message));
        prop_assert_eq!(verify(&child.public_key, &message, &signature), Ok(()));

        let (first, second) = path.split_at(split.index(path.len() + 1));
        prop_assert_eq!(derive(&derive(&root, first).expect("a key"), second), Ok(child));
    }

    #[test]
    fn a_flipped_bit_invalidates_a_signature(message in prop::collection::vec(any::<u8>(), 1..100), bit in 0usize..512) {
        let mut signature = payer_key().sign_message(&message);
        signature[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(verify(&payer(), &message, &TxSignature::from_bytes(signature)), Err(InvalidSignature));
    }
}
