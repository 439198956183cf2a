//! Decisions about batches: many payments in one request.
//!
//! Each payment is evaluated by itself, and the sum of those that pass as one payment. The payments that are allowed are divided among
//! as few transactions as possible, each of which is a transfer of its own.

mod outcome;
mod request;

pub use outcome::{BatchOutcome, ItemOutcome};
pub use request::{BatchItem, BatchRequest};

use super::approvals::timeout_rejections;
use super::breakers::{consecutive_denials, is_repeated_denial};
use super::transfer::Assessment;
use crate::base::{Amount, Timestamp, TransferId, WalletId};
use crate::event::{BreakerOpened, Event, TransferDenied};
use crate::governance::settings::Settings;
use crate::policy::{Decision, Evaluation};
use crate::state::evaluation::ApplicablePolicies;
use crate::state::refusal::invalid;
use crate::state::{Decided, Refusal, State};
use crate::transfer::{Batch, BatchOutput, MAX_BATCH_ITEMS, Status, Transfer, TransferRequest};
use candid::Principal;
use ic_stable_structures::Memory;
use request::sum_overflow;
use std::collections::BTreeSet;

impl<M: Memory> State<M> {
    /// Decides an agent's request for many payments.
    ///
    /// Payments that the policies deny are left out. The sum of the others is evaluated as one transfer, and all of them are reserved or
    /// denied together. When the sum needs an approval, one transaction must be able to pay all of them.
    ///
    /// A denial comes without events when it shares a block with others, as for [`State::decide_transfer`].
    ///
    /// # Errors
    /// When the number of payments is not allowed, a payment cannot be accepted for a reason of [`State::decide_transfer`], or an approval
    /// is needed for payments that take several transactions. Nothing happens then.
    pub fn decide_batch(
        &self,
        caller: Principal,
        request: &BatchRequest,
        now: Timestamp,
    ) -> Result<(Option<Decided>, BatchOutcome), Refusal> {
        let now = self.monotonic_now(now);
        if request.items.is_empty() || request.items.len() > MAX_BATCH_ITEMS {
            return Err(invalid("payments", format!("between 1 and {MAX_BATCH_ITEMS}")));
        }
        request.check_params()?;
        let singles: Vec<TransferRequest> = request.items.iter().map(|item| request.single(item)).collect();
        for (position, single) in singles.iter().enumerate() {
            self.check_request(caller, single).map_err(|refusal| with_position(position, refusal))?;
        }
        if let Some(first) = self.find_duplicate(caller, &request.idempotency_key, request.hash())? {
            return Ok((None, self.earlier_outcome(first, request.items.len())));
        }
        self.check_timeliness(caller, &singles[0], now)?;
        self.check_fee(&singles[0], request.largest_part())?;
        self.require_log_capacity()?;
        let (expired, settings) = (self.expired_approvals(request.wallet, now), self.settings());
        let applicable = self.applicable_policies(caller, &singles[0]);
        let context = BatchContext { caller, now, applicable: &applicable, expired: &expired, settings: &settings };
        self.assess_batch(&context, request, singles)
    }

    fn assess_batch(
        &self,
        context: &BatchContext<'_>,
        request: &BatchRequest,
        singles: Vec<TransferRequest>,
    ) -> Result<(Option<Decided>, BatchOutcome), Refusal> {
        let mut events = timeout_rejections(context.expired);
        let (mut items, mut passed, mut denials) = (Vec::new(), Vec::new(), Vec::new());
        for (position, single) in (0u32..).zip(singles) {
            let Assessment { evaluation, .. } = self.assess_in_batch(context, &single);
            if evaluation.findings.iter().any(is_repeated_denial) {
                // A used-up quota and an open breaker deny every payment of the agent.
                let items = vec![ItemOutcome::Denied { evaluation }; request.items.len()];
                return Ok((None, BatchOutcome { items, transfers: Vec::new() }));
            }
            items.push(ItemOutcome::Denied { evaluation: evaluation.clone() });
            match evaluation.decision {
                Decision::Deny => {
                    let is_agent_fault = evaluation.is_agent_fault();
                    denials.push(ItemDenial { position, is_agent_fault, event: denied(context, single, evaluation) });
                }
                Decision::Allow | Decision::RequireApproval => {
                    let params = request.items[position as usize].params.clone();
                    passed.push(BatchOutput { item: position, to: single.to, amount: single.amount, params });
                }
            }
        }
        let parts = self.reserve_parts(context, request, passed, &mut items)?;
        let opened = breaker_event(context, request.wallet, &denials, &parts);
        // The payments count as if they had been asked for one after the other: the denials after the last allowed payment are the row of
        // denials that the agent's next request meets. So their events come after the reservation, which ends a row.
        let last = parts.positions.last().copied();
        let after = denials.partition_point(|denial| last.is_some_and(|last| denial.position < last));
        let after = denials.split_off(after);
        events.extend(denials.into_iter().map(|denial| denial.event));
        events.extend(parts.events);
        events.extend(after.into_iter().map(|denial| denial.event));
        events.extend(opened);
        let decided = Decided { actor: Some(context.caller), events };
        Ok((Some(decided), BatchOutcome { items, transfers: parts.transfers }))
    }

