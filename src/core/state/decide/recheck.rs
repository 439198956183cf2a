//! Recheck of an allowed transfer before it is built, and before an approval lets it go on.

use super::rejection::{SESSION_OVER, first_denial};
use crate::access::SessionEnd;
use crate::base::{SessionId, Timestamp, TransferId, WalletId};
use crate::policy::{ApprovalDemand, Decision, Evaluation, Finding, Mode, ReasonCode, RuleKind, Scope};
use crate::state::State;
use crate::state::evaluation::{ApplicablePolicies, EvaluationContext};
use crate::state::reservations::ReservationAdjustment;
use crate::transfer::{Status, Transfer};
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeMap;

/// The most transfers of other wallets under the same limits that one recheck reads.
///
/// The reservations of the others count, so that too few transfers move rather than too many.
const MAX_SCANNED: usize = 500;

/// The result of a recheck.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// The transfer may be built.
    Passed,
    /// The transfer waits for another mode of operation, for this reason.
    Deferred(String),
    /// The transfer is not allowed any more, for this reason.
    Denied(ReasonCode, String),
}

impl<M: Memory> State<M> {
    /// Rechecks whether a transfer may be built now.
    ///
    /// The allowlist entry may have expired, the active hours be over, limits be reduced, or agent, session or wallet be gone. A transfer
    /// that only the mode denies is deferred until the mode changes. After it is built, a transfer runs its course.
    pub fn recheck(&self, id: TransferId, now: Timestamp) -> Recheck {
        self.tables.transfer(id).map_or(Recheck::Passed, |transfer| self.recheck_transfer(&transfer, now))
    }

    fn recheck_transfer(&self, transfer: &Transfer, now: Timestamp) -> Recheck {
        let mode = self.mode();
        let Some(denial) = self.recheck_in_mode(mode, transfer, now) else { return Recheck::Passed };
        let (code, why) = first_denial(&denial);
        match mode {
            Mode::Normal => Recheck::Denied(code, why),
            Mode::Limited { .. } | Mode::Emergency { .. } => match self.recheck_in_mode(Mode::Normal, transfer, now) {
                None => Recheck::Deferred(why),
                Some(denial) => {
                    let (code, why) = first_denial(&denial);
                    Recheck::Denied(code, why)
                }
            },
        }
    }

    /// Returns a note for an allowed transfer that waits for the end of limited operation.
    ///
    /// Nothing in the record of the transfer tells it.
    pub fn wait_reason(&self, id: TransferId, now: Timestamp) -> Option<String> {
        let Mode::Limited { .. } = self.mode() else { return None };
        let transfer = self.tables.transfer(id).filter(|transfer| transfer.status.awaits_build())?;
        match self.recheck_transfer(&transfer, now) {
            Recheck::Deferred(why) => Some(format!("waits: {why}")),
            Recheck::Passed | Recheck::Denied(..) => None,
        }
    }

    /// Returns the evaluation that denies a transfer in the current mode; `None` when it is still allowed.
    ///
    /// The transfer is read anew, because its record may have changed since the caller read it.
    pub(in crate::state) fn recheck_denial(&self, id: TransferId, now: Timestamp) -> Option<Evaluation> {
        self.recheck_in_mode(self.mode(), &self.tables.transfer(id)?, now)
    }

    fn recheck_in_mode(&self, mode: Mode, transfer: &Transfer, now: Timestamp) -> Option<Evaluation> {
        let now = self.monotonic_now(now);
        if let Some(finding) = self.invalid_state(transfer, now) {
            let policy_version = self.policy(transfer.request.wallet).map_or(0, |policy| policy.version);
            let (findings, approvals) = (vec![finding], Vec::new());
            return Some(Evaluation { decision: Decision::Deny, policy_version, findings, approvals });
        }
        // No policy is evaluated for an operation on a nonce account.
        if transfer.request.is_operation() {
            return None;
        }
        let applicable = self.applicable_policies(transfer.agent, &transfer.request);
        let mut evaluation = self.evaluate_queued(mode, transfer, &applicable, now);
        if evaluation.decision != Decision::Deny
            && let Some(finding) = self.missing_approval_since(transfer, &applicable, now)
        {
            evaluation.decision = Decision::Deny;
            evaluation.findings.push(finding);
        }
        (evaluation.decision == Decision::Deny).then_some(evaluation)
    }

    /// Returns the denial of the next attempt of an expired transfer for which an approval is demanded that it does not have.
    ///
    /// A policy may have come to demand one while the last attempt could still land, when the transfer could not be cancelled. A demand
    /// that was met before stays met.
    fn missing_approval_since(&self, transfer: &Transfer, applicable: &ApplicablePolicies, now: Timestamp) -> Option<Finding> {
        if transfer.status != Status::Expired {
            return None;
        }
        let mut adjustment = ReservationAdjustment::without([&transfer.reservations]);
        let queue = self.queue_around(transfer, applicable);
        queue.iter().filter(|other| other.id > transfer.id).for_each(|other| adjustment.exclude(&other.reservations));
        let context = EvaluationContext { agent: transfer.agent, now, adjustment: &adjustment, is_recheck: true };
        let demands = match self.approval_demands(applicable, &transfer.request, context) {
            Ok(demands) => demands,
            Err(finding) => return Some(*finding),
        };
        let was_met = |demand: &ApprovalDemand| {
            let asked = transfer.approval.as_ref().is_some_and(|approval| approval.demands.contains(demand));
            asked || self.has_met(transfer, demand)
        };
        let missing = demands.into_iter().find(|demand| !was_met(demand))?;
        let message = format!("{} of the group {} would have to approve it; ask for it again", missing.quorum, missing.group);
        Some(Finding::denied(RuleKind::Approval, ReasonCode::ApprovalRequired, message))
    }

