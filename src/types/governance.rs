//! Changes, proposals, groups and rates.

use super::Error;
use super::admin::Role;
use super::audit::AuditSettings;
use super::policy::{Rule, Scope};
use super::settings::Settings;
use super::transfer::ResolveQuarantineArgs;
use super::wallet::Asset;
use candid::{CandidType, Principal};
use purser_core::access::{AgentChange, RoleChange};
use purser_core::base::{Amount, Timestamp, WalletId};
use purser_core::chains::kaspa;
use purser_core::governance as domain;
use purser_core::state;
use purser_core::wallet::{ParentChange, WalletChange as CoreWalletChange};
use serde::{Deserialize, Serialize};

/// What has become of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Change {
    /// It is in force.
    Applied,
    /// It waits, as the proposal of this number.
    Proposed(u64),
}

/// A named set of principals that approves transfers.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Group {
    /// What rules call it.
    pub name: String,
    /// Each holds the role Approver.
    pub members: Vec<Principal>,
}

/// What an asset is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Rate {
    /// Of what.
    pub asset: Asset,
    /// Millionths of the unit of account for `per` base units.
    pub value: u64,
    /// Base units.
    pub per: u64,
    /// From when on it says nothing, in nanoseconds since the epoch.
    pub expires_at: u64,
}

/// A change of a wallet beside its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum WalletChange {
    /// New transfers are taken again.
    Activate,
    /// No new transfers.
    Deactivate,
    /// First among its owner's wallets.
    MakePrimary,
    /// Whose wallet it is.
    Owner(Principal),
    /// The wallet whose policy binds this one too.
    Parent(Option<u64>),
}

/// A change as it is proposed.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Action {
    /// See `set_policy`.
    SetPolicy {
        /// Whose.
        scope: Scope,
        /// The version it replaces, 0 for none.
        replaces: u64,
        /// For people.
        name: Option<String>,
        /// All rules from then on.
        rules: Vec<Rule>,
    },
    /// See `grant_role`.
    GrantRole {
        /// Whose.
        member: Principal,
        /// Which.
        role: Role,
    },
    /// See `revoke_role`.
    RevokeRole {
        /// Whose.
        member: Principal,
        /// Which.
        role: Role,
    },
    /// See `add_agent`.
    AddAgent {
        /// Of which wallet.
        wallet_id: u64,
        /// Which principal.
        agent: Principal,
    },
    /// See `set_group`.
    SetGroup(Group),
    /// See `set_rate`.
    SetRate(Rate),
    /// See `configure`.
    Configure(Settings),
    /// See `end_emergency`.
    EndEmergency {
        /// Why.
        reason: String,
    },
    /// A change of a wallet beside its policy.
    ChangeWallet {
        /// Which.
        wallet_id: u64,
        /// How.
        change: WalletChange,
    },
    /// See `resolve_quarantine`.
    ResolveQuarantine(ResolveQuarantineArgs),
    /// See `remove_principal`.
    RemovePrincipal {
        /// Whom.
        member: Principal,
    },
    /// See `set_audit_settings`.
    ConfigureAudit(AuditSettings),
}

/// How a proposal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Closing {
    /// It took effect.
    Executed,
    /// Its proposer or a guardian stopped it.
    Cancelled,
    /// Not enough admins agreed in time.
    Expired,
    /// It did not fit what was in force any more.
    Stale,
}

/// A change that waits, or waited.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Proposal {
    /// Never reused.
    pub id: u64,
    /// What would happen.
    pub action: Action,
    /// Which admin wants it.
    pub proposer: Principal,
    /// When, in nanoseconds since the epoch.
    pub made_at: u64,
    /// Without its quorum it is void then.
    pub expires_at: u64,
    /// Which admins agree, the proposer included.
    pub approved_by: Vec<Principal>,
    /// When it may take effect, once the quorum is reached.
    pub ready_at: Option<u64>,
    /// How it ended.
    pub closed: Option<Closing>,
}

impl Proposal {
    /// A proposal as the interface shows it, with Kaspa addresses on `network`.
    pub fn new(proposal: domain::Proposal, network: kaspa::Network) -> Self {
        Self {
            id: proposal.id.get(),
            action: Action::new(proposal.action, network),
            proposer: proposal.proposer,
            made_at: proposal.made_at.nanos(),
            expires_at: proposal.expires_at.nanos(),
            approved_by: proposal.approved_by.into_iter().collect(),
            ready_at: proposal.ready_at.map(Timestamp::nanos),
            closed: proposal.closed.map(Into::into),
        }
    }
}

