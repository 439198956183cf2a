mod agreement;
mod ends;
mod quotes;
mod refusals;
mod replacing;
mod signing;

use super::*;
use purser_core::chains::config::Execution;
use purser_core::policy::ReasonCode;

const KAS: u64 = 100_000_000;
const AMOUNT: u64 = 5 * KAS;

fn ok(body: impl Into<String>) -> Answer {
    Ok((200, body.into()))
}

pub(super) fn dag(score: u64) -> Step {
    all("/info/blockdag", move |_| ok(format!(r#"{{"networkName":"kaspa-simnet","virtualDaaScore":"{score}"}}"#)))
}

/// Every bucket suggests this rate.
pub fn fee(feerate: u64) -> Step {
    all("/info/fee-estimate", move |_| {
        let bucket = format!(r#"{{"feerate":{feerate},"estimatedSeconds":0.1}}"#);
        ok(format!(r#"{{"priorityBucket":{bucket},"normalBuckets":[{bucket}],"lowBuckets":[{bucket}]}}"#))
    })
}

fn count(outputs: u64) -> Step {
    all("/utxos/count", move |_| ok(format!(r#"{{"count":{outputs}}}"#)))
}

fn key(world: &World, source: KeyKind) -> kas::WalletKey {
    let wallet = world.wallet();
    match source {
        KeyKind::KaspaSchnorr => kas::WalletKey::new(kas::KeyKind::Schnorr, &wallet.kaspa_schnorr_key).unwrap(),
        _ => kas::WalletKey::new(kas::KeyKind::Ecdsa, &wallet.kaspa_ecdsa_key).unwrap(),
    }
}

/// One output per amount, made by the transaction with this number, locked to the source key.
pub(super) fn utxos(source: KeyKind, amounts: &'static [(u8, u64)]) -> Step {
    utxos_during(source, amounts, |_| {})
}

fn utxos_during(source: KeyKind, amounts: &'static [(u8, u64)], during: impl FnOnce(&World) + 'static) -> Step {
    all("/addresses/utxos", move |world| {
        during(world);
        let script = key(world, source).script_public_key();
        let script: String = script.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let entry = |(n, amount): &(u8, u64)| {
            let id = format!("{n:02x}").repeat(32);
            format!(
                r#"{{"outpoint":{{"transactionId":"{id}","index":0}},"utxoEntry":{{"amount":"{amount}","scriptPublicKey":{{"scriptPublicKey":"{script}"}},"blockDaaScore":"100","isCoinbase":false}}}}"#
            )
        };
        ok(format!("[{}]", amounts.iter().map(entry).collect::<Vec<_>>().join(",")))
    })
}

fn balance(sompi: u64) -> Step {
    all("/balance ", move |world| {
        let address = key(world, KeyKind::KaspaSchnorr).address(kas::Network::Simnet);
        ok(format!(r#"{{"address":"{address}","balance":{sompi}}}"#))
    })
}

fn txid(world: &World) -> String {
    world.state.borrow().active_transfers_of(WALLET).into_iter().find_map(|transfer| transfer.signed).unwrap().txid
}

pub(super) fn taken() -> Step {
    one("/transactions ", |world| ok(format!(r#"{{"transactionId":"{}"}}"#, txid(world))))
}

fn refused(reason: &'static str) -> Step {
    one("/transactions ", move |world| {
        Ok((
            400,
            format!(
                r#"{{"error":"RPC Server (remote error) -> Rejected transaction {}: transaction {} {reason}"}}"#,
                txid(world),
                txid(world)
            ),
        ))
    })
}

pub(super) fn blue(score: u64) -> Step {
    all("/info/virtual-chain-blue-score", move |_| ok(format!(r#"{{"blueScore":{score}}}"#)))
}

pub(super) fn acceptance(score: Option<u64>) -> Step {
    all("/transactions/acceptance", move |world| {
        let score = score.map_or(r#""accepted":false,"acceptingBlueScore":null"#.to_owned(), |score| {
            format!(r#""accepted":true,"acceptingBlueScore":{score}"#)
        });
        ok(format!(r#"[{{"transactionId":"{}",{score}}}]"#, txid(world)))
    })
}

/// The answer of the route for one transaction: its acceptance, or that it is unknown.
fn transaction(score: Option<u64>) -> Step {
    all("?inputs=false", move |world| match score {
        Some(score) => {
            ok(format!(r#"{{"transaction_id":"{}","is_accepted":true,"accepting_block_blue_score":{score}}}"#, txid(world)))
        }
        None => Ok((404, r#"{"detail":"Transaction not found"}"#.into())),
    })
}

const ONE_COIN: &[(u8, u64)] = &[(1, 20 * KAS)];

fn to_submission(source: KeyKind) -> Vec<Step> {
    vec![dag(5_000), fee(100), utxos(source, ONE_COIN), signing(source), taken()]
}

fn submitted(source: KeyKind) -> (World, TransferId) {
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, source);
    assert_eq!(world.drive(id, 0, to_submission(source)), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
    (world, id)
}

#[test]
fn both_kinds_of_key_pay_with_four_outcalls_and_a_signature_for_each_input() {
    for source in [KeyKind::KaspaSchnorr, KeyKind::KaspaEcdsa] {
        let (world, id) = submitted(source);
        assert_eq!((world.signatures.get(), world.outcalls.get()), (1, 4));
        let Transfer { built, signed, .. } = world.transfer(id);
        let (built, signed) = (built.unwrap(), signed.unwrap());
        let transaction = kas::Transaction::from_bytes(&signed.signed).unwrap();
        let unsigned = kas::UnsignedTx::from_bytes(&built.unsigned).unwrap();
        assert_eq!(transaction.id().to_string(), signed.txid);
        assert_eq!(transaction.outputs[0].amount, Amount::new(AMOUNT));
        assert_eq!(transaction.outputs[1].script, key(&world, source).script_public_key());
        let digest = unsigned.digests(&key(&world, source)).unwrap()[0];
        let signature = &transaction.inputs[0].signature_script[1..65];
        assert_eq!(key(&world, source).accept_signature(&digest, signature).unwrap(), signature);
        let outputs: u64 = transaction.outputs.iter().map(|output| output.amount.get()).sum();
        assert_eq!(built.fee, Amount::new(20 * KAS - outputs));
        assert_eq!(built.details.kaspa().unwrap().inputs, [Bytes::new([vec![1; 32], vec![0; 4]].concat())]);
        // Ten deep, itself included: 1,001 under a lower bound of 1,010.
        assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(Some(1_002))]), Progress::Waiting);
        assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(Some(1_001))]), Progress::Ended);
        assert_eq!((world.status(id), world.transfer(id).fee_paid), (Status::Confirmed, Some(built.fee)));
        assert_eq!(world.usage(Asset::Kas), (0, AMOUNT + built.fee.get()));
        assert!(world.state.borrow().locked_outpoints(WALLET).is_empty());
    }
}

#[test]
fn a_simulated_transfer_is_built_and_neither_signed_nor_sent() {
    let mut config = config(1);
    config.chains.kaspa.execution = Some(Execution::Simulate);
    let world = World::configured(config);
    let id = world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr);
    let script = vec![dag(5_000), fee(100), utxos(KeyKind::KaspaSchnorr, ONE_COIN)];
    assert_eq!(world.drive(id, 0, script), Progress::Ended);
    let ended = world.transfer(id);
    assert_eq!((ended.status, ended.simulated, ended.signed), (Status::Cancelled, true, None));
    assert!(ended.built.is_some() && world.signatures.get() == 0);
    assert_eq!(world.usage(Asset::Kas), (0, 0));
    assert!(world.state.borrow().locked_outpoints(WALLET).is_empty());
}

#[test]
fn what_a_closed_gate_finds_built_is_not_signed() {
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr);
    assert!(matches!(
        world.drive(id, 0, vec![dag(5_000), fee(100), utxos(KeyKind::KaspaSchnorr, ONE_COIN), Step::SignLost]),
        Progress::Transient(_)
    ));
    assert_eq!(world.status(id), Status::Built);
    let mut config = config(1);
    config.chains.kaspa.execution = Some(Execution::Simulate);
    let decided = world.state.borrow().decide_upgrade(admin(), "2".into(), Some(config)).expect("accepted");
    world.state.borrow_mut().commit(decided, world.now());
    assert_eq!(world.drive(id, 0, Vec::new()), Progress::Ended);
    assert_eq!((world.status(id), world.usage(Asset::Kas)), (Status::Cancelled, (0, 0)));
    assert!(world.state.borrow().locked_outpoints(WALLET).is_empty());
}

#[test]
fn two_inputs_take_two_signatures() {
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr);
    let coins = utxos(KeyKind::KaspaSchnorr, &[(1, 3 * KAS), (2, 3 * KAS)]);
    let sign = || signing(KeyKind::KaspaSchnorr);
    assert_eq!(world.drive(id, 0, vec![dag(5_000), fee(100), coins, sign(), sign(), taken()]), Progress::Waiting);
    assert_eq!((world.signatures.get(), world.outcalls.get()), (2, 4));
    assert_eq!(world.transfer(id).kaspa_inputs().len(), 2);
}

#[test]
fn the_same_bytes_are_offered_again_after_every_answer() {
    let (world, id) = submitted(KeyKind::KaspaSchnorr);
    world.advance(20);
    let answers: [fn() -> Step; 4] = [
        || one("/transactions ", |_| lost()),
        || one("/transactions ", |_| Ok((400, r#"{"error":""}"#.into()))),
        || refused("is an orphan where orphan is disallowed"),
        || one("/transactions ", |_| Ok((500, r#"{"message":"Internal server error"}"#.into()))),
    ];
    for (provider_offset, answer) in answers.into_iter().enumerate() {
        let progress = world.drive(id, provider_offset, vec![blue(1_019), acceptance(None), answer()]);
        let expected = if provider_offset == 2 {
            matches!(progress, Progress::Deferred(_))
        } else {
            matches!(progress, Progress::Transient(_))
        };
        assert!(expected, "only the third is a node's word: {progress:?}");
        assert_eq!(world.status(id), Status::Submitted);
    }
    let again = refused("is already in the mempool");
    assert_eq!(world.drive(id, 4, vec![blue(1_019), acceptance(None), again]), Progress::Waiting);
    let sent = world.sent.borrow();
    assert_eq!(sent.len(), 6);
    assert!(sent.iter().all(|body| *body == sent[0]));
    assert_eq!((world.signatures.get(), world.transfer(id).attempt), (1, 1));
}

#[test]
fn bytes_that_stay_refused_go_into_quarantine_with_the_money_reserved() {
    let (world, id) = submitted(KeyKind::KaspaSchnorr);
    let orphan = || refused("is an orphan where orphan is disallowed");
    let asked = || vec![blue(1_019), acceptance(None), transaction(None)];
    let then = |steps: Vec<Step>| asked().into_iter().chain(steps).collect();
    world.advance(3_599);
    assert!(matches!(world.drive(id, 0, then(vec![orphan()])), Progress::Deferred(_)));
    world.advance(1);
    // No answer is no refusal.
    assert!(matches!(world.drive(id, 0, then(vec![one("/transactions ", |_| lost())])), Progress::Transient(_)));
    // A refusal proves nothing while the server cannot say that it knows no acceptance.
    let silent = || all("?inputs=false", |_| Ok((500, r#"{"message":"Internal server error"}"#.into())));
    assert!(matches!(world.drive(id, 0, then(vec![orphan(), silent()])), Progress::Transient(_)));
    // Accepted a moment ago, and refused for that.
    assert_eq!(world.drive(id, 0, then(vec![orphan(), transaction(Some(1_900))])), Progress::Waiting);
    assert_eq!(world.status(id), Status::Submitted);
    assert_eq!(world.drive(id, 0, then(vec![orphan(), transaction(None)])), Progress::Ended);
    assert_eq!(world.status(id), Status::Quarantined);
    assert_eq!(world.usage(Asset::Kas), (AMOUNT + 1_000_000, 0));
    assert_eq!(world.state.borrow().locked_outpoints(WALLET).len(), 1);
}

#[test]
fn an_acceptance_that_the_batch_has_lost_is_found_by_the_other_route() {
    let (world, id) = submitted(KeyKind::KaspaSchnorr);
    world.advance(120);
    let again = || refused("is already in the mempool");
    assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(None), again()]), Progress::Waiting, "not asked yet");
    world.advance(1);
    // The acceptance is not deep enough.
    assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(None), transaction(Some(1_002)), again()]), Progress::Waiting);
    let silent = all("?inputs=false", |_| lost());
    assert!(matches!(world.drive(id, 0, vec![blue(1_019), acceptance(None), silent]), Progress::Transient(_)));
    assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(None), transaction(Some(1_001))]), Progress::Ended);
    assert_eq!(world.status(id), Status::Confirmed);
}

#[test]
fn a_transfer_waits_for_coins_that_are_not_listed_yet() {
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr);
    let poor = || vec![dag(5_000), fee(100), utxos(KeyKind::KaspaSchnorr, &[(1, 3 * KAS)])];
    let then = |step| poor().into_iter().chain([step]).collect();
    assert_eq!(world.drive(id, 0, then(balance(3 * KAS + 1))), Progress::Blocked);
    assert!(matches!(world.drive(id, 0, then(all("/balance ", |_| lost()))), Progress::Transient(_)));
    assert_eq!(world.status(id), Status::Reserved);
    world.advance(86_400);
    assert_eq!(world.drive(id, 0, vec![]), Progress::Ended, "but not for ever");
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.note.as_deref()), (Status::Failed, Some("not built within a day")));
    assert_eq!(world.usage(Asset::Kas), (0, 0));
}

#[test]
fn a_transfer_waits_for_change_that_returns_during_the_reads() {
    let (world, first) = submitted(KeyKind::KaspaSchnorr);
    let second = world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr);
    let ended = utxos_during(KeyKind::KaspaSchnorr, &[(2, KAS)], move |world| {
        let decided = world.state.borrow().decide_confirmed(first, Amount::ZERO, None).unwrap();
        world.put(decided);
    });
    assert_eq!(world.drive(second, 0, vec![dag(5_000), fee(100), ended]), Progress::Blocked);
    assert_eq!(world.status(second), Status::Reserved);
}

#[test]
fn the_room_for_an_answer_grows_only_when_it_did_not_fit() {
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr);
    let timed_out = || all("/addresses/utxos", |_| lost());
    let too_large = || all("/addresses/utxos", |_| Err(CallError::rejected("Http body exceeds size limit of 106496 bytes.")));
    for provider_offset in 0..5 {
        assert!(matches!(world.drive(id, provider_offset, vec![dag(5_000), fee(100), timed_out()]), Progress::Transient(_)));
        assert_eq!(world.room.get(), 106_496);
    }
    assert!(matches!(
        world.drive(id, 5, vec![dag(5_000), fee(100), too_large(), too_large(), too_large(), too_large(), count(12_345)]),
        Progress::Deferred(_)
    ));
    assert_eq!(world.room.get(), 4_096, "the last question is how many there are");
    assert!(matches!(world.drive(id, 6, vec![dag(5_000), fee(100), too_large(), timed_out()]), Progress::Transient(_)));
    assert_eq!(world.room.get(), 413_696);
    assert!(matches!(world.drive(id, 7, vec![dag(5_000), fee(100), timed_out()]), Progress::Transient(_)));
    assert_eq!(world.room.get(), 106_496);
}

#[test]
fn coins_of_a_transfer_under_way_are_not_spent_twice() {
    let (world, _) = submitted(KeyKind::KaspaSchnorr);
    let second = world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr);
    // The server still lists the coin that the first transfer spends.
    let script = vec![dag(5_000), fee(100), utxos(KeyKind::KaspaSchnorr, ONE_COIN)];
    assert_eq!(world.drive(second, 0, script), Progress::Blocked);
    assert_eq!((world.status(second), world.transfer(second).built), (Status::Reserved, None));
}

#[test]
fn a_coin_that_is_locked_during_the_reads_is_not_planned() {
    let world = World::new();
    let (first, second) =
        (world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr), world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr));
    let reference = submitted(KeyKind::KaspaSchnorr).0;
    let built = reference.state.borrow().active_transfers_of(WALLET)[0].built.clone().unwrap();
    let taken_meanwhile = utxos_during(KeyKind::KaspaSchnorr, ONE_COIN, move |world| {
        let decided = world.state.borrow().decide_built(first, built).unwrap();
        world.put(decided);
    });
    assert_eq!(world.drive(second, 0, vec![dag(5_000), fee(100), taken_meanwhile]), Progress::Blocked);
    assert_eq!(world.status(second), Status::Reserved);
}

#[test]
fn too_little_money_fails_at_no_cost() {
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr);
    let coins = utxos(KeyKind::KaspaSchnorr, &[(1, 3 * KAS)]);
    assert_eq!(world.drive(id, 0, vec![dag(5_000), fee(100), coins, balance(3 * KAS)]), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, transfer.fee_paid), (Status::Failed, Some(Amount::ZERO)));
    assert_eq!(transfer.code, Some(ReasonCode::InsufficientBalance));
    let note = transfer.note.unwrap();
    assert!(note.starts_with("only 3 KAS (300,000,000 sompi) can be spent now"), "{note}");
    assert_eq!(world.usage(Asset::Kas), (0, 0));
}

#[test]
fn an_emergency_or_a_cancellation_between_signatures_stops_the_transfer() {
    let coins = || utxos(KeyKind::KaspaEcdsa, &[(1, 3 * KAS), (2, 3 * KAS)]);
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, KeyKind::KaspaEcdsa);
    let stop = Step::Sign { kind: KeyKind::KaspaEcdsa, during: Box::new(|world| world.emergency(true)) };
    let second = || signing(KeyKind::KaspaEcdsa);
    assert_eq!(world.drive(id, 0, vec![dag(5_000), fee(100), coins(), stop, second()]), Progress::Blocked);
    assert_eq!(world.status(id), Status::Built);
    assert_eq!(world.drive(id, 0, vec![]), Progress::Blocked);
    world.emergency(false);
    // The log is public: of two signatures it has one, and only the other is asked for again.
    assert_eq!(world.transfer(id).progress.kaspa().unwrap().signatures.len(), 1);
    let cancel = Step::Sign { kind: KeyKind::KaspaEcdsa, during: Box::new(move |world| world.cancel(id)) };
    assert_eq!(world.drive(id, 0, vec![cancel]), Progress::Again);
    assert_eq!((world.status(id), world.usage(Asset::Kas)), (Status::Cancelled, (0, 0)));
    assert_eq!(world.code(id), Some(ReasonCode::CancelledByOperator));
    assert!(world.state.borrow().locked_outpoints(WALLET).is_empty());
    assert!(world.sent.borrow().is_empty());
}

#[test]
fn in_an_emergency_a_sent_transaction_is_followed_but_not_sent_again() {
    let (world, id) = submitted(KeyKind::KaspaSchnorr);
    world.emergency(true);
    world.advance(7_200);
    assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(None), transaction(None)]), Progress::Waiting);
    assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(Some(900))]), Progress::Ended);
    assert_eq!((world.status(id), world.sent.borrow().len()), (Status::Confirmed, 1));
}

