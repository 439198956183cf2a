use super::*;
use crate::fixture;
use purser_core::chains::kaspa::Network::{self, Devnet, Mainnet, Simnet, Testnet10};

/// Made with another implementation: one key's addresses of both versions, and the script hash of the redeem script `51`.
const SCHNORR: &str = "kaspa:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uayhcthxq";
const ECDSA: &str = "kaspa:qyp85azqaeurnz9zuyetaf4j97v3lwt3cnk29ueh3c4fnt0d0he48tsfqyrrcue";
const SCRIPT_HASH: &str = "kaspa:pr89wgtzs5f9qphvrqvhhkqcggsua7j4nwc8npqsmxd9hwjmqlx36fyjy44yv";
const SIMNET: &str = "kaspasim:qpa8gs8w0quc3ghpx2l2dv30ny0mjuwyaj30xduw92v6mmta7df6uj52ehfcn";
const SOLANA: &str = "9xQeWvG816bUx9EPjHmaT23yvVM2ZWbrrpZb9PusVFin";

fn on(network: Network) -> ChainConfigs {
    let mut chains = fixture::config().chains;
    chains.kaspa.network = network;
    chains
}

fn problem(text: &str, chain: Chain) -> String {
    parse(text, chain, &on(Mainnet)).expect_err(text)
}

#[test]
fn a_kaspa_recipient_is_its_version_and_payload_and_is_printed_as_it_was_read() {
    let x_only = "7a7440ee783988a2e132bea6b22f991fb971c4eca2f3378e2a99aded7df353ae";
    for (text_form, payload) in [
        (SCHNORR, format!("00{x_only}")),
        (ECDSA, format!("0102{x_only}")),
        (SCRIPT_HASH, "08ce57216285125006ec18197bd8184221cefa559bb0798410d99a5bba5b07cd1d".into()),
    ] {
        let destination = parse(text_form, Chain::Kaspa, &on(Mainnet)).expect(text_form);
        assert_eq!(destination.chain, Chain::Kaspa);
        assert_eq!(hex::encode(&destination.payload[..]), payload);
        assert_eq!(text(&destination, &on(Mainnet)), text_form);
    }
    let destination = parse(SIMNET, Chain::Kaspa, &on(Simnet)).expect(SIMNET);
    assert_eq!(destination, parse(SCHNORR, Chain::Kaspa, &on(Mainnet)).expect(SCHNORR));
    assert_eq!(text(&destination, &on(Simnet)), SIMNET);
}

#[test]
fn a_solana_recipient_is_its_32_bytes_and_is_printed_as_it_was_read() {
    let destination = parse(SOLANA, Chain::Solana, &on(Mainnet)).expect(SOLANA);
    assert_eq!(destination.payload.to_vec(), bs58::decode(SOLANA).into_vec().expect("base58"));
    assert_eq!(text(&destination, &on(Mainnet)), SOLANA);
}

#[test]
fn the_other_network_and_the_other_chain_are_refused_with_a_reason() {
    for network in [Mainnet, Testnet10, Devnet] {
        let problem = parse(SIMNET, Chain::Kaspa, &on(network)).expect_err(SIMNET);
        assert!(problem.ends_with(&format!("expected a `{}` address, found a `kaspasim` address", network.prefix())), "{problem}");
    }
    assert!(problem(SCHNORR, Chain::Solana).ends_with("this is a Kaspa address, not a Solana one"));
    assert!(problem(SOLANA, Chain::Kaspa).ends_with("the network prefix is missing"));
}

#[test]
fn typing_errors_are_refused() {
    assert!(problem(&SCHNORR.replace("thxq", "thxp"), Chain::Kaspa).ends_with("the checksum does not match"));
    assert!(problem(&SCHNORR.to_uppercase(), Chain::Kaspa).ends_with("the address must be in lower case"));
    assert!(problem(&SOLANA[..40], Chain::Solana).contains("bytes instead of 32"));
    assert!(problem("", Chain::Solana).ends_with("the text is empty"));
    assert!(problem("", Chain::Kaspa).ends_with("the network prefix is missing"));
    assert!(problem(&format!(" {}", &SOLANA[1..]), Chain::Solana).ends_with("character 1 is ' ' (U+0020), which is not base58"));
}

#[test]
fn places_where_money_is_lost_are_refused() {
    for (text, name) in [
        ("11111111111111111111111111111111", "system program"),
        ("So11111111111111111111111111111111111111112", "mint of wrapped SOL"),
    ] {
        assert!(problem(text, Chain::Solana).ends_with(&format!("it is the {name}, where money is lost")));
    }
}

#[test]
fn a_megabyte_is_refused_unread_and_not_repeated() {
    for chain in [Chain::Kaspa, Chain::Solana] {
        assert_eq!(problem(&"k".repeat(1_000_000), chain), "1000000 bytes are too long for an address");
        assert!(problem(&"z".repeat(128), chain).len() < 250);
    }
}

#[test]
fn what_cannot_be_an_address_is_shown_as_hex() {
    for chain in [Chain::Kaspa, Chain::Solana] {
        assert_eq!(text(&Destination::new(chain, [9, 1, 2]), &on(Mainnet)), "090102");
        assert_eq!(text(&Destination::new(chain, []), &on(Mainnet)), "");
    }
}
