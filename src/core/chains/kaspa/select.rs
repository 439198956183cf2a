//! Coin selection: the outputs to spend for a payment, its fee and its change.
//!
//! The result is a function of the arguments alone. For one input, then two, and so on up to the limit, two sets are tried: the
//! largest coins, and the tightest fit (as many coins, adjacent in the order of amounts, with the least sum that covers the
//! payment). A set is taken if it pays with change that is worth spending, or without change and no more than the due fee. If none
//! does, a second round also leaves small change to the miner, up to the limit set for it. Sets with fewer inputs come first,
//! because each input costs a threshold signature.
//!
//! For a wallet of at most eight coins, every set is tried before a payment is refused.
//!
//! When no set pays the amount, the error names the nearest amounts that can be paid. The caller cannot know them: the storage mass
//! of a small payment or small change depends on the coins that are spent.

mod coins;
mod consolidate;
mod nearest;
mod plan;
mod search;

pub use consolidate::{ConsolidationInputs, select_for_consolidation};
pub use plan::{COINBASE_MATURITY, Limits, MAX_INPUTS, Obstacle, Payment, Plan, SelectError};

use coins::Coins;
use search::Search;

/// Selects coins for a payment, or names the nearest amounts that can be paid.
///
/// # Errors
/// * [`SelectError::ZeroAmount`] when one of the payments is zero
/// * [`SelectError::InvalidUtxos`] when the list repeats an output, or its sum exceeds all money
/// * [`SelectError::InsufficientFunds`] when the spendable coins do not cover the payments and the relay floor
/// * [`SelectError::TooManyInputs`] when they do, but only with more inputs than allowed
/// * [`SelectError::Unbuildable`] when a set covers them, but a mass, the fee cap or the change forbids each one tried
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
        // An amount that no set covers is above every amount that can be paid, so the nearest one below is the largest.
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
