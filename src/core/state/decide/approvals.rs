//! Decisions about transfers that wait for approval.

use super::rejection::{SESSION_OVER, first_denial, rejected};
use super::require_authenticated;
use crate::access::{Role, Session};
use crate::base::codec::{encode_value, to_value};
use crate::base::{Hash, Timestamp, TransferId, WalletId};
use crate::event::{ApprovalGiven, Event, TransferTransition};
use crate::policy::{ApprovalDemand, Evaluation, ReasonCode};
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::{Approval, MAX_REASON_BYTES, Status, Transfer, TransferRequest};
use candid::Principal;
use ic_stable_structures::Memory;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

impl<M: Memory> State<M> {
    /// Decides the approval of exactly one transfer by a member of an asked group.
    ///
    /// When every quorum is reached and there is no time lock, the transfer goes on in the same commit.
    ///
    /// # Errors
    /// When the transfer does not wait for approval, its approval has expired, the caller is not asked or has approved already, or the
    /// intent hash is another.
    pub fn decide_approve(&self, caller: Principal, id: TransferId, intent: Hash, now: Timestamp) -> Result<Decided, Refusal> {
        let now = self.monotonic_now(now);
        let (transfer, approval) = self.require_approver(caller, id, now)?;
        if approval.intent != intent {
            return Err(invalid(
                "intent_hash",
                format!("the transfer's is {}; look at it again before approving", approval.intent),
            ));
        }
        if approval.approved_by.contains(&caller) {
            return Err(Refusal::AlreadySo { what: "you have approved this transfer already" });
        }
        let mut approved_by = approval.approved_by.clone();
        approved_by.insert(caller);
        let time_lock = approval.demands.iter().map(|demand| demand.time_lock_ns).max().unwrap_or_default();
        // A further approval does not start the time lock anew.
        let ready_at = self
            .is_quorum_reached(&transfer, &approval, &approved_by)
            .then(|| approval.ready_at.unwrap_or_else(|| now.saturating_add(time_lock)));
        let mut decided = Decided::by_caller(caller, Event::ApprovalGiven(ApprovalGiven { id, approver: caller, ready_at }));
        if ready_at.is_some_and(|ready_at| ready_at <= now) {
            decided.events.push(self.resolve_approval(&transfer, &approval, &approved_by, now));
        }
        Ok(decided)
    }

