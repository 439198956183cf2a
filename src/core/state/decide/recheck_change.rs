//! Recheck of transfers under way when a policy, an owner or a parent changes.
//!
//! A transfer is evaluated beside the reservations of older ones and of those that may land already, but not of those that wait behind
//! it in the queue. So when several do not fit together any more, the oldest that fit stay.

use super::cancel::cancelled;
use super::rejection::rejected;
use super::spending_history::SpendingHistory;
use crate::base::Timestamp;
use crate::event::Event;
use crate::policy::{
    CounterKey, Decision, Finding, Mode, Policy, ReasonCode, Reservation, Reservations, ReservationsMoved, Scope, ScopedPolicy,
};
use crate::state::evaluation::{ApplicablePolicies, EvaluationContext};
use crate::state::refusal::invalid;
use crate::state::reservations::ReservationAdjustment;
use crate::state::{Refusal, State};
use crate::transfer::{Status, Transfer};
use crate::wallet::Wallet;
use ic_stable_structures::Memory;
use std::rc::Rc;

/// The most transfers under way that one change of an owner or a parent rechecks and moves to other scopes.
///
/// Five wallets with the most active transfers have as many. A change with more is refused.
pub const MAX_RECHECKED_TRANSFERS: usize = 500;

/// A change that is being decided.
#[derive(Clone, Copy)]
pub(super) enum ProposedChange<'a> {
    /// A scope gets this policy, against whose limits this earlier spending counts.
    Policy(Scope, &'a Policy, &'a SpendingHistory),
    /// A wallet becomes this, with another owner or parent.
    Wallet(&'a Wallet),
}

impl ProposedChange<'_> {
    /// Returns the note of a transfer that waits for approval and is rejected by the change.
    const fn outdated_note(self) -> &'static str {
        match self {
            Self::Policy(..) => "the policy it was asked under changed",
            Self::Wallet(_) => "other policies bind its wallet now",
        }
    }

    /// Returns the note of a transfer that the change denies.
    fn denial_note(self, finding: Option<&Finding>) -> String {
        let why = finding.map_or("no rule lets it pass", |finding| &finding.message);
        match self {
            Self::Policy(scope, policy, _) => {
                format!("the new policy of {scope} (version {}) does not allow it: {why}", policy.version)
            }
            Self::Wallet(_) => format!("the policies that bind its wallet now do not allow it: {why}"),
        }
    }

    /// Returns the note of a transfer for which the change demands an approval.
    fn approval_note(self, approvers: &str) -> String {
        match self {
            Self::Policy(scope, policy, _) => {
                format!("the new policy of {scope} (version {}) wants {approvers} to approve it; ask for it again", policy.version)
            }
            Self::Wallet(_) => format!("the policies that bind its wallet now want {approvers} to approve it; ask for it again"),
        }
    }
}

/// The consequences of a change for the transfers under way.
#[derive(Default)]
pub(super) struct RecheckOutcome {
    /// The rejections and cancellations.
    pub ended: Vec<Event>,
    /// The reservations of the others that move to other scopes.
    pub moved: Vec<ReservationsMoved>,
}

impl<M: Memory> State<M> {
    /// Returns the end of the active transfers in a scope that a new policy denies or demands an approval for.
    pub(super) fn recheck_under_policy(
        &self,
        scope: Scope,
        policy: &Policy,
        prior: &SpendingHistory,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let active = self.active_transfers_in(scope).into_iter();
        let affected = active.map(|transfer| prior.with_added_reservations(transfer)).collect();
        Ok(self.recheck_affected(affected, ProposedChange::Policy(scope, policy, prior), now)?.ended)
    }

