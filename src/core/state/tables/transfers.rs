//! Tables of transfers, idempotency entries, built messages, counters and activities.

use super::Tables;
use super::records::decode;
use crate::base::codec::to_record;
use crate::base::{Chain, Hash, Timestamp, TransferId};
use crate::policy::{Activity, Scope, Spent};
use crate::transfer::Transfer;
use ic_stable_structures::Memory;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The transfer that an idempotency key stands for.
///
/// An entry is kept forever. It takes 60 bytes, and a key that expired could pay a second time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyEntry {
    pub request: Hash,
    pub transfer: TransferId,
}

impl<M: Memory> Tables<M> {
    pub fn transfer(&self, id: TransferId) -> Option<Transfer> {
        self.transfers.get(&id.get()).map(|bytes| decode("transfers", &bytes))
    }

    pub fn set_transfer(&mut self, transfer: &Transfer) {
        self.transfers.insert(transfer.id.get(), to_record(transfer));
    }

    /// Changes a record behind the digest's back, as only a fault of the memory or of the code could.
    #[cfg(test)]
    pub fn corrupt_transfer(&mut self, transfer: &Transfer) {
        self.transfers.corrupt(transfer.id.get(), to_record(transfer));
    }

    pub fn idempotency(&self, key: &Hash) -> Option<IdempotencyEntry> {
        self.idempotency.get(&key.0).map(|bytes| decode("idempotency", &bytes))
    }

    pub fn set_idempotency(&mut self, key: &Hash, entry: &IdempotencyEntry) {
        self.idempotency.insert(key.0, to_record(entry));
    }

    /// Returns the transfer for which an unsigned message was built last.
    pub fn transfer_of_message(&self, unsigned: &[u8]) -> Option<TransferId> {
        self.built.get(&Sha256::digest(unsigned).into()).map(TransferId::new)
    }

    pub fn set_transfer_of_message(&mut self, unsigned: &[u8], transfer: TransferId) {
        self.built.insert(Sha256::digest(unsigned).into(), transfer.get());
    }

    pub fn spent(&self, key: &[u8]) -> Spent {
        self.spent.get(&key.to_vec()).map(|bytes| decode("spent", &bytes)).unwrap_or_default()
    }

    pub fn set_spent(&mut self, key: &[u8], spent: &Spent) {
        self.spent.insert(key.to_vec(), to_record(spent));
    }

    pub fn activity(&self, scope: &Scope) -> Activity {
        self.activity.get(&scope.key()).map(|bytes| decode("activity", &bytes)).unwrap_or_default()
    }

    pub fn set_activity(&mut self, scope: &Scope, activity: &Activity) {
        self.activity.insert(scope.key(), to_record(activity));
    }

    pub fn chain_breaker(&self, chain: Chain) -> Option<Timestamp> {
        self.chain_breakers.get(&chain.key_byte()).map(Timestamp::from_nanos)
    }

    pub fn set_chain_breaker(&mut self, chain: Chain, until: Timestamp) {
        self.chain_breakers.insert(chain.key_byte(), until.nanos());
    }
}
