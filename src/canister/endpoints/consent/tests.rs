use super::answer;
use super::scene::Scene;
use crate::fixture::{self, NOW, WALLET, agent, installed, stranger};
use crate::store::Store;
use candid::utils::{ArgumentEncoder, encode_args};
use candid::{Encode, Principal};
use purser_core::access::Role;
use purser_core::access::RoleChange;
use purser_core::base::{self, Amount};
use purser_core::governance::{Action, Group as CoreGroup};
use purser_core::policy::{ApprovalRule, DEFAULT_APPROVAL_TIMEOUT_NS, Rule as CoreRule, Window};
use purser_types::fixture::{kas, sol};
use purser_types::{
    Asset, BatchArgs, Chain, ConsentError, ConsentMessage, ConsentMessageMetadata, ConsentMessageRequest, ConsentMessageSpec,
    CreateWalletArgs, DeviceSpec, FieldValue, Group, KaspaKey, MinBalance, MintText, OpenSessionArgs, Payment, PaymentParams, Rule,
    Scope, SettingsInit, Signing, SolanaTransferParams, TransferArgs, TransferParams, WalletChange,
};
use serde_bytes::ByteBuf;

fn request(method: &str, args: impl ArgumentEncoder, device_spec: Option<DeviceSpec>) -> ConsentMessageRequest {
    let metadata = ConsentMessageMetadata { language: "de".into(), utc_offset_minutes: Some(60) };
    let arg = ByteBuf::from(encode_args(args).expect("encodable"));
    ConsentMessageRequest { method: method.into(), arg, user_preferences: ConsentMessageSpec { metadata, device_spec } }
}

fn markdown(state: &Store, method: &str, args: impl ArgumentEncoder) -> String {
    let info = answer(Scene { state, now: NOW }, &request(method, args, None)).expect("described");
    assert_eq!(info.metadata, ConsentMessageMetadata { language: "en".into(), utc_offset_minutes: None });
    match info.consent_message {
        ConsentMessage::GenericDisplayMessage(text) => text,
        other => panic!("{other:?}"),
    }
}

