//! Transfers that wait for approval, with what approvers need to decide.

use crate::named::Named;
use crate::policy::Scope;
use crate::policy_tools::Budget;
use crate::transfer::Transfer;
use candid::CandidType;
use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

/// A transfer that waits for approval.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ApprovalRequest {
    /// The transfer.
    pub transfer: Transfer,
    /// The question in one sentence: payer, recipients, amount, fee, reason, votes and time left.
    pub summary: String,
    /// The amount with its unit, such as `1.5 SOL`.
    pub amount: String,
    /// The hash that `approve_transfer` takes, 32 bytes.
    pub intent_hash: ByteBuf,
    /// The end of the time to approve, in nanoseconds since the epoch.
    pub expires_at: u64,
    /// The votes of each group that is asked.
    pub votes: Vec<Votes>,
    /// The limits of every scope that the transfer falls into, outermost first.
    pub budgets: Vec<ScopeBudgets>,
}

/// The votes of one group.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Votes {
    /// The group's name.
    pub group: String,
    /// The number of members who have to agree.
    pub quorum: u32,
    /// The number of members who agree and still may.
    pub agreed: u32,
}

/// The limits of one scope.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct ScopeBudgets {
    /// The scope.
    pub scope: Named<Scope>,
    /// The remainder of each limit, after the transfer's own reservation.
    pub budgets: Vec<Budget>,
}
