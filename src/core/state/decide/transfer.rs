//! What agents decide, and how a transfer is called off.

use super::{Decided, authenticated, invalid, not_found};
use crate::chains::kaspa::MINIMUM_TRANSFER_FEE;
use crate::chains::solana::LAMPORTS_PER_SIGNATURE;
use crate::event::{Event, TransferDenied, TransferReserved, TransferStep};
use crate::mode::Mode;
use crate::policy::{self, Decision, Evaluation, Policy, RollingCounter, Spend};
use crate::primitives::{Amount, Asset, Chain, Timestamp, TransferId, WalletId};
use crate::roles::Role;
use crate::state::apply::{idempotency_key, request_hash};
use crate::state::{MAX_ACTIVE_TRANSFERS_PER_WALLET, Refusal, State};
use crate::transfer::{MAX_IDEMPOTENCY_KEY_BYTES, MAX_REASON_BYTES, Outcome, Status, TransferRequest};
use candid::Principal;
use ic_stable_structures::Memory;

impl<M: Memory> State<M> {
    /// An agent asks for a transfer. Allowed means reserved: amount and worst-case fee count against every limit from this very
    /// commit, before anything is awaited.
    ///
    /// # Errors
    /// When the caller is no agent of the wallet, an argument cannot be accepted, the idempotency key stands for another request, or
    /// too many transfers of the wallet are under way. A refusal by the policy is not an error: it is logged and explained.
    pub fn decide_transfer(
        &self,
        caller: Principal,
        request: TransferRequest,
        now: Timestamp,
    ) -> Result<(Option<Decided>, Outcome), Refusal> {
        self.check_request(caller, &request)?;
        if let Some(entry) = self.tables.idempotency(&idempotency_key(&caller, &request.idempotency_key)) {
            let got = request_hash(&request);
            if entry.request != got {
                return Err(Refusal::IdempotencyConflict { transfer: entry.transfer, expected: entry.request, got });
            }
            return Ok((None, Outcome::Duplicate { transfer: entry.transfer }));
        }
        self.check_fee(&request)?;
        let evaluation = self.evaluate(&request, now);
        let reserved = request.amount.checked_add(request.max_fee);
        let (Decision::Allow, Some(reserved)) = (evaluation.decision, reserved) else {
            let denied = TransferDenied { request, evaluation: evaluation.clone() };
            return Ok((Some(Decided::by(caller, Event::TransferDenied(denied))), Outcome::Denied { evaluation }));
        };
        self.check_queue(request.wallet)?;
        let id = self.tables.head().next_transfer;
        let reserved = TransferReserved { id, agent: caller, request, reserved, evaluation: evaluation.clone() };
        let event = Event::TransferReserved(Box::new(reserved));
        Ok((Some(Decided::by(caller, event)), Outcome::Accepted { transfer: id, evaluation }))
    }

    /// What [`State::decide_transfer`] would decide about a new request, without any effect.
    ///
    /// # Errors
    /// As there, but for the idempotency key, which is not looked at.
    pub fn simulate(&self, caller: Principal, request: TransferRequest, now: Timestamp) -> Result<Evaluation, Refusal> {
        self.check_request(caller, &request)?;
        self.check_fee(&request)?;
        Ok(self.evaluate(&request, now))
    }

    /// Calls a transfer off while no signed bytes of it could land: from Reserved, Built or Expired.
    ///
    /// # Errors
    /// When the caller is neither its agent nor an admin nor a guardian, or the transfer is past calling off.
    pub fn decide_cancel(&self, caller: Principal, id: TransferId, note: Option<String>) -> Result<Decided, Refusal> {
        authenticated(caller)?;
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
        Ok(Decided::by(caller, Event::TransferCancelled(TransferStep { id, note })))
    }

    /// The end of everything an agent asked for of which nothing has left the canister.
    pub(super) fn cancellations_of(&self, wallet: WalletId, agent: Principal) -> Vec<Event> {
        let ids = self.tables.active.range((wallet.get(), 0)..=(wallet.get(), u64::MAX)).map(|(_, id)| TransferId::new(id));
        ids.filter_map(|id| self.tables.transfer(id))
            .filter(|transfer| transfer.agent == agent && transfer.status.may_become(Status::Cancelled))
            .map(|transfer| Event::TransferCancelled(TransferStep { id: transfer.id, note: Some("its agent was removed".into()) }))
            .collect()
    }

