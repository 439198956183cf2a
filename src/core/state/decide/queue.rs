//! Judging again what was let through and has not left: when a policy, an owner or a parent changes, when a wallet is deactivated, and
//! before anything is built.
//!
//! A transfer is judged beside those that are older than it and beside everything that may be on its way, but not beside those that wait
//! behind it. So of several that no longer fit together the oldest that fit stay.

use super::invalid;
use super::past::SpendingHistory;
use super::rejection::{SESSION_OVER, first_denial, rejected};
use crate::access::SessionEnd;
use crate::base::{SessionId, Timestamp, TransferId, WalletId};
use crate::event::{Event, TransferTransition};
use crate::policy::{
    ApprovalDemand, CounterKey, Decision, Evaluation, Finding, Mode, Policy, ReasonCode, Reservation, Reservations,
    ReservationsMoved, RuleKind, Scope, ScopedPolicy,
};
use crate::state::facts::{ApplicablePolicies, EvaluationContext, ReservationAdjustment};
use crate::state::{Refusal, State};
use crate::transfer::{Status, Transfer};
use crate::wallet::Wallet;
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The most transfers under way that one change of a parent judges again and has counted elsewhere: what five full wallets have. With more
/// beneath the wallet the change is refused.
pub const MAX_RECHECKED_TRANSFERS: usize = 500;
/// The most transfers of other wallets under the same limits that are looked at when one does not fit beside all of them. Those beyond
/// count, so that too few move rather than too many.
const MAX_SCANNED: usize = 500;

/// What is about to change.
#[derive(Clone, Copy)]
pub(super) enum ProposedChange<'a> {
    /// The policy of a scope becomes this one.
    /// What counts against its limits of what was spent before stands beside it.
    Policy(Scope, &'a Policy, &'a SpendingHistory),
    /// A wallet becomes this one, under another owner or parent.
    Wallet(&'a Wallet),
}

impl ProposedChange<'_> {
    /// Why what was asked of people before is over.
    const fn outdated_note(self) -> &'static str {
        match self {
            Self::Policy(..) => "the policy it was asked under changed",
            Self::Wallet(_) => "other policies bind its wallet now",
        }
    }

    fn denial_note(self, finding: Option<&Finding>) -> String {
        match self {
            Self::Policy(scope, policy, _) => format!("the new policy of {scope} (version {}) does not allow it", policy.version),
            Self::Wallet(_) => {
                let why = finding.map_or("no rule lets it pass", |finding| &finding.message);
                format!("the policies that bind its wallet now do not allow it: {why}")
            }
        }
    }

    fn approval_note(self, whom: &str) -> String {
        match self {
            Self::Policy(scope, policy, _) => {
                format!("the new policy of {scope} (version {}) wants {whom} to approve it; ask for it again", policy.version)
            }
            Self::Wallet(_) => format!("the policies that bind its wallet now want {whom} to approve it; ask for it again"),
        }
    }
}

/// What a change makes of the transfers that it is about.
#[derive(Default)]
pub(super) struct RecheckOutcome {
    /// The end of those that are cancelled.
    pub ended: Vec<Event>,
    /// What the others hold elsewhere.
    pub moved: Vec<ReservationsMoved>,
}

/// What came of judging a transfer again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// It may be built.
    Passed,
    /// Only the stage of operation holds it back, for this reason.
    Deferred(String),
    /// It is not allowed any more.
    Denied(ReasonCode, String),
}

