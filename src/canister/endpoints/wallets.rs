//! Wallets: created, changed, read and listed.

use super::{access, governance};
use crate::store::{self, Store};
use candid::Principal;
use ic_cdk::api::msg_caller;
use purser_core::base::{Chain, WalletId};
use purser_core::governance::Action;
use purser_core::state::Refusal;
use purser_core::wallet::Wallet as DomainWallet;
use purser_types::convert::address;
use purser_types::{Change, CreateWalletArgs, Error, Page, Wallet, WalletChange, WalletCount, page_size};

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn create_wallet(args: CreateWalletArgs) -> Result<Wallet, Error> {
    let (decided, wallet) = store::read(|state| -> Result<_, Error> {
        access::require_admin(state, msg_caller())?;
        Ok(state.decide_create_wallet(msg_caller(), args.try_into()?, store::now())?)
    })?;
    store::commit(decided);
    Ok(store::read(|state| Wallet::new(wallet, &state.config().chains)))
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
        Ok(Wallet::new(wallet, &state.config().chains))
    })
}

#[ic_cdk::query]
fn list_wallets(cursor: Option<u64>, limit: Option<u32>) -> Page<Wallet, u64> {
    store::read(|state| listed(state, state.wallets_after(cursor.map(WalletId::new)), limit))
}

#[ic_cdk::query]
fn list_wallets_of(owner: Principal, cursor: Option<u64>, limit: Option<u32>) -> Page<Wallet, u64> {
    store::read(|state| listed(state, state.wallets_of_after(&owner, cursor.map(WalletId::new)), limit))
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

fn listed(state: &Store, wallets: impl Iterator<Item = DomainWallet>, limit: Option<u32>) -> Page<Wallet, u64> {
    let chains = &state.config().chains;
    Page::fill(page_size(limit), wallets.map(|wallet| (wallet.id.get(), Wallet::new(wallet, chains))))
}

/// Returns the wallet with an address on either chain.
///
/// # Errors
/// When the text is no address, or no wallet has it.
pub(super) fn at_address(state: &Store, text: &str) -> Result<Wallet, Error> {
    let chains = &state.config().chains;
    let chain = if text.contains(':') { Chain::Kaspa } else { Chain::Solana };
    let address = address::parse(text, chain, chains).map_err(|problem| Error::invalid("address", problem))?;
    let wallet = state.wallet_at(&address).ok_or_else(|| Refusal::NotFound { what: "wallet with the address", id: text.into() })?;
    Ok(Wallet::new(wallet, chains))
}
