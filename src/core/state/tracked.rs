//! Stable structures whose every change updates the digest of the state.
//!
//! They read like the structures that they wrap; the methods of this file are the only ones that write.

use super::digest::{MultisetHash, TableId};
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager, VirtualMemory};
use ic_stable_structures::{Memory, StableBTreeMap, StableBTreeSet, StableCell, Storable};
use std::ops::{Bound, Deref};

type Vm<M> = VirtualMemory<M>;

/// A table that keeps its records in the digest.
pub struct Tracked<T> {
    inner: T,
    id: TableId,
    multiset_hash: MultisetHash,
}

impl<T> Deref for Tracked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.inner
    }
}

/// A map from keys to values.
pub type Map<K, V, M> = Tracked<StableBTreeMap<K, V, Vm<M>>>;
/// A set of keys, whose records have empty values.
pub type Set<K, M> = Tracked<StableBTreeSet<K, Vm<M>>>;
/// A cell with one record, or none while it is empty.
pub type Cell<M> = Tracked<StableCell<Vec<u8>, Vm<M>>>;

/// The opener of tables that share one digest.
pub struct TableOpener<'a, M: Memory> {
    /// The memories of the tables.
    pub manager: &'a MemoryManager<M>,
    /// The digest.
    pub multiset_hash: MultisetHash,
}

impl<M: Memory> TableOpener<'_, M> {
    /// Opens the map in a memory.
    pub fn map<K: Storable + Ord + Clone, V: Storable>(&self, id: TableId) -> Map<K, V, M> {
        self.track(id, StableBTreeMap::init(self.memory(id)))
    }

    /// Opens the set in a memory.
    pub fn set<K: Storable + Ord + Clone>(&self, id: TableId) -> Set<K, M> {
        self.track(id, StableBTreeSet::init(self.memory(id)))
    }

    /// Opens the cell in a memory.
    pub fn cell(&self, id: TableId) -> Cell<M> {
        self.track(id, StableCell::init(self.memory(id), Vec::new()))
    }

    /// Returns a memory for a table that the digest leaves out.
    pub fn memory(&self, id: TableId) -> Vm<M> {
        self.manager.get(MemoryId::new(id))
    }

    fn track<T>(&self, id: TableId, inner: T) -> Tracked<T> {
        Tracked { inner, id, multiset_hash: self.multiset_hash.clone() }
    }
}

/// A table whose part of the digest can be recomputed.
pub trait Recount {
    /// Returns the id of the table.
    fn id(&self) -> TableId;

    /// Visits up to `limit` more records; false when none are left.
    fn recount(&self, limit: usize) -> bool;
}

impl<K: Storable + Ord + Clone, V: Storable, M: Memory> Map<K, V, M> {
    /// Sets the value of a key and returns the previous one.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        let new = value.to_bytes().into_owned();
        let old = self.inner.insert(key.clone(), value);
        self.change(&key, old.as_ref(), Some(&new));
        old
    }

    /// Removes a key and returns the value.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        let old = self.inner.remove(key);
        self.change(key, old.as_ref(), None);
        old
    }

    /// Changes a value behind the digest's back, as only a fault of the memory or of the code could.
    #[cfg(test)]
    pub fn corrupt(&mut self, key: K, value: V) {
        self.inner.insert(key, value);
    }

    fn change(&self, key: &K, old: Option<&V>, new: Option<&[u8]>) {
        let old = old.map(V::to_bytes);
        self.multiset_hash.change(self.id, &key.to_bytes(), old.as_deref(), new, &|last| *key <= K::from_bytes(last.into()));
    }
}

impl<K: Storable + Ord + Clone, V: Storable, M: Memory> Recount for Map<K, V, M> {
    fn id(&self) -> TableId {
        self.id
    }

    fn recount(&self, limit: usize) -> bool {
        let Some(last) = self.multiset_hash.recount_at(self.id) else { return false };
        let after = last.map_or(Bound::Unbounded, |last| Bound::Excluded(K::from_bytes(last.into())));
        let records = self.inner.range((after, Bound::Unbounded)).take(limit);
        let visited = records.map(|entry| self.multiset_hash.recount(self.id, &entry.key().to_bytes(), &entry.value().to_bytes()));
        visited.count() == limit
    }
}

impl<K: Storable + Ord + Clone, M: Memory> Set<K, M> {
    /// Adds a key; false when it was present.
    pub fn insert(&mut self, key: K) -> bool {
        let is_new = self.inner.insert(key.clone());
        if is_new {
            self.change(&key, None, Some(&[]));
        }
        is_new
    }

    /// Removes a key; false when it was absent.
    pub fn remove(&mut self, key: &K) -> bool {
        let was_present = self.inner.remove(key);
        if was_present {
            self.change(key, Some(&[]), None);
        }
        was_present
    }

    fn change(&self, key: &K, old: Option<&[u8]>, new: Option<&[u8]>) {
        self.multiset_hash.change(self.id, &key.to_bytes(), old, new, &|last| *key <= K::from_bytes(last.into()));
    }
}

impl<K: Storable + Ord + Clone, M: Memory> Recount for Set<K, M> {
    fn id(&self) -> TableId {
        self.id
    }

    fn recount(&self, limit: usize) -> bool {
        let Some(last) = self.multiset_hash.recount_at(self.id) else { return false };
        let after = last.map_or(Bound::Unbounded, |last| Bound::Excluded(K::from_bytes(last.into())));
        let keys = self.inner.range((after, Bound::Unbounded)).take(limit);
        keys.map(|key| self.multiset_hash.recount(self.id, &key.to_bytes(), &[])).count() == limit
    }
}

impl<M: Memory> Cell<M> {
    /// Replaces the record.
    pub fn set(&mut self, value: Vec<u8>) {
        let old = self.inner.set(value);
        self.multiset_hash.change(self.id, &[], record_of(&old), record_of(self.inner.get()), &|_| true);
    }
}

impl<M: Memory> Recount for Cell<M> {
    fn id(&self) -> TableId {
        self.id
    }

    fn recount(&self, _: usize) -> bool {
        if let (Some(None), Some(value)) = (self.multiset_hash.recount_at(self.id), record_of(self.inner.get())) {
            self.multiset_hash.recount(self.id, &[], value);
        }
        false
    }
}

/// Returns the record of a cell; an empty cell holds none.
fn record_of(bytes: &[u8]) -> Option<&[u8]> {
    (!bytes.is_empty()).then_some(bytes)
}
