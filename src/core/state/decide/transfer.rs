//! What agents decide, and how a transfer is cancelled.

use super::past::SpendingHistory;
use super::queue::ProposedChange;
use super::solana::check_terms;
use super::{Decided, authenticated, invalid, not_found};
use crate::access::Role;
use crate::base::{Amount, Chain, Hash, MINUTE_NS, Timestamp, TransferId, WalletId};
use crate::chains::kaspa::MINIMUM_TRANSFER_FEE;
use crate::chains::solana::LAMPORTS_PER_SIGNATURE;
use crate::event::{BreakerOpened, Event, TransferDenied, TransferReserved, TransferTransition};
use crate::governance::settings::Settings;
use crate::policy::{
    Activity, Counted, Decision, Evaluation, Finding, Policy, RateWindow, ReasonCode, Reservations, RuleKind, Scope,
};
use crate::state::apply::{idempotency_key, request_hash};
use crate::state::facts::{ApplicablePolicies, EvaluationContext, ReservationAdjustment};
use crate::state::{MAX_ACTIVE_TRANSFERS_PER_WALLET, Refusal, State};
use crate::transfer::solana::Execution;
use crate::transfer::{MAX_IDEMPOTENCY_KEY_BYTES, MAX_REASON_BYTES, Outcome, Status, Transfer, TransferRequest};
use candid::Principal;
use ic_stable_structures::Memory;

/// How old a request may be that says when it was made (requirement row 167).
pub const MAX_REQUEST_AGE_NS: u64 = 10 * MINUTE_NS;
/// How far a caller's clock may be ahead.
pub const MAX_CLOCK_SKEW_NS: u64 = MINUTE_NS;

impl<M: Memory> State<M> {
    /// An agent asks for a transfer. Allowed means reserved: amount and worst-case fee count against every limit from this very
    /// commit, before anything is awaited; and so does what waits for an approval.
    ///
    /// A denial comes without events when it is not worth an entry of its own: the agent's quota of requests is used up, or its circuit
    /// breaker is open. The caller counts those and has them logged together.
    ///
    /// # Errors
    /// When the caller is no agent of the wallet, an argument cannot be accepted, the idempotency key stands for another request, the
    /// audit log is full, or too many transfers of the wallet are under way. A refusal by the policy is not an error: it is logged and explained.
    pub fn decide_transfer(
        &self,
        caller: Principal,
        request: TransferRequest,
        now: Timestamp,
    ) -> Result<(Option<Decided>, Outcome), Refusal> {
        let now = self.monotonic_now(now);
        self.check_request(caller, &request, now)?;
        self.decide_checked(caller, request, now)
    }

    /// What becomes of a request that its caller may make.
    pub(super) fn decide_checked(
        &self,
        caller: Principal,
        request: TransferRequest,
        now: Timestamp,
    ) -> Result<(Option<Decided>, Outcome), Refusal> {
        if let Some(transfer) = self.asked_before(caller, &request.idempotency_key, request_hash(&request))? {
            return Ok((None, Outcome::Duplicate { transfer }));
        }
        check_age(&request, now)?;
        self.check_fee(&request, 1)?;
        self.require_log_room()?;
        let late = self.late_approvals(request.wallet, now);
        let settings = self.settings();
        let applicable = self.applicable_policies(caller, &request);
        let Assessment { evaluation, holds } = self.assess(&applicable, caller, &request, now, &late, &settings);
        if evaluation.findings.iter().any(is_repeated_denial) {
            return Ok((None, Outcome::Denied { evaluation }));
        }
        let mut events = super::approvals::timeouts(&late);
        let Some(holds) = holds else {
            events.extend(denial(caller, request, &evaluation, &applicable, &settings, now));
            return Ok((Some(Decided { actor: Some(caller), events }), Outcome::Denied { evaluation }));
        };
        self.check_place(caller, request.wallet, 1, &evaluation, &late, &settings)?;
        let id = self.tables.head().next_transfer;
        let reserved = self.reservation(id, caller, request, evaluation.clone(), holds, now);
        let outcome = match reserved.approval {
            Some(_) => Outcome::Pending { transfer: id, evaluation },
            None => Outcome::Accepted { transfer: id, evaluation },
        };
        events.push(Event::TransferReserved(Box::new(reserved)));
        Ok((Some(Decided { actor: Some(caller), events }), outcome))
    }