fn refused(state: &Store, method: &str, args: impl ArgumentEncoder) -> String {
    match answer(Scene { state, now: NOW }, &request(method, args, None)) {
        Err(ConsentError::UnsupportedCanisterCall(info)) => info.description,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_payment_is_described_with_its_amounts_and_its_end() {
    let state = installed();
    let args = TransferArgs { reason: Some("rent".into()), max_fee: Some(6_000), ..sol(1_500_000_000, "invoice-17") };
    let to = args.to.clone();
    let expected = format!(
        "# Pay 1.5 SOL\n\n**Amount:** `1.5 SOL`\n\n**To:** `{to}`\n\n**From:** `wallet 1, “ops”`\n\n**Fee at most:** `0.000006 SOL`\n\n\
         **Reason:** `“rent”`\n\n**Reference:** `“invoice-17”`\n"
    );
    assert_eq!(markdown(&state, "transfer", (&args,)), expected);
    let info = answer(Scene { state: &state, now: NOW }, &request("transfer", (&args,), Some(DeviceSpec::FieldsDisplay)));
    let ConsentMessage::FieldsDisplayMessage(fields) = info.expect("described").consent_message else { panic!("no fields") };
    assert_eq!(fields.intent, "Pay 1.5 SOL");
    let amount = FieldValue::TokenAmount { decimals: 9, amount: 1_500_000_000, symbol: "SOL".into() };
    assert_eq!(fields.fields[0], ("Amount".to_owned(), amount));
    assert_eq!(fields.fields.len(), 6);
}

#[test]
fn a_payment_of_tokens_names_the_mint_and_what_is_paid_in_sol() {
    const USDC: &str = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
    let state = installed();
    let asset = Asset::Spl { mint: MintText::new(USDC) };
    let terms = SolanaTransferParams { memo: Some("invoice 17".into()), allow_off_curve: Some(true) };
    let args = TransferArgs { asset, params: Some(TransferParams::Solana(terms)), ..sol(1_500_000, "invoice-17") };
    let text = markdown(&state, "transfer", (&args,));
    let amount = format!("1.5 USDC (token {USDC})");
    assert!(text.starts_with(&format!("# Pay {amount}\n\n**Amount:** `{amount}`\n")), "{text}");
    // The fixture's cap of 0.00001 SOL and the rent of the recipient's account.
    assert!(text.contains("**Fee at most:** `0.0021726 SOL`"), "{text}");
    assert!(text.contains("**Memo:** `“invoice 17”`") && text.contains("**Recipient:** `may be a program's vault"), "{text}");
    let nonsense = TransferArgs { asset: Asset::Spl { mint: MintText::new("nonsense") }, ..args };
    assert!(refused(&state, "transfer", (&nonsense,)).contains("the mint is no address"));
}

#[test]
fn a_batch_of_tokens_lists_every_payment_and_its_largest_fee() {
    let state = installed();
    let mint = "4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU";
    let to = sol(1, "k").to;
    let args = BatchArgs {
        wallet_id: WALLET.get(),
        asset: Asset::Spl { mint: MintText::new(mint) },
        payments: (1..=8).map(|amount| Payment::new(to.clone(), amount)).collect(),
        max_fee: None,
        idempotency_key: "wages".into(),
        reason: None,
        session_id: None,
        created_at: None,
        params: None,
    };
    let text = markdown(&state, "batch_transfer", (&args,));
    assert!(text.starts_with(&format!("# Make 8 payments of 36 base units of the token {mint} together")), "{text}");
    for n in 1..=8 {
        let unit = if n == 1 { "base unit" } else { "base units" };
        assert!(text.contains(&format!("**Payment {n}:** `{n} {unit} of the token {mint} to {to}`")), "{text}");
    }
    // The cap of 0.00001 SOL, and the rent of the seven accounts that one transaction can create.
    assert!(text.contains("**Fee of each transaction at most:** `0.0151482 SOL`"), "{text}");
    let mut said = args.clone();
    said.payments[1].params = Some(PaymentParams::of_solana(Some("tag`7\n"), None));
    said.payments[2].params = Some(PaymentParams::of_solana(None, Some(true)));
    let text = markdown(&state, "batch_transfer", (&said,));
    let second = format!("to {to}`\n\n**Memo of payment 2:** `“tag'7\u{fffd}”`\n\n**Payment 3:** `3 base units");
    assert!(text.contains(&second) && text.matches("**Memo of").count() == 1, "{text}");
    assert!(
        text.contains("**Recipient of payment 3:** `may be a program's vault, for which nobody holds a private key`"),
        "{text}"
    );
    assert_eq!(text.matches("**Recipient of").count(), 1, "{text}");
    let keyed = BatchArgs { params: Some(TransferParams::of_kaspa(Some(KaspaKey::Ecdsa), None)), ..args };
    assert!(refused(&state, "batch_transfer", (&keyed,)).starts_with("params: "));
}

#[test]
fn foreign_texts_have_no_power_over_the_description() {
    let state = installed();
    let args = TransferArgs { reason: Some("x`\n\n# Pay nothing\n".into()), ..kas(1, "k") };
    let text = markdown(&state, "transfer", (&args,));
    assert!(text.contains("**Reason:** `“x'\u{fffd}\u{fffd}# Pay nothing\u{fffd}”`"), "{text}");
    assert_eq!(text.matches("\n# ").count(), 0, "{text}");
}

#[test]
fn what_would_be_refused_is_not_described() {
    let state = installed();
    assert!(refused(&state, "get_transfer", (1u64,)).starts_with("there is no such update"));
    assert!(refused(&state, "no_such_method", ()).starts_with("there is no such update"));
    assert_eq!(refused(&state, "transfer", (7u64,)), "the arguments are not those of the method");
    assert_eq!(refused(&state, "transfer", (&TransferArgs { wallet_id: 9, ..sol(1, "k") },)), "there is no wallet 9");
    let nowhere = TransferArgs { to: "?".into(), ..sol(1, "k") };
    assert!(refused(&state, "transfer", (&nowhere,)).starts_with("to: "));
    assert_eq!(refused(&state, "cancel_transfer", (5u64, None::<String>)), "there is no transfer 5");
    assert_eq!(refused(&state, "approve_proposal", (5u64,)), "no proposal 5 is open");
    let mut long = request("start_emergency", ("x",), None);
    long.arg = ByteBuf::from(vec![0; 64 * 1024 + 1]);
    assert!(answer(Scene { state: &state, now: NOW }, &long).is_err());
}

/// A transfer of 5 lamports that waits for one of a group.
fn waiting(state: &mut Store) -> (u64, [u8; 32]) {
    let approver = Principal::from_slice(&[21, 1]);
    fixture::change(state, Action::GrantRole(RoleChange { principal: approver, role: Role::Approver }));
    fixture::change(state, Action::SetGroup(CoreGroup { name: "ops".into(), members: [approver].into() }));
    let asset = base::Asset::Sol;
    let approval = ApprovalRule {
        asset: Some(asset),
        threshold: Amount::new(5),
        cumulative_24h: None,
        group: "ops".into(),
        quorum: 1,
        timeout_ns: DEFAULT_APPROVAL_TIMEOUT_NS,
        time_lock_ns: 0,
    };
    let rules = vec![
        CoreRule::PerTransaction { asset, max: Amount::new(1_000) },
        CoreRule::SpendingLimit { asset, window: Window::Rolling24h, max: Amount::new(100_000) },
        CoreRule::AnyAddress { chain: base::Chain::Solana },
        CoreRule::Approval(approval),
    ];
    fixture::set_policy(state, rules);
    let args = sol(5, "k").into_request(state.config()).expect("readable");
    let (decided, _) = state.decide_transfer(agent(), args, NOW).expect("decided");
    state.commit(decided.expect("something to commit"), NOW);
    let transfer = state.pending_approvals(None).remove(0);
    (transfer.id.get(), transfer.approval.expect("asked").intent.0)
}

#[test]
fn an_approval_is_described_only_with_the_hash_of_what_waits() {
    let mut state = installed();
    let (id, intent) = waiting(&mut state);
    let text = markdown(&state, "approve_transfer", (id, ByteBuf::from(intent)));
    assert!(text.starts_with("# Agree to pay 0.000000005 SOL\n"), "{text}");
    assert!(text.contains("**Time left to agree:** `300 seconds`"), "{text}");
    assert!(text.contains(&format!("**Asked for by:** `{}`", agent())), "{text}");
    let wrong = refused(&state, "approve_transfer", (id, ByteBuf::from([0; 32])));
    assert_eq!(wrong, "the intent hash is not that of what the transfer waits for");
    assert!(markdown(&state, "reject_transfer", (id, "no")).contains("**Note:** `“no”`"));
}

#[test]
fn every_change_of_power_is_described() {
    let mut state = installed();
    let (id, _) = waiting(&mut state);
    let who = stranger();
    let rules = vec![Rule::AnyAddress { chain: Chain::Kaspa }, Rule::PerTransaction { asset: Asset::Kas, max: 150_000_000 }];
    let policy = markdown(&state, "set_policy", (Scope::Wallet(WALLET.get()), Some("loose"), &rules));
    assert!(
        policy.starts_with("# Replace a policy\n\n**Of:** `wallet 1`\n\n**Name:** `“loose”`\n\n**Replaces:** `version 1`\n"),
        "{policy}"
    );
    assert!(policy.contains("**Rule 2:** `One transfer sends at most 1.5 KAS.`"), "{policy}");
    let kept = vec![MinBalance { asset: Asset::Sol, min: 0 }];
    let configure =
        SettingsInit { quorum: Some(1), time_lock_seconds: Some(60), min_balances: Some(kept), ..SettingsInit::default() };
    let configured = markdown(&state, "set_settings", (&configure,));
    assert_eq!(
        configured,
        "# Change the canister's settings\n\n**Time lock:** `60 seconds`\n\n**What every wallet keeps:** `0 SOL`\n"
    );
    let group = Group { name: "ops".into(), members: vec![who] };
    let role = purser_types::Role::Admin;
    let wallet = CreateWalletArgs { label: "a".into(), owner: None, parent: Some(1), signing: Signing::Threshold };
    let session = OpenSessionArgs { wallet_id: 1, agent: None, ttl_seconds: 60, label: None, rules: Vec::new() };
    let starts = [
        (markdown(&state, "grant_role", (who, role)), "# Give the role Admin\n"),
        (markdown(&state, "revoke_role", (who, role)), "# Take the role Admin\n"),
        (markdown(&state, "remove_principal", (who,)), "# Take every power from a principal\n"),
        (markdown(&state, "add_agent", (1u64, who)), "# Let an agent ask for transfers\n"),
        (markdown(&state, "remove_agent", (1u64, who)), "# Remove an agent\n"),
        (markdown(&state, "set_group", (&group,)), "# Say who is in a group of approvers\n"),
        (markdown(&state, "create_wallet", (&wallet,)), "# Create a wallet\n\n**Label:** `“a”`\n\n**Under:** `wallet 1, “ops”`\n"),
        (markdown(&state, "change_wallet", (1u64, WalletChange::Owner(who))), "# Give a wallet to another owner\n"),
        (
            markdown(&state, "open_session", (&session,)),
            "# Open a session\n\n**Wallet:** `wallet 1, “ops”`\n\n**Lasts:** `60 seconds`\n",
        ),
        (markdown(&state, "submit_signatures", (id, Vec::<ByteBuf>::new())), "# Send the signed transfer 1\n"),
        (
            markdown(&state, "set_solana_nonce_pool", (1u64, 4u16)),
            "# Create nonce accounts on Solana\n\n**Wallet:** `wallet 1, “ops”`\n",
        ),
        (
            markdown(&state, "set_provider_key", ("https://a.b/{key}", Some("secret-key"))),
            "# Set a provider's API key\n\n**Provider:** `https://a.b/{key}`\n",
        ),
        (markdown(&state, "revoke_solana_transfer", (id,)), "# Keep transfer 1 from landing, if it has not\n"),
        (markdown(&state, "start_emergency", ("fire",)), "# Stop all payments\n"),
        (markdown(&state, "end_emergency", ("over",)), "# Resume payments by one stage\n"),
        (markdown(&state, "cancel_transfer", (id, None::<String>)), "# Call off transfer 1\n"),
        (markdown(&state, "quarantine_transfer", (id, "odd")), "# Leave transfer 1 to people\n"),
    ];
    for (text, start) in starts {
        assert!(text.starts_with(start), "{text}");
    }
}

/// The interface lists what there is: a method that is added has to be described, or named here as one that moves neither money nor power.
#[test]
fn no_update_is_forgotten() {
    const NEITHER: [&str; 6] = [
        "icrc21_canister_call_consent_message",
        "quote_kaspa_transfer",
        "record_client",
        "refresh_balances",
        "refresh_solana_tokens",
        "set_solana_settings",
    ];
    let state = installed();
    let empty = Encode!().expect("encodable");
    let documented = include_str!("../../../../candid/purser.did");
    let service = &documented[documented.find("service").expect("a service")..];
    let methods =
        service.lines().map(str::trim).filter(|line| !line.starts_with("//") && line.contains(" : (") && line.ends_with(';'));
    let updates = methods.filter(|line| !line.ends_with("query;")).filter_map(|line| line.split(" : ").next());
    let updates: Vec<&str> = updates.filter(|name| !NEITHER.contains(name)).collect();
    assert!(updates.len() > 15, "{updates:?}");
    for method in updates {
        let mut request = request(method, (), None);
        request.arg = ByteBuf::from(empty.clone());
        let Err(ConsentError::UnsupportedCanisterCall(info)) = answer(Scene { state: &state, now: NOW }, &request) else {
            continue;
        };
        assert_eq!(info.description, "the arguments are not those of the method", "{method} is not described");
    }
}
