//! Decisions that cancel transfers.

use super::require_authenticated;
use crate::access::Role;
use crate::base::{TransferId, WalletId};
use crate::event::{Event, TransferStopped};
use crate::policy::ReasonCode;
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::{MAX_REASON_BYTES, Status};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Decides the command of a transfer's agent, an admin or a guardian to cancel the transfer.
    ///
    /// A transfer can be cancelled before signed bytes of it can land.
    ///
    /// # Errors
    /// When the caller may not cancel it, the note is too long, or the transfer's status does not allow it.
    pub fn decide_cancel(&self, caller: Principal, id: TransferId, note: Option<String>) -> Result<Decided, Refusal> {
        require_authenticated(caller)?;
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
        let code = if transfer.agent == caller { ReasonCode::CancelledByAgent } else { ReasonCode::CancelledByOperator };
        Ok(Decided::by_caller(caller, Event::TransferCancelled(TransferStopped { id, code, note })))
    }

    /// Decides, by the canister itself, to cancel a transfer that is revoked, proven unable to land, or only simulated.
    ///
    /// # Errors
    /// When signed bytes of the transfer could land, or it has ended.
    pub fn decide_cancel_by_canister(&self, id: TransferId, code: ReasonCode, note: String) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if !transfer.status.may_become(Status::Cancelled) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer without signed bytes that could land" });
        }
        Ok(Decided::by_canister(cancelled(id, code, note)))
    }

    /// Returns the cancellations of an agent's transfers when the agent is removed from a wallet.
    ///
    /// Revocations go on: an agent is removed so that nothing more of it lands.
    pub(super) fn agent_cancellations(&self, wallet: WalletId, agent: Principal) -> Vec<Event> {
        let transfers = self.active_transfers_of(wallet).into_iter().filter(|transfer| {
            transfer.agent == agent && transfer.status.may_become(Status::Cancelled) && !transfer.is_revocation()
        });
        transfers.map(|transfer| cancelled(transfer.id, ReasonCode::AgentRemoved, "its agent was removed")).collect()
    }
}

/// Makes the event that cancels a transfer.
pub(super) fn cancelled(id: TransferId, code: ReasonCode, note: impl Into<String>) -> Event {
    Event::TransferCancelled(TransferStopped { id, code, note: Some(note.into()) })
}
