//! Nonce accounts, revocations and tokens, which only Solana has.

use super::access;
use crate::flows::solana::{TokenHolding, token_balances, transform};
use crate::jobs::{self, TtlCache};
use crate::ports::ic::Ic;
use crate::store;
use ic_cdk::api::msg_caller;
use ic_cdk_management_canister::{HttpRequestResult, TransformArgs};
use purser_core::base::{Asset, Mint, TransferId, WalletId};
use purser_core::chains::solana::{Address, derived};
use purser_core::state::Refusal;
use purser_types::{Error, NonceAccount, Page, SolanaSettings, TokenBalance, TokenProgram, page_size};
use std::cell::RefCell;

/// The time in seconds for which lists of tokens are not read again. Their answers are longer and cost more than balances.
const TOKENS_SECONDS: u64 = 60;

thread_local! {
    static TOKENS: RefCell<TtlCache<Vec<TokenHolding>>> = const { RefCell::new(TtlCache::new()) };
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn set_solana_settings(wallet_id: u64, settings: SolanaSettings) -> Result<(), Error> {
    let wallet = WalletId::new(wallet_id);
    let decided = store::read(|state| state.decide_solana_settings(msg_caller(), wallet, settings.into()))?;
    store::commit(decided);
    Ok(())
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn set_solana_nonce_pool(wallet_id: u64, size: u16) -> Result<Vec<u64>, Error> {
    let (decided, ids) = store::read(|state| state.decide_nonce_pool(msg_caller(), WalletId::new(wallet_id), size, store::now()))?;
    store::commit(decided);
    ids.iter().for_each(|id| jobs::wake(*id));
    Ok(ids.into_iter().map(TransferId::get).collect())
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
fn revoke_solana_transfer(transfer_id: u64) -> Result<u64, Error> {
    let (decided, id) = store::read(|state| state.decide_revoke(msg_caller(), TransferId::new(transfer_id), store::now()))?;
    store::commit(decided);
    [id, TransferId::new(transfer_id)].into_iter().for_each(jobs::wake);
    Ok(id.get())
}

#[ic_cdk::query]
fn list_solana_nonce_accounts(wallet_id: u64, cursor: Option<u16>, limit: Option<u32>) -> Result<Page<NonceAccount, u16>, Error> {
    let wallet_id = WalletId::new(wallet_id);
    store::read(|state| {
        let not_found = || Refusal::NotFound { what: "wallet", id: wallet_id.to_string() };
        let wallet = state.wallet(wallet_id).ok_or_else(not_found)?;
        let Ok(key) = wallet.solana_key[..].try_into().map(Address::from_bytes) else { return Ok(Page::fill(1, [])) };
        let shown = |(index, record)| (index, NonceAccount::new(index, &derived::nonce_account(&key, index), record));
        // A wallet has at most 32 of them.
        let nonces = state.nonces(wallet_id).into_iter().filter(|(index, _)| cursor.is_none_or(|cursor| *index > cursor));
        Ok(Page::fill(page_size(limit), nonces.map(shown)))
    })
}

#[ic_cdk::update(guard = "crate::endpoints::lockout::reject_locked_out")]
async fn refresh_solana_tokens(wallet_id: u64) -> Result<Vec<TokenBalance>, Error> {
    let wallet = store::read(|state| access::require_wallet_operator(state, msg_caller(), WalletId::new(wallet_id)))?;
    let holdings = jobs::read_cached(&TOKENS, &wallet, TOKENS_SECONDS, token_balances(&Ic, &wallet)).await?;
    Ok(holdings.into_iter().map(token_balance).collect())
}

/// Reduces the answer of an outcall. Pure and open: a stranger who calls it learns nothing and changes nothing.
#[ic_cdk::query]
fn transform_solana(args: TransformArgs) -> HttpRequestResult {
    transform(args)
}

/// Returns a token account as the answer shows it.
fn token_balance(holding: TokenHolding) -> TokenBalance {
    let TokenHolding { balance, program } = holding;
    TokenBalance {
        mint: balance.mint.to_string(),
        program: TokenProgram::from(program).into(),
        account: balance.account.to_string(),
        amount: balance.amount.get(),
        units: Asset::Spl { mint: Mint(*balance.mint.as_bytes()) }.into(),
        frozen: balance.frozen,
    }
}
