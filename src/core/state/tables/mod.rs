//! Tables: the stable structures behind the state, each in the memory with its id.
//!
//! This file declares and opens them; the other files read and write their records, by subject.

mod access;
mod error;
mod governance;
mod head;
pub(super) mod ids;
mod log;
mod open;
pub(super) mod records;
mod transfer_lists;
mod transfers;
mod wallets;

pub use error::OpenError;
pub use head::Head;
pub use transfers::IdempotencyEntry;

use super::chains::tables::ChainTables;
use super::digest::{MultisetHash, Sum};
use super::tracked::{Cell, Map, Recount, Set, TableOpener};
use crate::audit::{AuditLog, Block};
use crate::base::codec::{from_record, to_record};
use crate::base::{BlockIndex, Hash};
use crate::governance::config::Config;
use crate::governance::settings::Settings;
use candid::Principal;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager, VirtualMemory};
use ic_stable_structures::{Memory, StableBTreeMap, StableCell};
use ids::*;
use records::Records;
use serde::de::DeserializeOwned;
use transfer_lists::TransferLists;

type Vm<M> = VirtualMemory<M>;

/// The tables of the state.
pub struct Tables<M: Memory> {
    head: StableCell<Vec<u8>, Vm<M>>,
    /// The decoded head, which every message reads several times.
    head_cache: Head,
    config: Cell<M>,
    /// The decoded configuration, which every decision reads.
    config_cache: Option<Config>,
    /// The decoded settings, which every decision reads.
    settings_cache: Option<Settings>,
    keys: Cell<M>,
    roles: Records<Principal, M>,
    /// Agents by wallet.
    agents: Records<(u64, Principal), M>,
    wallets: Records<u64, M>,
    transfers: Records<u64, M>,
    /// Active transfers by wallet: from their reservation to their end, except in quarantine.
    pub active: Set<(u64, u64), M>,
    pub transfers_by_wallet: Map<(u64, u64), (), M>,
    idempotency: Records<[u8; 32], M>,
    /// The last transfer for which a message was built, by the SHA-256 of the unsigned message.
    built: Map<[u8; 32], u64, M>,
    /// The agents again, by principal.
    wallets_by_agent: Set<(Principal, u64), M>,
    settings: Cell<M>,
    /// Policies in force by [`crate::policy::Scope::key`].
    policies: Records<Vec<u8>, M>,
    /// Every version of every policy, by [`crate::policy::Scope::key`] and eight bytes of version.
    policy_history: Records<Vec<u8>, M>,
    /// Counters by [`crate::policy::CounterKey::key`].
    spent: Records<Vec<u8>, M>,
    /// Activities by [`crate::policy::Scope::key`].
    activity: Records<Vec<u8>, M>,
    /// Groups by name.
    groups: Records<Vec<u8>, M>,
    /// Rates by [`crate::base::Asset::key_bytes`].
    rates: Records<Vec<u8>, M>,
    sessions: Records<u64, M>,
    /// Sessions without a recorded end, by wallet.
    pub open_sessions: Set<(u64, u64), M>,
    proposals: Records<u64, M>,
    pub open_proposals: Set<u64, M>,
    pub wallets_by_owner: Set<(Principal, u64), M>,
    /// The time at which a chain's breaker closes, by a number of the chain.
    chain_breakers: Map<u8, u64, M>,
    /// Wallets by their public keys, to find the wallet of an address.
    wallets_by_key: Map<Vec<u8>, u64, M>,
    /// Transfers that wait for approval, by wallet.
    pub awaiting: Set<(u64, u64), M>,
    /// Sessions without a recorded end, by the time at which they expire.
    pub session_ends: Set<(u64, u64), M>,
    /// The key that clients' metadata is hashed with. A secret: no event holds it and the digest leaves it out.
    client_key: StableCell<Vec<u8>, Vm<M>>,
    /// The sum of the records of all digested tables.
    ///
    /// It leaves out the log, which the head names by its tip, the tables that follow from the log alone, and those that no event fills.
    multiset_hash: MultisetHash,
    sum: StableCell<Vec<u8>, Vm<M>>,
    pub log: AuditLog<Vm<M>>,
    /// The kept blocks by subject; see [`super::index`].
    pub blocks_by_subject: StableBTreeMap<(u64, u64), (), Vm<M>>,
    /// Quarantined transfers by wallet. They follow from the records of the transfers, which are in the digest.
    pub quarantined: StableBTreeMap<(u64, u64), (), Vm<M>>,
    pub transfer_lists: TransferLists<M>,
    retention: Cell<M>,
    /// Confirmed archives by their last block.
    archives: Records<u64, M>,
    /// The monitor of the log. No event fills it, and the digest leaves it out.
    log_monitor: StableCell<Vec<u8>, Vm<M>>,
    /// Versions by [`super::VersionedRecord::key`].
    versions: Map<Vec<u8>, u64, M>,
    pub chains: ChainTables<M>,
}

