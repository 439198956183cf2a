//! The stable structures behind the state: one table of memory ids, never reused, new ones appended.

use crate::audit::{AuditLog, Block};
use crate::codec::{from_record, to_record};
use crate::config::Config;
use crate::governance::{Group, Proposal, Rate};
use crate::mode::Mode;
use crate::policy::{Activity, CounterKey, Policy, Scope, Spent};
use crate::primitives::{Asset, BlockIndex, Chain, Hash, ProposalId, SessionId, Timestamp, TransferId, WalletId};
use crate::roles::Roles;
use crate::session::Session;
use crate::settings::Settings;
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
pub const SCHEMA: u32 = 2;
/// 1 MiB per bucket: small tables stay small, and 32 GiB in all is far beyond what the log needs in decades.
const BUCKET_PAGES: u16 = 16;

const HEAD: MemoryId = MemoryId::new(0);
const CONFIG: MemoryId = MemoryId::new(1);
const KEYS: MemoryId = MemoryId::new(2);
const ROLES: MemoryId = MemoryId::new(3);
const AGENTS: MemoryId = MemoryId::new(4);
const WALLETS: MemoryId = MemoryId::new(5);
// 6 and 7 held the policies and counters of version 0.1; never reused.
const TRANSFERS: MemoryId = MemoryId::new(8);
const ACTIVE: MemoryId = MemoryId::new(9);
const TRANSFERS_BY_WALLET: MemoryId = MemoryId::new(10);
const IDEMPOTENCY: MemoryId = MemoryId::new(11);
const LOCKED_OUTPOINTS: MemoryId = MemoryId::new(12);
const LOG_INDEX: MemoryId = MemoryId::new(13);
const LOG_DATA: MemoryId = MemoryId::new(14);
const BUILT: MemoryId = MemoryId::new(15);
const WALLETS_BY_AGENT: MemoryId = MemoryId::new(16);
const SETTINGS: MemoryId = MemoryId::new(20);
const POLICIES: MemoryId = MemoryId::new(21);
const POLICY_HISTORY: MemoryId = MemoryId::new(22);
const SPENT: MemoryId = MemoryId::new(23);
const ACTIVITY: MemoryId = MemoryId::new(24);
const GROUPS: MemoryId = MemoryId::new(25);
const RATES: MemoryId = MemoryId::new(26);
const SESSIONS: MemoryId = MemoryId::new(27);
const OPEN_SESSIONS: MemoryId = MemoryId::new(28);
const PROPOSALS: MemoryId = MemoryId::new(29);
const OPEN_PROPOSALS: MemoryId = MemoryId::new(30);
const WALLETS_BY_OWNER: MemoryId = MemoryId::new(31);
const REQUEST_BLOCKS: MemoryId = MemoryId::new(32);
const CHAIN_BREAKERS: MemoryId = MemoryId::new(33);
const WALLETS_BY_KEY: MemoryId = MemoryId::new(34);
const AWAITING: MemoryId = MemoryId::new(35);
const SESSION_ENDS: MemoryId = MemoryId::new(36);
const CLIENT_KEY: MemoryId = MemoryId::new(38);

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
    pub next_session: SessionId,
    pub next_proposal: ProposalId,
}

