//! Many payments at once on Solana: how they are divided, what is denied, what lands, and what people are shown.

use crate::support::{rules, usage_of};
use candid::Principal;
use localnet::devchain::solana::Program;
use purser::api::*;
use purser_it::recipients;
use purser_it::world::{Actor, SOL, World};

/// What the chain of the tests demands for a token account of 165 bytes: 5,080 lamports for each and for 128 more.
const TOKEN_RENT: u64 = (128 + 165) * 5_080;

fn batch(wallet: &Wallet, asset: Asset, payments: &[(u8, u64)], key: &str) -> BatchArgs {
    BatchArgs {
        wallet_id: wallet.id,
        asset: Some(asset),
        kaspa_key: None,
        payments: payments.iter().map(|(n, amount)| Payment::new(recipients::solana(*n), *amount)).collect(),
        max_fee: None,
        fee_speed: None,
        idempotency_key: key.into(),
        reason: None,
        session_id: None,
        created_at: None,
    }
}

fn token(mint: &str) -> Asset {
    Asset::Spl { mint: MintText::new(mint) }
}

/// The usual wallet, which may pay recipients 1 to 40, and of a token 1,000 base units at a time and a day.
fn wallet_with(world: &mut World, mint: Option<&str>, more: Vec<Rule>) -> Wallet {
    let mut rules: Vec<Rule> =
        rules().into_iter().filter(|rule| !matches!(rule, Rule::Allowlist { chain: Chain::Solana, .. })).collect();
    rules.push(recipients::allowlist(Chain::Solana, (1..=40).map(recipients::solana)));
    if let Some(mint) = mint {
        rules.push(Rule::PerTransaction { asset: token(mint), max: 1_000 });
        rules.push(Rule::SpendingLimit { asset: token(mint), window: Window::Rolling24h, max: 1_000 });
    }
    rules.extend(more);
    let wallet = world.wallet(&rules);
    if let Some(mint) = mint {
        world.solana.give_tokens(mint, &wallet.solana_address, 5_000);
    }
    wallet
}

fn ask(world: &mut World, args: &BatchArgs) -> BatchOutcome {
    world.as_actor(Actor::Agent).batch_transfer(args).expect("it is answered")
}

fn settled(world: &mut World, ids: &[u64]) -> Vec<Transfer> {
    ids.iter().map(|id| world.settle(*id)).collect()
}

#[test]
fn twenty_recipients_are_paid_by_two_transactions_and_the_denied_one_by_none() {
    let mut world = World::new();
    let wallet = wallet_with(&mut world, None, Vec::new());
    let mut payments: Vec<(u8, u64)> = (1..=20).map(|n| (n, 1_000_000 + u64::from(n))).collect();
    payments.insert(5, (99, 1_000_000));
    let args = batch(&wallet, Asset::Sol, &payments, "wages");
    let outcome = ask(&mut world, &args);
    let [first, second] = outcome.transfer_ids[..] else { panic!("two transactions: {outcome:?}") };
    assert!(matches!(outcome.items[5], ItemOutcome::Denied { .. }), "not on the list");
    assert_eq!(outcome.items[0], ItemOutcome::Accepted { transfer_id: first });
    assert_eq!(outcome.items[20], ItemOutcome::Accepted { transfer_id: second });
    let again = ask(&mut world, &args);
    assert_eq!((&again.transfer_ids, &again.items[5]), (&outcome.transfer_ids, &ItemOutcome::DeniedBefore));

    let ended = settled(&mut world, &[first, second]);
    assert!(ended.iter().all(|transfer| transfer.status == Status::Confirmed), "{ended:?}");
    assert_eq!(ended.iter().map(|transfer| transfer.batch().len()).collect::<Vec<_>>(), [19, 1]);
    assert_eq!(ended[0].batch()[5], Payment::new(recipients::solana(6), 1_000_006));
    assert_eq!(world.solana.landed().len(), 2);
    for n in 1..=20 {
        assert_eq!(world.solana.balance(&recipients::solana(n)), 1_000_000 + u64::from(n), "recipient {n}");
    }
    assert_eq!(world.solana.balance(&recipients::solana(99)), 0);
    let spent = 20_000_000 + 210 + 2 * 5_000;
    assert_eq!(world.solana.balance(&wallet.solana_address), 10 * SOL - spent);
    let usages = world.as_actor(Actor::Stranger).get_usage(wallet.id).expect("open");
    assert_eq!((usage_of(&usages, Asset::Sol).posted, usage_of(&usages, Asset::Sol).reserved), (spent, 0));
    assert!(world.as_actor(Actor::Stranger).verify_integrity(None, None).valid);
}

