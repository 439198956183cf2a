//! Lint, explanation, comparison and backtest of policies.

use crate::support::{payment, rules};
use purser_it::recipients;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::{
    Asset, Counted, Decision, DecisionCounts, LimitKind, RateWindow, Rule, RuleChange, Scope, Severity, Status, TransferOutcome,
    Window,
};

fn agent_of(wallet: u64) -> Scope {
    Scope::Agent { wallet_id: wallet, agent: Actor::Agent.principal() }
}

#[test]
fn a_draft_that_cannot_work_is_named_and_not_put_into_force() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let scope = Scope::Wallet(wallet.id);
    let mut draft = rules();
    draft.push(Rule::Approval {
        asset: None,
        threshold: 0,
        cumulative_24h: None,
        group: "treasury".into(),
        quorum: 1,
        timeout_seconds: None,
        time_lock_seconds: 0,
    });
    draft.push(Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling7d, max: 2 * SOL });
    let lints = env.as_actor(Actor::Admin).lint_policy(scope, &draft).expect("an admin tries out");
    let found: Vec<_> = lints.iter().map(|lint| (lint.severity, lint.rule_index, lint.problem.as_str())).collect();
    assert_eq!(
        found,
        [
            (Severity::Error, Some(6), "there is no group treasury, so nobody can approve"),
            (
                Severity::Warning,
                Some(1),
                "this rule never decides anything: the limit of 2 SOL (2,000,000,000 lamports) per rolling 7 days is always stricter"
            ),
        ]
    );
    let refused = env.as_actor(Actor::Admin).set_policy(scope, None, &draft).expect_err("it cannot work");
    assert_eq!(refused.code, "VALIDATION_FAILED");
    assert!(refused.message.contains("rules[6]: there is no group treasury"), "{}", refused.message);
    assert_eq!(env.as_actor(Actor::Admin).lint_policy(scope, &rules()), Ok(Vec::new()));
    let stranger = env.as_actor(Actor::Stranger).lint_policy(scope, &draft).expect_err("no role");
    assert_eq!(stranger.code, "AUTH_FAILED");
}

#[test]
fn an_agent_reads_what_binds_it_and_what_is_left() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let id = env.request_transfer(&payment(wallet.id, Asset::Kas, 20 * KAS, "rent"));
    let fee = env.wait_for_end(id).fee_paid.expect("paid");
    let explanation = env.as_actor(Actor::Agent).explain_policy(wallet.id, None).expect("an agent");
    let scopes: Vec<Scope> = explanation.scopes.iter().filter_map(|explained| explained.scope.value).collect();
    assert_eq!(scopes, [Scope::User(Actor::Admin.principal()), Scope::Wallet(wallet.id), agent_of(wallet.id)]);
    let ours = &explanation.scopes[1];
    assert_eq!(ours.version, Some(1));
    assert_eq!(ours.rules[0], "One transfer sends at most 1 SOL.");
    assert_eq!(ours.rules[4], "At most 50 KAS may leave per rolling 24 hours, fees included.");
    assert_eq!(ours.rules[5], format!("On Kaspa only these are paid: {}.", recipients::kaspa(1)));
    let kas = &ours.budgets[1];
    assert_eq!(kas.counting, LimitKind::Units { asset: Asset::Kas, window: Window::Rolling24h });
    assert_eq!((kas.limit, kas.posted, kas.reserved), (50 * KAS, 20 * KAS + fee, 0));
    assert_eq!(kas.remaining, 30 * KAS - fee);
    assert_eq!(env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").budgets, ours.budgets);
    let nobody = env.as_actor(Actor::Stranger).explain_policy(wallet.id, None).expect_err("no agent");
    assert_eq!(nobody.code, "NOT_FOUND");
}

