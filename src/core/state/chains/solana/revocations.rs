//! Decisions about revocations, and the use of nonces by built transactions.

use super::operations::{address_of, operation_request};
use crate::access::Role;
use crate::base::{Timestamp, TransferId};
use crate::chains::solana::derived;
use crate::chains::solana::transfer::NonceOperation;
use crate::event::{Event, TransferTransition};
use crate::state::decide::require_authenticated;
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State};
use crate::transfer::{BuiltTx, Status, Transfer};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Decides the command to revoke a transfer whose signed bytes stand on a nonce. Returns the revoking transfer too.
    ///
    /// The revocation is a transaction that only uses the nonce up; after it the signed bytes cannot land, whether they were sent or not. It
    /// is allowed in an emergency too, and for a quarantined transfer.
    ///
    /// # Errors
    /// When the caller is neither the transfer's agent nor an admin nor a guardian, no signed bytes stand on a nonce, or a revocation is
    /// under way.
    pub fn decide_revoke(&self, caller: Principal, id: TransferId, now: Timestamp) -> Result<(Decided, TransferId), Refusal> {
        require_authenticated(caller)?;
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        let roles = self.tables.roles(&caller);
        if transfer.agent != caller && !roles.has(Role::Admin) && !roles.has(Role::Guardian) {
            return Err(Refusal::Unauthorized { needs: "the agent who asked for the transfer, an Admin or a Guardian" });
        }
        let Some(index) = transfer.nonce_index().filter(|_| transfer.is_revocable()) else {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "signed bytes on a nonce that may still land" });
        };
        if self.revocation_of(&transfer).is_some() {
            return Err(Refusal::AlreadySo { what: "the transfer is being revoked" });
        }
        let Some(wallet) = self.tables.wallet(transfer.request.wallet) else {
            return Err(not_found("wallet", transfer.request.wallet));
        };
        let revocation = self.tables.head().next_transfer;
        let address = derived::nonce_account(&address_of(&wallet), index);
        let operation = NonceOperation::Revoke { transfer: id };
        let request = operation_request(revocation, &wallet, operation, address, self.config().chains.solana.max_fee);
        let event = self.operation_event(caller, revocation, request, now)?;
        Ok((Decided::by_caller(caller, event), revocation))
    }

    /// Refuses a built transaction whose use of a nonce conflicts with another transfer.
    ///
    /// At most one transaction stands on a nonce at a time, and only its revocation uses the nonce up.
    pub(in crate::state) fn check_nonce(&self, transfer: &Transfer, built: &BuiltTx) -> Result<(), Refusal> {
        let used = |built: &BuiltTx| built.details.solana().map(|built| (built.nonce.clone(), built.advances.clone()));
        let (stands_on, advances) = used(built).unwrap_or_default();
        if let Some(NonceOperation::Revoke { transfer: id }) = transfer.request.nonce_operation() {
            let revoked = self.tables.transfer(id).filter(Transfer::is_revocable);
            let revoked_nonce = revoked.and_then(|revoked| used(&revoked.built?)?.0);
            if stands_on.is_none() && advances.is_some() && advances == revoked_nonce {
                return Ok(());
            }
            return Err(invalid("advances", "not the nonce that the transfer to be revoked stands on, if it still does"));
        }
        if advances.is_some() {
            return Err(invalid("advances", "only a revocation advances a nonce that it does not stand on"));
        }
        // A simulated transfer is never signed, so it takes no nonce from another.
        let Some(used) = stands_on.filter(|_| !transfer.simulated) else { return Ok(()) };
        let record = self.nonce(transfer.request.wallet, used.index).ok_or_else(|| not_found("nonce account", used.index))?;
        if record.holder.is_none_or(|holder| holder == transfer.id) {
            return Ok(());
        }
        Err(Refusal::AlreadySo { what: "another transfer stands on the nonce" })
    }

    /// Returns the event that has the canister follow a revoked transfer again, when its revocation is built.
    ///
    /// The nonce was just seen unchanged, so the revoked transfer has not landed by now. From here on it is followed until it has landed or
    /// is proven dead, even when it was never sent or is quarantined: its signed bytes are in the log, and everybody can send them.
    pub(in crate::state) fn resume_following(&self, revocation: &Transfer) -> Option<Event> {
        let Some(NonceOperation::Revoke { transfer: id }) = revocation.request.nonce_operation() else { return None };
        let status = self.tables.transfer(id)?.status;
        let is_not_followed = matches!(status, Status::Signed | Status::Quarantined);
        is_not_followed.then_some(Event::TransferSubmitted(TransferTransition { id, note: None }))
    }
}
