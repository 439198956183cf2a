//! Public keys, and the derivation of child keys as the Internet Computer does it.
//!
//! A child key follows from the parent's public key, its chain code and a path of byte strings. The root is fetched once, with an
//! empty path; every address is then derived without another call. The scheme is the public derivation of SLIP-10 with components
//! of any length, where a component of four bytes below 2^31 is an ordinary BIP32 index. The root depends on the canister id
//! already, so the path does not contain it.

use super::address::{Address, AddressError, Network};
use super::point::compressed_point;
use super::script::{ScriptForm, ScriptPublicKey};
use super::sighash::SighashCache;
use super::tx::NoSuchInput;
use super::verify::{self, SignatureError};
use crate::base::Amount;
use hmac::{Hmac, Mac};
use k256::elliptic_curve::{CurveAffine, PrimeField, group::GroupEncoding};
use k256::{AffinePoint, ProjectivePoint, Scalar};
use sha2::Sha512;
use std::fmt;

/// The largest number of path components that the Internet Computer allows.
pub const MAX_PATH_COMPONENTS: usize = 255;

/// The signature scheme of a key, which also decides the kind of its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// BIP340 signatures, made by `sign_with_schnorr`.
    Schnorr,
    /// ECDSA signatures, made by `sign_with_ecdsa`.
    Ecdsa,
}

/// A public key with the chain code that continues its derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedKey {
    /// The public key in compressed SEC1 form.
    pub public_key: [u8; 33],
    /// The chain code, the second input of the derivation.
    pub chain_code: [u8; 32],
}

/// The reason why no child key can be derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivationError {
    /// A parent key that is no compressed point of the curve.
    InvalidParent,
    /// A chain code whose length is not 32 bytes.
    InvalidChainCode,
    /// A path of more than [`MAX_PATH_COMPONENTS`] components.
    PathTooLong {
        /// The number of components.
        components: usize,
    },
}

impl fmt::Display for DerivationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidParent => f.write_str("the parent key is not a compressed point of the curve"),
            Self::InvalidChainCode => f.write_str("the chain code does not have 32 bytes"),
            Self::PathTooLong { components } => write!(f, "{components} path components, {MAX_PATH_COMPONENTS} are allowed"),
        }
    }
}

impl std::error::Error for DerivationError {}

impl ExtendedKey {
    /// Derives the descendant at `path`; an empty path gives the key itself.
    ///
    /// # Errors
    /// [`DerivationError::PathTooLong`] above [`MAX_PATH_COMPONENTS`] components, and [`DerivationError::InvalidParent`] when the
    /// public key is no compressed point of the curve.
    pub fn derive(&self, path: &[impl AsRef<[u8]>]) -> Result<Self, DerivationError> {
        if path.len() > MAX_PATH_COMPONENTS {
            return Err(DerivationError::PathTooLong { components: path.len() });
        }
        let mut point = *compressed_point(&self.public_key).ok_or(DerivationError::InvalidParent)?.as_affine();
        let mut chain_code = self.chain_code;
        for component in path {
            (point, chain_code) = child(&point, &chain_code, component.as_ref());
        }
        Ok(Self { public_key: point.to_bytes().into(), chain_code })
    }
}

/// Derives the compressed public key at `path` under a root key.
///
/// The result is the key that `schnorr_public_key` or `ecdsa_public_key` returns for `path`, if `root` and `chain_code` are its
/// answer to the empty path.
///
/// # Errors
/// [`DerivationError::InvalidParent`] when `root` is no compressed point of the curve, [`DerivationError::InvalidChainCode`] unless
/// `chain_code` has 32 bytes, and [`DerivationError::PathTooLong`] above [`MAX_PATH_COMPONENTS`] components.
pub fn derive_public_key(root: &[u8], chain_code: &[u8], path: &[Vec<u8>]) -> Result<[u8; 33], DerivationError> {
    let public_key = root.try_into().map_err(|_| DerivationError::InvalidParent)?;
    let chain_code = chain_code.try_into().map_err(|_| DerivationError::InvalidChainCode)?;
    ExtendedKey { public_key, chain_code }.derive(path).map(|key| key.public_key)
}

