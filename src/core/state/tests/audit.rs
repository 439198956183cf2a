//! The log's own affairs: checkpoints, archives, what is given up, what is found, what happens when there is no room.

use super::fixture::*;
use crate::access::LabelledAgent;
use crate::access::Role;
use crate::audit::LinkError;
use crate::base::{Amount, BlockIndex, DAY_NS, HOUR_NS, Hash, MINUTE_NS, TransferId};
use crate::chains::solana::transfer::{LifetimeChoice, SolanaSettings};
use crate::event::Event;
use crate::governance::Action;
use crate::governance::retention::{Archive, AuditSettings};
use crate::governance::settings::Settings;
use crate::state::{ChangeOutcome, Decided, Filter, NewSession, Page, Refusal, ReplayError, State};
use crate::transfer::TransferRequest;
use ic_stable_structures::VectorMemory;
use std::collections::BTreeSet;

fn index(n: u64) -> BlockIndex {
    BlockIndex::new(n)
}

fn auditor() -> candid::Principal {
    principal(7)
}

/// A log of `length` blocks, two to a transfer that is cancelled, an hour apart.
fn log_of(length: u64) -> TestState {
    let mut state = installed();
    let decided = state.decide_grant_role(admin(), auditor(), Role::Auditor);
    done(&mut state, decided, at(0));
    let mut n = 0;
    while state.log_len() < length {
        n += 1;
        let now = at(n * HOUR_NS);
        let id = accepted(&mut state, sol(1_000, &format!("payment {n}")), now);
        if state.log_len() < length {
            let decided = state.decide_cancel(agent(), id, None);
            done(&mut state, decided, now);
        }
    }
    state
}

fn blocks(state: &TestState) -> Vec<Vec<u8>> {
    (0..state.log_len()).map(|n| state.block_bytes(index(n)).expect("it is kept")).collect()
}

fn archive_until(state: &mut TestState, last: u64) {
    let hash = state.block(index(last)).expect("it is kept").hash();
    let decided = state.decide_archive(auditor(), index(last), hash, "tape 1".into(), None);
    done(state, decided, at(0));
}

fn checkpoint(state: &TestState) -> Option<Decided> {
    while !state.recount(3) {}
    state.decide_checkpoint(at(0))
}

#[test]
fn a_checkpoint_counts_the_tables_of_the_chains_too() {
    let mut state = log_of(10);
    let longer = AuditSettings { retention_days: 100, ..state.retention().settings };
    let (decided, _) = state.decide_change(admin(), Action::ConfigureAudit(longer), at(0)).expect("an admin");
    state.commit(decided, at(0));
    let settings = SolanaSettings { lifetime: LifetimeChoice::Blockhash };
    let decided = state.decide_solana_settings(admin(), WALLET, settings);
    done(&mut state, decided, at(0));
    let decided = checkpoint(&state).expect("it is recorded");
    assert!(matches!(decided.events[..], [Event::StateCheckpointed(_)]), "{decided:?}");
}

#[test]
fn a_checkpoint_says_what_the_state_was_and_a_replay_agrees() {
    let mut state = log_of(40);
    let digest = state.digest();
    let decided = checkpoint(&state).expect("it is recorded");
    let [Event::StateCheckpointed(recorded)] = &decided.events[..] else { panic!("{decided:?}") };
    assert_eq!((recorded.digest, recorded.wallets, recorded.transfers), (digest, 1, 17));
    // Configuration, settings, keys; two members and an auditor; the agent both ways; a wallet, its owner, its three keys; a policy and
    // its history; what was spent and asked for in the scopes of the owner, the wallet and the agent; and of each transfer itself, its
    // wallet's list and its key. One of them is still under way. The version of the settings of the audit log.
    assert_eq!(state.active_transfers().len(), 1);
    assert_eq!(recorded.records, 3 + 3 + 2 + 5 + 2 + 2 * 3 + 17 * 3 + 1 + 1);
    state.commit(decided, at(0));
    let replayed = State::replay(VectorMemory::default(), &blocks(&state), state.tip().unwrap().1).expect("it replays");
    assert_eq!(replayed.digest(), state.digest());
}

