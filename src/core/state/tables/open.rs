//! Creation of the tables in an empty memory, and opening of those of an earlier module.

use super::Tables;
use super::error::OpenError;
use super::head::{Head, SCHEMA};
use super::ids::HEAD;
use crate::access::Roles;
use crate::base::codec::from_record;
use crate::base::{BlockIndex, ProposalId, SessionId, Timestamp, TransferId, WalletId};
use crate::governance::Proposal;
use crate::policy::{Activity, Mode, Policy, Spent};
use crate::transfer::Transfer;
use crate::wallet::Wallet;
use ic_stable_structures::memory_manager::{MemoryId, MemoryManager};
use ic_stable_structures::{Memory, StableCell};

/// The pages of a bucket of memory: 1 MiB. Small tables stay small, and 32 GiB in all are far beyond what the log needs in decades.
const BUCKET_PAGES: u16 = 16;

impl<M: Memory> Tables<M> {
    /// Creates the tables in an empty memory.
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
        let manager = MemoryManager::init_with_bucket_size(memory, BUCKET_PAGES);
        let mut tables = Self::from_manager(&manager, head).expect("BUG: fresh memory is corrupt");
        tables.set_head(head);
        tables
    }

    /// Opens the tables of an earlier module, and decodes a record of each, so that a wrong layout shows now.
    ///
    /// # Errors
    /// When the memory is empty or has an unknown layout, a record cannot be decoded, or the log does not end where the head says.
    pub fn open(memory: M) -> Result<Self, OpenError> {
        if memory.size() == 0 {
            return Err(OpenError::Empty);
        }
        let manager = MemoryManager::init_with_bucket_size(memory, BUCKET_PAGES);
        let head = StableCell::init(manager.get(MemoryId::new(HEAD)), Vec::new());
        if head.get().is_empty() {
            return Err(OpenError::Empty);
        }
        let head: Head = from_record(head.get()).map_err(|_| OpenError::Corrupt("head"))?;
        if head.schema != SCHEMA {
            return Err(OpenError::UnknownSchema(head.schema));
        }
        let tables = Self::from_manager(&manager, head)?;
        tables.check_log()?;
        tables.check_records()?;
        Ok(tables)
    }

    fn check_log(&self) -> Result<(), OpenError> {
        let head = self.head();
        let last = head.blocks.checked_sub(1).map(BlockIndex::new);
        let last_hash = last.and_then(|index| self.log.value(index)).map(|value| value.hash());
        if self.log.len() != head.blocks || last_hash != head.tip { Err(OpenError::LogMismatch) } else { Ok(()) }
    }

    fn check_records(&self) -> Result<(), OpenError> {
        let readable = |table, bytes: Option<Vec<u8>>, is_record: fn(&[u8]) -> bool| match bytes {
            Some(bytes) if !is_record(&bytes) => Err(OpenError::Corrupt(table)),
            _ => Ok(()),
        };
        readable("roles", self.roles.first_key_value().map(|(_, v)| v), |bytes| from_record::<Roles>(bytes).is_ok())?;
        readable("wallets", self.wallets.last_key_value().map(|(_, v)| v), |bytes| from_record::<Wallet>(bytes).is_ok())?;
        readable("policies", self.policies.last_key_value().map(|(_, v)| v), |bytes| from_record::<Policy>(bytes).is_ok())?;
        readable("spent", self.spent.last_key_value().map(|(_, v)| v), |bytes| from_record::<Spent>(bytes).is_ok())?;
        readable("activity", self.activity.last_key_value().map(|(_, v)| v), |bytes| from_record::<Activity>(bytes).is_ok())?;
        readable("proposals", self.proposals.last_key_value().map(|(_, v)| v), |bytes| from_record::<Proposal>(bytes).is_ok())?;
        readable("transfers", self.transfers.last_key_value().map(|(_, v)| v), |bytes| from_record::<Transfer>(bytes).is_ok())
    }
}
