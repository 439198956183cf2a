//! Tokens, nonce accounts and what is only simulated.

use super::fixture::*;
use crate::base::{Amount, Asset, Bytes, Mint, TransferId, WRAPPED_SOL};
use crate::governance::config::SolanaOptions;
use crate::governance::settings::Settings;
use crate::policy::{Decision, Rule, RuleKind, Window};
use crate::state::{Refusal, State};
use crate::transfer::solana::{
    Execution, LifetimeChoice, NonceRecord, NonceStatus, NonceUse, SolanaBuilt, SolanaSettings, SolanaTransferParams,
};
use crate::transfer::{BuiltTx, Outcome, Status, TransferRequest};
use ic_stable_structures::VectorMemory;

const TOKEN: Asset = Asset::Spl { mint: Mint([7; 32]) };
const FEE: u64 = 2_000_000;

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

/// (held, spent) of an asset.
fn usage(state: &TestState, asset: Asset) -> (u64, u64) {
    let usage = state.usage(WALLET, asset, at(100));
    (usage.reserved.get(), usage.posted.get())
}

fn denied(state: &TestState, request: TransferRequest) -> Vec<(RuleKind, String)> {
    let (_, outcome) = state.decide_transfer(agent(), request, at(50)).unwrap();
    let Outcome::Denied { evaluation } = outcome else { panic!("not denied: {outcome:?}") };
    assert_eq!(evaluation.decision, Decision::Deny);
    evaluation.findings.into_iter().filter(|finding| !finding.passed).map(|finding| (finding.rule, finding.message)).collect()
}

