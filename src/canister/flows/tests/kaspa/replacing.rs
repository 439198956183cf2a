//! Replacements of a transaction that does not land: only one of the two can land, and the transfer follows both.

use super::*;
use purser_core::chains::kaspa::replace;
use purser_core::chains::kaspa::transfer::KaspaBuilt;
use purser_core::chains::tx::BuiltTx;

const SOURCE: KeyKind = KeyKind::KaspaSchnorr;

/// The present transaction with its record on Kaspa.
fn present(world: &World, id: TransferId) -> BuiltTx<KaspaBuilt> {
    world.transfer(id).built.unwrap().map_details(|details| details.kaspa().unwrap().clone())
}

/// Requests the replacement of a submitted transaction by one with twice the fee.
fn ask_for_more(world: &World, id: TransferId) -> BuiltTx<KaspaBuilt> {
    let built = present(world, id);
    let unsigned = kas::UnsignedTx::from_bytes(&built.unsigned).unwrap();
    let (unsigned, fee) = replace::with_fee(&unsigned, 1, &key(world, SOURCE).script_public_key(), None).unwrap();
    let built = BuiltTx { unsigned: Bytes::new(unsigned.to_bytes().unwrap()), fee, details: built.details };
    let decided = world.state.borrow().decide_replacement(agent(), id, built.clone()).unwrap();
    world.put(decided);
    built
}

