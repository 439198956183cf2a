//! Fees, quotes, batches and consolidations.

use super::*;
use crate::support::{batch_of, usage_of};
use candid::Principal;
use purser_it::recipients;

#[test]
fn the_fee_follows_the_network_within_the_configured_bounds() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[100 * KAS; 8]);
    // Suggested for priority, normal and low; what is paid for 2,036 grams.
    let cases = [
        ([100, 100, 100], [203_600, 203_600, 203_600]),
        ([900, 450, 150], [1_832_400, 916_200, 305_400]),
        // Nothing is rounded.
        ([111, 108, 102], [225_996, 219_888, 207_672]),
        // A spike is capped at 1,000 sompi per gram.
        ([50_000, 20_000, 400], [2_036_000, 2_036_000, 814_400]),
    ];
    for (rates, fees) in cases {
        env.kaspa.set_feerates(rates[0], rates[1], rates[2]);
        for (speed, fee) in [FeeSpeed::Priority, FeeSpeed::Normal, FeeSpeed::Low].into_iter().zip(fees) {
            let what = format!("{speed:?} of {rates:?}");
            let args = TransferArgs { fee_speed: Some(speed), ..kas(&wallet, 5 * KAS, &what) };
            let quote = env.as_actor(Actor::Agent).quote_transfer(&args).expect("the chain answers");
            assert_eq!((quote.fee, quote.inputs, quote.dust), (fee, 1, 0), "{what}");
            // A simulation makes no outcalls, so it shows the last quote.
            let simulated = env.as_actor(Actor::Agent).simulate_transfer(&args).expect("it is allowed");
            assert_eq!(simulated.fee, Some(quote), "{what}");
            if rates[0] == 900 {
                let id = env.request_transfer(&args);
                let ended = env.wait_for_end(id);
                assert_eq!((ended.status, ended.fee_paid), (Status::Confirmed, Some(fee)), "{what}: {ended:?}");
                assert_eq!(details(&ended).fee_speed, speed);
            }
        }
    }
}

#[test]
fn storage_mass_costs_nothing_but_where_speed_is_asked_for() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[KAS]);
    for sompi in [11_000_000, 50_000_000] {
        let mut quote = |rate, speed| {
            env.kaspa.set_feerates(rate, rate, rate);
            let args = TransferArgs { fee_speed: Some(speed), ..kas(&wallet, sompi, "quoted") };
            env.as_actor(Actor::Agent).quote_transfer(&args).expect("the chain answers")
        };
        for (rate, fee) in [(100, 203_600), (101, 205_636), (108, 219_888), (200, 407_200)] {
            let calm = quote(rate, FeeSpeed::Normal);
            assert_eq!((calm.fee, calm.feerate, calm.inputs), (fee, rate, 1), "{sompi} at {rate}");
            assert_eq!(quote(rate, FeeSpeed::Low).fee, fee, "{sompi} at {rate}");
            let hurried = quote(rate, FeeSpeed::Priority);
            let beyond = (rate - 100) * (calm.storage_mass - calm.compute_mass);
            assert_eq!(hurried.fee, (fee + beyond).min(5_000_000), "{sompi} at {rate}");
        }
    }
    let capped = TransferArgs { max_fee: Some(300_000), fee_speed: Some(FeeSpeed::Priority), ..kas(&wallet, 11_000_000, "capped") };
    assert_eq!(env.as_actor(Actor::Agent).quote_transfer(&capped).expect("possible").fee, 300_000, "the caller's cap");
    env.kaspa.set_feerates(101, 101, 101);
    let id = env.request_transfer(&kas(&wallet, 11_000_000, "paid"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status, ended.fee_paid), (Status::Confirmed, Some(205_636)), "{ended:?}");
}

