//! Tokens: both programs, fees, new accounts, memos, and refusals.

use crate::support::{payment, rules, usage_of};
use devchains::solana::{Extension, Fault, Program};
use purser_it::recipients;
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::{
    Asset, MintText, ReasonCode, Rule, Scope, SolanaDetails, SolanaTransferParams, Status, Transfer, TransferArgs, TransferOutcome,
    TransferParams, Wallet, Window,
};

/// The rent of an account on the dev chain, in lamports: 5,080 for each byte and for 128 more.
const fn rent(bytes: u64) -> u64 {
    (128 + bytes) * 5_080
}

pub fn token(mint: &str) -> Asset {
    Asset::Spl { mint: MintText::new(mint) }
}

/// Creates a wallet with 1,000,000 base units of each token, of which it may pay 100,000 at a time and 500,000 a day.
pub fn wallet_with(env: &mut TestEnv, mints: &[&str]) -> Wallet {
    let mut rules = rules();
    for mint in mints {
        rules.push(Rule::PerTransaction { asset: token(mint), max: 100_000 });
        rules.push(Rule::SpendingLimit { asset: token(mint), window: Window::Rolling24h, max: 500_000 });
    }
    let wallet = env.wallet(&rules);
    mints.iter().for_each(|mint| env.solana.give_tokens(mint, wallet.solana_address(), 1_000_000));
    wallet
}

fn pay(env: &mut TestEnv, args: &TransferArgs) -> Transfer {
    let id = env.request_transfer(args);
    env.wait_for_end(id)
}

fn details(transfer: &Transfer) -> &SolanaDetails {
    transfer.solana().expect("a Solana transfer has details")
}

#[test]
fn tokens_of_both_programs_reach_a_new_recipient_and_then_the_same_again() {
    let mut env = TestEnv::new();
    for (number, program, bytes) in [(1, Program::Classic, 165), (2, Program::Token2022, 170)] {
        let key = |which: &str| format!("{which} {program:?}");
        let mint = env.solana.mint(number, program, 6, &[]);
        let wallet = wallet_with(&mut env, &[&mint]);
        let before = env.solana.balance(wallet.solana_address());
        let first = pay(&mut env, &payment(wallet.id, token(&mint), 70_000, &key("first")));
        assert_eq!(
            (first.status.name.as_str(), first.fee_paid),
            ("Confirmed", Some(5_000 + rent(bytes))),
            "{program:?}: {first:?}"
        );
        assert_eq!((details(&first).rent, details(&first).arrives), (rent(bytes), None));
        let second = pay(&mut env, &payment(wallet.id, token(&mint), 30_000, &key("second")));
        assert_eq!((second.status.name.as_str(), second.fee_paid), ("Confirmed", Some(5_000)), "the account is there: {second:?}");
        assert_eq!(env.solana.tokens(&mint, &recipients::solana(1)), Some(100_000));
        assert_eq!(env.solana.tokens(&mint, wallet.solana_address()), Some(900_000));
        assert_eq!(env.solana.balance(wallet.solana_address()), before - 10_000 - rent(bytes));
        let usages = env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets;
        let of_token = usage_of(&usages, token(&mint));
        assert_eq!((of_token.posted, of_token.reserved, of_token.remaining), (100_000, 0, Some(400_000)));
        let of_sol = usage_of(&usages, Asset::Sol);
        assert_eq!((of_sol.posted, of_sol.reserved), (10_000 + rent(bytes), 0), "the account counts against the limits of SOL");
        let listed = env.as_actor(Actor::Agent).refresh_solana_tokens(wallet.id).expect("an agent");
        assert_eq!(
            listed.iter().map(|holding| (holding.mint.as_str(), holding.amount)).collect::<Vec<_>>(),
            [(mint.as_str(), 900_000)]
        );
    }
}

/// The posted and the reserved amount of SOL.
fn sol_usage(env: &mut TestEnv, wallet: &Wallet) -> (u64, u64) {
    let of_sol = usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Sol);
    (of_sol.posted, of_sol.reserved)
}

