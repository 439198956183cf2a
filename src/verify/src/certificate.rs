//! The subnet's certificate: its signature, its delegation, and the certified data.
//!
//! A certificate is a hash tree with a BLS signature over its root. The signer is the root key, or a subnet whose key the root key
//! certifies in a delegation, and then only for the canisters that the delegation names.

use blst::BLST_ERROR;
use blst::min_sig::{PublicKey, Signature};
use candid::Principal;
use ic_certification::{Certificate, HashTree, LookupResult, SubtreeLookupResult};
use purser_core::base::Hash;
use serde_bytes::ByteBuf;
use std::fmt;

/// The Internet Computer's root key in DER, as its operators publish it and every agent library carries it.
pub const IC_ROOT_KEY: &str = "308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100\
814c0e6ec71fab583b08bd81373c255c3c371b2e84863c98a4f1e08b74235d14fb5d9c0cd546d9685f913a0c0b2cc534\
1583bf4b4392e467db96d65b9bb4cb717112f8472e0d5a4d14505ffd7484b01291091c5f87b98883463f98091a0baaae";

/// The DER prefix of a BLS key (interface specification, "Signatures").
const DER_PREFIX: &str = "308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100";
/// The ciphersuite of the Internet Computer: signatures in G1, keys in G2.
const BLS_SUITE: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
/// Domain separator of a signature on a state tree's root hash.
const STATE_ROOT: &[u8] = b"\x0dic-state-root";

/// The root key that certificates are checked against, in DER.
#[derive(Clone, PartialEq, Eq)]
pub struct RootKey(Vec<u8>);

impl RootKey {
    /// The Internet Computer's root key.
    pub fn mainnet() -> Self {
        Self(hex::decode(IC_ROOT_KEY).expect("the constant is hexadecimal"))
    }

    /// The root key of a local network, as its `/api/v2/status` states it.
    ///
    /// # Errors
    /// When it is no BLS key in DER.
    pub fn from_der(der: Vec<u8>) -> Result<Self, InvalidCertificate> {
        bls_key(&der)?;
        Ok(Self(der))
    }

    /// Whether the key is the Internet Computer's.
    pub fn is_mainnet(&self) -> bool {
        *self == Self::mainnet()
    }
}

/// An invalid certificate, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidCertificate(pub String);

impl fmt::Display for InvalidCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidCertificate {}

fn invalid(problem: impl Into<String>) -> InvalidCertificate {
    InvalidCertificate(problem.into())
}

/// The certified end of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertifiedTip {
    /// The index of the last block.
    pub index: u64,
    /// The hash of the last block.
    pub hash: Hash,
    /// The time of the signature, in nanoseconds since 1970.
    pub signed_at: u64,
    /// The digest of the state after the last block.
    pub state: Hash,
}

/// The answer of ICRC-3's `icrc3_get_tip_certificate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipCertificate {
    /// The subnet's certificate.
    pub certificate: Vec<u8>,
    /// The tree whose root the certificate shows as the canister's certified data.
    pub hash_tree: Vec<u8>,
}

impl TipCertificate {
    /// The last block's index as the tree states it, before any check: the end of a download.
    ///
    /// # Errors
    /// When the tree says none.
    pub fn claimed_index(&self) -> Result<u64, InvalidCertificate> {
        leb128(lookup(&self.tree()?, &[b"last_block_index"])?)
    }

    fn tree(&self) -> Result<HashTree, InvalidCertificate> {
        serde_cbor::from_slice(&self.hash_tree).map_err(|error| invalid(format!("the hash tree is no tree: {error}")))
    }

    /// Verifies the certificate and returns the certified tip.
    ///
    /// # Errors
    /// When a signature, the delegation, the canister or the tree is not as it must be.
    pub fn verify(&self, canister: Principal, root_key: &RootKey) -> Result<CertifiedTip, InvalidCertificate> {
        let certificate = verified(&self.certificate, canister, root_key)?;
        let certified = lookup(&certificate.tree, &[b"canister", canister.as_slice(), b"certified_data"])?;
        let tree = self.tree()?;
        if tree.digest() != certified {
            return Err(invalid("the hash tree is not the one that the subnet certified"));
        }
        let hash = lookup(&tree, &[b"last_block_hash"])?;
        let hash = Hash(hash.try_into().map_err(|_| invalid("the certified hash has not 32 bytes"))?);
        let index = leb128(lookup(&tree, &[b"last_block_index"])?)?;
        let signed_at = leb128(lookup(&certificate.tree, &[b"time"])?)?;
        // Every version certifies a digest. A proof from which it was pruned has the same root, and would hide a wrong state.
        let state = lookup(&tree, &[b"state_digest"])?;
        let state = Hash(state.try_into().map_err(|_| invalid("the certified state digest has not 32 bytes"))?);
        Ok(CertifiedTip { index, hash, signed_at, state })
    }
}

