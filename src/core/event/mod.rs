//! Everything that can happen. An event, once shipped, is frozen history: fields may be added as options, variants may be added,
//! nothing is renamed or removed.

mod payload;
mod subject;

pub use payload::*;
pub use subject::Subject;

use crate::access::{AgentChange, RoleChange};
use crate::governance::config::Config;
use crate::governance::retention::{Archive, AuditSettings};
use crate::governance::settings::Settings;
use crate::governance::{Group, Proposal, Rate};
use crate::transfer::solana::SolanaEvent;
use crate::wallet::{RootKeys, Wallet};
use serde::{Deserialize, Serialize};

/// One thing that happened. [`crate::state::State::commit`] applies it and appends it to the log in the same message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The canister was installed.
    Initialised(Box<Config>),
    /// A new module took over this state.
    Upgraded(Upgraded),
    /// The canister's root public keys became known.
    KeysRegistered(RootKeys),
    /// A role was given.
    RoleGranted(RoleChange),
    /// A role was taken.
    RoleRevoked(RoleChange),
    /// An agent may ask for transfers from a wallet.
    AgentAdded(AgentChange),
    /// An agent may no longer.
    AgentRemoved(AgentChange),
    /// A wallet came into being.
    WalletCreated(Wallet),
    /// A wallet's policy was replaced.
    PolicySet(PolicySet),
    /// The mode changed.
    ModeChanged(ModeChanged),
    /// A request was refused; nothing was reserved.
    TransferDenied(Box<TransferDenied>),
    /// A request was allowed and its money reserved.
    TransferReserved(Box<TransferReserved>),
    /// The bytes to sign are recorded.
    TransferBuilt(TransferBuilt),
    /// The signed bytes are recorded.
    TransferSigned(TransferSigned),
    /// The signed bytes are about to leave the canister.
    TransferSubmitted(TransferTransition),
    /// The height after which the current attempt cannot land is known.
    TransferDeadlineSet(TransferDeadline),
    /// The transfer is final on its chain; the amount and the fee paid are posted, the rest is released.
    TransferConfirmed(TransferSettled),
    /// The transfer ended without moving the amount; the fee, if any, is posted.
    TransferFailed(TransferSettled),
    /// The transfer was ended before anything left the canister; the reservation is void.
    TransferCancelled(TransferTransition),
    /// The current attempt provably cannot land.
    TransferExpired(TransferTransition),
    /// The transfer is left alone until admins have looked.
    TransferQuarantined(TransferTransition),
    /// Somebody whose word counts agreed to a transfer.
    ApprovalGiven(ApprovalGiven),
    /// Every quorum is reached and every time lock over: the transfer is reserved like one that needed no approval.
    TransferApproved(TransferTransition),
    /// A transfer that waited for approval will not happen; the reservation is void.
    TransferRejected(TransferRejected),
    /// Denials of one agent that were not worth an entry each.
    DenialsAggregated(DenialsAggregated),
    /// An agent's circuit breaker opened.
    BreakerOpened(BreakerOpened),
    /// A chain's circuit breaker opened.
    ChainBreakerOpened(ChainBreakerOpened),
    /// A session began.
    SessionOpened(SessionOpened),
    /// A session ended.
    SessionClosed(SessionClosed),
    /// A group's members are these from now on; without members there is no such group.
    GroupSet(Group),
    /// An asset is worth this from now on.
    RateSet(Rate),
    /// The canister's settings are these from now on.
    SettingsChanged(Box<Settings>),
    /// A wallet changed beside its policy.
    WalletChanged(WalletChanged),
    /// A change waits for its quorum or its time lock.
    ProposalMade(Box<Proposal>),
    /// Another admin agreed to it.
    ProposalApproved(ProposalApproved),
    /// It waits no more.
    ProposalClosed(ProposalClosed),
    /// Somebody's client was seen, by keyed hashes of what it said about itself.
    ClientSeen(ClientSeen),
    /// Something that only happens on Solana.
    Solana(SolanaEvent),
    // Audit: settings, checkpoints, retention, recovery.
    /// How long the log is kept and how large it may become.
    AuditConfigured(AuditSettings),
    /// What the state was, as recomputed from all tables.
    StateCheckpointed(StateCheckpoint),
    /// An auditor holds a copy of the log up to a block.
    ArchiveConfirmed(Archive),
    /// The oldest blocks, of which a copy is confirmed, were given up.
    LogPruned(LogPruned),
    // Kaspa.
    /// Some inputs of the transaction that is being signed have their signatures; others are still to be asked for.
    TransferInputsSigned(TransferInputsSigned),
    /// The bytes of a transaction that is to replace a submitted one are recorded. It spends the same inputs.
    TransferReplacementBuilt(TransferBuilt),
    /// The replacement is signed and about to leave the canister; the one before it may still land instead.
    TransferReplacementSigned(TransferSigned),
    /// A transaction that was replaced landed after all, instead of its replacement.
    TransferSupersededLanded(TransferSupersededLanded),
}

impl Event {
    /// The name of every variant, as it appears in the log.
    pub const NAMES: [&'static str; 46] = [
        "initialised",
        "upgraded",
        "keys_registered",
        "role_granted",
        "role_revoked",
        "agent_added",
        "agent_removed",
        "wallet_created",
        "policy_set",
        "mode_changed",
        "transfer_denied",
        "transfer_reserved",
        "transfer_built",
        "transfer_signed",
        "transfer_submitted",
        "transfer_deadline_set",
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
        "proposal_closed",
        "client_seen",
        "solana",
        "audit_configured",
        "state_checkpointed",
        "archive_confirmed",
        "log_pruned",
        "transfer_inputs_signed",
        "transfer_replacement_built",
        "transfer_replacement_signed",
        "transfer_superseded_landed",
    ];
}
