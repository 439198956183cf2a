//! Batches, consolidations, partial signatures and replacements: what is decided, and that the log says all of it.

use super::fixture::*;
use crate::audit::Block;
use crate::base::codec::{NameHashes, Value, encode_value};
use crate::base::{Amount, Asset, BlockIndex, Bytes, Chain, Destination, Timestamp, TransferId};
use crate::chains::config::Execution;
use crate::chains::kaspa::transfer::{Consolidation, FeeSpeed, InputSignature, KaspaBuilt, NamedCoin, TransferParams};
use crate::chains::registry::{Built, Params, Progress};
use crate::chains::tx;
use crate::policy::ReasonCode;
use crate::state::{BatchItem, BatchOutcome, BatchRequest, ItemOutcome, Refusal, State};
use crate::transfer::{BuiltTx, Outcome, SignedTx, Status, TransferRequest};
use crate::wallet::KeyKind;
use ic_stable_structures::VectorMemory;

const FEE: u64 = 300_000;

pub fn batch(payments: &[(u8, u64)], key: &str) -> BatchRequest {
    let item = |(n, amount): &(u8, u64)| BatchItem::new(recipient(Chain::Kaspa, *n), Amount::new(*amount));
    BatchRequest {
        wallet: WALLET,
        asset: Asset::Kas,
        source: KeyKind::KaspaSchnorr,
        items: payments.iter().map(item).collect(),
        max_fee: Amount::new(FEE),
        fee_named: true,
        params: Params::Kaspa(TransferParams { speed: Some(FeeSpeed::Low), consolidation: None }),
        idempotency_key: key.into(),
        reason: None,
        session: None,
        created_at: None,
    }
}

pub fn decided(state: &mut TestState, request: &BatchRequest) -> BatchOutcome {
    let (decided, outcome) = state.decide_batch(agent(), request, at(1)).expect("it is answered");
    if let Some(decided) = decided {
        state.commit(decided, at(1));
    }
    outcome
}

fn reserved(state: &TestState) -> u64 {
    state.usage(WALLET, Asset::Kas, at(2)).reserved.get()
}

pub fn replays(state: &TestState) {
    let blocks: Vec<Vec<u8>> = (0..state.log_len()).map(|index| state.block_bytes(BlockIndex::new(index)).unwrap()).collect();
    let replayed = State::replay(VectorMemory::default(), &blocks, state.tip().unwrap().1).unwrap();
    assert_eq!(replayed.digest(), state.digest(), "the log says everything");
}

pub fn coins(inputs: &[u8]) -> BuiltTx {
    let inputs: Vec<Bytes> = inputs.iter().map(|n| Bytes::new([*n; 36])).collect();
    BuiltTx {
        unsigned: Bytes::new(inputs.iter().flat_map(|input| input.to_vec()).collect::<Vec<_>>()),
        fee: Amount::new(1_000),
        details: Built::Kaspa(KaspaBuilt { inputs }),
    }
}

/// Another transaction that spends the same coins for a higher fee.
pub fn replacement(inputs: &[u8]) -> tx::BuiltTx<KaspaBuilt> {
    let built = coins(inputs).map_details(|details| details.kaspa().unwrap().clone());
    tx::BuiltTx { fee: Amount::new(2_000), unsigned: Bytes::new([7]), ..built }
}

pub fn signature(input: u32) -> InputSignature {
    InputSignature { input, signature: Bytes::new([input as u8; 64]) }
}

/// A transfer of KAS that stands at Built with three inputs.
fn built_with_three_inputs() -> (TestState, TransferId) {
    let mut state = installed();
    let [id] = decided(&mut state, &batch(&[(5, 1_000)], "one")).transfers[..] else { panic!("one transfer") };
    let built = state.decide_built(id, coins(&[1, 2, 3]));
    done(&mut state, built, at(2));
    (state, id)
}

