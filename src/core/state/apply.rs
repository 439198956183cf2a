//! What each event does to the tables. Frozen history: this asserts structure and never asks whether a rule would allow it today.

use super::State;
use super::tables::{Head, IdempotencyEntry};
use crate::event::{Event, PolicySet, RoleChange, TransferBuilt, TransferReserved, TransferSettled};
use crate::policy::{Policy, RollingCounter};
use crate::primitives::{Amount, Hash, Timestamp, TransferId};
use crate::roles::Role;
use crate::transfer::{Status, Transfer, TransferRequest};
use candid::Principal;
use ic_stable_structures::Memory;
use sha2::{Digest, Sha256};

impl<M: Memory> State<M> {
    /// One match over everything that can happen.
    pub(super) fn apply(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::Initialised(config) => {
                self.tables.set_config(config);
                config.admins.iter().for_each(|admin| self.grant(*admin, Role::Admin));
                config.guardians.iter().for_each(|guardian| self.grant(*guardian, Role::Guardian));
            }
            Event::Upgraded(upgrade) => {
                if let Some(config) = &upgrade.config {
                    self.tables.set_config(config);
                }
            }
            Event::KeysRegistered(keys) => self.tables.set_keys(keys),
            Event::RoleGranted(RoleChange { principal, role }) => self.grant(*principal, *role),
            Event::RoleRevoked(RoleChange { principal, role }) => {
                let mut roles = self.tables.roles(principal);
                roles.0.remove(role);
                self.tables.set_roles(*principal, &roles);
            }
            Event::AgentAdded(change) => {
                self.tables.add_agent(change.wallet, change.agent);
            }
            Event::AgentRemoved(change) => {
                self.tables.remove_agent(change.wallet, change.agent);
            }
            Event::WalletCreated(wallet) => {
                self.tables.set_wallet(wallet);
                self.tables.set_head(Head { next_wallet: wallet.id.next(), ..self.tables.head() });
            }
            Event::PolicySet(PolicySet { wallet, version, rules }) => {
                self.tables.set_policy(*wallet, &Policy { version: *version, rules: rules.clone() });
            }
            Event::ModeChanged(change) => self.tables.set_head(Head { mode: change.mode, ..self.tables.head() }),
            Event::TransferDenied(_) => {}
            Event::TransferReserved(reserved) => self.apply_reserved(reserved, at),
            Event::TransferBuilt(built) => self.apply_built(built, at),
            Event::TransferSigned(signed) => self.update(signed.id, at, Status::Signed, |transfer| {
                transfer.signed = Some(signed.signed.clone());
            }),
            Event::TransferSubmitted(step) => self.update(step.id, at, Status::Submitted, |_| {}),
            Event::TransferDeadlineSet(deadline) => {
                let mut transfer = self.known(deadline.id);
                transfer.deadline_height = Some(deadline.height);
                transfer.updated_at = at;
                self.tables.set_transfer(&transfer);
            }
            Event::TransferConfirmed(settled) => {
                let amount = self.known(settled.id).request.amount;
                let posted = amount.checked_add(settled.fee_paid).unwrap_or(Amount::MAX);
                self.settle(settled, Status::Confirmed, posted, at);
            }
            Event::TransferFailed(settled) => {
                let transfer = self.known(settled.id);
                // Signed bytes that nobody proved dead may still land, whatever an admin saw: this errs towards the limit.
                let may_land = transfer.status == Status::Quarantined && transfer.signed.is_some();
                let posted = if may_land { transfer.reserved } else { settled.fee_paid };
                self.settle(settled, Status::Failed, posted, at);
            }
            Event::TransferCancelled(step) => {
                let settled = TransferSettled { id: step.id, fee_paid: Amount::ZERO, note: step.note.clone() };
                self.settle(&settled, Status::Cancelled, Amount::ZERO, at);
            }
            Event::TransferExpired(step) => self.update(step.id, at, Status::Expired, |transfer| transfer.note = step.note.clone()),
            Event::TransferQuarantined(step) => {
                self.update(step.id, at, Status::Quarantined, |transfer| transfer.note = step.note.clone());
                let wallet = self.known(step.id).request.wallet;
                self.tables.active.remove(&(wallet.get(), step.id.get()));
            }
        }
    }

    fn grant(&mut self, principal: Principal, role: Role) {
        let mut roles = self.tables.roles(&principal);
        roles.0.insert(role);
        self.tables.set_roles(principal, &roles);
    }

    fn known(&self, id: TransferId) -> Transfer {
        self.tables.transfer(id).unwrap_or_else(|| panic!("BUG: an event names the unknown transfer {id}"))
    }

    fn update(&mut self, id: TransferId, at: Timestamp, status: Status, change: impl FnOnce(&mut Transfer)) {
        let mut transfer = self.known(id);
        assert!(transfer.status.may_become(status), "BUG: transfer {id} went from {:?} to {status:?}", transfer.status);
        transfer.status = status;
        transfer.updated_at = at;
        change(&mut transfer);
        self.tables.set_transfer(&transfer);
    }

    fn apply_reserved(&mut self, reserved: &TransferReserved, at: Timestamp) {
        let transfer = &reserved.transfer(at);
        let key = (transfer.request.wallet.get(), transfer.id.get());
        self.tables.set_transfer(transfer);
        self.tables.active.insert(key);
        self.tables.transfers_by_wallet.insert(key, ());
        let entry = IdempotencyEntry { request: request_hash(&transfer.request), transfer: transfer.id };
        self.tables.set_idempotency(&idempotency_key(&transfer.agent, &transfer.request.idempotency_key), &entry);
        self.count(transfer, |counter| counter.reserve(transfer.reserved));
        self.tables.set_head(Head { next_transfer: transfer.id.next(), ..self.tables.head() });
    }

    fn apply_built(&mut self, built: &TransferBuilt, at: Timestamp) {
        self.unlock_inputs(&self.known(built.id));
        self.tables.set_owner_of(&built.built.unsigned, built.id);
        self.update(built.id, at, Status::Built, |transfer| {
            transfer.attempt = transfer.attempt.saturating_add(1);
            transfer.built = Some(built.built.clone());
            transfer.signed = None;
            transfer.deadline_height = None;
            transfer.note = None;
        });
        let wallet = self.known(built.id).request.wallet.get();
        for outpoint in built.built.inputs.iter().filter_map(|input| <[u8; 36]>::try_from(&input[..]).ok()) {
            let previous = self.tables.locked_outpoints.insert((wallet, outpoint), built.id.get());
            assert!(previous.is_none(), "BUG: an outpoint is spent by two transfers");
        }
    }

    fn settle(&mut self, settled: &TransferSettled, status: Status, posted: Amount, at: Timestamp) {
        let transfer = self.known(settled.id);
        self.update(settled.id, at, status, |transfer| {
            transfer.fee_paid = Some(settled.fee_paid);
            transfer.note = settled.note.clone();
        });
        self.count(&transfer, |counter| counter.post(transfer.reserved, posted, at));
        self.unlock_inputs(&transfer);
        self.tables.active.remove(&(transfer.request.wallet.get(), transfer.id.get()));
    }

    fn count(&mut self, transfer: &Transfer, change: impl FnOnce(RollingCounter) -> Option<RollingCounter>) {
        let (wallet, asset) = (transfer.request.wallet, transfer.request.asset);
        let counter = change(self.tables.counter(wallet, asset));
        let counter =
            counter.unwrap_or_else(|| panic!("BUG: the counter of wallet {wallet} does not hold transfer {}", transfer.id));
        self.tables.set_counter(wallet, asset, &counter);
    }

    fn unlock_inputs(&mut self, transfer: &Transfer) {
        let wallet = transfer.request.wallet.get();
        let inputs = transfer.built.iter().flat_map(|built| &built.inputs);
        for outpoint in inputs.filter_map(|input| <[u8; 36]>::try_from(&input[..]).ok()) {
            self.tables.locked_outpoints.remove(&(wallet, outpoint));
        }
    }
}

/// Keys are scoped to their caller (trap T58); hashing bounds them and keeps callers from choosing where they are stored.
pub(super) fn idempotency_key(caller: &Principal, key: &str) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update(b"\x12purser:idempotency");
    hasher.update([caller.as_slice().len() as u8]);
    hasher.update(caller.as_slice());
    hasher.update(key.as_bytes());
    Hash(hasher.finalize().into())
}

/// What makes two requests the same. A fee cap that the agent did not name is the operator's, who may change it at any time.
pub(super) fn request_hash(request: &TransferRequest) -> Hash {
    let max_fee = if request.fee_named { request.max_fee } else { Amount::ZERO };
    let value =
        crate::codec::to_value(&TransferRequest { max_fee, ..request.clone() }).expect("BUG: a request that ICRC-3 cannot hold");
    Hash(Sha256::digest(crate::codec::encode_value(&value)).into())
}
