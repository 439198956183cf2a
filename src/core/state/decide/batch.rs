//! Many payments at once. Each is judged by itself, and those that pass together as one payment of their sum; what then stands is
//! divided among as few transactions as possible, each a transfer of its own.

use super::transfer::{Assessment, check_age, consecutive_denials, is_repeated_denial};
use super::{Decided, invalid};
use crate::base::{Amount, Asset, Chain, Destination, Hash, SessionId, Timestamp, TransferId, WalletId};
use crate::chains::{kaspa, solana};
use crate::event::{BreakerOpened, Event, TransferDenied};
use crate::governance::config::Config;
use crate::governance::settings::Settings;
use crate::policy::{Decision, Evaluation};
use crate::state::apply::content_hash;
use crate::state::facts::ApplicablePolicies;
use crate::state::{Refusal, State};
use crate::transfer::kaspa::{FeeSpeed, KaspaTransferParams};
use crate::transfer::solana::SolanaTransferParams;
use crate::transfer::{Batch, BatchOutput, MAX_BATCH_ITEMS, MAX_BATCH_OUTPUTS};
use crate::transfer::{Status, Transfer, TransferRequest};
use crate::wallet::KeyKind;
use candid::Principal;
use ic_stable_structures::Memory;
use serde::Serialize;
use std::collections::BTreeSet;

/// Many payments of one asset from one key, asked for at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchRequest {
    /// The wallet that pays.
    pub wallet: WalletId,
    /// What is sent. KAS is left out, as when there was nothing else: a batch that was asked for then is recognised.
    #[serde(skip_serializing_if = "is_kas")]
    pub asset: Asset,
    /// The key that pays.
    pub source: KeyKind,
    /// Who gets how much.
    pub items: Vec<BatchItem>,
    /// The most that each transaction may pay in fees, on Solana with the rent of accounts it creates. What the agent did not name is the
    /// cap of a transfer to one recipient, and grows with the recipients where each may need an account.
    pub max_fee: Amount,
    /// Whether the agent named `max_fee`.
    pub fee_named: bool,
    /// How fast; KAS only.
    pub speed: Option<FeeSpeed>,
    /// The agent's own name for all of it.
    pub idempotency_key: String,
    /// Why.
    pub reason: Option<String>,
    /// The session it is asked for in.
    pub session: Option<SessionId>,
    /// When the agent made the request.
    pub created_at: Option<Timestamp>,
}

fn is_kas(asset: &Asset) -> bool {
    *asset == Asset::Kas
}

/// One payment of a [`BatchRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchItem {
    /// Who receives it.
    pub to: Destination,
    /// In base units.
    pub amount: Amount,
    /// Solana only: what the chain's log says with this payment. Left out when absent, so that a batch that was asked for before there
    /// were any is recognised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memo: Option<String>,
    /// Solana only: whether the recipient is known to be a program's vault.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub off_curve: bool,
}

impl BatchItem {
    /// A payment without a memo to somebody who holds their key.
    pub const fn new(to: Destination, amount: Amount) -> Self {
        Self { to, amount, memo: None, off_curve: false }
    }
}

/// What became of one payment of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemOutcome {
    /// Part of this transfer.
    Accepted {
        /// Which pays this one and perhaps others.
        transfer: TransferId,
    },
    /// Part of this transfer, which waits for people.
    Pending {
        /// Which pays this one and perhaps others.
        transfer: TransferId,
    },
    /// Refused by the policy, by itself or as part of the sum. Nothing is reserved for it.
    Denied {
        /// What every rule found.
        evaluation: Evaluation,
    },
    /// The batch was asked for before, and this payment was refused then.
    DeniedBefore,
}

/// What became of a batch: one outcome for each payment, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchOutcome {
    /// As they were asked for.
    pub items: Vec<ItemOutcome>,
    /// The transfers that pay them, ascending.
    pub transfers: Vec<TransferId>,
}

impl BatchRequest {
    /// The most that any of its transactions may pay in fees.
    pub fn largest_fee(&self, config: &Config) -> Amount {
        self.fee_of(config, self.largest_part())
    }

