//! Points of the curve secp256k1 in the form of public keys.

use k256::PublicKey;

/// Returns the point of a compressed SEC1 key; `None` when the bytes are no such point.
///
/// The tag must be 2 or 3: SEC1 has another form of the same length (tag 5), which the chain would not accept.
pub(super) fn compressed_point(sec1: &[u8; 33]) -> Option<PublicKey> {
    matches!(sec1[0], 2 | 3).then(|| PublicKey::from_sec1_bytes(sec1).ok()).flatten()
}
