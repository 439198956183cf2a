//! Bad input at every endpoint: a typed error, no trap, no change.

use crate::support::{payment, rules};
use candid::Principal;
use candid::utils::encode_args;
use purser_core::chains::kaspa::Network as CoreKaspaNetwork;
use purser_it::client::{Answer, Client};
use purser_it::recipients;
use purser_it::test_env::{Actor, KAS, SOL, TestEnv};
use purser_types::{
    Asset, AuditSettings, BatchArgs, BatchOutcome, BlockRange, Chain, ClientArgs, ConfirmArchiveArgs, ConsolidateArgs,
    CreateWalletArgs, Error, ErrorDetail, Evaluation, Group, KaspaKey, MintText, OpenSessionArgs, Page, Payment, PaymentParams,
    Rate, ReplaceArgs, ResolveQuarantineArgs, Role, Rule, Scope, Session, SettingsInit, Signing, Transfer, TransferAnswer,
    TransferArgs, TransferFilter, TransferOutcome, TransferParams, Wallet, WalletChange,
};

/// The code of an answer, or `OK`.
fn code<T>(answer: Answer<T>) -> String {
    match answer {
        Ok(_) => "OK".into(),
        Err(error) => {
            assert!(
                !error.message.is_empty() && error.message.len() < 1_000,
                "a message for people, not an echo: {}",
                error.message.len()
            );
            assert!(error.detail.is_some());
            error.code
        }
    }
}

/// Runs `call` and checks that neither state nor log changed.
fn unchanged(env: &mut TestEnv, name: &str, call: impl FnOnce(&mut TestEnv) -> String) -> String {
    let before = env.as_actor(Actor::Admin).get_state_digest().expect("an admin reads it");
    let answer = call(env);
    let after = env.as_actor(Actor::Admin).get_state_digest().expect("an admin reads it");
    assert_eq!(after, before, "{name} answered {answer} and changed something");
    answer
}

