//! Tables of root keys and wallets.

use super::Tables;
use super::records::decode;
use crate::base::WalletId;
use crate::base::codec::to_record;
use crate::wallet::{RootKeys, Wallet};
use ic_stable_structures::Memory;

impl<M: Memory> Tables<M> {
    pub fn keys(&self) -> Option<RootKeys> {
        let bytes = self.keys.get();
        (!bytes.is_empty()).then(|| decode("keys", bytes))
    }

    pub fn set_keys(&mut self, keys: &RootKeys) {
        self.keys.set(to_record(keys));
    }

    pub fn wallet(&self, id: WalletId) -> Option<Wallet> {
        self.wallets.get(&id.get()).map(|bytes| decode("wallets", &bytes))
    }

    pub fn set_wallet(&mut self, wallet: &Wallet) {
        self.wallets.insert(wallet.id.get(), to_record(wallet));
    }

    pub fn has_wallet(&self, id: WalletId) -> bool {
        self.wallets.contains_key(&id.get())
    }

    pub fn wallets_after(&self, after: u64) -> impl Iterator<Item = Wallet> + '_ {
        self.wallets.range(after.saturating_add(1)..).map(|entry| decode("wallets", &entry.value()))
    }

    /// Returns the wallet with a public key.
    pub fn wallet_of_key(&self, key: &[u8]) -> Option<WalletId> {
        self.wallets_by_key.get(&key.to_vec()).map(WalletId::new)
    }

    pub fn set_wallet_of_key(&mut self, key: &[u8], wallet: WalletId) {
        self.wallets_by_key.insert(key.to_vec(), wallet.get());
    }
}