fn replayed(state: &TestState) {
    let blocks: Vec<_> = (0..state.log_len()).map(|at| state.block_bytes(crate::base::BlockIndex::new(at)).unwrap()).collect();
    let again = State::replay(VectorMemory::default(), &blocks, state.tip().unwrap().1).unwrap();
    assert_eq!(again.digest(), state.digest());
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
    let decided = state.decide_failed(failed, Amount::new(5_000), None);
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

fn nonce_pool(state: &mut TestState, size: u16) -> Vec<TransferId> {
    let (decided, ids) = state.decide_nonce_pool(admin(), WALLET, size, at(10)).unwrap();
    state.commit(decided, at(10));
    ids
}

fn on_nonce(id: TransferId, index: u16) -> BuiltTx {
    let nonce = Some(NonceUse { index, value: Bytes::new([9; 32]) });
    BuiltTx { solana: Some(SolanaBuilt { nonce, ..SolanaBuilt::default() }), ..built(id) }
}

/// A wallet with two nonce accounts that work.
fn with_nonces() -> TestState {
    let mut state = installed();
    for id in nonce_pool(&mut state, 2) {
        submit(&mut state, id, at(11));
        let decided = state.decide_confirmed(id, Amount::new(1_061_640), None);
        done(&mut state, decided, at(12));
    }
    state
}

fn holder(state: &TestState, index: u16) -> Option<TransferId> {
    let record = state.nonce(WALLET, index).unwrap();
    assert_eq!(record.status, NonceStatus::Ready);
    record.holder
}

fn submit_on(state: &mut TestState, id: TransferId, index: u16) {
    let decided = state.decide_built(id, on_nonce(id, index));
    done(state, decided, at(20));
    let decided = state.decide_signed(id, signed());
    done(state, decided, at(20));
    let decided = state.decide_submitted(id);
    done(state, decided, at(20));
}

#[test]
fn nonce_accounts_are_created_as_transfers_that_count_their_rent() {
    let mut state = installed();
    let refused = state.decide_nonce_pool(agent(), WALLET, 1, at(1)).err().unwrap();
    assert!(matches!(refused, Refusal::Unauthorized { .. }));
    assert!(matches!(state.decide_nonce_pool(admin(), WALLET, 33, at(1)), Err(Refusal::InvalidArgument { field: "size", .. })));
    let ids = nonce_pool(&mut state, 2);
    assert_eq!(ids, [TransferId::new(1), TransferId::new(2)]);
    assert_eq!(state.nonce(WALLET, 0), Some(NonceRecord { status: NonceStatus::Creating { transfer: ids[0] }, holder: None }));
    assert_eq!(usage(&state, Asset::Sol), (2 * (10_000 + 1_447_680), 0));
    submit(&mut state, ids[0], at(11));
    let decided = state.decide_confirmed(ids[0], Amount::new(1_061_640), None);
    done(&mut state, decided, at(12));
    let decided = state.decide_failed(ids[1], Amount::ZERO, Some("no money".into()));
    done(&mut state, decided, at(13));
    assert_eq!(usage(&state, Asset::Sol), (0, 1_061_640));
    assert_eq!((holder(&state, 0), state.nonce(WALLET, 1)), (None, None), "what failed can be tried again");
    assert_eq!(nonce_pool(&mut state, 2).len(), 1);
    replayed(&state);
}

#[test]
fn one_transaction_stands_on_a_nonce_until_it_is_over() {
    let mut state = with_nonces();
    let [first, second] = ["a", "b"].map(|key| accepted(&mut state, sol(1_000, key), at(19)));
    submit_on(&mut state, first, 0);
    assert_eq!(holder(&state, 0), Some(first));
    assert!(matches!(state.decide_built(second, on_nonce(second, 0)), Err(Refusal::AlreadySo { .. })));
    assert!(matches!(state.decide_built(second, on_nonce(second, 7)), Err(Refusal::NotFound { .. })));
    submit_on(&mut state, second, 1);
    let decided = state.decide_confirmed(first, Amount::new(5_000), None);
    done(&mut state, decided, at(21));
    let decided = state.decide_expired(second, None);
    done(&mut state, decided, at(22));
    assert_eq!((holder(&state, 0), holder(&state, 1)), (None, None));
    let third = accepted(&mut state, sol(1_000, "c"), at(23));
    submit_on(&mut state, third, 1);
    assert!(state.decide_built(second, on_nonce(second, 1)).is_err(), "it has to take the other one");
    submit_on(&mut state, second, 0);
    let decided = state.decide_quarantine(admin(), third, "stuck".into());
    done(&mut state, decided, at(24));
    assert_eq!(holder(&state, 1), Some(third), "it may still land");
    let working: Vec<u16> = state.working_nonces(WALLET).into_iter().map(|(index, _)| index).collect();
    assert_eq!((working, state.build_slots(WALLET)), (vec![0], 1), "what waits for people holds nobody else up");
    replayed(&state);
}

/// What a revocation is built of: it uses this nonce up and stands on a blockhash.
fn using_up(id: TransferId, index: u16) -> BuiltTx {
    let uses_up = Some(NonceUse { index, value: Bytes::new([9; 32]) });
    BuiltTx { solana: Some(SolanaBuilt { uses_up, ..SolanaBuilt::default() }), ..built(id) }
}

fn revoke(state: &mut TestState, id: TransferId) -> TransferId {
    let (decided, revocation) = state.decide_revoke(guardian(), id, at(21)).unwrap();
    state.commit(decided, at(21));
    revocation
}

fn build_revocation(state: &mut TestState, revocation: TransferId) {
    let decided = state.decide_built(revocation, using_up(revocation, 0));
    done(state, decided, at(21));
}

fn submit_revocation(state: &mut TestState, revocation: TransferId) {
    build_revocation(state, revocation);
    let decided = state.decide_signed(revocation, signed());
    done(state, decided, at(21));
    let decided = state.decide_submitted(revocation);
    done(state, decided, at(21));
}

#[test]
fn a_revocation_uses_up_exactly_the_nonce_of_what_it_revokes() {
    let mut state = with_nonces();
    let [id, other] = ["a", "b"].map(|key| accepted(&mut state, sol(1_000, key), at(19)));
    submit_on(&mut state, id, 0);
    let revocation = revoke(&mut state, id);
    let another_value = |id| {
        let mut built = using_up(id, 0);
        built.solana.as_mut().unwrap().uses_up.as_mut().unwrap().value = Bytes::new([8; 32]);
        built
    };
    for wrong in [on_nonce(revocation, 0), using_up(revocation, 1), another_value(revocation), built(revocation)] {
        let refused = state.decide_built(revocation, wrong);
        assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "uses_up", .. })), "{refused:?}");
    }
    let refused = state.decide_built(other, using_up(other, 0));
    assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "uses_up", .. })), "a payment uses up nothing: {refused:?}");
    let decided = state.decide_confirmed(id, Amount::new(5_000), None);
    done(&mut state, decided, at(22));
    assert!(state.decide_built(revocation, using_up(revocation, 0)).is_err(), "it has landed");
    assert_eq!(holder(&state, 0), None);
}

