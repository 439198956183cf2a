//! Coin selection: which outputs to spend for a payment, and what becomes of the rest.
//!
//! The result is a function of the arguments alone. For one input, then two, and so on up to the limit, two sets are tried: the
//! largest coins, and the tightest fit (as many coins, neighbours by amount, that just cover the payment). The first set that
//! allows a payment with worthwhile change, or one that leaves no more than the fee it should pay, is taken. If there is none, a
//! second round leaves small change to the miner, up to the limit set for it. Fewest inputs first, because each costs a threshold
//! signature.
//!
//! Of few coins, every other set is tried before a payment is refused.
//!
//! When nothing fits, the error names the nearest amounts that would: storage mass makes small amounts and small change impossible in
//! ways that depend on the coins at hand.

mod coins;
mod consolidate;
mod nearest;
mod plan;
mod search;

pub use consolidate::{ConsolidationInputs, select_for_consolidation};
pub use plan::{COINBASE_MATURITY, Limits, MAX_INPUTS, Obstacle, Payment, Plan, SelectError};

use coins::Coins;
use search::Search;

/// Selects coins for a payment, or says what could be paid instead.
pub fn plan(payment: &Payment<'_>) -> Result<Plan, SelectError> {
    if payment.amount.is_zero() || payment.more.iter().any(|output| output.amount.is_zero()) {
        return Err(SelectError::ZeroAmount);
    }
    let coins = Coins::sort(payment)?;
    let search = Search::new(coins.spendable, payment);
    search.find(payment.amount.get()).map_err(|failure| match failure {
        search::Failure::Obstacle(obstacle) => SelectError::Unbuildable {
            obstacle,
            below: search.nearest_below(payment.amount.get()),
            above: search.nearest_above(payment.amount.get()),
        },
        // What no set covers is more than any amount that can be paid: the nearest one is the largest of all.
        search::Failure::InputLimit => {
            SelectError::TooManyInputs { max_inputs: search.max_inputs(), largest: search.nearest_below(payment.amount.get()) }
        }
        search::Failure::Funds => SelectError::InsufficientFunds {
            spendable: search.total(),
            immature: coins.immature,
            reserved: coins.reserved,
            largest: search.nearest_below(payment.amount.get()),
        },
    })
}
