//! Decisions about requests for transfers.

use super::approvals::{approval_request, timeout_rejections};
use super::breakers::{denial_events, is_repeated_denial, quota_denial};
use crate::base::{Amount, Hash, Timestamp, TransferId};
use crate::chains::config::Execution;
use crate::event::{Event, TransferReserved};
use crate::governance::settings::Settings;
use crate::policy::{Decision, Evaluation, Finding, ReasonCode, Reservations, RuleKind};
use crate::state::evaluation::{ApplicablePolicies, EvaluationContext};
use crate::state::idempotency::{idempotency_key, request_hash};
use crate::state::reservations::ReservationAdjustment;
use crate::state::{Decided, Refusal, State};
use crate::transfer::{Outcome, Transfer, TransferRequest};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Decides an agent's request for a transfer.
    ///
    /// An allowed transfer is reserved: amount and fee cap count against every limit from this commit on, before anything is awaited. So
    /// they do for a transfer that waits for approval.
    ///
    /// A denial comes without events when the agent's quota of requests is used up or its breaker open. The caller counts such denials,
    /// and has them logged together.
    ///
    /// # Errors
    /// When the caller is no agent of the wallet, an argument cannot be accepted, the idempotency key stands for another request, the
    /// audit log is full, or too many transfers of the wallet are under way. A denial by the policy is no error: it is logged and
    /// explained.
    pub fn decide_transfer(
        &self,
        caller: Principal,
        request: TransferRequest,
        now: Timestamp,
    ) -> Result<(Option<Decided>, Outcome), Refusal> {
        let now = self.monotonic_now(now);
        self.check_request(caller, &request)?;
        self.decide_checked_request(caller, request, now)
    }

    /// Decides a request whose caller and arguments are checked.
    pub(in crate::state) fn decide_checked_request(
        &self,
        caller: Principal,
        request: TransferRequest,
        now: Timestamp,
    ) -> Result<(Option<Decided>, Outcome), Refusal> {
        if let Some(transfer) = self.find_duplicate(caller, &request.idempotency_key, request_hash(&request))? {
            return Ok((None, Outcome::Duplicate { transfer }));
        }
        self.check_timeliness(caller, &request, now)?;
        self.check_fee(&request, 1)?;
        self.require_log_capacity()?;
        let expired = self.expired_approvals(request.wallet, now);
        let settings = self.settings();
        let applicable = self.applicable_policies(caller, &request);
        let Assessment { evaluation, reservations } = self.assess(&applicable, caller, &request, now, &expired, &settings);
        if evaluation.findings.iter().any(is_repeated_denial) {
            return Ok((None, Outcome::Denied { evaluation }));
        }
        let mut events = timeout_rejections(&expired);
        let Some(reservations) = reservations else {
            events.extend(denial_events(caller, request, &evaluation, &applicable, &settings, now));
            return Ok((Some(Decided { actor: Some(caller), events }), Outcome::Denied { evaluation }));
        };
        self.check_transfer_limits(caller, request.wallet, 1, &evaluation, &expired, &settings)?;
        let id = self.tables.head().next_transfer;
        let reserved = self.reserved_event(id, caller, request, evaluation.clone(), reservations, now);
        let outcome = match reserved.approval {
            Some(_) => Outcome::Pending { transfer: id, evaluation },
            None => Outcome::Accepted { transfer: id, evaluation },
        };
        events.push(Event::TransferReserved(Box::new(reserved)));
        Ok((Some(Decided { actor: Some(caller), events }), outcome))
    }

    /// Returns the event that reserves an allowed request, with the approval that it needs. A simulated request reserves nothing.
    pub(super) fn reserved_event(
        &self,
        id: TransferId,
        agent: Principal,
        request: TransferRequest,
        evaluation: Evaluation,
        reservations: Reservations,
        now: Timestamp,
    ) -> TransferReserved {
        let simulated = self.config().execution(request.asset.chain()) == Execution::Simulate;
        let (reserved, reservations) =
            if simulated { (Amount::ZERO, Reservations::default()) } else { (request.reserved(), reservations) };
        let approval = approval_request(id, agent, &request, &evaluation, now);
        TransferReserved { id, agent, request, reserved, evaluation, reservations, approval, simulated }
    }

    /// Returns the transfer of an earlier, equal request under the same idempotency key.
    pub(in crate::state) fn find_duplicate(&self, caller: Principal, key: &str, got: Hash) -> Result<Option<TransferId>, Refusal> {
        match self.tables.idempotency(&idempotency_key(&caller, key)) {
            None => Ok(None),
            Some(entry) if entry.request == got => Ok(Some(entry.transfer)),
            Some(entry) => Err(Refusal::IdempotencyConflict { transfer: entry.transfer, expected: entry.request, got }),
        }
    }

    /// Evaluates a new request as [`State::decide_transfer`] would, without any effect.
    ///
    /// # Errors
    /// When [`State::decide_transfer`] would refuse the request, except because of the idempotency key or a full log.
    pub fn simulate(&self, caller: Principal, request: TransferRequest, now: Timestamp) -> Result<Evaluation, Refusal> {
        let now = self.monotonic_now(now);
        self.check_request(caller, &request)?;
        self.check_timeliness(caller, &request, now)?;
        self.check_fee(&request, 1)?;
        let expired = self.expired_approvals(request.wallet, now);
        let settings = self.settings();
        let applicable = self.applicable_policies(caller, &request);
        let Assessment { evaluation, .. } = self.assess(&applicable, caller, &request, now, &expired, &settings);
        if evaluation.decision != Decision::Deny {
            self.check_transfer_limits(caller, request.wallet, 1, &evaluation, &expired, &settings)?;
        }
        Ok(evaluation)
    }

    /// Evaluates a new request, and computes its reservations when it is not denied.
    ///
    /// The reservations of the transfers in `expired` end with the same decision, so they do not count.
    pub(super) fn assess(
        &self,
        applicable: &ApplicablePolicies,
        caller: Principal,
        request: &TransferRequest,
        now: Timestamp,
        expired: &[Transfer],
        settings: &Settings,
    ) -> Assessment {
        let adjustment = ReservationAdjustment::without(expired.iter().map(|transfer| &transfer.reservations));
        let mut evaluation = match quota_denial(applicable, caller, request.wallet, settings, now) {
            Some(finding) => {
                Evaluation { decision: Decision::Deny, policy_version: 0, findings: vec![finding], approvals: Vec::new() }
            }
            None => self.evaluate_request(
                applicable,
                request,
                EvaluationContext { agent: caller, now, adjustment: &adjustment, is_recheck: false },
            ),
        };
        if evaluation.decision == Decision::Deny {
            return Assessment { evaluation, reservations: None };
        }
        let reservations = self.reservations(&applicable.policies, request, now);
        if reservations.is_none() {
            let message = "amount and fee together are more than can be counted";
            evaluation.findings.push(Finding::denied(RuleKind::SpendingLimit, ReasonCode::SpendingLimitExceeded, message));
            evaluation.decision = Decision::Deny;
        }
        Assessment { evaluation, reservations }
    }
}

/// The evaluation of a new request, with its reservations.
pub(super) struct Assessment {
    pub evaluation: Evaluation,
    /// The reservations; `None` when the request is denied.
    pub reservations: Option<Reservations>,
}
