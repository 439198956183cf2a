//! Batches on Solana: division into transactions, denials, landing, and approvals.

use crate::solana::providers::three_providers;
use crate::solana::tokens::token;
use crate::support::{batch_of, rules, usage_of};
use candid::Principal;
use devchains::solana::{Fault, Program};
use purser_core::chains::solana::{Address, TokenProgram, derived};
use purser_it::recipients;
use purser_it::test_env::{Actor, SOL, TestEnv};
use purser_types::{
    Asset, BatchArgs, BatchOutcome, Chain, Change, Group, ItemOutcome, Payment, PaymentParams, Role, Rule, Scope, Status, Transfer,
    Wallet, Window,
};
use serde_json::{Value, json};

/// The rent of a token account of 165 bytes on the dev chain, in lamports: 5,080 for each byte and for 128 more.
const TOKEN_RENT: u64 = (128 + 165) * 5_080;

fn batch(wallet: &Wallet, asset: Asset, payments: &[(u8, u64)], key: &str) -> BatchArgs {
    let payments = payments.iter().map(|(n, amount)| Payment::new(recipients::solana(*n), *amount)).collect();
    BatchArgs { asset, ..batch_of(wallet, payments, key) }
}

/// Creates a wallet that may pay recipients 1 to 40 and a vault, and of a token 1,000 base units at a time and a day.
fn wallet_with(env: &mut TestEnv, mint: Option<&str>, more: Vec<Rule>) -> Wallet {
    let mut rules: Vec<Rule> =
        rules().into_iter().filter(|rule| !matches!(rule, Rule::Allowlist { chain: Chain::Solana, .. })).collect();
    rules.push(recipients::allowlist(Chain::Solana, (1..=40).map(recipients::solana).chain([program_address()])));
    if let Some(mint) = mint {
        rules.push(Rule::PerTransaction { asset: token(mint), max: 1_000 });
        rules.push(Rule::SpendingLimit { asset: token(mint), window: Window::Rolling24h, max: 1_000 });
    }
    rules.extend(more);
    let wallet = env.wallet(&rules);
    if let Some(mint) = mint {
        env.solana.give_tokens(mint, wallet.solana_address(), 5_000);
    }
    wallet
}

/// An address that a program derives, without a private key.
fn program_address() -> String {
    token_account(&recipients::solana(1), &recipients::solana(2), TokenProgram::Classic)
}

fn token_account(owner: &str, mint: &str, program: TokenProgram) -> String {
    let address = |text: &str| Address::parse(text).expect("an address");
    derived::token_account(&address(owner), &address(mint), program).expect("one of 256 is off the curve").to_string()
}

/// The batch with memos, each at the position of its payment.
fn with_memos(mut args: BatchArgs, memos: &[(usize, &str)]) -> BatchArgs {
    memos.iter().for_each(|(at, memo)| args.payments[*at].params = Some(PaymentParams::of_solana(Some(memo), None)));
    args
}

/// The log messages of a landed transaction's programs.
fn logs(env: &TestEnv, transfer: &Transfer) -> Vec<String> {
    let params = json!([transfer.txid.as_ref().expect("it was signed"), { "commitment": "confirmed" }]);
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "getTransaction", "params": params }).to_string();
    let mut answer = ureq::post(env.solana.url()).header("Content-Type", "application/json").send(&body).expect("the node answers");
    let answer: Value = serde_json::from_str(&answer.body_mut().read_to_string().expect("a body")).expect("JSON");
    let lines = answer["result"]["meta"]["logMessages"].as_array().unwrap_or_else(|| panic!("no log: {answer}")).clone();
    lines.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The memos of a landed transaction in the order in which they were executed.
fn memos(env: &TestEnv, transfer: &Transfer) -> Vec<String> {
    let lines = logs(env, transfer);
    let announced = lines.windows(2).filter(|pair| pair[0].starts_with("Program log: Memo (len "));
    announced.filter_map(|pair| pair[1].strip_prefix("Program log: ").map(str::to_owned)).collect()
}

/// Whether the instruction after a memo has this number of accounts and this data.
fn memo_precedes(wire: &[u8], memo: &str, accounts: u8, data: &[u8]) -> bool {
    let at = wire.windows(memo.len()).position(|window| window == memo.as_bytes()).expect("the memo is there");
    // Program, number of accounts, accounts, length of the data.
    let next = &wire[at + memo.len()..];
    let skipped = 2 + usize::from(accounts);
    next[1] == accounts && usize::from(next[skipped]) >= data.len() && next[skipped + 1..].starts_with(data)
}

