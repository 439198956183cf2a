//! Local verification of BIP340 and ECDSA signatures, before a transaction is broadcast.

use super::point;
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use std::fmt;

/// The reason why a signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// A signature whose length is not 64 bytes.
    Length {
        /// The number of bytes.
        found: usize,
    },
    /// Bytes that encode no signature, because a number is zero or out of range.
    Malformed,
    /// A public key that is no point of the curve.
    Key,
    /// A well-formed signature of another digest or by another key.
    Mismatch,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found } => write!(f, "a signature has 64 bytes, not {found}"),
            Self::Malformed => f.write_str("the signature is malformed"),
            Self::Key => f.write_str("the public key is not a point of the curve"),
            Self::Mismatch => f.write_str("the signature does not match the key and the digest"),
        }
    }
}

impl std::error::Error for SignatureError {}

/// Verifies a BIP340 signature of a 32-byte signing hash under an x-only key and returns its 64 bytes.
///
/// # Errors
/// [`SignatureError::Length`] unless `signature` has 64 bytes, [`SignatureError::Malformed`] when they encode no signature,
/// [`SignatureError::Key`] when `x_only` is no x-coordinate of the curve, and [`SignatureError::Mismatch`] when the signature is of
/// another hash or key.
pub fn schnorr(x_only: &[u8; 32], sighash: &[u8; 32], signature: &[u8]) -> Result<[u8; 64], SignatureError> {
    let bytes = sized(signature)?;
    let signature = k256::schnorr::Signature::from_slice(&bytes).map_err(|_| SignatureError::Malformed)?;
    let key = k256::schnorr::VerifyingKey::from_slice(x_only).map_err(|_| SignatureError::Key)?;
    key.verify_raw(sighash, &signature).map_err(|_| SignatureError::Mismatch)?;
    Ok(bytes)
}

/// Verifies an ECDSA signature `r || s` of a 32-byte digest under a compressed key and returns it with a low `s`.
///
/// The node refuses a high `s`, and the threshold signer does not promise a low one; both are valid signatures of the digest.
///
/// # Errors
/// [`SignatureError::Length`] unless `signature` has 64 bytes, [`SignatureError::Malformed`] when `r` or `s` is zero or out of
/// range, [`SignatureError::Key`] when `sec1` is no compressed point, and [`SignatureError::Mismatch`] when the signature is of
/// another digest or key.
pub fn ecdsa(sec1: &[u8; 33], digest: &[u8; 32], signature: &[u8]) -> Result<[u8; 64], SignatureError> {
    let bytes = sized(signature)?;
    let signature = k256::ecdsa::Signature::from_slice(&bytes).map_err(|_| SignatureError::Malformed)?.normalize_s();
    let key = point::compressed_point(sec1).map(k256::ecdsa::VerifyingKey::from).ok_or(SignatureError::Key)?;
    key.verify_prehash(digest, &signature).map_err(|_| SignatureError::Mismatch)?;
    Ok(signature.to_bytes().into())
}

fn sized(signature: &[u8]) -> Result<[u8; 64], SignatureError> {
    signature.try_into().map_err(|_| SignatureError::Length { found: signature.len() })
}
