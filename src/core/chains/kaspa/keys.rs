//! Public keys, and how the Internet Computer derives children of them.
//!
//! A child key needs the parent's public key, its chain code and a path of byte strings. Fetched once with an empty path, the root
//! yields every address without another call. The scheme is SLIP-10's public derivation with components of any length, where a
//! component of four bytes below 2^31 is an ordinary BIP32 index. The canister id is part of the root already.

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

/// The most components that the Internet Computer allows in a path.
pub const MAX_PATH_COMPONENTS: usize = 255;

/// Which signature scheme a key signs with; it decides the kind of address too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// BIP340, from `sign_with_schnorr`.
    Schnorr,
    /// ECDSA, from `sign_with_ecdsa`.
    Ecdsa,
}

/// A public key with the chain code that continues its derivation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedKey {
    /// Compressed SEC1 form.
    pub public_key: [u8; 33],
    /// Chain code.
    pub chain_code: [u8; 32],
}

/// Why no child key can be derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DerivationError {
    /// The parent is not a compressed point of the curve.
    InvalidParent,
    /// The chain code does not have 32 bytes.
    InvalidChainCode,
    /// The path is longer than the Internet Computer allows.
    PathTooLong {
        /// Its number of components.
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
    /// The descendant at `path`; an empty path gives the key itself.
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

/// The compressed public key at `path` under a root key, as `schnorr_public_key` or `ecdsa_public_key` would return it for that path
/// when the root is what they returned for the empty path.
pub fn derive_public_key(root: &[u8], chain_code: &[u8], path: &[Vec<u8>]) -> Result<[u8; 33], DerivationError> {
    let public_key = root.try_into().map_err(|_| DerivationError::InvalidParent)?;
    let chain_code = chain_code.try_into().map_err(|_| DerivationError::InvalidChainCode)?;
    ExtendedKey { public_key, chain_code }.derive(path).map(|key| key.public_key)
}

/// One step of the derivation. The loop is SLIP-10's answer to an offset beyond the group's order or a child at infinity: as good
/// as impossible, but the Internet Computer's own code has it, so that a key never depends on who derived it.
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

/// A public key that owns an address: everything about spending that depends on the kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WalletKey {
    kind: KeyKind,
    sec1: [u8; 33],
}

impl WalletKey {
    /// Wraps a compressed SEC1 key, as the management canister returns it for both schemes.
    pub fn new(kind: KeyKind, sec1: &[u8]) -> Result<Self, AddressError> {
        let sec1 = sec1.try_into().map_err(|_| AddressError::PayloadLength { expected: 33, found: sec1.len() })?;
        compressed_point(&sec1).map(|_| Self { kind, sec1 }).ok_or(AddressError::NotACurvePoint)
    }

    /// The signature scheme.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The compressed SEC1 form.
    pub fn sec1(&self) -> &[u8; 33] {
        &self.sec1
    }

    /// The key's address on a network.
    pub fn address(&self, network: Network) -> Address {
        Address::from_script(network, &self.script_public_key()).expect("BUG: a wallet key is a point of the curve")
    }

    /// The script that locks money to this key.
    pub fn script_public_key(&self) -> ScriptPublicKey {
        ScriptPublicKey::pay_to(match self.kind {
            KeyKind::Schnorr => ScriptForm::PubKey(self.x_only()),
            KeyKind::Ecdsa => ScriptForm::PubKeyEcdsa(self.sec1),
        })
    }

    /// What the threshold signer must sign for input `index`, which spends `amount` sompi locked to this key: the `message` of
    /// `sign_with_schnorr`, or the `message_hash` of `sign_with_ecdsa`.
    pub fn digest(&self, cache: &SighashCache<'_>, index: usize, amount: Amount) -> Result<[u8; 32], NoSuchInput> {
        let script = self.script_public_key();
        match self.kind {
            KeyKind::Schnorr => cache.schnorr(index, &script, amount),
            KeyKind::Ecdsa => cache.ecdsa(index, &script, amount),
        }
    }

    /// Verifies the signer's answer to [`Self::digest`] and returns the 64 bytes to put into the input; ECDSA with a low `s`.
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
