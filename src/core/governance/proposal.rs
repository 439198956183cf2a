//! Actions of admins, and proposals of them.

use super::{Group, Rate};
use crate::access::{LabelledAgent, RoleChange};
use crate::base::{Amount, DAY_NS, Hash, ProposalId, Timestamp, TransferId, WalletId};
use crate::governance::retention::AuditSettings;
use crate::governance::settings::Settings;
use crate::policy::{Rule, Scope};
use crate::wallet::WalletChange;
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most open proposals.
pub const MAX_OPEN_PROPOSALS: usize = 100;
/// The most open proposals of one admin, so that no admin can keep the others from proposing.
pub const MAX_OPEN_PROPOSALS_PER_ADMIN: usize = 20;

/// The time for which guardians can stop the end of an emergency, in nanoseconds: 7 days.
///
/// It counts from the start of the emergency. The same holds for limited operation. Guardians stop what nobody has looked at yet; they do not decide whether payments are
/// ever made again.
pub const MAX_EMERGENCY_VETO_NS: u64 = 7 * DAY_NS;

/// An action of admins, which takes effect at once or after a proposal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Sets, replaces or removes the policy of a scope.
    SetPolicy(PolicyChange),
    /// Grants a role.
    GrantRole(RoleChange),
    /// Revokes a role.
    RevokeRole(RoleChange),
    /// Adds an agent to a wallet.
    AddAgent(LabelledAgent),
    /// Sets the members of a group. A group without members is removed.
    SetGroup(Group),
    /// Sets the rate of an asset.
    SetRate(Rate),
    /// Replaces the settings.
    ChangeSettings(Box<Settings>),
    /// Moves the mode one stage towards normal operation: from the emergency to limited operation, from there to normal.
    EndEmergency {
        /// The reason, for the log.
        reason: String,
    },
    /// Changes a wallet other than its policy.
    ChangeWallet {
        /// The wallet.
        wallet: WalletId,
        /// The change.
        change: WalletChange,
    },
    /// Ends a quarantined transfer.
    ResolveQuarantine(QuarantineEnd),
    /// Removes every role, group membership and agency of a principal.
    RemovePrincipal(Principal),
    /// Sets retention and capacity of the log.
    ConfigureAudit(AuditSettings),
    /// Grants the role Admin to principals, on the word of the recovery instead of admins.
    RecoverAdmins(BTreeSet<Principal>),
}

/// A new policy of a scope, for [`Action::SetPolicy`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// The scope.
    pub scope: Scope,
    /// The version that the policy replaces, 0 for none. The action is out of date once another version is in force.
    pub replaces: u64,
    /// A name for people.
    pub name: Option<String>,
    /// All rules of the new policy; none removes the policy.
    ///
    /// A wallet without a policy pays nobody. Every other scope without a policy sets no limits.
    pub rules: Vec<Rule>,
}

/// The end of a quarantined transfer, for [`Action::ResolveQuarantine`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineEnd {
    /// The transfer.
    pub transfer: TransferId,
    /// Whether the transfer landed and moved its amount.
    pub landed: bool,
    /// The fee that was paid, in base units of the native asset.
    pub fee_paid: Amount,
    /// The observations of the admins.
    pub note: String,
}

/// An action that waits for its quorum or its time lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// The number of the proposal. Never reused.
    pub id: ProposalId,
    /// The proposed action.
    pub action: Action,
    /// The record that the action replaces.
    ///
    /// When what the action changes is another by the time it takes effect, the proposal is stale: the action would undo a change that its
    /// approvers never saw. What has changed beside it stays as it is then.
    pub replaced: ReplacedRecord,
    /// The admin who made the proposal and approves it by that.
    pub proposer: Principal,
    /// The time of the proposal.
    pub made_at: Timestamp,
    /// The time from which on the proposal has expired unless its quorum was reached.
    pub expires_at: Timestamp,
    /// The admins who approved. Their role is checked again before the action takes effect.
    pub approved_by: BTreeSet<Principal>,
    /// The time at which the quorum was reached.
    pub quorum_at: Option<Timestamp>,
    /// The end of the time lock, once the quorum is reached. A time lock that is made longer meanwhile counts from `quorum_at`.
    pub ready_at: Option<Timestamp>,
    /// The end of the proposal; `None` while it is open.
    pub closed: Option<ProposalOutcome>,
}

/// The record that a proposed action replaces, as its approvers saw it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplacedRecord {
    /// No record, or one that is compared when the action takes effect.
    None,
    /// The hash of a record that is replaced as a whole.
    Hash(Hash),
    /// The settings, of which the action changes some.
    Settings(Box<Settings>),
    /// The settings of the log, of which the action changes some.
    Audit(AuditSettings),
}

/// The end of a proposal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalOutcome {
    /// The action took effect.
    Executed,
    /// The proposer, before others agreed, or a guardian cancelled the proposal.
    Cancelled,
    /// Too few admins approved in time.
    Expired,
    /// The action does not fit the state any more.
    Stale,
}
