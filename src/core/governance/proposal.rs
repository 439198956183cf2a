//! Changes that wait.

use super::{Group, Rate};
use crate::access::{AgentChange, RoleChange};
use crate::base::{Amount, Hash, ProposalId, Timestamp, TransferId, WalletId};
use crate::governance::retention::AuditSettings;
use crate::governance::settings::Settings;
use crate::policy::{Rule, Scope};
use crate::wallet::WalletChange;
use candid::Principal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Something that admins do, now or once enough of them have agreed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Replace, set or remove the policy of a scope.
    SetPolicy(PolicyChange),
    /// Give a role.
    GrantRole(RoleChange),
    /// Take a role.
    RevokeRole(RoleChange),
    /// Let an agent ask for transfers from a wallet.
    AddAgent(AgentChange),
    /// Say who is in a group; nobody removes it.
    SetGroup(Group),
    /// Say what an asset is worth.
    SetRate(Rate),
    /// Tune the canister.
    ChangeSettings(Box<Settings>),
    /// Go one step back towards normal operation: from the emergency to limited operation, from there to normal.
    EndEmergency {
        /// Why.
        reason: String,
    },
    /// Change a wallet beside its policy.
    ChangeWallet {
        /// Which.
        wallet: WalletId,
        /// How.
        change: WalletChange,
    },
    /// Say how a quarantined transfer ended.
    ResolveQuarantine(QuarantineEnd),
    /// Take every role, group and wallet from somebody.
    RemovePrincipal(Principal),
    /// Say for how long the log is kept and how large it may become.
    ConfigureAudit(AuditSettings),
}

/// See [`Action::SetPolicy`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyChange {
    /// Whose policy.
    pub scope: Scope,
    /// The version it replaces, 0 for none. When another is in force by the time it takes effect, the change is out of date.
    pub replaces: u64,
    /// For people.
    pub name: Option<String>,
    /// All rules from then on; none removes the policy: a wallet without one pays nobody, every other scope then sets no bounds.
    pub rules: Vec<Rule>,
}

/// See [`Action::ResolveQuarantine`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineEnd {
    /// Which transfer.
    pub transfer: TransferId,
    /// Whether the amount moved.
    pub landed: bool,
    /// The fee that was paid.
    pub fee_paid: Amount,
    /// What was seen.
    pub note: String,
}

/// A change that waits for its quorum or its time lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Never reused.
    pub id: ProposalId,
    /// What would happen.
    pub action: Action,
    /// The hash of what it would replace. When that is another by the time it takes effect, the change is out of date: what was agreed to
    /// would undo what nobody spoke about.
    pub basis: Hash,
    /// Which admin wants it; agrees by proposing.
    pub proposer: Principal,
    /// When.
    pub made_at: Timestamp,
    /// Without its quorum it is void then.
    pub expires_at: Timestamp,
    /// Which admins agree. Whether they still are admins is asked again when it counts.
    pub approved_by: BTreeSet<Principal>,
    /// When it may take effect, once the quorum is reached.
    pub ready_at: Option<Timestamp>,
    /// How it ended.
    pub closed: Option<ProposalOutcome>,
}

impl Proposal {
    /// When something has to be done about it, if nobody does something before: it takes effect, or expires.
    pub fn due_at(&self) -> Timestamp {
        self.ready_at.unwrap_or(self.expires_at)
    }
}

/// How a proposal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalOutcome {
    /// It took effect.
    Executed,
    /// Its proposer or a guardian stopped it.
    Cancelled,
    /// Not enough admins agreed in time.
    Expired,
    /// It does not fit what is in force any more.
    Stale,
}
