use super::*;
use blst::min_sig::SecretKey;
use ic_certification::hash_tree::{fork, label, leaf};
use ic_certification::{Delegation, HashTree};
use serde::Serialize;

/// An answer of an Internet Computer mainnet subnet of 2022 with its delegation, from the tests of DFINITY's agent libraries.
const MAINNET: &str = include_str!("mainnet.hex");

fn mainnet() -> Vec<u8> {
    hex::decode(MAINNET.trim()).expect("hexadecimal")
}

fn canister(hex: &str) -> Principal {
    Principal::from_slice(&hex::decode(hex).expect("hexadecimal"))
}

#[test]
fn a_mainnet_certificate_counts_for_the_canisters_of_its_delegation_only() {
    let verify = |id: &str| verified(&mainnet(), canister(id), &RootKey::mainnet()).map(|_| ());
    for inside in ["00000000002000000101", "000000000020000c0101", "00000000002fffff0101"] {
        assert_eq!(verify(inside), Ok(()), "{inside}");
    }
    for outside in ["00000000000000020101", "00000000001fffff0101", "00000000003000020101"] {
        let InvalidCertificate(problem) = verify(outside).expect_err(outside);
        assert!(problem.contains("may not speak for"), "{problem}");
    }
}

#[test]
fn a_mainnet_certificate_with_any_part_changed_is_refused() {
    let ours = canister("000000000020000c0101");
    let good = mainnet();
    for position in (0..good.len()).step_by(7) {
        let mut bad = good.clone();
        bad[position] ^= 1;
        assert!(verified(&bad, ours, &RootKey::mainnet()).is_err(), "byte {position}");
    }
}

#[test]
fn another_root_key_is_refused() {
    let InvalidCertificate(problem) =
        verified(&mainnet(), canister("000000000020000c0101"), &network(9).root_key()).map(|_| ()).expect_err("another network");
    assert_eq!(problem, "the signature is not by the key that should have signed");
    assert!(RootKey::mainnet().is_mainnet() && !network(9).root_key().is_mainnet());
    assert!(RootKey::from_der(vec![0; 133]).is_err());
}

/// A network with one key.
struct Network(SecretKey);

fn network(seed: u8) -> Network {
    Network(SecretKey::key_gen(&[seed; 32], &[]).expect("32 bytes are enough"))
}

fn cbor(value: &impl Serialize) -> Vec<u8> {
    serde_cbor::to_vec(value).expect("memory takes it")
}

impl Network {
    fn der(&self) -> Vec<u8> {
        [hex::decode(DER_PREFIX).expect("hexadecimal"), self.0.sk_to_pk().compress().to_vec()].concat()
    }

    fn root_key(&self) -> RootKey {
        RootKey::from_der(self.der()).expect("a key")
    }

    fn sign(&self, tree: HashTree, delegation: Option<Delegation>) -> Vec<u8> {
        let message = [STATE_ROOT, &tree.digest()].concat();
        let signature = self.0.sign(&message, BLS_SUITE, &[]).compress().to_vec();
        cbor(&Certificate { tree, signature, delegation })
    }

    /// Lets `subnet` speak for the canisters from `first` to `last`, in shards.
    fn delegate(&self, subnet: &Network, first: Principal, last: Principal, nested: Option<Delegation>) -> Delegation {
        let ranges = cbor(&vec![(ByteBuf::from(first.as_slice()), ByteBuf::from(last.as_slice()))]);
        let tree: HashTree = fork(
            label("canister_ranges", label(*SUBNET, label(first.as_slice(), leaf(ranges)))),
            label("subnet", label(*SUBNET, label("public_key", leaf(subnet.der())))),
        );
        Delegation { subnet_id: SUBNET.to_vec(), certificate: self.sign(tree, nested) }
    }
}

const SUBNET: &[u8; 3] = b"sub";
/// 300 in LEB128.
const THREE_HUNDRED: [u8; 2] = [0xac, 0x02];

fn tip_tree() -> HashTree {
    let last = fork(label("last_block_hash", leaf(vec![7; 32])), label("last_block_index", leaf(THREE_HUNDRED.to_vec())));
    fork(last, label("state_digest", leaf(vec![8; 32])))
}

fn tip(signer: &Network, canister: Principal, delegation: Option<Delegation>) -> TipCertificate {
    let data = label("certified_data", leaf(tip_tree().digest().to_vec()));
    let tree = fork(label("canister", label(canister.as_slice(), data)), label("time", leaf(vec![42])));
    TipCertificate { certificate: signer.sign(tree, delegation), hash_tree: cbor(&tip_tree()) }
}

#[test]
fn a_tip_is_what_the_root_or_its_delegate_signed() {
    let (root, subnet) = (network(1), network(2));
    let (low, ours, high) = (Principal::from_slice(&[1]), Principal::from_slice(&[5]), Principal::from_slice(&[9]));
    let expected = CertifiedTip { index: 300, hash: Hash([7; 32]), signed_at: 42, state: Hash([8; 32]) };
    assert_eq!(tip(&root, ours, None).verify(ours, &root.root_key()), Ok(expected));
    let delegation = || root.delegate(&subnet, low, high, None);
    assert_eq!(tip(&subnet, ours, Some(delegation())).verify(ours, &root.root_key()), Ok(expected));

    let problem = |tip: TipCertificate, canister| tip.verify(canister, &root.root_key()).expect_err("invalid").0;
    assert!(problem(tip(&root, ours, None), low).contains("does not show canister"), "another canister's");
    assert!(problem(tip(&subnet, ours, None), ours).contains("not by the key"), "a subnet without a delegation");
    let stolen = Principal::from_slice(&[10]);
    assert!(problem(tip(&subnet, stolen, Some(delegation())), stolen).contains("may not speak for"));
    let forged = network(3).delegate(&subnet, low, high, None);
    assert!(problem(tip(&subnet, ours, Some(forged)), ours).contains("not by the key"));
    let nested = root.delegate(&subnet, low, high, Some(delegation()));
    assert!(problem(tip(&subnet, ours, Some(nested)), ours).contains("root key itself"));
    let other = TipCertificate { hash_tree: cbor(&label::<Vec<u8>, _, HashTree>("x", leaf(vec![1]))), ..tip(&root, ours, None) };
    assert!(problem(other, ours).contains("not the one that the subnet certified"));
}

#[test]
fn numbers_are_read_as_the_specification_writes_them() {
    assert_eq!(leb128(&[0]), Ok(0));
    assert_eq!(leb128(&[0xe5, 0x8e, 0x26]), Ok(624_485));
    assert_eq!(leb128(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), Ok(u64::MAX));
    for bad in [&[][..], &[0x80], &[0, 0], &[0xff; 11], &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x03]] {
        assert!(leb128(bad).is_err(), "{bad:?}");
    }
}