    /// Rechecks the affected transfers, oldest first, as they would be after a change.
    ///
    /// A transfer that waits for approval is rejected, because its approvers were asked under other policies. A transfer that can be
    /// cancelled is evaluated as if it were requested now in normal operation, and is cancelled when it is denied, or when an approval is
    /// demanded that it does not have. A transfer that stays counts in every scope that it falls into from now on. One that may land
    /// already also goes on counting in the scopes that allowed it.
    ///
    /// # Errors
    /// When a counter cannot hold the reservations of transfers that may land already.
    pub(super) fn recheck_affected(
        &self,
        affected: Vec<Transfer>,
        change: ProposedChange<'_>,
        now: Timestamp,
    ) -> Result<RecheckOutcome, Refusal> {
        let now = self.monotonic_now(now);
        let mut outcome = RecheckOutcome::default();
        let (mut adjustment, mut queue) = (ReservationAdjustment::default(), Vec::new());
        // First all that end or cannot be cancelled: the queue is then evaluated one by one beside what certainly stays.
        for transfer in affected {
            if transfer.status == Status::AwaitingApproval {
                outcome.ended.push(rejected(transfer.id, ReasonCode::ApprovalOutdated, change.outdated_note()));
                adjustment.exclude(&transfer.reservations);
            } else if transfer.status.may_become(Status::Cancelled) && !transfer.request.is_operation() {
                adjustment.exclude(&transfer.reservations);
                queue.push(transfer);
            } else if let ProposedChange::Wallet(_) = change {
                // No policy is evaluated for an operation on a nonce account, nor for a transfer that may land already.
                let begun = self.new_reservations(&transfer, &self.policies_under_change(&transfer, change), now);
                let begun = begun.filter(|begun| self.fits_counters(begun, &adjustment)).ok_or_else(counter_overflow)?;
                adjustment.count(&begun);
                outcome.moved.push(ReservationsMoved { id: transfer.id, ended: Reservations::default(), begun });
            }
        }
        for transfer in queue {
            match self.assess_under(&transfer, change, &adjustment, now) {
                Ok(moved) => {
                    let stays = |reservation: &&Reservation| !moved.ended.0.contains(reservation);
                    adjustment.count(&Reservations(transfer.reservations.0.iter().filter(stays).cloned().collect()));
                    adjustment.count(&moved.begun);
                    outcome.moved.push(moved);
                }
                Err((code, note)) => outcome.ended.push(cancelled(transfer.id, code, note)),
            }
        }
        outcome.moved.retain(|moved| !moved.begun.is_empty() || !moved.ended.is_empty());
        Ok(outcome)
    }

    /// Returns the reservations that a cancellable transfer moves under a change, or the reason for which it is cancelled.
    fn assess_under(
        &self,
        transfer: &Transfer,
        change: ProposedChange<'_>,
        adjustment: &ReservationAdjustment,
        now: Timestamp,
    ) -> Result<ReservationsMoved, (ReasonCode, String)> {
        let applicable = self.policies_under_change(transfer, change);
        let context = EvaluationContext { agent: transfer.agent, now, adjustment, is_recheck: true };
        let evaluation = self.evaluate_request_in_mode(Mode::Normal, &applicable, &transfer.request, context);
        if evaluation.decision == Decision::Deny {
            let denial = evaluation.denials().next();
            let code = denial.and_then(|denial| denial.code).unwrap_or(ReasonCode::PolicyDenied);
            return Err((code, change.denial_note(denial)));
        }
        if let Some(approvers) = self.missing_approval(transfer, change, &applicable, context) {
            return Err((ReasonCode::ApprovalRequired, change.approval_note(&approvers)));
        }
        if let ProposedChange::Policy(..) = change {
            return Ok(ReservationsMoved { id: transfer.id, ended: Reservations::default(), begun: Reservations::default() });
        }
        let begun = self.new_reservations(transfer, &applicable, now).filter(|begun| self.fits_counters(begun, adjustment));
        let begun = begun.ok_or_else(|| {
            (ReasonCode::SpendingLimitExceeded, "its amount and fee together are more than can be counted".to_owned())
        })?;
        // The keys of a scope's counters begin with the key of the scope.
        let prefixes: Vec<Vec<u8>> = applicable.policies.iter().map(|scoped| CounterKey::prefix(&scoped.scope)).collect();
        let is_in_scope = |reservation: &&Reservation| prefixes.iter().any(|prefix| reservation.key.starts_with(prefix));
        let ended = transfer.reservations.0.iter().filter(|reservation| !is_in_scope(reservation)).cloned().collect();
        Ok(ReservationsMoved { id: transfer.id, ended: Reservations(ended), begun })
    }

