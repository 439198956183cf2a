//! The tables of Solana: nonce accounts, settings, providers.

use super::ids::*;
use super::records::{Records, decode};
use crate::base::WalletId;
use crate::base::codec::to_record;
use crate::state::tracked::{Cell, Map, Opener, Recount};
use crate::transfer::solana::NonceRecord;
use ic_stable_structures::memory_manager::VirtualMemory;
use ic_stable_structures::{Memory, StableBTreeMap};

/// The tables of Solana.
pub struct SolanaTables<M: Memory> {
    /// By wallet and number.
    pub(in crate::state) nonces: Records<(u64, u16), M>,
    /// By wallet.
    pub(in crate::state) settings: Records<u64, M>,
    /// The genesis hash that a provider serves, by the SHA-256 of its address.
    pub(in crate::state) providers: Map<[u8; 32], [u8; 32], M>,
    /// Providers' API keys, by the SHA-256 of their address. Secrets: no event carries them and the digest leaves them out.
    pub(in crate::state) provider_keys: StableBTreeMap<[u8; 32], Vec<u8>, VirtualMemory<M>>,
    /// The highest slot in which something landed, in big-endian bytes.
    pub(in crate::state) reached: Cell<M>,
}

impl<M: Memory> SolanaTables<M> {
    /// The tables in their memories.
    pub fn open(open: &Opener<'_, M>) -> Self {
        Self {
            nonces: open.map(SOLANA_NONCES),
            settings: open.map(SOLANA_SETTINGS),
            providers: open.map(SOLANA_PROVIDERS),
            provider_keys: StableBTreeMap::init(open.memory(SOLANA_PROVIDER_KEYS)),
            reached: open.cell(SOLANA_REACHED),
        }
    }

    /// The tables that the digest is of, in the order of their ids.
    pub fn recounted(&self) -> [&dyn Recount; 4] {
        [&self.nonces, &self.settings, &self.providers, &self.reached]
    }

    /// Something landed in a slot.
    pub(in crate::state) fn reached(&mut self, slot: Option<u64>) {
        if let Some(slot) = slot.filter(|slot| *slot > self.slot()) {
            self.reached.set(slot.to_be_bytes().to_vec());
        }
    }

    pub(in crate::state) fn slot(&self) -> u64 {
        self.reached.get()[..].try_into().map_or(0, u64::from_be_bytes)
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
}
