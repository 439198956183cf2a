//! Batches of SOL and of tokens: what is held for their transactions, what is denied, and that the log says all of it.

use super::fixture::*;
use super::kaspa::{self, decided, replays};
use crate::base::{Amount, Asset, Chain, Mint};
use crate::chains::registry::Params;
use crate::event::Event;
use crate::policy::{Counted, RateWindow, Rule, Scope, Window};
use crate::state::{BatchItem, BatchRequest, ItemOutcome, Refusal};
use crate::transfer::Status;
use crate::wallet::KeyKind;

const TOKEN: Asset = Asset::Spl { mint: Mint([7; 32]) };
const FEE: u64 = 5_000;
/// The fixture's cap of a fee, and the default for one token account's rent.
const CAP: u64 = 10_000;
const RENT: u64 = 2_162_600;

fn batch(asset: Asset, payments: &[(u8, u64)], key: &str) -> BatchRequest {
    let item = |(n, amount): &(u8, u64)| BatchItem::new(recipient(Chain::Solana, *n), Amount::new(*amount));
    BatchRequest {
        asset,
        source: KeyKind::Solana,
        items: payments.iter().map(item).collect(),
        max_fee: Amount::new(FEE),
        params: Params::new(Chain::Solana),
        ..kaspa::batch(&[], key)
    }
}

/// The fixture's wallet with 50,000,000 lamports at a time, and 1,000 base units of the token.
fn with_token() -> TestState {
    let mut state = installed();
    let mut rules = rules(50_000_000, 100_000_000);
    rules.push(Rule::PerTransaction { asset: TOKEN, max: Amount::new(1_000) });
    rules.push(Rule::SpendingLimit { asset: TOKEN, window: Window::Rolling24h, max: Amount::new(2_500) });
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules, at(1)).unwrap();
    state.commit(decided, at(1));
    state
}

fn held(state: &TestState, asset: Asset) -> u64 {
    state.usage(WALLET, asset, at(2)).reserved.get()
}

#[test]
fn twenty_recipients_of_sol_take_two_transactions_and_the_denied_ones_none() {
    let mut state = installed();
    let mut payments = vec![(5, 1_000); 21];
    payments[3] = (6, 1_000);
    let outcome = decided(&mut state, &batch(Asset::Sol, &payments, "wages"));
    let [first, second] = outcome.transfers[..] else { panic!("two transfers: {outcome:?}") };
    assert!(matches!(outcome.items[3], ItemOutcome::Denied { .. }), "not on the list");
    assert_eq!(outcome.items[19], ItemOutcome::Accepted { transfer: first });
    assert_eq!(outcome.items[20], ItemOutcome::Accepted { transfer: second });
    assert_eq!(held(&state, Asset::Sol), 20_000 + 2 * FEE);
    let transfer = state.transfer(first).unwrap();
    assert_eq!((transfer.request.amount, transfer.reserved), (Amount::new(19_000), Amount::new(19_000 + FEE)));
    let part = transfer.request.batch.as_ref().unwrap();
    assert_eq!((part.part, part.parts, part.outputs[3].item), (0, 2, 4), "the denied one is left out");
    assert_eq!(transfer.request.payments().len(), 19);
    let activity = state.activity(&Scope::Agent { wallet: WALLET, agent: agent() });
    assert_eq!(activity.count(Counted::Executions, RateWindow::Hour, at(1)), 20, "every payment counts");
    replays(&state);
}

#[test]
fn the_same_batch_again_is_the_first_one_and_another_asset_another_batch() {
    let mut state = with_token();
    let request = batch(Asset::Sol, &[(5, 500), (6, 500)], "wages");
    let first = decided(&mut state, &request);
    let blocks = state.log_len();
    let again = decided(&mut state, &request);
    assert_eq!((&again.transfers, &again.items[1]), (&first.transfers, &ItemOutcome::DeniedBefore));
    assert_eq!(state.log_len(), blocks);
    let other = state.decide_batch(agent(), &BatchRequest { asset: TOKEN, ..request }, at(3));
    assert!(matches!(other, Err(Refusal::IdempotencyConflict { transfer, .. }) if transfer == first.transfers[0]));
}

#[test]
fn the_sum_is_denied_as_a_whole() {
    let mut state = installed();
    let outcome = decided(&mut state, &batch(Asset::Sol, &[(5, 3_000_000), (5, 2_000_001)], "sum"));
    assert!(outcome.transfers.is_empty() && outcome.items.iter().all(|item| matches!(item, ItemOutcome::Denied { .. })));
    assert_eq!(held(&state, Asset::Sol), 0);
    let outcome = decided(&mut state, &batch(Asset::Sol, &[(5, 3_000_000), (5, 1_000_000)], "sum"));
    assert_eq!(outcome.transfers.len(), 1, "the key was not used up");
    replays(&state);
}

