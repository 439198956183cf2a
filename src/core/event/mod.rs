//! Events of the log.
//!
//! An event that was released is frozen: the log of every installation contains it. Optional fields and variants may be added, and
//! nothing may be renamed or removed.

mod payload;
mod subject;

pub use payload::*;
pub use subject::Subject;

use crate::access::{AgentChange, LabelledAgent, RoleChange};
use crate::chains::registry::ChainEvent;
use crate::governance::config::Config;
use crate::governance::retention::{Archive, AuditSettings};
use crate::governance::settings::Settings;
use crate::governance::{Group, Proposal, Rate};
use crate::wallet::{RootKeys, Wallet};
use serde::{Deserialize, Serialize};

/// An event. [`crate::state::State::commit`] applies it to the state and appends it to the log in one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The canister was installed.
    Initialised(Box<Config>),
    /// A new module took over the state.
    Upgraded(Upgraded),
    /// The canister's root public keys were fetched.
    KeysRegistered(RootKeys),
    /// A role was granted.
    RoleGranted(RoleChange),
    /// A role was revoked.
    RoleRevoked(RoleChange),
    /// An agent was added to a wallet, and may ask for transfers from it.
    AgentAdded(LabelledAgent),
    /// An agent of a wallet got another label.
    AgentLabelled(LabelledAgent),
    /// An agent was removed from a wallet.
    AgentRemoved(AgentChange),
    /// A wallet was created.
    WalletCreated(Wallet),
    /// A scope's policy was set, replaced or removed.
    PolicySet(PolicySet),
    /// The mode changed.
    ModeChanged(ModeChanged),
    /// A request was denied; nothing was reserved.
    TransferDenied(Box<TransferDenied>),
    /// A request was allowed, and its amount and fee cap were reserved.
    TransferReserved(Box<TransferReserved>),
    /// The bytes to sign were recorded.
    TransferBuilt(TransferBuilt),
    /// The signed bytes were recorded.
    TransferSigned(TransferSigned),
    /// The signed bytes are about to leave the canister.
    TransferSubmitted(TransferTransition),
    /// The transfer landed and is final; the amount and the paid fee are posted, the rest is released.
    TransferConfirmed(TransferConfirmed),
    /// The transfer ended without moving the amount; the paid fee is posted, the rest is released.
    TransferFailed(TransferFailed),
    /// The transfer was ended before signed bytes of it could land; the reservation is released.
    TransferCancelled(TransferStopped),
    /// The current attempt is proven dead.
    TransferExpired(TransferStopped),
    /// The transfer was quarantined until admins end it.
    TransferQuarantined(TransferStopped),
    /// A member of an asked group approved a transfer.
    ApprovalGiven(ApprovalGiven),
    /// The approval is complete: every quorum is reached and the time lock over, and the transfer goes on.
    TransferApproved(TransferTransition),
    /// A transfer that waited for approval was rejected; the reservation is released.
    TransferRejected(TransferStopped),
    /// Denials of one agent that share one block of the log.
    DenialsAggregated(DenialsAggregated),
    /// An agent's circuit breaker opened.
    BreakerOpened(BreakerOpened),
    /// A chain's circuit breaker opened.
    ChainBreakerOpened(ChainBreakerOpened),
    /// A session was opened.
    SessionOpened(SessionOpened),
    /// A session was closed, or its expiry recorded.
    SessionClosed(SessionClosed),
    /// The members of a group were set; a group without members is removed.
    GroupSet(Group),
    /// The rate of an asset was set.
    RateSet(Rate),
    /// The settings were replaced.
    SettingsChanged(Box<Settings>),
    /// A wallet was changed other than in its policy.
    WalletChanged(WalletChanged),
    /// A proposal was made, and waits for its quorum or its time lock.
    ProposalMade(Box<Proposal>),
    /// Another admin approved a proposal.
    ProposalApproved(ProposalApproved),
    /// A proposal has its quorum because the quorum became smaller, and waits for its time lock.
    ProposalReady(ProposalReady),
    /// An approval of a proposal is void, because who gave it is no admin any more.
    ProposalApprovalWithdrawn(ProposalApprovalWithdrawn),
    /// A proposal was executed, cancelled, expired or became stale.
    ProposalClosed(ProposalClosed),
    /// A principal reported its client; address and device are recorded as keyed hashes.
    ClientSeen(ClientSeen),
    /// An event that only one chain has. Its block is named after the chain.
    Chain(ChainEvent),
    // Audit: settings, checkpoints, retention, recovery.
    /// The retention and the capacity of the log were set.
    AuditConfigured(AuditSettings),
    /// The digest of the state was recomputed from all tables and recorded.
    StateCheckpointed(StateCheckpoint),
    /// An auditor confirmed an archive of the log up to a block.
    ArchiveConfirmed(Archive),
    /// The oldest blocks, which are archived, were pruned.
    LogPruned(LogPruned),
}

impl Event {
    /// The name of [`Event::Chain`], in whose place the log has that of the chain.
    pub const CHAIN: &'static str = "chain";
    /// The names of the chains, as they appear in the log.
    pub const CHAIN_NAMES: [&'static str; ChainEvent::NAMES.len()] = ChainEvent::NAMES;

    /// The name of every variant, as it is encoded.
    pub const NAMES: [&'static str; 44] = [
        "initialised",
        "upgraded",
        "keys_registered",
        "role_granted",
        "role_revoked",
        "agent_added",
        "agent_labelled",
        "agent_removed",
        "wallet_created",
        "policy_set",
        "mode_changed",
        "transfer_denied",
        "transfer_reserved",
        "transfer_built",
        "transfer_signed",
        "transfer_submitted",
        "transfer_confirmed",
        "transfer_failed",
        "transfer_cancelled",
        "transfer_expired",
        "transfer_quarantined",
        "approval_given",
        "transfer_approved",
        "transfer_rejected",
        "denials_aggregated",
        "breaker_opened",
        "chain_breaker_opened",
        "session_opened",
        "session_closed",
        "group_set",
        "rate_set",
        "settings_changed",
        "wallet_changed",
        "proposal_made",
        "proposal_approved",
        "proposal_ready",
        "proposal_approval_withdrawn",
        "proposal_closed",
        "client_seen",
        Self::CHAIN,
        "audit_configured",
        "state_checkpointed",
        "archive_confirmed",
        "log_pruned",
    ];
}