/// A certificate whose signature counts for `canister`.
fn verified(bytes: &[u8], canister: Principal, root_key: &RootKey) -> Result<Certificate, InvalidCertificate> {
    let certificate = read(bytes)?;
    let signer = match &certificate.delegation {
        None => root_key.0.clone(),
        Some(delegation) => delegated_key(&delegation.certificate, &delegation.subnet_id, canister, root_key)?,
    };
    check_signature(&certificate, &signer)?;
    Ok(certificate)
}

/// The key of the subnet to which the root key delegates `canister`.
fn delegated_key(bytes: &[u8], subnet: &[u8], canister: Principal, root_key: &RootKey) -> Result<Vec<u8>, InvalidCertificate> {
    let certificate = read(bytes)?;
    if certificate.delegation.is_some() {
        return Err(invalid("a delegation must be signed by the root key itself"));
    }
    check_signature(&certificate, &root_key.0)?;
    let ranges = canister_ranges(&certificate.tree, subnet)?;
    if !ranges.iter().any(|(first, last)| *first <= canister && canister <= *last) {
        return Err(invalid(format!("the subnet that signed may not speak for canister {canister}")));
    }
    Ok(lookup(&certificate.tree, &[b"subnet", subnet, b"public_key"])?.to_vec())
}

/// The canister ranges of a subnet. They are under the subnet itself, or in shards under a path of their own.
fn canister_ranges(tree: &HashTree, subnet: &[u8]) -> Result<Vec<(Principal, Principal)>, InvalidCertificate> {
    let decode = |bytes: &[u8]| -> Result<Vec<(Principal, Principal)>, InvalidCertificate> {
        let ranges: Vec<(ByteBuf, ByteBuf)> =
            serde_cbor::from_slice(bytes).map_err(|error| invalid(format!("the canister ranges are unreadable: {error}")))?;
        let principal =
            |bytes: ByteBuf| Principal::try_from_slice(&bytes).map_err(|_| invalid("a canister range names no principal"));
        ranges.into_iter().map(|(first, last)| Ok((principal(first)?, principal(last)?))).collect()
    };
    if let LookupResult::Found(bytes) = tree.lookup_path([&b"subnet"[..], subnet, b"canister_ranges"]) {
        return decode(bytes);
    }
    let SubtreeLookupResult::Found(shards) = tree.lookup_subtree([&b"canister_ranges"[..], subnet]) else {
        return Err(invalid("the delegation names no canister ranges"));
    };
    let mut ranges = Vec::new();
    for path in shards.list_paths() {
        if let LookupResult::Found(bytes) = shards.lookup_path(&path) {
            ranges.extend(decode(bytes)?);
        }
    }
    Ok(ranges)
}

fn read(bytes: &[u8]) -> Result<Certificate, InvalidCertificate> {
    serde_cbor::from_slice(bytes).map_err(|error| invalid(format!("not a certificate: {error}")))
}

fn check_signature(certificate: &Certificate, der: &[u8]) -> Result<(), InvalidCertificate> {
    let key = bls_key(der)?;
    let signature = Signature::from_bytes(&certificate.signature).map_err(|_| invalid("the signature is no point of the curve"))?;
    let message = [STATE_ROOT, &certificate.tree.digest()].concat();
    match signature.verify(true, &message, BLS_SUITE, &[], &key, true) {
        BLST_ERROR::BLST_SUCCESS => Ok(()),
        _ => Err(invalid("the signature is not by the key that should have signed")),
    }
}

fn bls_key(der: &[u8]) -> Result<PublicKey, InvalidCertificate> {
    let prefix = hex::decode(DER_PREFIX).expect("the constant is hexadecimal");
    let key = der.strip_prefix(&prefix[..]).ok_or_else(|| invalid("the key is no BLS12-381 key in DER"))?;
    PublicKey::key_validate(key).map_err(|_| invalid("the key is no point of the curve"))
}

fn lookup<'a>(tree: &'a HashTree, path: &[&[u8]]) -> Result<&'a [u8], InvalidCertificate> {
    match tree.lookup_path(path) {
        LookupResult::Found(value) => Ok(value),
        _ => {
            let path: Vec<_> = path.iter().map(|label| String::from_utf8_lossy(label)).collect();
            Err(invalid(format!("the certificate does not show {}", path.join("/"))))
        }
    }
}

fn leb128(bytes: &[u8]) -> Result<u64, InvalidCertificate> {
    let mut value = 0u128;
    for (position, byte) in bytes.iter().enumerate().take(10) {
        value |= u128::from(byte & 0x7f) << (7 * position);
        if byte & 0x80 == 0 {
            let is_whole = position + 1 == bytes.len();
            return u64::try_from(value).ok().filter(|_| is_whole).ok_or_else(|| invalid("a certified number is not LEB128"));
        }
    }
    Err(invalid("a certified number is not LEB128"))
}

#[cfg(test)]
mod tests;