impl<M: Memory> State<M> {
    /// What a change makes of the transfers that it is about, the oldest first. What waits for approval was asked about under other
    /// policies and ends either way (trap T41). What may still be cancelled is judged as if it were asked for now, but for the stage of
    /// operation, and is cancelled when it is denied or when people would have to agree who were not asked. What stays counts in every
    /// scope that stands above it from now on, and what may be on its way also goes on counting in those that let it through.
    ///
    /// # Errors
    /// When a counter cannot hold what is on its way.
    pub(super) fn recheck_affected(
        &self,
        affected: Vec<Transfer>,
        change: ProposedChange<'_>,
        now: Timestamp,
    ) -> Result<RecheckOutcome, Refusal> {
        let now = self.monotonic_now(now);
        let (mut outcome, mut adjustment, mut queue) = (RecheckOutcome::default(), ReservationAdjustment::default(), Vec::new());
        for transfer in affected {
            if transfer.status == Status::AwaitingApproval {
                outcome.ended.push(rejected(transfer.id, ReasonCode::ApprovalRejected, change.outdated_note()));
                adjustment.exclude(&transfer.holds);
            } else if transfer.status.may_become(Status::Cancelled) && transfer.request.nonce_operation().is_none() {
                adjustment.exclude(&transfer.holds);
                queue.push(transfer);
            } else if let ProposedChange::Wallet(_) = change {
                // No policy is asked about the upkeep of nonce accounts, nor about what may be on its way.
                let begun = self.new_reservations(&transfer, &self.applicable_policies_under(&transfer, change), now);
                let begun = begun.filter(|begun| self.fits_counters(begun, &adjustment)).ok_or_else(counter_overflow)?;
                adjustment.count(&begun);
                outcome.moved.push(ReservationsMoved { id: transfer.id, ended: Reservations::default(), begun });
            }
        }
        for transfer in queue {
            match self.assess_under(&transfer, change, &adjustment, now) {
                Ok(moved) => {
                    let stays = |hold: &&Reservation| !moved.ended.0.contains(hold);
                    adjustment.count(&Reservations(transfer.holds.0.iter().filter(stays).cloned().collect()));
                    adjustment.count(&moved.begun);
                    outcome.moved.push(moved);
                }
                Err(note) => outcome.ended.push(cancelled(transfer.id, note)),
            }
        }
        outcome.moved.retain(|moved| !moved.begun.is_empty() || !moved.ended.is_empty());
        Ok(outcome)
    }

    /// What a transfer that may be cancelled holds elsewhere under a change, or why it is cancelled.
    fn assess_under(
        &self,
        transfer: &Transfer,
        change: ProposedChange<'_>,
        adjustment: &ReservationAdjustment,
        now: Timestamp,
    ) -> Result<ReservationsMoved, String> {
        let applicable = self.applicable_policies_under(transfer, change);
        let context = EvaluationContext { agent: transfer.agent, now, adjustment, is_recheck: true };
        let evaluation = self.evaluate_request_in_mode(Mode::Normal, &applicable, &transfer.request, context);
        if evaluation.decision == Decision::Deny {
            return Err(change.denial_note(evaluation.denials().next()));
        }
        if let Some(whom) = self.missing_approval(transfer, change, &applicable, context) {
            return Err(change.approval_note(&whom));
        }
        if let ProposedChange::Policy(..) = change {
            return Ok(ReservationsMoved { id: transfer.id, ended: Reservations::default(), begun: Reservations::default() });
        }
        let begun = self.new_reservations(transfer, &applicable, now).filter(|begun| self.fits_counters(begun, adjustment));
        let begun = begun.ok_or("its amount and fee together are more than can be counted")?;
        let above: Vec<Vec<u8>> = applicable.policies.iter().map(|scoped| CounterKey::prefix(&scoped.scope)).collect();
        let is_above = |hold: &&Reservation| above.iter().any(|prefix| hold.key.starts_with(prefix));
        let ended = transfer.holds.0.iter().filter(|hold| !is_above(hold)).cloned().collect();
        Ok(ReservationsMoved { id: transfer.id, ended: Reservations(ended), begun })
    }

    /// The policies that bind a transfer once a change is made.
    fn applicable_policies_under(&self, transfer: &Transfer, change: ProposedChange<'_>) -> ApplicablePolicies {
        match change {
            ProposedChange::Policy(scope, policy, past) => {
                let mut applicable = self.applicable_policies(transfer.agent, &transfer.request);
                applicable.replaced = past.counters();
                for scoped in applicable.policies.iter_mut().filter(|scoped| scoped.scope == scope) {
                    scoped.policy = (!policy.rules.is_empty()).then(|| policy.clone());
                }
                applicable
            }
            ProposedChange::Wallet(changed) => self.applicable_policies_with(transfer.agent, &transfer.request, Some(changed)),
        }
    }

