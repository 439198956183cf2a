//! Balances of a wallet's addresses, as the chains report them.

use super::outcalls::{self, Replication};
use super::solana::providers;
use crate::ports::{CallErrorKind, Runtime};
use futures::future::join3;
use purser_core::base::{Amount, Chain, Mint, Timestamp, WalletId};
use purser_core::chains::solana::rpc::{AccountView, Commitment, Reading, Request, TokenBalance, View, Wanted};
use purser_core::chains::solana::token::Holding;
use purser_core::chains::{kaspa, solana};
use purser_core::wallet::Wallet;
use std::fmt::Display;

/// An amount with the time of its observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// The amount, in base units.
    pub amount: Amount,
    /// The canister's time when the answer arrived.
    pub observed_at: Timestamp,
}

/// The balances of a wallet's three addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balances {
    /// The finalized balance of the Solana address, in lamports.
    pub sol: Observed,
    /// The accepted unspent outputs of the Schnorr address, in sompi.
    pub kas_schnorr: Observed,
    /// The accepted unspent outputs of the ECDSA address, in sompi.
    pub kas_ecdsa: Observed,
}

/// A chain of which no provider gave a usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderError {
    /// The chain.
    pub chain: Chain,
    /// The problem with the provider that was asked last.
    pub problem: String,
}

/// Reads the balances of a wallet from the chains, all addresses at once.
///
/// The providers of a chain are asked in turn until one answers. An address without a registered key has no balance.
///
/// # Errors
/// When all providers of a chain failed.
pub async fn refresh<R: Runtime>(rt: &R, wallet: &Wallet) -> Result<Balances, ProviderError> {
    let network = rt.read(|state| state.config().kaspa.network);
    let address = |kind, key: &[u8]| (!key.is_empty()).then(|| kaspa_address(kind, key, network)).transpose();
    let schnorr = address(kaspa::KeyKind::Schnorr, &wallet.kaspa_schnorr_key)?;
    let ecdsa = address(kaspa::KeyKind::Ecdsa, &wallet.kaspa_ecdsa_key)?;
    let (sol, kas_schnorr, kas_ecdsa) = join3(solana(rt, wallet), kaspa(rt, schnorr), kaspa(rt, ecdsa)).await;
    Ok(Balances { sol: sol?, kas_schnorr: kas_schnorr?, kas_ecdsa: kas_ecdsa? })
}

async fn solana<R: Runtime>(rt: &R, wallet: &Wallet) -> Result<Observed, ProviderError> {
    if wallet.solana_key.is_empty() {
        return Ok(zero(rt));
    }
    let address = <[u8; 32]>::try_from(&wallet.solana_key[..]).map_err(|error| failed(Chain::Solana, error))?;
    let address = solana::Address::from_bytes(address);
    let request = Request::Balance { address, commitment: Commitment::Finalized, reading: Reading::EXACT };
    let mut last = failed(Chain::Solana, "no provider is configured");
    for provider_offset in 0..rt.read(|state| state.config().solana.providers.len()) {
        match providers::ask(rt, provider_offset, Replication::Replicated, &request).await {
            Err(error) => last = failed(Chain::Solana, error),
            Ok(body) => match solana::rpc::parse_amount(&body) {
                Ok(amount) => return Ok(Observed { amount, observed_at: rt.now() }),
                Err(failure) => last = failed(Chain::Solana, failure),
            },
        }
    }
    Err(last)
}

/// The tokens in one account of a wallet, as reported by a quorum of providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHolding {
    /// The token account with its amount.
    pub balance: TokenBalance,
    /// The program that the account belongs to.
    pub program: solana::TokenProgram,
}

/// The most mints whose accounts are read one by one where the list is too long.
const MAX_MINTS: usize = 40;