#[test]
fn a_nonce_stays_taken_until_its_revocation_is_over_too() {
    for lands in [true, false] {
        let mut state = with_nonces();
        let id = accepted(&mut state, sol(1_000, "a"), at(19));
        submit_on(&mut state, id, 0);
        let revocation = revoke(&mut state, id);
        submit_revocation(&mut state, revocation);
        // The transfer was faster. What comes late would use up the next value.
        let decided = state.decide_confirmed(id, Amount::new(5_000), None);
        done(&mut state, decided, at(22));
        assert_eq!(holder(&state, 0), Some(revocation));
        let next = accepted(&mut state, sol(1_000, "b"), at(23));
        assert!(state.decide_built(next, on_nonce(next, 0)).is_err(), "the late one would kill it");
        let decided = if lands {
            state.decide_confirmed(revocation, Amount::new(5_000), None)
        } else {
            state.decide_expired(revocation, None)
        };
        done(&mut state, decided, at(24));
        assert_eq!(holder(&state, 0), None);
        submit_on(&mut state, next, 0);
        replayed(&state);
    }
}

#[test]
fn a_revocation_that_ends_without_landing_can_be_made_again() {
    let mut state = with_nonces();
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    submit_on(&mut state, id, 0);
    let first = revoke(&mut state, id);
    assert_eq!(state.revocation_of(&state.transfer(id).unwrap()), Some(first));
    assert!(matches!(state.decide_revoke(guardian(), id, at(21)), Err(Refusal::AlreadySo { .. })));
    let decided = state.decide_cancel(admin(), first, None);
    done(&mut state, decided, at(21));
    assert_eq!(state.revocation_of(&state.transfer(id).unwrap()), None);
    let second = revoke(&mut state, id);
    let decided = state.decide_failed(second, Amount::ZERO, Some("no money".into()));
    done(&mut state, decided, at(21));
    let third = revoke(&mut state, id);
    submit_revocation(&mut state, third);
    let decided = state.decide_confirmed(third, Amount::new(5_000), None);
    done(&mut state, decided, at(22));
    assert_eq!(state.revocation_of(&state.transfer(id).unwrap()), Some(third), "it has landed, and so counts for ever");
    assert!(matches!(state.decide_revoke(guardian(), id, at(22)), Err(Refusal::AlreadySo { .. })));
    replayed(&state);
}

#[test]
fn the_removal_of_an_agent_ends_no_revocation() {
    let mut state = with_nonces();
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    submit_on(&mut state, id, 0);
    let (decided, revocation) = state.decide_revoke(agent(), id, at(21)).unwrap();
    state.commit(decided, at(21));
    let waiting = accepted(&mut state, sol(1_000, "b"), at(21));
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(22));
    let status = |id| state.transfer(id).unwrap().status;
    assert_eq!((status(revocation), status(waiting)), (Status::Reserved, Status::Cancelled));
}