    /// The most payments that one of its transactions can make, whichever of them are denied.
    fn largest_part(&self) -> usize {
        let memos: Vec<_> = self.items.iter().map(|item| item.memo.as_deref()).collect();
        solana::batch::largest_run(&memos, self.asset)
    }

    /// What makes two batches the same.
    fn hash(&self) -> Hash {
        let max_fee = if self.fee_named { self.max_fee } else { Amount::ZERO };
        content_hash(&Self { max_fee, ..self.clone() })
    }

    /// One payment as an ordinary request.
    fn single(&self, item: &BatchItem) -> TransferRequest {
        let terms = SolanaTransferParams { memo: item.memo.clone(), off_curve: item.off_curve, ..SolanaTransferParams::default() };
        let said = terms != SolanaTransferParams::default();
        TransferRequest { solana: said.then_some(terms), ..self.plain(&item.to, item.amount, self.max_fee) }
    }

    /// A request for so much, about which nothing is said that only Solana has.
    fn plain(&self, to: &Destination, amount: Amount, max_fee: Amount) -> TransferRequest {
        TransferRequest {
            wallet: self.wallet,
            asset: self.asset,
            to: to.clone(),
            amount,
            max_fee,
            fee_named: self.fee_named,
            source: self.source,
            idempotency_key: self.idempotency_key.clone(),
            reason: self.reason.clone(),
            session: self.session,
            created_at: self.created_at,
            solana: None,
            kaspa: self.speed.map(|speed| KaspaTransferParams { speed: Some(speed), ..KaspaTransferParams::default() }),
        }
    }

    /// One part: a transfer of the sum of its outputs, that names the first one's recipient.
    fn part(&self, batch: Batch, max_fee: Amount) -> Result<TransferRequest, Refusal> {
        let amount = Amount::checked_sum(batch.outputs.iter().map(|output| output.amount)).ok_or_else(sum_overflow)?;
        let first = batch.outputs.first().ok_or_else(sum_overflow)?;
        let plain = self.plain(&first.to, amount, max_fee);
        Ok(match self.asset.chain() {
            Chain::Kaspa => {
                let terms = KaspaTransferParams { speed: self.speed, batch: Some(batch), consolidation: None };
                TransferRequest { kaspa: Some(terms), ..plain }
            }
            Chain::Solana => {
                let terms = SolanaTransferParams { batch: Some(batch), ..SolanaTransferParams::default() };
                TransferRequest { solana: Some(terms), ..plain }
            }
        })
    }

    /// How many of these payments, in their order, go into each transaction.
    fn pack(&self, outputs: &[BatchOutput]) -> Vec<usize> {
        match self.asset.chain() {
            Chain::Kaspa => {
                let amounts: Vec<Amount> = outputs.iter().map(|output| output.amount).collect();
                kaspa::batch::pack(&amounts, MAX_BATCH_OUTPUTS)
            }
            Chain::Solana => {
                let memos: Vec<_> = outputs.iter().map(|output| output.memo.as_deref()).collect();
                solana::batch::pack(&memos, self.asset)
            }
        }
    }

    /// The most that a transaction of so many payments may pay in fees.
    fn fee_of(&self, config: &Config, payments: usize) -> Amount {
        match self.asset {
            Asset::Spl { .. } if !self.fee_named => config.fee_cap_of(self.asset, payments),
            _ => self.max_fee,
        }
    }
}

