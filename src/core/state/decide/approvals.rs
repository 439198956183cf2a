//! What people decide about transfers that need them.

use super::rejection::{SESSION_OVER, first_denial, rejected};
use super::{Decided, authenticated, invalid, not_found};
use crate::access::{Role, Session};
use crate::base::{Hash, Timestamp, TransferId, WalletId};
use crate::event::{ApprovalGiven, Event, TransferTransition};
use crate::policy::{ApprovalDemand, Evaluation, ReasonCode};
use crate::state::{Refusal, State};
use crate::transfer::{Approval, MAX_REASON_BYTES, Status, Transfer, TransferRequest};
use candid::Principal;
use ic_stable_structures::Memory;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

impl<M: Memory> State<M> {
    /// A member of a group that was asked says yes to exactly this transfer. When every quorum is reached and nothing has to be waited
    /// for, the transfer goes on in the same commit.
    ///
    /// # Errors
    /// When the transfer does not wait, it is too late, the caller is not asked, has said yes already, or says yes to something else.
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
        // One more yes does not put off what is agreed already.
        let ready_at = self
            .is_quorum_reached(&transfer, &approval, &approved_by)
            .then(|| approval.ready_at.unwrap_or_else(|| now.saturating_add(time_lock)));
        let mut decided = Decided::by(caller, Event::ApprovalGiven(ApprovalGiven { id, approver: caller, ready_at }));
        if ready_at.is_some_and(|ready_at| ready_at <= now) {
            decided.events.push(self.resolve_approval(&transfer, &approval, &approved_by, now));
        }
        Ok(decided)
    }

    /// A member of a group that was asked, an admin or a guardian says no; one no is enough.
    ///
    /// # Errors
    /// When the transfer does not wait, or the caller is nobody who was asked.
    pub fn decide_reject(&self, caller: Principal, id: TransferId, note: String, now: Timestamp) -> Result<Decided, Refusal> {
        if note.len() > MAX_REASON_BYTES {
            return Err(invalid("note", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        authenticated(caller)?;
        let roles = self.tables.roles(&caller);
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if transfer.status != Status::AwaitingApproval || !(roles.has(Role::Admin) || roles.has(Role::Guardian)) {
            self.require_approver(caller, id, self.monotonic_now(now))?;
        }
        let note = if note.is_empty() { format!("{caller} said no") } else { note };
        Ok(Decided::by(caller, rejected(id, ReasonCode::ApprovalRejected, note)))
    }

    /// What has become of a transfer that waits for approval, once its time has come: it is let go on, or it is over. `None` while it
    /// has to wait.
    ///
    /// # Errors
    /// When it does not wait for approval.
    pub fn decide_waiting(&self, id: TransferId, now: Timestamp) -> Result<Option<Decided>, Refusal> {
        let now = self.monotonic_now(now);
        let (transfer, approval) = self.require_awaiting(id)?;
        if is_late(&transfer, now) {
            return Ok(timeouts(std::slice::from_ref(&transfer)).pop().map(Decided::by_canister));
        }
        if self.is_session_over(&transfer, now) {
            return Ok(Some(Decided::by_canister(rejected(id, ReasonCode::ApprovalTimeout, SESSION_OVER))));
        }
        let is_due = approval.ready_at.is_some_and(|ready_at| ready_at <= now);
        Ok(is_due.then(|| Decided::by_canister(self.resolve_approval(&transfer, &approval, &approval.approved_by, now))))
    }

    /// Whether the session that a transfer was asked for in is over.
    fn is_session_over(&self, transfer: &Transfer, now: Timestamp) -> bool {
        let session = transfer.request.session.and_then(|id| self.tables.session(id));
        session.is_some_and(|session| !session.is_open(now))
    }

    /// The end of what waits for people when its session is over.
    pub(super) fn rejections_of_session(&self, session: &Session) -> Vec<Event> {
        let waiting = self.pending_approvals(Some(session.wallet)).into_iter();
        let its_own = waiting.filter(|transfer| transfer.request.session == Some(session.id));
        its_own.map(|transfer| rejected(transfer.id, ReasonCode::ApprovalTimeout, SESSION_OVER)).collect()
    }

    /// Whether a demand is met by those who agreed to a transfer, and had been locked for as long, whatever policy they were asked under.
    pub(super) fn has_met(&self, transfer: &Transfer, demand: &ApprovalDemand) -> bool {
        transfer.approval.as_ref().is_some_and(|approval| {
            let locked = approval.demands.iter().any(|asked| asked.time_lock_ns >= demand.time_lock_ns);
            locked && self.count_approvals(transfer, demand, &approval.approved_by) >= demand.quorum
        })
    }

    /// The transfers of a wallet whose approval comes too late now, whether or not anybody has noticed (trap T42).
    pub(super) fn late_approvals(&self, wallet: WalletId, now: Timestamp) -> Vec<Transfer> {
        self.pending_approvals(Some(wallet)).into_iter().filter(|transfer| is_late(transfer, now)).collect()
    }

    /// The transfers that wait for approval, with everything that a group decides on; the oldest first.
    pub fn pending_approvals(&self, wallet: Option<WalletId>) -> Vec<Transfer> {
        let keys = match wallet {
            Some(wallet) => self.tables.awaiting.range((wallet.get(), 0)..=(wallet.get(), u64::MAX)),
            None => self.tables.awaiting.range(..),
        };
        keys.filter_map(|(_, id)| self.tables.transfer(TransferId::new(id))).collect()
    }

    /// How many of those who may answer a question have said yes to it.
    pub fn approvals_of(&self, transfer: &Transfer, demand: &ApprovalDemand) -> u32 {
        transfer.approval.as_ref().map_or(0, |approval| self.count_approvals(transfer, demand, &approval.approved_by))
    }

    fn count_approvals(&self, transfer: &Transfer, demand: &ApprovalDemand, yes: &BTreeSet<Principal>) -> u32 {
        let agreed = self.approvers_of(&demand.group, transfer.agent).filter(|member| yes.contains(member));
        u32::try_from(agreed.count()).unwrap_or(u32::MAX)
    }

    /// A transfer that waits for approval, with its question.
    fn require_awaiting(&self, id: TransferId) -> Result<(Transfer, Approval), Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        match (transfer.status, transfer.approval.clone()) {
            (Status::AwaitingApproval, Some(approval)) => Ok((transfer, approval)),
            (status, _) => Err(Refusal::WrongStatus { status, needs: "a transfer that waits for approval" }),
        }
    }

    fn require_approver(&self, caller: Principal, id: TransferId, now: Timestamp) -> Result<(Transfer, Approval), Refusal> {
        authenticated(caller)?;
        let (transfer, approval) = self.require_awaiting(id)?;
        if is_late(&transfer, now) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "an approval in time; this one has expired" });
        }
        let asked =
            approval.demands.iter().any(|demand| self.approvers_of(&demand.group, transfer.agent).any(|member| member == caller));
        if !asked {
            return Err(Refusal::Unauthorized { needs: "a member of a group that is asked, other than the requester" });
        }
        Ok((transfer, approval))
    }

    /// Whether every quorum is reached by those who still may approve (trap T40).
    fn is_quorum_reached(&self, transfer: &Transfer, approval: &Approval, approved_by: &BTreeSet<Principal>) -> bool {
        approval.demands.iter().all(|demand| self.count_approvals(transfer, demand, approved_by) >= demand.quorum)
    }

    /// The end of the wait: on, if the quorum still stands and the policies still allow it (trap T28), else over.
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
                ReasonCode::ApprovalRejected,
                "an approver lost the power to approve before the time lock was over",
            );
        }
        if let Some(objection) = self.objection(transfer, now) {
            let (code, message) = first_denial(&objection);
            return rejected(id, code, message);
        }
        Event::TransferApproved(TransferTransition { id, note: None })
    }
}

