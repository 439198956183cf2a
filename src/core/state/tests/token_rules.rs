//! Rules about tokens, in every tool that reads rules: what is counted, what is left, what is wrong, what would have been decided.

use super::fixture::*;
use crate::base::{Amount, Asset, Chain, HOUR_NS, Mint};
use crate::chains::solana::coin::WRAPPED_SOL;
use crate::governance::{Action, Rate};
use crate::policy::{AllowEntry, ApprovalRule, Decision, LimitKind, RecipientLimit, Rule, Scope, Severity, Window};
use crate::state::Refusal;
use crate::transfer::{Outcome, TransferRequest};

const TOKEN: Asset = Asset::Spl { mint: Mint([7; 32]) };
const WRAPPED: Asset = Asset::Spl { mint: WRAPPED_SOL };
const SCOPE: Scope = Scope::Wallet(WALLET);
const FEE: u64 = 2_000_000;

fn paid(asset: Asset, amount: u64, key: &str) -> TransferRequest {
    TransferRequest { asset, max_fee: Amount::new(FEE), ..sol(amount, key) }
}

fn token_limits(per_transaction: u64, daily: u64) -> [Rule; 2] {
    [
        Rule::PerTransaction { asset: TOKEN, max: Amount::new(per_transaction) },
        Rule::SpendingLimit { asset: TOKEN, window: Window::Rolling24h, max: Amount::new(daily) },
    ]
}

fn with_rules(extra: impl IntoIterator<Item = Rule>) -> Vec<Rule> {
    rules(PER_TRANSACTION, DAILY).into_iter().chain(extra).collect()
}

fn in_force(rules: Vec<Rule>) -> TestState {
    let mut state = installed();
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules, at(1)).unwrap();
    state.commit(decided, at(1));
    state
}

/// What the only denying rule says.
fn denial(state: &TestState, request: TransferRequest) -> String {
    let (_, outcome) = state.decide_transfer(agent(), request, at(50)).unwrap();
    let Outcome::Denied { evaluation } = outcome else { panic!("not denied: {outcome:?}") };
    let denials: Vec<_> = evaluation.denials().map(|finding| finding.message.clone()).collect();
    let [message] = &denials[..] else { panic!("{denials:?}") };
    message.clone()
}

#[test]
fn no_rule_and_no_rate_speaks_about_wrapped_sol() {
    let state = installed();
    let max = Amount::new(1_000);
    let limits = vec![RecipientLimit { asset: WRAPPED, per_transaction: Some(max), rolling_24h: None }];
    let entry = AllowEntry { limits, ..listed(recipient(Chain::Solana, 5)) };
    let approval = ApprovalRule {
        asset: Some(WRAPPED),
        threshold: max,
        cumulative_24h: None,
        group: "people".into(),
        quorum: 1,
        timeout_ns: HOUR_NS,
        time_lock_ns: 0,
    };
    let refused = [
        Rule::PerTransaction { asset: WRAPPED, max },
        Rule::SpendingLimit { asset: WRAPPED, window: Window::Rolling7d, max },
        Rule::ValueLimit { assets: [TOKEN, WRAPPED].into(), window: Window::Rolling24h, max },
        Rule::MinimumBalance { asset: WRAPPED, min: max },
        Rule::Allowlist { chain: Chain::Solana, entries: vec![entry], cool_down_ns: 0 },
        Rule::Approval(approval),
    ];
    for rule in refused {
        let refusal = state.decide_set_policy(admin(), WALLET, vec![rule.clone()], at(1)).err();
        assert!(refusal.is_some_and(|refusal| refusal.to_string().contains("wrapped SOL counts as SOL")), "{rule:?}");
    }
    let rate = Rate { asset: WRAPPED, value: max, per: max, expires_at: at(HOUR_NS) };
    let refusal = state.decide_change(admin(), Action::SetRate(rate), at(1)).err().unwrap();
    assert!(matches!(refusal, Refusal::InvalidArgument { field: "asset", .. }), "{refusal}");
}

#[test]
fn a_recipients_limit_of_sol_binds_wrapped_sol() {
    let limits = vec![RecipientLimit { asset: Asset::Sol, per_transaction: None, rolling_24h: Some(Amount::new(3_000)) }];
    let entries = vec![AllowEntry { limits, ..listed(recipient(Chain::Solana, 5)) }];
    let mut rules = rules(PER_TRANSACTION, DAILY);
    rules.retain(|rule| !matches!(rule, Rule::Allowlist { chain: Chain::Solana, .. }));
    rules.push(Rule::Allowlist { chain: Chain::Solana, entries, cool_down_ns: 0 });
    let mut state = in_force(rules);
    accepted(&mut state, paid(WRAPPED, 2_000, "a"), at(2));
    assert!(denial(&state, sol(1_001, "b")).contains("recipient's own limit"));
    accepted(&mut state, sol(1_000, "c"), at(3));
    assert!(denial(&state, paid(WRAPPED, 1, "d")).contains("recipient's own limit"));
}

