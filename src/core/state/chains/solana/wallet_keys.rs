//! Public keys of wallets on Solana: one Ed25519 key, which is the address.

use crate::base::Bytes;
use crate::chains::solana::{self, Address};
use crate::state::refusal::{already_taken_key, invalid};
use crate::state::{Refusal, State};
use crate::wallet::{KeyKind, RootKeys};
use ic_stable_structures::Memory;

/// Derives the threshold key of a wallet from the root key.
pub(super) fn derive(roots: &RootKeys, path: &dyn Fn(KeyKind) -> Vec<Vec<u8>>) -> Result<Vec<(KeyKind, Bytes)>, String> {
    let root = solana::keys::ExtendedKey {
        public_key: Address::from_bytes(roots.ed25519.public_key()?),
        chain_code: roots.ed25519.chain_code()?,
    };
    let child = solana::keys::derive(&root, &path(KeyKind::Solana)).map_err(|error| error.to_string())?;
    Ok(vec![(KeyKind::Solana, Bytes::new(child.public_key.as_bytes().to_vec()))])
}

/// Checks the key that an owner registers: 32 bytes.
pub(super) fn register<M: Memory>(state: &State<M>, key: &Bytes) -> Result<Vec<(KeyKind, Bytes)>, Refusal> {
    let bytes = <[u8; 32]>::try_from(&key[..]).map_err(|_| invalid("solana_key", "32 bytes are needed"))?;
    if !solana::keys::is_usable(&Address::from_bytes(bytes)) {
        return Err(invalid("solana_key", "not the canonical form of an Ed25519 key of prime order"));
    }
    if state.tables.wallet_of_key(&bytes).is_some() {
        return Err(already_taken_key());
    }
    Ok(vec![(KeyKind::Solana, key.clone())])
}