    /// What a transfer is to hold in the scopes in which it holds nothing yet; `None` on overflow. What holds nothing at all is only tried
    /// out.
    fn new_reservations(&self, transfer: &Transfer, applicable: &ApplicablePolicies, now: Timestamp) -> Option<Reservations> {
        if transfer.holds.is_empty() {
            return Some(Reservations::default());
        }
        let is_held = |scoped: &&ScopedPolicy| {
            let prefix = CounterKey::prefix(&scoped.scope);
            transfer.holds.0.iter().any(|hold| hold.key.starts_with(&prefix))
        };
        let new: Vec<ScopedPolicy> = applicable.policies.iter().filter(|scoped| !is_held(scoped)).cloned().collect();
        self.reservations(&new, &transfer.request, now)
    }

    /// Who would have to agree to a transfer because of a change and has not. What was demanded before as well has had its answer.
    fn missing_approval(
        &self,
        transfer: &Transfer,
        change: ProposedChange<'_>,
        applicable: &ApplicablePolicies,
        context: EvaluationContext<'_>,
    ) -> Option<String> {
        let before = self.scopes_with(transfer.agent, &transfer.request, None);
        let is_changed = |scoped: &&ScopedPolicy| match change {
            ProposedChange::Policy(scope, ..) => scoped.scope == scope,
            ProposedChange::Wallet(_) => !before.contains(&scoped.scope),
        };
        let changed: Vec<ScopedPolicy> = applicable.policies.iter().filter(is_changed).cloned().collect();
        let was = |scoped: &ScopedPolicy| ScopedPolicy { policy: self.tables.policy(&scoped.scope), ..scoped.clone() };
        let old = if let ProposedChange::Policy(..) = change { changed.iter().map(was).collect() } else { Vec::new() };
        let demands = |policies: Vec<ScopedPolicy>| {
            let applicable = ApplicablePolicies { policies, replaced: Rc::clone(&applicable.replaced), wallet_active: true };
            self.demands(&applicable, &transfer.request, context)
        };
        let (new, old) = (demands(changed), demands(old));
        match new {
            Ok(new) => {
                let old = old.unwrap_or_default();
                let missing_approval = new.into_iter().find(|demand| !old.contains(demand) && !self.has_met(transfer, demand))?;
                Some(format!("{} of the group {}", missing_approval.quorum, missing_approval.group))
            }
            Err(_) if old.is_err() => None,
            Err(_) => Some("more members of a group than it has".to_owned()),
        }
    }

    /// Everything of a wallet, and of those below it, that is deactivated ends, but for what may be on its way and what takes that back.
    /// Of the wallets below at most [`MAX_RECHECKED_TRANSFERS`] at once: the others are cancelled when they are looked at next.
    pub(super) fn deactivation_ends(&self, wallet: WalletId) -> Vec<Event> {
        let below = self.active_within(|scopes| scopes.contains(&Scope::Wallet(wallet))).into_iter();
        let below = below.filter(|(paying, _)| *paying != wallet).take(MAX_RECHECKED_TRANSFERS);
        let below = below.filter_map(|(_, id)| self.tables.transfer(id));
        let end = |transfer: Transfer| {
            let own = transfer.request.wallet == wallet;
            let note = if own { "its wallet was deactivated" } else { "a wallet above its own was deactivated" };
            match transfer.status {
                Status::AwaitingApproval => Some(rejected(transfer.id, ReasonCode::WalletDraining, note)),
                status if status.may_become(Status::Cancelled) && !transfer.is_revocation() => {
                    Some(cancelled(transfer.id, note.to_owned()))
                }
                _ => None,
            }
        };
        self.active_transfers_of(wallet).into_iter().chain(below).filter_map(end).collect()
    }

    /// Why a transfer that was let through would not be now, if so: its entry on the allowlist has expired, the hours are over, limits
    /// are reduced, its agent, session or wallet is gone. Asked before its transaction is built; later it has to run its course.
    pub fn objection(&self, transfer: &Transfer, now: Timestamp) -> Option<Evaluation> {
        self.objection_in(self.mode(), transfer.id, now)
    }