fn submit_batch(env: &mut TestEnv, args: &BatchArgs) -> BatchOutcome {
    env.as_actor(Actor::Agent).batch_transfer(args).expect("it is answered")
}

fn settled(env: &mut TestEnv, ids: &[u64]) -> Vec<Transfer> {
    ids.iter().map(|id| env.wait_for_end(*id)).collect()
}

#[test]
fn twenty_recipients_are_paid_by_two_transactions_and_the_denied_one_by_none() {
    let mut env = TestEnv::new();
    let wallet = wallet_with(&mut env, None, Vec::new());
    let mut payments: Vec<(u8, u64)> = (1..=20).map(|n| (n, 1_000_000 + u64::from(n))).collect();
    payments.insert(5, (99, 1_000_000));
    let args = batch(&wallet, Asset::Sol, &payments, "wages");
    let outcome = submit_batch(&mut env, &args);
    let [first, second] = outcome.transfer_ids[..] else { panic!("two transactions: {outcome:?}") };
    assert!(matches!(outcome.items[5].value, Some(ItemOutcome::Denied { .. })), "not on the list");
    assert_eq!(outcome.items[0], ItemOutcome::Accepted { transfer_id: first });
    assert_eq!(outcome.items[20], ItemOutcome::Accepted { transfer_id: second });
    let again = submit_batch(&mut env, &args);
    assert_eq!((&again.transfer_ids, &again.items[5]), (&outcome.transfer_ids, &ItemOutcome::DeniedBefore.into()));

    let ended = settled(&mut env, &[first, second]);
    assert!(ended.iter().all(|transfer| transfer.status == Status::Confirmed), "{ended:?}");
    assert_eq!(ended.iter().map(|transfer| transfer.payments.len()).collect::<Vec<_>>(), [19, 1]);
    assert_eq!(ended[0].payments[5], Payment::new(recipients::solana(6), 1_000_006));
    assert_eq!(env.solana.landed().len(), 2);
    for n in 1..=20 {
        assert_eq!(env.solana.balance(&recipients::solana(n)), 1_000_000 + u64::from(n), "recipient {n}");
    }
    assert_eq!(env.solana.balance(&recipients::solana(99)), 0);
    let spent = 20_000_000 + 210 + 2 * 5_000;
    assert_eq!(env.solana.balance(wallet.solana_address()), 10 * SOL - spent);
    let usages = env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets;
    assert_eq!((usage_of(&usages, Asset::Sol).posted, usage_of(&usages, Asset::Sol).reserved), (spent, 0));
    assert!(env.as_actor(Actor::Stranger).verify_integrity(None, None).valid);
}

#[test]
fn a_batch_of_tokens_creates_an_account_for_each_recipient_once() {
    for program in [Program::Classic, Program::Token2022] {
        let mut env = TestEnv::new();
        let mint = env.solana.mint(1, program, 6, &[]);
        let wallet = wallet_with(&mut env, Some(&mint), Vec::new());
        let rent = if program == Program::Classic { TOKEN_RENT } else { TOKEN_RENT + 5 * 5_080 };
        // Recipient 1 is paid twice by the first transaction; the second pays recipients 6 and 7.
        let payments = [(1, 10), (2, 20), (3, 30), (1, 40), (4, 50), (5, 60), (8, 70), (6, 80), (7, 90)];
        let outcome = submit_batch(&mut env, &batch(&wallet, token(&mint), &payments, "tokens"));
        assert_eq!(outcome.transfer_ids.len(), 2, "{outcome:?}");
        let ended = settled(&mut env, &outcome.transfer_ids);
        assert!(ended.iter().all(|transfer| transfer.status == Status::Confirmed), "{ended:?}");
        let fees: Vec<_> = ended.iter().map(|transfer| transfer.fee_paid).collect();
        assert_eq!(fees, [Some(5_000 + 6 * rent), Some(5_000 + 2 * rent)], "an account for each, and one for recipient 1");
        let received: Vec<_> = (1..=8).map(|n| env.solana.tokens(&mint, &recipients::solana(n))).collect();
        assert_eq!(received, [50, 20, 30, 50, 60, 80, 90, 70].map(Some));
        assert_eq!(env.solana.tokens(&mint, wallet.solana_address()), Some(5_000 - 450));
        assert_eq!(env.solana.balance(wallet.solana_address()), 10 * SOL - 10_000 - 8 * rent);
        let usages = env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets;
        assert_eq!((usage_of(&usages, token(&mint)).posted, usage_of(&usages, token(&mint)).reserved), (450, 0));
        let of_sol = usage_of(&usages, Asset::Sol);
        assert_eq!((of_sol.posted, of_sol.reserved), (10_000 + 8 * rent, 0), "accounts count against the limits of SOL");
    }
}