type Call = fn(&mut Client<'_>, u64) -> String;

/// Every method that needs a permission, with valid arguments and the actors that may call it.
const COMMANDS: [(&str, Call, &[Actor]); 34] = [
    ("create_wallet", |c, _| code(c.create_wallet("x")), &[Actor::Admin]),
    ("change_wallet", |c, wallet| code(c.change_wallet(wallet, WalletChange::Owner(Actor::Agent.principal()))), &[Actor::Admin]),
    ("open_session", |c, wallet| code(c.open_session(&session(wallet))), &[Actor::Agent, Actor::Admin]),
    ("close_session", |c, _| code(c.close_session(u64::MAX)), &[]),
    ("submit_signatures", |c, _| code(c.submit_signatures(u64::MAX, &[])), &[]),
    ("record_client", |c, _| code(c.record_client(&client())), &[Actor::Admin, Actor::Guardian, Actor::Agent]),
    ("set_policy", |c, wallet| code(c.set_policy(Scope::Wallet(wallet), None, &rules())), &[Actor::Admin]),
    ("add_agent", |c, wallet| code(c.add_agent(wallet, Principal::self_authenticating([99]))), &[Actor::Admin]),
    ("set_agent_label", |c, wallet| code(c.set_agent_label(wallet, Actor::Agent.principal(), Some("bot"))), &[Actor::Admin]),
    ("remove_agent", |c, wallet| code(c.remove_agent(wallet, Actor::Agent.principal())), &[Actor::Admin, Actor::Guardian]),
    ("grant_role", |c, _| code(c.grant_role(Principal::self_authenticating([98]), Role::Admin)), &[Actor::Admin]),
    ("remove_principal", |c, _| code(c.remove_principal(Actor::Guardian.principal())), &[Actor::Admin]),
    ("recover_admins", |c, _| code(c.recover_admins(&[Principal::self_authenticating([97])])), &[]),
    ("set_group", |c, _| code(c.set_group(&Group { name: "board".into(), members: vec![] })), &[]),
    ("set_rate", |c, _| code(c.set_rate(&Rate { asset: Asset::Sol, value: 1, per: 1, expires_at: 0 })), &[]),
    (
        "set_settings",
        |c, _| code(c.set_settings(&SettingsInit { resume_percent: Some(9), ..SettingsInit::default() })),
        &[Actor::Admin],
    ),
    ("approve_proposal", |c, _| code(c.approve_proposal(u64::MAX)), &[]),
    ("cancel_proposal", |c, _| code(c.cancel_proposal(u64::MAX, None)), &[]),
    ("execute_proposal", |c, _| code(c.execute_proposal(u64::MAX)), &[]),
    ("revoke_role", |c, _| code(c.revoke_role(Actor::Guardian.principal(), Role::Guardian)), &[Actor::Admin]),
    ("transfer", |c, wallet| code(c.transfer(&payment(wallet, Asset::Sol, SOL, "k"))), &[Actor::Agent]),
    ("batch_transfer", |c, wallet| code(c.batch_transfer(&batch(wallet))), &[Actor::Agent]),
    ("consolidate_kaspa", |c, wallet| code(c.consolidate_kaspa(&consolidation(wallet))), &[Actor::Agent, Actor::Admin]),
    ("replace_kaspa_transfer", |c, _| code(c.replace_kaspa_transfer(&ReplaceArgs { transfer_id: u64::MAX, fee: None })), &[]),
    ("quote_kaspa_transfer", |c, wallet| code(c.quote_kaspa_transfer(&payment(wallet, Asset::Kas, KAS, "k"))), &[Actor::Agent]),
    ("cancel_transfer", |c, _| code(c.cancel_transfer(u64::MAX, None)), &[]),
    ("quarantine_transfer", |c, _| code(c.quarantine_transfer(u64::MAX, "x")), &[]),
    ("resolve_quarantine", |c, _| code(c.resolve_quarantine(&quarantined(u64::MAX))), &[]),
    ("refresh_balances", |c, wallet| code(c.refresh_balances(wallet)), &[Actor::Agent, Actor::Admin, Actor::Guardian]),
    ("start_emergency", |c, _| code(c.start_emergency("x")), &[Actor::Admin, Actor::Guardian]),
    ("end_emergency", |c, _| code(c.end_emergency("x")), &[]),
    (
        "simulate_transfer",
        |c, wallet| code(c.simulate_transfer(&payment(wallet, Asset::Sol, SOL, "k"))),
        &[Actor::Agent, Actor::Admin],
    ),
    (
        "set_audit_settings",
        |c, _| code(c.set_audit_settings(&AuditSettings { retention_days: 9, capacity: 1 << 30 })),
        &[Actor::Admin],
    ),
    ("confirm_archive", |c, _| code(c.confirm_archive(&archive())), &[]),
];

fn threshold(label: &str) -> CreateWalletArgs {
    CreateWalletArgs { label: label.into(), owner: None, parent: None, signing: Signing::Threshold }
}

fn session(wallet_id: u64) -> OpenSessionArgs {
    OpenSessionArgs { wallet_id, agent: Some(Actor::Agent.principal()), ttl_seconds: 60, label: None, rules: vec![] }
}

fn client() -> ClientArgs {
    ClientArgs { success: true, wallet_id: None, address: None, device: None }
}

fn archive() -> ConfirmArchiveArgs {
    ConfirmArchiveArgs { last: 0, hash: vec![0; 32].into(), location: "tape 1".into(), canister: None }
}

fn batch(wallet_id: u64) -> BatchArgs {
    BatchArgs {
        wallet_id,
        asset: Asset::Kas,
        payments: vec![Payment::new(recipients::kaspa(1), KAS)],
        max_fee: None,
        idempotency_key: "b".into(),
        reason: None,
        session_id: None,
        created_at: None,
        params: None,
    }
}

fn consolidation(wallet_id: u64) -> ConsolidateArgs {
    ConsolidateArgs { wallet_id, kaspa_key: None, max_inputs: None, coins: None, max_fee: None, idempotency_key: "c".into() }
}

fn quarantined(transfer_id: u64) -> ResolveQuarantineArgs {
    ResolveQuarantineArgs { transfer_id, landed: true, fee_paid: 0, note: "seen".into() }
}

#[test]
fn who_lacks_the_power_is_refused_and_changes_nothing() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    for (name, call, allowed) in COMMANDS {
        for actor in
            [Actor::Admin, Actor::Guardian, Actor::Agent, Actor::Stranger].into_iter().filter(|actor| !allowed.contains(actor))
        {
            let expected: &[&str] = match (name, actor) {
                // There is no such transfer, and no emergency.
                ("cancel_transfer" | "cancel_proposal" | "close_session" | "submit_signatures" | "replace_kaspa_transfer", _) => {
                    &["NOT_FOUND", "AUTH_FAILED"]
                }
                ("approve_proposal" | "execute_proposal" | "set_group", Actor::Admin) => &["NOT_FOUND"],
                ("set_rate", Actor::Admin) => &["VALIDATION_FAILED"],
                ("resolve_quarantine" | "quarantine_transfer", Actor::Admin) => &["NOT_FOUND"],
                ("end_emergency", Actor::Admin) => &["ALREADY_SO"],
                _ => &["AUTH_FAILED"],
            };
            // A stranger that keeps failing is not answered any more, so that each call is another's.
            let caller = if actor == Actor::Stranger { Principal::self_authenticating(name) } else { actor.principal() };
            let answer = unchanged(&mut env, name, |env| call(&mut env.as_principal(caller), wallet));
            assert!(expected.contains(&answer.as_str()), "{name} as {actor:?}: {answer}, not {expected:?}");
        }
    }
}

