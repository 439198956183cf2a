//! The stable structures behind the state: one table of memory ids, never reused, new ones appended.

use crate::audit::{AuditLog, Block};
use crate::codec::{from_record, to_record};
use crate::config::Config;
use crate::mode::Mode;
use crate::policy::{Policy, RollingCounter};
use crate::primitives::{Asset, BlockIndex, Hash, Timestamp, TransferId, WalletId};
use crate::roles::Roles;
use crate::transfer::Transfer;
use crate::wallet::{RootKeys, Wallet};
use candid::Principal;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager, VirtualMemory};
use ic_stable_structures::{Memory, StableBTreeMap, StableBTreeSet, StableCell};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

type Vm<M> = VirtualMemory<M>;
type Map<K, M> = StableBTreeMap<K, Vec<u8>, Vm<M>>;

/// The layout of the tables. A later layout gets a later number and a migration.
pub const SCHEMA: u32 = 1;
/// 1 MiB per bucket: small tables stay small, and 32 GiB in all is far beyond what the log needs in decades.
const BUCKET_PAGES: u16 = 16;

const HEAD: MemoryId = MemoryId::new(0);
const CONFIG: MemoryId = MemoryId::new(1);
const KEYS: MemoryId = MemoryId::new(2);
const ROLES: MemoryId = MemoryId::new(3);
const AGENTS: MemoryId = MemoryId::new(4);
const WALLETS: MemoryId = MemoryId::new(5);
const POLICIES: MemoryId = MemoryId::new(6);
const COUNTERS: MemoryId = MemoryId::new(7);
const TRANSFERS: MemoryId = MemoryId::new(8);
const ACTIVE: MemoryId = MemoryId::new(9);
const TRANSFERS_BY_WALLET: MemoryId = MemoryId::new(10);
const IDEMPOTENCY: MemoryId = MemoryId::new(11);
const LOCKED_OUTPOINTS: MemoryId = MemoryId::new(12);
const LOG_INDEX: MemoryId = MemoryId::new(13);
const LOG_DATA: MemoryId = MemoryId::new(14);
const BUILT: MemoryId = MemoryId::new(15);
const WALLETS_BY_AGENT: MemoryId = MemoryId::new(16);

/// What changes with every commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub schema: u32,
    pub mode: Mode,
    pub next_wallet: WalletId,
    pub next_transfer: TransferId,
    /// The hash of the last block.
    pub tip: Option<Hash>,
    /// The number of blocks, to notice a log that was cut.
    pub blocks: u64,
    /// The time of the last block.
    pub last_at: Timestamp,
}

/// What an idempotency key stands for. Kept forever: an expired key that could pay again would be worse than its 60 bytes (T59).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyEntry {
    pub request: Hash,
    pub transfer: TransferId,
}

/// Why a memory cannot be opened as a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// There is nothing in it.
    Empty,
    /// It was written by a version this one does not know.
    UnknownSchema(u32),
    /// A table cannot be read.
    Corrupt(&'static str),
    /// The log has another number of blocks than the state says, or ends in another block.
    LogMismatch,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("stable memory holds no Purser state"),
            Self::UnknownSchema(schema) => write!(f, "stable memory has schema {schema}; this module understands {SCHEMA}"),
            Self::Corrupt(table) => write!(f, "the table {table} cannot be read"),
            Self::LogMismatch => f.write_str("the audit log does not end where the state says"),
        }
    }
}

impl std::error::Error for OpenError {}

