//! Tests of several policies at once, of the mode and of the checks before any rule.

use super::fixture::*;
use crate::base::{Amount, Asset, SessionId, WalletId};
use crate::policy::Mode;
use crate::policy::*;

const PARENT: Scope = Scope::Wallet(WalletId::new(2));

fn scopes() -> [Scope; 4] {
    [Scope::User(agent()), PARENT, Scope::Agent { wallet: WALLET, agent: agent() }, Scope::Session(SessionId::new(1))]
}

#[test]
fn the_strictest_scope_wins_whichever_it_is() {
    for scope in scopes() {
        let tight = World::new(open()).with(scope, vec![per_transaction(Asset::Sol, 10)]);
        assert_eq!(verdict(&tight.sol(10, 0)), ALLOWED, "{scope}");
        let denied = denial(&tight.sol(11, 0));
        assert_eq!((denied.scope, denied.rule_index, denied.limit), (Some(scope), Some(0), Some(Amount::new(10))), "{scope}");
        let loose = World::new(open_but([per_transaction(Asset::Sol, 10)])).with(scope, open());
        let denied = denial(&loose.sol(11, 0));
        assert_eq!((denied.scope, denied.rule), (None, RuleKind::PerTransaction), "{scope} cannot loosen what the wallet demands");
    }
}

#[test]
fn only_the_paying_wallets_policy_has_to_speak() {
    for scope in scopes() {
        let silent = World::new(open()).with(scope, vec![per_transaction(Asset::Kas, 1)]);
        assert_eq!(verdict(&silent.sol(1_000, 0)), ALLOWED, "{scope}");
        let speaks_for_nobody = World::new(Vec::new()).with(scope, open());
        assert_eq!(speaks_for_nobody.sol(1, 0).decision, Decision::Deny, "{scope} cannot allow in the wallet's place");
    }
}

#[test]
fn every_scope_counts_for_itself() {
    for scope in scopes() {
        let day = || vec![limit(Asset::Sol, Window::Rolling24h, 100)];
        let world = World::new(open()).with(scope, day()).posted(CounterKey::units(scope, Asset::Sol), 100, at(0));
        assert_eq!(verdict(&world.sol(1, 0)), OVER_TIME, "{scope}");
        let world = World::new(open()).with(scope, day()).posted(CounterKey::units(PAYING, Asset::Sol), 100, at(0));
        assert_eq!(verdict(&world.sol(1, 0)), ALLOWED, "{scope} has spent nothing");
    }
}

#[test]
fn nothing_leaves_in_an_emergency_or_from_a_deactivated_wallet() {
    let mut world = World::new(open());
    world.context.mode = Mode::Emergency { since: at(0) };
    assert_eq!(verdict(&world.sol(1, 0)), Err((RuleKind::Mode, ReasonCode::EmergencyMode)));
    assert!(!world.sol(1, 0).is_agent_fault());
    world.context.mode = Mode::Normal;
    world.context.wallet_active = false;
    assert_eq!(verdict(&world.sol(1, 0)), Err((RuleKind::Wallet, ReasonCode::WalletDraining)));
}

#[test]
fn limits_of_money_are_reduced_after_an_emergency_and_rounded_down() {
    let rules = open_but([per_transaction(Asset::Sol, 99), limit(Asset::Sol, Window::Rolling24h, 199)]);
    let mut world = World::new(rules).reserved(CounterKey::units(PAYING, Asset::Sol), 10);
    world.context.mode = Mode::Limited { since: at(0), percent: 10 };
    assert_eq!(verdict(&world.sol(9, 0)), ALLOWED, "9 of 9 at once, 19 of 19 a day");
    assert_eq!(verdict(&world.sol(9, 1)), OVER_TIME);
    assert_eq!(denial(&world.clone().at(at(0)).sol(9, 1)).limit, Some(Amount::new(19)));
    let over = world.sol(10, 0);
    assert_eq!(over.denials().map(|finding| finding.limit).collect::<Vec<_>>(), [Some(Amount::new(9)), Some(Amount::new(19))]);
}

#[test]
fn a_session_is_demanded_where_the_policy_says_so() {
    let mut world = World::new(open_but([Rule::RequireSession]));
    assert_eq!(verdict(&world.sol(1, 0)), Err((RuleKind::Session, ReasonCode::PolicyDenied)));
    world.context.in_session = true;
    assert_eq!(verdict(&world.sol(1, 0)), ALLOWED);
}

#[test]
fn a_minimum_balance_is_no_matter_of_the_request() {
    let world = World::new(open_but([Rule::MinimumBalance { asset: Asset::Sol, min: Amount::MAX }]));
    assert_eq!(verdict(&world.sol(1, 0)), ALLOWED);
}
