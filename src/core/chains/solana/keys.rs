//! Ed25519 keys as the Internet Computer derives them, and the verification of what it signs.
//!
//! The canister asks once for its root key (derivation path `[]`) and derives every wallet's key from it here, so that an address
//! is a matter of a query. The derivation is the IC's own (HKDF-SHA-512), not SLIP-10 as in Solana wallets.

use super::{Address, TxSignature};
use ic_ed25519::{DerivationIndex, DerivationPath, PublicKey};
use std::fmt;

/// The most components a derivation path may have on the IC.
pub const MAX_PATH_COMPONENTS: usize = 255;

/// A public key and the chain code that derives its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedKey {
    /// The public key, which is the address of the wallet it owns.
    pub public_key: Address,
    /// The chain code.
    pub chain_code: [u8; 32],
}

/// Why a child key could not be derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The root key is not a canonical point of the prime-order group.
    InvalidRoot,
    /// More than [`MAX_PATH_COMPONENTS`] components.
    PathTooLong {
        /// The number of components.
        components: usize,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRoot => write!(f, "the root key is not a valid Ed25519 public key"),
            Self::PathTooLong { components } => {
                write!(f, "the derivation path has {components} components, at most {MAX_PATH_COMPONENTS} are allowed")
            }
        }
    }
}

impl std::error::Error for KeyError {}

/// A signature that the key did not make over the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSignature;

impl fmt::Display for InvalidSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the signature does not belong to this key and message")
    }
}

impl std::error::Error for InvalidSignature {}

/// Derives the key at `path` below `root`. With the root of path `[]`, the result equals the IC's own answer for `path`.
pub fn derive(root: &ExtendedKey, path: &[Vec<u8>]) -> Result<ExtendedKey, KeyError> {
    if path.len() > MAX_PATH_COMPONENTS {
        return Err(KeyError::PathTooLong { components: path.len() });
    }
    let key = PublicKey::deserialize_raw(root.public_key.as_bytes()).map_err(|_| KeyError::InvalidRoot)?;
    if !key.is_torsion_free() || !key.is_canonical() {
        return Err(KeyError::InvalidRoot);
    }
    let path = DerivationPath::new(path.iter().cloned().map(DerivationIndex).collect());
    let (child, chain_code) = key.derive_subkey_with_chain_code(&path, &root.chain_code);
    Ok(ExtendedKey { public_key: Address::from_bytes(child.serialize_raw()), chain_code })
}

/// Checks that `signature` is the key's signature over exactly `message`.
pub fn verify(public_key: &Address, message: &[u8], signature: &TxSignature) -> Result<(), InvalidSignature> {
    let key = PublicKey::deserialize_raw(public_key.as_bytes()).map_err(|_| InvalidSignature)?;
    key.verify_signature(message, signature.as_bytes()).map_err(|_| InvalidSignature)
}

#[cfg(test)]
mod tests;