#[test]
fn a_batch_of_tokens_creates_an_account_for_each_recipient_once() {
    for program in [Program::Classic, Program::Token2022] {
        let mut world = World::new();
        let mint = world.solana.mint(1, program, 6, &[]);
        let wallet = wallet_with(&mut world, Some(&mint), Vec::new());
        let rent = if program == Program::Classic { TOKEN_RENT } else { TOKEN_RENT + 5 * 5_080 };
        // Recipient 1 is paid twice by the first transaction; the second pays recipients 6 and 7.
        let payments = [(1, 10), (2, 20), (3, 30), (1, 40), (4, 50), (5, 60), (8, 70), (6, 80), (7, 90)];
        let outcome = ask(&mut world, &batch(&wallet, token(&mint), &payments, "tokens"));
        assert_eq!(outcome.transfer_ids.len(), 2, "{outcome:?}");
        let ended = settled(&mut world, &outcome.transfer_ids);
        assert!(ended.iter().all(|transfer| transfer.status == Status::Confirmed), "{ended:?}");
        let fees: Vec<_> = ended.iter().map(|transfer| transfer.fee_paid).collect();
        assert_eq!(fees, [Some(5_000 + 6 * rent), Some(5_000 + 2 * rent)], "an account for each, and one for recipient 1");
        let received: Vec<_> = (1..=8).map(|n| world.solana.tokens(&mint, &recipients::solana(n))).collect();
        assert_eq!(received, [50, 20, 30, 50, 60, 80, 90, 70].map(Some));
        assert_eq!(world.solana.tokens(&mint, &wallet.solana_address), Some(5_000 - 450));
        assert_eq!(world.solana.balance(&wallet.solana_address), 10 * SOL - 10_000 - 8 * rent);
        let usages = world.as_actor(Actor::Stranger).get_usage(wallet.id).expect("open");
        assert_eq!((usage_of(&usages, token(&mint)).posted, usage_of(&usages, token(&mint)).reserved), (450, 0));
        let of_sol = usage_of(&usages, Asset::Sol);
        assert_eq!((of_sol.posted, of_sol.reserved), (10_000 + 8 * rent, 0), "accounts count against the limits of SOL");
    }
}

#[test]
fn one_recipient_that_cannot_be_paid_stops_its_transaction_before_it_is_signed() {
    let mut world = World::new();
    let wallet = wallet_with(&mut world, None, Vec::new());
    world.solana.put_account(&recipients::solana(2), "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA", &[1; 165]);
    let outcome = ask(&mut world, &batch(&wallet, Asset::Sol, &[(1, SOL / 100), (2, SOL / 100)], "one is none"));
    let ended = settled(&mut world, &outcome.transfer_ids);
    let note = format!("{}: the recipient is a token account; pay the wallet that owns it instead", recipients::solana(2));
    assert_eq!((ended[0].status, ended[0].fee_paid, ended[0].note.as_ref()), (Status::Failed, Some(0), Some(&note)));
    // A new account that would be left below the rent-exempt minimum fails the whole transaction on chain.
    let outcome = ask(&mut world, &batch(&wallet, Asset::Sol, &[(1, SOL / 100), (3, 1_000)], "too little"));
    let ended = settled(&mut world, &outcome.transfer_ids);
    assert_eq!((ended[0].status, ended[0].fee_paid), (Status::Failed, Some(0)), "{ended:?}");
    assert!(ended[0].note.as_ref().is_some_and(|note| note.contains("to exist")), "{ended:?}");
    assert_eq!(world.solana.balance(&recipients::solana(1)), 0);
    assert!(world.solana.received().is_empty(), "nothing was sent");
}