#[test]
fn a_batch_reserves_what_passes_and_logs_what_does_not() {
    let mut state = installed();
    let blocks = state.log_len();
    let outcome = decided(&mut state, &batch(&[(5, 1_000), (6, 1_000), (5, 2_000), (5, 5_000_001)], "wages"));
    // Amounts this small weigh so much that each takes a transaction of its own.
    let [first, second] = outcome.transfers[..] else { panic!("two transfers: {outcome:?}") };
    assert_eq!(outcome.items[0], ItemOutcome::Accepted { transfer: first });
    assert_eq!(outcome.items[2], ItemOutcome::Accepted { transfer: second });
    assert!(matches!((&outcome.items[1], &outcome.items[3]), (ItemOutcome::Denied { .. }, ItemOutcome::Denied { .. })));
    assert_eq!(reserved(&state), 3_000 + 2 * FEE);
    assert_eq!(state.log_len() - blocks, 4, "two denials and two reservations");
    let transfer = state.transfer(second).unwrap();
    assert_eq!((transfer.request.amount, transfer.request.kaspa_speed()), (Amount::new(2_000), FeeSpeed::Low));
    let batch = transfer.request.batch.unwrap();
    assert_eq!((batch.part, batch.parts, batch.outputs[0].item), (1, 2, 2));
    replays(&state);
}

#[test]
fn the_same_batch_again_is_the_first_one() {
    let mut state = installed();
    let request = batch(&[(5, 1_000), (6, 1_000), (5, 2_000)], "wages");
    let first = decided(&mut state, &request);
    let blocks = state.log_len();
    let again = decided(&mut state, &request);
    assert_eq!(
        (&again.transfers, &again.items[0], &again.items[1]),
        (&first.transfers, &first.items[0], &ItemOutcome::DeniedBefore)
    );
    assert_eq!(state.log_len(), blocks);
    let other = state.decide_batch(agent(), &batch(&[(5, 1_001), (6, 1_000), (5, 2_000)], "wages"), at(3));
    assert!(matches!(other, Err(Refusal::IdempotencyConflict { transfer, .. }) if transfer == first.transfers[0]));
    let single = TransferRequest {
        asset: Asset::Kas,
        params: kaspa_params(),
        to: recipient(Chain::Kaspa, 5),
        source: KeyKind::KaspaSchnorr,
        ..sol(1_000, "wages")
    };
    let single = TransferRequest { max_fee: Amount::new(FEE), ..single };
    assert!(matches!(state.decide_transfer(agent(), single, at(3)), Err(Refusal::IdempotencyConflict { .. })));
}

#[test]
fn the_sum_is_judged_and_denied_as_a_whole() {
    let mut state = installed();
    // 5,000,000 at a time: each passes, both together do not.
    let outcome = decided(&mut state, &batch(&[(5, 3_000_000), (5, 2_000_001)], "sum"));
    assert!(outcome.transfers.is_empty() && outcome.items.iter().all(|item| matches!(item, ItemOutcome::Denied { .. })));
    assert_eq!(reserved(&state), 0);
    assert_eq!(decided(&mut state, &batch(&[(5, 3_000_000), (5, 2_000_000)], "sum")).transfers.len(), 2, "the key was not used up");
    replays(&state);
}

#[test]
fn a_new_policy_is_asked_about_every_payment_of_a_batch() {
    let mut state = installed();
    let outcome = decided(&mut state, &batch(&[(5, 1_000)], "one"));
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules(999, DAILY), at(4)).unwrap();
    state.commit(decided, at(4));
    assert_eq!(state.transfer(outcome.transfers[0]).unwrap().status, Status::Cancelled);
    replays(&state);
}

#[test]
fn signatures_are_recorded_once_each_and_never_all() {
    let (mut state, id) = built_with_three_inputs();
    let sign =
        |state: &TestState, inputs: &[u32]| state.decide_inputs_signed(id, inputs.iter().map(|input| signature(*input)).collect());
    for wrong in [&[][..], &[3], &[0, 0], &[0, 1, 2]] {
        assert!(sign(&state, wrong).is_err(), "{wrong:?}");
    }
    let decided = sign(&state, &[2]);
    done(&mut state, decided, at(3));
    assert!(sign(&state, &[2]).is_err(), "it has one");
    assert!(sign(&state, &[0, 1]).is_err(), "the log is public, and these would be the transaction");
    let decided = sign(&state, &[0]);
    done(&mut state, decided, at(4));
    let recorded = state.transfer(id).unwrap().progress.kaspa().unwrap().signatures.clone();
    assert_eq!(recorded, [signature(0), signature(2)]);
    replays(&state);
    let decided = state.decide_signed(id, signed());
    done(&mut state, decided, at(5));
    assert_eq!(state.transfer(id).unwrap().progress, Progress::new(Chain::Kaspa));
    assert!(sign(&state, &[1]).is_err(), "nothing is being signed");
    replays(&state);
}

