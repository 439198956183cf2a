//! Effects of events on the tables.
//!
//! This is frozen history: a replay applies the events of every earlier version. So it asserts structure, and never asks whether a rule
//! would allow the event today.

mod access;
mod policies;
mod transfers;
mod wallets;

use super::tables::Head;
use super::{State, VersionedRecord};
use crate::base::{BlockIndex, Timestamp};
use crate::event::{Event, LogPruned};
use crate::governance::config::Config;
use crate::governance::retention::{Archive, AuditSettings, Retention};
use crate::policy::Mode;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Applies one event.
    pub(super) fn apply(&mut self, event: &Event, at: Timestamp) {
        // No wildcard: a new event must not be left without an effect by accident.
        match event {
            Event::Initialised(config) => self.apply_initialised(config),
            Event::Upgraded(upgrade) => self.apply_config(upgrade.config.as_deref()),
            Event::KeysRegistered(keys) => self.tables.set_keys(keys),
            Event::RoleGranted(change) => self.grant_role(change.principal, change.role),
            Event::RoleRevoked(change) => self.revoke_role(change.principal, change.role),
            Event::AgentAdded(added) => self.apply_agent_added(added, at),
            Event::AgentLabelled(labelled) => self.apply_agent_labelled(labelled),
            Event::AgentRemoved(change) => self.tables.remove_agent(change.wallet, change.agent),
            Event::WalletCreated(wallet) => self.apply_wallet_created(wallet),
            Event::WalletChanged(changed) => self.apply_wallet_changed(changed),
            Event::PolicySet(set) => self.apply_policy_set(set, at),
            Event::ModeChanged(change) => self.apply_mode(change.mode),
            Event::SettingsChanged(settings) => self.apply_settings(settings),
            Event::GroupSet(group) => self.apply_group(group),
            Event::RateSet(rate) => self.tables.set_rate(rate),
            Event::SessionOpened(opened) => self.apply_session_opened(opened, at),
            Event::SessionClosed(closed) => self.apply_session_closed(closed),
            Event::ProposalMade(proposal) => self.apply_proposal_made(proposal),
            Event::ProposalApproved(approved) => self.apply_proposal_approved(approved, at),
            Event::ProposalReady(ready) => self.apply_proposal_ready(ready, at),
            Event::ProposalApprovalWithdrawn(withdrawn) => self.apply_approval_withdrawn(withdrawn),
            Event::ProposalClosed(closed) => self.apply_proposal_closed(closed),
            Event::BreakerOpened(opened) => self.apply_breaker_opened(opened),
            Event::ChainBreakerOpened(opened) => self.tables.set_chain_breaker(opened.chain, opened.until),
            // Both are for readers of the log alone.
            Event::DenialsAggregated(_) | Event::ClientSeen(_) => {}
            Event::TransferDenied(denied) => self.apply_denied(denied, at),
            Event::TransferReserved(reserved) => self.apply_reserved(reserved, at),
            Event::ApprovalGiven(given) => self.apply_approval_given(given, at),
            Event::TransferApproved(step) => self.apply_approved(step, at),
            Event::TransferRejected(rejected) => self.apply_rejected(rejected, at),
            Event::TransferBuilt(built) => self.apply_built(built, at),
            Event::TransferSigned(signed) => self.apply_signed(signed, at),
            Event::TransferSubmitted(step) => self.apply_submitted(step.id, at),
            Event::TransferConfirmed(confirmed) => self.apply_confirmed(confirmed, at),
            Event::TransferFailed(failed) => self.apply_failed(failed, at),
            Event::TransferCancelled(cancelled) => self.apply_cancelled(cancelled, at),
            Event::TransferExpired(expired) => self.apply_expired(expired, at),
            Event::TransferQuarantined(quarantined) => self.apply_quarantined(quarantined, at),
            Event::Chain(event) => self.apply_chain(event, at),
            Event::AuditConfigured(settings) => self.apply_audit_settings(*settings),
            Event::StateCheckpointed(_) => self.update_retention(|retention| retention.checkpointed_at = Some(at)),
            Event::ArchiveConfirmed(archive) => self.apply_archive(archive),
            Event::LogPruned(pruned) => self.apply_pruned(pruned),
        }
    }

    fn apply_config(&mut self, config: Option<&Config>) {
        if let Some(config) = config {
            self.tables.set_config(config);
        }
    }

    fn apply_mode(&mut self, mode: Mode) {
        self.tables.set_head(Head { mode, ..self.tables.head() });
    }

    fn apply_audit_settings(&mut self, settings: AuditSettings) {
        self.update_retention(|retention| retention.settings = settings);
        self.tables.count_version(&VersionedRecord::AuditSettings);
    }

    fn update_retention(&mut self, change: impl FnOnce(&mut Retention)) {
        let mut retention = self.tables.retention();
        change(&mut retention);
        self.tables.set_retention(&retention);
    }

    fn apply_archive(&mut self, archive: &Archive) {
        self.tables.add_archive(archive);
        self.update_retention(|retention| retention.archived = archive.last.next());
    }

    fn apply_pruned(&mut self, pruned: &LogPruned) {
        let first = self.tables.log.first().get();
        for index in (first..pruned.first.get()).map(BlockIndex::new) {
            self.tables.unindex_block(index);
        }
        self.tables.log.prune(pruned.first, pruned.hash);
        self.update_retention(|retention| retention.kept = pruned.first);
    }
}
