//! Head of the state: the record that changes with every commit.

use crate::base::{Hash, ProposalId, SessionId, Timestamp, TransferId, WalletId};
use crate::policy::Mode;
use serde::{Deserialize, Serialize};

/// The version of the tables' layout. A later layout gets a later number and a migration.
pub const SCHEMA: u32 = 3;

/// The head of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The version of the tables' layout.
    pub schema: u32,
    /// The mode of operation.
    pub mode: Mode,
    /// The id of the next wallet.
    pub next_wallet: WalletId,
    /// The id of the next transfer.
    pub next_transfer: TransferId,
    /// The hash of the last block.
    pub tip: Option<Hash>,
    /// The number of blocks, by which a log that was cut off is noticed.
    pub blocks: u64,
    /// The time of the last block.
    pub last_at: Timestamp,
    /// The id of the next session.
    pub next_session: SessionId,
    /// The id of the next proposal.
    pub next_proposal: ProposalId,
}
