//! What was written once must stay readable, and be written the same: blocks and records are frozen history.

use super::fixture::*;
use super::kaspa;
use crate::access::Role;
use crate::access::{LabelledAgent, RoleChange};
use crate::audit::Block;
use crate::base::codec::NameHashes;
use crate::base::{Amount, Asset, BlockIndex, Bytes, Chain, DAY_NS, HOUR_NS, MINUTE_NS};
use crate::chains::registry::Params;
use crate::chains::solana::transfer::{LifetimeChoice, SolanaSettings};
use crate::event::{DenialsAggregated, Event, ProposalApprovalWithdrawn, ProposalReady, StateCheckpoint};
use crate::governance::retention::AuditSettings;
use crate::governance::settings::Settings;
use crate::governance::{Action, Group, PolicyChange, Rate};
use crate::policy::{ApprovalRule, ReasonCode, Rule, Scope};
use crate::state::{BatchItem, BatchRequest, ChangeOutcome, Decided, NewSession, State};
use crate::transfer::{Outcome, SignedTx};
use crate::wallet::{KeyKind, WalletChange};
use ic_stable_structures::VectorMemory;
use std::collections::BTreeSet;

/// One block per line, as the first version wrote them.
const GOLDEN: &str = include_str!("golden.hex");
/// The digest of all tables after them.
const DIGEST: &str = "5e99ec734336bf37d6391233dbaee942a6bfdb0763c00e8f4e10f60dd4ffb00b";

/// Everything that can happen, once.
fn everything() -> TestState {
    let mut state = unpruned();
    let decided = state.decide_prune(at(92 * DAY_NS)).expect("three blocks are archived and old");
    state.commit(decided, at(92 * DAY_NS));
    state
}

/// The same before any block is given up.
fn unpruned() -> TestState {
    let mut state = installed();
    let decided = state.decide_grant_role(admin(), stranger(), Role::Guardian);
    done(&mut state, decided, at(1));
    let decided = state.decide_revoke_role(admin(), stranger(), Role::Guardian);
    done(&mut state, decided, at(2));
    let denied = state.decide_transfer(agent(), sol(u64::MAX / 2, "denied"), at(3)).unwrap().0.unwrap();
    state.commit(denied, at(3));
    let confirmed = accepted(&mut state, sol(1_000, "confirmed"), at(4));
    submit(&mut state, confirmed, at(5));
    let decided = state.decide_deadline(confirmed, 1_000);
    done(&mut state, decided, at(6));
    let decided = state.decide_confirmed(confirmed, Amount::new(5_000), None);
    done(&mut state, decided, at(7));
    let failed = accepted(&mut state, sol(1_000, "failed"), at(8));
    submit(&mut state, failed, at(9));
    let decided = state.decide_expired(failed, ReasonCode::TransactionExpired, "its blockhash is too old");
    done(&mut state, decided, at(10));
    let decided = state.decide_failed(failed, Amount::ZERO, ReasonCode::TransactionFailed, "given up");
    done(&mut state, decided, at(11));
    let cancelled = accepted(&mut state, sol(1_000, "cancelled"), at(12));
    let decided = state.decide_cancel(agent(), cancelled, Some("a mistake".into()));
    done(&mut state, decided, at(13));
    let quarantined = accepted(&mut state, sol(1_000, "quarantined"), at(14));
    submit(&mut state, quarantined, at(15));
    let decided = state.decide_quarantine(admin(), quarantined, "it does not move".into());
    done(&mut state, decided, at(16));
    on_kaspa(&mut state);
    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(17));
    done(&mut state, decided, at(17));
    let decided = state.decide_upgrade(stranger(), "0.1.0".into(), None);
    done(&mut state, decided, at(18));
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(19));
    govern(&mut state);
    state
}

