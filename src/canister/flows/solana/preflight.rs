//! The simulation of a transaction before it is signed, and the priority fee that is offered for it.

use super::providers;
use crate::flows::context::TransferContext;
use crate::flows::error::FlowError;
use crate::flows::providers::Replication;
use crate::ports::{CallErrorKind, Runtime};
use purser_core::base::Amount;
use purser_core::chains::solana::rpc::{self, Request, Simulation};
use purser_core::chains::solana::{
    Address, Budget, MAX_UNITS, Operation, Payment, PaymentKind, Plan, RecentHash, derived, signature_fee,
};
use purser_core::policy::ReasonCode;

/// The compute units added to those of a simulation: for the two instructions of the budget itself, with some room.
const SPARE_UNITS: u64 = 1_000;
/// The compute units of a SOL payment, as the most that was measured, with room.
///
/// One node's simulation may raise the limit, but never lower it below these: with too few units a transaction fails and its fee is lost.
const UNITS_OF_LAMPORTS: u64 = 3_000;
/// The compute units of a token payment, as the most that was measured, with room.
const UNITS_OF_TOKENS: u64 = 60_000;
/// The compute units of a memo, as the most that was measured, with room.
const UNITS_OF_MEMO: u64 = 40_000;

/// The result of a simulation.
pub(super) enum PreflightResult {
    /// The transaction would succeed.
    Success(Offer),
    /// The network takes no transaction on its nonce.
    NonceRefused,
}

/// The priority fee to offer, with the place of the simulation.
pub(super) struct Offer {
    /// The priority fee; `None` when none is offered.
    pub budget: Option<Budget>,
    /// The slot of the state in which the transaction was simulated.
    pub slot: u64,
}

/// Simulates the plan, and finds the priority fee within the caps of the operator and of the request. `rent` is in lamports.
///
/// # Errors
/// When the transaction would fail, the providers do not agree on that, or a call fails.
pub(super) async fn simulate<R: Runtime>(
    context: &TransferContext<'_, R>,
    plan: &Plan,
    rent: Amount,
) -> Result<PreflightResult, FlowError> {
    let Some(Simulation { units, slot, .. }) = succeeding(context, plan).await? else { return Ok(PreflightResult::NonceRefused) };
    let cap = context.rt.read(|state| state.config().chains.solana.max_unit_price());
    if cap == 0 {
        return Ok(PreflightResult::Success(Offer { budget: None, slot }));
    }
    let accounts = written(plan);
    let asked = providers::of(context).first(Replication::SingleNode, &Request::PriorityPrice { accounts }).await;
    // The market price is advice. Without it nothing is offered.
    let market = asked.ok().and_then(|(_, body)| rpc::parse_u64(&body).ok()).unwrap_or(0);
    let limit = limit(plan, units);
    let price = market.min(cap).min(affordable(context, rent, limit));
    Ok(PreflightResult::Success(Offer { budget: (price > 0).then_some(Budget { limit, price }), slot }))
}

/// The accounts that the plan writes. Other transactions compete for them, and so their price is the one to ask for.
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

/// The highest price, in millionths of a lamport per unit, that the request's own fee cap allows.
fn affordable<R: Runtime>(context: &TransferContext<'_, R>, rent: Amount, limit: u32) -> u64 {
    let spent = signature_fee(1).and_then(|fee| fee.checked_add(rent)).unwrap_or(Amount::MAX);
    let room = u128::from(context.transfer.request.max_fee.remaining_after(spent).get());
    u64::try_from(room * 1_000_000 / u128::from(limit.max(1))).unwrap_or(u64::MAX)
}

/// The limit of compute units, from the simulation and the plan itself.
fn limit(plan: &Plan, units: Option<u64>) -> u32 {
    let least = match &plan.operation {
        Operation::Pay(payments) => payments.iter().fold(0, |sum, payment| {
            let paid = if matches!(payment.kind, PaymentKind::Tokens(_)) { UNITS_OF_TOKENS } else { UNITS_OF_LAMPORTS };
            sum + paid + if payment.memo.is_some() { UNITS_OF_MEMO } else { 0 }
        }),
        Operation::CreateNonce { .. } | Operation::Revoke { .. } => UNITS_OF_LAMPORTS,
    };
    let used = units.map_or_else(|| plan.default_units(), |units| units.saturating_add(units / 5).saturating_add(SPARE_UNITS));
    // The most units of a transaction fit 32 bits.
    u32::try_from(used.max(least).min(MAX_UNITS)).unwrap_or(u32::MAX)
}

/// The simulation in which the transaction succeeds; `None` when the network does not take its nonce for a blockhash.
///
/// A failure is believed when another provider reports it too, or the only one reports it twice: it ends the transfer.
async fn succeeding<R: Runtime>(context: &TransferContext<'_, R>, plan: &Plan) -> Result<Option<Simulation>, FlowError> {
    let request = simulation(context, plan)?;
    let (node, body) = providers::of(context).first(Replication::SingleNode, &request).await?;
    let first = rpc::parse_simulation(&body)?;
    let Some(error) = &first.error else { return Ok(Some(first)) };
    let body = providers::of(context).another(&node, Replication::SingleNode, &request).await;
    let body = body.map_err(|problem| {
        let unanswered =
            format!("one provider says that the transaction would fail ({error}), and no other one answers: {problem}");
        match problem.kind {
            CallErrorKind::RateLimited => FlowError::RateLimited(unanswered),
            _ => FlowError::Transient(unanswered),
        }
    })?;
    let second = rpc::parse_simulation(&body)?;
    let refuses =
        |simulation: &Simulation| matches!(plan.recent_hash, RecentHash::Nonce { .. }) && simulation.is_blockhash_not_found();
    match (refuses(&first), refuses(&second)) {
        (true, true) => Ok(None),
        (false, false) if second.error.is_some() => {
            Err(FlowError::Refused(ReasonCode::SimulationFailed, format!("the simulation failed: {error}")))
        }
        _ => Err(FlowError::Transient("providers disagree about the simulation".to_owned())),
    }
}

fn simulation<R: Runtime>(context: &TransferContext<'_, R>, plan: &Plan) -> Result<Request, FlowError> {
    let tx = plan.clone().build().map_err(FlowError::unbuildable)?;
    // A node that is behind does not know the nonce's value.
    let min_slot = if matches!(plan.recent_hash, RecentHash::Nonce { .. }) { providers::min_slot(context.rt) } else { 0 };
    Ok(Request::Simulate { tx, min_slot })
}