#[test]
fn a_tokens_worth_counts_beside_the_worth_of_its_fee() {
    let value = Rule::ValueLimit { assets: [TOKEN, Asset::Sol].into(), window: Window::Rolling24h, max: Amount::new(1_000_000) };
    let mut state = installed();
    let expires_at = at(HOUR_NS);
    // A token is worth 500 millionths; a million lamports are worth 100,000.
    for (asset, value, per) in [(TOKEN, 500, 1), (Asset::Sol, 100_000, 1_000_000)] {
        let rate = Rate { asset, value: Amount::new(value), per: Amount::new(per), expires_at };
        let (decided, _) = state.decide_change(admin(), Action::SetRate(rate), at(1)).unwrap();
        state.commit(decided, at(1));
    }
    let extra = token_limits(10_000, 100_000).into_iter().chain([value]);
    let (decided, _) = state.decide_set_policy(admin(), WALLET, with_rules(extra), at(1)).unwrap();
    state.commit(decided, at(1));
    // 1,600 tokens and a fee of at most two million lamports are worth exactly a million.
    assert!(denial(&state, paid(TOKEN, 1_601, "a")).contains("worth 1.0005 units of account"));
    accepted(&mut state, paid(TOKEN, 1_600, "b"), at(2));
    assert!(denial(&state, paid(TOKEN, 1, "c")).contains("0 units of account are left"));
}

#[test]
fn what_is_left_of_a_token_is_said_in_its_base_units() {
    let mut state = in_force(with_rules(token_limits(1_000, 2_500)));
    accepted(&mut state, paid(TOKEN, 900, "a"), at(2));
    let budgets = state.budgets(SCOPE, at(3));
    let of = |asset: Asset| {
        let mut found = budgets.iter().filter(|budget| budget.kind == LimitKind::Units(asset, Window::Rolling24h));
        let budget = found.next().expect("a budget");
        (budget.limit.get(), budget.reserved.get())
    };
    assert_eq!((of(TOKEN), of(Asset::Sol)), ((2_500, 900), (DAILY, FEE)));
}

#[test]
fn a_policy_for_a_token_needs_a_limit_for_its_fees() {
    let state = installed();
    let tokens_only = |extra: Vec<Rule>| -> Vec<Rule> {
        let allowlist = Rule::AnyAddress { chain: Chain::Solana };
        token_limits(1_000, 2_500).into_iter().chain([allowlist]).chain(extra).collect()
    };
    let lints = state.lint_policy(SCOPE, &tokens_only(vec![]), at(1));
    assert!(
        lints.iter().any(|lint| lint.severity == Severity::Error && lint.problem.contains("pay their fees in SOL")),
        "{lints:?}"
    );
    assert!(state.decide_set_policy(admin(), WALLET, tokens_only(vec![]), at(1)).is_err(), "what cannot work is refused");
    let fees = |max| vec![Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max: Amount::new(max) }];
    assert_eq!(
        state.lint_policy(SCOPE, &tokens_only(fees(DAILY)), at(1)),
        vec![],
        "no PerTransaction of SOL: only fees are paid in it"
    );
    // The fixture's cap of 10,000 and the rent of an account.
    let lints = state.lint_policy(SCOPE, &tokens_only(fees(2_172_600)), at(1));
    assert!(
        lints.iter().any(
            |lint| lint.severity == Severity::Warning && lint.problem.contains("fee cap of 0.0021726 SOL (2,172,600 lamports)")
        ),
        "{lints:?}"
    );
}

#[test]
fn another_policy_would_have_counted_tokens_and_wrapped_sol_as_this_one_does() {
    let mut state = in_force(with_rules(token_limits(1_000, 2_500)));
    for (asset, amount, key) in [(TOKEN, 900, "a"), (TOKEN, 800, "b"), (WRAPPED, 4_000_000, "c"), (Asset::Sol, 3_000_000, "d")] {
        let request = if asset == Asset::Sol { sol(amount, key) } else { paid(asset, amount, key) };
        let id = accepted(&mut state, request, at(2));
        submit(&mut state, id, at(3));
        let decided = state.decide_confirmed(id, Amount::new(5_000), None);
        done(&mut state, decided, at(4));
    }
    let same = state.backtest(SCOPE, &with_rules(token_limits(1_000, 2_500)), 1, at(5)).unwrap();
    assert_eq!((same.becomes.allowed, same.changes.len()), (4, 0));
    // 900 and 800 of the token are more than 1,699; 4,005,000 of wrapped SOL leave too little of SOL for 3,005,000.
    let mut draft = rules(PER_TRANSACTION, 7_000_000);
    draft.extend(token_limits(1_000, 1_699));
    let tighter = state.backtest(SCOPE, &draft, 1, at(5)).unwrap();
    let changes: Vec<_> = tighter.changes.iter().map(|change| (change.request.asset, change.becomes)).collect();
    assert_eq!(changes, [(TOKEN, Decision::Deny), (Asset::Sol, Decision::Deny)]);
}

#[test]
fn a_token_has_a_minimum_balance_of_its_own() {
    let min = Amount::new(77);
    let mut state =
        in_force(with_rules(token_limits(1_000, 2_500).into_iter().chain([Rule::MinimumBalance { asset: TOKEN, min }])));
    let id = accepted(&mut state, paid(TOKEN, 900, "a"), at(2));
    let transfer = state.transfer(id).unwrap();
    assert_eq!(state.minimum_balance(&transfer, TOKEN), min);
    assert_eq!(
        state.minimum_balance(&transfer, Asset::Sol),
        state.settings().min_balance(Asset::Sol),
        "its fee leaves SOL's alone"
    );
}
