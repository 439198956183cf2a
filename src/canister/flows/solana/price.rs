//! Trying a transaction out before it is signed, and what to offer for it.

use crate::flows::outcalls::Replication;
use crate::flows::{FlowError, TransferContext, providers};
use crate::ports::Runtime;
use purser_core::base::Amount;
use purser_core::chains::solana::rpc::{self, Request, Simulation};
use purser_core::chains::solana::{
    Address, Budget, MAX_UNITS, Operation, Payment, PaymentKind, Plan, RecentHash, derived, signature_fee,
};

/// Added to what a simulation used: the two instructions of the budget itself, and some room.
const SPARE_UNITS: u64 = 1_000;
/// What the instructions used at most when they were measured, with room. One node's simulation may ask for more, never for less: with
/// too few units a transaction fails and its fee is lost.
const UNITS_OF_LAMPORTS: u64 = 3_000;
const UNITS_OF_TOKENS: u64 = 60_000;
const UNITS_OF_MEMO: u64 = 40_000;

/// What came of trying a plan out.
pub(super) enum PreflightResult {
    /// It would succeed.
    Success {
        /// What is offered for it; nothing when nothing is to be offered.
        budget: Option<Budget>,
        /// The slot of the state in which it was simulated.
        slot: u64,
    },
    /// The network takes no transaction that stands on its nonce.
    NonceRefused,
}

/// Simulates the plan and says what to offer, within the caps of the operator and of the request.
pub(super) async fn offer<R: Runtime>(
    context: &TransferContext<'_, R>,
    plan: &Plan,
    rent: Amount,
) -> Result<PreflightResult, FlowError> {
    let Some(Simulation { units, slot, .. }) = simulate(context, plan).await? else { return Ok(PreflightResult::NonceRefused) };
    let cap = context.rt.read(|state| state.config().solana.max_unit_price());
    if cap == 0 {
        return Ok(PreflightResult::Success { budget: None, slot });
    }
    let accounts = written(plan);
    let asked =
        providers::ask(context.rt, context.provider_offset, Replication::SingleNode, &Request::PriorityPrice { accounts }).await;
    // It is advice: without it nothing is offered.
    let market = asked.ok().and_then(|body| rpc::parse_u64(&body).ok()).unwrap_or(0);
    let limit = limit(plan, units);
    let price = market.min(cap).min(affordable(context, rent, limit));
    Ok(PreflightResult::Success { budget: (price > 0).then_some(Budget { limit, price }), slot })
}

/// The accounts that the plan writes, whose price is asked for: others compete for those.
fn written(plan: &Plan) -> Vec<Address> {
    let paid = |payment: &Payment| match &payment.kind {
        PaymentKind::Lamports { to, .. } => vec![*to],
        PaymentKind::Tokens(tokens) => {
            let source = derived::token_account(&plan.payer, &tokens.mint, tokens.program);
            source.into_iter().chain([tokens.destination]).collect()
        }
    };
    let mut accounts = vec![plan.payer];
    match &plan.operation {
        Operation::Pay(payments) => accounts.extend(payments.iter().flat_map(paid)),
        Operation::Revoke { account } => accounts.push(*account),
        Operation::CreateNonce { index, .. } => accounts.push(derived::nonce_account(&plan.payer, *index)),
    }
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

/// The highest price that the request's own cap leaves room for.
fn affordable<R: Runtime>(context: &TransferContext<'_, R>, rent: Amount, limit: u32) -> u64 {
    let spent = signature_fee(1).and_then(|fee| fee.checked_add(rent)).unwrap_or(Amount::MAX);
    let room = u128::from(context.transfer.request.max_fee.remaining_after(spent).get());
    u64::try_from(room * 1_000_000 / u128::from(limit.max(1))).unwrap_or(u64::MAX)
}

fn limit(plan: &Plan, units: Option<u64>) -> u32 {
    let least = match &plan.operation {
        Operation::Pay(payments) => payments.iter().fold(0, |sum, payment| {
            let paid = if matches!(payment.kind, PaymentKind::Tokens(_)) { UNITS_OF_TOKENS } else { UNITS_OF_LAMPORTS };
            sum + paid + if payment.memo.is_some() { UNITS_OF_MEMO } else { 0 }
        }),
        Operation::CreateNonce { .. } | Operation::Revoke { .. } => UNITS_OF_LAMPORTS,
    };
    let used = units.map_or_else(|| plan.default_units(), |units| units.saturating_add(units / 5).saturating_add(SPARE_UNITS));
    // At most 1,400,000.
    u32::try_from(used.max(least).min(MAX_UNITS)).unwrap_or(u32::MAX)
}

/// The simulation in which the transaction succeeds; `None` when the network does not take its nonce for a blockhash. That it would fail is
/// believed when another provider says so too, or the only one says it twice.
async fn simulate<R: Runtime>(context: &TransferContext<'_, R>, plan: &Plan) -> Result<Option<Simulation>, FlowError> {
    let request = simulation(context, plan)?;
    let (node, body) = providers::ask_first(context.rt, context.provider_offset, Replication::SingleNode, &request).await?;
    let first = rpc::parse_simulation(&body)?;
    let Some(error) = &first.error else { return Ok(Some(first)) };
    let body = providers::ask_another(context.rt, context.provider_offset, &node, Replication::SingleNode, &request).await;
    let unanswered =
        |problem| format!("one provider says that the transaction would fail ({error}), and no other one answers: {problem}");
    let second = rpc::parse_simulation(&body.map_err(|problem| match problem.is_rate_limited() {
        true => FlowError::RateLimited(unanswered(problem)),
        false => FlowError::Transient(unanswered(problem)),
    })?)?;
    let refuses =
        |simulation: &Simulation| matches!(plan.recent_hash, RecentHash::Nonce { .. }) && simulation.is_blockhash_not_found();
    match (refuses(&first), refuses(&second)) {
        (true, true) => Ok(None),
        (false, false) if second.error.is_some() => Err(FlowError::Unbuildable(format!("the simulation failed: {error}"))),
        _ => Err(FlowError::Transient("providers disagree about the simulation".to_owned())),
    }
}

fn simulation<R: Runtime>(context: &TransferContext<'_, R>, plan: &Plan) -> Result<Request, FlowError> {
    let tx = plan.clone().build().map_err(|error| FlowError::Unbuildable(error.to_string()))?;
    // A node that is behind would not know the nonce's value.
    let min_slot = if matches!(plan.recent_hash, RecentHash::Nonce { .. }) { providers::least_slot(context.rt) } else { 0 };
    Ok(Request::Simulate { tx, min_slot })
}
