//! What people are asked before money moves.

use crate::base::{Hash, Timestamp};
use crate::policy::ApprovalDemand;
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A question to people, and their answers so far. It is about one request under one version of the policies, it is answered once, and it
/// expires (traps T37, T41).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Every one has to be met.
    pub demands: Vec<ApprovalDemand>,
    /// The hash of the transfer's id, agent, request, policy version and expiry: what an approver says yes to.
    pub intent: Hash,
    /// After this the answer is no.
    pub expires_at: Timestamp,
    /// Who said yes. Whether they still may is asked again when it counts (trap T40).
    pub approved_by: BTreeSet<Principal>,
    /// When every quorum was reached and the time lock is over; the money moves then, unless somebody objects before.
    pub ready_at: Option<Timestamp>,
}