#[test]
fn a_batch_pays_for_the_token_accounts_that_it_creates_and_for_no_others() {
    let mut env = TestEnv::new();
    let mint = env.solana.mint(1, Program::Classic, 6, &[]);
    let wallet = wallet_with(&mut env, Some(&mint), Vec::new());
    let before = env.solana.balance(wallet.solana_address());
    env.solana.faults().next_at("sendTransaction", 1_000, Fault::DropSend);
    let outcome = submit_batch(&mut env, &batch(&wallet, token(&mint), &[(1, 10), (2, 20), (3, 30)], "three"));
    let [id] = outcome.transfer_ids[..] else { panic!("one transaction: {outcome:?}") };
    env.wait_until(id, |transfer| transfer.status == Status::Submitted);
    env.solana.give_tokens(&mint, &recipients::solana(2), 1);
    env.solana.faults().clear();
    let ended = env.wait_for_end(id);
    assert_eq!((ended.status.name.as_str(), ended.fee_paid), ("Confirmed", Some(5_000 + 2 * TOKEN_RENT)), "{ended:?}");
    assert_eq!(before - env.solana.balance(wallet.solana_address()), 5_000 + 2 * TOKEN_RENT);
    let of_sol = usage_of(&env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet.id)).expect("open").assets, Asset::Sol);
    assert_eq!((of_sol.posted, of_sol.reserved), (5_000 + 2 * TOKEN_RENT, 0));
}

#[test]
fn one_recipient_that_cannot_be_paid_stops_its_transaction_before_it_is_signed() {
    let mut env = TestEnv::new();
    let wallet = wallet_with(&mut env, None, Vec::new());
    env.solana.put_account(&recipients::solana(2), "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", &[1; 165]);
    let outcome = submit_batch(&mut env, &batch(&wallet, Asset::Sol, &[(1, SOL / 100), (2, SOL / 100)], "one is none"));
    let ended = settled(&mut env, &outcome.transfer_ids);
    let note = format!("{}: the recipient is a token account; pay the wallet that owns it instead", recipients::solana(2));
    assert_eq!((ended[0].status.name.as_str(), ended[0].fee_paid, ended[0].note.as_ref()), ("Failed", Some(0), Some(&note)));
    // A new account that would be left below the rent-exempt minimum fails the whole transaction on chain.
    let outcome = submit_batch(&mut env, &batch(&wallet, Asset::Sol, &[(1, SOL / 100), (3, 1_000)], "too little"));
    let ended = settled(&mut env, &outcome.transfer_ids);
    assert_eq!((ended[0].status.name.as_str(), ended[0].fee_paid), ("Failed", Some(0)), "{ended:?}");
    assert!(ended[0].note.as_ref().is_some_and(|note| note.contains("to exist")), "{ended:?}");
    assert_eq!(env.solana.balance(&recipients::solana(1)), 0);
    assert!(env.solana.received().is_empty(), "nothing was sent");
}

#[test]
fn a_batch_on_nonces_lands_with_as_many_payments() {
    let mut env = TestEnv::new();
    let wallet = wallet_with(&mut env, None, Vec::new());
    let ids = env.as_actor(Actor::Admin).set_solana_nonce_pool(wallet.id, 2).expect("an admin");
    settled(&mut env, &ids);
    let payments: Vec<(u8, u64)> = (1..=38).map(|n| (n, 1_000_000)).collect();
    let outcome = submit_batch(&mut env, &batch(&wallet, Asset::Sol, &payments, "on nonces"));
    let ended = settled(&mut env, &outcome.transfer_ids);
    assert_eq!(
        ended.iter().map(|transfer| (transfer.status.name.as_str(), transfer.payments.len())).collect::<Vec<_>>(),
        [("Confirmed", 19); 2]
    );
    let nonces: Vec<_> = ended.iter().filter_map(|transfer| transfer.solana()?.nonce).collect();
    assert!(nonces.len() == 2 && nonces[0] != nonces[1], "{nonces:?}");
    assert!((1..=38).all(|n| env.solana.balance(&recipients::solana(n)) == 1_000_000));
}

