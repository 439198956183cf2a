//! Threshold keys: derived from PocketIC's published master keys with DFINITY's crates, so that a canister has the same keys here.

use candid::Principal;
use ic_management_canister_types as ic;
use ic_management_canister_types::{EcdsaCurve, SchnorrAlgorithm, SchnorrAux};
use rand::rngs::StdRng;

use crate::ic::Reject;

/// Seed of PocketIC's master keys; the key's name is the derivation path below it.
const MASTER_SEED: [u8; 32] = [42; 32];
const NAMES: [&str; 3] = ["key_1", "test_key_1", "dfx_test_key"];
/// The interface specification's limit on derivation paths.
const MAX_PATH: usize = 255;

/// A public key and its chain code.
pub struct PublicKey {
    /// SEC1 compressed (secp256k1) or raw (Ed25519).
    pub key: Vec<u8>,
    /// Chain code, 32 bytes.
    pub chain_code: Vec<u8>,
}

fn check(name: &str, path: &[Vec<u8>]) -> Result<(), Reject> {
    if !NAMES.contains(&name) {
        return Err(Reject::new(Reject::CANISTER_REJECT, format!("unknown or disabled threshold key: {name}")));
    }
    if path.len() > MAX_PATH {
        return Err(Reject::new(Reject::CANISTER_REJECT, format!("the derivation path exceeds {MAX_PATH} components")));
    }
    Ok(())
}

fn secp256k1(name: &str, canister: Principal, path: &[Vec<u8>]) -> Result<(ic_secp256k1::PrivateKey, [u8; 32]), Reject> {
    use ic_secp256k1::{DerivationIndex, DerivationPath, PrivateKey};
    check(name, path)?;
    let master = DerivationPath::new(vec![DerivationIndex(name.as_bytes().to_vec())]);
    let (master, _) = PrivateKey::generate_from_seed(&MASTER_SEED).derive_subkey(&master);
    Ok(master.derive_subkey(&DerivationPath::from_canister_id_and_path(canister.as_slice(), path)))
}

fn ed25519(name: &str, canister: Principal, path: &[Vec<u8>]) -> Result<(ic_ed25519::DerivedPrivateKey, [u8; 32]), Reject> {
    use ic_ed25519::{DerivationIndex, DerivationPath, PrivateKey};
    check(name, path)?;
    let master = DerivationPath::new(vec![DerivationIndex(name.as_bytes().to_vec())]);
    let (master, _) = PrivateKey::generate_from_seed(&MASTER_SEED).derive_subkey(&master);
    Ok(master.derive_subkey(&DerivationPath::from_canister_id_and_path(canister.as_slice(), path)))
}

/// The public key of `ecdsa_public_key`.
///
/// # Errors
/// Unknown key, or a path that is too long.
pub fn ecdsa_public_key(caller: Principal, args: &ic::EcdsaPublicKeyArgs) -> Result<PublicKey, Reject> {
    let EcdsaCurve::Secp256k1 = args.key_id.curve;
    let canister = args.canister_id.unwrap_or(caller);
    let (key, chain_code) = secp256k1(&args.key_id.name, canister, &args.derivation_path)?;
    Ok(PublicKey { key: key.public_key().serialize_sec1(true), chain_code: chain_code.to_vec() })
}

/// The public key of `schnorr_public_key`.
///
/// # Errors
/// Unknown key, or a path that is too long.
pub fn schnorr_public_key(caller: Principal, args: &ic::SchnorrPublicKeyArgs) -> Result<PublicKey, Reject> {
    let canister = args.canister_id.unwrap_or(caller);
    let (name, path) = (&args.key_id.name, &args.derivation_path);
    match args.key_id.algorithm {
        SchnorrAlgorithm::Bip340secp256k1 => {
            let (key, chain_code) = secp256k1(name, canister, path)?;
            Ok(PublicKey { key: key.public_key().serialize_sec1(true), chain_code: chain_code.to_vec() })
        }
        SchnorrAlgorithm::Ed25519 => {
            let (key, chain_code) = ed25519(name, canister, path)?;
            Ok(PublicKey { key: key.public_key().serialize_raw().to_vec(), chain_code: chain_code.to_vec() })
        }
    }
}

/// The signature of `sign_with_ecdsa`: `r ‖ s`, 64 bytes.
///
/// # Errors
/// Unknown key, a path that is too long, or a hash that is not 32 bytes long.
pub fn sign_with_ecdsa(caller: Principal, args: &ic::SignWithEcdsaArgs) -> Result<Vec<u8>, Reject> {
    let EcdsaCurve::Secp256k1 = args.key_id.curve;
    let (key, _) = secp256k1(&args.key_id.name, caller, &args.derivation_path)?;
    if args.message_hash.len() != 32 {
        return Err(Reject::new(Reject::CANISTER_REJECT, "message_hash must be 32 bytes long"));
    }
    Ok(key.sign_digest_with_ecdsa(&args.message_hash).to_vec())
}

