//! Ed25519 keys as the Internet Computer derives them, and the verification of its signatures.
//!
//! The canister asks once for its root key (derivation path `[]`) and derives every wallet's key from it here, so that a query can
//! give an address. The derivation is the IC's own (HKDF-SHA-512), not SLIP-10 as in Solana wallets.

use super::{Address, TxSignature};
use ic_ed25519::{DerivationIndex, DerivationPath, PublicKey};
use std::fmt;

/// The encoding of the neutral element, which is the public key of the secret zero.
const IDENTITY: [u8; 32] = {
    let mut bytes = [0; 32];
    bytes[0] = 1;
    bytes
};

/// The most components a derivation path may have on the IC.
pub const MAX_PATH_COMPONENTS: usize = 255;

/// A public key and the chain code that derives its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedKey {
    /// The public key, which is the address of the wallet it owns.
    pub public_key: Address,
    /// The chain code, which the derivation mixes into every child key.
    pub chain_code: [u8; 32],
}

/// A reason why a child key could not be derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The root key is unusable: not 32 bytes, or not a point as [`is_usable`] demands.
    InvalidRoot,
    /// The chain code is not 32 bytes.
    InvalidChainCode,
    /// The path has more than [`MAX_PATH_COMPONENTS`] components.
    PathTooLong {
        /// The number of components.
        components: usize,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRoot => write!(f, "the root key is not a valid Ed25519 public key"),
            Self::InvalidChainCode => write!(f, "the root's chain code is not 32 bytes"),
            Self::PathTooLong { components } => {
                write!(f, "the derivation path has {components} components, at most {MAX_PATH_COMPONENTS} are allowed")
            }
        }
    }
}

impl std::error::Error for KeyError {}

/// The error of a signature that the key did not make over the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSignature;

impl fmt::Display for InvalidSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the signature does not belong to this key and message")
    }
}

impl std::error::Error for InvalidSignature {}

/// Derives the key at `path` below `root`.
///
/// With the root of path `[]`, the result equals the IC's own answer for `path`.
///
/// # Errors
/// [`KeyError::PathTooLong`] above [`MAX_PATH_COMPONENTS`]; [`KeyError::InvalidRoot`] when the root key is not usable as
/// [`is_usable`] says.
pub fn derive(root: &ExtendedKey, path: &[Vec<u8>]) -> Result<ExtendedKey, KeyError> {
    if path.len() > MAX_PATH_COMPONENTS {
        return Err(KeyError::PathTooLong { components: path.len() });
    }
    let key = prime_order_point(root.public_key.as_bytes()).ok_or(KeyError::InvalidRoot)?;
    let path = DerivationPath::new(path.iter().cloned().map(DerivationIndex).collect());
    let (child, chain_code) = key.derive_subkey_with_chain_code(&path, &root.chain_code);
    Ok(ExtendedKey { public_key: Address::from_bytes(child.serialize_raw()), chain_code })
}

/// Derives the public key at `path` from bytes as the management canister returns them.
///
/// The result is the wallet's address; the derivation is that of [`derive()`].
///
/// # Errors
/// Those of [`derive()`]; [`KeyError::InvalidRoot`] or [`KeyError::InvalidChainCode`] when the key or the chain code is not 32
/// bytes.
pub fn derive_public_key(public_key: &[u8], chain_code: &[u8], path: &[Vec<u8>]) -> Result<[u8; 32], KeyError> {
    let public_key = Address::from_bytes(public_key.try_into().map_err(|_| KeyError::InvalidRoot)?);
    let chain_code = chain_code.try_into().map_err(|_| KeyError::InvalidChainCode)?;
    derive(&ExtendedKey { public_key, chain_code }, path).map(|child| *child.public_key.as_bytes())
}

/// Checks that `signature` is the key's signature over exactly `message`, at least as strictly as Solana's nodes do.
///
/// `ic-ed25519` follows ZIP 215, which multiplies by the cofactor and so accepts signatures that a Solana node refuses. Once the
/// key and the signature's nonce point are known to be canonical points of the prime-order group, both rules agree.
///
/// # Errors
/// [`InvalidSignature`] when the signature is not valid, or the key or the nonce point is not a canonical point of prime order.
pub fn verify(public_key: &Address, message: &[u8], signature: &TxSignature) -> Result<(), InvalidSignature> {
    let key = prime_order_point(public_key.as_bytes()).ok_or(InvalidSignature)?;
    let (nonce_point, _) = signature.as_bytes().split_at(32);
    prime_order_point(nonce_point).ok_or(InvalidSignature)?;
    key.verify_signature(message, signature.as_bytes()).map_err(|_| InvalidSignature)
}

/// Returns whether a key can own an account and sign as [`verify`] demands.
///
/// The key must be the canonical encoding of a point of the prime-order group other than the neutral one.
pub fn is_usable(public_key: &Address) -> bool {
    prime_order_point(public_key.as_bytes()).is_some()
}

/// Returns the point that these bytes encode, if it has prime order and this is its one canonical encoding.
fn prime_order_point(bytes: &[u8]) -> Option<PublicKey> {
    let point = PublicKey::deserialize_raw(bytes).ok()?;
    (bytes != IDENTITY && point.is_torsion_free() && point.is_canonical()).then_some(point)
}

#[cfg(test)]
mod tests;