/// A node takes the present transaction in the place of another.
fn takes_its_place() -> Step {
    one("/transactions?replaceByFee=true ", |world| ok(format!(r#"{{"transactionId":"{}"}}"#, txid(world))))
}

/// The acceptance of two transactions, with its score.
fn either(which: [(String, Option<u64>); 2]) -> Step {
    all("/transactions/acceptance", move |_| {
        let entry = |(id, score): &(String, Option<u64>)| match score {
            Some(score) => format!(r#"{{"transactionId":"{id}","accepted":true,"acceptingBlueScore":{score}}}"#),
            None => format!(r#"{{"transactionId":"{id}","accepted":false,"acceptingBlueScore":null}}"#),
        };
        ok(format!("[{}]", which.iter().map(entry).collect::<Vec<_>>().join(",")))
    })
}

/// A transfer whose transaction was replaced: the ids of both, the old one first.
fn replaced() -> (World, TransferId, [String; 2]) {
    let (world, id) = submitted(SOURCE);
    let old = txid(&world);
    ask_for_more(&world, id);
    let script = vec![blue(1_019), acceptance(None), signing(SOURCE), takes_its_place()];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    let new = txid(&world);
    assert_ne!(old, new);
    (world, id, [old, new])
}

#[test]
fn the_replacement_spends_the_same_coin_and_pays_the_same() {
    let (world, id, [old, new]) = replaced();
    let transfer = world.transfer(id);
    let transaction = kas::Transaction::from_bytes(&transfer.signed.unwrap().signed).unwrap();
    assert_eq!((transaction.id().to_string(), transfer.status, transfer.attempt), (new, Status::Submitted, 2));
    let superseded = &transfer.progress.kaspa().unwrap().superseded[0];
    let before = kas::Transaction::from_bytes(&superseded.signed.signed).unwrap();
    assert_eq!(superseded.signed.txid, old);
    assert_eq!(transaction.inputs[0].previous, before.inputs[0].previous);
    assert_eq!(transaction.outputs[0], before.outputs[0]);
    assert_eq!((superseded.built.fee, transfer.built.unwrap().fee), (Amount::new(203_600), Amount::new(407_200)));
    assert_eq!(world.usage(Asset::Kas), (AMOUNT + 1_000_000, 0), "one payment is reserved, not two");
}

#[test]
fn the_transaction_that_lands_ends_the_transfer_with_its_own_fee() {
    for (winner, fee) in [(0, 203_600), (1, 407_200)] {
        let (world, id, [old, new]) = replaced();
        let score = |n| (n == winner).then_some(900);
        let script = vec![blue(1_019), either([(old.clone(), score(0)), (new.clone(), score(1))])];
        assert_eq!(world.drive(id, 0, script), Progress::Ended);
        let transfer = world.transfer(id);
        assert_eq!(transfer.signed.unwrap().txid, [old, new][winner]);
        assert_eq!((transfer.status, transfer.fee_paid), (Status::Confirmed, Some(Amount::new(fee))));
        assert_eq!(world.usage(Asset::Kas), (0, AMOUNT + fee));
        assert!(world.state.borrow().locked_outpoints(WALLET).is_empty());
    }
}

#[test]
fn a_node_that_lost_the_old_one_takes_the_new_one_like_any_other() {
    let (world, id, [old, new]) = replaced();
    world.advance(20);
    let alone = one("/transactions?replaceByFee=true ", |_| Ok((400, r#"{"error":"no double spend was found"}"#.into())));
    let script = vec![blue(1_019), either([(old, None), (new, None)]), alone, taken()];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
}

/// A node says that a coin is being spent by this transaction.
fn spent_by(route: &'static str, other: String) -> Step {
    one(route, move |world| {
        let id = txid(world);
        let text = format!("output (0101, 0) already spent by transaction {other} in the mempool");
        Ok((400, format!(r#"{{"error":"RPC Server (remote error) -> Rejected transaction {id}: {text}"}}"#)))
    })
}

/// Neither of two is accepted, by either of the server's routes.
fn neither(old: &str, new: &str) -> Vec<Step> {
    let unknown = || transaction(None);
    vec![blue(1_019), either([(old.to_owned(), None), (new.to_owned(), None)]), unknown(), unknown()]
}

#[test]
fn a_node_that_keeps_the_replaced_transaction_refuses_nothing() {
    let (world, id, [old, new]) = replaced();
    world.advance(3_601);
    let kept =
        |by: &str| vec![spent_by("/transactions?replaceByFee=true ", by.to_owned()), spent_by("/transactions ", by.to_owned())];
    let script = neither(&old, &new).into_iter().chain(kept(&old)).collect();
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
    let said = crate::flows::waiting::by_last_run(id).unwrap();
    assert_eq!(said, format!("the node keeps transaction {old}, which this one is to replace"));
    // A conflict with another transfer's transaction is a refusal.
    let other = "ab".repeat(32);
    let script = neither(&old, &new).into_iter().chain(kept(&other)).chain([transaction(None), transaction(None)]).collect();
    assert_eq!(world.drive(id, 0, script), Progress::Ended);
    assert_eq!(world.status(id), Status::Quarantined);
}

#[test]
fn a_replacement_that_no_block_can_contain_leaves_the_replaced_transaction_followed() {
    let (world, id, [old, new]) = replaced();
    world.advance(20);
    let mass = |world: &World| {
        let text = "transaction storage mass of 524318 is larger than max allowed size of 500000";
        Ok((400, format!(r#"{{"error":"Rejected transaction {}: {text}"}}"#, txid(world))))
    };
    let there = {
        let old = old.clone();
        all("/transactions ", move |_| {
            Ok((400, format!(r#"{{"error":"Rejected transaction {old}: transaction {old} is already in the mempool"}}"#)))
        })
    };
    let script = vec![
        blue(1_019),
        either([(old, None), (new, None)]),
        one("/transactions?replaceByFee=true ", mass),
        one("/transactions ", mass),
        all("/transactions ", mass),
        transaction(None),
        there,
    ];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    assert_eq!((world.status(id), world.transfer(id).attempt), (Status::Submitted, 2));
}

#[test]
fn an_emergency_leaves_the_replacement_unsigned() {
    let (world, id) = submitted(SOURCE);
    ask_for_more(&world, id);
    world.emergency(true);
    assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(None)]), Progress::Waiting);
    assert_eq!(world.signatures.get(), 1);
    let refused = world.state.borrow().decide_replacement(agent(), id, present(&world, id));
    assert!(refused.is_err());
    world.emergency(false);
    let stop = Step::Sign { kind: SOURCE, during: Box::new(|world| world.emergency(true)) };
    assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(None), stop]), Progress::Blocked);
    let transfer = world.transfer(id);
    assert_eq!(
        (transfer.attempt, transfer.progress.kaspa().unwrap().signatures.len()),
        (1, 0),
        "the only signature is the transaction"
    );
}

#[test]
fn only_the_same_coins_and_a_higher_fee_make_a_replacement() {
    let (world, id) = submitted(SOURCE);
    let built = present(&world, id);
    let refused = |caller, built| {
        let refusal = world.state.borrow().decide_replacement(caller, id, built).expect_err("refused");
        refusal.to_string()
    };
    let more = BuiltTx { fee: Amount::new(300_000), ..built.clone() };
    assert_eq!(refused(Principal::from_slice(&[9]), more.clone()), "this takes the agent who asked for the transfer, or an Admin");
    let other = BuiltTx { details: KaspaBuilt { inputs: vec![Bytes::new([9; 36])] }, ..more.clone() };
    assert_eq!(refused(agent(), other), "inputs: a replacement spends what the transaction before it spends");
    assert!(refused(agent(), built.clone()).starts_with("fee: "));
    assert!(refused(agent(), BuiltTx { fee: Amount::new(1_000_001), ..built }).starts_with("fee: "));
    ask_for_more(&world, id);
    assert!(refused(agent(), more).ends_with("a submitted transaction that is not being replaced already"));
}