#[test]
fn a_quote_reckons_with_what_the_transfer_will_wait_for() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[]);
    env.kaspa.coinbase(&wallet.kaspa_schnorr_address, 100 * KAS);
    let first = kas(&wallet, 5 * KAS, "first");
    let quote = env.as_actor(Actor::Agent).quote_transfer(&first).expect("the reward will be mature");
    assert_eq!((quote.fee, quote.inputs, quote.change, quote.waits), (203_600, 1, 95 * KAS - 203_600, true));
    let id = env.request_transfer(&first);
    env.kaspa.mine(1_010);
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    // The change is not accepted yet, and later too young for the usual look.
    let second = kas(&wallet, 7 * KAS, "second");
    let during = env.as_actor(Actor::Agent).quote_transfer(&second).expect("the change will return");
    assert_eq!((during.change, during.waits), (88 * KAS - 2 * 203_600, true));
    let ended = env.wait_for_end(id);
    assert_eq!(ended.fee_paid, Some(quote.fee), "{ended:?}");
    let after = env.as_actor(Actor::Agent).quote_transfer(&second).expect("the change has returned");
    assert_eq!((after.fee, after.change), (during.fee, during.change));
    let id = env.request_transfer(&second);
    assert_eq!(env.wait_for_end(id).fee_paid, Some(after.fee));
    let too_much = env.as_actor(Actor::Agent).quote_transfer(&kas(&wallet, 88 * KAS, "too much")).expect_err("fees are missing");
    let balance = 88 * KAS - 2 * 203_600;
    let expected = KaspaError::InsufficientFunds {
        required: 88 * KAS,
        available: balance,
        immature: 0,
        reserved: 0,
        max: Some(balance - 162_400),
    };
    assert_eq!(too_much.detail, Some(ErrorDetail::Kaspa(expected)), "young change counts");
}

#[test]
fn a_payment_of_everything_names_the_most_that_can_be_paid() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[137_000_000]);
    let all = env.as_actor(Actor::Agent).quote_transfer(&kas(&wallet, 137_000_000, "all")).expect_err("the fee is missing");
    let Some(ErrorDetail::Kaspa(KaspaError::InsufficientFunds { max: Some(most), .. })) = all.detail else { panic!("{all:?}") };
    assert_eq!(most, 136_837_600);
    assert!(all.message.ends_with("at most this can be paid: 1.368376 KAS (136,837,600 sompi)"), "{}", all.message);
    let failed = env.request_transfer(&kas(&wallet, 137_000_000, "all"));
    let failed = env.wait_for_end(failed);
    let note = failed.note.expect("it says why");
    assert!(failed.status == Status::Failed && note.ends_with("1.368376 KAS (136,837,600 sompi)"), "{note}");
    let id = env.request_transfer(&kas(&wallet, most, "the most"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status, ended.fee_paid), (Status::Confirmed, Some(162_400)), "{ended:?}");
    assert_eq!(env.kaspa.balance(&wallet.kaspa_schnorr_address), 0);
}

#[test]
fn a_quote_says_what_could_be_paid_instead() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[KAS]);
    let args = kas(&wallet, 5_000_000, "too small");
    let simulated = env.as_actor(Actor::Agent).simulate_transfer(&args).expect("it is allowed");
    let fee = simulated.fee.expect("the smallest transaction is quoted");
    assert_eq!((fee.observed_at, fee.inputs), (None, 1));
    let refused = env.as_actor(Actor::Agent).quote_transfer(&args).expect_err("storage mass forbids it");
    assert_eq!(refused.code, "KASPA_ERROR");
    // 10^12 over amount and change, less 10^12 over a KAS, is at most 100,000 grams from this amount on.
    let expected = KaspaError::InvalidAmount { min: Some(10_116_236), max: None };
    assert_eq!(refused.detail, Some(ErrorDetail::Kaspa(expected)));
    let rich = env.as_actor(Actor::Agent).quote_transfer(&kas(&wallet, 2 * KAS, "too much")).expect_err("there is one KAS");
    let expected =
        KaspaError::InsufficientFunds { required: 2 * KAS, available: KAS, immature: 0, reserved: 0, max: Some(KAS - 162_400) };
    assert_eq!(rich.detail, Some(ErrorDetail::Kaspa(expected)));
    // Too small a change, and too large a fee: the most that can go to the miner is what spending an input costs.
    for sompi in [98_837_600, 89_680_165] {
        let refused = env.as_actor(Actor::Agent).quote_transfer(&kas(&wallet, sompi, "between")).expect_err("no change fits");
        let Some(ErrorDetail::Kaspa(KaspaError::InvalidAmount { min, max: Some(max) })) = refused.detail else {
            panic!("{refused:?}")
        };
        assert_eq!(min, Some(99_725_800));
        assert!(env.as_actor(Actor::Agent).quote_transfer(&kas(&wallet, max, "below")).is_ok());
        assert!(env.as_actor(Actor::Agent).quote_transfer(&kas(&wallet, max + 1, "not")).is_err());
    }
}

