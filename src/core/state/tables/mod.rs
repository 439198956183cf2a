//! The stable structures behind the state: one table of memory ids, never reused, new ones appended.
//!
//! Here is what there is; what is kept in it stands beside this, by area.

mod governance;
mod ids;
mod log;
mod open;
mod people;
mod records;
mod solana;
mod transfers;
mod wallets;

pub use open::OpenError;
pub(super) use records::{Records, decode};
pub use transfers::IdempotencyEntry;

use super::digest::{MultisetHash, Sum};
use super::tracked::{Cell, Map, Opener, Recount, Set};
use crate::audit::{AuditLog, Block};
use crate::base::codec::{from_record, to_record};
use crate::base::{BlockIndex, Hash, ProposalId, SessionId, Timestamp, TransferId, WalletId};
use crate::governance::config::Config;
use crate::governance::settings::Settings;
use crate::policy::Mode;
use candid::Principal;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager, VirtualMemory};
use ic_stable_structures::{Memory, StableBTreeMap, StableCell};
use ids::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use solana::SolanaTables;

type Vm<M> = VirtualMemory<M>;

/// The layout of the tables. A later layout gets a later number and a migration.
pub const SCHEMA: u32 = 2;

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

/// Every table.
pub struct Tables<M: Memory> {
    head: StableCell<Vec<u8>, Vm<M>>,
    /// The decoded head cell: read several times in every message.
    head_cache: Head,
    config: Cell<M>,
    /// The decoded configuration and settings: every decision reads them.
    config_cache: Option<Config>,
    settings_cache: Option<Settings>,
    keys: Cell<M>,
    roles: Records<Principal, M>,
    agents: Set<(u64, Principal), M>,
    wallets: Records<u64, M>,
    transfers: Records<u64, M>,
    /// Transfers that have somewhere to go, by wallet.
    pub active: Set<(u64, u64), M>,
    pub transfers_by_wallet: Map<(u64, u64), (), M>,
    idempotency: Records<[u8; 32], M>,
    /// Kaspa outpoints that a transfer under way spends: (wallet, transaction id and index) to transfer.
    pub locked_outpoints: Map<(u64, [u8; 36]), u64, M>,
    /// The SHA-256 of everything that was built for a key to sign, to the transfer it was built for.
    built: Map<[u8; 32], u64, M>,
    /// The agents again, by principal.
    wallets_by_agent: Set<(Principal, u64), M>,
    settings: Cell<M>,
    /// By [`crate::policy::Scope::key`].
    policies: Records<Vec<u8>, M>,
    /// Every policy there ever was: by [`crate::policy::Scope::key`], then eight bytes of version.
    policy_history: Records<Vec<u8>, M>,
    /// By [`crate::policy::CounterKey::key`].
    spent: Records<Vec<u8>, M>,
    /// By [`crate::policy::Scope::key`].
    activity: Records<Vec<u8>, M>,
    /// By name.
    groups: Records<Vec<u8>, M>,
    /// By [`crate::base::Asset::key_bytes`].
    rates: Records<Vec<u8>, M>,
    sessions: Records<u64, M>,
    /// Sessions that nobody has ended, by wallet.
    pub open_sessions: Set<(u64, u64), M>,
    proposals: Records<u64, M>,
    pub open_proposals: Set<u64, M>,
    pub wallets_by_owner: Set<(Principal, u64), M>,
    /// Until when a chain's breaker is open, by a number of the chain.
    chain_breakers: Map<u8, u64, M>,
    /// A wallet's public keys, to find it by an address.
    wallets_by_key: Map<Vec<u8>, u64, M>,
    /// Transfers that wait for approval, by wallet.
    pub awaiting: Set<(u64, u64), M>,
    /// The sessions that nobody has ended, by the time when they end by themselves.
    pub session_ends: Set<(u64, u64), M>,
    /// What clients' metadata is hashed with. A secret: no event carries it and the digest leaves it out.
    client_key: StableCell<Vec<u8>, Vm<M>>,
    /// The sum of all records of the tables that are kept by it: every one but the log, which the head names by its tip, what the log
    /// alone determines, and what no event carries.
    multiset_hash: MultisetHash,
    sum: StableCell<Vec<u8>, Vm<M>>,
    pub log: AuditLog<Vm<M>>,
    /// The kept blocks by what they are about: see [`super::index`].
    pub blocks_by_subject: StableBTreeMap<(u64, u64), (), Vm<M>>,
    /// Transfers that wait for admins because nobody knows whether they have landed, by wallet. Follows from their records, which the
    /// digest is of.
    pub quarantined: StableBTreeMap<(u64, u64), (), Vm<M>>,
    retention: Cell<M>,
    /// Confirmed archives by their last block.
    archives: Records<u64, M>,
    /// How the canister watches over its log. Its own affair: not from the log and not in the digest.
    watch: StableCell<Vec<u8>, Vm<M>>,
    pub solana: SolanaTables<M>,
}

/// Reads a cell that may never have been written.
fn optional<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<Option<T>, OpenError> {
    if bytes.is_empty() { Ok(None) } else { from_record(bytes).map(Some).map_err(|_| OpenError::Corrupt(table)) }
}

impl<M: Memory> Tables<M> {
    fn from_manager(manager: &MemoryManager<M>, head_cache: Head) -> Result<Self, OpenError> {
        let memory = |id| manager.get(MemoryId::new(id));
        let sum = StableCell::init(memory(SUM), Sum::empty().to_bytes());
        let multiset_hash = MultisetHash::new(Sum::from_bytes(sum.get()).ok_or(OpenError::Corrupt("sum"))?);
        let open = Opener { manager, multiset_hash: multiset_hash.clone() };
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
            agents: open.set(AGENTS),
            wallets: open.map(WALLETS),
            transfers: open.map(TRANSFERS),
            active: open.set(ACTIVE),
            transfers_by_wallet: open.map(TRANSFERS_BY_WALLET),
            idempotency: open.map(IDEMPOTENCY),
            locked_outpoints: open.map(LOCKED_OUTPOINTS),
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
            retention: open.cell(RETENTION),
            archives: open.map(ARCHIVES),
            watch: StableCell::init(memory(WATCH), Vec::new()),
            solana: SolanaTables::open(&open),
        })
    }

    /// Every table that the digest is of, in the order of their ids.
    fn recounted(&self) -> [&dyn Recount; 34] {
        let [nonces, solana_settings, providers, reached] = self.solana.recounted();
        [
            &self.config,
            &self.keys,
            &self.roles,
            &self.agents,
            &self.wallets,
            &self.transfers,
            &self.active,
            &self.transfers_by_wallet,
            &self.idempotency,
            &self.locked_outpoints,
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
            nonces,
            solana_settings,
            providers,
            reached,
        ]
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

    /// One hash over every record and the head. Equal states have equal digests. The log is in it by its tip.
    pub fn digest(&self) -> Hash {
        // The layout of the tables is no part of what they say.
        self.multiset_hash.digest(&to_record(&Head { schema: 0, ..self.head_cache }))
    }
}