impl Action {
    fn new(action: domain::Action, network: kaspa::Network) -> Self {
        match action {
            domain::Action::SetPolicy(domain::PolicyChange { scope, replaces, name, rules }) => Self::SetPolicy {
                scope: scope.into(),
                replaces,
                name,
                rules: rules.into_iter().map(|rule| draft(Rule::new(rule, network))).collect(),
            },
            domain::Action::GrantRole(RoleChange { principal, role }) => Self::GrantRole { member: principal, role: role.into() },
            domain::Action::RevokeRole(RoleChange { principal, role }) => Self::RevokeRole { member: principal, role: role.into() },
            domain::Action::AddAgent(AgentChange { wallet, agent }) => Self::AddAgent { wallet_id: wallet.get(), agent },
            domain::Action::SetGroup(group) => Self::SetGroup(group.into()),
            domain::Action::SetRate(rate) => Self::SetRate(rate.into()),
            domain::Action::ChangeSettings(settings) => Self::Configure((*settings).into()),
            domain::Action::EndEmergency { reason } => Self::EndEmergency { reason },
            domain::Action::ChangeWallet { wallet, change } => {
                Self::ChangeWallet { wallet_id: wallet.get(), change: change.into() }
            }
            domain::Action::ResolveQuarantine(end) => Self::ResolveQuarantine(ResolveQuarantineArgs {
                transfer_id: end.transfer.get(),
                landed: end.landed,
                fee_paid: end.fee_paid.get(),
                note: end.note,
            }),
            domain::Action::RemovePrincipal(member) => Self::RemovePrincipal { member },
            domain::Action::ConfigureAudit(settings) => Self::ConfigureAudit(settings.into()),
        }
    }
}

/// A rule that is not in force yet: from when on its recipients can be paid is not known.
fn draft(mut rule: Rule) -> Rule {
    if let Rule::Allowlist { recipients, .. } = &mut rule {
        recipients.iter_mut().for_each(|recipient| recipient.usable_from = None);
    }
    rule
}

impl From<state::Change> for Change {
    fn from(change: state::Change) -> Self {
        match change {
            state::Change::Applied => Self::Applied,
            state::Change::Proposed(id) => Self::Proposed(id.get()),
        }
    }
}

impl From<Group> for domain::Group {
    fn from(group: Group) -> Self {
        Self { name: group.name, members: group.members.into_iter().collect() }
    }
}

impl From<domain::Group> for Group {
    fn from(group: domain::Group) -> Self {
        Self { name: group.name, members: group.members.into_iter().collect() }
    }
}

impl TryFrom<Rate> for domain::Rate {
    type Error = Error;

    fn try_from(rate: Rate) -> Result<Self, Error> {
        Ok(Self {
            asset: rate.asset.try_into()?,
            value: Amount::new(rate.value),
            per: Amount::new(rate.per),
            expires_at: Timestamp::from_nanos(rate.expires_at),
        })
    }
}

impl From<domain::Rate> for Rate {
    fn from(rate: domain::Rate) -> Self {
        Self { asset: rate.asset.into(), value: rate.value.get(), per: rate.per.get(), expires_at: rate.expires_at.nanos() }
    }
}

impl From<WalletChange> for CoreWalletChange {
    fn from(change: WalletChange) -> Self {
        match change {
            WalletChange::Activate => Self::Activate,
            WalletChange::Deactivate => Self::Deactivate,
            WalletChange::MakePrimary => Self::MakePrimary,
            WalletChange::Owner(owner) => Self::Owner(owner),
            WalletChange::Parent(parent) => Self::Parent(ParentChange { parent: parent.map(WalletId::new) }),
        }
    }
}

impl From<CoreWalletChange> for WalletChange {
    fn from(change: CoreWalletChange) -> Self {
        match change {
            CoreWalletChange::Activate => Self::Activate,
            CoreWalletChange::Deactivate => Self::Deactivate,
            CoreWalletChange::MakePrimary => Self::MakePrimary,
            CoreWalletChange::Owner(owner) => Self::Owner(owner),
            CoreWalletChange::Parent(ParentChange { parent }) => Self::Parent(parent.map(|wallet| wallet.get())),
        }
    }
}

impl From<domain::ProposalOutcome> for Closing {
    fn from(closing: domain::ProposalOutcome) -> Self {
        match closing {
            domain::ProposalOutcome::Executed => Self::Executed,
            domain::ProposalOutcome::Cancelled => Self::Cancelled,
            domain::ProposalOutcome::Expired => Self::Expired,
            domain::ProposalOutcome::Stale => Self::Stale,
        }
    }
}