    /// The entry of a request that stands, with what it holds and who has to agree. What is only simulated holds nothing.
    pub(super) fn reservation(
        &self,
        id: TransferId,
        agent: Principal,
        request: TransferRequest,
        evaluation: Evaluation,
        holds: Reservations,
        now: Timestamp,
    ) -> TransferReserved {
        let simulated = self.config().execution(request.asset.chain()) == Execution::Simulate;
        let (reserved, holds) = if simulated { (Amount::ZERO, Reservations::default()) } else { (request.reserved(), holds) };
        let approval = super::approvals::approval_request(id, agent, &request, &evaluation, now);
        TransferReserved { id, agent, request, reserved, evaluation, holds, approval, simulated }
    }

    /// The transfer that the same request made before, if it was made.
    pub(super) fn asked_before(&self, caller: Principal, key: &str, got: Hash) -> Result<Option<TransferId>, Refusal> {
        match self.tables.idempotency(&idempotency_key(&caller, key)) {
            None => Ok(None),
            Some(entry) if entry.request == got => Ok(Some(entry.transfer)),
            Some(entry) => Err(Refusal::IdempotencyConflict { transfer: entry.transfer, expected: entry.request, got }),
        }
    }

    /// What [`State::decide_transfer`] would decide about a new request, without any effect.
    ///
    /// # Errors
    /// As there, but for the idempotency key, which is not looked at.
    pub fn simulate(&self, caller: Principal, request: TransferRequest, now: Timestamp) -> Result<Evaluation, Refusal> {
        let now = self.monotonic_now(now);
        self.check_request(caller, &request, now)?;
        check_age(&request, now)?;
        self.check_fee(&request, 1)?;
        let late = self.late_approvals(request.wallet, now);
        let settings = self.settings();
        let Assessment { evaluation, .. } =
            self.assess(&self.applicable_policies(caller, &request), caller, &request, now, &late, &settings);
        if evaluation.decision != Decision::Deny {
            self.check_place(caller, request.wallet, 1, &evaluation, &late, &settings)?;
        }
        Ok(evaluation)
    }

    /// The evaluation of a new request, and what it would hold.
    pub(super) fn assess(
        &self,
        applicable: &ApplicablePolicies,
        caller: Principal,
        request: &TransferRequest,
        now: Timestamp,
        late: &[Transfer],
        settings: &Settings,
    ) -> Assessment {
        let adjustment = ReservationAdjustment::without(late.iter().map(|transfer| &transfer.holds));
        let mut evaluation = match used_up(applicable, caller, request.wallet, settings, now) {
            Some(finding) => {
                Evaluation { decision: Decision::Deny, policy_version: 0, findings: vec![finding], approvals: Vec::new() }
            }
            None => self.evaluate_request(
                applicable,
                request,
                EvaluationContext { agent: caller, now, adjustment: &adjustment, is_recheck: false },
            ),
        };
        // What is denied holds nothing.
        if evaluation.decision == Decision::Deny {
            return Assessment { evaluation, holds: None };
        }
        let holds = self.reservations(&applicable.policies, request, now);
        if holds.is_none() {
            let message = "amount and fee together are more than can be counted";
            evaluation.findings.push(Finding::denied(RuleKind::SpendingLimit, ReasonCode::SpendingLimitExceeded, message));
            evaluation.decision = Decision::Deny;
        }
        Assessment { evaluation, holds }
    }