    /// Whether a transfer may be built now. What only the stage of operation holds back waits for the next one.
    pub fn recheck(&self, id: TransferId, now: Timestamp) -> Recheck {
        let Some(objection) = self.objection_in(self.mode(), id, now) else { return Recheck::Passed };
        let (code, why) = first_denial(&objection);
        match self.mode() {
            Mode::Normal => Recheck::Denied(code, why),
            Mode::Limited { .. } | Mode::Emergency { .. } => match self.objection_in(Mode::Normal, id, now) {
                None => Recheck::Deferred(why),
                Some(objection) => {
                    let (code, why) = first_denial(&objection);
                    Recheck::Denied(code, why)
                }
            },
        }
    }

    /// Why a transfer does not move now although it was let through, while limits are reduced: nothing in its record says so.
    pub fn wait_reason(&self, id: TransferId, now: Timestamp) -> Option<String> {
        let Mode::Limited { .. } = self.mode() else { return None };
        let transfer = self.tables.transfer(id).filter(|transfer| transfer.status.is_before_building())?;
        match self.recheck(transfer.id, now) {
            Recheck::Deferred(why) => Some(format!("waits: {why}")),
            Recheck::Passed | Recheck::Denied(..) => None,
        }
    }

    /// The record may have changed since the caller read it: what counts is what it says now.
    fn objection_in(&self, mode: Mode, id: TransferId, now: Timestamp) -> Option<Evaluation> {
        let transfer = self.tables.transfer(id)?;
        let now = self.monotonic_now(now);
        if let Some(finding) = self.invalid_state(&transfer, now) {
            let policy_version = self.policy(transfer.request.wallet).map_or(0, |policy| policy.version);
            let (findings, approvals) = (vec![finding], Vec::new());
            return Some(Evaluation { decision: Decision::Deny, policy_version, findings, approvals });
        }
        // No policy is asked about the upkeep of nonce accounts.
        if transfer.request.nonce_operation().is_some() {
            return None;
        }
        let mut evaluation = self.evaluate_queued(mode, &transfer, now);
        if evaluation.decision != Decision::Deny
            && let Some(finding) = self.missing_approval_since(&transfer, now)
        {
            evaluation.decision = Decision::Deny;
            evaluation.findings.push(finding);
        }
        (evaluation.decision == Decision::Deny).then_some(evaluation)
    }

    /// Who would have to agree before a transaction is built in the place of one that has proven dead: a policy may have come that asks
    /// people while the first could still land and nothing could be cancelled. Demands that were met before stay met.
    fn missing_approval_since(&self, transfer: &Transfer, now: Timestamp) -> Option<Finding> {
        if transfer.status != Status::Expired {
            return None;
        }
        let applicable = self.applicable_policies(transfer.agent, &transfer.request);
        let mut adjustment = ReservationAdjustment::without([&transfer.holds]);
        let queue = self.queue_of(transfer, &applicable);
        queue.iter().filter(|other| other.id > transfer.id).for_each(|other| adjustment.exclude(&other.holds));
        let context = EvaluationContext { agent: transfer.agent, now, adjustment: &adjustment, is_recheck: true };
        let demands = match self.demands(&applicable, &transfer.request, context) {
            Ok(demands) => demands,
            Err(finding) => return Some(*finding),
        };
        let was_met = |demand: &ApprovalDemand| {
            let asked = transfer.approval.as_ref().is_some_and(|approval| approval.demands.contains(demand));
            asked || self.has_met(transfer, demand)
        };
        let missing_approval = demands.into_iter().find(|demand| !was_met(demand))?;
        let message = format!(
            "{} of the group {} would have to approve it; ask for it again",
            missing_approval.quorum, missing_approval.group
        );
        Some(Finding::denied(RuleKind::Approval, ReasonCode::PolicyDenied, message))
    }