/// The signature of `sign_with_schnorr`, 64 bytes. BIP-340 signatures are randomised as on the IC; Ed25519 ones are deterministic
/// here.
///
/// # Errors
/// Unknown key, a path that is too long, or auxiliary data that does not fit the algorithm.
pub fn sign_with_schnorr(caller: Principal, args: &ic::SignWithSchnorrArgs, rng: &mut StdRng) -> Result<Vec<u8>, Reject> {
    let (name, path) = (&args.key_id.name, &args.derivation_path);
    match (&args.key_id.algorithm, &args.aux) {
        (SchnorrAlgorithm::Bip340secp256k1, None) => {
            let (key, _) = secp256k1(name, caller, path)?;
            Ok(key.sign_message_with_bip340(&args.message, rng).to_vec())
        }
        (SchnorrAlgorithm::Bip340secp256k1, Some(SchnorrAux::Bip341(aux))) => {
            let (key, _) = secp256k1(name, caller, path)?;
            let signature = key.sign_message_with_bip341(&args.message, rng, &aux.merkle_root_hash);
            signature
                .map(|bytes| bytes.to_vec())
                .map_err(|_| Reject::new(Reject::CANISTER_REJECT, "merkle_root_hash must be empty or 32 bytes long"))
        }
        (SchnorrAlgorithm::Ed25519, None) => {
            let (key, _) = ed25519(name, caller, path)?;
            Ok(key.sign_message(&args.message).to_vec())
        }
        (SchnorrAlgorithm::Ed25519, Some(_)) => {
            Err(Reject::new(Reject::CANISTER_REJECT, "schnorr aux data is not supported with ed25519"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canister() -> Principal {
        Principal::from_text("ryjl3-tyaaa-aaaaa-aaaba-cai").unwrap()
    }

    fn path() -> Vec<Vec<u8>> {
        vec![vec![1], b"wallet".to_vec(), vec![]]
    }

    #[test]
    fn should_derive_the_keys_pocketic_derives_for_secp256k1() {
        use ic_secp256k1::PocketIcMasterPublicKeyId as Id;
        use ic_secp256k1::PublicKey;
        for (name, ecdsa, schnorr) in [
            ("key_1", Id::EcdsaKey1, Id::SchnorrKey1),
            ("test_key_1", Id::EcdsaTestKey1, Id::SchnorrTestKey1),
            ("dfx_test_key", Id::EcdsaDfxTestKey, Id::SchnorrDfxTestKey),
        ] {
            let args = ic::EcdsaPublicKeyArgs {
                canister_id: None,
                derivation_path: path(),
                key_id: ic::EcdsaKeyId { curve: EcdsaCurve::Secp256k1, name: name.to_string() },
            };
            let public = ecdsa_public_key(canister(), &args).unwrap();
            let (expected, chain_code) = PublicKey::derive_pocketic_key(ecdsa, &canister(), &path());
            assert_eq!(public.key, expected.serialize_sec1(true), "{name}");
            assert_eq!(public.chain_code, chain_code, "{name}");

            let args = ic::SchnorrPublicKeyArgs {
                canister_id: Some(canister()),
                derivation_path: path(),
                key_id: ic::SchnorrKeyId { algorithm: SchnorrAlgorithm::Bip340secp256k1, name: name.to_string() },
            };
            let public = schnorr_public_key(Principal::anonymous(), &args).unwrap();
            let (expected, _) = PublicKey::derive_pocketic_key(schnorr, &canister(), &path());
            assert_eq!(public.key, expected.serialize_sec1(true), "{name}");
        }
    }

    #[test]
    fn should_derive_the_keys_pocketic_derives_for_ed25519() {
        use ic_ed25519::{PocketIcMasterPublicKeyId as Id, PublicKey};
        for (name, id) in [("key_1", Id::Key1), ("test_key_1", Id::TestKey1), ("dfx_test_key", Id::DfxTestKey)] {
            let args = ic::SchnorrPublicKeyArgs {
                canister_id: None,
                derivation_path: path(),
                key_id: ic::SchnorrKeyId { algorithm: SchnorrAlgorithm::Ed25519, name: name.to_string() },
            };
            let public = schnorr_public_key(canister(), &args).unwrap();
            let (expected, chain_code) = PublicKey::derive_pocketic_key(id, &canister(), &path());
            assert_eq!(public.key, expected.serialize_raw(), "{name}");
            assert_eq!(public.chain_code, chain_code, "{name}");
        }
    }

    #[test]
    fn should_refuse_unknown_keys_and_long_paths() {
        let args = |name: &str, path| ic::SignWithEcdsaArgs {
            message_hash: vec![0; 32],
            derivation_path: path,
            key_id: ic::EcdsaKeyId { curve: EcdsaCurve::Secp256k1, name: name.to_string() },
        };
        assert_eq!(sign_with_ecdsa(canister(), &args("key_2", vec![])).unwrap_err().code, Reject::CANISTER_REJECT);
        assert_eq!(sign_with_ecdsa(canister(), &args("key_1", vec![vec![]; 256])).unwrap_err().code, Reject::CANISTER_REJECT);
        assert_eq!(sign_with_ecdsa(canister(), &args("key_1", vec![vec![]; 255])).unwrap().len(), 64);
    }
}
