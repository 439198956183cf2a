//! Addresses outside the canister, one per number, and a policy that allows payments to the first.

use crate::test_env::{KAS, SOL};
use purser_core::chains::kaspa::{Address as KaspaAddress, Network};
use purser_core::chains::solana::Address as SolanaAddress;
use purser_types::{Asset, Chain, PolicyRule, Recipient, Rule, Window};
use sha2::{Digest, Sha256};

/// The Solana address of the Ed25519 key whose seed is `n` repeated, a point of the curve.
pub fn solana(n: u8) -> String {
    let key = ic_ed25519::PrivateKey::deserialize_raw_32(&[n; 32]).public_key();
    SolanaAddress::from_bytes(key.serialize_raw()).to_string()
}

/// A Kaspa simnet address of the Schnorr kind. Neither canister nor chain checks that its payload is a point of the curve.
pub fn kaspa(n: u8) -> String {
    kaspa_on(Network::Simnet, n)
}

/// The Kaspa address with the same payload on another network.
pub fn kaspa_on(network: Network, n: u8) -> String {
    let mut sec1 = [2; 33];
    for counter in 0u8.. {
        sec1[1..].copy_from_slice(&Sha256::digest([n, counter]));
        if let Ok(address) = KaspaAddress::from_schnorr_key(network, &sec1) {
            return address.to_string();
        }
    }
    unreachable!("half of all hashes are the x of a point")
}

/// The rules of an answer, without `usable_at`, which the canister adds to each recipient.
pub fn as_submitted(rules: Vec<PolicyRule>) -> Vec<Rule> {
    let mut rules: Vec<Rule> = rules.into_iter().map(|rule| rule.rule.expect("this client knows the rules")).collect();
    for rule in &mut rules {
        if let Rule::Allowlist { recipients, .. } = rule {
            recipients.iter_mut().for_each(|recipient| recipient.usable_at = None);
        }
    }
    rules
}

/// Rules that allow 1 SOL and 20 KAS at a time, 3 SOL and 50 KAS a day, to recipient 1.
pub fn rules() -> Vec<Rule> {
    vec![
        Rule::PerTransaction { asset: Asset::Sol, max: SOL },
        Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max: 3 * SOL },
        allowlist(Chain::Solana, [solana(1)]),
        Rule::PerTransaction { asset: Asset::Kas, max: 20 * KAS },
        Rule::SpendingLimit { asset: Asset::Kas, window: Window::Rolling24h, max: 50 * KAS },
        allowlist(Chain::Kaspa, [kaspa(1)]),
    ]
}

/// An allowlist of recipients without conditions.
pub fn allowlist(chain: Chain, addresses: impl IntoIterator<Item = String>) -> Rule {
    Rule::Allowlist { chain, recipients: addresses.into_iter().map(Recipient::new).collect(), cool_down_seconds: 0 }
}