    /// Returns the denial of a transfer by a condition that holds before any policy: status, wallet, agent or session.
    fn invalid_state(&self, transfer: &Transfer, now: Timestamp) -> Option<Finding> {
        let request = &transfer.request;
        if transfer.status.is_terminal() {
            return Some(Finding::denied(RuleKind::Policy, ReasonCode::PolicyDenied, "the transfer has ended"));
        }
        if transfer.is_revocation() {
            return None;
        }
        if request.is_operation() {
            let message = "the wallet, or one above it, is deactivated; no nonce account is created for it";
            let is_active = self.applicable_policies(transfer.agent, request).wallet_active;
            return (!is_active).then(|| Finding::denied(RuleKind::Wallet, ReasonCode::WalletDraining, message));
        }
        // Admins and the canister itself may request consolidations, and are no agents.
        if !request.is_consolidation() && !self.is_agent(request.wallet, &transfer.agent) {
            let message = "the agent who asked for it was removed from the wallet";
            return Some(Finding::denied(RuleKind::Policy, ReasonCode::AgentRemoved, message));
        }
        let session = request.session.and_then(|id| self.tables.session(id))?;
        if matches!(session.ended, Some(SessionEnd::Revoked | SessionEnd::EndedByParent)) {
            return Some(Finding::denied(RuleKind::Session, ReasonCode::SessionClosed, "its session was closed"));
        }
        // A transfer that was allowed in time goes on after its session has expired; one that was not approved by then does not.
        if transfer.status == Status::AwaitingApproval && !session.is_open(now) {
            return Some(Finding::denied(RuleKind::Session, ReasonCode::ApprovalTimeout, SESSION_OVER));
        }
        None
    }

    /// Evaluates a transfer at its place in the queue.
    ///
    /// Mostly it fits beside all reservations. When it does not, the reservations behind it in the queue do not count, nor do those
    /// before it that do not fit themselves. So after a reduction of limits, the oldest transfers that fit move, and not none at all.
    fn evaluate_queued(&self, mode: Mode, transfer: &Transfer, applicable: &ApplicablePolicies, now: Timestamp) -> Evaluation {
        let evaluate = |of: &Transfer, applicable: &ApplicablePolicies, adjustment: &ReservationAdjustment| {
            let context = EvaluationContext { agent: of.agent, now, adjustment, is_recheck: true };
            self.evaluate_request_in_mode(mode, applicable, &of.request, context)
        };
        let mut adjustment = ReservationAdjustment::without([&transfer.reservations]);
        let evaluation = evaluate(transfer, applicable, &adjustment);
        if evaluation.decision != Decision::Deny {
            return evaluation;
        }
        let queue = self.queue_around(transfer, applicable);
        queue.iter().for_each(|other| adjustment.exclude(&other.reservations));
        let alone = evaluate(transfer, applicable, &adjustment);
        if alone.decision == Decision::Deny || queue.is_empty() {
            return alone;
        }
        // The policies are the same for all requests of one agent in one wallet and session.
        let mut applicable_by_agent: BTreeMap<(WalletId, Principal, Option<SessionId>), ApplicablePolicies> = BTreeMap::new();
        for other in queue.iter().filter(|other| other.id < transfer.id) {
            let key = (other.request.wallet, other.agent, other.request.session);
            let applicable =
                applicable_by_agent.entry(key).or_insert_with(|| self.applicable_policies(other.agent, &other.request));
            if evaluate(other, applicable, &adjustment).decision != Decision::Deny {
                adjustment.count(&other.reservations);
            }
        }
        evaluate(transfer, applicable, &adjustment)
    }

    /// Returns the other transfers under the same limits that are reserved and not built, oldest first.
    fn queue_around(&self, transfer: &Transfer, applicable: &ApplicablePolicies) -> Vec<Transfer> {
        let own = transfer.request.wallet;
        let limited = applicable.policies.iter().filter(|scoped| scoped.policy.is_some() && scoped.scope != Scope::Wallet(own));
        let shared: Vec<Scope> = limited.map(|scoped| scoped.scope).collect();
        let elsewhere = if shared.is_empty() {
            Vec::new()
        } else {
            self.active_ids_where(|scopes| scopes.iter().any(|scope| shared.contains(scope)))
        };
        let mut elsewhere: Vec<TransferId> = elsewhere.into_iter().filter(|(wallet, _)| *wallet != own).map(|(_, id)| id).collect();
        elsewhere.sort_unstable();
        let elsewhere = elsewhere.into_iter().take(MAX_SCANNED).filter_map(|id| self.tables.transfer(id));
        let is_queued = |other: &Transfer| {
            let unbuilt = other.status.awaits_build() || other.status == Status::AwaitingApproval;
            unbuilt && other.id != transfer.id && !other.request.is_operation()
        };
        let mut queue: Vec<Transfer> = self.active_transfers_of(own).into_iter().chain(elsewhere).filter(is_queued).collect();
        queue.sort_unstable_by_key(|other| other.id);
        queue
    }
}