/// What people decide together, and what the canister notices by itself.
fn govern(state: &mut TestState) {
    let mut change = |action: Action, now: u64| {
        let (decided, change) = state.decide_change(admin(), action, at(now)).unwrap();
        state.commit(decided, at(now));
        change
    };
    for stage in [20, 21] {
        change(Action::EndEmergency { reason: "the drill is over".into() }, stage);
    }
    change(Action::AddAgent(LabelledAgent { wallet: WALLET, agent: agent(), label: None }), 22);
    for approver in [stranger(), principal(8)] {
        change(Action::GrantRole(RoleChange { principal: approver, role: Role::Approver }), 23);
    }
    change(Action::SetGroup(Group { name: "ops".into(), members: [stranger(), principal(8)].into() }), 24);
    let rate = Rate { asset: Asset::Sol, value: Amount::new(2_000), per: Amount::new(1_000), expires_at: at(HOUR_NS) };
    change(Action::SetRate(rate), 25);
    let approval = ApprovalRule {
        asset: Some(Asset::Sol),
        threshold: Amount::new(2_000),
        cumulative_24h: None,
        group: "ops".into(),
        quorum: 1,
        timeout_ns: MINUTE_NS,
        time_lock_ns: 0,
    };
    let rules = [rules(PER_TRANSACTION, DAILY), vec![Rule::Approval(approval)]].concat();
    let scope = Scope::Wallet(WALLET);
    change(Action::SetPolicy(PolicyChange { scope, replaces: 1, name: Some("ops".into()), rules }), 26);
    change(Action::ChangeWallet { wallet: WALLET, change: WalletChange::Owner(guardian()) }, 27);
    change(Action::GrantRole(RoleChange { principal: principal(7), role: Role::Admin }), 28);
    change(Action::GrantRole(RoleChange { principal: principal(6), role: Role::Auditor }), 28);
    let settings = Settings { quorum: 2, breaker_threshold: 1, ..Settings::new(&config()) };
    change(Action::ChangeSettings(Box::new(settings)), 29);
    let ChangeOutcome::Proposed(proposal) = change(Action::GrantRole(RoleChange { principal: agent(), role: Role::Viewer }), 30)
    else {
        panic!("one of two is no quorum");
    };
    let decided = state.decide_approve_proposal(principal(7), proposal, at(31));
    done(state, decided, at(31));
    let decided = state.decide_label_agent(admin(), WALLET, agent(), Some("bot".into()));
    done(state, decided, at(31));
    let viewer = Action::GrantRole(RoleChange { principal: principal(5), role: Role::Viewer });
    let (decided, outcome) = state.decide_change(principal(7), viewer, at(31)).unwrap();
    let ChangeOutcome::Proposed(id) = outcome else { panic!("one of two is no quorum") };
    state.commit(decided, at(31));
    // The canister decides both by itself when settings or roles change.
    let ready = ProposalReady { id, ready_at: at(DAY_NS) };
    state.commit(Decided::by_canister(Event::ProposalReady(ready)), at(31));
    let withdrawn = ProposalApprovalWithdrawn { id, admin: principal(7) };
    state.commit(Decided::by_canister(Event::ProposalApprovalWithdrawn(withdrawn)), at(31));
    for (key, says) in [("approved", true), ("rejected", false)] {
        let (decided, outcome) = state.decide_transfer(agent(), sol(2_000, key), at(32)).unwrap();
        let Outcome::Pending { transfer: id, .. } = outcome else { panic!("{outcome:?}") };
        state.commit(decided.unwrap(), at(32));
        let intent = state.transfer(id).unwrap().approval.unwrap().intent;
        let decided = if says {
            state.decide_approve(principal(8), id, intent, at(33))
        } else {
            state.decide_reject(principal(8), id, "not this one".into(), at(33))
        };
        done(state, decided, at(33));
    }
    let new = NewSession { wallet: WALLET, agent: agent(), ttl_ns: HOUR_NS, label: Some("task".into()), rules: Vec::new() };
    let (decided, session) = state.decide_open_session(agent(), new, at(34)).unwrap();
    state.commit(decided, at(34));
    let decided = state.decide_close_session(agent(), session.id, at(35));
    done(state, decided, at(35));
    let (decided, _) = state.decide_transfer(agent(), sol(u64::MAX / 2, "again denied"), at(36)).unwrap();
    state.commit(decided.unwrap(), at(36));
    let denials =
        DenialsAggregated { wallet: WALLET, agent: agent(), count: 3, code: ReasonCode::CircuitBreakerOpen, since: at(36) };
    let decided = state.decide_denials_aggregated(denials);
    done(state, decided, at(37));
    let decided = state.decide_chain_breaker(Chain::Kaspa, "no answer", at(38));
    done(state, decided, at(38));
    state.set_client_key([9; 32]);
    let decided = state.decide_client_seen(admin(), true, Some(WALLET), Some("192.0.2.1"), Some("a device"));
    done(state, decided, at(39));
    on_solana(state);
    keep(state);
    annotate(state);
}

/// What happens on Solana only.
fn on_solana(state: &mut TestState) {
    let decided = state.decide_solana_settings(admin(), WALLET, SolanaSettings { lifetime: LifetimeChoice::Blockhash });
    done(state, decided, at(39));
    let decided = state.decide_pin_provider("https://rpc.example".into(), [8; 32]);
    done(state, decided, at(39));
}

