//! What the tools say about the policies of a real state.

use super::fixture::*;
use crate::access::Role;
use crate::base::{Amount, Asset, Chain, DAY_NS, HOUR_NS, Timestamp};
use crate::policy::{Counted, Decision, Mode, RateWindow, Rule, Scope, Severity, Window};
use crate::state::{ChangedDecision, DecisionCounts, Refusal};
use crate::transfer::{Outcome, TransferRequest};
use std::collections::BTreeMap;

const SCOPE: Scope = Scope::Wallet(WALLET);

fn denied(state: &mut TestState, request: TransferRequest, now: Timestamp) {
    match state.decide_transfer(agent(), request, now).unwrap() {
        (Some(decided), Outcome::Denied { .. }) => _ = state.commit(decided, now),
        other => panic!("not denied: {other:?}"),
    }
}

fn confirm(state: &mut TestState, id: crate::base::TransferId, fee: u64, now: Timestamp) {
    submit(state, id, now);
    let decided = state.decide_confirmed(id, Amount::new(fee), None);
    done(state, decided, now);
}

#[test]
fn a_policy_that_cannot_work_is_not_put_into_force() {
    let state = installed();
    let mut broken = rules(PER_TRANSACTION, DAILY);
    broken.remove(0);
    let lints = state.lint_policy(SCOPE, &broken, at(1));
    assert!(matches!(&lints[..], [lint] if lint.severity == Severity::Error && lint.rule_index.is_none()), "{lints:?}");
    let refused = state.decide_set_policy(admin(), WALLET, broken, at(1)).expect_err("refused");
    let Refusal::InvalidArgument { field: "rules", problem } = refused else { panic!("{refused:?}") };
    assert_eq!(problem, "rules speak about KAS, but none limits a single transfer, so every one is denied; add a PerTransaction");
    assert_eq!(state.lint_policy(SCOPE, &rules(PER_TRANSACTION, DAILY), at(1)), []);
}

#[test]
fn an_explanation_holds_every_scope_and_what_is_left() {
    let mut state = installed();
    let id = accepted(&mut state, sol(3_000_000, "a"), at(0));
    confirm(&mut state, id, 4_000, at(1));
    accepted(&mut state, sol(1_000_000, "b"), at(2));
    let explanation = state.explain_policy(WALLET, agent(), at(3)).unwrap();
    let scopes: Vec<Scope> = explanation.scopes.iter().map(|explained| explained.scope).collect();
    assert_eq!(scopes, [Scope::User(admin()), SCOPE, Scope::Agent { wallet: WALLET, agent: agent() }]);
    let wallet = &explanation.scopes[1];
    assert_eq!(wallet.policy.as_ref().map(|policy| policy.version), Some(1));
    let sol = wallet.budgets.iter().find(|budget| budget.posted != Amount::ZERO).expect("something was spent");
    let figures = [sol.limit, sol.posted, sol.reserved, sol.remaining].map(Amount::get);
    assert_eq!(figures, [DAILY, 3_004_000, 1_005_000, DAILY - 4_009_000]);
    assert_eq!(explanation.notes, ["The canister takes at most 60 requests of an agent per minute and 1200 per hour."]);
    assert!(matches!(state.explain_policy(WALLET, stranger(), at(3)), Err(Refusal::NotFound { .. })));

    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(4));
    done(&mut state, decided, at(4));
    assert!(matches!(state.mode(), Mode::Emergency { .. }));
    let notes = state.explain_policy(WALLET, agent(), at(5)).unwrap().notes;
    assert!(notes.iter().any(|note| note.contains("emergency mode")), "{notes:?}");
}

