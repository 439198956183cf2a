//! Tokens: their limits, their fees, and wrapped SOL.

use super::*;
use crate::policy::ReasonCode;

fn token(amount: u64, key: &str) -> TransferRequest {
    TransferRequest { asset: TOKEN, max_fee: Amount::new(FEE), ..sol(amount, key) }
}

/// The fixture's wallet with limits for the token as well: 1,000 at a time, 2,500 a day.
fn with_token() -> TestState {
    let mut state = installed();
    let mut rules = rules(PER_TRANSACTION, DAILY);
    rules.push(Rule::PerTransaction { asset: TOKEN, max: Amount::new(1_000) });
    rules.push(Rule::SpendingLimit { asset: TOKEN, window: Window::Rolling24h, max: Amount::new(2_500) });
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules, at(1)).unwrap();
    state.commit(decided, at(1));
    state
}

fn denied(state: &TestState, request: TransferRequest) -> Vec<(RuleKind, String)> {
    let (_, outcome) = state.decide_transfer(agent(), request, at(50)).unwrap();
    let Outcome::Denied { evaluation } = outcome else { panic!("not denied: {outcome:?}") };
    assert_eq!(evaluation.decision, Decision::Deny);
    evaluation.findings.into_iter().filter(|finding| !finding.passed).map(|finding| (finding.rule, finding.message)).collect()
}

#[test]
fn tokens_count_against_their_own_limit_and_their_costs_against_sols() {
    let mut state = with_token();
    let id = accepted(&mut state, token(900, "a"), at(2));
    assert_eq!((usage(&state, TOKEN), usage(&state, Asset::Sol)), ((900, 0), (FEE, 0)));
    submit(&mut state, id, at(3));
    let decided = state.decide_confirmed(id, Amount::new(1_493_440), None);
    done(&mut state, decided, at(4));
    assert_eq!((usage(&state, TOKEN), usage(&state, Asset::Sol)), ((0, 900), (0, 1_493_440)));
    let failed = accepted(&mut state, token(900, "b"), at(5));
    submit(&mut state, failed, at(6));
    let decided = state.decide_failed(failed, Amount::new(5_000), ReasonCode::TransactionFailed, "it failed");
    done(&mut state, decided, at(7));
    assert_eq!((usage(&state, TOKEN), usage(&state, Asset::Sol)), ((0, 900), (0, 1_498_440)));
    let cancelled = accepted(&mut state, token(1_000, "c"), at(8));
    let decided = state.decide_cancel(agent(), cancelled, None);
    done(&mut state, decided, at(9));
    assert_eq!((usage(&state, TOKEN), usage(&state, Asset::Sol)), ((0, 900), (0, 1_498_440)));
    replayed(&state);
}

#[test]
fn a_token_is_denied_by_its_own_limits_or_by_the_fees() {
    let mut state = with_token();
    assert_eq!(denied(&state, token(1_001, "a"))[0].0, RuleKind::PerTransaction);
    assert_eq!(
        denied(&state, TransferRequest { asset: Asset::Spl { mint: Mint([8; 32]) }, ..token(1, "a") }).len(),
        2,
        "no rules for it"
    );
    for key in ["a", "b"] {
        accepted(&mut state, token(1_000, key), at(2));
    }
    let findings = denied(&state, token(501, "c"));
    assert!(findings.len() == 1 && findings[0].1.contains("501"), "{findings:?}");
    // 20,000,000 a day: nine fees of 2,000,000 and 5,000,000 of SOL are too much.
    accepted(&mut state, token(100, "c"), at(3));
    for key in ["d", "e", "f"] {
        accepted(&mut state, sol(4_000_000, key), at(3));
    }
    let findings = denied(&state, token(100, "g"));
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(findings[0].0 == RuleKind::SpendingLimit && findings[0].1.contains("SOL"), "{findings:?}");
}

#[test]
fn a_new_policy_ends_what_it_denies_of_tokens() {
    let mut state = with_token();
    let id = accepted(&mut state, token(900, "a"), at(2));
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules(PER_TRANSACTION, DAILY), at(3)).unwrap();
    state.commit(decided, at(3));
    assert_eq!(state.transfer(id).unwrap().status, Status::Cancelled);
    assert_eq!((usage(&state, TOKEN), usage(&state, Asset::Sol)), ((0, 0), (0, 0)));
}

#[test]
fn wrapped_sol_is_sol_to_every_limit() {
    let mut state = with_token();
    let wrapped = Asset::Spl { mint: WRAPPED_SOL };
    let request = |amount| TransferRequest { asset: wrapped, ..token(amount, "w") };
    assert_eq!(denied(&state, request(PER_TRANSACTION + 1))[0].0, RuleKind::PerTransaction);
    let id = accepted(&mut state, request(PER_TRANSACTION), at(2));
    assert_eq!((usage(&state, wrapped), usage(&state, Asset::Sol)), ((PER_TRANSACTION + FEE, 0), (PER_TRANSACTION + FEE, 0)));
    submit(&mut state, id, at(3));
    let decided = state.decide_confirmed(id, Amount::new(5_000), None);
    done(&mut state, decided, at(4));
    assert_eq!(usage(&state, Asset::Sol), (0, PER_TRANSACTION + 5_000));
    let rules = vec![Rule::PerTransaction { asset: wrapped, max: Amount::new(1) }];
    let refusal = state.decide_set_policy(admin(), WALLET, rules, at(5)).err().unwrap();
    assert!(refusal.to_string().contains("wrapped SOL counts as SOL"), "{refusal}");
}

#[test]
fn the_fee_cap_of_tokens_has_room_for_a_token_account() {
    let mut state = with_token();
    let request = |max_fee| TransferRequest { max_fee: Amount::new(max_fee), ..token(1, "k") };
    // The fixture's cap of 10,000 and the default for rent.
    let most = 10_000 + 2_162_600;
    assert!(matches!(
        state.decide_transfer(agent(), request(most + 1), at(2)),
        Err(Refusal::InvalidArgument { field: "max_fee", .. })
    ));
    accepted(&mut state, request(most), at(2));
    assert!(
        state.decide_transfer(agent(), TransferRequest { max_fee: Amount::new(most), ..sol(1, "s") }, at(2)).is_err(),
        "not for SOL"
    );
}
