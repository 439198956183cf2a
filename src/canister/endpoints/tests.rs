//! What the methods do before and after a decision, on a real state. What needs the Internet Computer is tested by the suite.

use super::{log, policy_tools, requests, transfers};
use crate::endpoints::access;
use crate::fixture::{self, NOW, WALLET, agent, installed, stranger};
use crate::store::Store;
use candid::{Nat, Principal};
use purser_core::base::WalletId;
use purser_core::policy::Scope;
use purser_core::state::Refusal;
use purser_core::transfer::Outcome;
use purser_types::convert::policy::parse_rules;
use purser_types::fixture::{admin, config, guardian, sol};
use purser_types::{
    Asset, BatchArgs, BlockRange, Chain, Decision, ErrorDetail, Payment, PaymentParams, Rule, TransferArgs, Window,
};

fn set_policy(state: &mut Store) {
    let rules = vec![
        Rule::PerTransaction { asset: Asset::Sol, max: 1_000 },
        Rule::SpendingLimit { asset: Asset::Sol, window: Window::Rolling24h, max: 100_000 },
        Rule::AnyAddress { chain: Chain::Solana },
    ];
    let rules = parse_rules(rules, &state.config().chains).expect("readable");
    fixture::set_policy(state, rules);
}

fn refusal(state: &Store, caller: Principal, args: TransferArgs) -> (String, ErrorDetail) {
    let error = transfers::decide(state, caller, args, NOW).map(|_| ()).expect_err("refused");
    (error.code, error.detail.expect("a detail"))
}

#[test]
fn a_strangers_arguments_are_not_looked_at() {
    let state = installed();
    let nonsense = TransferArgs { to: "?".into(), ..sol(0, "") };
    let (code, detail) = refusal(&state, Principal::anonymous(), nonsense.clone());
    assert_eq!((code.as_str(), detail), ("AUTH_FAILED", ErrorDetail::Anonymous));
    for caller in [stranger(), admin(), guardian()] {
        let (_, detail) = refusal(&state, caller, nonsense.clone());
        assert_eq!(detail, ErrorDetail::Unauthorized { needs: "an agent of the wallet".into() });
    }
    let (_, detail) = refusal(&state, agent(), TransferArgs { wallet_id: 9, ..nonsense.clone() });
    assert_eq!(detail, ErrorDetail::NotFound { what: "wallet".into(), id: "9".into() });
    let (_, detail) = refusal(&state, agent(), nonsense);
    assert!(matches!(&detail, ErrorDetail::InvalidArgument { field, .. } if field == "to"), "{detail:?}");
}

#[test]
fn a_transfer_is_denied_accepted_and_recognised() {
    let mut state = installed();
    let denied = transfers::decide(&state, agent(), sol(10, "k"), NOW).expect("decided");
    assert!(matches!(denied, (Some(_), Outcome::Denied { .. })), "{denied:?}");
    set_policy(&mut state);
    let (decided, outcome) = transfers::decide(&state, agent(), sol(10, "k"), NOW).expect("decided");
    let Outcome::Accepted { transfer: id, .. } = outcome else { panic!("{outcome:?}") };
    state.commit(decided.expect("something to commit"), NOW);
    let again = transfers::decide(&state, agent(), sol(10, "k"), NOW).expect("decided");
    assert!(matches!(again, (None, Outcome::Duplicate { transfer }) if transfer == id), "{again:?}");
    let (code, _) = refusal(&state, agent(), sol(11, "k"));
    assert_eq!(code, "IDEMPOTENCY_CONFLICT");
}

#[test]
fn a_transfer_is_recognised_after_an_upgrade_changed_the_fee_cap() {
    let mut state = installed();
    set_policy(&mut state);
    let (decided, _) = transfers::decide(&state, agent(), sol(10, "k"), NOW).expect("decided");
    state.commit(decided.expect("something to commit"), NOW);
    let mut changed = config();
    changed.chains.solana.max_fee = purser_core::base::Amount::new(20_000);
    let decided = state.decide_upgrade(stranger(), "2".into(), Some(changed));
    fixture::commit(&mut state, decided);
    let again = transfers::decide(&state, agent(), sol(10, "k"), NOW).expect("decided");
    assert!(matches!(again, (None, Outcome::Duplicate { .. })), "{again:?}");
}

