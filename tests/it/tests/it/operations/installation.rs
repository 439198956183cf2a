//! Init arguments, and arguments that an upgrade may change.

use crate::support::{payment, rules};
use purser_it::network::Network;
use purser_it::recipients;
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::{Asset, InitArgs, KaspaNetwork, SolanaNetwork, Status};

/// A change of the configuration.
type Change = fn(&mut InitArgs);

/// Installs a changed configuration and returns the reason of the refusal.
fn refusal(change: impl FnOnce(&mut InitArgs)) -> String {
    let mut env = TestEnv::empty(Network::from_environment());
    let mut args = env.init_args();
    change(&mut args);
    env.install(&args).expect_err("it is refused").message
}

#[test]
fn a_bad_argument_stops_the_installation_and_is_named() {
    let cases: [(&str, Change); 11] = [
        ("init: admins:", |args| args.admins.clear()),
        ("init: admins:", |args| args.admins.push(candid::Principal::anonymous())),
        ("init: key_name:", |args| args.key_name = "my_key".into()),
        ("init: key_name:", |args| args.solana.network = SolanaNetwork::Mainnet),
        ("init: key_name:", |args| args.kaspa.network = KaspaNetwork::Mainnet),
        ("init: solana.providers:", |args| args.solana.providers.clear()),
        ("init: kaspa.providers:", |args| args.kaspa.providers = vec!["http://example.com".into()]),
        ("init: solana.max_fee:", |args| args.solana.max_fee = Some(4_999)),
        ("init: kaspa.feerate:", |args| args.kaspa.feerate = Some(99)),
        ("init: kaspa.max_fee:", |args| args.kaspa.max_fee = Some(205_799)),
        ("init: kaspa.max_fee: 1.00000001 KAS (100,000,001 sompi)", |args| args.kaspa.max_fee = Some(100_000_001)),
    ];
    for (expected, change) in cases {
        let message = refusal(change);
        assert!(message.contains(expected), "{expected} is not in {message}");
    }
}

#[test]
fn an_upgrade_changes_providers_but_never_addresses() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let frozen: [(&str, Change); 3] = [
        ("upgrade: key_name:", |args| args.key_name = "dfx_test_key".into()),
        ("upgrade: solana.network:", |args| args.solana.network = SolanaNetwork::Devnet),
        ("upgrade: kaspa.network:", |args| args.kaspa.network = KaspaNetwork::Devnet),
    ];
    for (expected, change) in frozen {
        let mut args = env.init_args();
        change(&mut args);
        let message = env.upgrade(Some(&args)).expect_err("it is refused").message;
        assert!(message.contains(expected), "{expected} is not in {message}");
    }
    let mut args = env.init_args();
    args.kaspa.feerate = Some(150);
    assert_eq!(env.upgrade(Some(&args)), Ok(()));
    assert_eq!(env.as_actor(Actor::Stranger).get_config().kaspa.feerate, 150);
    assert_eq!(env.as_actor(Actor::Stranger).get_wallet(wallet.id), Ok(wallet.clone()));
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "after"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    assert_eq!(env.solana.balance(&recipients::solana(1)), SOL / 10);
}

#[test]
fn wallets_have_addresses_of_their_own() {
    let mut env = TestEnv::new();
    let mut addresses = std::collections::BTreeSet::new();
    for n in 0..3 {
        let wallet = env.as_actor(Actor::Admin).create_wallet(&format!("wallet {n}")).expect("an admin creates a wallet");
        addresses.extend(wallet.addresses.into_iter().map(|own| own.address));
    }
    assert_eq!(addresses.len(), 9);
    let listed = env.as_actor(Actor::Stranger).list_wallets(None, Some(2));
    assert_eq!(listed.items.len(), 2);
    let rest = env.as_actor(Actor::Stranger).list_wallets(listed.next, None);
    assert_eq!((rest.items.len(), rest.next), (1, None));
}