    /// Calls a transfer off while no signed bytes of it could land: from Reserved, Built or Expired.
    ///
    /// # Errors
    /// When the caller is neither its agent nor an admin nor a guardian, or the transfer is past calling off.
    pub fn decide_cancel(&self, caller: Principal, id: TransferId, note: Option<String>) -> Result<Decided, Refusal> {
        authenticated(caller)?;
        if note.as_ref().is_some_and(|note| note.len() > MAX_REASON_BYTES) {
            return Err(invalid("reason", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        let roles = self.tables.roles(&caller);
        if transfer.agent != caller && !roles.has(Role::Admin) && !roles.has(Role::Guardian) {
            return Err(Refusal::Unauthorized { needs: "the agent who asked for the transfer, an Admin or a Guardian" });
        }
        if !transfer.status.may_become(Status::Cancelled) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer without signed bytes that could land" });
        }
        Ok(Decided::by(caller, Event::TransferCancelled(TransferTransition { id, note })))
    }

    /// The end of everything an agent asked for of which nothing has left the canister. What takes a transfer back goes on: whoever removes an
    /// agent wants nothing more of it to land.
    pub(super) fn cancellations_of(&self, wallet: WalletId, agent: Principal) -> Vec<Event> {
        let ids = self.tables.active.range((wallet.get(), 0)..=(wallet.get(), u64::MAX)).map(|(_, id)| TransferId::new(id));
        ids.filter_map(|id| self.tables.transfer(id))
            .filter(|transfer| {
                transfer.agent == agent && transfer.status.may_become(Status::Cancelled) && !transfer.is_revocation()
            })
            .map(|transfer| {
                Event::TransferCancelled(TransferTransition { id: transfer.id, note: Some("its agent was removed".into()) })
            })
            .collect()
    }

    /// The end of what a new policy denies, or wants people to agree to, and may still be cancelled. `past` is what counts against its
    /// limits of what was spent before.
    pub(super) fn cancellations_under(
        &self,
        scope: Scope,
        policy: &Policy,
        past: &SpendingHistory,
        now: Timestamp,
    ) -> Result<Vec<Event>, Refusal> {
        let affected =
            self.active_transfers_within(scope).into_iter().map(|transfer| past.with_added_reservations(transfer)).collect();
        Ok(self.recheck_affected(affected, ProposedChange::Policy(scope, policy, past), now)?.ended)
    }

    /// The time of the log never runs backwards, and so no limit does.
    pub(super) fn monotonic_now(&self, now: Timestamp) -> Timestamp {
        now.max(self.tables.head().last_at)
    }

    pub(super) fn check_request(&self, caller: Principal, request: &TransferRequest, now: Timestamp) -> Result<(), Refusal> {
        authenticated(caller)?;
        self.require_wallet(request.wallet)?;
        if !self.is_agent(request.wallet, &caller) {
            return Err(Refusal::Unauthorized { needs: "an agent of the wallet" });
        }
        if request.amount.is_zero() {
            return Err(invalid("amount", "must be at least 1 base unit"));
        }
        check_texts(request)?;
        check_terms(request)?;
        let chain = request.asset.chain();
        if request.to.chain != chain {
            return Err(invalid("to", format!("{} is paid to a {chain} address", request.asset)));
        }
        if request.source.chain() != chain {
            return Err(invalid("source", format!("{} is paid from a {chain} key", request.asset)));
        }
        self.check_source(request.wallet, request.source)?;
        let Some(id) = request.session else { return Ok(()) };
        let session = self.tables.session(id).filter(|session| session.wallet == request.wallet && session.agent == caller);
        match session {
            None => Err(not_found("session of the agent on this wallet", id)),
            Some(session) if session.is_open(now) => Ok(()),
            Some(_) => Err(invalid("session_id", "the session is over; open another")),
        }
    }

    /// Only for what is new: a request that was accepted under another cap is recognised whatever the cap is now.
    /// `recipients` are those of one transaction.
    pub(super) fn check_fee(&self, request: &TransferRequest, recipients: usize) -> Result<(), Refusal> {
        let (chain, max_fee, most) = (request.asset.chain(), request.max_fee, self.config().fee_cap_of(request.asset, recipients));
        let least = Amount::new(match chain {
            Chain::Kaspa => MINIMUM_TRANSFER_FEE,
            Chain::Solana => LAMPORTS_PER_SIGNATURE,
        });
        if max_fee < least || max_fee > most {
            return Err(invalid("max_fee", format!("between {least} and {most} base units on {chain}")));
        }
        Ok(())
    }

    /// Whether so many more transfers may be under way or wait for people. What ends with this very decision takes no place.
    pub(super) fn check_place(
        &self,
        agent: Principal,
        paying: WalletId,
        more: u64,
        evaluation: &Evaluation,
        late: &[Transfer],
        settings: &Settings,
    ) -> Result<(), Refusal> {
        self.check_places(paying, more, late.len())?;
        if evaluation.approvals.is_empty() {
            return Ok(());
        }
        let max = u64::from(settings.max_pending_per_agent);
        let ends = |transfer: &Transfer| late.iter().any(|late| late.id == transfer.id);
        let pending = self.pending_approvals(Some(paying));
        let current = pending.iter().filter(|transfer| transfer.agent == agent && !ends(transfer)).count() as u64;
        if current.saturating_add(more) <= max {
            return Ok(());
        }
        Err(Refusal::LimitReached { what: "transfers of the agent that wait for approval", max, current })
    }

    /// Whether `more` transfers of a wallet may be under way, when `ending` of those that are end now.
    pub(super) fn check_places(&self, wallet: WalletId, more: u64, ending: usize) -> Result<(), Refusal> {
        let max = MAX_ACTIVE_TRANSFERS_PER_WALLET;
        let looked_at = max as usize + ending;
        let active = self.tables.active.range((wallet.get(), 0)..=(wallet.get(), u64::MAX)).take(looked_at).count();
        let current = active.saturating_sub(ending) as u64;
        if current + more <= max {
            Ok(())
        } else {
            Err(Refusal::LimitReached { what: "transfers of the wallet under way", max, current })
        }
    }
}

/// Bounds what a caller says in its own words.
pub(super) fn check_texts(request: &TransferRequest) -> Result<(), Refusal> {
    if request.idempotency_key.is_empty() || request.idempotency_key.len() > MAX_IDEMPOTENCY_KEY_BYTES {
        return Err(invalid("idempotency_key", format!("between 1 and {MAX_IDEMPOTENCY_KEY_BYTES} bytes are needed")));
    }
    if request.reason.as_ref().is_some_and(|reason| reason.len() > MAX_REASON_BYTES) {
        return Err(invalid("reason", format!("at most {MAX_REASON_BYTES} bytes")));
    }
    Ok(())
}

/// What was found about a new request.
pub(super) struct Assessment {
    pub evaluation: Evaluation,
    /// What it would hold; `None` when it is denied.
    pub holds: Option<Reservations>,
}

/// Denials that come by the hundred and tell nothing new.
pub(super) fn is_repeated_denial(finding: &Finding) -> bool {
    let quota = finding.rule == RuleKind::RateLimit && finding.rule_index.is_none();
    !finding.passed && (quota || finding.code == Some(ReasonCode::CircuitBreakerOpen))
}

pub(super) fn check_age(request: &TransferRequest, now: Timestamp) -> Result<(), Refusal> {
    let Some(created_at) = request.created_at else { return Ok(()) };
    if now.nanos_since(created_at) > MAX_REQUEST_AGE_NS {
        return Err(invalid("created_at", "the request is more than 10 minutes old; make a new one"));
    }
    if created_at.nanos_since(now) > MAX_CLOCK_SKEW_NS {
        return Err(invalid("created_at", "the request lies in the future; check the clock"));
    }
    Ok(())
}

/// The canister's own quota of requests, whatever the policy allows.
fn used_up(
    applicable: &ApplicablePolicies,
    agent: Principal,
    wallet: WalletId,
    settings: &Settings,
    now: Timestamp,
) -> Option<Finding> {
    let activity = activity_of(applicable, Scope::Agent { wallet, agent })?;
    let quotas = [(RateWindow::Minute, settings.attempts_per_minute), (RateWindow::Hour, settings.attempts_per_hour)];
    let (window, max) =
        quotas.into_iter().find(|(window, max)| activity.count(Counted::Attempts, *window, now) >= u64::from(*max))?;
    let message = format!("the agent has made {max} requests within the last {window}, as many as the canister takes");
    let finding = Finding::denied(RuleKind::RateLimit, ReasonCode::RateLimitExceeded, message);
    let retry_after_ns = activity.free_after(Counted::Attempts, window, max, now);
    Some(Finding { limit: Some(Amount::new(max.into())), retry_after_ns, ..finding })
}

fn activity_of(applicable: &ApplicablePolicies, scope: Scope) -> Option<&Activity> {
    applicable.policies.iter().find(|scoped| scoped.scope == scope).map(|scoped| &scoped.activity)
}

/// The entries of a denial: itself, and the breaker's when this is one too many.
fn denial(
    agent: Principal,
    request: TransferRequest,
    evaluation: &Evaluation,
    applicable: &ApplicablePolicies,
    settings: &Settings,
    now: Timestamp,
) -> Vec<Event> {
    let breaker = breaker(agent, request.wallet, u32::from(evaluation.is_agent_fault()), applicable, settings, now);
    let denied = TransferDenied { agent, request, evaluation: evaluation.clone() };
    [Event::TransferDenied(Box::new(denied))].into_iter().chain(breaker).collect()
}

/// How many requests of an agent were denied in a row.
pub(super) fn consecutive_denials(applicable: &ApplicablePolicies, agent: Principal, wallet: WalletId) -> u32 {
    activity_of(applicable, Scope::Agent { wallet, agent }).map_or(0, |activity| activity.denials)
}

/// The agent's circuit breaker opens when `more` denials of its own doing are too many.
fn breaker(
    agent: Principal,
    wallet: WalletId,
    more: u32,
    applicable: &ApplicablePolicies,
    settings: &Settings,
    now: Timestamp,
) -> Option<Event> {
    let denials = consecutive_denials(applicable, agent, wallet);
    let until = now.saturating_add(settings.breaker_cool_down_ns);
    let opens = more > 0 && denials.saturating_add(more) >= settings.breaker_threshold;
    opens.then_some(Event::BreakerOpened(BreakerOpened { wallet, agent, until }))
}
