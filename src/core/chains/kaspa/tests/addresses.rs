//! Addresses against published vectors, the official Python SDK's, and rusty-kaspa in both directions.

use super::{ECDSA_ADDRESS, PUBLIC, SCHNORR_ADDRESS, bytes, cases, script};
use crate::chains::kaspa::{Address, AddressError, AddressKind, KeyKind, Network, ScriptPublicKey, WalletKey};
use kaspa_addresses::{Address as Upstream, Prefix, Version};
use kaspa_txscript::pay_to_address_script;
use proptest::prelude::*;

const REDEEM_SCRIPT_ADDRESS: &str = "kaspa:pr89wgtzs5f9qphvrqvhhkqcggsua7j4nwc8npqsmxd9hwjmqlx36fyjy44yv";

fn parse(text: &str) -> Result<Address, AddressError> {
    Address::parse(text, Network::Mainnet)
}

#[test]
fn the_addresses_of_one_key_on_every_network() {
    // Made with the official Python SDK 2.1.0.
    let schnorr = [
        (Network::Mainnet, SCHNORR_ADDRESS),
        (Network::Testnet10, "kaspatest:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uuz3ryfhy"),
        (Network::Simnet, "kaspasim:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uj52ehfcn"),
        (Network::Devnet, "kaspadev:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6u36j7e2nv"),
    ];
    let ecdsa = [
        (Network::Mainnet, ECDSA_ADDRESS),
        (Network::Testnet10, "kaspatest:qyp85azqaeurnz9zuyetaf4j97v3lwt3cnk29ueh3c4fnt0d0he48tsz5p7senv"),
        (Network::Simnet, "kaspasim:qyp85azqaeurnz9zuyetaf4j97v3lwt3cnk29ueh3c4fnt0d0he48ts8zh03437"),
        (Network::Devnet, "kaspadev:qyp85azqaeurnz9zuyetaf4j97v3lwt3cnk29ueh3c4fnt0d0he48tskccvrf7v"),
    ];
    let kinds = [(KeyKind::Schnorr, AddressKind::PubKey, schnorr), (KeyKind::Ecdsa, AddressKind::PubKeyEcdsa, ecdsa)];
    for (key_kind, kind, expected) in kinds {
        let key = WalletKey::new(key_kind, &bytes::<33>(PUBLIC)).expect("a point");
        for (network, text) in expected {
            let address = key.address(network);
            assert_eq!(address.to_string(), text);
            assert_eq!(Address::parse(text, network), Ok(address));
            assert_eq!((address.kind(), address.network()), (kind, network));
            assert_eq!(address.script_public_key(), key.script_public_key());
        }
    }
}

#[test]
fn published_keys_and_scripts() {
    let with_key = parse("kaspa:qpauqsvk7yf9unexwmxsnmg547mhyga37csh0kj53q6xxgl24ydxjsgzthw5j").expect("valid");
    let expected = script("207bc04196f1125e4f2676cd09ed14afb77223b1f62177da5488346323eaa91a69ac");
    assert_eq!(with_key.script_public_key(), expected);
    assert_eq!(Address::from_script(Network::Mainnet, &expected), Some(with_key));
    let with_hash = parse(REDEEM_SCRIPT_ADDRESS).expect("valid");
    assert_eq!(with_hash.kind(), AddressKind::ScriptHash);
    assert_eq!(with_hash.script_public_key(), ScriptPublicKey::pay_to_script_hash(&[0x51]));
}

#[test]
fn each_mistake_has_its_error() {
    let wrong_character = SCHNORR_ADDRESS.replace(":qpa8", ":qp18");
    let typing_error = SCHNORR_ADDRESS.replace("cthxq", "cthxp");
    let dropped = &SCHNORR_ADDRESS[..SCHNORR_ADDRESS.len() - 1];
    let zero_key = "kaspa:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqkx9awp4e";
    let stray_bits = "kaspa:qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqp99ukhzxc";
    let testnet = "kaspatest:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uuz3ryfhy";
    let cases = [
        ("", AddressError::MissingPrefix),
        (&SCHNORR_ADDRESS[6..], AddressError::MissingPrefix),
        ("kaspa:", AddressError::Checksum),
        (&SCHNORR_ADDRESS.to_uppercase(), AddressError::NotLowerCase),
        (&SCHNORR_ADDRESS.replace('k', "K"), AddressError::NotLowerCase),
        (&SCHNORR_ADDRESS.replace("kaspa", "kaspa1"), AddressError::UnknownPrefix { found: "kaspa1".into() }),
        (&SCHNORR_ADDRESS.replace("kaspa", ""), AddressError::UnknownPrefix { found: String::new() }),
        (testnet, AddressError::WrongNetwork { expected: "kaspa", found: "kaspatest" }),
        (&wrong_character, AddressError::InvalidCharacter { character: '1' }),
        (&SCHNORR_ADDRESS.replace("qpa8", "qp\u{e4}8"), AddressError::InvalidCharacter { character: '\u{e4}' }),
        (&SCHNORR_ADDRESS.replace(':', "::"), AddressError::InvalidCharacter { character: ':' }),
        (&SCHNORR_ADDRESS.replace("qpa8", " qpa8"), AddressError::InvalidCharacter { character: ' ' }),
        (&typing_error, AddressError::Checksum),
        (dropped, AddressError::Checksum),
        // Valid for the upstream decoder; nobody has the key of either.
        (stray_bits, AddressError::Padding),
        (zero_key, AddressError::NotACurvePoint),
        (&"k".repeat(1_000_000), AddressError::TooLong { length: 1_000_000 }),
    ];
    for (text, error) in cases {
        assert_eq!(parse(text), Err(error), "{:.100}", text);
    }
}