#[test]
fn what_is_signed_or_quarantined_on_a_nonce_is_revoked_and_followed_again() {
    for quarantined in [false, true] {
        let mut state = with_nonces();
        let id = accepted(&mut state, sol(1_000, "a"), at(19));
        let decided = state.decide_built(id, on_nonce(id, 0));
        done(&mut state, decided, at(20));
        assert!(state.decide_revoke(guardian(), id, at(20)).is_err(), "nothing is signed: it can be cancelled");
        let decided = state.decide_signed(id, signed());
        done(&mut state, decided, at(20));
        if quarantined {
            let decided = state.decide_quarantine(admin(), id, "stuck".into());
            done(&mut state, decided, at(20));
        }
        let revocation = revoke(&mut state, id);
        let left = if quarantined { Status::Quarantined } else { Status::Signed };
        assert_eq!(state.transfer(id).unwrap().status, left, "nothing is known of the nonce yet");
        assert!(state.decide_submitted(id).is_ok() != quarantined, "by no other way");
        build_revocation(&mut state, revocation);
        let followed = state.transfer(id).unwrap();
        assert_eq!((followed.status, followed.updated_at), (Status::Submitted, at(21)));
        assert_eq!(followed.solana.unwrap().was_quarantined, quarantined);
        assert!(state.active_transfers_of(WALLET).iter().any(|active| active.id == id));
        assert!(usage(&state, Asset::Sol).0 > 1_000, "its money is held");
        let decided = state.decide_expired(id, None);
        done(&mut state, decided, at(22));
        let decided = state.decide_cancel_by_canister(id, "revoked".into());
        done(&mut state, decided, at(22));
        let fee = state.transfer(revocation).unwrap().request.max_fee.get();
        assert_eq!(usage(&state, Asset::Sol).0, fee, "its money is free");
        assert_eq!(holder(&state, 0), Some(revocation));
        replayed(&state);
    }
}

#[test]
fn the_highest_slot_in_which_something_landed_is_kept() {
    let mut state = with_nonces();
    assert_eq!(state.reached_slot(), 0);
    for (n, slot, fails, reached) in [(1, 48, false, 48), (2, 47, false, 48), (3, 60, true, 60)] {
        let id = accepted(&mut state, sol(1, &format!("key {n}")), at(10 * n));
        submit_on(&mut state, id, 0);
        let fee = Amount::new(5_000);
        let decided = if fails { state.decide_failed(id, fee, None) } else { state.decide_confirmed(id, fee, None) };
        state.commit(decided.unwrap().in_slot(slot), at(10 * n + 5));
        assert_eq!(state.reached_slot(), reached);
    }
    replayed(&state);
}

#[test]
fn a_nonce_account_that_failed_is_tried_again() {
    let mut state = with_nonces();
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    let fall_back = |state: &mut TestState| {
        let decided = state.decide_fallback(id, 0, "it is gone".into());
        done(state, decided, at(20));
    };
    fall_back(&mut state);
    let found = nonce_pool(&mut state, 2);
    assert_eq!(found.len(), 1, "the other one works");
    let decided = state.decide_nonce_found(found[0], "it works".into());
    done(&mut state, decided, at(21));
    assert_eq!((holder(&state, 0), state.transfer(found[0]).unwrap().status), (None, Status::Cancelled));
    assert!(state.decide_nonce_found(id, "it works".into()).is_err(), "a payment creates none");
    fall_back(&mut state);
    let created = nonce_pool(&mut state, 2);
    submit(&mut state, created[0], at(22));
    assert!(state.decide_nonce_found(created[0], "it works".into()).is_err(), "something is on its way");
    let decided = state.decide_confirmed(created[0], Amount::new(1_061_640), None);
    done(&mut state, decided, at(23));
    assert_eq!(holder(&state, 0), None);
    replayed(&state);
}

/// The fixture's configuration with Solana's gate closed.
fn closing() -> crate::governance::config::Config {
    let mut config = config();
    config.solana.options = Some(SolanaOptions { execution: Some(Execution::Simulate), ..SolanaOptions::default() });
    config
}

