//! Decisions that move an allowed transfer from step to step: built, signed, submitted, ended.

use crate::access::Role;
use crate::base::{Amount, TransferId};
use crate::event::{Event, TransferBuilt, TransferConfirmed, TransferFailed, TransferSigned, TransferStopped, TransferTransition};
use crate::policy::ReasonCode;
use crate::state::refusal::{invalid, not_found};
use crate::state::{Decided, Refusal, State, chains};
use crate::transfer::{BuiltTx, MAX_REASON_BYTES, SignedTx, Status, Transfer};
use crate::wallet::Signing;
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// Whether a transfer may take its next step towards the chain.
    ///
    /// A flow must ask again after every await that precedes an irreversible step, because an emergency may have started meanwhile.
    pub fn may_progress(&self, id: TransferId) -> bool {
        self.tables.transfer(id).is_some_and(|transfer| {
            let may_run = !self.mode().is_emergency() || transfer.is_revocation();
            may_run && matches!(transfer.status, Status::Reserved | Status::Expired | Status::Built | Status::Signed)
        })
    }

    /// Decides to record a built transaction before a key is asked to sign it.
    ///
    /// # Errors
    /// When the transfer's status does not allow it, the fee exceeds the fee cap, an input is locked by another transfer, a nonce
    /// is used that the transfer may not use, or another transfer has the same bytes: one transaction would count as two payments.
    pub fn decide_built(&self, id: TransferId, built: BuiltTx) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Built)?;
        if built.fee > transfer.request.max_fee {
            return Err(invalid("fee", "more than was reserved for it"));
        }
        let earlier = self.tables.transfer_of_message(&built.unsigned);
        if earlier.is_some_and(|earlier| earlier != id && self.owns_bytes(earlier, &built.unsigned)) {
            return Err(Refusal::AlreadySo { what: "another transfer is this very transaction; it takes another blockhash" });
        }
        let chain = transfer.request.asset.chain();
        if built.details.chain() != chain {
            return Err(invalid("built", format!("a transaction of {chain} is needed")));
        }
        chains::rules(chain).check_built(self, &transfer, &built)?;
        let mut events = vec![Event::TransferBuilt(TransferBuilt { id, built })];
        events.extend(chains::rules(chain).event_after_built(self, &transfer));
        Ok(Decided { actor: None, events })
    }

    /// Whether the bytes that were built for a transfer must not be built for another one.
    ///
    /// A transfer owns its bytes while it may sign them, and for ever once it has, because they may land or have landed. A transfer that
    /// ended without a signature owns nothing. The owner of a client-side wallet may have signed its bytes all the same; they are still one
    /// transaction, which lands once, for the transfer that has them now.
    fn owns_bytes(&self, id: TransferId, unsigned: &[u8]) -> bool {
        let ended_unsigned = |transfer: Transfer| {
            let is_over = matches!(transfer.status, Status::Cancelled | Status::Failed);
            let is_last = transfer.built.is_some_and(|built| built.unsigned[..] == *unsigned);
            is_over && is_last && transfer.signed.is_none()
        };
        !self.tables.transfer(id).is_some_and(ended_unsigned)
    }

    /// Decides to record a signed transaction before it is broadcast.
    ///
    /// # Errors
    /// When the transfer's status does not allow it, the transfer or its chain is only simulated, or the wallet is client-side: the
    /// canister has no key of it, and its owner signs.
    pub fn decide_signed(&self, id: TransferId, signed: SignedTx) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Signed)?;
        let wallet = self.tables.wallet(transfer.request.wallet);
        if wallet.is_none_or(|wallet| wallet.signing != Signing::Threshold) {
            return Err(invalid("wallet_id", "the canister holds no key of this wallet"));
        }
        Ok(Decided::by_canister(Event::TransferSigned(TransferSigned { id, signed })))
    }

    /// Decides to record that signed bytes are about to leave the canister.
    ///
    /// # Errors
    /// When the transfer's status does not allow it, or an emergency is on.
    pub fn decide_submitted(&self, id: TransferId) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Submitted)?;
        if !self.may_progress(id) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "the emergency to end" });
        }
        Ok(Decided::by_canister(Event::TransferSubmitted(TransferTransition { id, note: None })))
    }

    /// Decides that a transfer landed and is final.
    ///
    /// # Errors
    /// When the transfer was not submitted, or is quarantined.
    pub fn decide_confirmed(&self, id: TransferId, fee_paid: Amount, note: Option<String>) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Confirmed)?;
        require_not_quarantined(&transfer)?;
        Ok(Decided::by_canister(Event::TransferConfirmed(TransferConfirmed { id, fee_paid, note, landed_in: None })))
    }

    /// Decides that a transfer failed, with the reason.
    ///
    /// It landed with an error, or it could not be built and never left.
    ///
    /// # Errors
    /// When the transfer's status does not allow it, it is quarantined, or a fee is named although nothing was submitted.
    pub fn decide_failed(
        &self,
        id: TransferId,
        fee_paid: Amount,
        code: ReasonCode,
        note: impl Into<String>,
    ) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Failed)?;
        require_not_quarantined(&transfer)?;
        if transfer.status != Status::Submitted && !fee_paid.is_zero() {
            return Err(invalid("fee_paid", "nothing was submitted, so nothing was paid"));
        }
        let failed = TransferFailed { id, fee_paid, code, note: note.into(), landed_in: None };
        Ok(Decided::by_canister(Event::TransferFailed(failed)))
    }

    /// Decides that an unbuilt transfer fails with a reason, for example because too little would be left.
    ///
    /// # Errors
    /// When an attempt of the transfer could land, or the transfer has ended.
    pub fn decide_abandoned(&self, id: TransferId, code: ReasonCode, note: String) -> Result<Decided, Refusal> {
        let transfer = self.require_transition(id, Status::Failed)?;
        if !matches!(transfer.status, Status::Reserved | Status::Expired) {
            return Err(Refusal::WrongStatus { status: transfer.status, needs: "a transfer without bytes that could land" });
        }
        let failed = TransferFailed { id, fee_paid: Amount::ZERO, code, note, landed_in: None };
        Ok(Decided::by_canister(Event::TransferFailed(failed)))
    }

    /// Decides that the current attempt of a transfer is proven dead.
    ///
    /// # Errors
    /// When the transfer's status does not allow it.
    pub fn decide_expired(&self, id: TransferId, code: ReasonCode, note: impl Into<String>) -> Result<Decided, Refusal> {
        self.require_transition(id, Status::Expired)?;
        Ok(Decided::by_canister(Event::TransferExpired(TransferStopped { id, code, note: Some(note.into()) })))
    }

    /// Decides, by the canister itself, to quarantine a transfer that it cannot take further safely. Its reservation stays.
    ///
    /// # Errors
    /// When nothing was built for the transfer, or it has ended.
    pub fn decide_quarantine_by_canister(
        &self,
        id: TransferId,
        code: ReasonCode,
        note: impl Into<String>,
    ) -> Result<Decided, Refusal> {
        self.require_transition(id, Status::Quarantined)?;
        Ok(Decided::by_canister(Event::TransferQuarantined(TransferStopped { id, code, note: Some(note.into()) })))
    }

    /// Decides an admin's command to quarantine a transfer that makes no progress. Its reservation stays.
    ///
    /// # Errors
    /// When the caller is no admin, the note is too long, nothing was built for the transfer, or it has ended.
    pub fn decide_quarantine(&self, caller: Principal, id: TransferId, note: String) -> Result<Decided, Refusal> {
        self.require_role(caller, Role::Admin)?;
        if note.len() > MAX_REASON_BYTES {
            return Err(invalid("note", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        self.require_transition(id, Status::Quarantined)?;
        let stopped = TransferStopped { id, code: ReasonCode::QuarantinedByAdmin, note: Some(note) };
        Ok(Decided::by_caller(caller, Event::TransferQuarantined(stopped)))
    }

    /// Returns a transfer that may change to the status `next`.
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

/// Refuses a quarantined transfer, which only admins end.
fn require_not_quarantined(transfer: &Transfer) -> Result<(), Refusal> {
    if transfer.status == Status::Quarantined {
        return Err(Refusal::WrongStatus { status: transfer.status, needs: "an admin to resolve the quarantine" });
    }
    Ok(())
}
