//! What each event does to the tables. Frozen history: this asserts structure and never asks whether a rule would allow it today.

mod kaspa;

use super::State;
use super::tables::{Head, IdempotencyEntry};
use crate::access::Role;
use crate::access::RoleChange;
use crate::base::{Amount, BlockIndex, Hash, Timestamp, TransferId, WalletId};
use crate::event::{
    ApprovalGiven, Event, LogPruned, PastSpending, PolicySet, ProposalApproved, ProposalClosed, Received, ReservedSince,
    SessionClosed, SessionOpened, TransferBuilt, TransferDenied, TransferReserved, TransferSettled, WalletChanged,
};
use crate::governance::retention::Retention;
use crate::policy::{CounterKey, Policy, Reservation, ReservationsMoved, ReservedPart, Scope};
use crate::transfer::{Status, Transfer, TransferRequest};
use crate::wallet::{ParentChange, Wallet, WalletChange};
use candid::Principal;
use ic_stable_structures::Memory;
use serde::Serialize;
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
            Event::AgentAdded(change) => self.tables.add_agent(change.wallet, change.agent),
            Event::AgentRemoved(change) => self.tables.remove_agent(change.wallet, change.agent),
            Event::WalletCreated(wallet) => self.apply_wallet(wallet),
            Event::WalletChanged(WalletChanged { wallet, change, holds }) => {
                self.apply_wallet_change(*wallet, change);
                holds.iter().for_each(|moved| self.apply_holds_moved(moved));
            }
            Event::PolicySet(PolicySet { scope, version, name, rules, past }) => {
                self.tables.set_policy(scope, Policy { version: *version, name: name.clone(), rules: rules.clone() }, at);
                past.iter().for_each(|past| self.apply_past(past));
            }
            Event::ModeChanged(change) => self.tables.set_head(Head { mode: change.mode, ..self.tables.head() }),
            Event::SettingsChanged(settings) => self.tables.set_settings(settings),
            Event::GroupSet(group) => self.tables.set_group(group),
            Event::RateSet(rate) => self.tables.set_rate(rate),
            Event::SessionOpened(SessionOpened { session, rules }) => {
                self.tables.set_session(session);
                if !rules.is_empty() {
                    let policy = Policy { version: 1, name: session.label.clone(), rules: rules.clone() };
                    self.tables.set_policy(&Scope::Session(session.id), policy, at);
                }
                self.tables.set_head(Head { next_session: session.id.next(), ..self.tables.head() });
            }
            Event::SessionClosed(SessionClosed { id, end }) => {
                let mut session =
                    self.tables.session(*id).unwrap_or_else(|| panic!("BUG: an event names the unknown session {id}"));
                session.ended = Some(*end);
                self.tables.set_session(&session);
                self.tables.forget_session(*id);
            }
            Event::ProposalMade(proposal) => {
                self.tables.set_proposal(proposal);
                self.tables.set_head(Head { next_proposal: proposal.id.next(), ..self.tables.head() });
            }
            Event::ProposalApproved(ProposalApproved { id, admin, ready_at }) => {
                let mut proposal =
                    self.tables.proposal(*id).unwrap_or_else(|| panic!("BUG: an event names the unknown proposal {id}"));
                proposal.approved_by.insert(*admin);
                proposal.ready_at = *ready_at;
                self.tables.set_proposal(&proposal);
            }
            Event::ProposalClosed(ProposalClosed { id, closing, note: _ }) => {
                let mut proposal =
                    self.tables.proposal(*id).unwrap_or_else(|| panic!("BUG: an event names the unknown proposal {id}"));
                proposal.closed = Some(*closing);
                self.tables.set_proposal(&proposal);
            }
            Event::BreakerOpened(opened) => {
                let scope = Scope::Agent { wallet: opened.wallet, agent: opened.agent };
                let mut activity = self.tables.activity(&scope);
                activity.open_until = Some(opened.until);
                activity.denials = 0;
                self.tables.set_activity(&scope, &activity);
            }
            Event::ChainBreakerOpened(opened) => self.tables.set_chain_breaker(opened.chain, opened.until),
            Event::DenialsAggregated(_) | Event::ClientSeen(_) => {}
            Event::TransferDenied(denied) => self.apply_denied(denied, at),
            Event::TransferReserved(reserved) => self.apply_reserved(reserved, at),
            Event::ApprovalGiven(ApprovalGiven { id, approver, ready_at }) => {
                let mut transfer = self.existing_transfer(*id);
                let approval = transfer.approval.as_mut().expect("BUG: a transfer is approved that nobody was asked about");
                approval.approved_by.insert(*approver);
                approval.ready_at = *ready_at;
                transfer.updated_at = at;
                self.tables.set_transfer(&transfer);
            }
            Event::TransferApproved(step) => {
                self.update(step.id, at, Status::Reserved, |transfer| transfer.note = step.note.clone());
                let wallet = self.existing_transfer(step.id).request.wallet;
                self.tables.awaiting.remove(&(wallet.get(), step.id.get()));
            }
            Event::TransferRejected(rejected) => {
                let settled = TransferSettled {
                    id: rejected.id,
                    fee_paid: Amount::ZERO,
                    note: Some(rejected.note.clone()),
                    code: Some(rejected.code),
                    slot: None,
                };
                self.settle(&settled, Status::Rejected, Amount::ZERO, Amount::ZERO, at);
            }
            Event::TransferBuilt(built) => self.apply_built(built, at),
            Event::TransferSigned(signed) => self.update(signed.id, at, Status::Signed, |transfer| {
                transfer.signed = Some(signed.signed.clone());
                // Whole now: the parts would only be kept twice.
                transfer.kaspa = None;
            }),
            Event::TransferSubmitted(step) => self.apply_submitted(step.id, at),
            Event::TransferDeadlineSet(deadline) => {
                let mut transfer = self.existing_transfer(deadline.id);
                transfer.deadline_height = Some(deadline.height);
                transfer.updated_at = at;
                self.tables.set_transfer(&transfer);
            }
            Event::TransferConfirmed(settled) => {
                let amount = self.existing_transfer(settled.id).request.amount;
                self.settle(settled, Status::Confirmed, amount, settled.fee_paid, at);
            }
            Event::TransferFailed(settled) => {
                let Transfer { status, signed, request, .. } = self.existing_transfer(settled.id);
                // Signed bytes that nobody proved dead may still land, whatever an admin saw: this errs towards the limit.
                let may_land = status == Status::Quarantined && signed.is_some();
                let (amount, fee) = if may_land { (request.amount, request.max_fee) } else { (Amount::ZERO, settled.fee_paid) };
                self.settle(settled, Status::Failed, amount, fee, at);
            }
            Event::TransferCancelled(step) => {
                let settled =
                    TransferSettled { id: step.id, fee_paid: Amount::ZERO, note: step.note.clone(), code: None, slot: None };
                self.settle(&settled, Status::Cancelled, Amount::ZERO, Amount::ZERO, at);
            }
            Event::TransferExpired(step) => {
                self.nonce_released(&self.existing_transfer(step.id));
                self.update(step.id, at, Status::Expired, |transfer| transfer.note = step.note.clone());
            }
            Event::TransferQuarantined(step) => {
                self.update(step.id, at, Status::Quarantined, |transfer| transfer.note = step.note.clone());
                let wallet = self.existing_transfer(step.id).request.wallet;
                let key = (wallet.get(), step.id.get());
                self.tables.active.remove(&key);
                self.tables.quarantined.insert(key, ());
            }
            Event::Solana(event) => self.apply_solana(event, at),
            Event::AuditConfigured(settings) => self.update_retention(|retention| retention.settings = *settings),
            Event::StateCheckpointed(_) => self.update_retention(|retention| retention.checkpointed_at = Some(at)),
            Event::ArchiveConfirmed(archive) => {
                self.tables.add_archive(archive);
                self.update_retention(|retention| retention.archived = archive.last.next());
            }
            Event::LogPruned(pruned) => self.apply_pruned(pruned),
            Event::TransferInputsSigned(signed) => self.apply_inputs_signed(signed, at),
            Event::TransferReplacementBuilt(built) => self.apply_replacement_built(built, at),
            Event::TransferReplacementSigned(signed) => self.apply_replacement_signed(signed, at),
            Event::TransferSupersededLanded(landed) => self.apply_superseded_landed(landed, at),
        }
    }

    fn update_retention(&mut self, change: impl FnOnce(&mut Retention)) {
        let mut retention = self.tables.retention();
        change(&mut retention);
        self.tables.set_retention(&retention);
    }

    fn apply_pruned(&mut self, pruned: &LogPruned) {
        let first = self.tables.log.first().get();
        for index in (first..pruned.first.get()).map(BlockIndex::new) {
            self.tables.forget_block(index);
        }
        self.tables.log.prune(pruned.first, pruned.hash);
        self.update_retention(|retention| retention.kept = pruned.first);
    }

    fn apply_wallet(&mut self, wallet: &Wallet) {
        self.tables.set_wallet(wallet);
        self.tables.wallets_by_owner.insert((wallet.owner(), wallet.id.get()));
        for key in [&wallet.solana_key, &wallet.kaspa_schnorr_key, &wallet.kaspa_ecdsa_key] {
            if !key.is_empty() {
                self.tables.set_wallet_of_key(key, wallet.id);
            }
        }
        self.tables.set_head(Head { next_wallet: wallet.id.next(), ..self.tables.head() });
    }

    fn apply_wallet_change(&mut self, id: WalletId, change: &WalletChange) {
        let mut wallet = self.tables.wallet(id).unwrap_or_else(|| panic!("BUG: an event names the unknown wallet {id}"));
        match change {
            WalletChange::Activate => wallet.deactivated = false,
            WalletChange::Deactivate => (wallet.deactivated, wallet.primary) = (true, false),
            WalletChange::MakePrimary => {
                for mut other in self.wallets_of(&wallet.owner()).filter(|other| other.primary).collect::<Vec<_>>() {
                    other.primary = false;
                    self.tables.set_wallet(&other);
                }
                wallet.primary = true;
            }
            WalletChange::Owner(owner) => {
                self.tables.wallets_by_owner.remove(&(wallet.owner(), id.get()));
                self.tables.wallets_by_owner.insert((*owner, id.get()));
                wallet.owner = Some(*owner);
                wallet.primary = false;
            }
            WalletChange::Parent(ParentChange { parent }) => wallet.parent = *parent,
        }
        self.tables.set_wallet(&wallet);
    }

    /// A transfer counts elsewhere. When it last changed is not touched: what is known of its bytes is as old as before.
    fn apply_holds_moved(&mut self, moved: &ReservationsMoved) {
        let ReservationsMoved { id, ended, begun } = moved;
        let mut transfer = self.existing_transfer(*id);
        for hold in &ended.0 {
            let before = transfer.holds.0.len();
            transfer.holds.0.retain(|held| held != hold);
            assert!(transfer.holds.0.len() + 1 == before, "BUG: transfer {id} does not hold what ends");
            let spent = self.tables.spent(&hold.key).void(hold.amount);
            self.tables.set_spent(&hold.key, &spent.expect("BUG: a counter does not hold a transfer"));
        }
        for hold in &begun.0 {
            self.reserve(hold);
            transfer.holds.0.push(hold.clone());
        }
        self.tables.set_transfer(&transfer);
    }

    /// Counts a request that was decided, in every scope it falls into: once, and each payment that it makes.
    fn count_request(
        &mut self,
        agent: Principal,
        request: &TransferRequest,
        executed: bool,
        at: Timestamp,
        denials: impl Fn(u32) -> u32,
    ) {
        let attempts = u16::from(!request.is_later_part());
        let paid = if executed && !request.is_consolidation() { request.payments().len() } else { 0 };
        let executions = u16::try_from(paid).unwrap_or(u16::MAX);
        for scope in self.scopes_with(agent, request, None) {
            let mut activity = self.tables.activity(&scope);
            activity.note_many(attempts, executions, at);
            if matches!(scope, Scope::Agent { .. }) {
                activity.denials = denials(activity.denials);
            }
            self.tables.set_activity(&scope, &activity);
        }
    }

    fn apply_denied(&mut self, denied: &TransferDenied, at: Timestamp) {
        let TransferDenied { agent, request, evaluation } = denied;
        let counts = evaluation.is_agent_fault();
        self.count_request(*agent, request, false, at, |denials| denials.saturating_add(u32::from(counts)));
    }

    /// What was spent before a limit was set counts against it.
    fn apply_past(&mut self, past: &PastSpending) {
        for Received { key, posted } in &past.received {
            let counter = self.tables.spent(key).with_posted(posted.iter().map(|posted| (posted.at, posted.amount)));
            self.tables.set_spent(key, &counter);
        }
        for ReservedSince { transfer, holds } in &past.held {
            let mut transfer = self.existing_transfer(*transfer);
            for hold in &holds.0 {
                self.reserve(hold);
            }
            transfer.holds.0.extend(holds.0.iter().cloned());
            self.tables.set_transfer(&transfer);
        }
    }

    fn reserve(&mut self, reservation: &Reservation) {
        let spent = self.tables.spent(&reservation.key).reserve(reservation.amount);
        self.tables.set_spent(&reservation.key, &spent.expect("BUG: more is held than all transfers could"));
    }

    fn grant(&mut self, principal: Principal, role: Role) {
        let mut roles = self.tables.roles(&principal);
        roles.0.insert(role);
        self.tables.set_roles(principal, &roles);
    }

    pub(super) fn existing_transfer(&self, id: TransferId) -> Transfer {
        self.tables.transfer(id).unwrap_or_else(|| panic!("BUG: an event names the unknown transfer {id}"))
    }

    fn update(&mut self, id: TransferId, at: Timestamp, status: Status, change: impl FnOnce(&mut Transfer)) {
        let mut transfer = self.existing_transfer(id);
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
        if reserved.approval.is_some() {
            self.tables.awaiting.insert(key);
        }
        self.tables.transfers_by_wallet.insert(key, ());
        // The key of what was only simulated still pays once, when it is asked for in earnest. The parts of a batch share its key, which
        // stands for the first.
        if !transfer.simulated && !transfer.request.is_later_part() {
            let entry = IdempotencyEntry { request: request_hash(&transfer.request), transfer: transfer.id };
            self.tables.set_idempotency(&entry_key(transfer), &entry);
        }
        reserved.holds.0.iter().for_each(|hold| self.reserve(hold));
        self.nonce_reserved(transfer);
        if transfer.request.nonce_operation().is_none() {
            // A request that waits for people, or is only simulated, says nothing about the agent's requests (trap T31), and one that pays
            // nobody says as little.
            let silent = reserved.approval.is_some() || reserved.simulated || transfer.request.is_consolidation();
            self.count_request(
                transfer.agent,
                &transfer.request,
                !reserved.simulated,
                at,
                |denials| if silent { denials } else { 0 },
            );
        }
        self.tables.set_head(Head { next_transfer: transfer.id.next(), ..self.tables.head() });
    }

    fn apply_submitted(&mut self, id: TransferId, at: Timestamp) {
        let Transfer { status, request, .. } = self.existing_transfer(id);
        let was_quarantined = status == Status::Quarantined;
        self.update(id, at, Status::Submitted, |transfer| {
            if was_quarantined {
                transfer.solana.get_or_insert_default().was_quarantined = true;
            }
        });
        if was_quarantined {
            let key = (request.wallet.get(), id.get());
            self.tables.quarantined.remove(&key);
            self.tables.active.insert(key);
        }
    }

    fn apply_built(&mut self, built: &TransferBuilt, at: Timestamp) {
        self.unlock_inputs(&self.existing_transfer(built.id));
        self.nonce_built(built);
        self.tables.set_owner_of(&built.built.unsigned, built.id);
        self.update(built.id, at, Status::Built, |transfer| {
            transfer.attempt = transfer.attempt.saturating_add(1);
            transfer.built = Some(built.built.clone());
            transfer.signed = None;
            transfer.deadline_height = None;
            transfer.note = None;
            transfer.kaspa = None;
        });
        let wallet = self.existing_transfer(built.id).request.wallet.get();
        for outpoint in built.built.inputs.iter().filter_map(|input| <[u8; 36]>::try_from(&input[..]).ok()) {
            let previous = self.tables.locked_outpoints.insert((wallet, outpoint), built.id.get());
            assert!(previous.is_none(), "BUG: an outpoint is spent by two transfers");
        }
    }

    /// Ends a transfer that moved `amount` and paid `fee`.
    fn settle(&mut self, settled: &TransferSettled, status: Status, amount: Amount, fee: Amount, at: Timestamp) {
        let transfer = self.existing_transfer(settled.id);
        self.update(settled.id, at, status, |transfer| {
            transfer.fee_paid = Some(settled.fee_paid);
            transfer.note = settled.note.clone();
            transfer.code = settled.code;
        });
        let request = &transfer.request;
        let sum = |a: Amount, b: Amount| a.checked_add(b).unwrap_or(Amount::MAX);
        for hold in &transfer.holds.0 {
            let (reserved, spent) = match hold.part {
                ReservedPart::Amount => (request.amount, amount),
                ReservedPart::Fee => (request.max_fee, fee),
                ReservedPart::AmountAndFee => (sum(request.amount, request.max_fee), sum(amount, fee)),
            };
            let counter = self.tables.spent(&hold.key).post(hold.amount, hold.posted(reserved, spent), at);
            let counter = counter.unwrap_or_else(|| panic!("BUG: a counter does not hold transfer {}", transfer.id));
            self.tables.set_spent(&hold.key, &counter);
            if let Some(key) = CounterKey::units_valued_by(&hold.key).filter(|_| !spent.is_zero()) {
                let valued = self.tables.spent(&key).with_unreserved(spent.min(reserved), at);
                self.tables.set_spent(&key, &valued);
            }
        }
        self.unlock_inputs(&transfer);
        self.nonce_settled(&transfer, status);
        self.tables.solana.reached(settled.slot);
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
            self.tables.forget_session(session.id);
        }
    }

    fn unlock_inputs(&mut self, transfer: &Transfer) {
        let wallet = transfer.request.wallet.get();
        let inputs = transfer.built.iter().flat_map(|built| &built.inputs);
        for outpoint in inputs.filter_map(|input| <[u8; 36]>::try_from(&input[..]).ok()) {
            self.tables.locked_outpoints.remove(&(wallet, outpoint));
        }
    }
}

