//! What the canister itself decides while it drives a transfer.

use super::{Decided, invalid, not_found};
use crate::access::Role;
use crate::base::{Amount, TransferId};
use crate::event::{Event, TransferBuilt, TransferDeadline, TransferSettled, TransferSigned, TransferTransition};
use crate::policy::ReasonCode;
use crate::state::{Refusal, State};
use crate::transfer::{BuiltTx, MAX_REASON_BYTES, SignedTx, Status, Transfer};
use crate::wallet::Signing;
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Whether a transfer may still go towards its chain. Asked again after every await that precedes something irreversible.
    pub fn may_progress(&self, id: TransferId) -> bool {
        self.tables.transfer(id).is_some_and(|transfer| {
            let may_run = !self.mode().is_emergency() || transfer.is_revocation();
            may_run && matches!(transfer.status, Status::Reserved | Status::Expired | Status::Built | Status::Signed)
        })
    }

    /// Records what is to be signed, before a key is asked.
    ///
    /// # Errors
    /// When the transfer is not waiting to be built, the fee exceeds what was reserved, an input is already spent elsewhere, or the
    /// same bytes are another transfer's: one transaction would then be taken for two payments. A revocation must use up the very
    /// nonce that the revoked transaction stands on.
    pub fn decide_built(&self, id: TransferId, built: BuiltTx) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Built)?;
        if built.fee > transfer.request.max_fee {
            return Err(invalid("fee", "more than was reserved for it"));
        }
        if self.tables.owner_of(&built.unsigned).is_some_and(|owner| owner != id && self.owns_bytes(owner, &built.unsigned)) {
            return Err(Refusal::AlreadySo { what: "another transfer is this very transaction; it takes another blockhash" });
        }
        self.check_nonce(&transfer, &built)?;
        let locked = self.locked_outpoints(transfer.request.wallet);
        let own = transfer.built.as_ref().map(|built| &built.inputs[..]).unwrap_or_default();
        if built.inputs.iter().any(|input| input.len() != 36 || (locked.contains(input) && !own.contains(input))) {
            return Err(invalid("inputs", "an input is malformed or spent by another transfer under way"));
        }
        let mut events = vec![Event::TransferBuilt(TransferBuilt { id, built })];
        events.extend(self.resume_following(&transfer));
        Ok(Decided { actor: None, events })
    }

    /// Whether bytes that were built for a transfer stay that transfer's: while it may sign them, and for ever once it has, because then
    /// they may land or have landed. Bytes of a transfer that ended without a signature bind nothing. The owner of a client-side wallet may
    /// have signed them all the same; whoever sends them then, it is one transaction, and lands once for the transfer that has them now.
    fn owns_bytes(&self, owner: TransferId, unsigned: &[u8]) -> bool {
        let ended_unsigned = |transfer: Transfer| {
            let is_over = matches!(transfer.status, Status::Cancelled | Status::Failed);
            let is_last = transfer.built.is_some_and(|built| built.unsigned[..] == *unsigned);
            is_over && is_last && transfer.signed.is_none()
        };
        !self.tables.transfer(owner).is_some_and(ended_unsigned)
    }

    /// Records what may be broadcast, before it is.
    ///
    /// # Errors
    /// When the transfer is not waiting for a signature, it or its chain is only simulated, or the signature is not one of the canister's:
    /// the owner of a client-side wallet signs.
    pub fn decide_signed(&self, id: TransferId, signed: SignedTx) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Signed)?;
        let wallet = self.tables.wallet(transfer.request.wallet);
        if wallet.is_none_or(|wallet| wallet.signing != Signing::Threshold) {
            return Err(invalid("wallet_id", "the canister holds no key of this wallet"));
        }
        Ok(Decided::by_canister(Event::TransferSigned(TransferSigned { id, signed })))
    }

    /// Records that the signed bytes are about to leave.
    ///
    /// # Errors
    /// When they may not: the transfer was cancelled, or an emergency is on.
    pub fn decide_submitted(&self, id: TransferId) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Submitted)?;
        if !self.may_progress(id) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "the emergency to end" });
        }
        Ok(Decided::by_canister(Event::TransferSubmitted(TransferTransition { id, note: None })))
    }

    /// Records the finalized block height after which the current attempt cannot land.
    ///
    /// # Errors
    /// When the transfer has nothing that could land, or its deadline is already known.
    pub fn decide_deadline(&self, id: TransferId, height: u64) -> Result<Decided, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if !matches!(transfer.status, Status::Built | Status::Signed | Status::Submitted) || transfer.deadline_height.is_some() {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "an attempt without a deadline" });
        }
        Ok(Decided::by_canister(Event::TransferDeadlineSet(TransferDeadline { id, height })))
    }

    /// The transfer is final on its chain.
    ///
    /// # Errors
    /// When it was not submitted.
    pub fn decide_confirmed(&self, id: TransferId, fee_paid: Amount, note: Option<String>) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Confirmed)?;
        require_not_quarantined(&transfer)?;
        Ok(Decided::by_canister(Event::TransferConfirmed(TransferSettled { id, fee_paid, note, code: None, slot: None })))
    }

    /// The transfer ended without moving its amount: it landed with an error and its fee is spent, or it cannot be built and never
    /// left the canister.
    ///
    /// # Errors
    /// When it is signed but not known to have failed, has ended, or a fee is named though nothing was submitted.
    pub fn decide_failed(&self, id: TransferId, fee_paid: Amount, note: Option<String>) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Failed)?;
        require_not_quarantined(&transfer)?;
        if transfer.status != Status::Submitted && !fee_paid.is_zero() {
            return Err(invalid("fee_paid", "nothing was submitted, so nothing was paid"));
        }
        Ok(Decided::by_canister(Event::TransferFailed(TransferSettled { id, fee_paid, note, code: None, slot: None })))
    }

    /// The canister gives a transfer up for a reason that programs can tell: too little would be left, or a policy does not allow it any
    /// more. Nothing of it can land.
    ///
    /// # Errors
    /// When something is built for it, or it has ended.
    pub fn decide_abandoned(&self, id: TransferId, code: ReasonCode, note: String) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Failed)?;
        if !matches!(transfer.status, Status::Reserved | Status::Expired) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer without bytes that could land" });
        }
        Ok(Decided::by_canister(Event::TransferFailed(TransferSettled {
            id,
            fee_paid: Amount::ZERO,
            note: Some(note),
            code: Some(code),
            slot: None,
        })))
    }

    /// The current attempt provably cannot land.
    ///
    /// # Errors
    /// When there is no attempt that could be dead.
    pub fn decide_expired(&self, id: TransferId, note: Option<String>) -> Result<Decided, Refusal> {
        self.require_transition(id, Status::Expired)?;
        Ok(Decided::by_canister(Event::TransferExpired(TransferTransition { id, note })))
    }

    /// The transfer keeps trapping and is left alone; its money stays reserved.
    ///
    /// # Errors
    /// When it has ended or nothing was built for it.
    pub fn decide_quarantined(&self, id: TransferId, note: Option<String>) -> Result<Decided, Refusal> {
        self.require_transition(id, Status::Quarantined)?;
        Ok(Decided::by_canister(Event::TransferQuarantined(TransferTransition { id, note })))
    }

    /// An admin takes a transfer that makes no progress out of the canister's hands; its money stays reserved.
    ///
    /// # Errors
    /// When the caller is no admin, nothing was built for the transfer, or it has ended.
    pub fn decide_quarantine(&self, caller: Principal, id: TransferId, note: String) -> Result<Decided, Refusal> {
        self.require(caller, Role::Admin)?;
        if note.len() > MAX_REASON_BYTES {
            return Err(invalid("note", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        self.require_transition(id, Status::Quarantined)?;
        Ok(Decided::by(caller, Event::TransferQuarantined(TransferTransition { id, note: Some(note) })))
    }

    fn require_transition(&self, id: TransferId, next: Status) -> Result<Transfer, Refusal> {
        let transfer = self.tables.transfer(id).ok_or_else(|| not_found("transfer", id))?;
        if next == Status::Signed && self.is_simulated(&transfer) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer that is not only tried out" });
        }
        if transfer.status.may_become(next) {
            return Ok(transfer);
        }
        Err(Refusal::WrongStatus { status: transfer.status, needs: "a status this step may follow" })
    }
}

/// Only an admin's word ends a quarantine.
fn require_not_quarantined(transfer: &Transfer) -> Result<(), Refusal> {
    if transfer.status == Status::Quarantined {
        return Err(Refusal::WrongStatus { status: transfer.status, needs: "an admin to resolve the quarantine" });
    }
    Ok(())
}