#[test]
fn nobody_who_did_not_sign_in_gets_through() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let somebody = Principal::self_authenticating([99]);
    let updates: [(&str, Vec<u8>); 33] = [
        ("create_wallet", encode_args((threshold("x"),)).unwrap()),
        ("change_wallet", encode_args((wallet, WalletChange::Deactivate)).unwrap()),
        ("open_session", encode_args((session(wallet),)).unwrap()),
        ("close_session", encode_args((1u64,)).unwrap()),
        ("submit_signatures", encode_args((1u64, Vec::<serde_bytes::ByteBuf>::new())).unwrap()),
        ("record_client", encode_args((client(),)).unwrap()),
        ("set_policy", encode_args((Scope::Wallet(wallet), None::<String>, rules())).unwrap()),
        ("add_agent", encode_args((wallet, somebody)).unwrap()),
        ("set_agent_label", encode_args((wallet, Actor::Agent.principal(), Some("bot"))).unwrap()),
        ("remove_agent", encode_args((wallet, Actor::Agent.principal())).unwrap()),
        ("grant_role", encode_args((somebody, Role::Admin)).unwrap()),
        ("revoke_role", encode_args((Actor::Guardian.principal(), Role::Guardian)).unwrap()),
        ("remove_principal", encode_args((Actor::Guardian.principal(),)).unwrap()),
        ("recover_admins", encode_args((vec![Actor::Guardian.principal()],)).unwrap()),
        ("set_group", encode_args((Group { name: "board".into(), members: vec![] },)).unwrap()),
        ("set_rate", encode_args((Rate { asset: Asset::Sol, value: 1, per: 1, expires_at: 0 },)).unwrap()),
        ("set_settings", encode_args((SettingsInit::default(),)).unwrap()),
        ("approve_proposal", encode_args((1u64,)).unwrap()),
        ("cancel_proposal", encode_args((1u64, None::<String>)).unwrap()),
        ("execute_proposal", encode_args((1u64,)).unwrap()),
        ("transfer", encode_args((payment(wallet, Asset::Sol, SOL, "k"),)).unwrap()),
        ("batch_transfer", encode_args((batch(wallet),)).unwrap()),
        ("consolidate_kaspa", encode_args((consolidation(wallet),)).unwrap()),
        ("replace_kaspa_transfer", encode_args((ReplaceArgs { transfer_id: 1, fee: None },)).unwrap()),
        ("quote_kaspa_transfer", encode_args((payment(wallet, Asset::Kas, KAS, "k"),)).unwrap()),
        ("cancel_transfer", encode_args((1u64, None::<String>)).unwrap()),
        ("quarantine_transfer", encode_args((1u64, "x")).unwrap()),
        ("resolve_quarantine", encode_args((quarantined(1),)).unwrap()),
        ("refresh_balances", encode_args((wallet,)).unwrap()),
        ("start_emergency", encode_args(("x",)).unwrap()),
        ("end_emergency", encode_args(("x",)).unwrap()),
        ("set_audit_settings", encode_args((AuditSettings { retention_days: 9, capacity: 1 << 30 },)).unwrap()),
        ("confirm_archive", encode_args((archive(),)).unwrap()),
    ];
    for (method, arg) in updates {
        unchanged(&mut env, method, |env| {
            let canister = env.canister;
            let reply = env.network.ic().update(canister, Principal::anonymous(), method, arg).expect("it is answered");
            assert!(String::from_utf8_lossy(&reply).contains("AUTH_FAILED"), "{method}");
            String::new()
        });
    }
    let simulated = env.as_actor(Actor::Anonymous).simulate_transfer(&payment(wallet, Asset::Sol, SOL, "k"));
    assert_eq!(code(simulated), "AUTH_FAILED");
}

