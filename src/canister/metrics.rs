//! Counters of outcomes, times, fees, calls and refusals. They are on the heap, so an upgrade starts anew; the log is the record.
//!
//! A counter of a chain is named after the chain: `kaspa_transfers_confirmed`.

use purser_core::base::metrics::Metrics;
use purser_core::base::{Chain, SECOND_NS, Timestamp};
use purser_core::transfer::{Status, Transfer};
use std::cell::RefCell;

thread_local! {
    static METRICS: RefCell<Metrics> = const { RefCell::new(Metrics::new()) };
}

/// The bounds of fees, in base units of the chain's native asset. The first is the fee of a signature on Solana.
const FEES: [u64; 5] = [5_000, 250_000, 1_000_000, 5_000_000, 20_000_000];
/// The bounds of a transfer's duration, in seconds.
const SECONDS: [u64; 4] = [15, 30, 60, 600];
/// The bounds of a call's duration, in milliseconds.
const MILLISECONDS: [u64; 3] = [2_000, 5_000, 15_000];

fn count(name: &str, by: u64) {
    METRICS.with_borrow_mut(|metrics| metrics.count(name, by));
}

/// The name of a chain's counter.
fn of_chain(chain: Chain, name: &str) -> String {
    format!("{}_{name}", chain.to_string().to_ascii_lowercase())
}

/// A transfer has ended, or is left to people.
pub fn ended(transfer: &Transfer) {
    let chain = transfer.request.asset.chain();
    let outcome = match transfer.status {
        Status::Confirmed => "confirmed",
        Status::Failed => "failed",
        Status::Cancelled => "cancelled",
        Status::Quarantined => "quarantined",
        Status::Rejected => "rejected",
        Status::AwaitingApproval | Status::Reserved | Status::Built | Status::Signed | Status::Submitted | Status::Expired => {
            return;
        }
    };
    count(&of_chain(chain, &format!("transfers_{outcome}")), 1);
    if transfer.status != Status::Confirmed {
        return;
    }
    let seconds = transfer.updated_at.nanos_since(transfer.created_at) / SECOND_NS;
    METRICS.with_borrow_mut(|metrics| metrics.observe(&of_chain(chain, "transfer_seconds"), &SECONDS, seconds));
    if let (Some(fee), Some(coin)) = (transfer.fee_paid, transfer.request.asset.native_asset().coin()) {
        let name = of_chain(chain, &format!("fee_{}", coin.base_unit));
        METRICS.with_borrow_mut(|metrics| metrics.observe(&name, &FEES, fee.get()));
    }
    let coins = transfer.kaspa_inputs().len() as u64;
    if coins > 0 {
        count(&of_chain(chain, "coins_spent"), coins);
    }
}

/// Counts the coins that were listed when a transaction was built. Beside the spent ones, they show how much of a wallet's set is used.
pub fn coins_listed(chain: Chain, coins: usize) {
    count(&of_chain(chain, "coins_listed"), coins as u64);
}

/// The outcome of a call to a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcallOutcome {
    /// The answer carries a result.
    Answered,
    /// The provider limits the rate of requests.
    RateLimited,
    /// The answer carries no result for another reason.
    Failed,
    /// No answer arrived.
    NoAnswer,
}

/// Counts a call to a provider that has ended.
pub fn outcall(chain: Chain, started: Timestamp, ended: Timestamp, outcome: OutcallOutcome) {
    let milliseconds = ended.nanos_since(started) / 1_000_000;
    METRICS.with_borrow_mut(|metrics| metrics.observe(&of_chain(chain, "outcall_milliseconds"), &MILLISECONDS, milliseconds));
    match outcome {
        OutcallOutcome::NoAnswer => count(&of_chain(chain, "outcalls_without_answer"), 1),
        OutcallOutcome::RateLimited => count(&of_chain(chain, "outcalls_rate_limited"), 1),
        OutcallOutcome::Failed => count(&of_chain(chain, "outcalls_failed"), 1),
        OutcallOutcome::Answered => {}
    }
}

/// A node refused a transaction in words that this version does not know.
pub fn unrecognised_refusal(chain: Chain) {
    count(&of_chain(chain, "refusals_unrecognised"), 1);
}

/// A threshold signature was asked for.
pub fn signature(came: bool) {
    count("signatures_asked", 1);
    count("signatures_failed", u64::from(!came));
}

/// A caller was refused. `code` is the error's; `field` the argument that was not accepted.
pub fn refused(code: &str, field: Option<&str>) {
    match (code, field) {
        ("AUTH_FAILED", _) => count("refused_unauthorized", 1),
        ("LIMIT_REACHED", _) => count("refused_over_a_bound", 1),
        (_, Some("to")) => count("refused_invalid_address", 1),
        _ => count("refused_otherwise", 1),
    }
}

/// A request was denied by a policy.
pub fn denied() {
    count("denied_by_policy", 1);
}

/// Everything counted, with what the canister has of cycles and memory.
pub fn all() -> Vec<(String, u64)> {
    let mut all: Vec<(String, u64)> =
        METRICS.with_borrow(|metrics| metrics.iter().map(|(name, value)| (name.to_owned(), value)).collect());
    let cycles = u64::try_from(ic_cdk::api::canister_cycle_balance()).unwrap_or(u64::MAX);
    all.push(("cycles_balance".to_owned(), cycles));
    all.push(("stable_memory_bytes".to_owned(), ic_cdk::api::stable_size().saturating_mul(65_536)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chain_is_counted_by_the_same_names() {
        let at = |milliseconds: u64| Timestamp::from_nanos(milliseconds * 1_000_000);
        for chain in [Chain::Kaspa, Chain::Solana] {
            outcall(chain, at(0), at(3_000), OutcallOutcome::RateLimited);
            outcall(chain, at(0), at(20_000), OutcallOutcome::NoAnswer);
            outcall(chain, at(0), at(1), OutcallOutcome::Failed);
            unrecognised_refusal(chain);
        }
        let counted: Vec<(String, u64)> =
            METRICS.with_borrow(|metrics| metrics.iter().map(|(name, value)| (name.to_owned(), value)).collect());
        let of = |chain: &str| -> Vec<(String, u64)> {
            counted.iter().filter_map(|(name, value)| Some((name.strip_prefix(chain)?.to_owned(), *value))).collect()
        };
        let expected = [
            ("outcall_milliseconds_count", 3),
            ("outcall_milliseconds_le_15000", 2),
            ("outcall_milliseconds_le_2000", 1),
            ("outcall_milliseconds_le_5000", 2),
            ("outcall_milliseconds_sum", 23_001),
            ("outcalls_failed", 1),
            ("outcalls_rate_limited", 1),
            ("outcalls_without_answer", 1),
            ("refusals_unrecognised", 1),
        ];
        for chain in ["kaspa_", "solana_"] {
            assert_eq!(of(chain), expected.map(|(name, value)| (name.to_owned(), value)), "{chain}");
        }
    }
}