#[test]
fn what_has_ended_holds_nothing() {
    let mut state = installed();
    set_policy(&mut state);
    let (decided, outcome) = transfers::decide(&state, agent(), sol(10, "k"), NOW).expect("decided");
    let Outcome::Accepted { transfer: id, .. } = outcome else { panic!("{outcome:?}") };
    state.commit(decided.expect("something to commit"), NOW);
    assert_eq!(requests::find(&state, id).expect("a transfer").reserved, 10_010);
    let decided = state.decide_cancel(agent(), id, None);
    fixture::commit(&mut state, decided);
    assert_eq!(requests::find(&state, id).expect("a transfer").reserved, 0);
}

#[test]
fn a_simulation_answers_as_the_transfer_would_and_changes_nothing() {
    let mut state = installed();
    set_policy(&mut state);
    let before = state.log_len();
    let allowed = transfers::simulate(&state, agent(), sol(1_000, "k"), NOW).expect("an agent");
    assert_eq!((allowed.decision, allowed.policy_version), (Decision::Allow, 1));
    let denied = transfers::simulate(&state, agent(), sol(1_001, "k"), NOW).expect("an agent");
    assert_eq!(denied.decision, Decision::Deny);
    assert_eq!(transfers::simulate(&state, stranger(), sol(1, "k"), NOW).expect_err("refused").code, "AUTH_FAILED");
    assert_eq!(state.log_len(), before);
}

#[test]
fn usage_is_listed_for_every_asset_with_the_policys_limit() {
    let mut state = installed();
    set_policy(&mut state);
    let (decided, _) = transfers::decide(&state, agent(), sol(10, "k"), NOW).expect("decided");
    state.commit(decided.expect("something to commit"), NOW);
    let usage = policy_tools::usage(&state, Scope::Wallet(WALLET), NOW).expect("a wallet").assets;
    let figures: Vec<_> = usage.iter().map(|u| (u.asset.name.as_str(), u.posted, u.reserved, u.limit, u.remaining)).collect();
    assert_eq!(figures, [("Kas", 0, 0, None, None), ("Sol", 0, 10_010, Some(100_000), Some(89_990))]);
    assert_eq!(policy_tools::usage(&state, Scope::Wallet(WalletId::new(2)), NOW).expect_err("no wallet").code, "NOT_FOUND");
}

#[test]
fn balances_are_fetched_for_those_involved_only() {
    let state = installed();
    for caller in [admin(), guardian(), agent()] {
        assert_eq!(access::require_wallet_operator(&state, caller, WALLET).map(|wallet| wallet.id), Ok(WALLET));
    }
    assert_eq!(access::require_wallet_operator(&state, Principal::anonymous(), WALLET), Err(Refusal::Anonymous));
    let needs = "an agent of the wallet, an Admin or a Guardian";
    assert_eq!(access::require_wallet_operator(&state, stranger(), WALLET), Err(Refusal::Unauthorized { needs }));
    assert_eq!(
        access::require_wallet_operator(&state, admin(), WalletId::new(2)),
        Err(Refusal::NotFound { what: "wallet", id: "2".into() })
    );
}

#[test]
fn the_digest_is_of_the_state_after_the_last_block() {
    let state = installed();
    let digest = log::digest(&state);
    assert_eq!((digest.digest.to_vec(), digest.log_length), (state.digest().0.to_vec(), 5));
    assert_eq!(digest.tip.map(|tip| tip.to_vec()), state.tip().map(|(_, hash)| hash.0.to_vec()));
}

