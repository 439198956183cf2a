//! Trying a transaction out before it is signed, and what to offer for it.

use crate::flows::outcalls::Asking;
use crate::flows::{Halt, Run, providers};
use crate::ports::Runtime;
use purser_core::chains::solana::rpc::{self, Request, Simulation};
use purser_core::chains::solana::{Act, Address, Anchor, Budget, MAX_UNITS, Paid, Payment, Plan, derived, signature_fee};
use purser_core::primitives::Amount;

/// Added to what a simulation used: the two instructions of the budget itself, and some room.
const SPARE_UNITS: u64 = 1_000;
/// What the instructions used at most when they were measured, with room. One node's simulation may ask for more, never for less: with
/// too few units a transaction fails and its fee is lost.
const UNITS_OF_LAMPORTS: u64 = 3_000;
const UNITS_OF_TOKENS: u64 = 60_000;
const UNITS_OF_MEMO: u64 = 40_000;

/// What came of trying a plan out.
pub(super) enum TriedOut {
    /// It would succeed.
    Good {
        /// What is offered for it; nothing when nothing is to be offered.
        budget: Option<Budget>,
        /// The slot of the state in which it was tried out.
        slot: u64,
    },
    /// The network takes no transaction that stands on its nonce.
    NonceRefused,
}

/// Simulates the plan and says what to offer, within the caps of the operator and of the request.
pub(super) async fn offer<R: Runtime>(run: &Run<'_, R>, plan: &Plan, rent: Amount) -> Result<TriedOut, Halt> {
    let Some(Simulation { units, slot, .. }) = try_out(run, plan).await? else { return Ok(TriedOut::NonceRefused) };
    let cap = run.rt.read(|state| state.config()).solana.max_unit_price();
    if cap == 0 {
        return Ok(TriedOut::Good { budget: None, slot });
    }
    let accounts = written(plan);
    let asked = providers::ask(run.rt, run.turn, Asking::OneNode, &Request::PriorityPrice { accounts }).await;
    // It is advice: without it nothing is offered.
    let market = asked.ok().and_then(|body| rpc::parse_u64(&body).ok()).unwrap_or(0);
    let limit = limit(plan, units);
    let price = market.min(cap).min(affordable(run, rent, limit));
    Ok(TriedOut::Good { budget: (price > 0).then_some(Budget { limit, price }), slot })
}

/// The accounts that the plan writes, whose price is asked for: others compete for those.
fn written(plan: &Plan) -> Vec<Address> {
    let paid = |payment: &Payment| match &payment.what {
        Paid::Lamports { to, .. } => vec![*to],
        Paid::Tokens(tokens) => {
            let source = derived::token_account(&plan.payer, &tokens.mint, tokens.program);
            source.into_iter().chain([tokens.destination]).collect()
        }
    };
    let mut accounts = vec![plan.payer];
    match &plan.act {
        Act::Pay(payments) => accounts.extend(payments.iter().flat_map(paid)),
        Act::Revoke { account } => accounts.push(*account),
        Act::CreateNonce { index, .. } => accounts.push(derived::nonce_account(&plan.payer, *index)),
    }
    accounts.sort_unstable();
    accounts.dedup();
    accounts
}

/// The highest price that the request's own cap leaves room for.
fn affordable<R: Runtime>(run: &Run<'_, R>, rent: Amount, limit: u32) -> u64 {
    let spent = signature_fee(1).and_then(|fee| fee.checked_add(rent)).unwrap_or(Amount::MAX);
    let room = u128::from(run.transfer.request.max_fee.remaining_after(spent).get());
    u64::try_from(room * 1_000_000 / u128::from(limit.max(1))).unwrap_or(u64::MAX)
}

fn limit(plan: &Plan, units: Option<u64>) -> u32 {
    let least = match &plan.act {
        Act::Pay(payments) => payments.iter().fold(0, |sum, payment| {
            let paid = if matches!(payment.what, Paid::Tokens(_)) { UNITS_OF_TOKENS } else { UNITS_OF_LAMPORTS };
            sum + paid + if payment.memo.is_some() { UNITS_OF_MEMO } else { 0 }
        }),
        Act::CreateNonce { .. } | Act::Revoke { .. } => UNITS_OF_LAMPORTS,
    };
    let used = units.map_or_else(|| plan.default_units(), |units| units.saturating_add(units / 5).saturating_add(SPARE_UNITS));
    // At most 1,400,000.
    u32::try_from(used.max(least).min(MAX_UNITS)).unwrap_or(u32::MAX)
}

/// The simulation in which the transaction succeeds; `None` when the network does not take its nonce for a blockhash. That it would fail is
/// believed when another provider says so too, or the only one says it twice.
async fn try_out<R: Runtime>(run: &Run<'_, R>, plan: &Plan) -> Result<Option<Simulation>, Halt> {
    let request = simulation(run, plan)?;
    let (node, body) = providers::ask_first(run.rt, run.turn, Asking::OneNode, &request).await?;
    let first = rpc::parse_simulation(&body)?;
    let Some(error) = &first.error else { return Ok(Some(first)) };
    let body = providers::ask_another(run.rt, run.turn, &node, Asking::OneNode, &request).await;
    let unanswered =
        |problem| format!("one provider says that the transaction would fail ({error}), and no other one answers: {problem}");
    let second = rpc::parse_simulation(&body.map_err(|problem| match problem.is_rest() {
        true => Halt::Rests(unanswered(problem)),
        false => Halt::Trouble(unanswered(problem)),
    })?)?;
    let refuses = |simulation: &Simulation| matches!(plan.anchor, Anchor::Nonce { .. }) && simulation.is_blockhash_not_found();
    match (refuses(&first), refuses(&second)) {
        (true, true) => Ok(None),
        (false, false) if second.error.is_some() => Err(Halt::Hopeless(format!("the simulation failed: {error}"))),
        _ => Err(Halt::Trouble("providers disagree about the simulation".to_owned())),
    }
}

fn simulation<R: Runtime>(run: &Run<'_, R>, plan: &Plan) -> Result<Request, Halt> {
    let tx = plan.clone().build().map_err(|error| Halt::Hopeless(error.to_string()))?;
    // A node that is behind would not know the nonce's value.
    let min_slot = if matches!(plan.anchor, Anchor::Nonce { .. }) { providers::least_slot(run.rt) } else { 0 };
    Ok(Request::Simulate { tx, min_slot })
}