#[test]
fn what_an_upgrade_closes_the_gate_to_is_not_signed_but_followed_and_revoked() {
    let mut state = with_nonces();
    let [sent, waiting] = ["a", "b"].map(|key| accepted(&mut state, sol(1_000, key), at(19)));
    submit_on(&mut state, sent, 0);
    let decided = state.decide_upgrade(stranger(), "0.1.0".into(), Some(closing()));
    done(&mut state, decided, at(20));
    let decided = state.decide_built(waiting, on_nonce(waiting, 1));
    done(&mut state, decided, at(20));
    assert!(state.is_simulated(&state.transfer(waiting).unwrap()));
    assert!(matches!(state.decide_signed(waiting, signed()), Err(Refusal::WrongStatus { .. })));
    let decided = state.decide_cancel_by_canister(waiting, "simulated".into());
    done(&mut state, decided, at(21));
    assert_eq!(holder(&state, 1), None);
    let revocation = revoke(&mut state, sent);
    assert!(!state.is_simulated(&state.transfer(revocation).unwrap()), "an exit is no payment");
    submit_revocation(&mut state, revocation);
    let decided = state.decide_expired(sent, None);
    done(&mut state, decided, at(22));
    replayed(&state);
}

#[test]
fn what_is_only_tried_out_takes_no_nonce_and_breaks_none() {
    let mut state = with_nonces();
    let held = accepted(&mut state, sol(1_000, "a"), at(19));
    submit_on(&mut state, held, 0);
    let decided = state.decide_upgrade(stranger(), "0.1.0".into(), Some(closing()));
    done(&mut state, decided, at(20));
    for index in [0, 1] {
        let id = accepted(&mut state, sol(1_000, "tried"), at(21));
        assert!(state.decide_fallback(id, 1, "it is gone".into()).is_err());
        let decided = state.decide_built(id, on_nonce(id, index));
        done(&mut state, decided, at(21));
        assert_eq!((holder(&state, 0), holder(&state, 1)), (Some(held), None));
        let decided = state.decide_cancel_by_canister(id, "simulated".into());
        done(&mut state, decided, at(21));
        assert_eq!((holder(&state, 0), holder(&state, 1)), (Some(held), None));
    }
    replayed(&state);
}

#[test]
fn a_mainnet_only_simulates_until_it_is_told_otherwise() {
    use crate::chains::solana::Cluster;
    let execution = |network, execution| {
        let mut config = config();
        config.solana.network = network;
        config.solana.options = Some(SolanaOptions { execution, ..SolanaOptions::default() });
        let named = config.execution(crate::base::Chain::Solana);
        config.solana.options = None;
        (named, config.execution(crate::base::Chain::Solana))
    };
    assert_eq!(execution(Cluster::Mainnet, None), (Execution::Simulate, Execution::Simulate));
    assert_eq!(execution(Cluster::Mainnet, Some(Execution::Live)), (Execution::Live, Execution::Simulate));
    assert_eq!(execution(Cluster::Local, None), (Execution::Live, Execution::Live));
}

#[test]
fn a_revocation_shares_the_nonce_and_runs_in_an_emergency() {
    let mut state = with_nonces();
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    assert!(matches!(state.decide_revoke(agent(), id, at(21)), Err(Refusal::WrongStatus { .. })), "nothing is on its way");
    submit_on(&mut state, id, 0);
    assert!(matches!(state.decide_revoke(stranger(), id, at(21)), Err(Refusal::Unauthorized { .. })));
    let decided = state.decide_emergency(guardian(), true, "stop".into(), at(20));
    done(&mut state, decided, at(20));
    let (decided, revocation) = state.decide_revoke(guardian(), id, at(21)).unwrap();
    state.commit(decided, at(21));
    assert!(matches!(state.decide_revoke(guardian(), id, at(21)), Err(Refusal::AlreadySo { .. })));
    assert!(state.may_progress(revocation));
    submit_revocation(&mut state, revocation);
    assert_eq!(holder(&state, 0), Some(id), "the nonce is the transfer's");
    assert_eq!(state.transfer(id).unwrap().solana.unwrap().revoked_by, Some(revocation));
    let decided = state.decide_expired(id, None);
    done(&mut state, decided, at(22));
    let decided = state.decide_cancel_by_canister(id, "revoked".into());
    done(&mut state, decided, at(22));
    assert_eq!((state.transfer(id).unwrap().status, holder(&state, 0)), (Status::Cancelled, Some(revocation)));
    let decided = state.decide_confirmed(revocation, Amount::new(5_000), None);
    done(&mut state, decided, at(23));
    assert_eq!(holder(&state, 0), None);
    assert_eq!(usage(&state, Asset::Sol), (0, 2 * 1_061_640 + 5_000));
    replayed(&state);
}