#[test]
fn versions_and_lengths_must_agree() {
    let encode = |version: u8, length: usize| {
        let body = super::super::bech32::encode("kaspa", &[vec![version], vec![2; length]].concat());
        parse(&format!("kaspa:{body}"))
    };
    assert_eq!(encode(2, 32), Err(AddressError::UnknownVersion { version: 2 }));
    assert_eq!(encode(255, 32), Err(AddressError::UnknownVersion { version: 255 }));
    assert_eq!(encode(0, 33), Err(AddressError::PayloadLength { expected: 32, found: 33 }));
    assert_eq!(encode(1, 32), Err(AddressError::PayloadLength { expected: 33, found: 32 }));
    assert_eq!(encode(8, 31), Err(AddressError::PayloadLength { expected: 32, found: 31 }));
}

#[test]
fn a_key_in_another_form_is_refused() {
    let mut compact = bytes::<33>(PUBLIC);
    compact[0] = 5;
    assert_eq!(Address::from_ecdsa_key(Network::Mainnet, &compact), Err(AddressError::NotACurvePoint));
    assert_eq!(WalletKey::new(KeyKind::Schnorr, &compact), Err(AddressError::NotACurvePoint));
    assert_eq!(WalletKey::new(KeyKind::Ecdsa, &compact[1..]), Err(AddressError::PayloadLength { expected: 33, found: 32 }));
}

#[test]
fn network_names_are_fixed() {
    let names = Network::ALL.map(Network::name);
    assert_eq!(names, ["mainnet", "testnet-10", "simnet", "devnet"]);
    assert_eq!(Network::from_rest_name("kaspa-testnet-10"), Some(Network::Testnet10));
    assert_eq!(Network::from_rest_name("mainnet"), None);
    assert_eq!(Network::from_rest_name("kaspa-testnet-11"), None);
}

fn prefix(network: Network) -> Prefix {
    match network {
        Network::Mainnet => Prefix::Mainnet,
        Network::Testnet10 => Prefix::Testnet,
        Network::Simnet => Prefix::Simnet,
        Network::Devnet => Prefix::Devnet,
    }
}

fn version(kind: AddressKind) -> Version {
    match kind {
        AddressKind::PubKey => Version::PubKey,
        AddressKind::PubKeyEcdsa => Version::PubKeyECDSA,
        AddressKind::ScriptHash => Version::ScriptHash,
    }
}

fn any_address() -> impl Strategy<Value = Address> {
    let network = proptest::sample::select(&Network::ALL[..]);
    (network, 0..3u8, any::<[u8; 32]>()).prop_map(|(network, kind, seed)| {
        let secret = ic_secp256k1::PrivateKey::generate_from_seed(&seed);
        let public = secret.public_key().serialize_sec1(true);
        match kind {
            0 => WalletKey::new(KeyKind::Schnorr, &public).expect("a point").address(network),
            1 => WalletKey::new(KeyKind::Ecdsa, &public).expect("a point").address(network),
            _ => {
                let script = ScriptPublicKey::pay_to_script_hash(&seed);
                Address::from_script(network, &script).expect("a standard script")
            }
        }
    })
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn addresses_and_scripts_equal_upstream(address in any_address()) {
        let upstream = Upstream::new(prefix(address.network()), version(address.kind()), address.payload());
        prop_assert_eq!(address.to_string(), upstream.to_string());
        prop_assert_eq!(Address::parse(&upstream.to_string(), address.network()), Ok(address));
        prop_assert_eq!(Upstream::try_from(address.to_string()).expect("upstream reads it"), upstream.clone());
        let script = address.script_public_key();
        let script_upstream = pay_to_address_script(&upstream);
        prop_assert_eq!(script.as_bytes(), script_upstream.script());
        prop_assert_eq!(Address::from_script(address.network(), &script), Some(address));
    }

    #[test]
    fn a_wrong_character_never_goes_unnoticed(address in any_address(), position in any::<prop::sample::Index>(), byte in 33u8..127) {
        let text = address.to_string();
        let position = position.index(text.len());
        prop_assume!(text.as_bytes()[position] != byte);
        let mut wrong = text.into_bytes();
        wrong[position] = byte;
        let wrong = String::from_utf8(wrong).expect("ASCII");
        prop_assert!(Address::parse(&wrong, address.network()).is_err());
    }

    #[test]
    fn any_text_is_read_without_panic_and_has_one_spelling(text in ".{0,100}") {
        if let Ok(address) = parse(&text) {
            prop_assert_eq!(address.to_string(), text);
        }
    }
}
