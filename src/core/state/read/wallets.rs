//! Queries about wallets.

use crate::base::{Destination, WalletId};
use crate::state::{State, chains};
use crate::wallet::{KeyKind, Wallet};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Returns a wallet.
    pub fn wallet(&self, id: WalletId) -> Option<Wallet> {
        self.tables.wallet(id)
    }

    /// Returns the wallets of an owner, deactivated ones included, oldest first.
    pub fn wallets_of(&self, owner: &Principal) -> impl Iterator<Item = Wallet> {
        let ids = self.tables.wallets_by_owner.range((*owner, 0)..=(*owner, u64::MAX));
        ids.filter_map(|(_, id)| self.tables.wallet(WalletId::new(id)))
    }

    /// Returns the primary wallet of an owner. A deactivated wallet is never primary.
    pub(in crate::state) fn primary_wallet(&self, owner: &Principal) -> Option<Wallet> {
        self.wallets_of(owner).find(|wallet| wallet.primary)
    }

    /// Returns the wallet with an address.
    pub fn wallet_at(&self, address: &Destination) -> Option<Wallet> {
        // A key has another address under the other scheme, which need not be the wallet's.
        let wallet_of = |(kind, key): &(KeyKind, Vec<u8>)| {
            let wallet = self.tables.wallet_of_key(key).and_then(|id| self.tables.wallet(id));
            wallet.filter(|wallet| wallet.key(*kind)[..] == key[..])
        };
        chains::rules::<M>(address.chain).keys_at(&address.payload).iter().find_map(wallet_of)
    }
}