    /// What is wrong with a transfer before any policy is asked.
    fn invalid_state(&self, transfer: &Transfer, now: Timestamp) -> Option<Finding> {
        let denied = |kind, message: &str| Some(Finding::denied(kind, ReasonCode::PolicyDenied, message));
        let request = &transfer.request;
        if transfer.status.is_terminal() {
            return denied(RuleKind::Policy, "the transfer has ended");
        }
        if transfer.is_revocation() {
            return None;
        }
        if request.nonce_operation().is_some() {
            let message = "the wallet, or one above it, is deactivated; no nonce account is created for it";
            let is_active = self.applicable_policies(transfer.agent, request).wallet_active;
            return (!is_active).then(|| Finding::denied(RuleKind::Wallet, ReasonCode::WalletDraining, message));
        }
        // Admins, and the canister itself, may have coins made one.
        if !request.is_consolidation() && !self.is_agent(request.wallet, &transfer.agent) {
            return denied(RuleKind::Policy, "the agent who asked for it was removed from the wallet");
        }
        let session = request.session.and_then(|id| self.tables.session(id))?;
        if matches!(session.ended, Some(SessionEnd::Revoked | SessionEnd::Cascaded)) {
            return denied(RuleKind::Session, "its session was closed");
        }
        // What was let through in time goes on after its session; what people have not agreed to by then does not.
        if transfer.status == Status::AwaitingApproval && !session.is_open(now) {
            return Some(Finding::denied(RuleKind::Session, ReasonCode::ApprovalTimeout, SESSION_OVER));
        }
        None
    }

    /// A transfer as it is judged now. Mostly all that is held fits together; when not, those that wait behind it do not count, nor do those
    /// before it that do not fit themselves.
    fn evaluate_queued(&self, mode: Mode, transfer: &Transfer, now: Timestamp) -> Evaluation {
        let evaluate = |of: &Transfer, applicable: &ApplicablePolicies, adjustment: &ReservationAdjustment| {
            self.evaluate_request_in_mode(
                mode,
                applicable,
                &of.request,
                EvaluationContext { agent: of.agent, now, adjustment, is_recheck: true },
            )
        };
        let applicable = self.applicable_policies(transfer.agent, &transfer.request);
        let mut adjustment = ReservationAdjustment::without([&transfer.holds]);
        let evaluation = evaluate(transfer, &applicable, &adjustment);
        if evaluation.decision != Decision::Deny {
            return evaluation;
        }
        let queue = self.queue_of(transfer, &applicable);
        queue.iter().for_each(|other| adjustment.exclude(&other.holds));
        let alone = evaluate(transfer, &applicable, &adjustment);
        if alone.decision == Decision::Deny || queue.is_empty() {
            return alone;
        }
        let mut applicable_by_agent: BTreeMap<(WalletId, Principal, Option<SessionId>), ApplicablePolicies> = BTreeMap::new();
        for other in queue.iter().filter(|other| other.id < transfer.id) {
            let key = (other.request.wallet, other.agent, other.request.session);
            let applicable =
                applicable_by_agent.entry(key).or_insert_with(|| self.applicable_policies(other.agent, &other.request));
            if evaluate(other, applicable, &adjustment).decision != Decision::Deny {
                adjustment.count(&other.holds);
            }
        }
        evaluate(transfer, &applicable, &adjustment)
    }

    /// The others under the same limits that hold money and have not been built, oldest first.
    fn queue_of(&self, transfer: &Transfer, applicable: &ApplicablePolicies) -> Vec<Transfer> {
        let own = transfer.request.wallet;
        let limited = applicable.policies.iter().filter(|scoped| scoped.policy.is_some() && scoped.scope != Scope::Wallet(own));
        let shared: Vec<Scope> = limited.map(|scoped| scoped.scope).collect();
        let elsewhere = if shared.is_empty() {
            Vec::new()
        } else {
            self.active_within(|scopes| scopes.iter().any(|scope| shared.contains(scope)))
        };
        let mut elsewhere: Vec<TransferId> = elsewhere.into_iter().filter(|(wallet, _)| *wallet != own).map(|(_, id)| id).collect();
        elsewhere.sort_unstable();
        let elsewhere = elsewhere.into_iter().take(MAX_SCANNED).filter_map(|id| self.tables.transfer(id));
        let waits = |other: &Transfer| {
            let unbuilt = other.status.is_before_building() || other.status == Status::AwaitingApproval;
            unbuilt && other.id != transfer.id && other.request.nonce_operation().is_none()
        };
        let mut queue: Vec<Transfer> = self.active_transfers_of(own).into_iter().chain(elsewhere).filter(waits).collect();
        queue.sort_unstable_by_key(|other| other.id);
        queue
    }
}

pub(super) fn cancelled(id: TransferId, note: String) -> Event {
    Event::TransferCancelled(TransferTransition { id, note: Some(note) })
}

fn counter_overflow() -> Refusal {
    invalid("change", "what is on its way is more than the counters above the wallet can hold; change it when that has ended")
}