#[test]
fn a_checkpoint_of_another_state_is_found_by_a_replay() {
    let mut state = log_of(20);
    let mut decided = checkpoint(&state).expect("it is recorded");
    let [Event::StateCheckpointed(recorded)] = &mut decided.events[..] else { panic!("{decided:?}") };
    recorded.digest = Hash([1; 32]);
    state.commit(decided, at(0));
    let replayed = State::replay(VectorMemory::default(), &blocks(&state), state.tip().unwrap().1);
    assert_eq!(replayed.err(), Some(ReplayError::WrongState { index: 20 }));
}

#[test]
fn records_may_change_while_they_are_recounted() {
    let mut state = log_of(60);
    let mut messages = 0;
    // Between any two messages of the recount something happens at every kind of table.
    while !state.recount(2) {
        messages += 1;
        let now = at(100 * DAY_NS + messages * MINUTE_NS);
        let id = accepted(&mut state, sol(1, &format!("meanwhile {messages}")), now);
        if messages % 2 == 0 {
            let decided = state.decide_cancel(agent(), id, None);
            done(&mut state, decided, now);
        }
        let (who, give) = (principal(20 + u8::try_from(messages / 2).unwrap()), messages % 2 == 0);
        let decided = match give {
            true => state.decide_grant_role(admin(), who, Role::Guardian),
            false if state.roles_of(&who).has(Role::Guardian) => state.decide_revoke_role(admin(), who, Role::Guardian),
            false => continue,
        };
        done(&mut state, decided, now);
        assert!(messages < 200, "it ends");
    }
    assert!(messages > 20, "it took {messages} messages");
    let decided = state.decide_checkpoint(at(100 * DAY_NS)).expect("it is recorded");
    assert!(matches!(decided.events[..], [Event::StateCheckpointed(_)]), "{decided:?}");
}

#[test]
fn a_table_that_the_log_did_not_make_is_an_emergency() {
    let mut state = log_of(20);
    // What no command can do: a record changes behind the back of the digest.
    let mut forged = state.transfer(TransferId::new(1)).unwrap();
    forged.reserved = Amount::new(1);
    state.tables.corrupt_transfer(&forged);
    let decided = checkpoint(&state).expect("an alarm");
    state.commit(decided, at(0));
    assert!(state.mode().is_emergency());
    assert!(checkpoint(&state).is_none(), "the alarm is raised once");
}

#[test]
fn nothing_is_given_up_before_an_auditor_has_a_copy_and_its_time_is_over() {
    let mut state = log_of(200);
    let late = at(200 * DAY_NS);
    assert!(state.decide_prune(late).is_none(), "nothing is archived");
    let hash = |state: &TestState, n| state.block(index(n)).unwrap().hash();
    let confirm = |state: &TestState, who, last, hash| state.decide_archive(who, index(last), hash, "tape".into(), None);
    for who in [admin(), guardian(), agent(), stranger()] {
        assert!(matches!(confirm(&state, who, 149, hash(&state, 149)), Err(Refusal::Unauthorized { needs: "an Auditor" })));
    }
    assert!(matches!(confirm(&state, auditor(), 149, hash(&state, 148)), Err(Refusal::InvalidArgument { field: "hash", .. })));
    assert!(matches!(confirm(&state, auditor(), 200, hash(&state, 149)), Err(Refusal::InvalidArgument { field: "last", .. })));
    archive_until(&mut state, 149);
    assert!(matches!(confirm(&state, auditor(), 149, hash(&state, 149)), Err(Refusal::AlreadySo { .. })));
    let (last, before) = (hash(&state, 149), state.digest());
    assert!(state.decide_prune(at(90 * DAY_NS)).is_none(), "90 days are not over");
    let decided = state.decide_prune(late).expect("there is something");
    let [Event::LogPruned(pruned)] = &decided.events[..] else { panic!("{decided:?}") };
    assert_eq!((pruned.first, pruned.hash, pruned.entries, pruned.digest), (index(150), last, 150, before));
    state.commit(decided, late);
    assert_eq!((state.first_block(), state.log_len()), (index(150), 202));
    assert_eq!(state.block(index(149)), None);
    assert!(state.decide_prune(late).is_none(), "the rest is not archived");
    let expected = Archive { first: index(0), last: index(149), hash: last, location: "tape 1".into(), canister: None };
    assert_eq!(state.archives_after(None).collect::<Vec<_>>(), [expected]);
}