/// Whether nobody decided in time. A quorum that was reached in time only waits for its time lock.
fn is_late(transfer: &Transfer, now: Timestamp) -> bool {
    let approval = transfer.approval.as_ref().filter(|_| transfer.status == Status::AwaitingApproval);
    approval.is_some_and(|approval| approval.ready_at.is_none() && now >= approval.expires_at)
}

/// The end of transfers that nobody decided about in time.
pub(super) fn timeouts(late: &[Transfer]) -> Vec<Event> {
    let end = |transfer: &Transfer| rejected(transfer.id, ReasonCode::ApprovalTimeout, "nobody approved it in time");
    late.iter().map(end).collect()
}

/// The question that a request raises, if it raises one; the least patient rule says how long it stands.
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
        intent: intent(id, agent, request, evaluation.policy_version, expires_at),
        expires_at,
        approved_by: BTreeSet::new(),
        ready_at: None,
    })
}

/// What an approver says yes to: one transfer, one request, one policy, one time (trap T37).
fn intent(id: TransferId, agent: Principal, request: &TransferRequest, policy_version: u64, expires_at: Timestamp) -> Hash {
    let value = crate::base::codec::to_value(request).expect("BUG: a request that ICRC-3 cannot hold");
    let mut hasher = Sha256::new();
    hasher.update(b"\x0dpurser:intent");
    for part in [&id.get().to_be_bytes()[..], agent.as_slice(), &policy_version.to_be_bytes(), &expires_at.nanos().to_be_bytes()] {
        hasher.update([u8::try_from(part.len()).expect("BUG: an endless part")]);
        hasher.update(part);
    }
    hasher.update(crate::base::codec::encode_value(&value));
    Hash(hasher.finalize().into())
}