    /// Evaluates the sum of the payments that passed, divides them into parts and reserves these.
    fn reserve_parts(
        &self,
        context: &BatchContext<'_>,
        request: &BatchRequest,
        passed: Vec<BatchOutput>,
        items: &mut [ItemOutcome],
    ) -> Result<ReservedParts, Refusal> {
        if passed.is_empty() {
            return Ok(ReservedParts::default());
        }
        let (runs, config) = (request.pack(&passed), self.config());
        let fees = Amount::checked_sum(runs.iter().map(|run| request.part_fee(config, *run))).ok_or_else(sum_overflow)?;
        let hash = request.hash();
        let all = Batch { outputs: passed.clone(), part: 0, parts: 1, request: hash };
        let whole = request.part(all, fees)?;
        let Assessment { evaluation, reservations } = self.assess_in_batch(context, &whole);
        if reservations.is_none() {
            for output in &passed {
                items[output.item as usize] = ItemOutcome::Denied { evaluation: evaluation.clone() };
            }
            let agent_faults = u32::from(evaluation.is_agent_fault());
            return Ok(ReservedParts {
                events: vec![denied(context, whole, evaluation)],
                agent_faults,
                ..ReservedParts::default()
            });
        }
        if evaluation.decision == Decision::RequireApproval && runs.len() > 1 {
            return Err(approval_of_several(&runs));
        }
        let BatchContext { caller, expired, settings, .. } = *context;
        self.check_transfer_limits(caller, request.wallet, runs.len() as u64, &evaluation, expired, settings)?;
        let positions = passed.iter().map(|output| output.item).collect();
        let (mut id, mut rest) = (self.tables.head().next_transfer, passed.into_iter());
        let mut parts = ReservedParts { positions, ..ReservedParts::default() };
        for (part, run) in (0u32..).zip(&runs) {
            let outputs: Vec<BatchOutput> = rest.by_ref().take(*run).collect();
            let outcome = match evaluation.decision {
                Decision::RequireApproval => ItemOutcome::Pending { transfer: id },
                Decision::Allow | Decision::Deny => ItemOutcome::Accepted { transfer: id },
            };
            outputs.iter().for_each(|output| items[output.item as usize] = outcome.clone());
            let batch = Batch { outputs, part, parts: runs.len() as u32, request: hash };
            let part = request.part(batch, request.part_fee(config, *run))?;
            self.reserve_part(context, id, part, &evaluation, &mut parts)?;
            id = id.next();
        }
        Ok(parts)
    }

    fn reserve_part(
        &self,
        context: &BatchContext<'_>,
        id: TransferId,
        part: TransferRequest,
        evaluation: &Evaluation,
        parts: &mut ReservedParts,
    ) -> Result<(), Refusal> {
        let BatchContext { caller, now, applicable, .. } = *context;
        let reservations = self.reservations(&applicable.policies, &part, now).ok_or_else(sum_overflow)?;
        let reserved = self.reserved_event(id, caller, part, evaluation.clone(), reservations, now);
        parts.resets_denials = reserved.approval.is_none() && !reserved.simulated;
        parts.events.push(Event::TransferReserved(Box::new(reserved)));
        parts.transfers.push(id);
        Ok(())
    }

    fn assess_in_batch(&self, context: &BatchContext<'_>, request: &TransferRequest) -> Assessment {
        let BatchContext { caller, now, applicable, expired, settings } = *context;
        self.assess(applicable, caller, request, now, expired, settings)
    }

