//! The balance of a wallet's Solana address, and the tokens that it holds.

use super::providers::Providers;
use crate::flows::balances::{KeyBalance, ProviderError};
use crate::ports::{CallErrorKind, Runtime};
use purser_core::base::{Asset, Chain, Mint, WalletId};
use purser_core::chains::solana::rpc::{self, AccountView, Commitment, Reading, Request, TokenBalance, View, Wanted};
use purser_core::chains::solana::token::Holding;
use purser_core::chains::solana::{Address, TokenProgram, derived};
use purser_core::wallet::{KeyKind, Wallet};
use std::fmt::Display;

/// The most mints whose accounts are read one by one where the list is too long.
const MAX_MINTS: usize = 40;

/// Reads the finalized balance of the wallet's address, in lamports.
///
/// # Errors
/// The problem with a provider that gave no answer.
pub(super) async fn balances<R: Runtime>(rt: &R, wallet: &Wallet) -> Result<Vec<KeyBalance>, String> {
    let Some(address) = address(wallet)? else { return Ok(Vec::new()) };
    let request = Request::Balance { address, commitment: Commitment::Finalized, reading: Reading::EXACT };
    let amount = Providers::new(rt, 0).any(&request, rpc::parse_amount).await.map_err(|error| error.to_string())?;
    let (kind, address, observed_at) = (KeyKind::Solana, address.to_string(), rt.now());
    Ok(vec![KeyBalance { kind, address, asset: Asset::Sol, amount, observed_at }])
}

/// The wallet's address; `None` when the owner has registered no key.
fn address(wallet: &Wallet) -> Result<Option<Address>, String> {
    let key = wallet.key(KeyKind::Solana);
    if key.is_empty() {
        return Ok(None);
    }
    let bytes = <[u8; 32]>::try_from(&key[..]).map_err(|error| error.to_string())?;
    Ok(Some(Address::from_bytes(bytes)))
}

/// The tokens in one account of a wallet, as reported by a quorum of providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHolding {
    /// The token account with its amount.
    pub balance: TokenBalance,
    /// The program that the account belongs to.
    pub program: TokenProgram,
}

/// Reads every token account of a wallet, of both programs.
///
/// Anybody can give a wallet accounts until their list is too long for an answer. Then only the wallet's own accounts of the tokens are
/// read that its policies name.
///
/// # Errors
/// When no quorum of providers gives the same usable answer.
pub async fn token_balances<R: Runtime>(rt: &R, wallet: &Wallet) -> Result<Vec<TokenHolding>, ProviderError> {
    let Some(owner) = address(wallet).map_err(failed)? else { return Ok(Vec::new()) };
    let mut list = Vec::new();
    for program in [TokenProgram::Classic, TokenProgram::Token2022] {
        let request = Request::TokenBalances { owner, program };
        let balances = match Providers::new(rt, 0).agreed(&request).await {
            Err(error) if error.kind == CallErrorKind::TooLarge => named_tokens(rt, wallet.id, owner, program).await?,
            answer => rpc::parse_token_balances(&answer.map_err(failed)?).map_err(failed)?,
        };
        list.extend(balances.into_iter().map(|balance| TokenHolding { balance, program }));
    }
    Ok(list)
}

/// The accounts of a wallet for the tokens that its policies name.
async fn named_tokens<R: Runtime>(
    rt: &R,
    wallet: WalletId,
    owner: Address,
    program: TokenProgram,
) -> Result<Vec<TokenBalance>, ProviderError> {
    let mints = rt.read(|state| state.mints_of(wallet)).into_iter().take(MAX_MINTS);
    let account = |mint: Mint| {
        let mint = Address::from_bytes(mint.0);
        derived::token_account(&owner, &mint, program).map(|account| (mint, account))
    };
    let accounts: Vec<_> = mints.filter_map(account).collect();
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let view = View::Holding { amount: Reading::EXACT };
    let wanted = accounts.iter().map(|(_, account)| Wanted { address: *account, view }).collect();
    let request = Request::Accounts { wanted, commitment: Commitment::Finalized, min_slot: 0 };
    let seen = rpc::parse_accounts(&Providers::new(rt, 0).agreed(&request).await.map_err(failed)?).map_err(failed)?;
    let held = |((mint, account), seen)| match seen {
        AccountView::Holding(Holding { amount, frozen, .. }) => Some(TokenBalance { account, mint, amount, frozen }),
        _ => None,
    };
    Ok(accounts.into_iter().zip(seen).filter_map(held).collect())
}

fn failed(problem: impl Display) -> ProviderError {
    ProviderError { chain: Chain::Solana, problem: problem.to_string() }
}
