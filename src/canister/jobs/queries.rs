//! Questions to the chains on request: balances and quotes.

use super::locks::Lock;
use super::ttl_cache::{Lookup, TtlCache};
use crate::flows::kaspa::{Quote, QuoteError};
use crate::flows::{self, Balances, ProviderError, TokenHolding};
use crate::ports::ic::Ic;
use crate::store;
use purser_core::transfer::TransferRequest;
use purser_core::wallet::Wallet;
use std::cell::RefCell;
use std::thread::LocalKey;

/// The time in seconds for which balances are not read again.
const BALANCES_SECONDS: u64 = 10;
/// The time in seconds for which lists of tokens are not read again. Their answers are longer and cost more.
const TOKENS_SECONDS: u64 = 60;

thread_local! {
    static BALANCES: RefCell<TtlCache<Balances>> = const { RefCell::new(TtlCache::new()) };
    static TOKENS: RefCell<TtlCache<Vec<TokenHolding>>> = const { RefCell::new(TtlCache::new()) };
}

/// The reason for missing balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshError {
    /// Another call reads the same wallet's balances, or did lately and got no answer.
    Busy,
    /// No provider of a chain gave a usable answer.
    Provider(ProviderError),
}

/// Reads the balances of a wallet's addresses from the chains. The caller decides who may ask.
///
/// A read costs up to three outcalls per provider. So an answer is given again for a while, and one wallet is read once at a time.
///
/// # Errors
/// When the wallet is being read already, or no provider of a chain gave a usable answer.
pub async fn refresh_balances(wallet: &Wallet) -> Result<Balances, RefreshError> {
    cached(&BALANCES, wallet, BALANCES_SECONDS, flows::refresh(&Ic, wallet)).await
}

/// Reads the tokens that a wallet holds, in the manner of [`refresh_balances`]. The caller decides who may ask.
///
/// # Errors
/// As [`refresh_balances`].
pub async fn token_balances(wallet: &Wallet) -> Result<Vec<TokenHolding>, RefreshError> {
    cached(&TOKENS, wallet, TOKENS_SECONDS, flows::token_balances(&Ic, wallet)).await
}

/// The cached answer, or else the one that `ask` gives now.
async fn cached<T: Clone>(
    cache: &'static LocalKey<RefCell<TtlCache<T>>>,
    wallet: &Wallet,
    seconds: u64,
    ask: impl Future<Output = Result<T, ProviderError>>,
) -> Result<T, RefreshError> {
    let _guard = match cache.with_borrow_mut(|cache| cache.lookup(wallet.id, seconds, store::now())) {
        Lookup::Hit(answer) => return Ok(answer),
        Lookup::NegativeHit => return Err(RefreshError::Busy),
        Lookup::Miss => Lock::Balances(wallet.id).acquire().ok_or(RefreshError::Busy)?,
    };
    cache.with_borrow_mut(|cache| cache.mark_requested(wallet.id, store::now()));
    let answer = ask.await.map_err(RefreshError::Provider)?;
    cache.with_borrow_mut(|cache| cache.insert(wallet.id, answer.clone(), store::now()));
    Ok(answer)
}

/// Computes the cost of a KAS transfer from the chain. The caller decides who may ask.
///
/// `None` while another call asks about the same wallet.
pub async fn quote_kaspa(wallet: &Wallet, request: &TransferRequest) -> Option<Result<Quote, QuoteError>> {
    let _guard = Lock::Balances(wallet.id).acquire()?;
    Some(flows::kaspa::quote(&Ic, wallet, request).await)
}