/// Reads every token account of a wallet, of both programs.
///
/// Anybody can give a wallet accounts until their list is too long for an answer. Then only the wallet's own accounts of the tokens are
/// read that its policies name.
///
/// # Errors
/// When no quorum of providers gives the same usable answer.
pub async fn token_balances<R: Runtime>(rt: &R, wallet: &Wallet) -> Result<Vec<TokenHolding>, ProviderError> {
    if wallet.solana_key.is_empty() {
        return Ok(Vec::new());
    }
    let owner = <[u8; 32]>::try_from(&wallet.solana_key[..]).map_err(|error| failed(Chain::Solana, error))?;
    let owner = solana::Address::from_bytes(owner);
    let mut list = Vec::new();
    for program in [solana::TokenProgram::Classic, solana::TokenProgram::Token2022] {
        let request = Request::TokenBalances { owner, program };
        let balances = match providers::agreed(rt, 0, &request).await {
            Err(error) if error.kind == CallErrorKind::TooLarge => named_tokens(rt, wallet.id, owner, program).await?,
            answer => {
                let body = answer.map_err(|error| failed(Chain::Solana, error))?;
                solana::rpc::parse_token_balances(&body).map_err(|failure| failed(Chain::Solana, failure))?
            }
        };
        list.extend(balances.into_iter().map(|balance| TokenHolding { balance, program }));
    }
    Ok(list)
}

/// The accounts of a wallet for the tokens that its policies name.
async fn named_tokens<R: Runtime>(
    rt: &R,
    wallet: WalletId,
    owner: solana::Address,
    program: solana::TokenProgram,
) -> Result<Vec<TokenBalance>, ProviderError> {
    let mints = rt.read(|state| state.mints_of(wallet)).into_iter().take(MAX_MINTS);
    let account = |mint: Mint| {
        let mint = solana::Address::from_bytes(mint.0);
        solana::derived::token_account(&owner, &mint, program).map(|account| (mint, account))
    };
    let accounts: Vec<_> = mints.filter_map(account).collect();
    if accounts.is_empty() {
        return Ok(Vec::new());
    }
    let view = View::Holding { amount: Reading::EXACT };
    let wanted = accounts.iter().map(|(_, account)| Wanted { address: *account, view }).collect();
    let request = Request::Accounts { wanted, commitment: Commitment::Finalized, min_slot: 0 };
    let body = providers::agreed(rt, 0, &request).await.map_err(|error| failed(Chain::Solana, error))?;
    let seen = solana::rpc::parse_accounts(&body).map_err(|failure| failed(Chain::Solana, failure))?;
    let held = |((mint, account), seen)| match seen {
        AccountView::Holding(Holding { amount, frozen, .. }) => Some(TokenBalance { account, mint, amount, frozen }),
        _ => None,
    };
    Ok(accounts.into_iter().zip(seen).filter_map(held).collect())
}

fn zero<R: Runtime>(rt: &R) -> Observed {
    Observed { amount: Amount::ZERO, observed_at: rt.now() }
}

async fn kaspa<R: Runtime>(rt: &R, address: Option<kaspa::Address>) -> Result<Observed, ProviderError> {
    let Some(address) = address else { return Ok(zero(rt)) };
    let request = kaspa::rest::Request::Balance { address };
    let mut last = failed(Chain::Kaspa, "no provider is configured");
    for provider_offset in 0..rt.read(|state| state.config().kaspa.providers.len()) {
        match outcalls::kaspa(rt, provider_offset, Replication::Replicated, &request).await {
            Err(error) => last = failed(Chain::Kaspa, error),
            Ok(body) => match kaspa::rest::parse_balance(&body) {
                Ok(amount) => return Ok(Observed { amount, observed_at: rt.now() }),
                Err(failure) => last = failed(Chain::Kaspa, failure),
            },
        }
    }
    Err(last)
}

fn kaspa_address(kind: kaspa::KeyKind, sec1: &[u8], network: kaspa::Network) -> Result<kaspa::Address, ProviderError> {
    let key = kaspa::WalletKey::new(kind, sec1).map_err(|error| failed(Chain::Kaspa, error))?;
    Ok(key.address(network))
}

fn failed(chain: Chain, problem: impl Display) -> ProviderError {
    ProviderError { chain, problem: problem.to_string() }
}