#[test]
fn the_sum_is_judged_as_one_payment_and_approved_as_one() {
    let mut env = TestEnv::new();
    let approver = Principal::self_authenticating([21]);
    assert_eq!(env.as_actor(Actor::Admin).grant_role(approver, Role::Approver), Ok(Change::Applied));
    let group = Group { name: "ops".into(), members: vec![approver] };
    assert_eq!(env.as_actor(Actor::Admin).set_group(&group), Ok(Change::Applied));
    let approval = Rule::Approval {
        asset: Some(Asset::Sol),
        threshold: SOL / 2,
        cumulative_24h: None,
        group: "ops".into(),
        quorum: 1,
        timeout_seconds: None,
        time_lock_seconds: 0,
    };
    let wallet = wallet_with(&mut env, None, vec![approval]);
    // One SOL at a time: each passes, both together do not.
    let outcome = submit_batch(&mut env, &batch(&wallet, Asset::Sol, &[(1, SOL / 2), (2, SOL / 2 + 1)], "large"));
    assert!(
        outcome.transfer_ids.is_empty() && outcome.items.iter().all(|item| matches!(item.value, Some(ItemOutcome::Denied { .. })))
    );

    let outcome =
        submit_batch(&mut env, &with_memos(batch(&wallet, Asset::Sol, &[(1, SOL / 4), (2, SOL / 2)], "large"), &[(1, "tag 7")]));
    let [id] = outcome.transfer_ids[..] else { panic!("one transfer: {outcome:?}") };
    assert_eq!(outcome.items, vec![ItemOutcome::Pending { transfer_id: id }; 2]);
    let [question] = &env.as_actor(Actor::Stranger).list_approvals(Some(wallet.id), None, None).items[..] else {
        panic!("one question")
    };
    for (n, amount) in [(1, "0.25 SOL"), (2, "0.5 SOL with the memo “tag 7”")] {
        assert!(question.summary.contains(&format!("{} ({amount})", recipients::solana(n))), "{}", question.summary);
    }
    env.as_principal(approver).approve_transfer(id, serde_bytes::Bytes::new(&question.intent_hash)).expect("asked");
    assert_eq!(env.wait_for_end(id).status, Status::Confirmed);
    assert_eq!([1, 2].map(|n| env.solana.balance(&recipients::solana(n))), [SOL / 4, SOL / 2]);

    let twenty: Vec<(u8, u64)> = (1..=20).map(|n| (n, SOL / 40 + 1)).collect();
    let refused = env.as_actor(Actor::Agent).batch_transfer(&batch(&wallet, Asset::Sol, &twenty, "twenty")).expect_err("two");
    assert_eq!(refused.code, "VALIDATION_FAILED");
    assert!(refused.message.contains("these take 2; the first 19"), "{}", refused.message);
}

#[test]
fn memos_of_sol_land_in_order_right_before_their_payments() {
    let mut env = TestEnv::new();
    let wallet = wallet_with(&mut env, None, Vec::new());
    // An exchange pays in by tag: the same address thrice, each for another customer. One payment says nothing.
    let payments = [(1, 2_000_001), (1, 2_000_002), (2, 2_000_003), (1, 2_000_004)];
    let tags = [(0, "tag 1001"), (1, "tag 1002"), (3, "größer als 7")];
    let args = with_memos(batch(&wallet, Asset::Sol, &payments, "exchange"), &tags);
    let outcome = submit_batch(&mut env, &args);
    let ended = settled(&mut env, &outcome.transfer_ids);
    assert_eq!((ended.len(), ended[0].status.name.as_str()), (1, "Confirmed"), "{ended:?}");
    assert_eq!(ended[0].payments, args.payments, "they are shown as they were asked for");
    assert_eq!(memos(&env, &ended[0]), ["tag 1001", "tag 1002", "größer als 7"]);
    let sent = env.solana.received().pop().expect("it was sent");
    for (at, tag) in tags {
        let data = [&[2, 0, 0, 0][..], &payments[at].1.to_le_bytes()].concat();
        assert!(memo_precedes(&sent, tag, 2, &data), "{tag}");
    }
    assert_eq!(env.solana.balance(&recipients::solana(1)), 6_000_007);
    assert_eq!(submit_batch(&mut env, &args).transfer_ids, outcome.transfer_ids, "asked for again");
    let exchanged = with_memos(args, &[(0, "tag 1002"), (1, "tag 1001")]);
    let conflict = env.as_actor(Actor::Agent).batch_transfer(&exchanged).expect_err("another batch");
    assert_eq!(conflict.code, "IDEMPOTENCY_CONFLICT");
    assert!(env.as_actor(Actor::Stranger).verify_integrity(None, None).valid);
}