    /// Decides the rejection of a transfer by a member of an asked group, an admin or a guardian. One rejection is enough.
    ///
    /// # Errors
    /// When the transfer does not wait for approval, the note is too long, or the caller may not reject it.
    pub fn decide_reject(&self, caller: Principal, id: TransferId, note: String, now: Timestamp) -> Result<Decided, Refusal> {
        if note.len() > MAX_REASON_BYTES {
            return Err(invalid("note", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        require_authenticated(caller)?;
        let roles = self.tables.roles(&caller);
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if transfer.status != Status::AwaitingApproval || !(roles.has(Role::Admin) || roles.has(Role::Guardian)) {
            self.require_approver(caller, id, self.monotonic_now(now))?;
        }
        let note = if note.is_empty() { format!("{caller} said no") } else { note };
        Ok(Decided::by_caller(caller, rejected(id, ReasonCode::ApprovalRejected, note)))
    }

    /// Decides whether a transfer that waits for approval goes on or is rejected; `None` while it has to wait.
    ///
    /// # Errors
    /// When the transfer does not wait for approval.
    pub fn decide_pending_approval(&self, id: TransferId, now: Timestamp) -> Result<Option<Decided>, Refusal> {
        let now = self.monotonic_now(now);
        let (transfer, approval) = self.require_awaiting(id)?;
        if is_approval_expired(&transfer, now) {
            return Ok(timeout_rejections(std::slice::from_ref(&transfer)).pop().map(Decided::by_canister));
        }
        if self.is_session_over(&transfer, now) {
            return Ok(Some(Decided::by_canister(rejected(id, ReasonCode::ApprovalTimeout, SESSION_OVER))));
        }
        let is_due = approval.ready_at.is_some_and(|ready_at| ready_at <= now);
        Ok(is_due.then(|| Decided::by_canister(self.resolve_approval(&transfer, &approval, &approval.approved_by, now))))
    }

    /// Whether the session of a transfer's request is over.
    fn is_session_over(&self, transfer: &Transfer, now: Timestamp) -> bool {
        let session = transfer.request.session.and_then(|id| self.tables.session(id));
        session.is_some_and(|session| !session.is_open(now))
    }

    /// Returns the rejections of all transfers of a session that wait for approval when the session expires.
    pub(super) fn rejections_of_session(&self, session: &Session) -> Vec<Event> {
        let waiting = self.pending_approvals(Some(session.wallet)).into_iter();
        let in_session = waiting.filter(|transfer| transfer.request.session == Some(session.id));
        in_session.map(|transfer| rejected(transfer.id, ReasonCode::ApprovalTimeout, SESSION_OVER)).collect()
    }

    /// Whether the given approvals of a transfer meet a demand, with a time lock of at least the demanded length.
    ///
    /// The approvals may have been given under another policy.
    pub(super) fn has_met(&self, transfer: &Transfer, demand: &ApprovalDemand) -> bool {
        transfer.approval.as_ref().is_some_and(|approval| {
            let locked = approval.demands.iter().any(|asked| asked.time_lock_ns >= demand.time_lock_ns);
            locked && self.count_approvals(transfer, demand, &approval.approved_by) >= demand.quorum
        })
    }

    /// Returns the transfers of a wallet whose approval has expired, whether or not the expiry is recorded.
    ///
    /// A decision must not count their reservations: whether a timer has run already must not decide about another payment.
    pub(super) fn expired_approvals(&self, wallet: WalletId, now: Timestamp) -> Vec<Transfer> {
        self.pending_approvals(Some(wallet)).into_iter().filter(|transfer| is_approval_expired(transfer, now)).collect()
    }

    /// Returns the number of principals that approved a transfer and still may, for one demand.
    pub fn approvals_of(&self, transfer: &Transfer, demand: &ApprovalDemand) -> u32 {
        transfer.approval.as_ref().map_or(0, |approval| self.count_approvals(transfer, demand, &approval.approved_by))
    }

    fn count_approvals(&self, transfer: &Transfer, demand: &ApprovalDemand, approved_by: &BTreeSet<Principal>) -> u32 {
        let approved = self.approvers_of(&demand.group, transfer.agent).filter(|member| approved_by.contains(member));
        u32::try_from(approved.count()).unwrap_or(u32::MAX)
    }

    /// Returns a transfer that waits for approval, with the approval.
    fn require_awaiting(&self, id: TransferId) -> Result<(Transfer, Approval), Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        match (transfer.status, transfer.approval.clone()) {
            (Status::AwaitingApproval, Some(approval)) => Ok((transfer, approval)),
            (status, _) => Err(Refusal::WrongStatus { status, needs: "a transfer that waits for approval" }),
        }
    }

    /// Returns a transfer that waits for the caller's approval, with the approval.
    fn require_approver(&self, caller: Principal, id: TransferId, now: Timestamp) -> Result<(Transfer, Approval), Refusal> {
        require_authenticated(caller)?;
        let (transfer, approval) = self.require_awaiting(id)?;
        if is_approval_expired(&transfer, now) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "an approval in time; this one has expired" });
        }
        let asked =
            approval.demands.iter().any(|demand| self.approvers_of(&demand.group, transfer.agent).any(|member| member == caller));
        if !asked {
            return Err(Refusal::Unauthorized { needs: "a member of a group that is asked, other than the requester" });
        }
        Ok((transfer, approval))
    }

    /// Whether every quorum is reached by principals that still may approve. A removed approver's answer does not count.
    fn is_quorum_reached(&self, transfer: &Transfer, approval: &Approval, approved_by: &BTreeSet<Principal>) -> bool {
        approval.demands.iter().all(|demand| self.count_approvals(transfer, demand, approved_by) >= demand.quorum)
    }

    /// Returns the event that ends the wait of a transfer: approved, or rejected.
    ///
    /// Quorums and policies are evaluated again: approvers may have lost their role, and limits may be used up since the request.
    fn resolve_approval(
        &self,
        transfer: &Transfer,
        approval: &Approval,
        approved_by: &BTreeSet<Principal>,
        now: Timestamp,
    ) -> Event {
        let id = transfer.id;
        if !self.is_quorum_reached(transfer, approval, approved_by) {
            return rejected(
                id,
                ReasonCode::ApprovalOutdated,
                "an approver lost the power to approve before the time lock was over",
            );
        }
        if let Some(denial) = self.recheck_denial(id, now) {
            let (code, message) = first_denial(&denial);
            return rejected(id, code, message);
        }
        Event::TransferApproved(TransferTransition { id, note: None })
    }
}

/// Whether the approval of a transfer has expired. A quorum that was reached in time waits for its time lock and does not expire.
fn is_approval_expired(transfer: &Transfer, now: Timestamp) -> bool {
    let approval = transfer.approval.as_ref().filter(|_| transfer.status == Status::AwaitingApproval);
    approval.is_some_and(|approval| approval.ready_at.is_none() && now >= approval.expires_at)
}

/// Returns the rejections of transfers whose approval has expired.
pub(super) fn timeout_rejections(expired: &[Transfer]) -> Vec<Event> {
    let end = |transfer: &Transfer| rejected(transfer.id, ReasonCode::ApprovalTimeout, "nobody approved it in time");
    expired.iter().map(end).collect()
}

/// Returns the approval that a request needs, if it needs one. It expires with the shortest of the demanded timeouts.
pub(super) fn approval_request(
    id: TransferId,
    agent: Principal,
    request: &TransferRequest,
    evaluation: &Evaluation,
    now: Timestamp,
) -> Option<Approval> {
    let timeout = evaluation.approvals.iter().map(|demand| demand.timeout_ns).min()?;
    let expires_at = now.saturating_add(timeout);
    Some(Approval {
        demands: evaluation.approvals.clone(),
        intent: intent_hash(id, agent, request, evaluation.policy_version, expires_at),
        expires_at,
        approved_by: BTreeSet::new(),
        ready_at: None,
    })
}

/// Returns the intent hash, which binds an approval to one transfer, request, policy version and expiry.
fn intent_hash(id: TransferId, agent: Principal, request: &TransferRequest, policy_version: u64, expires_at: Timestamp) -> Hash {
    let value = to_value(request).expect("BUG: a request that ICRC-3 cannot hold");
    let mut hasher = Sha256::new();
    hasher.update(b"\x0dpurser:intent");
    // The length before each part keeps two different intents from having the same bytes.
    for part in [&id.get().to_be_bytes()[..], agent.as_slice(), &policy_version.to_be_bytes(), &expires_at.nanos().to_be_bytes()] {
        hasher.update([u8::try_from(part.len()).expect("BUG: an endless part")]);
        hasher.update(part);
    }
    hasher.update(encode_value(&value));
    Hash(hasher.finalize().into())
}