#[test]
fn an_event_of_one_chain_is_logged_under_the_name_of_the_chain() {
    let (mut state, id) = built_with_three_inputs();
    let decided = state.decide_inputs_signed(id, vec![signature(1)]);
    done(&mut state, decided, at(3));
    let last = BlockIndex::new(state.log_len() - 1);
    let (block, _) = Block::from_bytes(&state.block_bytes(last).unwrap(), &mut NameHashes::default()).unwrap();
    let Value::Map(mut entries) = block.to_value() else { unreachable!("a block is a map") };
    let entry = |entries: &[(String, Value)], name: &str| entries.iter().position(|(known, _)| known == name).unwrap();
    let (kind, content) = (entry(&entries, "btype"), entry(&entries, "tx"));
    assert_eq!(entries[kind].1.as_text(), Some("purser.kaspa"));
    assert!(entries[content].1.get("inputs_signed").is_some());
    // The encoding has another name for events of chains, under which no block is read.
    entries[kind].1 = Value::Text("purser.chain".into());
    entries[content].1 = Value::Map(vec![("kaspa".into(), entries[content].1.clone())]);
    let forged = encode_value(&Value::Map(entries));
    assert!(Block::from_bytes(&forged, &mut NameHashes::default()).is_err(), "it is not encoded as it was written");
    assert!(!Block::types().contains(&"purser.chain".to_owned()) && Block::types().contains(&"purser.solana".to_owned()));
}

#[test]
fn a_replaced_transaction_may_still_be_the_one_that_lands() {
    let (mut state, id) = built_with_three_inputs();
    let decided = state.decide_signed(id, signed());
    done(&mut state, decided, at(3));
    let decided = state.decide_submitted(id);
    done(&mut state, decided, at(4));
    let more = replacement(&[1, 2, 3]);
    let decided = state.decide_replacement(agent(), id, more);
    done(&mut state, decided, at(5));
    assert!(state.may_replace(id) && state.decide_cancel(admin(), id, None).is_err(), "what was submitted is not called off");
    let decided = state.decide_inputs_signed(id, vec![signature(1)]);
    done(&mut state, decided, at(6));
    let newer = SignedTx { signed: Bytes::new([3]), txid: "newer".into() };
    let decided = state.decide_replacement_signed(id, newer);
    done(&mut state, decided, at(7));
    let transfer = state.transfer(id).unwrap();
    assert_eq!((transfer.status, transfer.attempt, transfer.signed.unwrap().txid.as_str()), (Status::Submitted, 2, "newer"));
    assert_eq!(state.locked_outpoints(WALLET).len(), 3);
    replays(&state);
    assert!(state.decide_superseded_landed(id, "unknown".into()).is_err());
    let decided = state.decide_superseded_landed(id, "txid".into());
    done(&mut state, decided, at(8));
    let decided = state.decide_confirmed(id, Amount::new(1_000), None);
    done(&mut state, decided, at(9));
    let transfer = state.transfer(id).unwrap();
    assert_eq!((transfer.signed.unwrap().txid.as_str(), transfer.built.unwrap().fee), ("txid", Amount::new(1_000)));
    assert!(state.locked_outpoints(WALLET).is_empty());
    assert_eq!(state.recently_spent(WALLET, at(10)).len(), 3);
    replays(&state);
}

/// The wallet's own address. Wallets of one installation have the same keys wherever it is made.
pub fn own(kind: KeyKind) -> Destination {
    let key = installed().wallet(WALLET).unwrap().key(kind).to_vec();
    let payload = if kind == KeyKind::KaspaSchnorr { [&[0], &key[1..]].concat() } else { [&[1], &key[..]].concat() };
    Destination::new(Chain::Kaspa, payload)
}

pub fn consolidation(key: &str) -> TransferRequest {
    let terms = Consolidation { max_inputs: 10, coins: None };
    TransferRequest {
        wallet: WALLET,
        asset: Asset::Kas,
        to: own(KeyKind::KaspaSchnorr),
        amount: Amount::ZERO,
        max_fee: Amount::new(FEE),
        fee_named: true,
        source: KeyKind::KaspaSchnorr,
        idempotency_key: key.into(),
        reason: None,
        session: None,
        created_at: None,
        params: Params::Kaspa(TransferParams { speed: None, consolidation: Some(terms) }),
        batch: None,
    }
}