fn batch(wallet: &Wallet, payments: &[(u8, u64)], key: &str) -> BatchArgs {
    batch_of(wallet, payments.iter().map(|(n, amount)| Payment::new(recipients::kaspa(*n), *amount)).collect(), key)
}

fn open_rules(a_time: u64, a_day: u64) -> Vec<Rule> {
    vec![
        Rule::PerTransaction { asset: Asset::Kas, max: a_time },
        Rule::SpendingLimit { asset: Asset::Kas, window: Window::Rolling24h, max: a_day },
        recipients::allowlist(Chain::Kaspa, (1..=40).map(recipients::kaspa)),
    ]
}

#[test]
fn a_batch_pays_many_with_one_transaction_and_refuses_one_by_one() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[100 * KAS]);
    env.set_policy(wallet.id, &open_rules(20 * KAS, 50 * KAS));
    let args = batch(&wallet, &[(1, 5 * KAS), (99, KAS), (2, 4 * KAS), (1, 3 * KAS), (3, 21 * KAS)], "wages");
    let outcome = env.as_actor(Actor::Agent).batch_transfer(&args).expect("it is answered");
    let [id] = outcome.transfer_ids[..] else { panic!("one transaction: {outcome:?}") };
    let accepted = ItemOutcome::Accepted { transfer_id: id };
    assert_eq!([&outcome.items[0], &outcome.items[2], &outcome.items[3]], [&accepted; 3]);
    let code = |item: &ItemOutcome| match item {
        ItemOutcome::Denied { evaluation } => {
            evaluation.findings.iter().find(|finding| !finding.passed).and_then(|finding| finding.code)
        }
        other => panic!("not denied: {other:?}"),
    };
    assert_eq!(code(&outcome.items[1]), Some(ReasonCode::AddressNotAllowed));
    assert_eq!(code(&outcome.items[4]), Some(ReasonCode::SpendingLimitExceeded));

    let counted = env.as_actor(Actor::Admin).get_metrics().expect("an admin");
    assert_eq!(counted.iter().find(|(name, _)| name == "denied_by_policy").map(|(_, n)| *n), Some(2));

    let again = env.as_actor(Actor::Agent).batch_transfer(&args).expect("it is answered");
    assert_eq!((&again.items[0], &again.items[1], again.transfer_ids), (&accepted, &ItemOutcome::DeniedBefore, vec![id]));
    let other = BatchArgs { payments: vec![args.payments[0].clone()], ..args };
    let conflict = env.as_actor(Actor::Agent).batch_transfer(&other).expect_err("another batch");
    assert_eq!(conflict.code, "IDEMPOTENCY_CONFLICT");

    let ended = env.wait_for_end(id);
    assert_eq!((ended.status, ended.amount), (Status::Confirmed, 12 * KAS), "{ended:?}");
    assert_eq!(details(&ended).payments.len(), 3);
    assert_eq!(env.kaspa.accepted().len(), 1);
    let received = [1, 2, 3, 99].map(|n| env.kaspa.balance(&recipients::kaspa(n)));
    assert_eq!(received, [8 * KAS, 4 * KAS, 0, 0]);
    let usage = usage_of(&env.as_actor(Actor::Agent).get_usage(wallet.id).expect("open"), Asset::Kas);
    assert_eq!((usage.posted, usage.reserved), (12 * KAS + ended.fee_paid.expect("it ended"), 0));
    assert!(env.as_actor(Actor::Stranger).verify_integrity(None, None).valid);
}

