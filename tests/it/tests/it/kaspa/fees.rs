//! Fees and quotes.

use super::*;
use purser_types::{ErrorDetail, FeeSpeed, Status, TransferArgs, TransferParams};

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
            let args = TransferArgs { params: Some(TransferParams::of_kaspa(None, Some(speed))), ..kas(&wallet, 5 * KAS, &what) };
            let quote = env.as_actor(Actor::Agent).quote_kaspa_transfer(&args).expect("the chain answers");
            assert_eq!((quote.fee, quote.inputs, quote.dust), (fee, 1, 0), "{what}");
            // A simulation makes no outcalls, so it shows the last quote.
            let simulated = env.as_actor(Actor::Agent).simulate_transfer(&args).expect("it is allowed");
            assert_eq!(simulated.fee, Some(quote), "{what}");
            if rates[0] == 900 {
                let id = env.request_transfer(&args);
                let ended = env.wait_for_end(id);
                assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(fee)), "{what}: {ended:?}");
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
            let args = TransferArgs { params: Some(TransferParams::of_kaspa(None, Some(speed))), ..kas(&wallet, sompi, "quoted") };
            env.as_actor(Actor::Agent).quote_kaspa_transfer(&args).expect("the chain answers")
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
    let capped = TransferArgs {
        max_fee: Some(300_000),
        params: Some(TransferParams::of_kaspa(None, Some(FeeSpeed::Priority))),
        ..kas(&wallet, 11_000_000, "capped")
    };
    assert_eq!(env.as_actor(Actor::Agent).quote_kaspa_transfer(&capped).expect("possible").fee, 300_000, "the caller's cap");
    env.kaspa.set_feerates(101, 101, 101);
    let id = env.request_transfer(&kas(&wallet, 11_000_000, "paid"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(205_636)), "{ended:?}");
}

#[test]
fn a_quote_reckons_with_what_the_transfer_will_wait_for() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[]);
    env.kaspa.coinbase(wallet.kaspa_schnorr_address(), 100 * KAS);
    let first = kas(&wallet, 5 * KAS, "first");
    let quote = env.as_actor(Actor::Agent).quote_kaspa_transfer(&first).expect("the reward will be mature");
    assert_eq!((quote.fee, quote.inputs, quote.change, quote.waits), (203_600, 1, 95 * KAS - 203_600, true));
    let id = env.request_transfer(&first);
    env.kaspa.mine(1_010);
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    // The change is not accepted yet, and later too young for the usual look.
    let second = kas(&wallet, 7 * KAS, "second");
    let during = env.as_actor(Actor::Agent).quote_kaspa_transfer(&second).expect("the change will return");
    assert_eq!((during.change, during.waits), (88 * KAS - 2 * 203_600, true));
    let ended = env.wait_for_end(id);
    assert_eq!(ended.fee_paid, Some(quote.fee), "{ended:?}");
    let after = env.as_actor(Actor::Agent).quote_kaspa_transfer(&second).expect("the change has returned");
    assert_eq!((after.fee, after.change), (during.fee, during.change));
    let id = env.request_transfer(&second);
    assert_eq!(env.wait_for_end(id).fee_paid, Some(after.fee));
    let too_much =
        env.as_actor(Actor::Agent).quote_kaspa_transfer(&kas(&wallet, 88 * KAS, "too much")).expect_err("fees are missing");
    let balance = 88 * KAS - 2 * 203_600;
    let expected = ErrorDetail::InsufficientFunds {
        required: 88 * KAS,
        available: balance,
        immature: 0,
        reserved: 0,
        max: Some(balance - 162_400),
    };
    assert_eq!(too_much.detail, Some(expected), "young change counts");
}

#[test]
fn a_payment_of_everything_names_the_most_that_can_be_paid() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[137_000_000]);
    let all = env.as_actor(Actor::Agent).quote_kaspa_transfer(&kas(&wallet, 137_000_000, "all")).expect_err("the fee is missing");
    let Some(ErrorDetail::InsufficientFunds { max: Some(most), .. }) = all.detail else { panic!("{all:?}") };
    assert_eq!(most, 136_837_600);
    assert!(all.message.ends_with("at most this can be paid: 1.368376 KAS (136,837,600 sompi)"), "{}", all.message);
    let failed = env.request_transfer(&kas(&wallet, 137_000_000, "all"));
    let failed = env.wait_for_end(failed);
    let note = failed.note.expect("it says why");
    assert!(failed.status == Status::Failed && note.ends_with("1.368376 KAS (136,837,600 sompi)"), "{note}");
    let id = env.request_transfer(&kas(&wallet, most, "the most"));
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(162_400)), "{ended:?}");
    assert_eq!(env.kaspa.balance(wallet.kaspa_schnorr_address()), 0);
}

#[test]
fn a_quote_says_what_could_be_paid_instead() {
    let mut env = TestEnv::local();
    let wallet = wallet_of(&mut env, &[KAS]);
    let args = kas(&wallet, 5_000_000, "too small");
    let simulated = env.as_actor(Actor::Agent).simulate_transfer(&args).expect("it is allowed");
    let fee = simulated.fee.expect("the smallest transaction is quoted");
    assert_eq!((fee.observed_at, fee.inputs), (None, 1));
    let refused = env.as_actor(Actor::Agent).quote_kaspa_transfer(&args).expect_err("storage mass forbids it");
    assert_eq!(refused.code, "INVALID_AMOUNT");
    // 10^12 over amount and change, less 10^12 over a KAS, is at most 100,000 grams from this amount on.
    let expected = ErrorDetail::InvalidAmount { min: Some(10_116_236), max: None };
    assert_eq!(refused.detail, Some(expected));
    let rich = env.as_actor(Actor::Agent).quote_kaspa_transfer(&kas(&wallet, 2 * KAS, "too much")).expect_err("there is one KAS");
    let expected =
        ErrorDetail::InsufficientFunds { required: 2 * KAS, available: KAS, immature: 0, reserved: 0, max: Some(KAS - 162_400) };
    assert_eq!(rich.detail, Some(expected));
    // Too small a change, and too large a fee: the most that can go to the miner is what spending an input costs.
    for sompi in [98_837_600, 89_680_165] {
        let refused = env.as_actor(Actor::Agent).quote_kaspa_transfer(&kas(&wallet, sompi, "between")).expect_err("no change fits");
        let Some(ErrorDetail::InvalidAmount { min, max: Some(max) }) = refused.detail else { panic!("{refused:?}") };
        assert_eq!(min, Some(99_725_800));
        assert!(env.as_actor(Actor::Agent).quote_kaspa_transfer(&kas(&wallet, max, "below")).is_ok());
        assert!(env.as_actor(Actor::Agent).quote_kaspa_transfer(&kas(&wallet, max + 1, "not")).is_err());
    }
}
