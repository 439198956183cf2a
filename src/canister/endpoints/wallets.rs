//! Wallets and their policies.

use super::{access, governance};
use crate::store::{self, Store};
use candid::Principal;
use ic_cdk::api::msg_caller;
use purser_core::base::{Asset, Chain, Timestamp, WalletId};
use purser_core::governance::Action;
use purser_core::policy::Rule as DomainRule;
use purser_core::state::Refusal;
use purser_types::convert::address;
use purser_types::{Change, CreateWalletArgs, Error, MAX_PAGE, Policy, Usage, Wallet, WalletChange, WalletCount, page};
use std::collections::BTreeSet;

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn create_wallet(args: CreateWalletArgs) -> Result<Wallet, Error> {
    let (decided, wallet) = store::read(|state| state.decide_create_wallet(msg_caller(), args.into(), store::now()))?;
    store::commit(decided);
    Ok(store::read(|state| Wallet::new(wallet, state.config().kaspa.network)))
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn change_wallet(wallet_id: u64, change: WalletChange) -> Result<Change, Error> {
    governance::change(Action::ChangeWallet { wallet: WalletId::new(wallet_id), change: change.into() })
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
fn list_wallets_of(owner: Principal) -> Vec<Wallet> {
    store::read(|state| owned(state, &owner))
}

#[ic_cdk::query]
fn count_wallets(owner: Principal) -> WalletCount {
    store::read(|state| {
        let wallets: Vec<_> = state.wallets_of(&owner).collect();
        let active = wallets.iter().filter(|wallet| !wallet.deactivated).count();
        WalletCount {
            active: active as u64,
            total: wallets.len() as u64,
            max_active: state.settings().max_wallets_per_owner.into(),
        }
    })
}

#[ic_cdk::query]
fn get_wallet_by_address(address: String) -> Result<Wallet, Error> {
    store::read(|state| at_address(state, &address))
}

/// Returns the wallets of an owner: the primary one, then the oldest, deactivated ones last; at most [`MAX_PAGE`].
pub(super) fn owned(state: &Store, owner: &Principal) -> Vec<Wallet> {
    let mut wallets: Vec<_> = state.wallets_of(owner).collect();
    wallets.sort_by_key(|wallet| (!wallet.primary, wallet.deactivated, wallet.id));
    let network = state.config().kaspa.network;
    wallets.into_iter().take(MAX_PAGE).map(|wallet| Wallet::new(wallet, network)).collect()
}

/// Returns the wallet with an address on either chain.
///
/// # Errors
/// When the text is no address, or no wallet has it.
pub(super) fn at_address(state: &Store, text: &str) -> Result<Wallet, Error> {
    let network = state.config().kaspa.network;
    let chain = if text.contains(':') { Chain::Kaspa } else { Chain::Solana };
    let address = address::parse(text, chain, network).map_err(|problem| Error::invalid("address", problem))?;
    let wallet = state.wallet_at(&address).ok_or_else(|| Refusal::NotFound { what: "wallet with the address", id: text.into() })?;
    Ok(Wallet::new(wallet, network))
}

#[ic_cdk::query]
fn get_policy(wallet_id: u64) -> Result<Option<Policy>, Error> {
    let wallet = WalletId::new(wallet_id);
    store::read(|state| {
        access::require_wallet(state, wallet)?;
        Ok(state.policy(wallet).map(|policy| Policy::new(policy, store::now(), state.config().kaspa.network)))
    })
}

#[ic_cdk::query]
fn get_usage(wallet_id: u64) -> Result<Vec<Usage>, Error> {
    store::read(|state| usage(state, WalletId::new(wallet_id), store::now()))
}

/// Returns the usage of every coin, and of every token that the policy names.
///
/// # Errors
/// When there is no such wallet.
pub(super) fn usage(state: &Store, wallet: WalletId, now: Timestamp) -> Result<Vec<Usage>, Error> {
    access::require_wallet(state, wallet)?;
    let policy = state.policy(wallet);
    let named = policy.iter().flat_map(|policy| &policy.rules).flat_map(DomainRule::assets);
    let assets: BTreeSet<Asset> = named.chain(Asset::ALL).collect();
    Ok(assets.into_iter().map(|asset| Usage::new(asset, state.usage(wallet, asset, now), policy.as_ref())).collect())
}