/// Four requests of SOL a day apart: 4 million confirmed, 6 million denied, 1 million cancelled, 2 million under way.
fn history() -> TestState {
    let mut state = installed();
    let id = accepted(&mut state, sol(4_000_000, "a"), at(0));
    confirm(&mut state, id, 5_000, at(1));
    denied(&mut state, sol(6_000_000, "b"), at(HOUR_NS));
    let id = accepted(&mut state, sol(1_000_000, "c"), at(2 * HOUR_NS));
    let decided = state.decide_cancel(agent(), id, None);
    done(&mut state, decided, at(2 * HOUR_NS + 1));
    accepted(&mut state, sol(2_000_000, "d"), at(3 * HOUR_NS));
    state
}

fn counts(allowed: u32, denied: u32) -> DecisionCounts {
    DecisionCounts { allowed, for_approval: 0, denied }
}

#[test]
fn the_policy_in_force_decides_the_past_as_it_did() {
    let state = history();
    let backtest = state.backtest(SCOPE, &rules(PER_TRANSACTION, DAILY), 30, at(4 * HOUR_NS)).unwrap();
    assert_eq!((backtest.was, backtest.becomes, backtest.changes), (counts(3, 1), counts(3, 1), vec![]));
    assert!(!backtest.truncated);
    assert_eq!(backtest.since, Timestamp::from_nanos(at(4 * HOUR_NS).nanos() - 30 * DAY_NS));
}

#[test]
fn a_draft_counts_what_it_lets_pass() {
    let state = history();
    // 4,005,000 spent, 6,000,000 denied then and allowed now, nothing of what was cancelled: 2,005,000 more are one too many.
    let draft = rules(10_000_000, 4_005_000 + 6_005_000 + 2_004_999);
    let backtest = state.backtest(SCOPE, &draft, 30, at(4 * HOUR_NS)).unwrap();
    assert_eq!((backtest.was, backtest.becomes), (counts(3, 1), counts(3, 1)));
    let changes: Vec<_> = backtest.changes.iter().map(|change| (change.request.amount.get(), change.was, change.becomes)).collect();
    assert_eq!(changes, [(6_000_000, Decision::Deny, Decision::Allow), (2_000_000, Decision::Allow, Decision::Deny)]);
    let ChangedDecision { why, agent: who, .. } = &backtest.changes[1];
    assert!(why.contains("0.002004999 SOL (2,004,999 lamports) are left") && *who == agent(), "{why}");
    let roomier = state.backtest(SCOPE, &rules(10_000_000, 4_005_000 + 6_005_000 + 2_005_000), 30, at(4 * HOUR_NS)).unwrap();
    assert_eq!(roomier.becomes, counts(4, 0));
}

#[test]
fn a_draft_of_another_scope_leaves_the_wallets_word_standing() {
    let state = history();
    let scope = Scope::Agent { wallet: WALLET, agent: agent() };
    let rate = [Rule::RateLimit { counted: Counted::Executions, window: RateWindow::Day, max: 2 }];
    let backtest = state.backtest(scope, &rate, 30, at(4 * HOUR_NS)).unwrap();
    assert_eq!((backtest.was, backtest.becomes), (counts(3, 1), counts(2, 2)), "the denied one stays denied and is no execution");
    let other = Scope::Agent { wallet: WALLET, agent: stranger() };
    assert_eq!(state.backtest(other, &rate, 30, at(4 * HOUR_NS)).unwrap().was, counts(0, 0), "somebody who asked for nothing");
    let owner = Scope::User(admin());
    let limit = [Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max: Amount::new(1) }];
    assert_eq!(state.backtest(owner, &limit, 30, at(4 * HOUR_NS)).unwrap().becomes, counts(0, 4));
}

#[test]
fn a_backtest_looks_back_so_far_and_no_further() {
    let state = history();
    let now = at(DAY_NS + 90 * crate::base::MINUTE_NS);
    let backtest = state.backtest(SCOPE, &rules(PER_TRANSACTION, DAILY), 1, now).unwrap();
    assert_eq!(backtest.was, counts(2, 0), "the requests of the second and third hour");
    for days in [0, 91] {
        assert!(matches!(state.backtest(SCOPE, &[], days, now), Err(Refusal::InvalidArgument { field: "days", .. })));
    }
    let nothing = state.backtest(SCOPE, &[], 30, now).unwrap();
    assert_eq!(nothing.becomes, counts(0, 4), "without a policy a wallet pays nobody");
}

