//! Effects of events about transfers.

use crate::base::{Amount, Timestamp, TransferId};
use crate::chains::registry::LandedIn;
use crate::event::{
    ApprovalGiven, TransferBuilt, TransferConfirmed, TransferFailed, TransferReserved, TransferSigned, TransferStopped,
    TransferTransition,
};
use crate::policy::{CounterKey, ReservedPart};
use crate::state::idempotency::{entry_key, request_hash};
use crate::state::tables::{Head, IdempotencyEntry};
use crate::state::{State, chains};
use crate::transfer::{Status, Transfer};
use ic_stable_structures::Memory;

/// The end of a transfer in numbers.
struct Settlement {
    /// The terminal status.
    status: Status,
    /// The amount that moved.
    amount: Amount,
    /// The fee that was paid, or that counts as paid.
    fee: Amount,
    /// The place of the transaction in its chain.
    landed_in: Option<LandedIn>,
}

impl<M: Memory> State<M> {
    /// Returns a transfer that an event names.
    pub(in crate::state) fn existing_transfer(&self, id: TransferId) -> Transfer {
        self.tables.transfer(id).unwrap_or_else(|| panic!("BUG: an event names the unknown transfer {id}"))
    }

    /// Moves a transfer to another status, changes it, stores it, and returns it as it is then.
    fn transition(&mut self, id: TransferId, at: Timestamp, status: Status, change: impl FnOnce(&mut Transfer)) -> Transfer {
        let mut transfer = self.existing_transfer(id);
        assert!(transfer.status.may_become(status), "BUG: transfer {id} went from {:?} to {status:?}", transfer.status);
        let earlier = std::mem::replace(&mut transfer.status, status);
        transfer.updated_at = at;
        change(&mut transfer);
        self.tables.set_transfer(&transfer);
        self.tables.transfer_lists.insert(&transfer, Some(earlier));
        transfer
    }

    pub(super) fn apply_reserved(&mut self, reserved: &TransferReserved, at: Timestamp) {
        let transfer = &reserved.transfer(at);
        let key = (transfer.request.wallet.get(), transfer.id.get());
        self.tables.set_transfer(transfer);
        self.tables.active.insert(key);
        if reserved.approval.is_some() {
            self.tables.awaiting.insert(key);
        }
        self.tables.transfers_by_wallet.insert(key, ());
        self.tables.transfer_lists.insert(transfer, None);
        // The key of a simulated request still pays once, when the request is made again and carried out. The parts of a batch share its
        // key, which stands for the first.
        if !transfer.simulated && !transfer.request.is_later_part() {
            let entry = IdempotencyEntry { request: request_hash(&transfer.request), transfer: transfer.id };
            self.tables.set_idempotency(&entry_key(transfer), &entry);
        }
        reserved.reservations.0.iter().for_each(|reservation| self.reserve(reservation));
        chains::rules(transfer.request.asset.chain()).reserved(self, transfer);
        if !transfer.request.is_operation() {
            // Only an executed payment ends the agent's row of denials: a request that waits for people or is simulated has not proven
            // to be good, and a consolidation pays nobody.
            let keeps_denials = reserved.approval.is_some() || reserved.simulated || transfer.request.is_consolidation();
            let denials = |denials| if keeps_denials { denials } else { 0 };
            self.count_request(transfer.agent, &transfer.request, !reserved.simulated, at, denials);
        }
        self.tables.set_head(Head { next_transfer: transfer.id.next(), ..self.tables.head() });
    }

    pub(super) fn apply_approval_given(&mut self, given: &ApprovalGiven, at: Timestamp) {
        let ApprovalGiven { id, approver, ready_at } = given;
        let mut transfer = self.existing_transfer(*id);
        let approval = transfer.approval.as_mut().expect("BUG: a transfer is approved that nobody was asked about");
        approval.approved_by.insert(*approver);
        approval.ready_at = *ready_at;
        transfer.updated_at = at;
        self.tables.set_transfer(&transfer);
    }

    pub(super) fn apply_approved(&mut self, step: &TransferTransition, at: Timestamp) {
        let transfer = self.transition(step.id, at, Status::Reserved, |transfer| transfer.note = step.note.clone());
        self.tables.awaiting.remove(&(transfer.request.wallet.get(), step.id.get()));
    }

    pub(super) fn apply_rejected(&mut self, rejected: &TransferStopped, at: Timestamp) {
        self.settle_unpaid(rejected, Status::Rejected, at);
    }

    pub(super) fn apply_built(&mut self, built: &TransferBuilt, at: Timestamp) {
        let transfer = self.existing_transfer(built.id);
        chains::rules(transfer.request.asset.chain()).built(self, &transfer, &built.built);
        self.tables.set_transfer_of_message(&built.built.unsigned, built.id);
        self.transition(built.id, at, Status::Built, |transfer| {
            transfer.attempt = transfer.attempt.saturating_add(1);
            transfer.built = Some(built.built.clone());
            transfer.signed = None;
            transfer.note = None;
            transfer.code = None;
            transfer.progress.begin_attempt();
        });
    }

    pub(super) fn apply_signed(&mut self, signed: &TransferSigned, at: Timestamp) {
        self.transition(signed.id, at, Status::Signed, |transfer| {
            transfer.signed = Some(signed.signed.clone());
            transfer.progress.finish_signing();
        });
    }

    pub(super) fn apply_submitted(&mut self, id: TransferId, at: Timestamp) {
        let was_quarantined = self.existing_transfer(id).status == Status::Quarantined;
        let transfer = self.transition(id, at, Status::Submitted, |transfer| {
            if was_quarantined {
                transfer.code = None;
                transfer.progress.leave_quarantine();
            }
        });
        if was_quarantined {
            let key = (transfer.request.wallet.get(), id.get());
            self.tables.quarantined.remove(&key);
            self.tables.active.insert(key);
        }
    }