#[test]
fn a_transfer_continues_from_every_status() {
    let source = KeyKind::KaspaSchnorr;
    let (reference, id) = submitted(source);
    let Transfer { built, signed, .. } = reference.transfer(id);
    let (built, signed) = (built.unwrap(), signed.unwrap());
    for status in [Status::Built, Status::Signed, Status::Submitted] {
        let world = World::new();
        let id = world.request(Asset::Kas, AMOUNT, source);
        let decided = world.state.borrow().decide_built(id, built.clone()).unwrap();
        world.put(decided);
        let mut script = vec![signing(source), taken()];
        if status != Status::Built {
            let decided = world.state.borrow().decide_signed(id, signed.clone()).unwrap();
            world.put(decided);
            script = vec![taken()];
        }
        if status == Status::Submitted {
            let decided = world.state.borrow().decide_submitted(id).unwrap();
            world.put(decided);
            script = vec![blue(1_019), acceptance(None)];
        }
        assert_eq!(world.drive(id, 0, script), Progress::Waiting);
        assert_eq!(world.drive(id, 0, vec![blue(1_019), acceptance(Some(900))]), Progress::Ended);
        assert_eq!((world.status(id), world.transfer(id).signed.unwrap().txid), (Status::Confirmed, signed.txid.clone()));
    }
}