/// Every table.
pub struct Tables<M: Memory> {
    head: StableCell<Vec<u8>, Vm<M>>,
    /// The decoded head cell: read several times in every message.
    head_cache: Head,
    config: StableCell<Vec<u8>, Vm<M>>,
    keys: StableCell<Vec<u8>, Vm<M>>,
    roles: Map<Principal, M>,
    agents: StableBTreeSet<(u64, Principal), Vm<M>>,
    wallets: Map<u64, M>,
    policies: Map<u64, M>,
    counters: Map<(u64, u8), M>,
    transfers: Map<u64, M>,
    /// Transfers that have somewhere to go, by wallet.
    pub active: StableBTreeSet<(u64, u64), Vm<M>>,
    pub transfers_by_wallet: StableBTreeMap<(u64, u64), (), Vm<M>>,
    idempotency: Map<[u8; 32], M>,
    /// Kaspa outpoints that a transfer under way spends: (wallet, transaction id and index) to transfer.
    pub locked_outpoints: StableBTreeMap<(u64, [u8; 36]), u64, Vm<M>>,
    pub log: AuditLog<Vm<M>>,
    /// The SHA-256 of everything that was built for a key to sign, to the transfer it was built for.
    built: StableBTreeMap<[u8; 32], u64, Vm<M>>,
    /// The agents again, by principal.
    wallets_by_agent: StableBTreeSet<(Principal, u64), Vm<M>>,
}

fn decode<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> T {
    from_record(bytes).unwrap_or_else(|error| panic!("BUG: table {table} holds what it should not: {error}"))
}

impl<M: Memory> Tables<M> {
    /// Lays out a fresh memory.
    pub fn create(memory: M) -> Self {
        assert_eq!(memory.size(), 0, "the memory already holds something");
        let head = Head {
            schema: SCHEMA,
            mode: Mode::Normal,
            next_wallet: WalletId::new(1),
            next_transfer: TransferId::new(1),
            tip: None,
            blocks: 0,
            last_at: Timestamp::default(),
        };
        let mut tables = Self::attach(memory, head);
        tables.set_head(head);
        tables
    }

    /// Opens what an earlier module left, touching every table so that a layout that does not fit shows now.
    pub fn open(memory: M) -> Result<Self, OpenError> {
        if memory.size() == 0 {
            return Err(OpenError::Empty);
        }
        let manager = MemoryManager::init_with_bucket_size(memory, BUCKET_PAGES);
        let head = StableCell::init(manager.get(HEAD), Vec::new());
        if head.get().is_empty() {
            return Err(OpenError::Empty);
        }
        let head: Head = from_record(head.get()).map_err(|_| OpenError::Corrupt("head"))?;
        if head.schema != SCHEMA {
            return Err(OpenError::UnknownSchema(head.schema));
        }
        let tables = Self::from_manager(&manager, head);
        tables.check_log()?;
        tables.check_records()?;
        Ok(tables)
    }

    fn attach(memory: M, head: Head) -> Self {
        Self::from_manager(&MemoryManager::init_with_bucket_size(memory, BUCKET_PAGES), head)
    }

    fn from_manager(manager: &MemoryManager<M>, head_cache: Head) -> Self {
        Self {
            head: StableCell::init(manager.get(HEAD), Vec::new()),
            head_cache,
            config: StableCell::init(manager.get(CONFIG), Vec::new()),
            keys: StableCell::init(manager.get(KEYS), Vec::new()),
            roles: StableBTreeMap::init(manager.get(ROLES)),
            agents: StableBTreeSet::init(manager.get(AGENTS)),
            wallets: StableBTreeMap::init(manager.get(WALLETS)),
            policies: StableBTreeMap::init(manager.get(POLICIES)),
            counters: StableBTreeMap::init(manager.get(COUNTERS)),
            transfers: StableBTreeMap::init(manager.get(TRANSFERS)),
            active: StableBTreeSet::init(manager.get(ACTIVE)),
            transfers_by_wallet: StableBTreeMap::init(manager.get(TRANSFERS_BY_WALLET)),
            idempotency: StableBTreeMap::init(manager.get(IDEMPOTENCY)),
            locked_outpoints: StableBTreeMap::init(manager.get(LOCKED_OUTPOINTS)),
            log: AuditLog::open(manager.get(LOG_INDEX), manager.get(LOG_DATA)),
            built: StableBTreeMap::init(manager.get(BUILT)),
            wallets_by_agent: StableBTreeSet::init(manager.get(WALLETS_BY_AGENT)),
        }
    }