#[test]
fn a_batch_on_nonces_lands_with_as_many_payments() {
    let mut world = World::new();
    let wallet = wallet_with(&mut world, None, Vec::new());
    let ids = world.as_actor(Actor::Admin).set_nonce_pool(wallet.id, 2).expect("an admin");
    settled(&mut world, &ids);
    let payments: Vec<(u8, u64)> = (1..=38).map(|n| (n, 1_000_000)).collect();
    let outcome = ask(&mut world, &batch(&wallet, Asset::Sol, &payments, "on nonces"));
    let ended = settled(&mut world, &outcome.transfer_ids);
    assert_eq!(
        ended.iter().map(|transfer| (transfer.status, transfer.batch().len())).collect::<Vec<_>>(),
        [(Status::Confirmed, 19); 2]
    );
    let nonces: Vec<_> = ended.iter().filter_map(|transfer| transfer.solana.as_ref()?.nonce).collect();
    assert!(nonces.len() == 2 && nonces[0] != nonces[1], "{nonces:?}");
    assert!((1..=38).all(|n| world.solana.balance(&recipients::solana(n)) == 1_000_000));
}

#[test]
fn the_sum_is_judged_as_one_payment_and_approved_as_one() {
    let mut world = World::new();
    let approver = Principal::self_authenticating([21]);
    assert_eq!(world.as_actor(Actor::Admin).grant_role(approver, Role::Approver), Ok(Change::Applied));
    let group = Group { name: "ops".into(), members: vec![approver] };
    assert_eq!(world.as_actor(Actor::Admin).set_group(&group), Ok(Change::Applied));
    let approval = Rule::Approval {
        asset: Some(Asset::Sol),
        threshold: SOL / 2,
        cumulative_24h: None,
        group: "ops".into(),
        quorum: 1,
        timeout_seconds: None,
        time_lock_seconds: 0,
    };
    let wallet = wallet_with(&mut world, None, vec![approval]);
    // One SOL at a time: each passes, both together do not.
    let outcome = ask(&mut world, &batch(&wallet, Asset::Sol, &[(1, SOL / 2), (2, SOL / 2 + 1)], "large"));
    assert!(outcome.transfer_ids.is_empty() && outcome.items.iter().all(|item| matches!(item, ItemOutcome::Denied { .. })));

    let outcome = ask(&mut world, &batch(&wallet, Asset::Sol, &[(1, SOL / 4), (2, SOL / 2)], "large"));
    let [id] = outcome.transfer_ids[..] else { panic!("one transfer: {outcome:?}") };
    assert_eq!(outcome.items, vec![ItemOutcome::Pending { transfer_id: id }; 2]);
    let [question] = &world.as_actor(Actor::Stranger).list_approvals(Some(wallet.id))[..] else { panic!("one question") };
    for (n, amount) in [(1, "0.25 SOL"), (2, "0.5 SOL")] {
        assert!(question.summary.contains(&format!("{} ({amount})", recipients::solana(n))), "{}", question.summary);
    }
    world.as_principal(approver).approve_transfer(id, serde_bytes::Bytes::new(&question.intent_hash)).expect("asked");
    assert_eq!(world.settle(id).status, Status::Confirmed);
    assert_eq!([1, 2].map(|n| world.solana.balance(&recipients::solana(n))), [SOL / 4, SOL / 2]);

    let twenty: Vec<(u8, u64)> = (1..=20).map(|n| (n, SOL / 40 + 1)).collect();
    let refused = world.as_actor(Actor::Agent).batch_transfer(&batch(&wallet, Asset::Sol, &twenty, "twenty")).expect_err("two");
    assert_eq!(refused.code, "VALIDATION_FAILED");
    assert!(refused.message.contains("these take 2; the first 19"), "{}", refused.message);
}