/// Creates a token account of Token-2022 that requires memos.
fn require_memos(env: &TestEnv, mint: &str, owner: &str) {
    let bytes = |text: &str| *Address::parse(text).expect("an address").as_bytes();
    let mut data = vec![0; 165];
    data[..32].copy_from_slice(&bytes(mint));
    data[32..64].copy_from_slice(&bytes(owner));
    data[108] = 1;
    // A token account with immutable owner, and memos required.
    data.extend([2, 7, 0, 0, 0, 8, 0, 1, 0, 1]);
    let program = TokenProgram::Token2022;
    env.solana.put_account(&token_account(owner, mint, program), &program.address().to_string(), &data);
}

#[test]
fn a_token_account_that_demands_a_memo_is_paid_with_its_own_and_not_with_anothers() {
    let mut env = TestEnv::new();
    let mint = env.solana.mint(1, Program::Token2022, 6, &[]);
    let wallet = wallet_with(&mut env, Some(&mint), Vec::new());
    require_memos(&env, &mint, &recipients::solana(2));
    let asked = |key| batch(&wallet, token(&mint), &[(1, 10), (2, 20), (3, 30)], key);
    let anothers = submit_batch(&mut env, &with_memos(asked("another's"), &[(0, "one"), (2, "three")]));
    let ended = settled(&mut env, &anothers.transfer_ids);
    let note = format!("{}: the recipient's token account takes nothing without a memo", recipients::solana(2));
    assert_eq!((ended[0].status.name.as_str(), ended[0].fee_paid, ended[0].note.as_ref()), ("Failed", Some(0), Some(&note)));
    assert!(env.solana.received().is_empty(), "nothing was sent");
    let own = submit_batch(&mut env, &with_memos(asked("its own"), &[(1, "two"), (2, "three")]));
    let ended = settled(&mut env, &own.transfer_ids);
    assert_eq!(ended[0].status, Status::Confirmed, "{ended:?}");
    assert_eq!(memos(&env, &ended[0]), ["two", "three"]);
    let sent = env.solana.received().pop().expect("it was sent");
    for (memo, amount) in [("two", 20u64), ("three", 30)] {
        assert!(memo_precedes(&sent, memo, 4, &[&[12][..], &amount.to_le_bytes()].concat()), "{memo}");
    }
    assert_eq!([1, 2, 3].map(|n| env.solana.tokens(&mint, &recipients::solana(n))), [10, 20, 30].map(Some));
}

#[test]
fn a_recipient_without_a_private_key_is_paid_only_where_that_is_said() {
    let mut env = TestEnv::new();
    let mint = env.solana.mint(1, Program::Classic, 6, &[]);
    let wallet = wallet_with(&mut env, Some(&mint), Vec::new());
    let note = format!("{}: the recipient's address has no private key; only a program can spend from it", program_address());
    for (asset, amount) in [(Asset::Sol, SOL / 100), (token(&mint), 10)] {
        let asked = |key: &str, said: [Option<bool>; 2]| {
            let mut args = batch(&wallet, asset, &[(1, amount), (2, amount)], &format!("{key} {amount}"));
            args.payments[1].to = program_address();
            args.payments
                .iter_mut()
                .zip(said)
                .for_each(|(payment, said)| payment.params = said.map(|said| PaymentParams::of_solana(None, Some(said))));
            args
        };
        // What is said of one payment is said of no other.
        for (key, said) in [("nothing", [None, None]), ("no", [None, Some(false)]), ("of the other", [Some(true), None])] {
            let outcome = submit_batch(&mut env, &asked(key, said));
            let ended = settled(&mut env, &outcome.transfer_ids);
            assert_eq!((ended[0].status.name.as_str(), ended[0].note.as_ref()), ("Failed", Some(&note)), "{key}: {ended:?}");
        }
        let received = |env: &TestEnv| match asset {
            Asset::Sol => [recipients::solana(1), program_address()].map(|to| Some(env.solana.balance(&to))),
            _ => [recipients::solana(1), program_address()].map(|to| env.solana.tokens(&mint, &to)),
        };
        assert!(received(&env).iter().all(|held| held.unwrap_or(0) == 0));
        let outcome = submit_batch(&mut env, &asked("yes", [None, Some(true)]));
        let ended = settled(&mut env, &outcome.transfer_ids);
        assert_eq!(ended[0].status, Status::Confirmed, "{ended:?}");
        assert!(ended[0].payments[1].allows_off_curve());
        assert_eq!(received(&env), [Some(amount); 2]);
    }
}

