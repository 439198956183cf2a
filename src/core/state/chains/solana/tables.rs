//! Tables of Solana: nonce accounts, settings of wallets, providers.

use crate::base::WalletId;
use crate::base::codec::to_record;
use crate::chains::solana::transfer::{NonceRecord, SolanaSettings};
use crate::state::tables::ids::{LANDED_SLOT, LIFETIME_SETTINGS, NONCES, PROVIDER_CHAINS, PROVIDER_KEYS};
use crate::state::tables::records::{Records, decode};
use crate::state::tracked::{Cell, Map, Recount, TableOpener};
use ic_stable_structures::memory_manager::VirtualMemory;
use ic_stable_structures::{Memory, StableBTreeMap};
use sha2::{Digest, Sha256};

/// The tables of Solana.
pub struct SolanaTables<M: Memory> {
    /// Nonce accounts by wallet and number.
    nonces: Records<(u64, u16), M>,
    /// Settings by wallet.
    settings: Records<u64, M>,
    /// The genesis hash of the chain that a provider serves, by the SHA-256 of its URL.
    providers: Map<[u8; 32], [u8; 32], M>,
    /// The API keys of providers, by the SHA-256 of their URLs. Secrets: no event holds them and the digest leaves them out.
    provider_keys: StableBTreeMap<[u8; 32], Vec<u8>, VirtualMemory<M>>,
    /// The highest slot in which a transaction landed, as eight big-endian bytes; empty before the first.
    landed_slot: Cell<M>,
}

impl<M: Memory> SolanaTables<M> {
    /// Opens the tables in their memories.
    pub fn open(open: &TableOpener<'_, M>) -> Self {
        Self {
            nonces: open.map(NONCES),
            settings: open.map(LIFETIME_SETTINGS),
            providers: open.map(PROVIDER_CHAINS),
            provider_keys: StableBTreeMap::init(open.memory(PROVIDER_KEYS)),
            landed_slot: open.cell(LANDED_SLOT),
        }
    }

    /// Returns the tables that the digest covers, in the order of their ids.
    pub fn digested(&self) -> [&dyn Recount; 4] {
        [&self.nonces, &self.settings, &self.providers, &self.landed_slot]
    }

    /// Records the slot in which a transaction landed, unless a higher one is recorded.
    pub(in crate::state) fn record_landed_slot(&mut self, slot: u64) {
        if slot > self.highest_landed_slot() {
            self.landed_slot.set(slot.to_be_bytes().to_vec());
        }
    }

    pub(in crate::state) fn highest_landed_slot(&self) -> u64 {
        self.landed_slot.get()[..].try_into().map_or(0, u64::from_be_bytes)
    }

    pub(in crate::state) fn nonce(&self, wallet: WalletId, index: u16) -> Option<NonceRecord> {
        self.nonces.get(&(wallet.get(), index)).map(|bytes| decode("nonces", &bytes))
    }

    pub(in crate::state) fn set_nonce(&mut self, wallet: WalletId, index: u16, record: Option<&NonceRecord>) {
        match record {
            Some(record) => self.nonces.insert((wallet.get(), index), to_record(record)),
            None => self.nonces.remove(&(wallet.get(), index)),
        };
    }

    pub(in crate::state) fn nonces(&self, wallet: WalletId) -> impl Iterator<Item = (u16, NonceRecord)> + '_ {
        let range = (wallet.get(), 0)..=(wallet.get(), u16::MAX);
        self.nonces.range(range).map(|entry| (entry.key().1, decode("nonces", &entry.value())))
    }

    pub(in crate::state) fn settings(&self, wallet: WalletId) -> SolanaSettings {
        self.settings.get(&wallet.get()).map(|bytes| decode("solana settings", &bytes)).unwrap_or_default()
    }

    pub(in crate::state) fn set_settings(&mut self, wallet: WalletId, settings: &SolanaSettings) {
        self.settings.insert(wallet.get(), to_record(settings));
    }

    pub(in crate::state) fn provider_genesis(&self, url: &str) -> Option<[u8; 32]> {
        self.providers.get(&url_key(url))
    }

    pub(in crate::state) fn set_provider_genesis(&mut self, url: &str, genesis: [u8; 32]) {
        self.providers.insert(url_key(url), genesis);
    }

    pub(in crate::state) fn provider_key(&self, url: &str) -> Option<String> {
        self.provider_keys.get(&url_key(url)).and_then(|key| String::from_utf8(key).ok())
    }

    pub(in crate::state) fn set_provider_key(&mut self, url: &str, key: Option<&str>) {
        match key {
            Some(key) => self.provider_keys.insert(url_key(url), key.as_bytes().to_vec()),
            None => self.provider_keys.remove(&url_key(url)),
        };
    }
}

/// Returns the stored key of a provider's URL.
fn url_key(url: &str) -> [u8; 32] {
    Sha256::digest(url).into()
}