    fn check_log(&self) -> Result<(), OpenError> {
        let head = self.head_cache;
        let last = head.blocks.checked_sub(1).map(BlockIndex::new);
        let last_hash = last.and_then(|index| self.log.value(index)).map(|value| value.hash());
        if self.log.len() != head.blocks || last_hash != head.tip { Err(OpenError::LogMismatch) } else { Ok(()) }
    }

    fn check_records(&self) -> Result<(), OpenError> {
        let readable = |table, bytes: Option<Vec<u8>>, is_record: fn(&[u8]) -> bool| match bytes {
            Some(bytes) if !is_record(&bytes) => Err(OpenError::Corrupt(table)),
            _ => Ok(()),
        };
        readable("config", Some(self.config.get().clone()), |bytes| from_record::<Config>(bytes).is_ok())?;
        readable("roles", self.roles.first_key_value().map(|(_, v)| v), |bytes| from_record::<Roles>(bytes).is_ok())?;
        readable("wallets", self.wallets.last_key_value().map(|(_, v)| v), |bytes| from_record::<Wallet>(bytes).is_ok())?;
        readable("policies", self.policies.last_key_value().map(|(_, v)| v), |bytes| from_record::<Policy>(bytes).is_ok())?;
        readable("counters", self.counters.last_key_value().map(|(_, v)| v), |bytes| from_record::<RollingCounter>(bytes).is_ok())?;
        readable("transfers", self.transfers.last_key_value().map(|(_, v)| v), |bytes| from_record::<Transfer>(bytes).is_ok())
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
        let (index, hash) = self.log.append(block);
        self.set_head(Head { tip: Some(hash), blocks: index.get() + 1, last_at: block.at, ..self.head_cache });
        index
    }

    pub fn config(&self) -> Option<Config> {
        let bytes = self.config.get();
        (!bytes.is_empty()).then(|| decode("config", bytes))
    }

    pub fn set_config(&mut self, config: &Config) {
        self.config.set(to_record(config));
    }

    pub fn keys(&self) -> Option<RootKeys> {
        let bytes = self.keys.get();
        (!bytes.is_empty()).then(|| decode("keys", bytes))
    }

    pub fn set_keys(&mut self, keys: &RootKeys) {
        self.keys.set(to_record(keys));
    }

    pub fn roles(&self, principal: &Principal) -> Roles {
        self.roles.get(principal).map(|bytes| decode("roles", &bytes)).unwrap_or_default()
    }

    pub fn set_roles(&mut self, principal: Principal, roles: &Roles) {
        if roles.0.is_empty() {
            self.roles.remove(&principal);
        } else {
            self.roles.insert(principal, to_record(roles));
        }
    }

    pub fn all_roles(&self) -> impl Iterator<Item = (Principal, Roles)> + '_ {
        self.roles.iter().map(|entry| (*entry.key(), decode("roles", &entry.value())))
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

    pub fn policy(&self, wallet: WalletId) -> Option<Policy> {
        self.policies.get(&wallet.get()).map(|bytes| decode("policies", &bytes))
    }

    pub fn set_policy(&mut self, wallet: WalletId, policy: &Policy) {
        self.policies.insert(wallet.get(), to_record(policy));
    }

    pub fn counter(&self, wallet: WalletId, asset: Asset) -> RollingCounter {
        self.counters.get(&(wallet.get(), asset_key(asset))).map(|bytes| decode("counters", &bytes)).unwrap_or_default()
    }

    pub fn set_counter(&mut self, wallet: WalletId, asset: Asset, counter: &RollingCounter) {
        self.counters.insert((wallet.get(), asset_key(asset)), to_record(counter));
    }

    pub fn transfer(&self, id: TransferId) -> Option<Transfer> {
        self.transfers.get(&id.get()).map(|bytes| decode("transfers", &bytes))
    }

    pub fn set_transfer(&mut self, transfer: &Transfer) {
        self.transfers.insert(transfer.id.get(), to_record(transfer));
    }

    pub fn idempotency(&self, key: &Hash) -> Option<IdempotencyEntry> {
        self.idempotency.get(&key.0).map(|bytes| decode("idempotency", &bytes))
    }