#[test]
fn lying_answers_change_nothing() {
    let world = World::new();
    let id = world.request(Asset::Kas, AMOUNT, KeyKind::KaspaSchnorr);
    let mainnet = || all("/info/blockdag", |_| ok(r#"{"networkName":"kaspa-mainnet","virtualDaaScore":"5000"}"#));
    assert!(matches!(world.drive(id, 0, vec![mainnet(), fee(100)]), Progress::Transient(_)));
    // The output of another address.
    let foreign = utxos(KeyKind::KaspaEcdsa, ONE_COIN);
    assert!(matches!(world.drive(id, 0, vec![dag(5_000), fee(100), foreign]), Progress::Transient(_)));
    let twice = utxos(KeyKind::KaspaSchnorr, &[(1, 20 * KAS), (1, 20 * KAS)]);
    assert!(matches!(world.drive(id, 0, vec![dag(5_000), fee(100), twice]), Progress::Transient(_)));
    assert_eq!((world.status(id), world.transfer(id).built), (Status::Reserved, None));

    let (world, id) = submitted(KeyKind::KaspaSchnorr);
    let another = all("/transactions/acceptance", |_| {
        ok(format!(r#"[{{"transactionId":"{}","accepted":true,"acceptingBlueScore":1}}]"#, "ab".repeat(32)))
    });
    assert!(matches!(world.drive(id, 0, vec![blue(1_019), another]), Progress::Transient(_)));
    // The acceptance is not deep enough under the score on which the replicas agreed.
    for score in [0, 1] {
        assert_eq!(world.drive(id, 0, vec![blue(5)]), Progress::Waiting);
        assert_eq!(world.drive(id, 0, vec![blue(19), acceptance(Some(score + 2))]), Progress::Waiting);
    }
}