#[test]
fn two_payments_to_one_new_recipient_cost_one_token_account() {
    let mut env = TestEnv::new();
    for (number, program, bytes) in [(1, Program::Classic, 165), (2, Program::Token2022, 170)] {
        let mint = env.solana.mint(number, program, 6, &[]);
        let wallet = wallet_with(&mut env, &[&mint]);
        let before = env.solana.balance(wallet.solana_address());
        let key = |n: u64| format!("{n} {program:?}");
        let ids = [1, 2].map(|n| env.request_transfer(&payment(wallet.id, token(&mint), 10_000 * n, &key(n))));
        let sent = ids.map(|id| env.wait_until(id, |transfer| transfer.status == Status::Submitted));
        assert!(sent.iter().all(|transfer| details(transfer).rent == rent(bytes)), "each is built to create it: {sent:?}");
        let ended = ids.map(|id| env.wait_for_end(id));
        assert_eq!(ended.clone().map(|transfer| transfer.status), [Status::Confirmed; 2], "{ended:?}");
        let paid = ended.clone().map(|transfer| transfer.fee_paid.expect("it is known"));
        assert_eq!(paid.iter().min(), Some(&5_000), "the other one had created it");
        let left = before - env.solana.balance(wallet.solana_address());
        assert_eq!((paid.iter().sum::<u64>(), left), (10_000 + rent(bytes), 10_000 + rent(bytes)));
        assert_eq!(ended.iter().map(|transfer| details(transfer).rent).sum::<u64>(), rent(bytes), "{ended:?}");
        assert_eq!(sol_usage(&mut env, &wallet), (left, 0), "the limits count what was paid");
    }
}

#[test]
fn a_token_account_that_somebody_else_has_created_by_then_costs_nothing() {
    let mut env = TestEnv::new();
    let mint = env.solana.mint(1, Program::Classic, 6, &[]);
    let wallet = wallet_with(&mut env, &[&mint]);
    let before = env.solana.balance(wallet.solana_address());
    env.solana.faults().next_at("sendTransaction", 1_000, Fault::DropSend);
    let id = env.request_transfer(&payment(wallet.id, token(&mint), 10_000, "late"));
    let sent = env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    assert_eq!(details(&sent).rent, rent(165));
    env.solana.give_tokens(&mint, &recipients::solana(1), 1);
    env.solana.faults().clear();
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid, details(&ended).rent), ("Confirmed", Some(5_000), 0), "{ended:?}");
    assert_eq!(before - env.solana.balance(wallet.solana_address()), 5_000);
    assert_eq!(sol_usage(&mut env, &wallet), (5_000, 0));
}

#[test]
fn while_no_provider_tells_what_a_token_account_cost_the_planned_rent_is_held_and_in_the_end_counted() {
    let mut env = TestEnv::local();
    let mint = env.solana.mint(1, Program::Classic, 6, &[]);
    let wallet = wallet_with(&mut env, &[&mint]);
    env.solana.faults().next_at("getTransaction", 100_000, Fault::Http500);
    let id = env.request_transfer(&payment(wallet.id, token(&mint), 10_000, "untold"));
    let asked = |transfer: &Transfer| transfer.note.as_ref().is_some_and(|note| note.contains("what it cost is not known yet"));
    let waiting = env.wait_until(id, asked);
    assert_eq!((waiting.status.name.as_str(), waiting.fee_paid), ("Submitted", None), "{waiting:?}");
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(5_000 + rent(165))), "{ended:?}");
    assert!(ended.note.as_ref().is_some_and(|note| note.starts_with("no provider told")), "{ended:?}");
}

/// The number of requested lists of token accounts.
fn list_requests(env: &TestEnv) -> usize {
    env.solana.calls().iter().filter(|method| *method == "getTokenAccountsByOwner").count()
}

#[test]
fn a_list_of_tokens_is_asked_for_once_a_minute() {
    let mut env = TestEnv::local();
    let mint = env.solana.mint(1, Program::Classic, 6, &[]);
    let wallet = wallet_with(&mut env, &[&mint]);
    let listed = |env: &mut TestEnv| env.as_actor(Actor::Agent).refresh_solana_tokens(wallet.id);
    let first = listed(&mut env).expect("an agent");
    let asked = list_requests(&env);
    assert_eq!((first.len(), listed(&mut env)), (1, Ok(first.clone())));
    assert_eq!(list_requests(&env), asked, "the answer is given again");
    // A question that fails is not repeated either.
    (0..13).for_each(|_| env.step());
    env.solana.faults().next_at("getTokenAccountsByOwner", 1_000, Fault::Http500);
    assert_eq!(listed(&mut env).expect_err("no answer").code, "PROVIDER_UNAVAILABLE");
    env.solana.faults().clear();
    let asked = list_requests(&env);
    assert_eq!(listed(&mut env).expect_err("too soon").code, "LIMIT_REACHED");
    assert_eq!(list_requests(&env), asked);
    (0..13).for_each(|_| env.step());
    assert_eq!(listed(&mut env), Ok(first));
}

#[test]
fn tokens_that_strangers_give_do_not_hide_those_that_are_used() {
    let mut env = TestEnv::local();
    let used = env.solana.mint(1, Program::Classic, 6, &[]);
    let wallet = wallet_with(&mut env, &[&used]);
    for number in 2..=250 {
        let dust = env.solana.mint(number, Program::Classic, 0, &[]);
        env.solana.give_tokens(&dust, wallet.solana_address(), 1);
    }
    let listed = env.as_actor(Actor::Agent).refresh_solana_tokens(wallet.id).expect("an agent");
    assert_eq!(listed.iter().map(|held| (held.mint.as_str(), held.amount)).collect::<Vec<_>>(), [(used.as_str(), 1_000_000)]);
}