#[test]
fn the_rest_of_the_log_verifies_opens_and_goes_on_and_the_whole_replays() {
    let memory = VectorMemory::default();
    let whole = log_of(200);
    let mut state = State::replay(memory.clone(), &blocks(&whole), whole.tip().unwrap().1).unwrap();
    archive_until(&mut state, 149);
    let mut all = blocks(&state);
    let decided = state.decide_prune(at(200 * DAY_NS)).unwrap();
    state.commit(decided, at(200 * DAY_NS));
    let report = state.verify_log(index(0), u64::MAX);
    assert_eq!((report.valid, report.entries_checked), (true, 52));
    let digest = state.digest();
    let mut state = State::open(memory).expect("it opens");
    assert_eq!((state.digest(), state.first_block()), (digest, index(150)));
    let id = accepted(&mut state, sol(1, "after"), at(201 * DAY_NS));
    assert_eq!(state.transfer(id).map(|transfer| transfer.reserved), Some(Amount::new(5_001)));
    assert!(state.verify_log(index(0), u64::MAX).valid);
    // The archive and the rest together are the log from its beginning.
    all.extend((201..state.log_len()).map(|n| state.block_bytes(index(n)).unwrap()));
    let replayed = State::replay(VectorMemory::default(), &all, state.tip().unwrap().1).expect("it replays");
    assert_eq!((replayed.digest(), replayed.first_block()), (state.digest(), index(150)));
}

fn find(state: &TestState, filter: Filter, newest_first: bool, limit: usize) -> Vec<u64> {
    let (mut found, mut page) = (Vec::new(), Page { from: index(0), until: index(u64::MAX), newest_first, limit });
    loop {
        let (blocks, next) = state.find_blocks(filter, page);
        assert!(blocks.len() <= limit);
        found.extend(blocks.iter().map(|(index, _)| index.get()));
        match next {
            Some(next) if newest_first => page.until = next,
            Some(next) => page.from = next,
            None => return found,
        }
    }
}

#[test]
fn blocks_are_found_by_what_they_are_about() {
    let mut state = log_of(32);
    let id = state.transfers(WALLET, None, 1)[0].id;
    submit(&mut state, id, at(40 * HOUR_NS));
    // initialised, settings, keys, wallet, agent, policy, auditor; then reserved and cancelled for 12 transfers; then one that is under way.
    let wallet: Vec<u64> = [3, 4, 5].into_iter().chain(7..35).collect();
    for limit in [1, 7, 100] {
        assert_eq!(find(&state, Filter::Wallet(WALLET), false, limit), wallet, "{limit} at a time");
        assert_eq!(find(&state, Filter::Wallet(WALLET), true, limit), wallet.iter().rev().copied().collect::<Vec<_>>());
        assert_eq!(find(&state, Filter::All, true, limit), (0..35).rev().collect::<Vec<_>>());
    }
    assert_eq!(find(&state, Filter::Transfer(TransferId::new(3)), false, 9), [11, 12]);
    assert_eq!(find(&state, Filter::Actor(admin()), false, 9), [3, 4, 5, 6]);
    assert_eq!(find(&state, Filter::Actor(guardian()), false, 9), [0u64; 0]);
    assert_eq!(find(&state, Filter::Actor(agent()), false, 9).len(), 25);
}