#[test]
fn a_consolidation_reserves_its_fee_and_asks_no_policy() {
    let mut state = installed();
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules(1, 205_801), at(1)).unwrap();
    state.commit(decided, at(1));
    let (decided, outcome) = state.decide_consolidation(agent(), consolidation("tidy"), at(2)).unwrap();
    let Outcome::Accepted { transfer, .. } = outcome else { panic!("{outcome:?}") };
    state.commit(decided.unwrap(), at(2));
    assert_eq!(reserved(&state), FEE);
    let again = state.decide_consolidation(agent(), consolidation("tidy"), at(3)).unwrap().1;
    assert_eq!(again, Outcome::Duplicate { transfer });
    assert!(matches!(state.decide_consolidation(admin(), consolidation("more"), at(3)), Err(Refusal::LimitReached { max: 1, .. })));
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules(2, 205_802), at(4)).unwrap();
    state.commit(decided, at(4));
    assert_eq!(state.transfer(transfer).unwrap().status, Status::Reserved, "a policy does not call it off");
    replays(&state);
}

#[test]
fn a_consolidation_is_for_members_and_within_bounds() {
    let mut state = installed();
    assert!(matches!(state.decide_consolidation(stranger(), consolidation("k"), at(1)), Err(Refusal::Unauthorized { .. })));
    let refused = |change: &dyn Fn(&mut TransferRequest)| {
        let mut request = consolidation("k");
        change(&mut request);
        match state.decide_consolidation(agent(), request, at(1)) {
            Err(Refusal::InvalidArgument { field, .. }) => field,
            other => panic!("not refused: {other:?}"),
        }
    };
    let terms = |request: &mut TransferRequest, terms| {
        request.params = Params::Kaspa(TransferParams { consolidation: Some(terms), ..TransferParams::default() })
    };
    assert_eq!(refused(&|request| request.amount = Amount::new(1)), "amount");
    assert_eq!(refused(&|request| request.asset = Asset::Sol), "asset");
    assert_eq!(refused(&|request| request.to = recipient(Chain::Kaspa, 5)), "to");
    assert_eq!(refused(&|request| request.to = own(KeyKind::KaspaEcdsa)), "to", "not the key that pays");
    assert_eq!(refused(&|request| request.params = kaspa_params()), "amount");
    assert_eq!(refused(&|request| terms(request, Consolidation { max_inputs: 85, coins: None })), "max_inputs");
    assert_eq!(refused(&|request| terms(request, Consolidation { max_inputs: 1, coins: None })), "max_inputs");
    let coin = NamedCoin { outpoint: Bytes::new([0; 35]), amount: Amount::new(1) };
    assert_eq!(refused(&|request| terms(request, Consolidation { max_inputs: 2, coins: Some(vec![coin.clone(); 2]) })), "coins");
    assert_eq!(refused(&|request| request.max_fee = Amount::new(1_000_001)), "max_fee");
    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(2));
    done(&mut state, decided, at(2));
    let (_, outcome) = state.decide_consolidation(agent(), consolidation("k"), at(3)).unwrap();
    assert!(matches!(outcome, Outcome::Denied { .. }), "{outcome:?}");
}

#[test]
fn an_agent_that_was_removed_replaces_nothing() {
    let (mut state, id) = built_with_three_inputs();
    let decided = state.decide_signed(id, signed());
    done(&mut state, decided, at(3));
    let decided = state.decide_submitted(id);
    done(&mut state, decided, at(4));
    let more = || replacement(&[1, 2, 3]);
    assert!(matches!(state.decide_replacement(stranger(), id, more()), Err(Refusal::Unauthorized { .. })));
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(5));
    assert!(matches!(state.decide_replacement(agent(), id, more()), Err(Refusal::Unauthorized { .. })));
    let dearer = tx::BuiltTx { fee: Amount::new(FEE + 1), ..more() };
    let Err(Refusal::InvalidArgument { field: "fee", problem }) = state.decide_replacement(admin(), id, dearer) else {
        panic!("more than is held");
    };
    assert_eq!(
        problem,
        "more than the 0.00001 KAS (1,000 sompi) that were paid and at most the 0.003 KAS (300,000 sompi) that are reserved"
    );
    assert!(state.decide_replacement(admin(), id, more()).is_ok(), "the difference is held since it was asked for");
}

