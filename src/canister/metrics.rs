//! Counters of outcomes, times, fees, calls and refusals. They are on the heap, so an upgrade starts anew; the log is the record.

use purser_core::base::metrics::{Histogram, Metrics};
use purser_core::base::{Chain, SECOND_NS, Timestamp};
use purser_core::transfer::{Status, Transfer};
use std::cell::RefCell;

thread_local! {
    static METRICS: RefCell<Metrics> = const { RefCell::new(Metrics::new()) };
}

const FEES: Histogram = Histogram {
    count: "kaspa_fee_sompi_count",
    sum: "kaspa_fee_sompi_sum",
    bounds: &[
        (250_000, "kaspa_fee_sompi_le_250000"),
        (1_000_000, "kaspa_fee_sompi_le_1000000"),
        (5_000_000, "kaspa_fee_sompi_le_5000000"),
        (20_000_000, "kaspa_fee_sompi_le_20000000"),
    ],
};
const SECONDS: Histogram = Histogram {
    count: "kaspa_transfer_seconds_count",
    sum: "kaspa_transfer_seconds_sum",
    bounds: &[
        (15, "kaspa_transfer_seconds_le_15"),
        (30, "kaspa_transfer_seconds_le_30"),
        (60, "kaspa_transfer_seconds_le_60"),
        (600, "kaspa_transfer_seconds_le_600"),
    ],
};
const OUTCALLS: Histogram = Histogram {
    count: "kaspa_outcall_milliseconds_count",
    sum: "kaspa_outcall_milliseconds_sum",
    bounds: &[
        (2_000, "kaspa_outcall_milliseconds_le_2000"),
        (5_000, "kaspa_outcall_milliseconds_le_5000"),
        (15_000, "kaspa_outcall_milliseconds_le_15000"),
    ],
};

fn count(name: &'static str, by: u64) {
    METRICS.with_borrow_mut(|metrics| metrics.count(name, by));
}

/// A transfer has ended, or is left to people.
pub fn ended(transfer: &Transfer) {
    if transfer.request.asset.chain() != Chain::Kaspa {
        return;
    }
    let outcome = match transfer.status {
        Status::Confirmed => "kaspa_transfers_confirmed",
        Status::Failed => "kaspa_transfers_failed",
        Status::Cancelled => "kaspa_transfers_cancelled",
        Status::Quarantined => "kaspa_transfers_quarantined",
        Status::Rejected => "kaspa_transfers_rejected",
        Status::AwaitingApproval | Status::Reserved | Status::Built | Status::Signed | Status::Submitted | Status::Expired => {
            return;
        }
    };
    count(outcome, 1);
    if transfer.status != Status::Confirmed {
        return;
    }
    let seconds = transfer.updated_at.nanos_since(transfer.created_at) / SECOND_NS;
    METRICS.with_borrow_mut(|metrics| metrics.observe(&SECONDS, seconds));
    if let Some(fee) = transfer.fee_paid {
        METRICS.with_borrow_mut(|metrics| metrics.observe(&FEES, fee.get()));
    }
    count("kaspa_coins_spent", transfer.kaspa_inputs().len() as u64);
}

/// Counts the coins that were listed when a transaction was built. Beside the spent ones, they show how much of a wallet's set is used.
pub fn coins_listed(coins: usize) {
    count("kaspa_coins_listed", coins as u64);
}

/// The outcome of an outcall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcallOutcome {
    /// The answer carries a result.
    Answered,
    /// The server limits the rate of requests.
    RateLimited,
    /// The answer carries no result for another reason.
    Failed,
    /// No answer arrived.
    NoAnswer,
}

/// Counts an outcall that has ended.
pub fn outcall(started: Timestamp, ended: Timestamp, outcome: OutcallOutcome) {
    let milliseconds = ended.nanos_since(started) / 1_000_000;
    METRICS.with_borrow_mut(|metrics| metrics.observe(&OUTCALLS, milliseconds));
    match outcome {
        OutcallOutcome::NoAnswer => count("kaspa_outcalls_without_answer", 1),
        OutcallOutcome::RateLimited => count("kaspa_outcalls_rate_limited", 1),
        OutcallOutcome::Failed => count("kaspa_outcalls_failed", 1),
        OutcallOutcome::Answered => {}
    }
}

/// A node refused a transaction in words that this version does not know.
pub fn unrecognised_refusal() {
    count("kaspa_refusals_unrecognised", 1);
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
