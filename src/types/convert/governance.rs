//! Changes, proposals, groups and rates, from and to the domain.

use crate::error::Error;
use crate::governance::{Action, AssetRate, Change, Group, Proposal, ProposalOutcome, Rate, WalletChange};
use crate::policy::{PolicyRule, Rule};
use crate::transfer::ResolveQuarantineArgs;
use purser_core::access::{LabelledAgent, RoleChange};
use purser_core::base::{Amount, Timestamp, WalletId};
use purser_core::chains::configs::ChainConfigs;
use purser_core::governance as domain;
use purser_core::state;
use purser_core::wallet::{self, ParentChange};

impl Proposal {
    /// Returns a proposal of the domain with addresses of the configured networks, its rules described as of `now`.
    pub fn new(proposal: domain::Proposal, now: Timestamp, chains: &ChainConfigs) -> Self {
        Self {
            id: proposal.id.get(),
            action: Action::new(proposal.action, now, chains).into(),
            proposer: proposal.proposer,
            made_at: proposal.made_at.nanos(),
            expires_at: proposal.expires_at.nanos(),
            approved_by: proposal.approved_by.into_iter().collect(),
            ready_at: proposal.ready_at.map(Timestamp::nanos),
            outcome: proposal.closed.map(|outcome| ProposalOutcome::from(outcome).into()),
        }
    }
}

impl Action {
    fn new(action: domain::Action, now: Timestamp, chains: &ChainConfigs) -> Self {
        match action {
            domain::Action::SetPolicy(domain::PolicyChange { scope, replaces, name, rules }) => Self::SetPolicy {
                scope: scope.into(),
                replaces,
                name,
                rules: rules.into_iter().map(|rule| draft(PolicyRule::of(rule, now, chains))).collect(),
            },
            domain::Action::GrantRole(RoleChange { principal, role }) => Self::GrantRole { member: principal, role: role.into() },
            domain::Action::RevokeRole(RoleChange { principal, role }) => Self::RevokeRole { member: principal, role: role.into() },
            domain::Action::AddAgent(LabelledAgent { wallet, agent, label }) => {
                Self::AddAgent { wallet_id: wallet.get(), agent, label }
            }
            domain::Action::SetGroup(group) => Self::SetGroup(group.into()),
            domain::Action::SetRate(rate) => Self::SetRate(rate.into()),
            domain::Action::ChangeSettings(settings) => Self::SetSettings((*settings).into()),
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
            domain::Action::ConfigureAudit(settings) => Self::SetAuditSettings(settings.into()),
            domain::Action::RecoverAdmins(admins) => Self::RecoverAdmins { admins: admins.into_iter().collect() },
        }
    }
}

/// Removes the times from which recipients can be paid: they are not known before the rule is in force.
fn draft(mut rule: PolicyRule) -> PolicyRule {
    if let Some(Rule::Allowlist { recipients, .. }) = &mut rule.rule {
        recipients.iter_mut().for_each(|recipient| recipient.usable_at = None);
    }
    rule
}

impl From<state::ChangeOutcome> for Change {
    fn from(change: state::ChangeOutcome) -> Self {
        match change {
            state::ChangeOutcome::Applied => Self::Applied,
            state::ChangeOutcome::Proposed(id) => Self::Proposed(id.get()),
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

impl From<domain::Rate> for AssetRate {
    fn from(rate: domain::Rate) -> Self {
        let Rate { asset, value, per, expires_at } = rate.into();
        Self { asset: asset.into(), value, per, expires_at }
    }
}

impl From<domain::Rate> for Rate {
    fn from(rate: domain::Rate) -> Self {
        Self { asset: rate.asset.into(), value: rate.value.get(), per: rate.per.get(), expires_at: rate.expires_at.nanos() }
    }
}

impl From<WalletChange> for wallet::WalletChange {
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

impl From<wallet::WalletChange> for WalletChange {
    fn from(change: wallet::WalletChange) -> Self {
        match change {
            wallet::WalletChange::Activate => Self::Activate,
            wallet::WalletChange::Deactivate => Self::Deactivate,
            wallet::WalletChange::MakePrimary => Self::MakePrimary,
            wallet::WalletChange::Owner(owner) => Self::Owner(owner),
            wallet::WalletChange::Parent(ParentChange { parent }) => Self::Parent(parent.map(|wallet| wallet.get())),
        }
    }
}
