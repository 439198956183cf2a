//! Ends of transfers for which no transaction can be built.

use super::*;

const SOURCE: KeyKind = KeyKind::KaspaSchnorr;

#[test]
fn a_fee_above_the_cap_of_the_request_fails_the_transfer() {
    let world = World::new();
    // Two coins take a larger transaction than the smallest, whose fee the request allows.
    let id = world.request_with_fee(AMOUNT, SOURCE, kas::MINIMUM_TRANSFER_FEE);
    let coins = utxos(SOURCE, &[(1, 3 * KAS), (2, 3 * KAS)]);
    assert_eq!(world.drive(id, 0, vec![dag(5_000), fee(100), coins, balance(6 * KAS)]), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.code), (Status::Failed, Some(ReasonCode::FeeCapExceeded)), "{:?}", transfer.note);
    assert!(transfer.note.unwrap().contains("0.002058 KAS (205,800 sompi)"), "with the cap");
}

#[test]
fn a_consolidation_of_a_single_coin_fails() {
    let mut config = config(1);
    config.chains.kaspa.consolidate_above = Some(1);
    let world = World::configured(config);
    let started = world.state.borrow().decide_auto_consolidation(WALLET, SOURCE, 2, world.time());
    let (decided, id) = started.expect("two coins were seen");
    world.put(decided);
    let coins = utxos(SOURCE, &[(1, 3 * KAS)]);
    assert_eq!(world.drive(id, 0, vec![dag(5_000), fee(100), coins]), Progress::Ended);
    assert_eq!((world.status(id), world.code(id)), (Status::Failed, Some(ReasonCode::Unbuildable)));
}
