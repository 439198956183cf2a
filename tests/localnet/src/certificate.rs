//! Certificates: the state tree of the interface specification, signed with the subnet's BLS key.
//!
//! The network has one subnet, whose key is the root key; its certificates therefore carry no delegation.

use blst::min_sig::SecretKey;
use candid::Principal;
use ic_certification::hash_tree::{fork, label, leaf, pruned};
use ic_certification::{Certificate, HashTree};
use serde::Serialize;

/// Ciphersuite of BLS signatures on the Internet Computer: signatures in G1, keys in G2.
pub const BLS_SUITE: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";
/// Domain separator of a signature on a state tree's root hash.
pub const STATE_ROOT: &[u8] = b"\x0dic-state-root";
/// Seed of the root key: certificates are reproducible, and worthless anywhere else.
const SEED: [u8; 32] = *b"purser localnet root key, no use";
/// DER prefix of a BLS12-381 public key (interface specification, "Signatures").
const DER_PREFIX: &str = "308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100";

/// The part of a canister's state that certificates show.
pub struct CanisterState {
    /// The canister's id.
    pub id: Principal,
    /// The certified data.
    pub certified_data: Vec<u8>,
    /// The controllers.
    pub controllers: Vec<Principal>,
    /// SHA-256 of its module.
    pub module_hash: Option<[u8; 32]>,
}

/// The key that signs certificates.
pub struct RootKey {
    secret: SecretKey,
    der: Vec<u8>,
}

impl RootKey {
    /// The root key of every network: always the same one.
    pub fn new() -> Self {
        let secret = SecretKey::key_gen(&SEED, &[]).expect("the seed is 32 bytes long");
        let prefix = hex::decode(DER_PREFIX).expect("the prefix is hexadecimal");
        let der = [&prefix[..], &secret.sk_to_pk().compress()].concat();
        Self { secret, der }
    }

    /// The public key in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// A certificate of the time and of one canister's certified data, controllers and module hash, in CBOR.
    pub fn certify(&self, time_ns: u64, canisters: &[CanisterState], shown: Principal) -> Vec<u8> {
        let canisters = canisters.iter().map(|state| {
            let tree = label(state.id.as_slice(), subtree(state));
            if state.id == shown { tree } else { pruned(tree.digest()) }
        });
        let canisters: HashTree = label("canister", balanced(canisters.collect()));
        let tree = fork(canisters, label("time", leaf(leb128(time_ns))));
        let signed = [STATE_ROOT, &tree.digest()].concat();
        let signature = self.secret.sign(&signed, BLS_SUITE, &[]).compress().to_vec();
        cbor(&Certificate { tree, signature, delegation: None })
    }
}

impl Default for RootKey {
    fn default() -> Self {
        Self::new()
    }
}

fn subtree(state: &CanisterState) -> HashTree {
    let controllers: Vec<_> = state.controllers.iter().map(|id| serde_bytes::ByteBuf::from(id.as_slice())).collect();
    let mut nodes =
        vec![label("certified_data", leaf(state.certified_data.clone())), label("controllers", leaf(cbor(&controllers)))];
    if let Some(hash) = state.module_hash {
        nodes.push(label("module_hash", leaf(hash.to_vec())));
    }
    balanced(nodes)
}

/// Joins nodes, sorted by label, into a tree.
fn balanced(mut nodes: Vec<HashTree>) -> HashTree {
    match nodes.len() {
        0 => ic_certification::hash_tree::empty(),
        1 => nodes.remove(0),
        n => {
            let right = nodes.split_off(n / 2);
            fork(balanced(nodes), balanced(right))
        }
    }
}

fn leb128(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

fn cbor(value: &impl Serialize) -> Vec<u8> {
    let mut serializer = serde_cbor::Serializer::new(Vec::new());
    serializer.self_describe().and_then(|()| value.serialize(&mut serializer)).expect("writing to memory cannot fail");
    serializer.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn should_encode_numbers_as_leb128() {
        assert_eq!(leb128(0), [0]);
        assert_eq!(leb128(624_485), [0xe5, 0x8e, 0x26]);
    }

    /// A state root signed by a mainnet subnet (from the tests of DFINITY's `ic-verify-bls-signature`) verifies in this ciphersuite.
    #[test]
    fn should_use_the_ciphersuite_of_mainnet() {
        use blst::min_sig::{PublicKey, Signature};
        let decode = |text: &str| hex::decode(text).unwrap();
        let signature = decode("ace9fcdd9bc977e05d6328f889dc4e7c99114c737a494653cb27a1f55c06f4555e0f160980af5ead098acc195010b2f7");
        let message = decode("0d69632d73746174652d726f6f74e6c01e909b4923345ce5970962bcfe3004bfd8474a21dae28f50692502f46d90");
        let key = decode(
            "814c0e6ec71fab583b08bd81373c255c3c371b2e84863c98a4f1e08b74235d14fb5d9c0cd546d9685f913a0c0b2cc534\
             1583bf4b4392e467db96d65b9bb4cb717112f8472e0d5a4d14505ffd7484b01291091c5f87b98883463f98091a0baaae",
        );
        assert!(message.starts_with(STATE_ROOT));
        let (signature, key) = (Signature::from_bytes(&signature).unwrap(), PublicKey::from_bytes(&key).unwrap());
        assert_eq!(signature.verify(true, &message, BLS_SUITE, &[], &key, true), blst::BLST_ERROR::BLST_SUCCESS);
    }

    #[test]
    fn should_encode_the_root_key_as_the_interface_specification_says() {
        let key = RootKey::new();
        let der = key.der();
        assert_eq!(der.len(), 133);
        assert!(hex::encode(der).starts_with(DER_PREFIX));
    }
}
