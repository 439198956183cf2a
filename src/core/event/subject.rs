//! Subjects of events and actions: the records that they are about, by which blocks are found.

use super::Event;
use crate::base::{ProposalId, SessionId, TransferId, WalletId};
use crate::chains::registry::ChainEvent;
use crate::governance::Action;
use crate::policy::Scope;

/// The subject of an event or an action.
///
/// An indirect subject is resolved when a block is indexed: a transfer and a session stand for their wallet, a proposal for the subject
/// of its action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The canister as a whole.
    Canister,
    /// A wallet.
    Wallet(WalletId),
    /// A request to a wallet, with its transfer when it was allowed.
    Request(WalletId, Option<TransferId>),
    /// A transfer.
    Transfer(TransferId),
    /// A session.
    Session(SessionId),
    /// A proposal.
    Proposal(ProposalId),
}

impl Event {
    /// Returns the subject of the event.
    pub const fn subject(&self) -> Subject {
        // No wildcard: a new event must not be left out of the indices.
        match self {
            Self::AgentAdded(change) | Self::AgentLabelled(change) => Subject::Wallet(change.wallet),
            Self::AgentRemoved(change) => Subject::Wallet(change.wallet),
            Self::WalletCreated(created) => Subject::Wallet(created.id),
            Self::WalletChanged(changed) => Subject::Wallet(changed.wallet),
            Self::PolicySet(set) => scope_subject(&set.scope),
            Self::DenialsAggregated(denials) => Subject::Wallet(denials.wallet),
            Self::BreakerOpened(opened) => Subject::Wallet(opened.wallet),
            Self::SessionOpened(opened) => Subject::Session(opened.session.id),
            Self::SessionClosed(closed) => Subject::Session(closed.id),
            Self::ClientSeen(seen) => wallet_subject(seen.wallet),
            Self::TransferDenied(denied) => Subject::Request(denied.request.wallet, None),
            Self::TransferReserved(reserved) => Subject::Request(reserved.request.wallet, Some(reserved.id)),
            Self::ApprovalGiven(given) => Subject::Transfer(given.id),
            Self::TransferBuilt(built) => Subject::Transfer(built.id),
            Self::TransferSigned(signed) => Subject::Transfer(signed.id),
            Self::TransferConfirmed(confirmed) => Subject::Transfer(confirmed.id),
            Self::TransferFailed(failed) => Subject::Transfer(failed.id),
            Self::TransferApproved(step) | Self::TransferSubmitted(step) => Subject::Transfer(step.id),
            Self::TransferRejected(stopped)
            | Self::TransferCancelled(stopped)
            | Self::TransferExpired(stopped)
            | Self::TransferQuarantined(stopped) => Subject::Transfer(stopped.id),
            Self::Chain(event) => chain_subject(event),
            Self::ProposalMade(proposal) => Subject::Proposal(proposal.id),
            Self::ProposalApproved(approved) => Subject::Proposal(approved.id),
            Self::ProposalReady(ready) => Subject::Proposal(ready.id),
            Self::ProposalApprovalWithdrawn(withdrawn) => Subject::Proposal(withdrawn.id),
            Self::ProposalClosed(closed) => Subject::Proposal(closed.id),
            Self::Initialised(_)
            | Self::Upgraded(_)
            | Self::KeysRegistered(_)
            | Self::RoleGranted(_)
            | Self::RoleRevoked(_)
            | Self::ModeChanged(_)
            | Self::ChainBreakerOpened(_)
            | Self::GroupSet(_)
            | Self::RateSet(_)
            | Self::SettingsChanged(_)
            | Self::AuditConfigured(_)
            | Self::StateCheckpointed(_)
            | Self::ArchiveConfirmed(_)
            | Self::LogPruned(_) => Subject::Canister,
        }
    }
}

impl Action {
    /// Returns the subject of the action, which is never a proposal.
    pub const fn subject(&self) -> Subject {
        match self {
            Self::SetPolicy(change) => scope_subject(&change.scope),
            Self::AddAgent(change) => Subject::Wallet(change.wallet),
            Self::ChangeWallet { wallet, .. } => Subject::Wallet(*wallet),
            Self::ResolveQuarantine(end) => Subject::Transfer(end.transfer),
            Self::GrantRole(_)
            | Self::RevokeRole(_)
            | Self::SetGroup(_)
            | Self::SetRate(_)
            | Self::ChangeSettings(_)
            | Self::ConfigureAudit(_)
            | Self::EndEmergency { .. }
            | Self::RemovePrincipal(_)
            | Self::RecoverAdmins(_) => Subject::Canister,
        }
    }
}

const fn scope_subject(scope: &Scope) -> Subject {
    match scope {
        Scope::Wallet(wallet) | Scope::Agent { wallet, .. } => Subject::Wallet(*wallet),
        Scope::Session(session) => Subject::Session(*session),
        Scope::User(_) => Subject::Canister,
    }
}

const fn chain_subject(event: &ChainEvent) -> Subject {
    match event.transfer() {
        Some(transfer) => Subject::Transfer(transfer),
        None => wallet_subject(event.wallet()),
    }
}

const fn wallet_subject(wallet: Option<WalletId>) -> Subject {
    match wallet {
        Some(wallet) => Subject::Wallet(wallet),
        None => Subject::Canister,
    }
}