#[test]
fn a_request_that_cannot_be_right_names_the_field() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let sol = payment(wallet, Asset::Sol, SOL / 2, "k");
    let kas = payment(wallet, Asset::Kas, KAS, "k");
    let huge = "1".repeat(20_000);
    let cases: Vec<(&str, TransferArgs)> = vec![
        ("amount", TransferArgs { amount: 0, ..sol.clone() }),
        ("to", TransferArgs { to: String::new(), ..sol.clone() }),
        ("to", TransferArgs { to: huge.clone(), ..sol.clone() }),
        ("to", TransferArgs { to: recipients::kaspa(1), ..sol.clone() }),
        ("to", TransferArgs { to: recipients::solana(1), ..kas.clone() }),
        ("to", TransferArgs { to: recipients::kaspa_on(CoreKaspaNetwork::Mainnet, 1), ..kas.clone() }),
        ("to", TransferArgs { to: recipients::kaspa_on(CoreKaspaNetwork::Testnet10, 1), ..kas.clone() }),
        ("to", TransferArgs { to: with_typo(&recipients::kaspa(1)), ..kas.clone() }),
        ("to", TransferArgs { to: "11111111111111111111111111111111".into(), ..sol.clone() }),
        ("idempotency_key", TransferArgs { idempotency_key: String::new(), ..sol.clone() }),
        ("idempotency_key", TransferArgs { idempotency_key: "k".repeat(65), ..sol.clone() }),
        ("reason", TransferArgs { reason: Some("r".repeat(1_025)), ..sol.clone() }),
        ("max_fee", TransferArgs { max_fee: Some(0), ..sol.clone() }),
        ("max_fee", TransferArgs { max_fee: Some(u64::MAX), ..kas.clone() }),
        ("params", TransferArgs { params: Some(TransferParams::of_kaspa(Some(KaspaKey::Ecdsa), None)), ..sol.clone() }),
    ];
    for (field, args) in cases {
        let what = format!("{field}: {:?} {} {:?}", args.asset, args.amount, args.to.get(..40));
        let answer = unchanged(&mut env, &what, |env| match env.as_actor(Actor::Agent).transfer(&args) {
            Err(Error { detail: Some(ErrorDetail::InvalidArgument { field, .. }), .. }) => field,
            other => format!("{other:?}"),
        });
        assert_eq!(answer, field, "{what}");
    }
}

/// The field that a batch was refused for, and the problem.
fn refused_field(answer: Answer<BatchOutcome>) -> (String, String) {
    match answer {
        Err(Error { code, detail: Some(ErrorDetail::InvalidArgument { field, problem }), .. }) if code == "VALIDATION_FAILED" => {
            (field, problem)
        }
        other => panic!("{other:?}"),
    }
}

/// A field, its expected problem, and a batch that has the problem.
type BadBatch = (&'static str, &'static str, BatchArgs);