    /// Returns the outcome of a batch that was asked for before, from its transfers.
    fn earlier_outcome(&self, first: TransferId, count: usize) -> BatchOutcome {
        let mut outcome = BatchOutcome { items: vec![ItemOutcome::DeniedBefore; count], transfers: Vec::new() };
        let first_part = self.tables.transfer(first);
        let parts = first_part.as_ref().and_then(|transfer| transfer.request.batch.as_ref()).map_or(0, |batch| batch.parts);
        for id in (0..u64::from(parts)).map(|part| TransferId::new(first.get().saturating_add(part))) {
            let transfer = self.tables.transfer(id);
            let status = transfer.as_ref().map(|transfer| transfer.status);
            let outputs = transfer.as_ref().and_then(|transfer| transfer.request.batch.as_ref()).map(|batch| &batch.outputs[..]);
            for item in outputs.unwrap_or_default().iter().filter_map(|output| usize::try_from(output.item).ok()) {
                if let Some(slot) = outcome.items.get_mut(item) {
                    *slot = match status {
                        Some(Status::AwaitingApproval) => ItemOutcome::Pending { transfer: id },
                        _ => ItemOutcome::Accepted { transfer: id },
                    };
                }
            }
            outcome.transfers.push(id);
        }
        outcome
    }
}

/// The circumstances in which all payments of a batch are evaluated.
#[derive(Clone, Copy)]
struct BatchContext<'a> {
    caller: Principal,
    now: Timestamp,
    applicable: &'a ApplicablePolicies,
    /// The wallet's transfers whose approval has expired, and which end with this decision.
    expired: &'a [Transfer],
    settings: &'a Settings,
}

/// The reserved parts of a batch, or the denial of their sum.
#[derive(Default)]
struct ReservedParts {
    events: Vec<Event>,
    /// The number of denials of the sum that count for the agent's breaker.
    agent_faults: u32,
    transfers: Vec<TransferId>,
    /// The positions of the reserved payments.
    positions: BTreeSet<u32>,
    /// Whether the payments end a row of denials; those that wait for approval or are simulated do not.
    resets_denials: bool,
}

/// The denial of one payment by itself.
struct ItemDenial {
    position: u32,
    /// Whether the denial is_agent_fault for the agent's breaker.
    is_agent_fault: bool,
    event: Event,
}

/// Returns the event that opens the agent's breaker, if too many payments in a row were denied somewhere in the batch.
///
/// The row continues from the requests before the batch, and an allowed payment ends it. The whole batch is evaluated in the state at its
/// beginning, so an open breaker denies requests after the batch only.
fn breaker_event(context: &BatchContext<'_>, wallet: WalletId, denials: &[ItemDenial], parts: &ReservedParts) -> Option<Event> {
    let BatchContext { caller, now, applicable, settings, .. } = *context;
    let counted: BTreeSet<u32> = denials.iter().filter(|denial| denial.is_agent_fault).map(|denial| denial.position).collect();
    let (mut row, mut longest) = (consecutive_denials(applicable, caller, wallet), 0);
    for position in counted.union(&parts.positions) {
        if counted.contains(position) {
            row = row.saturating_add(1);
            longest = longest.max(row);
        } else if parts.resets_denials {
            row = 0;
        }
    }
    // The denial of the sum is_agent_fault like that of one more request.
    if parts.agent_faults > 0 {
        longest = longest.max(row.saturating_add(parts.agent_faults));
    }
    let until = now.saturating_add(settings.breaker_cool_down_ns);
    let opens = longest >= settings.breaker_threshold;
    opens.then_some(Event::BreakerOpened(BreakerOpened { wallet, agent: caller, until }))
}

fn denied(context: &BatchContext<'_>, request: TransferRequest, evaluation: Evaluation) -> Event {
    Event::TransferDenied(Box::new(TransferDenied { agent: context.caller, request, evaluation }))
}

/// Adds the position of the payment to a refusal that is about one payment.
fn with_position(position: usize, refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::InvalidArgument { field: field @ ("amount" | "to" | "memo" | "allow_off_curve"), problem } => {
            invalid(field, format!("payments[{position}]: {problem}"))
        }
        other => other,
    }
}

/// Makes the refusal of payments that need an approval and take several transactions.
///
/// An approval is about one transfer, which happens as a whole or not at all.
fn approval_of_several(runs: &[usize]) -> Refusal {
    let (parts, first) = (runs.len(), runs.first().copied().unwrap_or_default());
    let problem = format!(
        "together they need an approval, which is about one transaction, and these take {parts}; the first {first} that the policies allow fit into one"
    );
    invalid("payments", problem)
}