#[test]
fn as_many_are_built_at_a_time_as_there_are_nonce_accounts_that_work() {
    let mut state = installed();
    assert_eq!(state.build_slots(WALLET), 1);
    let mut state_with = with_nonces();
    assert_eq!(state_with.build_slots(WALLET), 2);
    let ids = ["a", "b", "c"].map(|key| accepted(&mut state_with, sol(1_000, key), at(19)));
    let build_slots = ids.map(|id| state_with.build_slot(&state_with.transfer(id).unwrap()));
    assert!(build_slots[0] != build_slots[1] && build_slots[0] == build_slots[2], "{build_slots:?}");
    let decided = state_with.decide_fallback(ids[0], 0, "it is gone".into());
    done(&mut state_with, decided, at(20));
    assert_eq!(state_with.build_slots(WALLET), 1, "a broken one carries nothing");
    let settings = SolanaSettings { lifetime: LifetimeChoice::Blockhash };
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    let decided = state.decide_solana_settings(admin(), WALLET, settings);
    done(&mut state, decided, at(20));
    assert_eq!((state.build_slots(WALLET), state.build_slot(&state.transfer(id).unwrap())), (1, 0));
}

#[test]
fn a_nonce_account_that_fails_is_not_used_again() {
    let mut state = with_nonces();
    let id = accepted(&mut state, sol(1_000, "a"), at(19));
    let decided = state.decide_fallback(id, 0, "it is gone".into());
    done(&mut state, decided, at(20));
    assert_eq!(state.nonce(WALLET, 0).unwrap().status, NonceStatus::Broken { reason: "it is gone".into() });
    submit_on(&mut state, id, 1);
    assert!(state.decide_fallback(id, 1, "it is gone".into()).is_err(), "something stands on it");
}

/// The fixture's state on a network on which transfers are only simulated.
pub fn simulating() -> TestState {
    let mut state = State::new(VectorMemory::default());
    let mut config = config();
    config.solana.options = Some(SolanaOptions { execution: Some(Execution::Simulate), ..SolanaOptions::default() });
    let settings = Settings::new(&config);
    let decided = state.decide_init(stranger(), config, settings);
    done(&mut state, decided, at(0));
    let decided = state.decide_register_keys(keys());
    done(&mut state, decided, at(0));
    let (decided, _) = state.decide_create_wallet(admin(), "ops".into(), at(0)).unwrap();
    state.commit(decided, at(0));
    let decided = state.decide_add_agent(admin(), WALLET, agent());
    done(&mut state, decided, at(0));
    let (decided, _) = state.decide_set_policy(admin(), WALLET, rules(PER_TRANSACTION, DAILY), at(0)).unwrap();
    state.commit(decided, at(0));
    state
}