#[test]
fn an_emergency_stays_in_the_past_it_belongs_to() {
    let mut state = installed();
    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(0));
    done(&mut state, decided, at(0));
    denied(&mut state, sol(1, "a"), at(1));
    let backtest = state.backtest(SCOPE, &rules(PER_TRANSACTION, DAILY), 1, at(2)).unwrap();
    assert_eq!((backtest.becomes, backtest.changes), (counts(0, 1), vec![]));
}

#[test]
fn every_version_of_a_policy_can_be_looked_up() {
    let mut state = installed();
    let (decided, version) = state.decide_set_policy(admin(), WALLET, rules(7, DAILY), at(5)).unwrap();
    state.commit(decided, at(5));
    assert_eq!(version, 2);
    let first = |version| state.policy_version(&SCOPE, version).map(|policy| policy.rules[0].clone());
    let per_transaction = |max| Some(Rule::PerTransaction { asset: Asset::Kas, max: Amount::new(max) });
    assert_eq!((first(1), first(2)), (per_transaction(PER_TRANSACTION), per_transaction(7)));
    assert_eq!((state.policy_version(&SCOPE, 3), state.policy_version(&SCOPE, 0)), (None, None));
    let since: Vec<_> = state.policy_versions_before(&SCOPE, None).map(|(policy, since)| (policy.version, since)).collect();
    assert_eq!(since, [(2, at(5)), (1, at(0))]);
}

#[test]
fn readiness_has_sixteen_items_that_follow_the_installation() {
    let mut state = installed();
    let failing = |state: &TestState, cycles| -> Vec<&'static str> {
        let items = state.production_readiness(cycles, 10, at(2));
        assert_eq!(items.len(), 16);
        items.into_iter().filter(|item| !item.passed).map(|item| item.name).collect()
    };
    assert_eq!(
        failing(&state, 10),
        ["rate_limits", "approval_gate", "private_rpc", "error_alerting", "backups", "key_storage", "admin_quorum"]
    );
    assert!(failing(&state, 9).contains(&"process_manager"));
    let decided = state.decide_grant_role(admin(), stranger(), Role::Auditor);
    done(&mut state, decided, at(1));
    let mut loose = rules(PER_TRANSACTION, DAILY);
    loose.push(Rule::RateLimit { counted: Counted::Executions, window: RateWindow::Hour, max: 5 });
    let solana = loose.iter().position(|rule| matches!(rule, Rule::Allowlist { chain: Chain::Solana, .. })).unwrap();
    loose[solana] = Rule::AnyAddress { chain: Chain::Solana };
    let (decided, _) = state.decide_set_policy(admin(), WALLET, loose, at(2)).unwrap();
    state.commit(decided, at(2));
    let lacking = ["allowlist", "approval_gate", "private_rpc", "error_alerting", "backups", "key_storage", "admin_quorum"];
    assert_eq!(failing(&state, 10), lacking, "an auditor alone keeps no copy");
    let (last, hash) = state.tip().unwrap();
    let decided = state.decide_archive(stranger(), last, hash, "tape 1".into(), None);
    done(&mut state, decided, at(3));
    assert!(!failing(&state, 10).contains(&"backups"));
    let reason =
        |now| state.production_readiness(10, 10, now).into_iter().map(|item| (item.name, item.reason)).collect::<BTreeMap<_, _>>();
    assert_eq!(reason(at(8 * DAY_NS))["backups"], "the newest confirmed copy of the log ends 7 days ago; make another");
    assert!(reason(at(3))["private_rpc"].contains("is not reached over https"), "{}", reason(at(3))["private_rpc"]);
    let late = Timestamp::from_nanos(60 * 366 * DAY_NS);
    assert!(state.production_readiness(10, 10, late).iter().any(|item| item.name == "time_zones" && !item.passed));
}
