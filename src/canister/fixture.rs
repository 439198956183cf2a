//! A small installation, for unit tests.

use crate::store::Store;
use candid::Principal;
use ic_stable_structures::DefaultMemoryImpl;
use purser_core::access::LabelledAgent;
use purser_core::base::{Bytes, DAY_NS, Timestamp, WalletId};
use purser_core::governance::settings::Settings;
use purser_core::governance::{Action, PolicyChange};
use purser_core::policy::{Rule, Scope};
use purser_core::state::{ChangeOutcome, Decided, Refusal};
use purser_core::wallet::{RootKey, RootKeys};
use purser_types::fixture::{WALLET_ID, admin, config};

pub const WALLET: WalletId = WalletId::new(WALLET_ID);
pub const NOW: Timestamp = Timestamp::from_nanos(1_000 * DAY_NS);

pub fn agent() -> Principal {
    Principal::from_slice(&[3, 1])
}

pub fn stranger() -> Principal {
    Principal::from_slice(&[9, 1])
}

/// Returns the generators of both curves: any point will do.
pub fn root_keys() -> RootKeys {
    let key = |public_key: &str| RootKey {
        public_key: Bytes::new(hex::decode(public_key).expect("hex")),
        chain_code: Bytes::new([7; 32]),
    };
    let secp = key("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    let ed25519 = key("5866666666666666666666666666666666666666666666666666666666666666");
    RootKeys { ed25519, schnorr: secp.clone(), ecdsa: secp }
}

/// Commits what was decided.
pub fn commit(state: &mut Store, decided: Result<Decided, Refusal>) {
    state.commit(decided.expect("decided"), NOW);
}

/// Makes a change that takes one admin and no time.
pub fn change(state: &mut Store, action: Action) {
    let (decided, change) = state.decide_change(admin(), action, NOW).expect("decided");
    assert_eq!(change, ChangeOutcome::Applied);
    state.commit(decided, NOW);
}

/// Replaces the wallet's policy.
pub fn set_policy(state: &mut Store, rules: Vec<Rule>) {
    let scope = Scope::Wallet(WALLET);
    let replaces = state.last_policy_version(&scope);
    change(state, Action::SetPolicy(PolicyChange { scope, replaces, name: None, rules }));
}

/// Returns an installed state with keys and one wallet with one agent.
pub fn installed() -> Store {
    let mut state = Store::new(DefaultMemoryImpl::default());
    let decided = state.decide_init(stranger(), config(), Settings::new(&config()));
    commit(&mut state, decided);
    let decided = state.decide_register_keys(root_keys());
    commit(&mut state, decided);
    let decided = state.decide_create_wallet(admin(), "ops".into(), NOW).map(|(decided, _)| decided);
    commit(&mut state, decided);
    change(&mut state, Action::AddAgent(LabelledAgent { wallet: WALLET, agent: agent(), label: None }));
    state
}
