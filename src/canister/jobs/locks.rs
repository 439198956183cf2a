//! Locks across awaits.
//!
//! They live on the heap and are released when their guard is dropped, which also happens in the cleanup after a trap. An upgrade releases
//! them all. A lock that must outlive both is in the durable state.

use purser_core::base::{Chain, TransferId, WalletId};
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
    /// Building, signing and sending on one chain from one wallet. A sent transaction is followed without it.
    Spending(WalletId, Chain),
    /// Building on Solana in one build slot of a wallet; see `State::build_slots`. A transaction is signed and sent without it.
    Building(WalletId, u16),
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

    /// Whether both locks are of the same wallet's spending on the same chain.
    pub fn spends_with(self, other: Self) -> bool {
        match (self, other) {
            (Self::Building(wallet, _), Self::Building(same, _)) => wallet == same,
            _ => self == other,
        }
    }

    /// Whether the lock is held.
    pub fn is_held(self) -> bool {
        HELD.with_borrow(|held| held.contains(&self))
    }
}

impl Guard {
    /// Whether the lock is needed for building only.
    pub fn is_for_building(&self) -> bool {
        matches!(self.0, Lock::Building(..))
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

    #[test]
    fn a_lock_is_exclusive_until_its_guard_is_dropped() {
        let spending = Lock::Building(WalletId::new(1), 0);
        let guard = spending.acquire();
        assert!(guard.is_some() && spending.is_held());
        assert!(spending.acquire().is_none());
        assert!(spending.is_held(), "a refused guard releases nothing");
        let kaspa = Lock::Spending(WalletId::new(1), Chain::Kaspa);
        let others = [kaspa, Lock::Building(WalletId::new(1), 1), Lock::Transfer(TransferId::new(1))];
        let others = others.map(Lock::acquire);
        assert!(others.iter().all(Option::is_some));
        assert_eq!(transfers_held(), 1);
        drop((guard, others));
        assert!(!spending.is_held());
        assert_eq!(transfers_held(), 0);
        assert!(spending.acquire().is_some());
    }
}