    /// The end of what a new policy of the wallet denies and may still be called off. A transfer is judged as if it were asked for now,
    /// beside all others: newest first, so that of several that no longer fit together the earliest stay.
    pub(super) fn cancellations_under(&self, wallet: WalletId, policy: &Policy, now: Timestamp) -> Vec<Event> {
        let now = now.max(self.tables.head().last_at);
        let mut counters = Asset::ALL.map(|asset| (asset, self.tables.counter(wallet, asset)));
        let mut events = Vec::new();
        for transfer in self.active_transfers_of(wallet).into_iter().rev() {
            let counter = counters.iter_mut().find(|(asset, _)| *asset == transfer.request.asset).map(|(_, counter)| counter);
            let others = counter.as_ref().and_then(|counter| RollingCounter::clone(counter).void(transfer.reserved));
            let (Some(counter), Some(others)) = (counter, others) else {
                unreachable!("BUG: no counter holds transfer {}", transfer.id);
            };
            let evaluation = policy::evaluate(Mode::Normal, Some(policy), &others, &spend(&transfer.request), now);
            if evaluation.decision == Decision::Deny && transfer.status.may_become(Status::Cancelled) {
                let note = Some(format!("the new policy (version {}) does not allow it", policy.version));
                events.push(Event::TransferCancelled(TransferStep { id: transfer.id, note }));
                *counter = others;
            }
        }
        events
    }

    fn evaluate(&self, request: &TransferRequest, now: Timestamp) -> Evaluation {
        let now = now.max(self.tables.head().last_at);
        let policy = self.tables.policy(request.wallet);
        let counter = self.tables.counter(request.wallet, request.asset);
        policy::evaluate(self.mode(), policy.as_ref(), &counter, &spend(request), now)
    }

    fn check_request(&self, caller: Principal, request: &TransferRequest) -> Result<(), Refusal> {
        authenticated(caller)?;
        self.require_wallet(request.wallet)?;
        if !self.is_agent(request.wallet, &caller) {
            return Err(Refusal::Unauthorized { needs: "an agent of the wallet" });
        }
        if request.amount.is_zero() {
            return Err(invalid("amount", "must be at least 1 base unit"));
        }
        if request.idempotency_key.is_empty() || request.idempotency_key.len() > MAX_IDEMPOTENCY_KEY_BYTES {
            return Err(invalid("idempotency_key", format!("between 1 and {MAX_IDEMPOTENCY_KEY_BYTES} bytes are needed")));
        }
        if request.reason.as_ref().is_some_and(|reason| reason.len() > MAX_REASON_BYTES) {
            return Err(invalid("reason", format!("at most {MAX_REASON_BYTES} bytes")));
        }
        let chain = request.asset.chain();
        if request.to.chain != chain {
            return Err(invalid("to", format!("{} is paid to a {chain} address", request.asset)));
        }
        if request.source.chain() != chain {
            return Err(invalid("source", format!("{} is paid from a {chain} key", request.asset)));
        }
        Ok(())
    }

    /// Only for what is new: a request that was accepted under another cap is recognised whatever the cap is now.
    fn check_fee(&self, request: &TransferRequest) -> Result<(), Refusal> {
        let (config, chain, max_fee) = (self.config(), request.asset.chain(), request.max_fee);
        let (least, most) = match chain {
            Chain::Kaspa => (Amount::new(MINIMUM_TRANSFER_FEE), config.kaspa.max_fee),
            Chain::Solana => (Amount::new(LAMPORTS_PER_SIGNATURE), config.solana.max_fee),
        };
        if max_fee < least || max_fee > most {
            return Err(invalid("max_fee", format!("between {least} and {most} base units on {chain}")));
        }
        Ok(())
    }

    fn check_queue(&self, wallet: WalletId) -> Result<(), Refusal> {
        let max = MAX_ACTIVE_TRANSFERS_PER_WALLET;
        let current = self.tables.active.range((wallet.get(), 0)..=(wallet.get(), u64::MAX)).take(max as usize).count() as u64;
        if current < max { Ok(()) } else { Err(Refusal::LimitReached { what: "transfers of the wallet under way", max, current }) }
    }
}

fn spend(request: &TransferRequest) -> Spend<'_> {
    Spend { asset: request.asset, to: &request.to, amount: request.amount, max_fee: request.max_fee }
}
