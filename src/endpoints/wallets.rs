//! Wallets and their policies.

use super::access;
use crate::api::policy::{Policy, Rule, parse_rules};
use crate::api::wallet::{Usage, Wallet};
use crate::api::{Error, page};
use crate::store::{self, Store};
use ic_cdk::api::msg_caller;
use purser_core::primitives::{Asset, Timestamp, WalletId};
use purser_core::state::Refusal;

#[ic_cdk::update]
fn create_wallet(label: String) -> Result<Wallet, Error> {
    let (decided, wallet) = store::read(|state| state.decide_create_wallet(msg_caller(), label, store::now()))?;
    store::commit(decided);
    Ok(store::read(|state| Wallet::new(wallet, state.config().kaspa.network)))
}

#[ic_cdk::update]
fn set_policy(wallet_id: u64, rules: Vec<Rule>) -> Result<u64, Error> {
    let caller = msg_caller();
    let (decided, version) = store::read(|state| -> Result<_, Error> {
        access::admin(state, caller)?;
        let rules = parse_rules(rules, state.config().kaspa.network)?;
        Ok(state.decide_set_policy(caller, WalletId::new(wallet_id), rules, store::now())?)
    })?;
    store::commit(decided);
    Ok(version)
}

#[ic_cdk::query]
fn get_wallet(wallet_id: u64) -> Result<Wallet, Error> {
    let not_found = || Refusal::NotFound { what: "wallet", id: wallet_id.to_string() };
    store::read(|state| {
        let wallet = state.wallet(WalletId::new(wallet_id)).ok_or_else(not_found)?;
        Ok(Wallet::new(wallet, state.config().kaspa.network))
    })
}

#[ic_cdk::query]
fn list_wallets(after: Option<u64>, limit: Option<u32>) -> Vec<Wallet> {
    store::read(|state| {
        let network = state.config().kaspa.network;
        state.wallets(after.map(WalletId::new), page(limit)).into_iter().map(|wallet| Wallet::new(wallet, network)).collect()
    })
}

#[ic_cdk::query]
fn get_policy(wallet_id: u64) -> Result<Option<Policy>, Error> {
    let wallet = WalletId::new(wallet_id);
    store::read(|state| {
        access::exists(state, wallet)?;
        Ok(state.policy(wallet).map(|policy| Policy::new(policy, state.config().kaspa.network)))
    })
}

#[ic_cdk::query]
fn get_usage(wallet_id: u64) -> Result<Vec<Usage>, Error> {
    store::read(|state| usage(state, WalletId::new(wallet_id), store::now()))
}

/// One entry per asset.
pub(super) fn usage(state: &Store, wallet: WalletId, now: Timestamp) -> Result<Vec<Usage>, Error> {
    access::exists(state, wallet)?;
    let policy = state.policy(wallet);
    Ok(Asset::ALL.map(|asset| Usage::new(asset, state.usage(wallet, asset, now), policy.as_ref())).into())
}
