//! Questions to the chains on request: balances, and what else the endpoints of a chain ask.

use super::locks::Lock;
use super::ttl_cache::{Lookup, TtlCache};
use crate::flows::{self, KeyBalance, ProviderError};
use crate::ports::ic::Ic;
use crate::store;
use purser_core::base::WalletId;
use purser_core::wallet::Wallet;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::thread::LocalKey;

/// The time in seconds for which balances are not read again.
const BALANCES_SECONDS: u64 = 10;
/// The most wallets whose last balances are kept. Of more, those that were read longest ago are forgotten.
const MAX_KEPT: usize = 1_000;

thread_local! {
    static BALANCES: RefCell<TtlCache<Vec<KeyBalance>>> = const { RefCell::new(TtlCache::new()) };
    /// The last balances of each wallet, however old. Lost with every upgrade.
    static LAST: RefCell<BTreeMap<WalletId, Vec<KeyBalance>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The reason for missing balances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshError {
    /// Another call reads the same wallet's balances, or did lately and got no answer.
    Busy,
    /// No provider of a chain gave a usable answer.
    Provider(ProviderError),
}

/// Reads the balances of a wallet's keys from the chains. The caller decides who may ask.
///
/// A read costs up to one outcall per key and provider. So an answer is given again for a while, and one wallet is read once at a time.
///
/// # Errors
/// When the wallet is being read already, or no provider of a chain gave a usable answer.
pub async fn refresh_balances(wallet: &Wallet) -> Result<Vec<KeyBalance>, RefreshError> {
    let balances = read_cached(&BALANCES, wallet, BALANCES_SECONDS, flows::refresh(&Ic, wallet)).await?;
    LAST.with_borrow_mut(|last| keep(last, wallet.id, balances.clone()));
    Ok(balances)
}

/// The balances of a wallet's keys as they were last read; empty when they were not since the last upgrade.
pub fn last_balances(wallet: WalletId) -> Vec<KeyBalance> {
    LAST.with_borrow(|last| last.get(&wallet).cloned().unwrap_or_default())
}

fn keep(last: &mut BTreeMap<WalletId, Vec<KeyBalance>>, wallet: WalletId, balances: Vec<KeyBalance>) {
    last.insert(wallet, balances);
    let observed_at = |balances: &Vec<KeyBalance>| balances.iter().map(|balance| balance.observed_at).max();
    if last.len() > MAX_KEPT
        && let Some(oldest) = last.iter().min_by_key(|(_, balances)| observed_at(balances)).map(|(wallet, _)| *wallet)
    {
        last.remove(&oldest);
    }
}

/// The cached answer about a wallet, or else the one that `ask` gives now.
///
/// # Errors
/// When the wallet is being read already, or `ask` got no answer, now or lately.
pub async fn read_cached<T: Clone>(
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

/// The answer that `ask` gives about a wallet; `None` while another call reads the wallet.
pub async fn read_alone<T>(wallet: WalletId, ask: impl Future<Output = T>) -> Option<T> {
    let _guard = Lock::Balances(wallet).acquire()?;
    Some(ask.await)
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::base::{Amount, Asset, Timestamp};
    use purser_core::wallet::KeyKind;

    fn balances(at: u64) -> Vec<KeyBalance> {
        let (kind, observed_at) = (KeyKind::Solana, Timestamp::from_nanos(at));
        vec![KeyBalance { kind, address: String::new(), asset: Asset::Sol, amount: Amount::new(at), observed_at }]
    }

    #[test]
    fn the_last_balances_are_kept_for_a_thousand_wallets() {
        let mut last = BTreeMap::new();
        for wallet in 0..1_000 {
            keep(&mut last, WalletId::new(wallet), balances(10_000 - wallet));
        }
        keep(&mut last, WalletId::new(5), balances(20_000));
        assert_eq!((last.len(), &last[&WalletId::new(5)]), (1_000, &balances(20_000)), "one that is kept is replaced");
        keep(&mut last, WalletId::new(1_000), balances(30_000));
        assert_eq!(last.len(), 1_000);
        assert!(!last.contains_key(&WalletId::new(999)), "the one that was read longest ago is forgotten");
        assert!(last.contains_key(&WalletId::new(998)) && last.contains_key(&WalletId::new(1_000)));
    }
}