impl<M: Memory> State<M> {
    /// An agent asks for many payments. What the policies deny is left out; the rest is judged as one transfer of its sum and reserved,
    /// or, when that is denied, refused altogether. A batch whose sum needs an approval is held as one, if one transaction can pay it.
    ///
    /// A denial comes without events when it is not worth an entry of its own, as for [`State::decide_transfer`].
    ///
    /// # Errors
    /// As for [`State::decide_transfer`], about the first payment that cannot be accepted, and when an approval is needed for what one
    /// transaction cannot pay; then nothing happens.
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
        let singles: Vec<TransferRequest> = request.items.iter().map(|item| request.single(item)).collect();
        for (position, single) in singles.iter().enumerate() {
            self.check_request(caller, single, now).map_err(|refusal| with_position(position, refusal))?;
        }
        if let Some(first) = self.asked_before(caller, &request.idempotency_key, request.hash())? {
            return Ok((None, self.batch_of(first, request.items.len())));
        }
        check_age(&singles[0], now)?;
        self.check_fee(&singles[0], request.largest_part())?;
        self.require_log_room()?;
        let (late, settings) = (self.late_approvals(request.wallet, now), self.settings());
        let applicable = self.applicable_policies(caller, &singles[0]);
        let context = BatchContext { caller, now, applicable: &applicable, late: &late, settings: &settings };
        self.assess_batch(&context, request, singles)
    }

    fn assess_batch(
        &self,
        context: &BatchContext<'_>,
        request: &BatchRequest,
        singles: Vec<TransferRequest>,
    ) -> Result<(Option<Decided>, BatchOutcome), Refusal> {
        let mut events = super::approvals::timeouts(context.late);
        let (mut items, mut passed, mut denials) = (Vec::new(), Vec::new(), Vec::new());
        for (position, single) in (0u32..).zip(singles) {
            let Assessment { evaluation, .. } = self.assess_one(context, &single);
            if evaluation.findings.iter().any(is_repeated_denial) {
                // It is so for all of them.
                let items = vec![ItemOutcome::Denied { evaluation }; request.items.len()];
                return Ok((None, BatchOutcome { items, transfers: Vec::new() }));
            }
            items.push(ItemOutcome::Denied { evaluation: evaluation.clone() });
            match evaluation.decision {
                Decision::Deny => {
                    let is_agent_fault = evaluation.is_agent_fault();
                    denials.push(Denial { position, is_agent_fault, event: denied(context, single, evaluation) });
                }
                Decision::Allow | Decision::RequireApproval => {
                    let TransferRequest { to, amount, solana, .. } = single;
                    let SolanaTransferParams { memo, off_curve, .. } = solana.unwrap_or_default();
                    passed.push(BatchOutput { item: position, to, amount, memo, off_curve });
                }
            }
        }
        let parts = self.reserve_parts(context, request, passed, &mut items)?;
        let opened = breaker_event(context, request.wallet, &denials, &parts);
        // Each payment counts as if they had been asked for one after another: those that were denied after the last one that passes are
        // the denials in a row that the next request meets.
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

    /// Judges the sum of what passed, divides it and reserves the parts.
    fn reserve_parts(
        &self,
        context: &BatchContext<'_>,
        request: &BatchRequest,
        passed: Vec<BatchOutput>,
        items: &mut [ItemOutcome],
    ) -> Result<Parts, Refusal> {
        if passed.is_empty() {
            return Ok(Parts::default());
        }
        let (runs, config) = (request.pack(&passed), self.config());
        let fees = Amount::checked_sum(runs.iter().map(|run| request.fee_of(config, *run))).ok_or_else(sum_overflow)?;
        let hash = request.hash();
        let all = Batch { outputs: passed.clone(), part: 0, parts: 1, request: hash };
        let whole = request.part(all, fees)?;
        let Assessment { evaluation, holds } = self.assess_one(context, &whole);
        if holds.is_none() {
            for output in &passed {
                items[output.item as usize] = ItemOutcome::Denied { evaluation: evaluation.clone() };
            }
            let agent_faults = u32::from(evaluation.is_agent_fault());
            return Ok(Parts { events: vec![denied(context, whole, evaluation)], agent_faults, ..Parts::default() });
        }
        if evaluation.decision == Decision::RequireApproval && runs.len() > 1 {
            return Err(approval_of_several(&runs));
        }
        let BatchContext { caller, now, applicable, late, settings } = *context;
        self.check_place(caller, request.wallet, runs.len() as u64, &evaluation, late, settings)?;
        let positions = passed.iter().map(|output| output.item).collect();
        let (mut id, mut rest) = (self.tables.head().next_transfer, passed.into_iter());
        let mut parts = Parts { positions, ..Parts::default() };
        for (part, run) in (0u32..).zip(&runs) {
            let outputs: Vec<BatchOutput> = rest.by_ref().take(*run).collect();
            let outcome = match evaluation.decision {
                Decision::RequireApproval => ItemOutcome::Pending { transfer: id },
                Decision::Allow | Decision::Deny => ItemOutcome::Accepted { transfer: id },
            };
            outputs.iter().for_each(|output| items[output.item as usize] = outcome.clone());
            let batch = Batch { outputs, part, parts: runs.len() as u32, request: hash };
            let part = request.part(batch, request.fee_of(config, *run))?;
            let holds = self.reservations(&applicable.policies, &part, now).ok_or_else(sum_overflow)?;
            let reserved = self.reservation(id, caller, part, evaluation.clone(), holds, now);
            parts.resets_denials = reserved.approval.is_none() && !reserved.simulated;
            parts.events.push(Event::TransferReserved(Box::new(reserved)));
            parts.transfers.push(id);
            id = id.next();
        }
        Ok(parts)
    }

    fn assess_one(&self, context: &BatchContext<'_>, request: &TransferRequest) -> Assessment {
        let BatchContext { caller, now, applicable, late, settings } = *context;
        self.assess(applicable, caller, request, now, late, settings)
    }

    /// What became of a batch that was asked for before.
    fn batch_of(&self, first: TransferId, count: usize) -> BatchOutcome {
        let mut outcome = BatchOutcome { items: vec![ItemOutcome::DeniedBefore; count], transfers: Vec::new() };
        let batch = |id| self.tables.transfer(id).and_then(|transfer| transfer.request.batch().cloned());
        let parts = batch(first).map_or(0, |batch| batch.parts);
        for id in (0..u64::from(parts)).map(|part| TransferId::new(first.get().saturating_add(part))) {
            let outputs = batch(id).map(|batch| batch.outputs).unwrap_or_default();
            let status = self.tables.transfer(id).map(|transfer| transfer.status);
            for item in outputs.iter().filter_map(|output| usize::try_from(output.item).ok()) {
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

/// What surrounds the judgement of every payment of a batch.
#[derive(Clone, Copy)]
struct BatchContext<'a> {
    caller: Principal,
    now: Timestamp,
    applicable: &'a ApplicablePolicies,
    late: &'a [Transfer],
    settings: &'a Settings,
}

/// What becomes of those payments of a batch that pass by themselves.
#[derive(Default)]
struct Parts {
    events: Vec<Event>,
    /// Denials of their sum that are the agent's own doing.
    agent_faults: u32,
    transfers: Vec<TransferId>,
    /// Which payments stand.
    positions: BTreeSet<u32>,
    /// Whether they end a row of denials: what waits for people, or is only simulated, does not.
    resets_denials: bool,
}

/// A payment of a batch that is denied by itself.
struct Denial {
    position: u32,
    is_agent_fault: bool,
    event: Event,
}

/// The agent's breaker opens when somewhere in the batch too many payments in a row were denied, counted on from the requests before
/// it: a payment that passes shields only those that come before the row. All of a batch is judged at its beginning, so an open breaker
/// stops what comes after the batch.
fn breaker_event(context: &BatchContext<'_>, wallet: WalletId, denials: &[Denial], parts: &Parts) -> Option<Event> {
    let BatchContext { caller, now, applicable, settings, .. } = *context;
    let agent_faults: BTreeSet<u32> = denials.iter().filter(|denial| denial.is_agent_fault).map(|denial| denial.position).collect();
    let (mut row, mut longest) = (consecutive_denials(applicable, caller, wallet), 0);
    for position in agent_faults.union(&parts.positions) {
        if agent_faults.contains(position) {
            row = row.saturating_add(1);
            longest = longest.max(row);
        } else if parts.resets_denials {
            row = 0;
        }
    }
    // Their sum is denied like one request.
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

/// Says which payment a refusal is about, when it is about one.
fn with_position(position: usize, refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::InvalidArgument { field: field @ ("amount" | "to" | "memo" | "allow_off_curve"), problem } => {
            invalid(field, format!("payments[{position}]: {problem}"))
        }
        other => other,
    }
}

fn sum_overflow() -> Refusal {
    invalid("payments", "their sum is beyond all money")
}

/// People are asked about one transfer, all of which happens or nothing.
fn approval_of_several(runs: &[usize]) -> Refusal {
    let (parts, first) = (runs.len(), runs.first().copied().unwrap_or_default());
    let problem = format!(
        "together they need an approval, which is about one transaction, and these take {parts}; the first {first} that the policies allow fit into one"
    );
    invalid("payments", problem)
}