#[test]
fn memos_divide_a_batch_into_more_transactions_that_all_land() {
    let mut env = TestEnv::new();
    let wallet = wallet_with(&mut env, None, Vec::new());
    let ids = env.as_actor(Actor::Admin).set_solana_nonce_pool(wallet.id, 3).expect("an admin");
    settled(&mut env, &ids);
    // Fourteen with tags fill a packet. The next takes two with the longest memos and four without any.
    let long = "m".repeat(256);
    let tags: Vec<String> = (0..14).map(|n| format!("tag {:>6}", n)).collect();
    let said: Vec<(usize, &str)> = tags.iter().map(String::as_str).chain([long.as_str(); 2]).enumerate().collect();
    let payments: Vec<(u8, u64)> = (1..=20).map(|n| (n, 1_000_000)).collect();
    let outcome = submit_batch(&mut env, &with_memos(batch(&wallet, Asset::Sol, &payments, "packed"), &said));
    let ended = settled(&mut env, &outcome.transfer_ids);
    assert!(ended.iter().all(|transfer| transfer.status == Status::Confirmed), "{ended:?}");
    assert_eq!(ended.iter().map(|transfer| transfer.payments.len()).collect::<Vec<_>>(), [14, 6]);
    assert_eq!(memos(&env, &ended[0]), tags);
    assert_eq!(memos(&env, &ended[1]), [long.as_str(); 2]);
    let sizes: Vec<usize> = env.solana.received().iter().map(Vec::len).collect();
    assert!(sizes.iter().all(|bytes| *bytes <= 1_232), "{sizes:?}");
    assert!((1..=20).all(|n| env.solana.balance(&recipients::solana(n)) == 1_000_000));
}

#[test]
fn seven_new_token_accounts_and_five_memos_are_as_many_instructions_as_a_transaction_may_run() {
    let mut env = three_providers(|solana| (solana.quorum, solana.max_unit_price) = (Some(1), Some(1_000))).env;
    let mint = env.solana.mint(1, Program::Token2022, 6, &[]);
    let wallet = wallet_with(&mut env, Some(&mint), Vec::new());
    let ids = env.as_actor(Actor::Admin).set_solana_nonce_pool(wallet.id, 1).expect("an admin");
    settled(&mut env, &ids);
    // With lamports at its address, creating an account takes the most calls.
    for n in 1..=8 {
        env.solana.airdrop(&token_account(&recipients::solana(n), &mint, TokenProgram::Token2022), 1);
    }
    let payments: Vec<(u8, u64)> = (1..=8).map(|n| (n, u64::from(n))).collect();
    let tags = [(0, "1234567891"), (1, "1234567892"), (2, "1234567893"), (4, "1234567894"), (6, "1234567895")];
    let outcome = submit_batch(&mut env, &with_memos(batch(&wallet, token(&mint), &payments, "full"), &tags));
    let ended = settled(&mut env, &outcome.transfer_ids);
    assert!(ended.iter().all(|transfer| transfer.status == Status::Confirmed), "{ended:?}");
    assert_eq!(ended.iter().map(|transfer| transfer.payments.len()).collect::<Vec<_>>(), [7, 1]);
    // A node cuts the log of the first one off. The second shows what one payment takes: the nonce and two of the budget, creating the
    // account with six calls, and the transfer.
    let run = logs(&env, &ended[1]).iter().filter(|line| line.contains(" invoke [")).count();
    assert_eq!((run, 3 + 7 * (run - 3) + tags.len()), (11, 64), "{:#?}", logs(&env, &ended[1]));
    assert!((1..=8).all(|n| env.solana.tokens(&mint, &recipients::solana(n)) == Some(u64::from(n))));
}