fn bad_batches(wallet: u64) -> Vec<BadBatch> {
    let good = Payment::new(recipients::solana(1), SOL / 100);
    let token = Asset::Spl { mint: MintText::new(&recipients::solana(7)) };
    let of = |asset: Asset, second: Payment| BatchArgs { asset, payments: vec![good.clone(), second], ..batch(wallet) };
    let to = |to: &str| Payment { to: to.into(), ..good.clone() };
    let memo = |memo: &str| Payment { params: Some(PaymentParams::of_solana(Some(memo), None)), ..good.clone() };
    let sol = |second| of(Asset::Sol, second);
    let whole = sol(good.clone());
    let kas = |payment| BatchArgs { payments: vec![payment], ..batch(wallet) };
    let to_kaspa = Payment::new(recipients::kaspa(1), KAS);
    let only = "these are parameters of Solana";
    let longest = "payments[1]: between 1 and 256 bytes";
    vec![
        ("payments[1].to", "the text is empty", sol(to(""))),
        ("payments[1].to", "too long for an address", sol(to(&"1".repeat(20_000)))),
        ("payments[1].to", "this is a Kaspa address, not a Solana one", sol(to(&recipients::kaspa(1)))),
        ("payments[1].to", "it is the system program", sol(to("11111111111111111111111111111111"))),
        ("payments[1].to", "it is the mint of wrapped SOL", sol(to("So11111111111111111111111111111111111111112"))),
        ("payments[1].to", "this is a Kaspa address, not a Solana one", of(token, to(&recipients::kaspa(1)))),
        ("amount", "payments[1]: must be at least 1 base unit", sol(Payment { amount: 0, ..good.clone() })),
        ("amount", "payments[1]: must be at least 1 base unit", of(token, Payment { amount: 0, ..good.clone() })),
        ("payments", "between 1 and 500", BatchArgs { payments: Vec::new(), ..whole.clone() }),
        ("payments", "between 1 and 500", BatchArgs { payments: vec![good.clone(); 501], ..whole.clone() }),
        ("memo", longest, sol(memo(""))),
        ("memo", longest, sol(memo(&"m".repeat(257)))),
        ("memo", longest, of(token, memo(&"ü".repeat(129)))),
        (
            "payments[0].params",
            only,
            kas(Payment { params: Some(PaymentParams::of_solana(Some("tag"), None)), ..to_kaspa.clone() }),
        ),
        ("payments[0].params", only, kas(Payment { params: Some(PaymentParams::of_solana(None, Some(true))), ..to_kaspa })),
        ("asset", "the mint is no address", of(Asset::Spl { mint: MintText::new("nonsense") }, good.clone())),
        ("max_fee", "between 0.000005 SOL (5,000 lamports) and", BatchArgs { max_fee: Some(4_999), ..whole.clone() }),
        ("max_fee", "between 0.000005 SOL (5,000 lamports) and", BatchArgs { max_fee: Some(u64::MAX), ..of(token, good.clone()) }),
        (
            "params",
            "the asset is on Solana",
            BatchArgs { params: Some(TransferParams::of_kaspa(Some(KaspaKey::Ecdsa), None)), ..whole.clone() },
        ),
        (
            "params",
            "belong to one payment",
            BatchArgs { params: Some(TransferParams::of_solana(Some("all"), None)), ..whole.clone() },
        ),
        ("idempotency_key", "", BatchArgs { idempotency_key: String::new(), ..whole.clone() }),
        ("idempotency_key", "", BatchArgs { idempotency_key: "k".repeat(65), ..whole.clone() }),
        ("reason", "", BatchArgs { reason: Some("r".repeat(1_025)), ..whole }),
    ]
}

#[test]
fn a_batch_that_cannot_be_right_names_the_field_and_the_payment() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    for (n, (field, problem, args)) in bad_batches(wallet).into_iter().enumerate() {
        let what = format!("batch {n}, {field}");
        let answer = unchanged(&mut env, &what, |env| {
            let (named, why) = refused_field(env.as_actor(Actor::Agent).batch_transfer(&args));
            assert!(why.contains(problem), "{what}: {why}");
            named
        });
        assert_eq!(answer, field, "{what}");
    }
}

#[test]
fn the_key_of_a_batch_stands_for_all_that_it_said() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let first = BatchArgs {
        asset: Asset::Sol,
        payments: vec![Payment::new(recipients::solana(1), SOL / 100), Payment::new(recipients::solana(1), SOL / 50)],
        ..batch(wallet)
    };
    let made = env.as_actor(Actor::Agent).batch_transfer(&first).expect("it is accepted");
    env.wait_for_end(made.transfer_ids[0]);
    let change = |change: &dyn Fn(&mut BatchArgs)| {
        let mut other = first.clone();
        change(&mut other);
        other
    };
    let others = [
        change(&|args| args.payments[1].amount += 1),
        change(&|args| args.payments[1].params = Some(PaymentParams::of_solana(Some("tag"), None))),
        change(&|args| args.payments[1].params = Some(PaymentParams::of_solana(None, Some(true)))),
        change(&|args| args.payments.swap(0, 1)),
        change(&|args| args.payments.truncate(1)),
        change(&|args| args.reason = Some("other".into())),
        BatchArgs { idempotency_key: "b".into(), ..batch(wallet) },
    ];
    for (n, other) in others.iter().enumerate() {
        let answer = unchanged(&mut env, "another batch", |env| code(env.as_actor(Actor::Agent).batch_transfer(other)));
        assert_eq!(answer, "IDEMPOTENCY_CONFLICT", "{n}");
    }
    let same = change(&|args| args.payments[0].params = Some(PaymentParams::of_solana(None, Some(false))));
    let again = env.as_actor(Actor::Agent).batch_transfer(&same).expect("the same batch");
    assert_eq!(again.transfer_ids, made.transfer_ids, "what is not allowed is as if nothing were said");
}