    /// Returns the policies that bind a transfer after a change.
    fn policies_under_change(&self, transfer: &Transfer, change: ProposedChange<'_>) -> ApplicablePolicies {
        match change {
            ProposedChange::Policy(scope, policy, prior) => {
                let mut applicable = self.applicable_policies(transfer.agent, &transfer.request);
                applicable.counter_overrides = prior.counter_overrides();
                for scoped in applicable.policies.iter_mut().filter(|scoped| scoped.scope == scope) {
                    scoped.policy = (!policy.rules.is_empty()).then(|| policy.clone());
                }
                applicable
            }
            ProposedChange::Wallet(changed) => self.applicable_policies_with(transfer.agent, &transfer.request, Some(changed)),
        }
    }

    /// Returns the reservations that a transfer takes in scopes where it has none yet; `None` on overflow.
    ///
    /// A simulated transfer has no reservations at all and takes none.
    fn new_reservations(&self, transfer: &Transfer, applicable: &ApplicablePolicies, now: Timestamp) -> Option<Reservations> {
        if transfer.reservations.is_empty() {
            return Some(Reservations::default());
        }
        let has_reservation = |scoped: &&ScopedPolicy| {
            let prefix = CounterKey::prefix(&scoped.scope);
            transfer.reservations.0.iter().any(|reservation| reservation.key.starts_with(&prefix))
        };
        let new: Vec<ScopedPolicy> = applicable.policies.iter().filter(|scoped| !has_reservation(scoped)).cloned().collect();
        self.reservations(&new, &transfer.request, now)
    }

    /// Returns the approvers that a change demands and the transfer does not have, for people.
    ///
    /// A demand that the old policy of a changed scope made too has had its answer.
    fn missing_approval(
        &self,
        transfer: &Transfer,
        change: ProposedChange<'_>,
        applicable: &ApplicablePolicies,
        context: EvaluationContext<'_>,
    ) -> Option<String> {
        let before = self.scopes(transfer);
        let is_changed = |scoped: &&ScopedPolicy| match change {
            ProposedChange::Policy(scope, ..) => scoped.scope == scope,
            ProposedChange::Wallet(_) => !before.contains(&scoped.scope),
        };
        let changed: Vec<ScopedPolicy> = applicable.policies.iter().filter(is_changed).cloned().collect();
        let was = |scoped: &ScopedPolicy| ScopedPolicy { policy: self.tables.policy(&scoped.scope), ..scoped.clone() };
        let old = if let ProposedChange::Policy(..) = change { changed.iter().map(was).collect() } else { Vec::new() };
        let demands = |policies: Vec<ScopedPolicy>| {
            let counter_overrides = Rc::clone(&applicable.counter_overrides);
            let applicable = ApplicablePolicies { policies, counter_overrides, wallet_active: true };
            self.approval_demands(&applicable, &transfer.request, context)
        };
        let (new, old) = (demands(changed), demands(old));
        match new {
            Ok(new) => {
                let old = old.unwrap_or_default();
                let missing = new.into_iter().find(|demand| !old.contains(demand) && !self.has_met(transfer, demand))?;
                Some(format!("{} of the group {}", missing.quorum, missing.group))
            }
            Err(_) if old.is_err() => None,
            Err(_) => Some("more members of a group than it has".to_owned()),
        }
    }
}

fn counter_overflow() -> Refusal {
    invalid("change", "what is on its way is more than the counters above the wallet can hold; change it when that has ended")
}
