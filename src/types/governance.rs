//! Changes that admins make, proposals, groups and rates.

use crate::admin::Role;
use crate::audit::AuditSettings;
use crate::chain::Asset;
use crate::named::{Named, name_variants};
use crate::policy::{PolicyRule, Scope};
use crate::settings::Settings;
use crate::transfer::ResolveQuarantineArgs;
use candid::{CandidType, Principal};
use serde::{Deserialize, Serialize};

/// The outcome of a change: in force, or waiting for other admins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Change {
    /// The change is in force.
    Applied,
    /// The change waits, as the proposal of this number.
    Proposed(u64),
}

/// A named set of principals that approves transfers.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Group {
    /// The name that rules use, 1 to 64 bytes.
    pub name: String,
    /// The members, at most 64, each with the role Approver; without members there is no group.
    pub members: Vec<Principal>,
}

/// A record that several people may write, with the version that a call may expect.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Versioned<T> {
    /// The number of changes that ever took effect, for `expected_version`; 0 before the first.
    pub version: u64,
    /// The record.
    pub value: T,
}

/// The worth of an asset in the unit of account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Rate {
    /// The asset.
    pub asset: Asset,
    /// The worth of `per` base units, in millionths of the unit of account.
    pub value: u64,
    /// The number of base units, usually those of one whole KAS or SOL; at most 10^18.
    pub per: u64,
    /// The end of the rate's validity, at most 7 days ahead, in nanoseconds since the epoch.
    pub expires_at: u64,
}

/// A rate that is set, as lists show it; units and ranges are those of [`Rate`].
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct AssetRate {
    /// The asset.
    pub asset: Named<Asset>,
    /// The worth of `per` base units, in millionths of the unit of account.
    pub value: u64,
    /// The number of base units.
    pub per: u64,
    /// The end of the rate's validity, in nanoseconds since the epoch.
    pub expires_at: u64,
}

/// A change of a wallet other than of its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum WalletChange {
    /// The wallet takes new transfers again.
    Activate,
    /// The wallet takes no new transfers.
    Deactivate,
    /// The wallet becomes the first of its owner's wallets.
    MakePrimary,
    /// The wallet gets another owner.
    Owner(Principal),
    /// The wallet gets another parent, whose policy binds it too, or none.
    Parent(Option<u64>),
}

/// A change as it is proposed.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub enum Action {
    /// The call `set_policy`.
    SetPolicy {
        /// The scope of the policy.
        scope: Scope,
        /// The version that is replaced; 0 for none.
        replaces: u64,
        /// The policy's name, for people.
        name: Option<String>,
        /// The new rules.
        rules: Vec<PolicyRule>,
    },
    /// The call `grant_role`.
    GrantRole {
        /// The principal.
        member: Principal,
        /// The role.
        role: Role,
    },
    /// The call `revoke_role`.
    RevokeRole {
        /// The principal.
        member: Principal,
        /// The role.
        role: Role,
    },
    /// The call `add_agent`.
    AddAgent {
        /// The wallet.
        wallet_id: u64,
        /// The agent.
        agent: Principal,
        /// The agent's label.
        label: Option<String>,
    },
    /// The call `set_group`.
    SetGroup(Group),
    /// The call `set_rate`.
    SetRate(Rate),
    /// The call `set_settings`, with every setting that would be in force.
    SetSettings(Settings),
    /// The call `end_emergency`.
    EndEmergency {
        /// The reason.
        reason: String,
    },
    /// The call `change_wallet`.
    ChangeWallet {
        /// The wallet.
        wallet_id: u64,
        /// The change.
        change: WalletChange,
    },
    /// The call `resolve_quarantine`.
    ResolveQuarantine(ResolveQuarantineArgs),
    /// The call `remove_principal`.
    RemovePrincipal {
        /// The principal.
        member: Principal,
    },
    /// The call `set_audit_settings`.
    SetAuditSettings(AuditSettings),
    /// The call `recover_admins`.
    RecoverAdmins {
        /// The principals who become admins.
        admins: Vec<Principal>,
    },
}

name_variants!(Action {
    SetPolicy,
    GrantRole,
    RevokeRole,
    AddAgent,
    SetGroup,
    SetRate,
    SetSettings,
    EndEmergency,
    ChangeWallet,
    ResolveQuarantine,
    RemovePrincipal,
    SetAuditSettings,
    RecoverAdmins,
});

plain_enum! {
    /// The outcome of a proposal.
    pub enum ProposalOutcome = purser_core::governance::ProposalOutcome {
        /// The change took effect.
        Executed,
        /// The proposer or a guardian stopped it.
        Cancelled,
        /// The quorum was not reached in time.
        Expired,
        /// The state that it would have changed had changed meanwhile, or its quorum no longer stood.
        Stale,
    }
}

/// A change that waits for other admins, or waited; times are in nanoseconds since the epoch.
#[derive(Clone, Debug, PartialEq, Eq, CandidType, Serialize, Deserialize)]
pub struct Proposal {
    /// The proposal's number, never reused.
    pub id: u64,
    /// The change.
    pub action: Named<Action>,
    /// The admin who proposed it.
    pub proposer: Principal,
    /// The time of the proposal.
    pub made_at: u64,
    /// The end of the time to reach the quorum.
    pub expires_at: u64,
    /// The admins who agree, the proposer first.
    pub approved_by: Vec<Principal>,
    /// The time at which the change takes effect, once the quorum is reached.
    pub ready_at: Option<u64>,
    /// The outcome; absent while the proposal is open.
    pub outcome: Option<Named<ProposalOutcome>>,
}
