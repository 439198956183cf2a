//! What a transfer may cost: outcalls, signatures, instructions, bytes. `scripts/bench` measures the same with long histories.

use purser_it::bench;

#[test]
fn a_new_canister_keeps_to_its_budgets() {
    let missed = bench::missed_when_new();
    assert!(missed.is_empty(), "{missed:#?}");
}