#[test]
fn sessions_proposals_and_requests_are_found_by_the_wallet_that_they_are_about() {
    let mut state = installed();
    let decided = state.decide_grant_role(admin(), principal(9), Role::Admin);
    done(&mut state, decided, at(0));
    let settings = Settings { quorum: 2, ..Settings::new(&config()) };
    let (decided, _) = state.decide_change(admin(), Action::ChangeSettings(Box::new(settings)), at(0)).unwrap();
    state.commit(decided, at(0));
    let before = state.log_len();
    let new = NewSession { wallet: WALLET, agent: agent(), ttl_ns: HOUR_NS, label: None, rules: Vec::new() };
    let (decided, session) = state.decide_open_session(agent(), new, at(1)).unwrap();
    state.commit(decided, at(1));
    let decided = state.decide_close_session(agent(), session.id, at(2));
    done(&mut state, decided, at(2));
    let action = Action::AddAgent(LabelledAgent { wallet: WALLET, agent: stranger(), label: None });
    let (decided, change) = state.decide_change(admin(), action, at(3)).unwrap();
    state.commit(decided, at(3));
    let ChangeOutcome::Proposed(proposal) = change else { panic!("one of two is no quorum") };
    let decided = state.decide_cancel_proposal(admin(), proposal, None, at(0));
    done(&mut state, decided, at(4));
    let denied = state.decide_transfer(agent(), sol(u64::MAX / 2, "denied"), at(5)).unwrap().0.unwrap();
    state.commit(denied, at(5));
    let id = accepted(&mut state, sol(1, "reserved"), at(6));
    assert_eq!(state.log_len(), before + 6);
    let of_wallet = find(&state, Filter::Wallet(WALLET), false, 2);
    assert_eq!(of_wallet[of_wallet.len() - 6..], (before..before + 6).collect::<Vec<_>>());
    assert_eq!(state.request_blocks(WALLET, 9), [index(before + 5), index(before + 4)]);
    assert_eq!(state.request_blocks(WALLET, 1), [index(before + 5)]);
    assert_eq!(find(&state, Filter::Transfer(id), false, 9), [before + 5]);
}

#[test]
fn blocks_are_found_by_time() {
    let state = log_of(30);
    assert_eq!(state.first_block_at(at(0)), index(0));
    assert_eq!(state.first_block_at(at(1)), index(7));
    assert_eq!(state.first_block_at(at(HOUR_NS)), index(7));
    assert_eq!(state.first_block_at(at(HOUR_NS + 1)), index(9));
    assert_eq!(state.first_block_at(at(DAY_NS)), index(30), "the end");
}

#[test]
fn what_is_given_up_is_found_no_more_and_leaves_no_index_behind() {
    let mut state = log_of(60);
    archive_until(&mut state, 49);
    let decided = state.decide_prune(at(200 * DAY_NS)).unwrap();
    state.commit(decided, at(200 * DAY_NS));
    assert_eq!(find(&state, Filter::Wallet(WALLET), false, 9), (50..60).collect::<Vec<_>>());
    let indexed: BTreeSet<u64> = state.tables.blocks_by_subject.keys_range(..).map(|(_, index)| index).collect();
    assert_eq!(indexed.first(), Some(&50));
}

#[test]
fn a_full_log_stops_spending_and_nothing_else() {
    let mut state = log_of(20);
    let id = accepted(&mut state, sol(1, "under way"), at(DAY_NS));
    let settings = AuditSettings { retention_days: 1, capacity: 1 << 20 };
    let (decided, change) = state.decide_change(admin(), Action::ConfigureAudit(settings), at(DAY_NS)).unwrap();
    assert_eq!(change, ChangeOutcome::Applied);
    state.commit(decided, at(DAY_NS));
    let mut now = at(DAY_NS);
    while state.has_log_capacity() {
        // The agent's breaker is closed again by then.
        now = now.saturating_add(10 * MINUTE_NS);
        let reason = Some("r".repeat(1_000));
        let decided = state.decide_transfer(agent(), TransferRequest { reason, ..sol(u64::MAX / 2, "denied") }, now);
        state.commit(decided.unwrap().0.unwrap(), now);
        assert!(now < at(8 * DAY_NS), "it fills up");
    }
    let kept = state.log_bytes();
    assert!((1 << 20..(1 << 20) + 4_096).contains(&kept), "{kept}");
    let refused = state.decide_transfer(agent(), sol(1, "no room"), now).err();
    assert_eq!(refused, Some(Refusal::AuditUnavailable { kept, capacity: 1 << 20 }));
    // The transfer under way goes to its end, what stops spending works, and what makes room does.
    submit(&mut state, id, now);
    let decided = state.decide_confirmed(id, Amount::new(5_000), None);
    done(&mut state, decided, now);
    let last = state.log_len() - 1;
    archive_until(&mut state, last);
    let decided = state.decide_remove_agent(guardian(), WALLET, principal(99)).err();
    assert!(matches!(decided, Some(Refusal::NotFound { .. })));
    while let Some(decided) = state.decide_prune(at(9 * DAY_NS)) {
        state.commit(decided, at(9 * DAY_NS));
    }
    accepted(&mut state, sol(1, "room again"), at(9 * DAY_NS));
    let decided = state.decide_emergency(guardian(), true, "drill".into(), at(9 * DAY_NS));
    done(&mut state, decided, at(9 * DAY_NS));
}

