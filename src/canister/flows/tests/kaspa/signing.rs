//! Transactions with many inputs: several signatures at a time, none requested twice.

use super::*;
use purser_core::chains::kaspa::transfer::KaspaProgress;

const SOURCE: KeyKind = KeyKind::KaspaEcdsa;
/// Ten coins that are all needed for 5 KAS.
const TEN: &[(u8, u64)] = &[
    (1, 51_000_000),
    (2, 51_000_000),
    (3, 51_000_000),
    (4, 51_000_000),
    (5, 51_000_000),
    (6, 51_000_000),
    (7, 51_000_000),
    (8, 51_000_000),
    (9, 51_000_000),
    (10, 51_000_000),
];

fn requested() -> (World, TransferId) {
    let world = World::new();
    let id = world.request_with_fee(AMOUNT, SOURCE, 1_500_000);
    (world, id)
}

fn reading() -> Vec<Step> {
    vec![dag(5_000), fee(100), utxos(SOURCE, TEN)]
}

fn signatures(count: usize) -> Vec<Step> {
    (0..count).map(|_| signing(SOURCE)).collect()
}

fn recorded(world: &World, id: TransferId) -> Vec<u32> {
    let progress = world.transfer(id).progress.kaspa().cloned().unwrap();
    progress.signatures.iter().map(|signature| signature.input).collect()
}

#[test]
fn eight_signatures_are_requested_at_once_and_then_the_rest() {
    let (world, id) = requested();
    let script = [reading(), signatures(10), vec![taken()]].into_iter().flatten().collect();
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    assert_eq!((world.signatures.get(), world.most_at_once.get()), (10, 8));
    assert_eq!(world.transfer(id).progress.kaspa(), Some(&KaspaProgress::default()), "the parts are not kept beside the whole");
}

#[test]
fn a_lost_answer_costs_one_signature_and_no_more() {
    let (world, id) = requested();
    let script = [reading(), signatures(3), vec![Step::SignLost], signatures(4)].into_iter().flatten().collect();
    assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
    assert_eq!(recorded(&world, id), [0, 1, 2, 4, 5, 6, 7]);
    // The heap is empty, as after an upgrade: the durable state says which signatures are missing.
    let script = [signatures(3), vec![taken()]].into_iter().flatten().collect();
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    assert_eq!(world.signatures.get(), 11);
    let transaction = kas::Transaction::from_bytes(&world.transfer(id).signed.unwrap().signed).unwrap();
    assert_eq!((transaction.inputs.len(), transaction.is_signed()), (10, true));
}

#[test]
fn a_wrong_signature_is_not_recorded() {
    let (world, id) = requested();
    let forged = Step::SignWrong;
    let script = [reading(), signatures(7), vec![forged]].into_iter().flatten().collect();
    assert!(matches!(world.drive(id, 0, script), Progress::Transient(_)));
    assert_eq!(recorded(&world, id), [0, 1, 2, 3, 4, 5, 6]);
}

#[test]
fn in_an_emergency_signatures_are_kept_but_never_all_of_them() {
    let (world, id) = requested();
    let stop = Step::Sign { kind: SOURCE, during: Box::new(|world| world.emergency(true)) };
    let script = [reading(), signatures(9), vec![stop]].into_iter().flatten().collect();
    assert_eq!(world.drive(id, 0, script), Progress::Blocked);
    assert_eq!((world.status(id), recorded(&world, id).len()), (Status::Built, 9), "the log is public");
    world.emergency(false);
    assert_eq!(world.drive(id, 0, vec![signing(SOURCE), taken()]), Progress::Waiting);
}
