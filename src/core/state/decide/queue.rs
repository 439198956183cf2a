//! Judging again what was let through and has not left: when a policy, an owner or a parent changes, when a wallet is deactivated, and
//! before anything is built.
//!
//! A transfer is judged beside those that are older than it and beside everything that may be on its way, but not beside those that wait
//! behind it. So of several that no longer fit together the oldest that fit stay.

use super::invalid;
use super::past::Past;
use super::rejection::{SESSION_OVER, rejected, strictest};
use crate::access::SessionEnd;
use crate::base::{SessionId, Timestamp, TransferId, WalletId};
use crate::event::{Event, TransferTransition};
use crate::policy::{
    ApprovalDemand, CounterKey, Decision, Evaluation, Finding, Mode, Policy, ReasonCode, Reservation, Reservations,
    ReservationsMoved, RuleKind, Scope, ScopedPolicy,
};
use crate::state::facts::{ApplicablePolicies, Beside, EvaluationContext};
use crate::state::{Refusal, State};
use crate::transfer::{Status, Transfer};
use crate::wallet::Wallet;
use candid::Principal;
use ic_stable_structures::Memory;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The most transfers under way that one change of a parent judges again and has counted elsewhere: what five full wallets have. With more
/// beneath the wallet the change is refused.
pub const MAX_MOVED_TRANSFERS: usize = 500;
/// The most transfers of other wallets under the same limits that are looked at when one does not fit beside all of them. Those beyond
/// count, so that too few move rather than too many.
const MAX_LOOKED_AT: usize = 500;

/// What is about to change.
#[derive(Clone, Copy)]
pub(super) enum Under<'a> {
    /// The policy of a scope becomes this one.
    /// What counts against its limits of what was spent before stands beside it.
    Policy(Scope, &'a Policy, &'a Past),
    /// A wallet becomes this one, under another owner or parent.
    Wallet(&'a Wallet),
}