#[test]
fn a_mint_that_takes_a_fee_shows_what_arrives() {
    let mut env = TestEnv::new();
    let mint = env.solana.mint(1, Program::Token2022, 6, &[Extension::TransferFee(100)]);
    let wallet = wallet_with(&mut env, &[&mint]);
    let ended = pay(&mut env, &payment(wallet.id, token(&mint), 50_000, "fee"));
    assert_eq!((ended.status.name.as_str(), details(&ended).arrives), ("Confirmed", Some(49_500)), "{ended:?}");
    assert_eq!(details(&ended).rent, rent(182));
    assert_eq!(env.solana.tokens(&mint, &recipients::solana(1)), Some(49_500));
    assert_eq!(env.solana.tokens(&mint, wallet.solana_address()), Some(950_000));
}

#[test]
fn mints_whose_extensions_change_a_transfer_are_refused_at_no_cost() {
    let mut env = TestEnv::new();
    let wallet = wallet_with(&mut env, &[]);
    for (number, extension, why) in
        [(1, 14, "transfer hook"), (2, 12, "permanent delegate"), (3, 26, "pausable"), (4, 99, "number 99")]
    {
        let mint = env.solana.mint(number, Program::Token2022, 6, &[Extension::Other(extension, 32)]);
        let mut rules = rules();
        rules.push(Rule::PerTransaction { asset: token(&mint), max: 9 });
        rules.push(Rule::SpendingLimit { asset: token(&mint), window: Window::Rolling24h, max: 9 });
        env.set_policy(wallet.id, &rules);
        let ended = pay(&mut env, &payment(wallet.id, token(&mint), 9, why));
        assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Failed", Some(0)), "{ended:?}");
        assert!(ended.note.as_ref().is_some_and(|note| note.contains(why)), "{ended:?}");
    }
    assert!(env.solana.received().is_empty(), "nothing was sent");
}

#[test]
fn a_memo_is_on_the_chain_with_its_payment() {
    let mut env = TestEnv::new();
    let mint = env.solana.mint(1, Program::Classic, 6, &[]);
    let wallet = wallet_with(&mut env, &[&mint]);
    let terms = SolanaTransferParams { memo: Some("invoice 17".into()), allow_off_curve: None };
    for (asset, amount) in [(Asset::Sol, SOL / 10), (token(&mint), 10)] {
        let args = TransferArgs {
            params: Some(TransferParams::Solana(terms.clone())),
            ..payment(wallet.id, asset, amount, &format!("{asset:?}"))
        };
        let ended = pay(&mut env, &args);
        assert_eq!((ended.status.name.as_str(), details(&ended).memo.as_deref()), ("Confirmed", Some("invoice 17")), "{ended:?}");
        let sent = env.solana.received().pop().expect("it was sent");
        assert!(sent.windows(10).any(|window| window == b"invoice 17"), "the memo is in the transaction");
    }
}

#[test]
fn what_is_no_wallet_gets_no_tokens() {
    let mut env = TestEnv::new();
    let mint = env.solana.mint(1, Program::Classic, 6, &[]);
    let wallet = wallet_with(&mut env, &[&mint]);
    // A token account named as if it were its owner: the money would be stuck in a nested account.
    env.solana.put_account(&recipients::solana(1), "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", &[1; 165]);
    let ended = pay(&mut env, &payment(wallet.id, token(&mint), 10, "nested"));
    assert_eq!(ended.note.as_deref(), Some("the recipient is a token account; pay the wallet that owns it instead"));
    let unknown = env.as_actor(Actor::Agent).transfer(&payment(wallet.id, token(&recipients::solana(7)), 10, "unknown"));
    assert!(matches!(unknown, Ok(TransferOutcome::Denied { .. })), "a token without rules is denied: {unknown:?}");
    let nonsense = env.as_actor(Actor::Agent).transfer(&payment(wallet.id, token("nonsense"), 10, "nonsense"));
    assert_eq!(nonsense.expect_err("no address").code, "VALIDATION_FAILED");
}

#[test]
fn tokens_that_are_not_there_fail_the_transfer_at_no_cost() {
    let mut env = TestEnv::new();
    let mint = env.solana.mint(1, Program::Classic, 6, &[]);
    let wallet = wallet_with(&mut env, &[&mint]);
    env.solana.give_tokens(&mint, wallet.solana_address(), 9);
    let ended = pay(&mut env, &payment(wallet.id, token(&mint), 10, "too much"));
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Failed", Some(0)), "{ended:?}");
    let note = format!("10 base units of the token {mint} are required; the wallet holds less");
    assert_eq!((ended.reason_code, ended.note), (Some(ReasonCode::InsufficientBalance), Some(note)));
}
