//! Denials by the policy, and their explanations.

use crate::support::{denial, payment, rules, usage_of};
use purser_it::recipients;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::{Asset, Decision, Mode, ReasonCode, RuleKind, Scope, Status, TransferArgs, TransferOutcome};

#[test]
fn denials_explain_themselves() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());

    let over = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL + 1, "over")));
    assert_eq!((over.rule, over.reason_code), (RuleKind::PerTransaction.into(), Some(ReasonCode::SpendingLimitExceeded)));
    assert_eq!((over.limit, over.suggested_max), (Some(SOL), Some(SOL)));

    let unlisted = TransferArgs { to: recipients::kaspa(2), ..payment(wallet.id, Asset::Kas, KAS, "unlisted") };
    let unlisted = denial(env.as_actor(Actor::Agent).transfer(&unlisted));
    assert_eq!((unlisted.rule, unlisted.reason_code), (RuleKind::Allowlist.into(), Some(ReasonCode::AddressNotAllowed)));

    let usage = env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets;
    assert!(usage.iter().all(|usage| usage.posted == 0 && usage.reserved == 0), "a denied request reserves nothing");
}

#[test]
fn the_simulation_gives_the_answer_of_the_transfer_and_changes_nothing() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    for (amount, expected) in [(SOL, Decision::Allow), (SOL + 1, Decision::Deny)] {
        let args = payment(wallet.id, Asset::Sol, amount, &format!("what-if-{amount}"));
        let before = env.as_actor(Actor::Admin).get_state_digest();
        let simulated = env.as_actor(Actor::Agent).simulate_transfer(&args).expect("an agent simulates");
        assert_eq!(simulated.decision, expected);
        assert_eq!(env.as_actor(Actor::Admin).get_state_digest(), before);
        let answer = match env.as_actor(Actor::Agent).transfer(&args) {
            Ok(TransferOutcome::Accepted { evaluation, .. } | TransferOutcome::Denied { evaluation }) => evaluation,
            other => panic!("{other:?}"),
        };
        assert_eq!(answer.decision, expected);
    }
}

#[test]
fn the_day_limit_holds_reserved_money_and_opens_again_after_a_day() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    for n in 0..2 {
        env.request_transfer(&payment(wallet.id, Asset::Sol, SOL, &format!("first-{n}")));
    }
    let third = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, SOL, "third")));
    assert_eq!((third.rule, third.reason_code), (RuleKind::SpendingLimit.into(), Some(ReasonCode::SpendingLimitExceeded)));
    let fits = third.suggested_max.expect("it says what would pass");
    assert!(fits > 0 && fits < SOL, "{fits}");
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, fits, "fits"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);

    env.network.ic().advance_time(std::time::Duration::from_secs(25 * 3600));
    env.step();
    let usage = usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Sol);
    assert_eq!(usage.posted, 0, "a day later nothing counts any more");
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL, "next-day"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
}

#[test]
fn an_emergency_stops_money_and_nothing_else() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    assert_eq!(env.as_actor(Actor::Guardian).start_emergency("drill"), Ok(()));
    let denied = denial(env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, 1_000_000, "now")));
    assert_eq!(denied.reason_code, Some(ReasonCode::EmergencyMode));
    assert!(matches!(env.as_actor(Actor::Stranger).get_mode(), Mode::Emergency { .. }));
    assert_eq!(env.as_actor(Actor::Admin).refresh_balances(wallet.id).expect("reads go on")[2].amount, 10 * SOL);
    assert_eq!(env.as_actor(Actor::Guardian).remove_agent(wallet.id, Actor::Agent.principal()), Ok(()), "revoking goes on");
    assert_eq!(env.as_actor(Actor::Guardian).end_emergency("over").expect_err("a guardian").code, "AUTH_FAILED");
    env.end_emergency();
    assert_eq!(env.as_actor(Actor::Stranger).get_mode(), Mode::Normal);
}

#[test]
fn a_policy_is_replaced_and_what_was_spent_stays_spent() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let id = env.request_transfer(&payment(wallet.id, Asset::Kas, 20 * KAS, "before"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    env.set_policy(wallet.id, &rules());
    let usage = usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Kas);
    assert!(usage.posted > 20 * KAS, "{usage:?}");
    let policy = env.as_actor(Actor::Stranger).get_policy(Scope::Wallet(wallet.id)).expect("open").value.expect("it has one");
    assert_eq!((policy.version, purser_it::recipients::as_submitted(policy.rules)), (2, rules()));
}
