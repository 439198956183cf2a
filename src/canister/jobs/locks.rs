//! Locks across awaits.
//!
//! They live on the heap and are released when their guard is dropped, which also happens in the cleanup after a trap. An upgrade releases
//! them all. A lock that must outlive both is in the durable state.

use crate::flows::{ConcurrencyKey, Exclusion};
use purser_core::base::{TransferId, WalletId};
use std::cell::RefCell;
use std::collections::BTreeSet;

thread_local! {
    static HELD: RefCell<BTreeSet<Lock>> = const { RefCell::new(BTreeSet::new()) };
}

/// The subject of a lock: one run at a time may work on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lock {
    /// A transfer, whatever its status.
    Transfer(TransferId),
    /// Taking a transfer towards its chain, from a wallet or one of its build slots. A sent transaction is followed without it.
    Spending(ConcurrencyKey),
    /// Reading the balances of one wallet.
    Balances(WalletId),
}

/// The guard of a lock, which holds it until it is dropped.
#[derive(Debug)]
pub struct Guard(Lock);

impl Lock {
    /// Takes the lock; `None` when it is held.
    pub fn acquire(self) -> Option<Guard> {
        HELD.with_borrow_mut(|held| held.insert(self)).then(|| Guard(self))
    }

    /// Whether the lock is held.
    pub fn is_held(self) -> bool {
        HELD.with_borrow(|held| held.contains(&self))
    }
}

impl Guard {
    /// Whether the lock is needed for building only.
    pub fn is_for_building(&self) -> bool {
        matches!(self.0, Lock::Spending(ConcurrencyKey { exclusion: Exclusion::UntilBuilt { .. }, .. }))
    }
}

/// The number of transfers that are being driven.
pub fn transfers_held() -> usize {
    HELD.with_borrow(|held| held.iter().filter(|lock| matches!(lock, Lock::Transfer(_))).count())
}

impl Drop for Guard {
    fn drop(&mut self) {
        HELD.with_borrow_mut(|held| held.remove(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use purser_core::base::Chain;

    #[test]
    fn a_lock_is_exclusive_until_its_guard_is_dropped() {
        let slot =
            |slot| ConcurrencyKey { wallet: WalletId::new(1), chain: Chain::Solana, exclusion: Exclusion::UntilBuilt { slot } };
        let spending = Lock::Spending(slot(0));
        let guard = spending.acquire();
        assert!(guard.is_some() && spending.is_held());
        assert!(spending.acquire().is_none());
        assert!(spending.is_held(), "a refused guard releases nothing");
        let elsewhere = ConcurrencyKey { chain: Chain::Kaspa, exclusion: Exclusion::UntilSent, ..slot(0) };
        let others = [Lock::Spending(elsewhere), Lock::Spending(slot(1)), Lock::Transfer(TransferId::new(1))];
        let others = others.map(Lock::acquire);
        assert!(others.iter().all(Option::is_some));
        assert_eq!(transfers_held(), 1);
        drop((guard, others));
        assert!(!spending.is_held());
        assert_eq!(transfers_held(), 0);
        assert!(spending.acquire().is_some());
    }
}