/// What happens on Kaspa only: a transaction is signed a part at a time, replaced, and lands all the same.
fn on_kaspa(state: &mut TestState) {
    let (decided, outcome) = state.decide_batch(agent(), &kaspa::batch(&[(5, 1_000)], "replaced"), at(16)).unwrap();
    state.commit(decided.unwrap(), at(16));
    let id = outcome.transfers[0];
    let decided = state.decide_built(id, kaspa::coins(&[1, 2, 3]));
    done(state, decided, at(16));
    let decided = state.decide_inputs_signed(id, vec![kaspa::signature(1)]);
    done(state, decided, at(16));
    let decided = state.decide_signed(id, signed());
    done(state, decided, at(16));
    let decided = state.decide_submitted(id);
    done(state, decided, at(16));
    let more = kaspa::replacement(&[1, 2, 3]);
    let decided = state.decide_replacement(agent(), id, more);
    done(state, decided, at(16));
    let decided = state.decide_replacement_signed(id, SignedTx { signed: Bytes::new([3]), txid: "newer".into() });
    done(state, decided, at(16));
    let decided = state.decide_superseded_landed(id, signed().txid);
    done(state, decided, at(16));
    let decided = state.decide_confirmed(id, Amount::new(1_000), None);
    done(state, decided, at(16));
}

/// What happens to the log itself.
fn keep(state: &mut TestState) {
    let settings = AuditSettings { retention_days: 91, capacity: 1 << 30 };
    let (decided, _) = state.decide_change(admin(), Action::ConfigureAudit(settings), at(40)).unwrap();
    state.commit(decided, at(40));
    let checkpoint =
        StateCheckpoint { digest: state.digest(), records: 1, wallets: 1, transfers: 6, version: "of the first version".into() };
    state.commit(Decided { actor: None, events: vec![Event::StateCheckpointed(checkpoint)] }, at(41));
    let hash = state.block(BlockIndex::new(2)).unwrap().hash();
    let decided = state.decide_archive(principal(6), BlockIndex::new(2), hash, "tape 1".into(), Some(principal(5)));
    done(state, decided, at(43));
}

/// A batch on Solana, of which one payment has a memo and another goes to a vault.
fn annotate(state: &mut TestState) {
    let now = at(HOUR_NS);
    let item = || BatchItem::new(recipient(Chain::Solana, 5), Amount::new(100));
    let request = BatchRequest {
        asset: Asset::Sol,
        source: KeyKind::Solana,
        items: vec![
            item(),
            BatchItem { params: payment(Some("tag"), false), ..item() },
            BatchItem { params: payment(None, true), ..item() },
        ],
        max_fee: Amount::new(5_000),
        params: Params::new(Chain::Solana),
        ..kaspa::batch(&[], "annotated")
    };
    let (decided, outcome) = state.decide_batch(agent(), &request, now).unwrap();
    assert_eq!(outcome.transfers.len(), 1, "{outcome:?}");
    state.commit(decided.unwrap(), now);
}

fn golden() -> Vec<Vec<u8>> {
    GOLDEN.lines().map(|line| hex::decode(line).expect("a line is hex")).collect()
}

fn lines(state: &TestState) -> Vec<String> {
    let indices = state.first_block().get()..state.log_len();
    indices.map(|index| hex::encode(state.block_bytes(BlockIndex::new(index)).unwrap())).collect()
}

/// `cargo test -p purser-core write_golden -- --ignored --nocapture` writes the log to the folder for temporary files and prints the
/// digest. Only for a layout that was never released.
#[test]
#[ignore = "writes a fixture"]
fn write_golden() {
    let (unpruned, everything) = (unpruned(), everything());
    let mut written = lines(&unpruned);
    written.extend(lines(&everything).pop());
    let path = std::env::temp_dir().join("golden.hex");
    std::fs::write(&path, written.join("\n") + "\n").unwrap();
    println!("{} {}", everything.digest(), path.display());
}

#[test]
fn the_log_is_written_as_the_first_version_wrote_it() {
    let state = everything();
    assert_eq!(state.first_block().get(), 3, "the oldest were given up at the end");
    assert_eq!(lines(&state), GOLDEN.lines().skip(3).collect::<Vec<_>>());
}

#[test]
fn the_log_of_the_first_version_reads_and_gives_its_state() {
    let (blocks, mut names) = (golden(), NameHashes::default());
    let read: Vec<_> = blocks.iter().map(|block| Block::from_bytes(block, &mut names).expect("it reads")).collect();
    let types: BTreeSet<String> =
        read.iter().map(|(block, _)| block.to_value().get("btype").unwrap().as_text().unwrap().to_owned()).collect();
    assert_eq!(types, Block::types().into_iter().collect(), "every kind of event of that version is in it");
    let tip = read.last().unwrap().1;
    let state = State::replay(VectorMemory::default(), &blocks, tip).unwrap();
    assert_eq!(state.digest().to_string(), DIGEST, "every table is encoded as before");
}
