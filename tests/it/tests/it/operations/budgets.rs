//! Limits on the cost of a transfer: outcalls, signatures, instructions, bytes. `scripts/bench` measures the same with long
//! histories.

use purser_it::bench;

#[test]
fn a_new_canister_keeps_to_its_budgets() {
    let missed = bench::missed_when_new();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn kaspa_transfers_of_unusual_size_keep_to_their_budgets() {
    let missed = bench::missed_by_kaspa();
    assert!(missed.is_empty(), "{missed:#?}");
}
