//! Transfers that wait: no single provider stops one for ever, and each says why it waits.

use super::kaspa as kt;
use super::solana::{accounts, blockhash, ok, simulated, taken, to_submission, unknown, value};
use super::*;
use purser_core::policy::ReasonCode;

const AMOUNT: u64 = 50_000_000;
const RICH: u64 = 10_000_000_000;

/// A world with three providers of which two must agree.
fn three(max_unit_price: Option<u64>) -> World {
    let mut config = config(1);
    config.chains.solana.providers.push("http://127.0.0.1:13".into());
    (config.chains.solana.quorum, config.chains.solana.max_unit_price) = (Some(2), max_unit_price);
    World::configured(config)
}

macro_rules! at {
    ($port:literal, $method:literal) => {
        concat!("http://127.0.0.1:", $port, " {\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"", $method, "\"")
    };
}

const FAILS: &str = r#"{"err":{"InstructionError":[0,{"Custom":1}]},"unitsConsumed":150}"#;
const WORKS: &str = r#"{"err":null,"unitsConsumed":150}"#;

fn says(provider: &'static str, result: &'static str) -> Step {
    one(provider, move |_| value(9, result))
}

/// The reads of the accounts, in which the third provider limits the rate and backs off from then on.
fn limited_third() -> Vec<Step> {
    vec![
        all(at!("13", "getMultipleAccounts"), |_| Ok((429, "slower".into()))),
        accounts(RICH, Some(RICH)),
        accounts(RICH, Some(RICH)),
    ]
}