#[test]
fn three_failures_in_a_row_are_an_emergency() {
    let mut state = installed();
    assert_eq!([state.record_append(false), state.record_append(false), state.record_append(true)], [1, 2, 0]);
    for failures in 1..=2 {
        assert_eq!(state.record_append(false), failures);
        assert!(state.decide_append_failing(failures, at(1)).is_none());
    }
    let failures = state.record_append(false);
    let decided = state.decide_append_failing(failures, at(1)).expect("the third");
    state.commit(decided, at(1));
    assert!(state.mode().is_emergency());
    assert!(state.decide_append_failing(4, at(1)).is_none(), "it is on already");
    let decided = state.decide_remove_agent(guardian(), WALLET, agent());
    done(&mut state, decided, at(2));
}

#[test]
fn a_loaded_snapshot_is_an_emergency_once_and_again_when_it_is_forgotten() {
    let memory = VectorMemory::default();
    let mut state = installed_on(memory.clone());
    assert!(!state.record_snapshot_load(Some(at(5)), at(10)), "that was before there was anything to forget");
    assert!(!state.record_snapshot_load(Some(at(5)), at(11)) && !state.record_snapshot_load(None, at(12)));
    let older = memory.borrow().clone();
    assert!(state.record_snapshot_load(Some(at(20)), at(21)));
    let decided = state.decide_snapshot_loaded(at(20), at(15), at(21));
    state.commit(decided, at(21));
    assert!(state.mode().is_emergency());
    assert!(!state.record_snapshot_load(Some(at(20)), at(22)), "it is known");
    // The same memory of before, loaded again: it knows of neither.
    let memory = VectorMemory::default();
    *memory.borrow_mut() = older;
    let mut state = State::open(memory).unwrap();
    assert!(state.record_snapshot_load(Some(at(30)), at(31)));
}

/// A state whose log holds other bytes than were appended, as only a fault of the memory or of the code could bring about.
fn with_blocks(blocks: &[Vec<u8>], like: &TestState) -> TestState {
    let mut state = State::new(VectorMemory::default());
    state.tables.set_head(like.tables.head());
    for bytes in blocks {
        state.tables.log.append_bytes(bytes, [0; 3]);
    }
    state
}

/// Changes a digit of the time, which is neither the encoding nor the parent.
fn flip_time(block: &mut [u8]) {
    let position = block.windows(3).position(|window| window == b"\x62ts").expect("a block has a time");
    block[position + 9] ^= 1;
}

#[test]
fn every_corruption_of_a_thousand_entries_is_found_where_it_is() {
    let state = log_of(1_000);
    let whole = blocks(&state);
    let broken = |blocks: &[Vec<u8>]| with_blocks(blocks, &state).verify_log(index(0), u64::MAX).first_broken_at;
    assert_eq!(broken(&whole), None);
    let mut flipped = with_blocks(&whole, &state);
    for (n, bytes) in (0..).zip(&whole) {
        let mut bytes = bytes.clone();
        flip_time(&mut bytes);
        flipped.tables.log.corrupt(index(n), &bytes);
        let reason = if n == 999 { LinkError::WrongTip } else { LinkError::WrongHash };
        // Every entry among its neighbours; some of them in the whole log.
        let (from, limit) = if n % 100 == 7 { (0, u64::MAX) } else { (n.saturating_sub(3), 8) };
        assert_eq!(flipped.verify_log(index(from), limit).first_broken_at, Some((index(n), reason)), "flipped in {n}");
        flipped.tables.log.corrupt(index(n), &whole[n as usize]);
    }
    assert!(flipped.verify_log(index(0), u64::MAX).valid);
    for n in (1..whole.len()).step_by(137) {
        let mut blocks = whole.clone();
        let position = blocks[n].windows(5).position(|window| window == b"phash").unwrap() + 10;
        blocks[n][position] ^= 1;
        assert_eq!(broken(&blocks), Some((index(n as u64), LinkError::WrongParent)), "the parent of {n}");
        let mut blocks = whole.clone();
        blocks[n].truncate(10);
        assert_eq!(broken(&blocks), Some((index(n as u64), LinkError::Unreadable)), "cut short: {n}");
        let mut blocks = whole.clone();
        blocks.swap(n, n - 1);
        let first = broken(&blocks).map(|(at, _)| at.get());
        assert!(first == Some(n as u64 - 1) || first == Some((n as u64).saturating_sub(2)), "swapped {n}: {first:?}");
    }
}