#[test]
fn tokens_hold_the_rent_of_an_account_for_every_recipient() {
    let mut state = with_token();
    let request = BatchRequest { max_fee: Amount::new(CAP + RENT), fee_named: false, ..batch(TOKEN, &[(5, 100); 8], "tokens") };
    let outcome = decided(&mut state, &request);
    let [first, second] = outcome.transfers[..] else { panic!("two transfers: {outcome:?}") };
    let fee = |id| state.transfer(id).unwrap().request.max_fee.get();
    assert_eq!((fee(first), fee(second)), (CAP + 7 * RENT, CAP + RENT));
    assert_eq!((held(&state, TOKEN), held(&state, Asset::Sol)), (800, 2 * CAP + 8 * RENT));
    assert_eq!(state.transfer(first).unwrap().reserved, Amount::new(700), "the fee is another asset's");
    replays(&state);
    // A cap that the agent names is that of each transaction, and has room for as many accounts as one can create.
    let most = CAP + 7 * RENT;
    let named = |max_fee| BatchRequest { max_fee: Amount::new(max_fee), ..batch(TOKEN, &[(5, 1); 8], "named") };
    let refused = state.decide_batch(agent(), &named(most + 1), at(3)).expect_err("too much");
    assert!(matches!(refused, Refusal::InvalidArgument { field: "max_fee", .. }), "{refused}");
    assert!(state.decide_batch(agent(), &named(most), at(3)).is_ok());
}

#[test]
fn a_tighter_policy_ends_every_transfer_of_a_batch_that_pays_somebody_it_denies() {
    let mut state = installed();
    let outcome = decided(&mut state, &batch(Asset::Sol, &[(5, 1_000); 20], "wages"));
    let (tighter, _) = state.decide_set_policy(admin(), WALLET, rules(18_999, DAILY), at(4)).unwrap();
    state.commit(tighter, at(4));
    let statuses: Vec<Status> = outcome.transfers.iter().map(|id| state.transfer(*id).unwrap().status).collect();
    assert_eq!(statuses, [Status::Cancelled, Status::Reserved], "19,000 lamports and 1,000");
    let mut nobody = rules(18_999, DAILY);
    nobody.retain(|rule| !matches!(rule, Rule::Allowlist { chain: Chain::Solana, .. }));
    nobody.push(Rule::Allowlist { chain: Chain::Solana, entries: vec![listed(recipient(Chain::Solana, 9))], cool_down_ns: 0 });
    let (nobody, _) = state.decide_set_policy(admin(), WALLET, nobody, at(5)).unwrap();
    state.commit(nobody, at(5));
    assert_eq!(state.transfer(outcome.transfers[1]).unwrap().status, Status::Cancelled);
    assert_eq!(held(&state, Asset::Sol), 0);
    replays(&state);
}

#[test]
fn an_emergency_denies_a_batch_and_a_tried_out_one_holds_nothing() {
    let mut state = installed();
    let emergency = state.decide_start_emergency(guardian(), "drill".into(), at(1));
    done(&mut state, emergency, at(1));
    let outcome = decided(&mut state, &batch(Asset::Sol, &[(5, 1_000)], "now"));
    assert!(matches!(outcome.items[..], [ItemOutcome::Denied { .. }]), "{outcome:?}");

    let mut state = super::solana::simulating();
    let outcome = decided(&mut state, &batch(Asset::Sol, &[(5, 1_000); 20], "tried out"));
    let transfers: Vec<_> = outcome.transfers.iter().map(|id| state.transfer(*id).unwrap()).collect();
    assert!(transfers.iter().all(|transfer| transfer.simulated && transfer.reserved == Amount::ZERO), "{transfers:?}");
    assert_eq!((transfers.len(), held(&state, Asset::Sol)), (2, 0));
    let again = decided(&mut state, &batch(Asset::Sol, &[(5, 1_000); 20], "tried out"));
    assert_ne!(again.transfers, outcome.transfers, "the key is free for the real one");
    replays(&state);
}

fn with_memo(memo: &str, item: BatchItem) -> BatchItem {
    BatchItem { params: payment(Some(memo), false), ..item }
}

/// Payments to the listed recipient, the first with a memo, the second to a vault.
fn annotated(key: &str) -> BatchRequest {
    let mut request = batch(Asset::Sol, &[(5, 1_000), (5, 2_000), (5, 3_000)], key);
    request.items[0].params = payment(Some("tag 1"), false);
    request.items[1].params = payment(None, true);
    request
}

