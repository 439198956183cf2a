//! Public keys of wallets on Kaspa: one secp256k1 key, or one for each of the two kinds of addresses.

use crate::base::Bytes;
use crate::chains::kaspa::{self, keys::ExtendedKey};
use crate::state::refusal::{already_taken_key, invalid};
use crate::state::{Refusal, State};
use crate::wallet::{KeyKind, RootKey, RootKeys};
use ic_stable_structures::Memory;

/// Derives the threshold keys of a wallet from the root keys.
pub(super) fn derive(roots: &RootKeys, path: &dyn Fn(KeyKind) -> Vec<Vec<u8>>) -> Result<Vec<(KeyKind, Bytes)>, String> {
    let derived = |root: &RootKey, kind: KeyKind| {
        let root = ExtendedKey { public_key: root.public_key()?, chain_code: root.chain_code()? };
        let child = root.derive(&path(kind)).map_err(|error| error.to_string())?;
        Ok((kind, Bytes::new(child.public_key)))
    };
    [(&roots.schnorr, KeyKind::KaspaSchnorr), (&roots.ecdsa, KeyKind::KaspaEcdsa)]
        .into_iter()
        .map(|(root, kind)| derived(root, kind))
        .collect()
}

/// Checks the key that an owner registers: 33 bytes for both addresses, or 32 (x-only) for the Schnorr address.
pub(super) fn register<M: Memory>(state: &State<M>, key: &Bytes) -> Result<Vec<(KeyKind, Bytes)>, Refusal> {
    // An x-only key stands for the one of its two points whose y coordinate is even.
    let sec1 = if key.len() == 32 { Bytes::new([&[2], &key[..]].concat()) } else { key.clone() };
    kaspa::WalletKey::new(kaspa::KeyKind::Schnorr, &sec1)
        .map_err(|error| invalid("kaspa_key", format!("no secp256k1 key of 33 bytes (compressed) or 32 (x-only): {error}")))?;
    // Both points have the same Schnorr address.
    if [2, 3].iter().any(|tag| state.tables.wallet_of_key(&[&[*tag], &sec1[1..]].concat()).is_some()) {
        return Err(already_taken_key());
    }
    let mut keys = vec![(KeyKind::KaspaSchnorr, sec1.clone())];
    if key.len() != 32 {
        keys.push((KeyKind::KaspaEcdsa, sec1));
    }
    Ok(keys)
}