fn range(start: u128, length: u128) -> BlockRange {
    BlockRange { start: Nat::from(start), length: Nat::from(length) }
}

fn ids(state: &Store, ranges: &[BlockRange]) -> Vec<Nat> {
    log::blocks(state, ranges).blocks.into_iter().map(|block| block.id).collect()
}

#[test]
fn blocks_come_in_the_order_asked_for_and_only_those_that_exist() {
    let state = installed();
    let all = log::blocks(&state, &[range(0, u128::MAX)]);
    assert_eq!((all.log_length, all.blocks.len(), all.archived_blocks.len()), (Nat::from(5u8), 5, 0));
    assert_eq!(all.blocks[2].block, state.block(purser_core::base::BlockIndex::new(2)).expect("a block").into());
    assert_eq!(ids(&state, &[range(2, 2), range(0, 1), range(1, 0)]), [2u8, 3, 0].map(Nat::from));
    assert_eq!(ids(&state, &[range(5, 1), range(u128::MAX, 1), range(u64::MAX.into(), u128::MAX)]), [] as [Nat; 0]);
}

#[test]
fn a_reply_carries_at_most_a_hundred_blocks() {
    let state = installed();
    let many = vec![range(0, 4); 1_000];
    assert_eq!(ids(&state, &many).len(), 100);
}

#[test]
fn a_reply_stays_under_two_megabytes() {
    let mut state = installed();
    // Policies of two full allowlists are the largest blocks that a caller can make.
    let entry = |chain, n: u16| purser_core::policy::AllowEntry {
        to: purser_core::base::Destination::new(chain, [&n.to_be_bytes()[..], &[1; 31]].concat()),
        label: Some("l".repeat(64)),
        limits: Vec::new(),
        expires_at: None,
        usable_from: NOW,
    };
    let list = |chain| purser_core::policy::Rule::Allowlist {
        chain,
        entries: (0..256).map(|n| entry(chain, n)).collect(),
        cool_down_ns: 0,
    };
    let mut rules = vec![list(purser_core::base::Chain::Kaspa), list(purser_core::base::Chain::Solana)];
    for asset in purser_core::base::Asset::ALL {
        let (max, window) = (purser_core::base::Amount::MAX, purser_core::policy::Window::Rolling24h);
        rules.push(purser_core::policy::Rule::PerTransaction { asset, max });
        rules.push(purser_core::policy::Rule::SpendingLimit { asset, window, max });
    }
    for _ in 0..60 {
        fixture::set_policy(&mut state, rules.clone());
    }
    let result = log::blocks(&state, &[range(5, 60)]);
    assert!(result.blocks.len() > 1 && result.blocks.len() < 60, "{} blocks", result.blocks.len());
    let reply = candid::encode_one(&result).expect("encodable").len();
    assert!(reply < 2_000_000, "{reply} bytes");
}

#[test]
fn the_memo_and_the_vault_of_a_payment_are_shown_with_it() {
    let mut state = installed();
    set_policy(&mut state);
    let to = sol(1, "k").to;
    let said = Payment { params: Some(PaymentParams::of_solana(Some("tag 7"), Some(true))), ..Payment::new(to.clone(), 7) };
    let plain = Payment { params: Some(PaymentParams::of_solana(None, Some(false))), ..Payment::new(to, 8) };
    let args = BatchArgs {
        wallet_id: WALLET.get(),
        asset: Asset::Sol,
        payments: vec![said.clone(), plain.clone()],
        max_fee: None,
        idempotency_key: "k".into(),
        reason: None,
        session_id: None,
        created_at: None,
        params: None,
    };
    let request = args.into_request(state.config()).expect("readable");
    let (decided, outcome) = state.decide_batch(agent(), &request, NOW).expect("decided");
    state.commit(decided.expect("it is new"), NOW);
    let shown = requests::find(&state, outcome.transfers[0]).expect("it was accepted");
    assert_eq!(shown.payments, [said, Payment { params: None, ..plain }]);
}