/// Derives the child of a point for one path component.
///
/// SLIP-10 tries again with another input when the offset is not below the group's order or the child is the point at infinity.
/// Neither is expected ever to happen, but the Internet Computer does the same, and a key must not depend on the code that derives
/// it.
fn child(parent: &AffinePoint, chain_code: &[u8; 32], component: &[u8]) -> (AffinePoint, [u8; 32]) {
    let mut input: [u8; 33] = parent.to_bytes().into();
    loop {
        let (offset, next_chain_code) = hmac_halves(chain_code, &input, component);
        if let Some(offset) = Scalar::from_repr(offset.into()).into_option() {
            let point = (ProjectivePoint::from(*parent) + ProjectivePoint::mul_by_generator(&offset)).to_affine();
            if !bool::from(point.is_identity()) {
                return (point, next_chain_code);
            }
        }
        // SLIP-10 marks the input of another try with a first byte of 1.
        input[0] = 1;
        input[1..].copy_from_slice(&next_chain_code);
    }
}

fn hmac_halves(key: &[u8; 32], input: &[u8; 33], component: &[u8]) -> ([u8; 32], [u8; 32]) {
    let mac = Hmac::<Sha512>::new_from_slice(key).expect("BUG: HMAC takes keys of any length");
    let output = mac.chain_update(input).chain_update(component).finalize().into_bytes();
    let (mut left, mut right) = ([0; 32], [0; 32]);
    left.copy_from_slice(&output[..32]);
    right.copy_from_slice(&output[32..]);
    (left, right)
}

/// The public key of a wallet's address, with its signature scheme.
///
/// Script, digest and verification depend on the scheme; they are chosen here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletKey {
    kind: KeyKind,
    sec1: [u8; 33],
}

impl WalletKey {
    /// Wraps a compressed SEC1 key, as the management canister returns it for both schemes.
    ///
    /// # Errors
    /// [`AddressError::PayloadLength`] unless `sec1` has 33 bytes, and [`AddressError::NotACurvePoint`] when they are no compressed
    /// point of the curve.
    pub fn new(kind: KeyKind, sec1: &[u8]) -> Result<Self, AddressError> {
        let sec1 = sec1.try_into().map_err(|_| AddressError::PayloadLength { expected: 33, found: sec1.len() })?;
        compressed_point(&sec1).map(|_| Self { kind, sec1 }).ok_or(AddressError::NotACurvePoint)
    }

    /// Returns the signature scheme.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// Returns the key in compressed SEC1 form.
    pub fn sec1(&self) -> &[u8; 33] {
        &self.sec1
    }

    /// Returns the key's address on a network.
    pub fn address(&self, network: Network) -> Address {
        Address::from_script(network, &self.script_public_key()).expect("BUG: a wallet key is a point of the curve")
    }

    /// Returns the script that locks an output to this key.
    pub fn script_public_key(&self) -> ScriptPublicKey {
        ScriptPublicKey::pay_to(match self.kind {
            KeyKind::Schnorr => ScriptForm::PubKey(self.x_only()),
            KeyKind::Ecdsa => ScriptForm::PubKeyEcdsa(self.sec1),
        })
    }

    /// Returns the 32 bytes that the threshold signer signs for input `index`.
    ///
    /// The input spends an output of `amount` sompi that is locked to this key. The bytes are the `message` of `sign_with_schnorr`
    /// or the `message_hash` of `sign_with_ecdsa`.
    ///
    /// # Errors
    /// [`NoSuchInput`] when the transaction has no input `index`.
    pub fn digest(&self, cache: &SighashCache<'_>, index: usize, amount: Amount) -> Result<[u8; 32], NoSuchInput> {
        let script = self.script_public_key();
        match self.kind {
            KeyKind::Schnorr => cache.schnorr(index, &script, amount),
            KeyKind::Ecdsa => cache.ecdsa(index, &script, amount),
        }
    }

    /// Verifies the signer's signature of a digest and returns the 64 bytes for the input.
    ///
    /// `digest` is that of [`Self::digest`]. An ECDSA signature is returned with a low `s`, as the node demands.
    ///
    /// # Errors
    /// [`SignatureError::Length`] unless `signature` has 64 bytes, [`SignatureError::Malformed`] when they encode no signature, and
    /// [`SignatureError::Mismatch`] when the signature is of another digest or by another key.
    pub fn accept_signature(&self, digest: &[u8; 32], signature: &[u8]) -> Result<[u8; 64], SignatureError> {
        match self.kind {
            KeyKind::Schnorr => verify::schnorr(&self.x_only(), digest, signature),
            KeyKind::Ecdsa => verify::ecdsa(&self.sec1, digest, signature),
        }
    }

    fn x_only(&self) -> [u8; 32] {
        let [_, x_only @ ..] = self.sec1;
        x_only
    }
}
