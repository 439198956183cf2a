//! Hashes of Kaspa: BLAKE2b-256 keyed with an ASCII domain, over little-endian integers and `u64` lengths.

/// The domain of transaction ids.
pub const TRANSACTION_ID: &[u8] = b"TransactionID";
/// The domain of signing hashes and their parts.
pub const SIGNING_HASH: &[u8] = b"TransactionSigningHash";
/// The domain of ECDSA digests, hashed with SHA-256 before a signing hash.
pub const SIGNING_HASH_ECDSA: &[u8] = b"TransactionSigningHashECDSA";

/// A hasher that takes the preimage of one hash piece by piece.
pub struct Hasher(blake2b_simd::State);

impl Hasher {
    /// Makes a hasher for one of the domains above.
    pub fn new(domain: &[u8]) -> Self {
        Self(blake2b_simd::Params::new().hash_length(32).key(domain).to_state())
    }

    /// Appends bytes as they are.
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.update(bytes);
        self
    }

    /// Appends the length of bytes as a 64-bit integer, then the bytes.
    pub fn var_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.u64(bytes.len() as u64).bytes(bytes)
    }

    /// Appends one byte.
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.bytes(&[value])
    }

    /// Appends a 16-bit integer, little-endian.
    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Appends a 32-bit integer, little-endian.
    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Appends a 64-bit integer, little-endian.
    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.bytes(&value.to_le_bytes())
    }

    /// Returns the hash of the bytes appended so far.
    pub fn finish(&self) -> [u8; 32] {
        let mut out = [0; 32];
        out.copy_from_slice(self.0.finalize().as_bytes());
        out
    }
}

/// Computes BLAKE2b-256 without a key: the hash in a script-hash address.
pub fn unkeyed(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(blake2b_simd::Params::new().hash_length(32).hash(bytes).as_bytes());
    out
}