/// The address with one character of its payload changed.
fn with_typo(address: &str) -> String {
    let mut text: Vec<char> = address.chars().collect();
    let last = text.len() - 10;
    text[last] = if text[last] == 'q' { 'p' } else { 'q' };
    text.into_iter().collect()
}

#[test]
fn amounts_at_the_edge_of_the_integers_are_denied_not_wrapped() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let answer = env.as_actor(Actor::Agent).transfer(&payment(wallet, Asset::Sol, u64::MAX, "max"));
    assert!(matches!(answer, Ok(TransferOutcome::Denied { .. })), "{answer:?}");
    let usage = env.as_actor(Actor::Stranger).get_usage(Scope::Wallet(wallet)).expect("open").assets;
    assert!(usage.iter().all(|usage| usage.reserved == 0));
}

#[test]
fn unknown_ids_are_not_found() {
    let mut env = TestEnv::new();
    env.wallet(&rules());
    let nobody = u64::MAX;
    type Lookup = fn(&mut TestEnv, u64) -> String;
    let calls: [(&str, Lookup); 16] = [
        ("change_wallet", |w, id| code(w.as_actor(Actor::Admin).change_wallet(id, WalletChange::Deactivate))),
        ("open_session", |w, id| code(w.as_actor(Actor::Admin).open_session(&session(id)))),
        ("list_sessions", |w, id| code(w.as_actor(Actor::Stranger).list_sessions(id, None, None))),
        ("get_session", |w, id| code(w.as_actor(Actor::Stranger).get_session(id))),
        ("get_wallet", |w, id| code(w.as_actor(Actor::Stranger).get_wallet(id))),
        ("get_policy", |w, id| code(w.as_actor(Actor::Stranger).get_policy(Scope::Wallet(id)))),
        ("get_usage", |w, id| code(w.as_actor(Actor::Stranger).get_usage(Scope::Wallet(id)))),
        ("get_transfer", |w, id| code(w.as_actor(Actor::Stranger).get_transfer(id))),
        ("list_transfers", |w, id| code(w.as_actor(Actor::Stranger).transfers_of(id))),
        ("list_agents", |w, id| code(w.as_actor(Actor::Stranger).list_agents(id, None, None))),
        ("set_policy", |w, id| code(w.as_actor(Actor::Admin).set_policy(Scope::Wallet(id), None, &rules()))),
        ("add_agent", |w, id| code(w.as_actor(Actor::Admin).add_agent(id, Actor::Stranger.principal()))),
        ("remove_agent", |w, id| code(w.as_actor(Actor::Admin).remove_agent(id, Actor::Agent.principal()))),
        ("cancel_transfer", |w, id| code(w.as_actor(Actor::Admin).cancel_transfer(id, None))),
        ("resolve_quarantine", |w, id| code(w.as_actor(Actor::Admin).resolve_quarantine(&quarantined(id)))),
        ("refresh_balances", |w, id| code(w.as_actor(Actor::Admin).refresh_balances(id))),
    ];
    for (name, call) in calls {
        let answer = unchanged(&mut env, name, |env| call(env, nobody));
        assert_eq!(answer, "NOT_FOUND", "{name}");
    }
}

#[test]
fn rules_that_cannot_work_are_refused() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let limit = |max| Rule::PerTransaction { asset: Asset::Sol, max };
    let cases: Vec<(&str, Vec<Rule>)> = vec![
        ("a limit of nothing", vec![limit(0)]),
        ("the same limit twice", vec![limit(1), limit(2)]),
        ("an empty allowlist", vec![recipients::allowlist(Chain::Solana, [])]),
        ("an address of the other chain", vec![recipients::allowlist(Chain::Solana, [recipients::kaspa(1)])]),
        ("another network", vec![recipients::allowlist(Chain::Kaspa, [recipients::kaspa_on(CoreKaspaNetwork::Mainnet, 1)])]),
        ("a very long address", vec![recipients::allowlist(Chain::Kaspa, ["q".repeat(20_000)])]),
        ("too many", vec![recipients::allowlist(Chain::Solana, (0..=256).map(|_| recipients::solana(1)))]),
    ];
    for (name, rules) in cases {
        let answer =
            unchanged(&mut env, name, |env| code(env.as_actor(Actor::Admin).set_policy(Scope::Wallet(wallet), None, &rules)));
        assert_eq!(answer, "VALIDATION_FAILED", "{name}");
    }
}