/// The gate of Kaspa, closed by an upgrade.
fn close_gate(state: &mut TestState, now: Timestamp) {
    let mut config = state.config().clone();
    config.chains.kaspa.execution = Some(Execution::Simulate);
    let decided = state.decide_upgrade(stranger(), "0.1.0".into(), Some(config));
    done(state, decided, now);
}

#[test]
fn a_simulated_transfer_takes_no_coins_and_reserves_nothing() {
    let mut state = installed();
    close_gate(&mut state, at(1));
    let [first] = decided(&mut state, &batch(&[(5, 1_000)], "one")).transfers[..] else { panic!("one transfer") };
    assert!(state.transfer(first).unwrap().simulated);
    let [second] = decided(&mut state, &batch(&[(5, 1_000)], "two")).transfers[..] else { panic!("one transfer") };
    for (id, inputs) in [(first, [1, 2]), (second, [2, 1])] {
        let built = state.decide_built(id, coins(&inputs));
        done(&mut state, built, at(2));
        assert!(matches!(state.decide_signed(id, signed()), Err(Refusal::WrongStatus { .. })));
    }
    assert_eq!((state.locked_outpoints(WALLET).len(), reserved(&state)), (0, 0));
    let ended = state.decide_cancel_by_canister(first, ReasonCode::SimulationOnly, "simulated".into());
    done(&mut state, ended, at(3));
    replays(&state);
}

#[test]
fn the_end_of_a_simulation_frees_no_coin_of_another_transfer() {
    let mut state = installed();
    let [live] = decided(&mut state, &batch(&[(5, 1_000)], "live")).transfers[..] else { panic!("one transfer") };
    close_gate(&mut state, at(1));
    let [simulated] = decided(&mut state, &batch(&[(5, 1_000)], "simulated")).transfers[..] else { panic!("one transfer") };
    for (id, inputs) in [(simulated, [1, 2]), (live, [2, 3])] {
        let built = state.decide_built(id, coins(&inputs));
        done(&mut state, built, at(2));
    }
    let ended = state.decide_cancel_by_canister(simulated, ReasonCode::SimulationOnly, "simulated".into());
    done(&mut state, ended, at(3));
    assert_eq!(state.locked_outpoints(WALLET).len(), 2, "the coins of the transfer that is not simulated");
    replays(&state);
}

#[test]
fn a_closed_gate_lets_no_replacement_be_built_or_signed() {
    let (mut state, id) = built_with_three_inputs();
    let decided = state.decide_signed(id, signed());
    done(&mut state, decided, at(3));
    let decided = state.decide_submitted(id);
    done(&mut state, decided, at(4));
    let decided = state.decide_replacement(agent(), id, replacement(&[1, 2, 3]));
    done(&mut state, decided, at(5));
    assert!(state.may_replace(id));
    close_gate(&mut state, at(6));
    let newer = SignedTx { signed: Bytes::new([3]), txid: "newer".into() };
    assert!(!state.may_replace(id) && state.decide_replacement_signed(id, newer).is_err());
    let again = state.decide_replacement(agent(), id, replacement(&[1, 2, 3]));
    assert!(matches!(again, Err(Refusal::AlreadySo { .. })), "{again:?}");
    let decided = state.decide_confirmed(id, Amount::new(1_000), None);
    done(&mut state, decided, at(7));
    replays(&state);
}

#[test]
fn a_closed_gate_starts_no_consolidation() {
    let mut state = installed();
    let mut config = state.config().clone();
    config.chains.kaspa.consolidate_above = Some(10);
    let decided = state.decide_upgrade(stranger(), "0.1.0".into(), Some(config));
    done(&mut state, decided, at(0));
    assert!(state.decide_auto_consolidation(WALLET, KeyKind::KaspaSchnorr, 11, at(1)).is_some());
    close_gate(&mut state, at(1));
    assert!(state.decide_auto_consolidation(WALLET, KeyKind::KaspaSchnorr, 11, at(1)).is_none());
}