/// A policy as it was in force for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastPolicy {
    pub policy: Policy,
    /// From when on.
    pub at: Timestamp,
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
    settings: StableCell<Vec<u8>, Vm<M>>,
    /// By [`Scope::key`].
    policies: Map<Vec<u8>, M>,
    /// Every policy there ever was: by [`Scope::key`], then eight bytes of version.
    policy_history: Map<Vec<u8>, M>,
    /// By [`crate::policy::CounterKey::key`].
    spent: Map<Vec<u8>, M>,
    /// By [`Scope::key`].
    activity: Map<Vec<u8>, M>,
    /// By name.
    groups: Map<Vec<u8>, M>,
    /// By [`Asset::key_bytes`].
    rates: Map<Vec<u8>, M>,
    sessions: Map<u64, M>,
    /// Sessions that nobody has ended, by wallet.
    pub open_sessions: StableBTreeSet<(u64, u64), Vm<M>>,
    proposals: Map<u64, M>,
    pub open_proposals: StableBTreeSet<u64, Vm<M>>,
    pub wallets_by_owner: StableBTreeSet<(Principal, u64), Vm<M>>,
    /// The blocks in which something was asked of a wallet.
    pub request_blocks: StableBTreeMap<(u64, u64), (), Vm<M>>,
    /// Until when a chain's breaker is open, by [`chain_key`].
    chain_breakers: StableBTreeMap<u8, u64, Vm<M>>,
    /// A wallet's public keys, to find it by an address.
    wallets_by_key: StableBTreeMap<Vec<u8>, u64, Vm<M>>,
    /// Transfers that wait for approval, by wallet.
    pub awaiting: StableBTreeSet<(u64, u64), Vm<M>>,
    /// The sessions that nobody has ended, by the time when they end by themselves.
    pub session_ends: StableBTreeSet<(u64, u64), Vm<M>>,
    /// What clients' metadata is hashed with. A secret: no event carries it and [`Tables::digest`] leaves it out.
    client_key: StableCell<Vec<u8>, Vm<M>>,
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
            next_session: SessionId::new(1),
            next_proposal: ProposalId::new(1),
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
            transfers: StableBTreeMap::init(manager.get(TRANSFERS)),
            active: StableBTreeSet::init(manager.get(ACTIVE)),
            transfers_by_wallet: StableBTreeMap::init(manager.get(TRANSFERS_BY_WALLET)),
            idempotency: StableBTreeMap::init(manager.get(IDEMPOTENCY)),
            locked_outpoints: StableBTreeMap::init(manager.get(LOCKED_OUTPOINTS)),
            log: AuditLog::open(manager.get(LOG_INDEX), manager.get(LOG_DATA)),
            built: StableBTreeMap::init(manager.get(BUILT)),
            wallets_by_agent: StableBTreeSet::init(manager.get(WALLETS_BY_AGENT)),
            settings: StableCell::init(manager.get(SETTINGS), Vec::new()),
            policies: StableBTreeMap::init(manager.get(POLICIES)),
            policy_history: StableBTreeMap::init(manager.get(POLICY_HISTORY)),
            spent: StableBTreeMap::init(manager.get(SPENT)),
            activity: StableBTreeMap::init(manager.get(ACTIVITY)),
            groups: StableBTreeMap::init(manager.get(GROUPS)),
            rates: StableBTreeMap::init(manager.get(RATES)),
            sessions: StableBTreeMap::init(manager.get(SESSIONS)),
            open_sessions: StableBTreeSet::init(manager.get(OPEN_SESSIONS)),
            proposals: StableBTreeMap::init(manager.get(PROPOSALS)),
            open_proposals: StableBTreeSet::init(manager.get(OPEN_PROPOSALS)),
            wallets_by_owner: StableBTreeSet::init(manager.get(WALLETS_BY_OWNER)),
            request_blocks: StableBTreeMap::init(manager.get(REQUEST_BLOCKS)),
            chain_breakers: StableBTreeMap::init(manager.get(CHAIN_BREAKERS)),
            wallets_by_key: StableBTreeMap::init(manager.get(WALLETS_BY_KEY)),
            awaiting: StableBTreeSet::init(manager.get(AWAITING)),
            session_ends: StableBTreeSet::init(manager.get(SESSION_ENDS)),
            client_key: StableCell::init(manager.get(CLIENT_KEY), Vec::new()),
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
        readable("spent", self.spent.last_key_value().map(|(_, v)| v), |bytes| from_record::<Spent>(bytes).is_ok())?;
        readable("activity", self.activity.last_key_value().map(|(_, v)| v), |bytes| from_record::<Activity>(bytes).is_ok())?;
        readable("settings", Some(self.settings.get().clone()), |bytes| from_record::<Settings>(bytes).is_ok())?;
        readable("proposals", self.proposals.last_key_value().map(|(_, v)| v), |bytes| from_record::<Proposal>(bytes).is_ok())?;
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

    /// The wallets of an agent.
    pub fn wallets_of_agent(&self, agent: &Principal) -> impl Iterator<Item = WalletId> {
        self.wallets_by_agent.range((*agent, 0)..=(*agent, u64::MAX)).map(|(_, id)| WalletId::new(id))
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

    pub fn settings(&self) -> Option<Settings> {
        let bytes = self.settings.get();
        (!bytes.is_empty()).then(|| decode("settings", bytes))
    }

    pub fn set_settings(&mut self, settings: &Settings) {
        self.settings.set(to_record(settings));
    }

    pub fn policy(&self, scope: &Scope) -> Option<Policy> {
        self.policies.get(&scope.key()).map(|bytes| decode("policies", &bytes))
    }

    /// Replaces a policy; one without rules is removed. Its version stays in the history either way.
    pub fn set_policy(&mut self, scope: &Scope, policy: Policy, at: Timestamp) {
        let key = scope.key();
        if policy.rules.is_empty() {
            self.policies.remove(&key);
        } else {
            self.policies.insert(key.clone(), to_record(&policy));
        }
        let version = policy.version.to_be_bytes();
        self.policy_history.insert([&key[..], &version].concat(), to_record(&PastPolicy { policy, at }));
    }

    /// The last version that a scope's policy had; 0 when it never had one.
    pub fn last_policy_version(&self, scope: &Scope) -> u64 {
        self.past_policies(scope, u64::MAX).next().map_or(0, |past| past.policy.version)
    }

    /// A scope's policies with smaller versions than `before`, newest first.
    pub fn past_policies(&self, scope: &Scope, before: u64) -> impl Iterator<Item = PastPolicy> + '_ {
        let key = scope.key();
        let at = |version: u64| [&key[..], &version.to_be_bytes()].concat();
        let length = key.len() + 8;
        let past = self.policy_history.range(at(0)..at(before)).rev();
        // A longer key of another scope may lie between.
        past.filter(move |entry| entry.key().len() == length).map(|entry| decode("policy_history", &entry.value()))
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

    pub fn group(&self, name: &str) -> Option<Group> {
        self.groups.get(&name.as_bytes().to_vec()).map(|bytes| decode("groups", &bytes))
    }

    pub fn set_group(&mut self, group: &Group) {
        let key = group.name.as_bytes().to_vec();
        if group.members.is_empty() {
            self.groups.remove(&key);
        } else {
            self.groups.insert(key, to_record(group));
        }
    }

    pub fn all_groups(&self) -> impl Iterator<Item = Group> + '_ {
        self.groups.iter().map(|entry| decode("groups", &entry.value()))
    }

    pub fn rate(&self, asset: Asset) -> Option<Rate> {
        self.rates.get(&asset.key_bytes()).map(|bytes| decode("rates", &bytes))
    }

    pub fn set_rate(&mut self, rate: &Rate) {
        self.rates.insert(rate.asset.key_bytes(), to_record(rate));
    }

    pub fn all_rates(&self) -> impl Iterator<Item = Rate> + '_ {
        self.rates.iter().map(|entry| decode("rates", &entry.value()))
    }

    pub fn session(&self, id: SessionId) -> Option<Session> {
        self.sessions.get(&id.get()).map(|bytes| decode("sessions", &bytes))
    }

    pub fn set_session(&mut self, session: &Session) {
        let key = (session.wallet.get(), session.id.get());
        let end = (session.expires_at.nanos(), session.id.get());
        if session.ended.is_none() {
            self.open_sessions.insert(key);
            self.session_ends.insert(end);
        } else {
            self.open_sessions.remove(&key);
            self.session_ends.remove(&end);
        }
        self.sessions.insert(session.id.get(), to_record(session));
    }

    /// Every session, the latest first.
    pub fn sessions_latest_first(&self) -> impl Iterator<Item = Session> + '_ {
        self.sessions.iter().rev().map(|entry| decode("sessions", &entry.value()))
    }

    /// Removes the policy and the counters of a session, unless one of them still holds something for a transfer: its history keeps the
    /// policy, the log keeps the rest.
    pub fn forget_session(&mut self, id: SessionId) {
        let scope = Scope::Session(id).key();
        let prefix = CounterKey::prefix(&Scope::Session(id));
        let counters = self.spent.range(prefix.clone()..).take_while(|entry| entry.key().starts_with(&prefix));
        let counters: Vec<(Vec<u8>, Spent)> =
            counters.map(|entry| (entry.key().clone(), decode("spent", &entry.value()))).collect();
        if counters.iter().any(|(_, spent)| !spent.reserved().is_zero()) {
            return;
        }
        for (key, _) in &counters {
            self.spent.remove(key);
        }
        self.activity.remove(&scope);
        self.policies.remove(&scope);
    }

    /// What clients' metadata is hashed with, once it was drawn.
    pub fn client_key(&self) -> Option<Vec<u8>> {
        let key = self.client_key.get();
        (!key.is_empty()).then(|| key.clone())
    }

    pub fn set_client_key(&mut self, key: [u8; 32]) {
        self.client_key.set(key.to_vec());
    }

    pub fn proposal(&self, id: ProposalId) -> Option<Proposal> {
        self.proposals.get(&id.get()).map(|bytes| decode("proposals", &bytes))
    }

    pub fn set_proposal(&mut self, proposal: &Proposal) {
        if proposal.closed.is_none() {
            self.open_proposals.insert(proposal.id.get());
        } else {
            self.open_proposals.remove(&proposal.id.get());
        }
        self.proposals.insert(proposal.id.get(), to_record(proposal));
    }

    /// Proposals with smaller ids than `before`, newest first.
    pub fn proposals_before(&self, before: u64) -> impl Iterator<Item = Proposal> + '_ {
        self.proposals.range(..before).rev().map(|entry| decode("proposals", &entry.value()))
    }

    pub fn chain_breaker(&self, chain: Chain) -> Option<Timestamp> {
        self.chain_breakers.get(&chain_key(chain)).map(Timestamp::from_nanos)
    }

    pub fn set_chain_breaker(&mut self, chain: Chain, until: Timestamp) {
        self.chain_breakers.insert(chain_key(chain), until.nanos());
    }

    /// The wallet with a public key.
    pub fn wallet_of_key(&self, key: &[u8]) -> Option<WalletId> {
        self.wallets_by_key.get(&key.to_vec()).map(WalletId::new)
    }

    pub fn set_wallet_of_key(&mut self, key: &[u8], wallet: WalletId) {
        self.wallets_by_key.insert(key.to_vec(), wallet.get());
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
        let numbered = [
            ("wallets", &self.wallets),
            ("transfers", &self.transfers),
            ("sessions", &self.sessions),
            ("proposals", &self.proposals),
        ];
        for (name, table) in numbered {
            put(name.as_bytes());
            for entry in table.iter() {
                put(&entry.key().to_be_bytes());
                put(&entry.value());
            }
        }
        let keyed = [
            ("policies", &self.policies),
            ("policy_history", &self.policy_history),
            ("spent", &self.spent),
            ("activity", &self.activity),
            ("groups", &self.groups),
            ("rates", &self.rates),
        ];
        for (name, table) in keyed {
            put(name.as_bytes());
            for entry in table.iter() {
                put(entry.key());
                put(&entry.value());
            }
        }
        put(self.settings.get());
        for (name, pairs) in [
            ("active", self.active.iter().collect::<Vec<_>>()),
            ("by_wallet", self.transfers_by_wallet.keys_range(..).collect()),
            ("awaiting", self.awaiting.iter().collect()),
            ("open_sessions", self.open_sessions.iter().collect()),
            ("session_ends", self.session_ends.iter().collect()),
            ("request_blocks", self.request_blocks.keys_range(..).collect()),
            ("open_proposals", self.open_proposals.iter().map(|id| (0, id)).collect()),
            ("chain_breakers", self.chain_breakers.iter().map(|entry| (u64::from(*entry.key()), entry.value())).collect()),
        ] {
            put(name.as_bytes());
            for (a, b) in pairs {
                put(&a.to_be_bytes());
                put(&b.to_be_bytes());
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
        for (name, table) in [("wallets_by_agent", &self.wallets_by_agent), ("wallets_by_owner", &self.wallets_by_owner)] {
            put(name.as_bytes());
            for (principal, wallet) in table.iter() {
                put(principal.as_slice());
                put(&wallet.to_be_bytes());
            }
        }
        put(b"wallets_by_key");
        for entry in self.wallets_by_key.iter() {
            put(entry.key());
            put(&entry.value().to_be_bytes());
        }
        Hash(hasher.finalize().into())
    }
}

/// The stored key of a chain. Frozen; new chains get new numbers.
const fn chain_key(chain: Chain) -> u8 {
    match chain {
        Chain::Kaspa => 0,
        Chain::Solana => 1,
    }
}