#[test]
fn the_sum_of_a_batch_is_judged_as_one_payment() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[100 * KAS]);
    env.set_policy(wallet.id, &open_rules(20 * KAS, 30 * KAS));
    let denied = |env: &mut TestEnv, payments: &[(u8, u64)], key: &str| {
        let outcome = env.as_actor(Actor::Agent).batch_transfer(&batch(&wallet, payments, key)).expect("answered");
        assert_eq!(outcome.transfer_ids, Vec::<u64>::new());
        outcome.items.iter().all(|item| matches!(item, ItemOutcome::Denied { .. }))
    };
    assert!(denied(&mut env, &[(1, 11 * KAS), (2, 10 * KAS)], "over the limit of one transaction together"));
    let ended = env.request_transfer(&kas(&wallet, 15 * KAS, "first"));
    env.wait_for_end(ended);
    assert!(denied(&mut env, &[(1, 8 * KAS), (2, 8 * KAS)], "over the day's limit together"));
    let usage = usage_of(&env.as_actor(Actor::Agent).get_usage(wallet.id).expect("open"), Asset::Kas);
    assert_eq!(usage.reserved, 0, "nothing is reserved for what was denied");
}

#[test]
fn a_large_batch_takes_as_few_transactions_as_storage_mass_allows() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[50 * KAS, 50 * KAS]);
    env.set_policy(wallet.id, &open_rules(40 * KAS, 50 * KAS));
    let payments: Vec<(u8, u64)> = (1..=20).map(|n| (n, KAS)).collect();
    let outcome = env.as_actor(Actor::Agent).batch_transfer(&batch(&wallet, &payments, "twenty")).expect("answered");
    // One KAS weighs 10,000 grams, and 90,000 are allowed beside the change: nine, nine and two.
    assert_eq!(outcome.transfer_ids.len(), 3);
    for id in outcome.transfer_ids {
        let ended = env.wait_for_end(id);
        assert_eq!(ended.status, Status::Confirmed, "{ended:?}");
    }
    assert!((1..=20).all(|n| env.kaspa.balance(&recipients::kaspa(n)) == KAS));
    assert_eq!(env.kaspa.accepted().len(), 3);
}

#[test]
fn a_consolidation_waits_for_a_quiet_network_and_asks_no_limit() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[30_000_000; 12]);
    // A policy that lets next to nothing be paid does not matter: the money stays.
    env.set_policy(wallet.id, &open_rules(1, 205_801));
    env.kaspa.set_feerates(2_000, 1_000, 500);
    let args = ConsolidateArgs {
        wallet_id: wallet.id,
        kaspa_key: None,
        max_inputs: Some(10),
        coins: None,
        max_fee: None,
        idempotency_key: "tidy".into(),
    };
    let stranger = env.as_actor(Actor::Stranger).consolidate(&args).expect_err("a stranger");
    assert_eq!(stranger.code, "AUTH_FAILED");
    let outcome = env.as_actor(Actor::Agent).consolidate(&args).expect("an agent");
    let TransferOutcome::Accepted { transfer_id: id, .. } = outcome else { panic!("{outcome:?}") };
    let second = ConsolidateArgs { idempotency_key: "again".into(), ..args.clone() };
    assert_eq!(env.as_actor(Actor::Admin).consolidate(&second).expect_err("one at a time").code, "LIMIT_REACHED");
    for _ in 0..5 {
        env.step();
    }
    assert_eq!(env.as_actor(Actor::Agent).get_transfer(id).expect("it exists").status, Status::Reserved, "the network is busy");
    env.kaspa.set_feerates(200, 150, 100);
    let ended = env.wait_for_end(id);
    // Ten inputs and one output at the floor: 94 + 10 * 1,118 + 412 grams.
    assert_eq!((ended.status, ended.amount, ended.fee_paid), (Status::Confirmed, 0, Some(1_168_600)), "{ended:?}");
    assert_eq!(ended.to, wallet.kaspa_schnorr_address);
    assert!(details(&ended).consolidation);
    assert_eq!(env.kaspa.utxo_count(&wallet.kaspa_schnorr_address), 3);
    assert_eq!(env.kaspa.balance(&wallet.kaspa_schnorr_address), 12 * 30_000_000 - 1_168_600);
    let usage = usage_of(&env.as_actor(Actor::Agent).get_usage(wallet.id).expect("open"), Asset::Kas);
    assert_eq!((usage.posted, usage.reserved), (1_168_600, 0), "only the fee is spent");
}