#[test]
fn a_megabyte_anywhere_is_refused_without_a_trap() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules()).id;
    let megabyte = "x".repeat(1 << 20);
    type Attempt = fn(&mut TestEnv, u64, &str) -> Result<String, localnet::Reject>;
    let calls: [(&str, Attempt); 9] = [
        ("create_wallet", |w, _, text| {
            w.as_actor(Actor::Admin).try_update("create_wallet", (threshold(text),)).map(code::<Wallet>)
        }),
        ("open_session", |w, id, text| {
            let args = OpenSessionArgs { label: Some(text.into()), ..session(id) };
            w.as_actor(Actor::Agent).try_update("open_session", (args,)).map(code::<Session>)
        }),
        ("record_client", |w, _, text| {
            let args = ClientArgs { device: Some(text.into()), ..client() };
            w.as_actor(Actor::Agent).try_update("record_client", (args,)).map(code::<()>)
        }),
        ("get_wallet_by_address", |w, _, text| {
            w.as_actor(Actor::Agent).try_query("get_wallet_by_address", (text,)).map(code::<Wallet>)
        }),
        ("confirm_archive", |w, _, text| {
            let args = ConfirmArchiveArgs { location: text.into(), ..archive() };
            w.as_actor(Actor::Admin).try_update("confirm_archive", (args,)).map(code::<()>)
        }),
        ("start_emergency", |w, _, text| w.as_actor(Actor::Admin).try_update("start_emergency", (text,)).map(code::<()>)),
        ("cancel_transfer", |w, _, text| {
            w.as_actor(Actor::Admin).try_update("cancel_transfer", (1u64, Some(text))).map(code::<Transfer>)
        }),
        ("transfer", |w, id, text| {
            let args = TransferArgs { to: text.into(), ..payment(id, Asset::Sol, 1, "k") };
            w.as_actor(Actor::Agent).try_update("transfer", (args,)).map(code::<TransferAnswer>)
        }),
        ("simulate_transfer", |w, id, text| {
            let args = TransferArgs { reason: Some(text.into()), ..payment(id, Asset::Sol, 1, "k") };
            w.as_actor(Actor::Agent).try_query("simulate_transfer", (args,)).map(code::<Evaluation>)
        }),
    ];
    for (name, call) in calls {
        let answer = unchanged(&mut env, name, |env| match call(env, wallet, &megabyte) {
            Ok(code) => code,
            Err(reject) => panic!("{name}: {reject}"),
        });
        assert!(["VALIDATION_FAILED", "NOT_FOUND"].contains(&answer.as_str()), "{name}: {answer}");
    }
    // Who has no power is not worth a megabyte: refused at the door, by `inspect_message`.
    let stranger = env.as_actor(Actor::Stranger).try_update::<Answer<()>>("start_emergency", (&megabyte,));
    assert_eq!(stranger.expect_err("it is not let in").code, localnet::Reject::CANISTER_REJECT);
}

#[test]
fn pages_are_bounded() {
    let mut env = TestEnv::new();
    let wallet = env.wallet(&rules());
    let whole = Page { items: vec![wallet.clone()], next: None };
    assert_eq!(env.as_actor(Actor::Anonymous).list_wallets(None, Some(u32::MAX)), whole);
    assert_eq!(env.as_actor(Actor::Anonymous).list_wallets(None, Some(0)), whole, "a page has at least one entry");
    assert_eq!(env.as_actor(Actor::Anonymous).list_wallets(Some(u64::MAX), None), Page { items: vec![], next: None });
    let filter = TransferFilter { wallet_id: wallet.id, agent: None, status: None };
    assert_eq!(env.as_actor(Actor::Anonymous).list_transfers(filter, Some(0), Some(0)), Ok(Page { items: vec![], next: None }));
    let report = env.as_actor(Actor::Anonymous).verify_integrity(Some(u64::MAX), Some(u64::MAX));
    assert_eq!((report.valid, report.entries_checked), (true, 0));
    let ranges = vec![BlockRange { start: 0u8.into(), length: u128::MAX.into() }; 100];
    let page = env.as_actor(Actor::Anonymous).icrc3_get_blocks(&ranges);
    assert!(page.blocks.len() <= 100, "{}", page.blocks.len());
}
