//! Approvals that transfers wait for.

use crate::base::{Hash, Timestamp};
use crate::policy::ApprovalDemand;
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The approval of one transfer by groups of people.
///
/// An approval is about one request under one version of the policies, is used once and expires: an old answer must not let money move
/// that nobody looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// The demands of the policies; all must be met.
    pub demands: Vec<ApprovalDemand>,
    /// The intent hash over the transfer's id, agent, request, policy version and expiry, which approvers confirm.
    pub intent: Hash,
    /// The time from which on the transfer is rejected unless every quorum was reached.
    pub expires_at: Timestamp,
    /// The principals that approved. Their membership is checked again before the money moves.
    pub approved_by: BTreeSet<Principal>,
    /// The end of the time lock, once every quorum is reached. The transfer can be rejected until then.
    pub ready_at: Option<Timestamp>,
}