    pub fn set_idempotency(&mut self, key: &Hash, entry: &IdempotencyEntry) {
        self.idempotency.insert(key.0, to_record(entry));
    }

    /// Whether a principal is an agent of a wallet.
    pub fn is_agent(&self, wallet: WalletId, agent: &Principal) -> bool {
        self.agents.contains(&(wallet.get(), *agent))
    }

    /// Whether a principal is an agent of any wallet.
    pub fn is_agent_of_any(&self, agent: &Principal) -> bool {
        self.wallets_by_agent.range((*agent, 0)..=(*agent, u64::MAX)).next().is_some()
    }

    /// The agents of a wallet.
    pub fn agents_of(&self, wallet: WalletId) -> impl Iterator<Item = Principal> {
        let first = (wallet.get(), Principal::management_canister());
        self.agents.range(first..).take_while(move |(id, _)| *id == wallet.get()).map(|(_, agent)| agent)
    }

    pub fn add_agent(&mut self, wallet: WalletId, agent: Principal) {
        self.wallets_by_agent.insert((agent, wallet.get()));
        self.agents.insert((wallet.get(), agent));
    }

    pub fn remove_agent(&mut self, wallet: WalletId, agent: Principal) {
        self.wallets_by_agent.remove(&(agent, wallet.get()));
        self.agents.remove(&(wallet.get(), agent));
    }

    /// The transfer that these very bytes were built for.
    pub fn owner_of(&self, unsigned: &[u8]) -> Option<TransferId> {
        self.built.get(&Sha256::digest(unsigned).into()).map(TransferId::new)
    }

    pub fn set_owner_of(&mut self, unsigned: &[u8], transfer: TransferId) {
        self.built.insert(Sha256::digest(unsigned).into(), transfer.get());
    }

    /// One hash over every table, in the order of the memory ids, keys ascending. Equal states have equal digests. The log is in it
    /// by its tip.
    pub fn digest(&self) -> Hash {
        let mut hasher = Sha256::new();
        let mut put = |bytes: &[u8]| {
            hasher.update((bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        };
        put(&to_record(&self.head_cache));
        put(self.config.get());
        put(self.keys.get());
        for entry in self.roles.iter() {
            put(entry.key().as_slice());
            put(&entry.value());
        }
        put(b"agents");
        for (wallet, agent) in self.agents.iter() {
            put(&wallet.to_be_bytes());
            put(agent.as_slice());
        }
        for (name, table) in [("wallets", &self.wallets), ("policies", &self.policies), ("transfers", &self.transfers)] {
            put(name.as_bytes());
            for entry in table.iter() {
                put(&entry.key().to_be_bytes());
                put(&entry.value());
            }
        }
        put(b"counters");
        for entry in self.counters.iter() {
            put(&entry.key().0.to_be_bytes());
            put(&[entry.key().1]);
            put(&entry.value());
        }
        for (name, pairs) in
            [("active", self.active.iter().collect::<Vec<_>>()), ("by_wallet", self.transfers_by_wallet.keys_range(..).collect())]
        {
            put(name.as_bytes());
            for (wallet, transfer) in pairs {
                put(&wallet.to_be_bytes());
                put(&transfer.to_be_bytes());
            }
        }
        put(b"idempotency");
        for entry in self.idempotency.iter() {
            put(entry.key());
            put(&entry.value());
        }
        put(b"locked_outpoints");
        for entry in self.locked_outpoints.iter() {
            put(&entry.key().0.to_be_bytes());
            put(&entry.key().1);
            put(&entry.value().to_be_bytes());
        }
        put(b"built");
        for entry in self.built.iter() {
            put(entry.key());
            put(&entry.value().to_be_bytes());
        }
        put(b"wallets_by_agent");
        for (agent, wallet) in self.wallets_by_agent.iter() {
            put(agent.as_slice());
            put(&wallet.to_be_bytes());
        }
        Hash(hasher.finalize().into())
    }
}

/// The stored key of an asset. Frozen; new assets get new numbers.
const fn asset_key(asset: Asset) -> u8 {
    match asset {
        Asset::Kas => 0,
        Asset::Sol => 1,
    }
}