/// Decodes a cell, which is empty before it is written.
fn optional<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<Option<T>, OpenError> {
    if bytes.is_empty() { Ok(None) } else { from_record(bytes).map(Some).map_err(|_| OpenError::Corrupt(table)) }
}

impl<M: Memory> Tables<M> {
    fn from_manager(manager: &MemoryManager<M>, head_cache: Head) -> Result<Self, OpenError> {
        let memory = |id| manager.get(MemoryId::new(id));
        let sum = StableCell::init(memory(SUM), Sum::empty().to_bytes());
        let multiset_hash = MultisetHash::new(Sum::from_bytes(sum.get()).ok_or(OpenError::Corrupt("sum"))?);
        let open = TableOpener { manager, multiset_hash: multiset_hash.clone() };
        let (config, settings) = (open.cell(CONFIG), open.cell(SETTINGS));
        let (config_cache, settings_cache) = (optional("config", config.get())?, optional("settings", settings.get())?);
        Ok(Self {
            config_cache,
            settings_cache,
            head: StableCell::init(memory(HEAD), Vec::new()),
            head_cache,
            config,
            keys: open.cell(KEYS),
            roles: open.map(ROLES),
            agents: open.map(AGENTS),
            wallets: open.map(WALLETS),
            transfers: open.map(TRANSFERS),
            active: open.set(ACTIVE),
            transfers_by_wallet: open.map(TRANSFERS_BY_WALLET),
            idempotency: open.map(IDEMPOTENCY),
            built: open.map(BUILT),
            wallets_by_agent: open.set(WALLETS_BY_AGENT),
            settings,
            policies: open.map(POLICIES),
            policy_history: open.map(POLICY_HISTORY),
            spent: open.map(SPENT),
            activity: open.map(ACTIVITY),
            groups: open.map(GROUPS),
            rates: open.map(RATES),
            sessions: open.map(SESSIONS),
            open_sessions: open.set(OPEN_SESSIONS),
            proposals: open.map(PROPOSALS),
            open_proposals: open.set(OPEN_PROPOSALS),
            wallets_by_owner: open.set(WALLETS_BY_OWNER),
            chain_breakers: open.map(CHAIN_BREAKERS),
            wallets_by_key: open.map(WALLETS_BY_KEY),
            awaiting: open.set(AWAITING),
            session_ends: open.set(SESSION_ENDS),
            client_key: StableCell::init(memory(CLIENT_KEY), Vec::new()),
            multiset_hash,
            sum,
            log: AuditLog::open(memory(LOG_INDEX), memory(LOG_DATA)),
            blocks_by_subject: StableBTreeMap::init(memory(BLOCKS_BY_SUBJECT)),
            quarantined: StableBTreeMap::init(memory(QUARANTINED)),
            transfer_lists: TransferLists::open(&open),
            retention: open.cell(RETENTION),
            archives: open.map(ARCHIVES),
            log_monitor: StableCell::init(memory(WATCH), Vec::new()),
            versions: open.map(VERSIONS),
            chains: ChainTables::open(&open),
        })
    }

    /// Returns the tables that the digest covers, in the order of their ids: a recount that has passed an id never goes back.
    fn digested(&self) -> Vec<&dyn Recount> {
        let mut tables: Vec<&dyn Recount> = vec![
            &self.config,
            &self.keys,
            &self.roles,
            &self.agents,
            &self.wallets,
            &self.transfers,
            &self.active,
            &self.transfers_by_wallet,
            &self.idempotency,
            &self.built,
            &self.wallets_by_agent,
            &self.settings,
            &self.policies,
            &self.policy_history,
            &self.spent,
            &self.activity,
            &self.groups,
            &self.rates,
            &self.sessions,
            &self.open_sessions,
            &self.proposals,
            &self.open_proposals,
            &self.wallets_by_owner,
            &self.chain_breakers,
            &self.wallets_by_key,
            &self.awaiting,
            &self.session_ends,
            &self.retention,
            &self.archives,
        ];
        tables.extend(self.chains.digested());
        tables.push(&self.versions);
        tables.sort_unstable_by_key(|table| table.id());
        tables
    }

    pub fn head(&self) -> Head {
        self.head_cache
    }

    pub fn set_head(&mut self, head: Head) {
        self.head_cache = head;
        self.head.set(to_record(&head));
    }

    /// Appends a block and moves the head to it.
    pub fn append(&mut self, block: &Block) -> BlockIndex {
        let keys = self.subject_keys(block);
        let (index, hash) = self.log.append(block, keys);
        self.index_block(index, keys);
        self.set_head(Head { tip: Some(hash), blocks: index.get() + 1, last_at: block.at, ..self.head_cache });
        self.store_sum();
        index
    }

    /// Returns one hash over the records of all digested tables and the head. Equal states have equal digests.
    ///
    /// The log is in it by its tip.
    pub fn digest(&self) -> Hash {
        // The same records in another layout are the same state.
        self.multiset_hash.digest(&to_record(&Head { schema: 0, ..self.head_cache }))
    }
}