    pub(super) fn apply_confirmed(&mut self, confirmed: &TransferConfirmed, at: Timestamp) {
        let TransferConfirmed { id, fee_paid, ref note, landed_in } = *confirmed;
        let amount = self.existing_transfer(id).request.amount;
        let settlement = Settlement { status: Status::Confirmed, amount, fee: fee_paid, landed_in };
        self.settle(id, settlement, at, |transfer| {
            transfer.fee_paid = Some(fee_paid);
            transfer.note = note.clone();
            transfer.code = None;
        });
    }

    pub(super) fn apply_failed(&mut self, failed: &TransferFailed, at: Timestamp) {
        let TransferFailed { id, fee_paid, code, ref note, landed_in } = *failed;
        let Transfer { status, signed, request, .. } = self.existing_transfer(id);
        // Signed bytes that nobody proved dead may still land after admins ended the quarantine. So the full amount counts: an error
        // must make the limits tighter, not wider.
        let may_land = status == Status::Quarantined && signed.is_some();
        let (amount, fee) = if may_land { (request.amount, request.max_fee) } else { (Amount::ZERO, fee_paid) };
        let settlement = Settlement { status: Status::Failed, amount, fee, landed_in };
        self.settle(id, settlement, at, |transfer| {
            transfer.fee_paid = Some(fee_paid);
            transfer.note = Some(note.clone());
            transfer.code = Some(code);
        });
    }

    pub(super) fn apply_cancelled(&mut self, cancelled: &TransferStopped, at: Timestamp) {
        self.settle_unpaid(cancelled, Status::Cancelled, at);
    }

    pub(super) fn apply_expired(&mut self, expired: &TransferStopped, at: Timestamp) {
        let transfer = self.existing_transfer(expired.id);
        chains::rules(transfer.request.asset.chain()).expired(self, &transfer);
        self.transition(expired.id, at, Status::Expired, |transfer| record_reason(transfer, expired));
    }

    pub(super) fn apply_quarantined(&mut self, quarantined: &TransferStopped, at: Timestamp) {
        let record = |transfer: &mut Transfer| record_reason(transfer, quarantined);
        let transfer = self.transition(quarantined.id, at, Status::Quarantined, record);
        let key = (transfer.request.wallet.get(), quarantined.id.get());
        self.tables.active.remove(&key);
        self.tables.quarantined.insert(key, ());
    }

    /// Settles a transfer that ended before it reached its chain, and releases its whole reservation.
    fn settle_unpaid(&mut self, stopped: &TransferStopped, status: Status, at: Timestamp) {
        let settlement = Settlement { status, amount: Amount::ZERO, fee: Amount::ZERO, landed_in: None };
        self.settle(stopped.id, settlement, at, |transfer| {
            transfer.fee_paid = Some(Amount::ZERO);
            record_reason(transfer, stopped);
        });
    }

    /// Settles a transfer: posts what it spent to its counters and releases the rest.
    fn settle(&mut self, id: TransferId, settlement: Settlement, at: Timestamp, record: impl FnOnce(&mut Transfer)) {
        // As it was before: its old status tells in which tables it stands.
        let transfer = self.existing_transfer(id);
        self.transition(id, at, settlement.status, record);
        self.settle_reservations(&transfer, settlement.amount, settlement.fee, at);
        chains::rules(transfer.request.asset.chain()).settled(self, &transfer, settlement.status, settlement.landed_in);
        let request = &transfer.request;
        let key = (request.wallet.get(), transfer.id.get());
        self.tables.active.remove(&key);
        if transfer.status == Status::Quarantined {
            self.tables.quarantined.remove(&key);
        }
        if transfer.status == Status::AwaitingApproval {
            self.tables.awaiting.remove(&key);
        }
        let session = request.session.and_then(|id| self.tables.session(id));
        if let Some(session) = session.filter(|session| session.ended.is_some()) {
            self.tables.remove_session_policy(session.id);
        }
    }

    /// Posts what a transfer spent to every counter that holds a reservation of it, and releases the rest.
    ///
    /// A counter of value posts the spent share of its reservation, whatever the rate is by now, so that exactly the reservation is
    /// released. The base units behind a value are counted apart: spending whose value no rate told must stay distinguishable.
    fn settle_reservations(&mut self, transfer: &Transfer, amount: Amount, fee: Amount, at: Timestamp) {
        let request = &transfer.request;
        let sum = |a: Amount, b: Amount| a.checked_add(b).unwrap_or(Amount::MAX);
        for reservation in &transfer.reservations.0 {
            let (reserved, spent) = match reservation.part {
                ReservedPart::Amount => (request.amount, amount),
                ReservedPart::Fee => (request.max_fee, fee),
                ReservedPart::AmountAndFee => (sum(request.amount, request.max_fee), sum(amount, fee)),
            };
            let counter = self.tables.spent(&reservation.key);
            let counter = counter.post(reservation.amount, reservation.posted(reserved, spent), at);
            let counter = counter.unwrap_or_else(|| panic!("BUG: a counter does not hold transfer {}", transfer.id));
            self.tables.set_spent(&reservation.key, &counter);
            if let Some(key) = CounterKey::units_valued_by(&reservation.key).filter(|_| !spent.is_zero()) {
                let valued = self.tables.spent(&key).with_unreserved(spent.min(reserved), at);
                self.tables.set_spent(&key, &valued);
            }
        }
    }
}

/// Records why a transfer ended or stopped.
fn record_reason(transfer: &mut Transfer, stopped: &TransferStopped) {
    transfer.code = Some(stopped.code);
    transfer.note = stopped.note.clone();
}