#[test]
fn versions_are_kept_and_compared() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let scope = Scope::Wallet(wallet.id);
    let mut tighter = rules();
    tighter[0] = Rule::PerTransaction { asset: Asset::Sol, max: SOL / 2 };
    tighter.push(Rule::RateLimit { counted: Counted::Executions, window: RateWindow::Hour, max: 5 });
    env.set_policy(wallet.id, &tighter);
    let mut open = env.as_actor(Actor::Stranger);
    let versions: Vec<u64> = open.list_policy_versions(scope, None, None).items.iter().map(|past| past.policy.version).collect();
    assert_eq!(versions, [2, 1]);
    assert_eq!(open.list_policy_versions(scope, Some(2), Some(5)).items.len(), 1);
    let current = open.get_policy(scope).expect("the wallet exists");
    assert_eq!((current.version, current.value.map(|policy| policy.rules.len())), (2, Some(tighter.len())));
    let diff = open.diff_policies(scope, 1, 2).expect("both exist");
    assert_eq!((diff.removed, diff.widens), (Vec::new(), false));
    assert_eq!(diff.added, [tighter[6].clone()]);
    let [RuleChange { old, new }] = &diff.changed[..] else { panic!("one rule: {:?}", diff.changed) };
    assert!(*old == rules()[0] && *new == tighter[0], "{old:?} {new:?}");
    assert_eq!((new.kind.as_str(), new.description.as_str()), ("PerTransaction", "One transfer sends at most 0.5 SOL."));
    assert!(open.diff_policies(scope, 2, 1).expect("both exist").widens, "the way back");
    assert!(open.diff_policies(scope, 0, 1).expect("from nothing").widens);
    assert_eq!(open.diff_policies(scope, 1, 3).expect_err("no third").code, "NOT_FOUND");
}

#[test]
fn a_draft_is_tried_on_the_requests_of_the_past() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let scope = Scope::Wallet(wallet.id);
    let id = env.request_transfer(&payment(wallet.id, Asset::Sol, SOL, "large"));
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    env.request_transfer(&payment(wallet.id, Asset::Sol, SOL / 10, "small"));
    let over = env.as_actor(Actor::Agent).transfer(&payment(wallet.id, Asset::Sol, 2 * SOL, "over"));
    assert!(matches!(over, Ok(TransferOutcome::Denied { .. })), "{over:?}");

    let same = env.as_actor(Actor::Admin).backtest_policy(scope, &rules(), 30).expect("an admin tries out");
    assert_eq!((same.was, same.becomes), (DecisionCounts { allowed: 2, for_approval: 0, denied: 1 }, same.was));
    assert!(same.changes.is_empty() && !same.truncated, "{same:?}");

    let mut draft = rules();
    draft[0] = Rule::PerTransaction { asset: Asset::Sol, max: SOL / 2 };
    let before = env.as_actor(Actor::Admin).get_state_digest();
    let tested = env.as_actor(Actor::Admin).backtest_policy(scope, &draft, 30).expect("an admin tries out");
    assert_eq!(env.as_actor(Actor::Admin).get_state_digest(), before);
    assert_eq!(tested.becomes, DecisionCounts { allowed: 1, for_approval: 0, denied: 2 });
    let [change] = &tested.changes[..] else { panic!("{tested:?}") };
    assert_eq!((change.amount, change.was, change.becomes), (SOL, Decision::Allow, Decision::Deny));
    assert_eq!((change.agent, change.to.as_str()), (Actor::Agent.principal(), recipients::solana(1).as_str()));
    assert!(change.why.contains("exceeds the limit of 0.5 SOL (500,000,000 lamports)"), "{}", change.why);
    let stranger = env.as_actor(Actor::Stranger).backtest_policy(scope, &draft, 30).expect_err("no role");
    assert_eq!(stranger.code, "AUTH_FAILED");
}

#[test]
fn the_checklist_says_what_is_missing_before_real_money() {
    let mut env = TestEnv::new();
    env.wallet(&rules());
    let items = env.as_actor(Actor::Guardian).production_readiness().expect("a member");
    assert_eq!(items.len(), 16);
    let passed = |name: &str| items.iter().find(|item| item.name == name).map(|item| item.passed);
    for (name, expected) in [("allowlist", true), ("spending_limits", true), ("approval_gate", false), ("key_storage", false)] {
        assert_eq!(passed(name), Some(expected), "{items:?}");
    }
    assert_eq!(env.as_actor(Actor::Stranger).production_readiness().expect_err("no role").code, "AUTH_FAILED");
}