/// Where the entry of a transfer's key stands. The canister's own operations have a space of their own, whoever caused them: no key that
/// a caller names can stand for one, and none of theirs takes a caller's place. What the canister asks for as itself, such as a
/// consolidation, is scoped to a principal that never calls.
fn entry_key(transfer: &Transfer) -> Hash {
    let key = &transfer.request.idempotency_key;
    if !transfer.request.is_operation() {
        return idempotency_key(&transfer.agent, key);
    }
    let mut hasher = Sha256::new();
    hasher.update(b"\x18purser:nonce-operation:1");
    hasher.update(key.as_bytes());
    Hash(hasher.finalize().into())
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
    // The parts of a batch share one key and one hash: that of all that was asked for.
    if let Some(batch) = request.batch() {
        return batch.request;
    }
    let max_fee = if request.fee_named { request.max_fee } else { Amount::ZERO };
    content_hash(&TransferRequest { max_fee, ..request.clone() })
}

/// The hash of what was asked for, as the log would hold it.
pub(super) fn content_hash<T: Serialize>(asked: &T) -> Hash {
    let value = crate::base::codec::to_value(asked).expect("BUG: a request that ICRC-3 cannot hold");
    Hash(Sha256::digest(crate::base::codec::encode_value(&value)).into())
}