#[test]
fn every_payment_keeps_its_own_memo_and_its_own_flag() {
    let mut state = installed();
    let mut request = annotated("tags");
    request.items.insert(1, with_memo("denied", BatchItem::new(recipient(Chain::Solana, 6), Amount::new(1))));
    let (decided, outcome) = state.decide_batch(agent(), &request, at(1)).unwrap();
    let decided = decided.unwrap();
    let denied = decided.events.iter().find_map(|event| match event {
        Event::TransferDenied(denied) => denied.request.params.solana().cloned(),
        _ => None,
    });
    assert_eq!(denied.and_then(|params| params.payment.memo).as_deref(), Some("denied"), "a denial is logged as it was asked for");
    state.commit(decided, at(1));
    let transfer = state.transfer(outcome.transfers[0]).unwrap();
    let payments = transfer.request.solana_payments();
    let said: Vec<_> = payments.iter().map(|payment| (payment.memo.as_deref(), payment.off_curve)).collect();
    assert_eq!(said, [(Some("tag 1"), false), (None, true), (None, false)]);
    assert_eq!(transfer.request.params, Params::new(Chain::Solana), "they are the payments', not the transfer's");
    replays(&state);
}

#[test]
fn a_batch_with_another_memo_or_flag_is_another_batch() {
    let mut state = installed();
    let first = decided(&mut state, &annotated("tags"));
    assert_eq!(decided(&mut state, &annotated("tags")).transfers, first.transfers);
    type Change = fn(&mut Vec<BatchItem>);
    let changes: [Change; 5] = [
        |items| items[0].params = None,
        |items| items[0].params = payment(Some("tag 2"), false),
        |items| (items[0].params, items[2].params) = (None, payment(Some("tag 1"), false)),
        |items| items[1].params = None,
        |items| items[0].params = payment(Some("tag 1"), true),
    ];
    for (n, change) in changes.into_iter().enumerate() {
        let mut other = annotated("tags");
        change(&mut other.items);
        let answer = state.decide_batch(agent(), &other, at(2));
        assert!(matches!(answer, Err(Refusal::IdempotencyConflict { .. })), "{n}: {answer:?}");
    }
}

#[test]
fn what_is_said_about_a_payment_is_refused_as_for_a_transfer_and_names_the_payment() {
    let state = installed();
    let refused = |request: &BatchRequest| match state.decide_batch(agent(), request, at(1)) {
        Err(Refusal::InvalidArgument { field, problem }) => (field, problem),
        other => panic!("{other:?}"),
    };
    for bad in [String::new(), "m".repeat(257)] {
        let mut request = annotated("tags");
        request.items[2].params = payment(Some(&bad), false);
        assert_eq!(refused(&request), ("memo", "payments[2]: between 1 and 256 bytes".into()));
    }
    let mut request = kaspa::batch(&[(5, 1_000)], "kas");
    request.items[0].params = payment(Some("tag"), false);
    assert_eq!(refused(&request), ("payments", "payments[0]: KAS takes the parameters of Kaspa".into()));
    let mut request = annotated("tags");
    request.items[1].amount = Amount::ZERO;
    assert_eq!(refused(&request).0, "amount");
}

#[test]
fn memos_take_more_transactions_and_each_holds_its_own_fee() {
    let mut state = with_token();
    let mut request = BatchRequest { max_fee: Amount::new(CAP + RENT), fee_named: false, ..batch(TOKEN, &[(5, 100); 8], "tokens") };
    request.items.iter_mut().for_each(|item| item.params = payment(Some(&"m".repeat(256)), false));
    assert_eq!(request.largest_fee(state.config()), Amount::new(CAP + 2 * RENT));
    let outcome = decided(&mut state, &request);
    let parts: Vec<_> = outcome.transfers.iter().map(|id| state.transfer(*id).unwrap().request).collect();
    assert_eq!(parts.iter().map(|part| part.payments().len()).collect::<Vec<_>>(), [2; 4]);
    assert!(parts.iter().all(|part| part.max_fee == Amount::new(CAP + 2 * RENT)));
    assert_eq!((held(&state, TOKEN), held(&state, Asset::Sol)), (800, 4 * CAP + 8 * RENT));
    // A transaction of two payments cannot need more.
    let named =
        BatchRequest { max_fee: Amount::new(CAP + 2 * RENT + 1), fee_named: true, idempotency_key: "named".into(), ..request };
    let refused = state.decide_batch(agent(), &named, at(3)).expect_err("too much");
    assert!(matches!(refused, Refusal::InvalidArgument { field: "max_fee", .. }), "{refused}");
    let sol = BatchRequest {
        items: vec![with_memo("1234567890", BatchItem::new(recipient(Chain::Solana, 5), Amount::new(1_000))); 15],
        ..batch(Asset::Sol, &[], "tagged")
    };
    let outcome = decided(&mut state, &sol);
    let sizes = outcome.transfers.iter().map(|id| state.transfer(*id).unwrap().request.payments().len());
    assert_eq!(sizes.collect::<Vec<_>>(), [14, 1]);
    replays(&state);
}