#[test]
fn what_is_only_tried_out_holds_nothing_and_keeps_the_key_free() {
    let mut state = simulating();
    let id = accepted(&mut state, sol(1_000, "a"), at(1));
    assert!(state.transfer(id).unwrap().simulated);
    assert_eq!((usage(&state, Asset::Sol), state.transfer(id).unwrap().reserved), ((0, 0), Amount::ZERO));
    let decided = state.decide_built(id, built(id));
    done(&mut state, decided, at(2));
    let decided = state.decide_cancel_by_canister(id, "simulated".into());
    done(&mut state, decided, at(3));
    assert_eq!(usage(&state, Asset::Sol), (0, 0));
    let again = accepted(&mut state, sol(1_000, "a"), at(4));
    assert_ne!(again, id, "the key is free for the real one");
    assert!(state.decide_nonce_pool(admin(), WALLET, 1, at(4)).is_err());
    replayed(&state);
}

#[test]
fn a_memo_is_bounded_and_solanas_only() {
    let state = installed();
    let with = |memo: &str| {
        let terms = SolanaTransferParams { memo: Some(memo.into()), ..SolanaTransferParams::default() };
        state.decide_transfer(agent(), TransferRequest { solana: Some(terms), ..sol(1, "m") }, at(1)).map(drop)
    };
    assert_eq!(with("invoice 17"), Ok(()));
    for bad in [String::new(), "m".repeat(257)] {
        assert!(matches!(with(&bad), Err(Refusal::InvalidArgument { field: "memo", .. })));
    }
}

const WITH_KEY: &str = "http://127.0.0.1:3/rpc?api-key={key}";
const KEY: &str = "0123456789-secret";

#[test]
fn a_providers_key_is_an_admins_and_stands_nowhere_but_in_its_table() {
    let mut state = State::new(VectorMemory::default());
    let mut config = config();
    config.solana.providers.push(WITH_KEY.into());
    let settings = Settings::new(&config);
    let decided = state.decide_init(stranger(), config, settings);
    done(&mut state, decided, at(0));
    assert!(matches!(state.decide_provider_key(guardian(), WITH_KEY, Some(KEY)), Err(Refusal::Unauthorized { .. })));
    for url in ["http://127.0.0.1:1", "http://127.0.0.1:4/{key}"] {
        let refused = state.decide_provider_key(admin(), url, Some(KEY));
        assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "url", .. })), "{url}");
    }
    for bad in ["", "1234567", "12345678/9", "12345678&x", "12345678 9", &"k".repeat(257)] {
        let refused = state.decide_provider_key(admin(), WITH_KEY, Some(bad));
        assert!(matches!(refused, Err(Refusal::InvalidArgument { field: "key", .. })), "{bad}");
    }
    assert!(matches!(state.decide_provider_key(admin(), WITH_KEY, None), Err(Refusal::AlreadySo { .. })));

    let decided = state.decide_provider_key(admin(), WITH_KEY, Some(KEY));
    done(&mut state, decided, at(1));
    let digest = state.digest();
    state.keep_provider_key(WITH_KEY, Some(KEY));
    assert_eq!(state.provider_key(WITH_KEY).as_deref(), Some(KEY));
    assert_eq!(state.digest(), digest, "a secret is no part of what the log gives");
    for index in 0..state.log_len() {
        let block = state.block_bytes(crate::base::BlockIndex::new(index)).unwrap();
        assert!(!block.windows(KEY.len()).any(|part| part == KEY.as_bytes()));
    }
    replayed(&state);
    let decided = state.decide_provider_key(admin(), WITH_KEY, None);
    done(&mut state, decided, at(2));
    state.keep_provider_key(WITH_KEY, None);
    assert_eq!(state.provider_key(WITH_KEY), None);
}

#[test]
fn a_key_has_its_place_behind_the_hosts_name() {
    let problem = |url: &str| {
        let mut config = config();
        config.solana.providers = vec![url.into()];
        config.validate().err().map(|error| error.field)
    };
    assert_eq!(problem(WITH_KEY), None);
    for url in ["https://{key}.a.b/rpc", "https://{key}", "https://a.b{key}/rpc", "https://a.b/{key}/{key}", "https://a.b/{secret}"]
    {
        assert_eq!(problem(url), Some("solana.providers"), "{url}");
    }
}
