//! Local verification of signatures, before anything is broadcast.

use super::point;
use k256::ecdsa::signature::hazmat::PrehashVerifier;
use std::fmt;

/// Why a signature is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// Not 64 bytes.
    Length {
        /// The number of bytes.
        found: usize,
    },
    /// The bytes encode no signature: a number is zero or too large.
    Malformed,
    /// The public key is not a point of the curve.
    Key,
    /// A well-formed signature of something else, or by another key.
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