#[test]
fn a_failed_simulation_is_final_when_another_provider_says_the_same() {
    let world = three(None);
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let script = limited_third().into_iter();
    let script = script.chain([says(at!("11", "simulateTransaction"), FAILS), says(at!("12", "simulateTransaction"), FAILS)]);
    assert_eq!(world.drive(id, 2, script.collect()), Progress::Ended);
    let transfer = world.transfer(id);
    assert_eq!((transfer.status, world.usage(Asset::Sol)), (Status::Failed, (0, 0)));
    assert_eq!(transfer.code, Some(ReasonCode::SimulationFailed));
    assert_eq!(transfer.note.as_deref(), Some(r#"the simulation failed: {"InstructionError":[0,{"Custom":1}]}"#));
}

#[test]
fn a_failed_simulation_that_another_provider_does_not_see_is_tried_again() {
    let world = three(None);
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let script = limited_third().into_iter();
    let script = script.chain([says(at!("11", "simulateTransaction"), FAILS), says(at!("12", "simulateTransaction"), WORKS)]);
    assert!(matches!(world.drive(id, 2, script.collect()), Progress::Transient(_)));
    assert_eq!(
        (world.status(id), &world.why(id)[..]),
        (Status::Reserved, "providers disagree about the simulation; it is tried again")
    );
    let rest = vec![accounts(RICH, Some(RICH)), accounts(RICH, Some(RICH)), says(at!("12", "simulateTransaction"), WORKS)];
    let rest = rest.into_iter().chain([blockhash(1), signing(KeyKind::Solana), taken()]);
    assert_eq!(world.drive(id, 1, rest.collect()), Progress::Waiting);
}

#[test]
fn a_failed_simulation_is_not_final_while_no_other_provider_answers() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let failing = || says(at!("11", "simulateTransaction"), FAILS);
    let answers: [fn() -> Answer; 3] = [
        lost,
        || Ok((200, r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no such method"}}"#.into())),
        || Ok((429, "slower".into())),
    ];
    for (n, second) in (0..).zip(answers) {
        let script = vec![accounts(RICH, Some(RICH)), failing(), one(at!("12", "simulateTransaction"), move |_| second())];
        let progress = world.drive(id, 2 * n, script);
        assert!(matches!(progress, Progress::Transient(_)), "{progress:?}");
        assert_eq!(world.status(id), Status::Reserved);
        assert!(world.why(id).starts_with("one provider says that the transaction would fail"), "{}", world.why(id));
    }
    // The provider is not asked at all now, and that is no failure.
    let progress = world.drive(id, 0, vec![accounts(RICH, Some(RICH)), failing()]);
    assert!(matches!(progress, Progress::RateLimited(_)), "{progress:?}");
}

#[test]
fn a_single_provider_reports_twice_that_the_transaction_would_fail() {
    let mut config = config(1);
    config.chains.solana.providers.pop();
    let world = World::configured(config);
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    let failing = || says(at!("11", "simulateTransaction"), FAILS);
    assert_eq!(world.drive(id, 0, vec![accounts(RICH, Some(RICH)), failing(), failing()]), Progress::Ended);
    assert_eq!(world.status(id), Status::Failed);
}

#[test]
fn a_simulation_that_does_not_tell_its_units_stops_nothing() {
    for untold in [r#"{"err":null}"#, r#"{"err":null,"unitsConsumed":null}"#, r#"{"err":null,"unitsConsumed":"150"}"#] {
        let world = World::new();
        let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
        let mut script = to_submission(1);
        script[1] = one("simulateTransaction", move |_| value(9, untold));
        assert_eq!(world.drive(id, 0, script), Progress::Waiting, "{untold}");
        assert_eq!(world.status(id), Status::Submitted);
    }
}

#[test]
fn without_reported_units_the_limit_is_the_default_of_the_message() {
    let world = three(Some(1_000_000));
    let id = world.request_of(Asset::Sol, AMOUNT, KeyKind::Solana, 7_000);
    let prices = || one("getRecentPrioritizationFees", |_| ok(r#"[{"slot":1,"prioritizationFee":100000}]"#));
    let script = vec![
        accounts(RICH, Some(RICH)),
        accounts(RICH, Some(RICH)),
        one("simulateTransaction", |_| value(9, r#"{"err":null}"#)),
        prices(),
        blockhash(1),
        signing(KeyKind::Solana),
        taken(),
    ];
    assert_eq!(world.drive(id, 0, script), Progress::Waiting);
    let built = world.transfer(id).built.unwrap();
    let plan = sol::describe_message(&built.unsigned).unwrap();
    assert_eq!(plan.budget, Some(sol::Budget { limit: 9_000, price: 100_000 }));
    assert_eq!(built.fee, Amount::new(5_900));
}

#[test]
fn a_waiting_transfer_says_why_in_every_status_on_solana() {
    let world = World::new();
    let id = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert_eq!(world.why(id), "it waits to be built");
    assert!(matches!(world.drive(id, 0, vec![all("getMultipleAccounts", |_| Ok((500, String::new())))]), Progress::Transient(_)));
    assert_eq!(world.why(id), "Solana: HTTP status 500; it is tried again");
    let script = vec![accounts(RICH, Some(RICH)), simulated(), blockhash(1), Step::SignLost];
    assert!(matches!(world.drive(id, 1, script), Progress::Transient(_)));
    assert_eq!((world.status(id), &world.why(id)[..]), (Status::Built, "Signature request expired; it is tried again"));
    world.emergency(true);
    assert_eq!(world.drive(id, 1, vec![]), Progress::Blocked);
    assert_eq!(world.why(id), "an emergency is on; it waits for that to end");
    world.emergency(false);
    assert_eq!(world.drive(id, 1, vec![signing(KeyKind::Solana), taken()]), Progress::Waiting);
    assert_eq!(world.why(id), "it was sent and waits for the chain to make it final");
    let pending = r#"[{"slot":48,"confirmations":1,"err":null,"status":{},"confirmationStatus":"confirmed"}]"#;
    assert_eq!(world.drive(id, 0, vec![all("getSignatureStatuses", move |_| value(60, pending))]), Progress::Waiting);
    assert_eq!(world.why(id), "it is in a block that is not final yet");
    assert!(matches!(world.drive(id, 0, vec![all("getSignatureStatuses", |_| lost())]), Progress::Transient(_)));
    assert_eq!(world.why(id), "Canister http request timed out; it is tried again");
    let height = || super::solana::height(1_000);
    assert_eq!(world.drive(id, 0, vec![unknown(9), height(), height(), taken()]), Progress::Waiting);
    assert_eq!(world.why(id), "it was sent and waits for the chain to make it final", "what was in the way is over");
    assert_eq!(world.drive(id, 0, vec![super::solana::finalized("null")]), Progress::Ended);
    assert_eq!(crate::flows::why_waiting(&world.transfer(id)), None, "what has ended waits for nothing");
}

#[test]
fn a_waiting_transfer_says_why_on_kaspa() {
    let world = World::new();
    let id = world.request(Asset::Kas, 100_000_000, KeyKind::KaspaSchnorr);
    assert_eq!(world.why(id), "it waits to be built");
    let coins = kt::utxos(KeyKind::KaspaSchnorr, &[(1, 1_000_000_000)]);
    assert!(matches!(world.drive(id, 0, vec![kt::dag(5_000), kt::fee(100), coins, Step::SignLost]), Progress::Transient(_)));
    assert_eq!((world.status(id), &world.why(id)[..]), (Status::Built, "Signature request expired; it is tried again"));
    assert_eq!(world.drive(id, 0, vec![signing(KeyKind::KaspaSchnorr), kt::taken()]), Progress::Waiting);
    assert_eq!(world.why(id), "it was sent and waits for the chain to make it final");
}

#[test]
fn a_transfer_that_waits_for_the_money_of_others_says_so() {
    let world = World::new();
    let first = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert_eq!(world.drive(first, 0, to_submission(1)), Progress::Waiting);
    let second = world.request(Asset::Sol, AMOUNT, KeyKind::Solana);
    assert_eq!(world.drive(second, 0, vec![accounts(AMOUNT + 5_000 + 890_880, Some(RICH))]), Progress::Blocked);
    assert_eq!(world.why(second), "the wallet's other transfers under way may take the money; it waits for them to end");
}
