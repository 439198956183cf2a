//! Owners, parents, and activation of wallets.

use crate::support::{denial, payment, rules};
use candid::Principal;
use purser_it::recipients;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::{
    Asset, Chain, Change, CreateWalletArgs, Error, ErrorDetail, ReasonCode, Rule, RuleKind, SettingsInit, Signing, SigningMode,
    Status, WalletChange, WalletCount, Window,
};

fn owner() -> Principal {
    Principal::self_authenticating([50])
}

fn wallet_args(owner: Principal, parent: Option<u64>) -> CreateWalletArgs {
    CreateWalletArgs { label: "own".into(), owner: Some(owner), parent, signing: Signing::Threshold }
}

fn detail<T: std::fmt::Debug>(answer: Result<T, Error>) -> ErrorDetail {
    answer.expect_err("it is refused").detail.expect("a detail")
}

#[test]
fn the_fourth_wallet_of_an_owner_is_refused_until_one_is_deactivated() {
    let mut env = TestEnv::new();
    let mut admin = env.as_actor(Actor::Admin);
    let ids: Vec<u64> = (0..3).map(|_| admin.create_wallet_with(&wallet_args(owner(), None)).expect("there is room").id).collect();
    let full = ErrorDetail::WalletLimitReached { max: 3, current: 3 };
    let refused = admin.create_wallet_with(&wallet_args(owner(), None));
    assert_eq!(refused.as_ref().expect_err("full").code, "WALLET_LIMIT_REACHED");
    assert_eq!(detail(refused), full);
    assert!(admin.create_wallet("of another owner").is_ok());
    assert_eq!(env.as_principal(owner()).change_wallet(ids[1], WalletChange::Deactivate), Ok(Change::Applied));
    let mut admin = env.as_actor(Actor::Admin);
    let fourth = admin.create_wallet_with(&wallet_args(owner(), None)).expect("there is room again");
    assert_eq!(detail(admin.change_wallet(ids[1], WalletChange::Activate)), full, "it is counted again");
    assert_eq!(admin.change_wallet(fourth.id, WalletChange::MakePrimary), Ok(Change::Applied));
    let listed = admin.list_wallets_of(owner(), None, None).items;
    let shown: Vec<_> = listed.iter().map(|wallet| (wallet.id, wallet.primary, wallet.active)).collect();
    assert_eq!(shown, [(ids[0], false, true), (ids[1], false, false), (ids[2], false, true), (fourth.id, true, true)]);
    assert_eq!(admin.count_wallets(owner()), WalletCount { active: 3, total: 4, max_active: 3 });
    assert_eq!(
        admin.set_settings(&SettingsInit { max_wallets_per_owner: Some(4), ..SettingsInit::default() }),
        Ok(Change::Applied)
    );
    assert_eq!(admin.change_wallet(ids[1], WalletChange::Activate), Ok(Change::Applied));
}

#[test]
fn a_wallet_is_found_by_each_of_its_addresses() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let mut stranger = env.as_actor(Actor::Stranger);
    for address in [wallet.solana_address(), wallet.kaspa_schnorr_address(), wallet.kaspa_ecdsa_address()] {
        assert_eq!(stranger.get_wallet_by_address(address), Ok(wallet.clone()));
    }
    for (address, code) in
        [(recipients::solana(1), "NOT_FOUND"), (recipients::kaspa(1), "NOT_FOUND"), ("?".into(), "VALIDATION_FAILED")]
    {
        assert_eq!(stranger.get_wallet_by_address(&address).expect_err("it is no wallet's").code, code);
    }
}

#[test]
fn a_deactivated_wallet_finishes_what_it_sent_and_calls_the_rest_off() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let sent = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL, "sent"));
    env.wait_until(sent, |transfer| transfer.status == Status::Submitted);
    let waiting = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL, "waiting"));
    assert_eq!(env.as_actor(Actor::Admin).change_wallet(wallet.id, WalletChange::Deactivate), Ok(Change::Applied));
    let denied = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL, "new")));
    assert_eq!(denied.reason_code, Some(ReasonCode::WalletDraining));
    let cancelled = env.wait_for_end(waiting);
    assert_eq!((cancelled.status.name.as_str(), cancelled.note.as_deref()), ("Cancelled", Some("its wallet was deactivated")));
    assert_eq!(env.wait_for_end(sent).status, Status::Confirmed);
    assert_eq!(env.as_actor(Actor::Admin).change_wallet(wallet.id, WalletChange::Activate), Ok(Change::Applied));
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL, "new"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
}

#[test]
fn a_parents_limits_bind_its_children_together() {
    let mut env = TestEnv::new();
    let parent = env.as_actor(Actor::Admin).create_wallet("parent").expect("an admin creates a wallet");
    let cap = vec![
        Rule::PerTransaction { asset: Asset::Kas, max: 10 * KAS },
        Rule::SpendingLimit { asset: Asset::Kas, window: Window::Rolling24h, max: 10 * KAS },
        Rule::AnyAddress { chain: Chain::Kaspa },
    ];
    env.set_policy(parent.id, &cap);
    let children = [0, 1].map(|_| env.wallet(&rules()));
    for child in &children {
        let change = env.as_actor(Actor::Admin).change_wallet(child.id, WalletChange::Parent(Some(parent.id)));
        assert_eq!(change, Ok(Change::Applied));
    }
    env.request_transfer(&payment(children[0].id, Asset::Kas, 6 * KAS, "first"));
    let denied = denial(env.as_actor(Actor::Agent).transfer(&payment(children[1].id, Asset::Kas, 6 * KAS, "second")));
    assert_eq!((denied.rule, denied.limit), (RuleKind::SpendingLimit.into(), Some(10 * KAS)));
    env.request_transfer(&payment(children[1].id, Asset::Kas, 3 * KAS, "third"));
    let cycle = detail(env.as_actor(Actor::Admin).change_wallet(parent.id, WalletChange::Parent(Some(children[0].id))));
    assert!(matches!(cycle, ErrorDetail::InvalidArgument { ref field, .. } if field == "parent"), "{cycle:?}");
}

#[test]
fn owners_survive_an_upgrade() {
    let mut env = TestEnv::new();
    let wallet = env.as_actor(Actor::Admin).create_wallet_with(&wallet_args(owner(), None)).expect("an admin creates a wallet");
    env.upgrade(None).expect("it upgrades");
    assert_eq!(env.as_actor(Actor::Stranger).list_wallets_of(owner(), None, None).items, std::slice::from_ref(&wallet));
    assert_eq!((wallet.owner, wallet.signing, wallet.primary, wallet.active), (owner(), SigningMode::Threshold.into(), true, true));
}