#[test]
fn a_round_of_verification_costs_the_same_each_time_and_finds_what_changes_behind_it() {
    let mut state = log_of(1_000);
    let checked: Vec<u64> = (0..5).map(|_| state.verify_next(400, at(0)).entries_checked).collect();
    assert_eq!(checked, [401, 401, 200, 401, 401], "and the last block with every part");
    assert_eq!((state.log_monitor().cursor.next, state.log_monitor().round_ended_at), (index(800), Some(at(0))));
    // The block before the cursor was verified; changed since, it is found when its successor is.
    let mut blocks = blocks(&state);
    flip_time(&mut blocks[799]);
    let mut corrupt = with_blocks(&blocks, &state);
    corrupt.set_log_monitor(&state.log_monitor());
    assert!(corrupt.verify_next(400, at(1)).valid, "the part itself is as it was");
    assert_eq!(corrupt.verify_next(1_000, at(2)).first_broken_at, Some((index(799), LinkError::WrongHash)));
    assert_eq!(corrupt.log_monitor().broken, Some((index(799), LinkError::WrongHash)));
}

/// Whatever has a digest changes it only by `commit`, and `commit` logs each event: see `no_sequence_breaks_the_laws`. What is kept
/// without an entry is no part of the digest.
#[test]
fn a_state_cannot_change_without_an_entry() {
    let mut state = log_of(20);
    let (before, length) = (state.digest(), state.log_len());
    state.verify_next(5, at(0));
    state.record_append(false);
    state.record_snapshot_load(Some(at(1)), at(2));
    state.reserve_log_room().unwrap();
    state.set_log_monitor(&Default::default());
    state.set_client_key([7; 32]);
    state.set_provider_key("https://rpc.example", Some("12345678"));
    while !state.recount(1) {}
    assert_eq!((state.digest(), state.log_len()), (before, length));
}

/// The test above tries every way to change a state but `commit`: this one fails when another comes along. The tables themselves are
/// private to the state.
#[test]
fn there_is_no_other_way_to_change_a_state() {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("state")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let is_private = |path: &std::path::PathBuf| {
            ["tests", "tables", "digest", "tracked.rs", "index.rs"].iter().any(|inner| path.ends_with(inner))
        };
        let (inner, sources): (Vec<_>, Vec<_>) = paths.filter(|path| !is_private(path)).partition(|path| path.is_dir());
        folders.extend(inner);
        files.extend(sources);
    }
    let mut found = BTreeSet::new();
    for path in files {
        let source = std::fs::read_to_string(&path).unwrap();
        for signature in source.split("pub fn ").skip(1).map(|rest| rest.split('{').next().unwrap_or_default()) {
            if signature.contains("&mut self") {
                found.insert(signature.split(['(', '<']).next().unwrap_or_default().to_owned());
            }
        }
    }
    // `push` is the replay's: it applies what it appends.
    let known = [
        "commit",
        "set_client_key",
        "set_provider_key",
        "reserve_log_room",
        "record_append",
        "record_snapshot_load",
        "push",
        "set_log_monitor",
        "verify_next",
    ]
    .map(str::to_owned);
    assert_eq!(found, BTreeSet::from(known));
}