#[test]
fn a_batch_that_needs_an_approval_is_held_as_one_transfer_that_people_see_whole() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[100 * KAS]);
    let approver = Principal::self_authenticating([21]);
    assert_eq!(env.as_actor(Actor::Admin).grant_role(approver, Role::Approver), Ok(Change::Applied));
    let group = Group { name: "ops".into(), members: vec![approver] };
    assert_eq!(env.as_actor(Actor::Admin).set_group(&group), Ok(Change::Applied));
    let approval = Rule::Approval {
        asset: Some(Asset::Kas),
        threshold: 10 * KAS,
        cumulative_24h: None,
        group: "ops".into(),
        quorum: 1,
        timeout_seconds: None,
        time_lock_seconds: 0,
    };
    env.set_policy(wallet.id, &[open_rules(40 * KAS, 50 * KAS), vec![approval]].concat());
    let args = batch(&wallet, &[(1, 6 * KAS), (2, 5 * KAS)], "large");
    let outcome = env.as_actor(Actor::Agent).batch_transfer(&args).expect("answered");
    let [id] = outcome.transfer_ids[..] else { panic!("one transfer: {outcome:?}") };
    assert_eq!(outcome.items, vec![ItemOutcome::Pending { transfer_id: id }; 2]);
    for _ in 0..3 {
        env.step();
    }
    let [question] = &env.as_actor(Actor::Stranger).list_approvals(Some(wallet.id))[..] else { panic!("one question") };
    assert_eq!(question.amount, "11 KAS");
    for (n, amount) in [(1, "6 KAS"), (2, "5 KAS")] {
        assert!(question.summary.contains(&format!("{} ({amount})", recipients::kaspa(n))), "{}", question.summary);
    }
    assert_eq!(question.transfer.status, Status::AwaitingApproval);
    env.as_principal(approver).approve_transfer(id, serde_bytes::Bytes::new(&question.intent_hash)).expect("asked");
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    assert_eq!([1, 2].map(|n| env.kaspa.balance(&recipients::kaspa(n))), [6 * KAS, 5 * KAS]);

    // Ten payments take two transactions, and a question is about one.
    let ten = batch(&wallet, &[(3, KAS + 1); 10], "ten");
    let refused = env.as_actor(Actor::Agent).batch_transfer(&ten).expect_err("too much for one question");
    let Some(ErrorDetail::Kaspa(KaspaError::ValidationError { field, problem })) = refused.detail else { panic!("{refused:?}") };
    assert_eq!((refused.code.as_str(), field.as_str()), ("VALIDATION_FAILED", "payments"));
    assert!(problem.contains("these take 2; the first 9"), "{problem}");
}

#[test]
fn kaspas_own_methods_say_what_is_wrong_in_kaspas_words() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[100 * KAS]);
    let detail = |error: Error| match error.detail {
        Some(ErrorDetail::Kaspa(detail)) => (error.code, detail),
        other => panic!("{other:?}"),
    };
    let mut nowhere = batch(&wallet, &[(1, KAS), (1, KAS)], "nowhere");
    nowhere.payments[1].to = "kaspasim:q".repeat(50);
    let (code, error) = detail(env.as_actor(Actor::Agent).batch_transfer(&nowhere).expect_err("no address"));
    let KaspaError::InvalidAddress { address, problem } = error else { panic!("{error:?}") };
    assert_eq!((code.as_str(), address.len()), ("VALIDATION_FAILED", 100));
    assert!(problem.starts_with("payments[1].to: "), "{problem}");
    let quoted = TransferArgs { to: "?".into(), ..kas(&wallet, KAS, "quoted") };
    let (_, error) = detail(env.as_actor(Actor::Agent).quote_transfer(&quoted).expect_err("no address"));
    assert!(matches!(error, KaspaError::InvalidAddress { .. }), "{error:?}");
    let sol = payment(wallet.id, Asset::Sol, 1, "sol");
    let (_, error) = detail(env.as_actor(Actor::Agent).quote_transfer(&sol).expect_err("no coins"));
    assert!(matches!(error, KaspaError::ValidationError { ref field, .. } if field == "asset"), "{error:?}");
    let counted = env.as_actor(Actor::Admin).get_metrics().expect("an admin");
    assert_eq!(counted.iter().find(|(name, _)| name == "refused_invalid_address").map(|(_, n)| *n), Some(2));
}
