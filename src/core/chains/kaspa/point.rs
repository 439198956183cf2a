//! Points of the curve, as public keys write them.

use k256::PublicKey;

/// The point of a compressed SEC1 key. The tag is checked first: other forms of the same length exist, which the chain would not
/// accept.
pub(super) fn compressed_point(sec1: &[u8; 33]) -> Option<PublicKey> {
    matches!(sec1[0], 2 | 3).then(|| PublicKey::from_sec1_bytes(sec1).ok()).flatten()
}