impl Under<'_> {
    /// Why what was asked of people before is over.
    const fn stale(self) -> &'static str {
        match self {
            Self::Policy(..) => "the policy it was asked under changed",
            Self::Wallet(_) => "other policies bind its wallet now",
        }
    }

    fn denies(self, finding: Option<&Finding>) -> String {
        match self {
            Self::Policy(scope, policy, _) => format!("the new policy of {scope} (version {}) does not allow it", policy.version),
            Self::Wallet(_) => {
                let why = finding.map_or("no rule lets it pass", |finding| &finding.message);
                format!("the policies that bind its wallet now do not allow it: {why}")
            }
        }
    }

    fn asks(self, whom: &str) -> String {
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
pub(super) struct Requeued {
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
    Waits(String),
    /// It is not allowed any more.
    Over(ReasonCode, String),
}

impl<M: Memory> State<M> {
    /// What a change makes of the transfers that it is about, the oldest first. What waits for approval was asked about under other
    /// policies and ends either way (trap T41). What may still be cancelled is judged as if it were asked for now, but for the stage of
    /// operation, and is cancelled when it is denied or when people would have to agree who were not asked. What stays counts in every
    /// scope that stands above it from now on, and what may be on its way also goes on counting in those that let it through.
    ///
    /// # Errors
    /// When a counter cannot hold what is on its way.
    pub(super) fn requeue(&self, affected: Vec<Transfer>, under: Under<'_>, now: Timestamp) -> Result<Requeued, Refusal> {
        let now = self.monotonic_now(now);
        let (mut requeued, mut beside, mut queue) = (Requeued::default(), Beside::default(), Vec::new());
        for transfer in affected {
            if transfer.status == Status::AwaitingApproval {
                requeued.ended.push(rejected(transfer.id, ReasonCode::ApprovalRejected, under.stale()));
                beside.leave_out(&transfer.holds);
            } else if transfer.status.may_become(Status::Cancelled) && transfer.request.nonce_operation().is_none() {
                beside.leave_out(&transfer.holds);
                queue.push(transfer);
            } else if let Under::Wallet(_) = under {
                // No policy is asked about the upkeep of nonce accounts, nor about what may be on its way.
                let begun = self.begun(&transfer, &self.applicable_policies_under(&transfer, under), now);
                let begun = begun.filter(|begun| self.takes(begun, &beside)).ok_or_else(uncountable)?;
                beside.count(&begun);
                requeued.moved.push(ReservationsMoved { id: transfer.id, ended: Reservations::default(), begun });
            }
        }
        for transfer in queue {
            match self.judge_under(&transfer, under, &beside, now) {
                Ok(moved) => {
                    let stays = |hold: &&Reservation| !moved.ended.0.contains(hold);
                    beside.count(&Reservations(transfer.holds.0.iter().filter(stays).cloned().collect()));
                    beside.count(&moved.begun);
                    requeued.moved.push(moved);
                }
                Err(note) => requeued.ended.push(cancelled(transfer.id, note)),
            }
        }
        requeued.moved.retain(|moved| !moved.begun.is_empty() || !moved.ended.is_empty());
        Ok(requeued)
    }

    /// What a transfer that may be cancelled holds elsewhere under a change, or why it is cancelled.
    fn judge_under(
        &self,
        transfer: &Transfer,
        under: Under<'_>,
        beside: &Beside,
        now: Timestamp,
    ) -> Result<ReservationsMoved, String> {
        let applicable = self.applicable_policies_under(transfer, under);
        let context = EvaluationContext { agent: transfer.agent, now, beside, is_recheck: true };
        let evaluation = self.evaluate_request_in_mode(Mode::Normal, &applicable, &transfer.request, context);
        if evaluation.decision == Decision::Deny {
            return Err(under.denies(evaluation.denials().next()));
        }
        if let Some(whom) = self.unasked(transfer, under, &applicable, context) {
            return Err(under.asks(&whom));
        }
        if let Under::Policy(..) = under {
            return Ok(ReservationsMoved { id: transfer.id, ended: Reservations::default(), begun: Reservations::default() });
        }
        let begun = self.begun(transfer, &applicable, now).filter(|begun| self.takes(begun, beside));
        let begun = begun.ok_or("its amount and fee together are more than can be counted")?;
        let above: Vec<Vec<u8>> = applicable.policies.iter().map(|scoped| CounterKey::prefix(&scoped.scope)).collect();
        let is_above = |hold: &&Reservation| above.iter().any(|prefix| hold.key.starts_with(prefix));
        let ended = transfer.holds.0.iter().filter(|hold| !is_above(hold)).cloned().collect();
        Ok(ReservationsMoved { id: transfer.id, ended: Reservations(ended), begun })
    }

    /// The policies that bind a transfer once a change is made.
    fn applicable_policies_under(&self, transfer: &Transfer, under: Under<'_>) -> ApplicablePolicies {
        match under {
            Under::Policy(scope, policy, past) => {
                let mut applicable = self.applicable_policies(transfer.agent, &transfer.request);
                applicable.replaced = past.counters();
                for scoped in applicable.policies.iter_mut().filter(|scoped| scoped.scope == scope) {
                    scoped.policy = (!policy.rules.is_empty()).then(|| policy.clone());
                }
                applicable
            }
            Under::Wallet(changed) => self.applicable_policies_if(transfer.agent, &transfer.request, Some(changed)),
        }
    }

    /// What a transfer is to hold in the scopes in which it holds nothing yet; `None` on overflow. What holds nothing at all is only tried
    /// out.
    fn begun(&self, transfer: &Transfer, applicable: &ApplicablePolicies, now: Timestamp) -> Option<Reservations> {
        if transfer.holds.is_empty() {
            return Some(Reservations::default());
        }
        let is_held = |scoped: &&ScopedPolicy| {
            let prefix = CounterKey::prefix(&scoped.scope);
            transfer.holds.0.iter().any(|hold| hold.key.starts_with(&prefix))
        };
        let new: Vec<ScopedPolicy> = applicable.policies.iter().filter(|scoped| !is_held(scoped)).cloned().collect();
        self.holds(&new, &transfer.request, now)
    }

    /// Who would have to agree to a transfer because of a change and has not. What was demanded before as well has had its answer.
    fn unasked(
        &self,
        transfer: &Transfer,
        under: Under<'_>,
        applicable: &ApplicablePolicies,
        context: EvaluationContext<'_>,
    ) -> Option<String> {
        let before = self.scopes_if(transfer.agent, &transfer.request, None);
        let is_changed = |scoped: &&ScopedPolicy| match under {
            Under::Policy(scope, ..) => scoped.scope == scope,
            Under::Wallet(_) => !before.contains(&scoped.scope),
        };
        let changed: Vec<ScopedPolicy> = applicable.policies.iter().filter(is_changed).cloned().collect();
        let was = |scoped: &ScopedPolicy| ScopedPolicy { policy: self.tables.policy(&scoped.scope), ..scoped.clone() };
        let old = if let Under::Policy(..) = under { changed.iter().map(was).collect() } else { Vec::new() };
        let demands = |policies: Vec<ScopedPolicy>| {
            let applicable = ApplicablePolicies { policies, replaced: Rc::clone(&applicable.replaced), wallet_active: true };
            self.demands(&applicable, &transfer.request, context)
        };
        let (new, old) = (demands(changed), demands(old));
        match new {
            Ok(new) => {
                let old = old.unwrap_or_default();
                let unasked = new.into_iter().find(|demand| !old.contains(demand) && !self.has_answered(transfer, demand))?;
                Some(format!("{} of the group {}", unasked.quorum, unasked.group))
            }
            Err(_) if old.is_err() => None,
            Err(_) => Some("more members of a group than it has".to_owned()),
        }
    }

    /// Everything of a wallet, and of those below it, that is deactivated ends, but for what may be on its way and what takes that back.
    /// Of the wallets below at most [`MAX_MOVED_TRANSFERS`] at once: the others are cancelled when they are looked at next.
    pub(super) fn deactivation_ends(&self, wallet: WalletId) -> Vec<Event> {
        let below = self.active_within(|scopes| scopes.contains(&Scope::Wallet(wallet))).into_iter();
        let below = below.filter(|(paying, _)| *paying != wallet).take(MAX_MOVED_TRANSFERS);
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
        let (code, why) = strictest(&objection);
        match self.mode() {
            Mode::Normal => Recheck::Over(code, why),
            Mode::Limited { .. } | Mode::Emergency { .. } => match self.objection_in(Mode::Normal, id, now) {
                None => Recheck::Waits(why),
                Some(objection) => {
                    let (code, why) = strictest(&objection);
                    Recheck::Over(code, why)
                }
            },
        }
    }

    /// Why a transfer does not move now although it was let through, while limits are reduced: nothing in its record says so.
    pub fn held_back(&self, id: TransferId, now: Timestamp) -> Option<String> {
        let Mode::Limited { .. } = self.mode() else { return None };
        let transfer = self.tables.transfer(id).filter(|transfer| transfer.status.is_before_building())?;
        match self.recheck(transfer.id, now) {
            Recheck::Waits(why) => Some(format!("waits: {why}")),
            Recheck::Passed | Recheck::Over(..) => None,
        }
    }

    /// The record may have changed since the caller read it: what counts is what it says now.
    fn objection_in(&self, mode: Mode, id: TransferId, now: Timestamp) -> Option<Evaluation> {
        let transfer = self.tables.transfer(id)?;
        let now = self.monotonic_now(now);
        if let Some(finding) = self.out_of_place(&transfer, now) {
            let policy_version = self.policy(transfer.request.wallet).map_or(0, |policy| policy.version);
            let (findings, approvals) = (vec![finding], Vec::new());
            return Some(Evaluation { decision: Decision::Deny, policy_version, findings, approvals });
        }
        // No policy is asked about the upkeep of nonce accounts.
        if transfer.request.nonce_operation().is_some() {
            return None;
        }
        let mut evaluation = self.judge_queued(mode, &transfer, now);
        if evaluation.decision != Decision::Deny
            && let Some(finding) = self.unasked_since(&transfer, now)
        {
            evaluation.decision = Decision::Deny;
            evaluation.findings.push(finding);
        }
        (evaluation.decision == Decision::Deny).then_some(evaluation)
    }

    /// Who would have to agree before a transaction is built in the place of one that has proven dead: a policy may have come that asks
    /// people while the first could still land and nothing could be cancelled. Demands that were met before stay met.
    fn unasked_since(&self, transfer: &Transfer, now: Timestamp) -> Option<Finding> {
        if transfer.status != Status::Expired {
            return None;
        }
        let applicable = self.applicable_policies(transfer.agent, &transfer.request);
        let mut beside = Beside::without([&transfer.holds]);
        let queue = self.queue_of(transfer, &applicable);
        queue.iter().filter(|other| other.id > transfer.id).for_each(|other| beside.leave_out(&other.holds));
        let context = EvaluationContext { agent: transfer.agent, now, beside: &beside, is_recheck: true };
        let demands = match self.demands(&applicable, &transfer.request, context) {
            Ok(demands) => demands,
            Err(finding) => return Some(*finding),
        };
        let was_met = |demand: &ApprovalDemand| {
            let asked = transfer.approval.as_ref().is_some_and(|approval| approval.demands.contains(demand));
            asked || self.has_answered(transfer, demand)
        };
        let unasked = demands.into_iter().find(|demand| !was_met(demand))?;
        let message = format!("{} of the group {} would have to approve it; ask for it again", unasked.quorum, unasked.group);
        Some(Finding::denied(RuleKind::Approval, ReasonCode::PolicyDenied, message))
    }

    /// What is wrong with a transfer before any policy is asked.
    fn out_of_place(&self, transfer: &Transfer, now: Timestamp) -> Option<Finding> {
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
    fn judge_queued(&self, mode: Mode, transfer: &Transfer, now: Timestamp) -> Evaluation {
        let evaluate = |of: &Transfer, applicable: &ApplicablePolicies, beside: &Beside| {
            self.evaluate_request_in_mode(
                mode,
                applicable,
                &of.request,
                EvaluationContext { agent: of.agent, now, beside, is_recheck: true },
            )
        };
        let applicable = self.applicable_policies(transfer.agent, &transfer.request);
        let mut beside = Beside::without([&transfer.holds]);
        let evaluation = evaluate(transfer, &applicable, &beside);
        if evaluation.decision != Decision::Deny {
            return evaluation;
        }
        let queue = self.queue_of(transfer, &applicable);
        queue.iter().for_each(|other| beside.leave_out(&other.holds));
        let alone = evaluate(transfer, &applicable, &beside);
        if alone.decision == Decision::Deny || queue.is_empty() {
            return alone;
        }
        let mut applicable_by_agent: BTreeMap<(WalletId, Principal, Option<SessionId>), ApplicablePolicies> = BTreeMap::new();
        for other in queue.iter().filter(|other| other.id < transfer.id) {
            let key = (other.request.wallet, other.agent, other.request.session);
            let applicable =
                applicable_by_agent.entry(key).or_insert_with(|| self.applicable_policies(other.agent, &other.request));
            if evaluate(other, applicable, &beside).decision != Decision::Deny {
                beside.count(&other.holds);
            }
        }
        evaluate(transfer, &applicable, &beside)
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
        let elsewhere = elsewhere.into_iter().take(MAX_LOOKED_AT).filter_map(|id| self.tables.transfer(id));
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

fn uncountable() -> Refusal {
    invalid("change", "what is on its way is more than the counters above the wallet can hold; change it when that has ended")
}
